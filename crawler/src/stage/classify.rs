//! Decides what in a blob is personal, says so as findings, and takes the values out of its statistics.
//!
//! After this stage nothing holds a value of a cell, but for those that [`withhold`] leaves: a crowd's, not a person's.

use std::collections::BTreeMap;

use catalog::model::{
    Anomaly, AnomalyKind, Category, ContentSketch, Depth, Finding, Findings, Part, Schema, Searched,
    Statistics, TableLog, TokenDigest,
};
use catalog::schema::{Profile, RowsSketch, withhold};

use super::read::Column;
use super::token::Settled;
use super::{Changed, Profiled};

/// Confidence of a kind that stands in some cells of a column whose other cells are something else.
const SCATTERED: f32 = 0.5;

/// A blob as it is recorded, but for the ids that the catalog gives.
#[derive(Debug)]
pub struct Classified {
    /// Which one.
    pub changed: Changed,
    /// Digest of its stored bytes.
    pub digest: Option<catalog::model::Digest>,
    /// Its parts.
    pub parts: Vec<Part>,
    /// Schemas of its parts.
    pub schemas: Vec<Schema>,
    /// Statistics of its parts, without personal values.
    pub statistics: Vec<Statistics>,
    /// What was found where.
    pub findings: Findings,
    /// Identifiers in it, each once.
    pub tokens: Vec<TokenDigest>,
    /// What is wrong with it.
    pub anomalies: Vec<Anomaly>,
    /// How much of it was looked at.
    pub searched: Searched,
    /// What it says of a table.
    pub table_log: Option<TableLog>,
    /// What its rows are recognised by.
    pub sketch: Option<ContentSketch>,
    /// How much of it was read.
    pub depth: Depth,
}

/// Classifies every feature of every part.
pub fn classify(profiled: Profiled, depth: Depth) -> Classified {
    let Profiled { changed, digest, parts, tokens, in_path, mut anomalies, mut searched, table_log } =
        profiled;
    let blob = changed.blob;
    let Settled { tokens, overflowed, has_suppressed } = tokens.finish();
    if overflowed {
        let reason = "more distinct identifiers than are indexed of one blob".to_owned();
        anomalies.push(of_blob(AnomalyKind::LimitReached, reason.clone()));
        searched = Searched::Partial(reason);
    }
    anomalies.extend(has_suppressed.then(suppressed));
    let mut findings = in_paths(&in_path);
    let mut sketch = None;
    let (mut kept, mut schemas, mut statistics) = (Vec::new(), Vec::new(), Vec::new());
    for (part, rows) in parts {
        if let Some((profile, columns)) = rows {
            let Profile { rows, schema, mut features, sketch: rows_sketch, .. } = profile;
            if part.member.is_empty() && rows > 0 {
                let RowsSketch { count, sample, columns } = rows_sketch;
                sketch = Some(ContentSketch { blob, rows, count, sample, columns });
            }
            let found: Vec<_> = columns.iter().flat_map(|column| findings_of(&part, column)).collect();
            let key = |path: &_| columns.iter().any(|column| column.key.is_some() && column.path == *path);
            let tells = |finding: &Finding| !Category::leaves_values(&finding.kind);
            withhold(&mut features, &|path| {
                key(path) || found.iter().any(|found| found.feature.as_ref() == Some(path) && tells(found))
            });
            statistics.push(Statistics { blob, member: part.member.clone(), rows, features });
            schemas.push(schema);
            findings.extend(found);
        }
        kept.push(part);
    }
    let findings = Findings { blob, findings };
    Classified {
        changed,
        digest,
        parts: kept,
        schemas,
        statistics,
        findings,
        tokens,
        anomalies,
        searched,
        table_log,
        sketch,
        depth,
    }
}

/// An erased person came back.
pub(super) fn suppressed() -> Anomaly {
    let reason = "it holds an identifier of a person who was erased; plan an erasure for it".to_owned();
    of_blob(AnomalyKind::SuppressedSubject, reason)
}

fn of_blob(kind: AnomalyKind, reason: String) -> Anomaly {
    Anomaly { kind, member: Vec::new(), feature: None, reason }
}

/// One finding a kind, however many members are named after people.
fn in_paths(met: &[(&'static str, f32)]) -> Vec<Finding> {
    let mut kinds: BTreeMap<&str, (f32, u64)> = BTreeMap::new();
    for (kind, confidence) in met {
        let (surest, count) = kinds.entry(kind).or_default();
        (*surest, *count) = (surest.max(*confidence), *count + 1);
    }
    let finding = |(kind, (confidence, count)): (&str, (f32, u64))| {
        let why =
            "in its path, in the name of a member, in what stands around members or in its metadata or tags"
                .to_owned();
        Finding { member: Vec::new(), feature: None, kind: kind.to_owned(), confidence, count, why }
    };
    kinds.into_iter().map(finding).collect()
}

fn findings_of(part: &Part, column: &Column) -> Vec<Finding> {
    let finding = |kind: &str, confidence, count, why| Finding {
        member: part.member.clone(),
        feature: Some(column.path.clone()),
        kind: kind.to_owned(),
        confidence,
        count,
        why,
    };
    let mut found: Vec<Finding> = column
        .tally
        .verdicts()
        .into_iter()
        .map(|verdict| finding(verdict.kind, verdict.confidence, verdict.hits, verdict.why))
        .collect();
    for (kind, count) in &column.sure {
        if !found.iter().any(|known| known.kind == *kind) {
            found.push(finding(kind, SCATTERED, *count, format!("{count} cells hold it, the others do not")));
        }
    }
    for (kind, confidence) in &column.in_name {
        if !found.iter().any(|known| known.kind == *kind) {
            found.push(finding(kind, *confidence, 1, "in the name of the feature".into()));
        }
    }
    found
}
