//! The pass's ear: every cell that a reader tells goes to the profiler, to the recognisers and to the identifiers.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::BuildHasher;

use catalog::model::{AnomalyKind, FeaturePath, FeatureType, Part, Segment, Value};

use super::super::mask::masked;
use super::{Column, PartRead, QUIET_TEXTS_MAX, Reading, RowsRead, SURE, is_small_number, unknown};
use crate::format::{At, Sink};
use crate::recognise::{ColumnTally, key_name, normalise};

/// The names that say what a column is: its own, and that of the field or table around it.
fn key_of(table: &str, path: &FeaturePath) -> Option<String> {
    let mut names = path.0.iter().rev().filter_map(|segment| match segment {
        Segment::Name(name) => Some(name.as_str()),
        Segment::Items => None,
    });
    let own = names.next()?;
    key_name(names.next().unwrap_or(table), own).map(|name| format!("KEY:{name}"))
}

impl Sink for Reading<'_> {
    fn table(&mut self, name: &str) {
        let part = &self.parts.last().expect("a reader runs after its part was pushed").part;
        // Tables of one database stand beside each other, under the database itself.
        let depth = part.member.len() - usize::from(self.table_of_database());
        let mut member = part.member[..depth].to_vec();
        member.push(name.to_owned());
        let table = Part {
            member,
            media_type: part.media_type.clone(),
            format: part.format.clone(),
            ..unknown(0, None)
        };
        let table = Part { confidence: part.confidence, ..table };
        self.table = name.to_owned();
        self.parts.push(PartRead { part: table, rows: Some(RowsRead::keyed(self.key)), sampled: false });
    }

    fn feature(&mut self, path: &FeaturePath, kind: Option<FeatureType>) -> usize {
        let in_name = self.name(&path.to_string());
        let key = key_of(&self.table, path);
        let shown = masked(path, &mut self.spans);
        let rows = self.rows();
        // Personal names that are masked alike are one feature.
        let alike = |column: &&mut Column| column.path == shown && column.key == key;
        if shown != *path
            && let Some((place, column)) =
                rows.columns.iter_mut().enumerate().find(|(_, column)| alike(column))
        {
            column.in_name.extend(in_name);
            column.in_name.sort_by(|a, b| a.0.cmp(b.0).then(b.1.total_cmp(&a.1)));
            column.in_name.dedup_by_key(|(kind, _)| *kind);
            return place;
        }
        let column = Column {
            path: shown.clone(),
            tally: ColumnTally::new(&shown.to_string()),
            in_name,
            sure: BTreeMap::new(),
            key,
            quiet: HashSet::new(),
        };
        rows.columns.push(column);
        rows.profiler.feature(&shown, kind)
    }

    fn row(&mut self, _: u64) {
        self.rows().profiler.row();
    }

    fn cell(&mut self, feature: usize, _: At, value: Value<'_>) {
        let rows = self.rows();
        rows.profiler.cell(feature, &value);
        if matches!(value, Value::Bool(_)) {
            return;
        }
        if let Some(text) = value.text() {
            self.text(feature, &text);
        }
    }

    fn remark(&mut self, _: At, _: &'static str, text: &str) {
        self.around(text);
    }

    fn anomaly(&mut self, kind: AnomalyKind, reason: String) {
        let member = self.parts.last().map(|part| part.part.member.clone()).unwrap_or_default();
        self.note(&member, kind, reason);
    }
}

impl Reading<'_> {
    fn table_of_database(&self) -> bool {
        let [.., before, last] = &self.parts[..] else { return false };
        let is_table = last.part.digest.is_none() && last.rows.is_some();
        is_table && last.part.format == before.part.format
    }

    fn text(&mut self, feature: usize, text: &str) {
        let (hash, keyed) = (self.state.hash_one(text), self.keyed);
        let Some(column) = self.rows().columns.get_mut(feature) else { return };
        let tells_nothing = text.trim().is_empty() || column.quiet.contains(&hash) || is_small_number(text);
        if tells_nothing {
            column.tally.cell(text, &[]);
        }
        let key = column.key.as_deref().and_then(|kind| Some((kind, normalise(kind, text)?)));
        if let Some(met) = key.map(|(kind, normal)| keyed.met(kind, &normal)) {
            self.tokens.add(met);
        }
        if tells_nothing {
            return;
        }
        let identified = self.look(text);
        let spans = std::mem::take(&mut self.spans);
        let column = &mut self.rows().columns[feature];
        column.tally.cell(text, &spans);
        let sure: BTreeSet<_> =
            spans.iter().filter(|span| span.confidence >= SURE).map(|span| span.kind).collect();
        sure.into_iter().for_each(|kind| *column.sure.entry(kind).or_default() += 1);
        let quiet = spans.is_empty() && !identified;
        if quiet && column.quiet.len() < QUIET_TEXTS_MAX {
            column.quiet.insert(hash);
        }
        self.spans = spans;
    }
}
