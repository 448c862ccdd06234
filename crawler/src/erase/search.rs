//! One blob, read in full: every place where somebody named by some identifiers stands. Pure but for the content it reads.
//!
//! Lookup, planning and verification all look through these eyes, so that what one confirms the others see. Each part of the
//! blob (layers peeled, members opened) is read cell by cell where its format has a reader, and byte by byte in any case.

use std::collections::BTreeMap;

use catalog::model::{Anomaly, AnomalyKind, Dialect, FeaturePath, FeatureType, RowsDigest, Segment, Value};
use roaring::RoaringTreemap;

pub use self::beside::FoundBeside;
pub(super) use self::beside::without;
use super::identifier::Identifier;
use super::raw::Raw;
use super::rows;
use super::wanted::Wanted;
use crate::content::Content;
use crate::format::tree::{LAYERS, Node, Visit, walk};
use crate::format::{Around, At, Bounds, Container, Format, FormatError, ReadFn, Sink, WHOLE};
use crate::recognise;
use crate::stage::table_name;

/// Places of one part that are told one by one; units beyond are counted and removed all the same.
const PLACES_MAX: usize = 1_000_000;

/// Bytes looked at in one go where there are no rows, and what two looks share.
const PIECE_BYTES: usize = 256 << 10;
const PIECE_OVERLAP_BYTES: u64 = 512;

/// Compiled identifiers.
pub struct Sought {
    identifiers: Vec<Identifier>,
    wanted: Wanted,
    raw: Option<Raw>,
}

/// A cell that holds the person.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundCell {
    /// Number of the identifier.
    pub identifier: usize,
    /// Its table, "" where the format has none.
    pub table: String,
    /// Its feature.
    pub feature: FeaturePath,
    /// Where.
    pub at: At,
}

/// One part of a blob as it was searched.
#[derive(Clone)]
pub struct FoundPart {
    /// Names from the outermost container inwards; empty for the blob itself.
    pub member: Vec<String>,
    /// Number of the identifier that its own name holds.
    pub named: Option<usize>,
    /// Its format.
    pub format: &'static Format,
    /// How its text is written.
    pub dialect: Dialect,
    /// Whether it was encoded as a whole.
    pub layered: bool,
    /// Whether bytes that no reader splits into rows hold others too.
    pub holds_others: bool,
    /// Rows: distinct units.
    pub rows: u64,
    /// Cells that hold the person, in order.
    pub cells: Vec<FoundCell>,
    /// Units to remove, by table.
    pub units: BTreeMap<String, RoaringTreemap>,
    /// Hits of the bytes that no cell explains: identifier and offset.
    pub bytes: Vec<(usize, u64)>,
    /// Digests of the rows that stay once `units` are gone, if they were asked for.
    pub rows_after: BTreeMap<String, RowsDigest>,
}

impl FoundPart {
    /// Whether the units can be taken out of it.
    pub fn can_rewrite(&self) -> bool {
        let of_layers = |table: &String| table == LAYERS;
        self.format.rewrite.is_some() || !self.units.is_empty() && self.units.keys().all(of_layers)
    }

    /// Whether the person is in it or in its name.
    pub fn has_hits(&self) -> bool {
        self.named.is_some() || !self.cells.is_empty() || !self.bytes.is_empty()
    }
}

/// One blob as it was searched.
#[derive(Default)]
pub struct Found {
    /// Every part.
    pub parts: Vec<FoundPart>,
    /// What stands beside its bytes.
    pub beside: Vec<FoundBeside>,
    /// What could not be searched; no value of the content.
    pub not_searched: Vec<String>,
}

impl Found {
    /// Whether the person is in any part, or beside them.
    pub fn has_hits(&self) -> bool {
        !self.beside.is_empty() || self.parts.iter().any(FoundPart::has_hits)
    }
}

impl Sought {
    /// Compiles identifiers.
    pub fn new(identifiers: Vec<Identifier>) -> Self {
        Self { raw: Raw::new(&identifiers), wanted: Wanted::new(&identifiers), identifiers }
    }

    /// The identifiers, by number.
    pub fn identifiers(&self) -> &[Identifier] {
        &self.identifiers
    }

    /// The first identifier that a path or a member's name holds.
    pub fn in_name(&self, name: &str) -> Option<usize> {
        let mut found = Vec::new();
        recognise::name_readings(name).find_map(|(key, text)| {
            self.wanted.in_cell(key.as_deref(), text, &mut found);
            found.first().copied()
        })
    }

    /// Byte ranges of a cell that hold somebody, with numbers of identifiers.
    pub(super) fn places(&self, key: Option<&str>, text: &str) -> Vec<(usize, usize, usize)> {
        self.wanted.places(key, text)
    }

    /// Whether a text holds one of the identifiers of a kind; `None` if none of that kind is sought.
    pub(super) fn holds(&self, kind: &str, text: &str) -> Option<bool> {
        self.wanted.holds(kind, text)
    }

    /// Whether a cell of a key column that is sought holds somebody else.
    pub(super) fn is_key_of_another(&self, key: Option<&str>, text: &str) -> bool {
        let is_sought = key.is_some_and(|key| self.wanted.is_sought_key(key));
        is_sought && recognise::normalise_key(text).is_some() && self.wanted.places(key, text).is_empty()
    }

    /// Whether somebody stands in a cell of a part.
    pub(super) fn is_in(
        &self,
        read: ReadFn,
        content: &Content,
        dialect: &Dialect,
        bounds: &Bounds,
        (path, member): (&str, &[String]),
    ) -> Result<bool, FormatError> {
        let mut sink = Searching::new(self, path, member);
        read(content, dialect, bounds, &mut sink)?;
        Ok(!sink.cells.is_empty())
    }

    /// Searches a blob; `rows_after` asks for digests of what stays where something is found.
    pub fn search(&self, content: &Content, path: &str, bounds: &Bounds, rows_after: bool) -> Found {
        let mut found = Found::default();
        let walked = walk(content, path, bounds, &mut |visit| {
            match visit {
                Visit::Part(node) => {
                    let part = self.part(&node, path, bounds, rows_after, &mut found.not_searched);
                    found.parts.push(part);
                }
                Visit::Anomaly(anomaly) => found.not_searched.extend(unsearched(anomaly)),
            }
            Ok(())
        });
        if let Err(error) = walked {
            found.not_searched.push(error.to_string());
        }
        self.around_layers(content, &mut found);
        found.not_searched.sort();
        found.not_searched.dedup();
        found
    }

    /// What stands around an encoded stream and is no header, such as a skippable frame behind the first.
    fn around_layers(&self, stored: &Content, found: &mut Found) {
        let is_layered = found.parts.first().is_some_and(|root| root.layered);
        let Some(raw) = self.raw.as_ref().filter(|_| is_layered && !found.has_hits()) else { return };
        match raw.find(stored) {
            Ok(hits) => found.parts[0].bytes = hits,
            Err(_) => found.not_searched.push("its stored bytes could not be read".into()),
        }
    }

    fn part(
        &self,
        node: &Node<'_>,
        path: &str,
        bounds: &Bounds,
        rows_after: bool,
        not_searched: &mut Vec<String>,
    ) -> FoundPart {
        let mut part = FoundPart {
            member: node.member.to_vec(),
            named: node.member.last().and_then(|name| self.in_name(name)),
            format: node.format,
            dialect: node.dialect.clone(),
            layered: !node.layers.is_empty(),
            holds_others: false,
            rows: 0,
            cells: Vec::new(),
            units: BTreeMap::new(),
            bytes: Vec::new(),
            rows_after: BTreeMap::new(),
        };
        let mut exact = true;
        if let Some(read) = node.format.read {
            let mut sink = Searching::new(self, path, node.member);
            if let Err(error) = read(node.content, node.dialect, bounds, &mut sink) {
                not_searched.push(error.to_string());
            }
            not_searched.append(&mut sink.not_searched);
            part.rows = sink.seen.values().map(RoaringTreemap::len).sum();
            exact = !sink.nested;
            (part.cells, part.units) = (sink.cells, sink.units);
        }
        match &node.format.container {
            None => self.bytes(node, path, &mut part, not_searched),
            Some(container) => self.around(container, node.content, &mut part, not_searched),
        }
        self.headers(node.headers, &mut part);
        if rows_after
            && !part.units.is_empty()
            && node.format.container.is_none()
            && let Some(read) = node.format.read
        {
            match rows_that_stay(&part, read, node.content, bounds, exact) {
                Ok(digests) => part.rows_after = digests,
                Err(error) => not_searched.push(error.to_string()),
            }
        }
        part
    }

    /// The second look, at bytes of a container that are no member's: members speak for theirs.
    fn around(
        &self,
        container: &Container,
        content: &Content,
        part: &mut FoundPart,
        not_searched: &mut Vec<String>,
    ) {
        let Some(raw) = &self.raw else { return };
        // Whoever opens the members says what is wrong with the container.
        for Around { unit, range } in (container.around)(content).unwrap_or_default() {
            let units = part.units.entry(String::new()).or_default();
            if units.contains(unit) {
                continue;
            }
            match raw.find_in(content, range.clone()) {
                Ok(hits) if hits.is_empty() => {}
                Ok(hits) => {
                    units.insert(unit);
                    part.bytes.extend(hits);
                }
                Err(_) => not_searched.push("what stands around its members could not be read".into()),
            }
        }
        part.units.retain(|_, units| !units.is_empty());
    }

    /// Texts in the headers of its layers.
    fn headers(&self, texts: &[String], part: &mut FoundPart) {
        for identifier in texts.iter().filter_map(|text| self.in_name(text)) {
            part.units.entry(LAYERS.to_owned()).or_default().insert(0);
            let at = At { row: 0, unit: 0, offset: Some(0) };
            let feature = FeaturePath::column("header");
            part.cells.push(FoundCell { identifier, table: LAYERS.to_owned(), feature, at });
        }
    }

    /// Whether bytes hold an identifier of a kind that is sought and that is another's. Read in pieces that overlap.
    fn others_in(&self, content: &Content) -> bool {
        let (mut at, mut spans) = (0, Vec::new());
        while at < content.len() {
            // What cannot be read cannot be said to be hers alone.
            let Ok(bytes) = content.range(at, PIECE_BYTES) else { return true };
            let text = String::from_utf8_lossy(&bytes);
            spans.clear();
            recognise::recognise(&text, &mut spans);
            let is_others = |span: &recognise::Span| {
                self.wanted.holds(span.kind, &text[span.start..span.end]) == Some(false)
            };
            if spans.iter().any(is_others) {
                return true;
            }
            at += PIECE_BYTES as u64 - PIECE_OVERLAP_BYTES;
        }
        false
    }

    /// The second look, at bytes. What it finds counts where no cell was found; a format without a reader is one unit.
    fn bytes(&self, node: &Node<'_>, path: &str, part: &mut FoundPart, not_searched: &mut Vec<String>) {
        let hits = match self.raw.as_ref().map(|raw| raw.find(node.content)) {
            None => Vec::new(),
            Some(Ok(hits)) => hits,
            Some(Err(_)) => return not_searched.push("its bytes could not be read".into()),
        };
        if node.format.read.is_none() && !node.content.is_empty() {
            not_searched.push(format!(
                "{} is known by name only: its bytes were searched as they are, not what they encode",
                node.format.id
            ));
            part.holds_others =
                !hits.is_empty() && (is_log_of_database(path) || self.others_in(node.content));
            if !hits.is_empty() && !part.holds_others {
                part.units.entry(String::new()).or_default().insert(WHOLE);
            }
        }
        if part.cells.is_empty() {
            part.bytes = hits;
        }
    }
}

/// Whether a file is what SQLite writes beside a database: rows that the database does not hold yet, of anybody.
fn is_log_of_database(path: &str) -> bool {
    path.ends_with("-wal") || path.ends_with("-journal")
}

/// Whether an identifier stands in a text.
pub(super) fn holds(identifier: &Identifier, text: &str) -> bool {
    let mut spans = Vec::new();
    for form in &identifier.forms {
        recognise::matches(&identifier.kind, form, text, &mut spans);
    }
    !spans.is_empty()
}

/// Anomalies that leave something unsearched; the others are about names and emptiness.
fn unsearched(anomaly: Anomaly) -> Option<String> {
    let harmless = matches!(anomaly.kind, AnomalyKind::Empty | AnomalyKind::Mislabelled);
    (!harmless).then(|| match anomaly.member.is_empty() {
        true => anomaly.reason,
        false => format!("a member: {}", anomaly.reason),
    })
}

/// Digests of rows without the found units. Where rows hold units of their own (JSON), the rewrite itself says what stays.
fn rows_that_stay(
    part: &FoundPart,
    read: ReadFn,
    content: &Content,
    bounds: &Bounds,
    exact: bool,
) -> Result<BTreeMap<String, RowsDigest>, FormatError> {
    let whole = part.units.values().any(|units| units.contains(WHOLE));
    match part.format.rewrite {
        _ if whole => Ok(BTreeMap::new()),
        Some(rewrite) if !exact => {
            let removal = crate::format::Removal { units: part.units.clone() };
            let mut spool = crate::content::Spool::new(u64::MAX);
            rewrite(content, &part.dialect, &removal, &mut spool)?;
            rows::digests(read, &spool.finish()?, &part.dialect, bounds, &BTreeMap::new())
        }
        _ => rows::digests(read, content, &part.dialect, bounds, &part.units),
    }
}

/// What is known of a feature while cells stream by.
struct Column {
    path: FeaturePath,
    /// The name of the key that it holds, if it is a key column.
    key: Option<String>,
    /// Whether its cells can hold anybody.
    tested: bool,
}

struct Searching<'a> {
    sought: &'a Sought,
    /// What a bare `id` column belongs to where the format names no table.
    around: String,
    table: String,
    columns: Vec<Column>,
    cells: Vec<FoundCell>,
    units: BTreeMap<String, RoaringTreemap>,
    seen: BTreeMap<String, RoaringTreemap>,
    last: Option<(u64, u64)>,
    nested: bool,
    not_searched: Vec<String>,
    /// Numbers of identifiers in the cell at hand.
    numbers: Vec<usize>,
}

impl<'a> Searching<'a> {
    fn new(sought: &'a Sought, path: &str, member: &[String]) -> Self {
        Self {
            sought,
            around: table_around(path, member),
            table: String::new(),
            columns: Vec::new(),
            cells: Vec::new(),
            units: BTreeMap::new(),
            seen: BTreeMap::new(),
            last: None,
            nested: false,
            not_searched: Vec::new(),
            numbers: Vec::new(),
        }
    }
}

/// The normalised name of a key column, by the same rule as the subject index: its own name, or, for a bare `id`, that of the
/// field or table around it.
pub(super) fn key_of(table: &str, path: &FeaturePath) -> Option<String> {
    let mut names = path.0.iter().rev().filter_map(|segment| match segment {
        Segment::Name(name) => Some(name.as_str()),
        Segment::Items => None,
    });
    let own = names.next()?;
    recognise::key_name(names.next().unwrap_or(table), own)
}

/// The name of the table that a part holds, where its format names none.
pub(super) fn table_around(path: &str, member: &[String]) -> String {
    table_name(member.last().map_or(path, String::as_str))
}

impl Sink for Searching<'_> {
    fn table(&mut self, name: &str) {
        self.table = name.to_owned();
        self.columns.clear();
        self.last = None;
    }

    fn feature(&mut self, path: &FeaturePath, _: Option<FeatureType>) -> usize {
        let owner = if self.table.is_empty() { &self.around } else { &self.table };
        let key = key_of(owner, path);
        let tested = self.sought.wanted.tests(key.as_deref());
        self.columns.push(Column { path: path.clone(), key, tested });
        self.columns.len() - 1
    }

    fn skips(&self, feature: usize) -> bool {
        !self.columns[feature].tested
    }

    fn row(&mut self, _: u64) {}

    fn unit(&mut self, at: At) {
        if self.last != Some((at.row, at.unit)) {
            self.nested |= self.last.is_some_and(|(row, _)| row == at.row);
            self.last = Some((at.row, at.unit));
            if let Some(seen) = self.seen.get_mut(&self.table) {
                seen.insert(at.unit);
            } else {
                self.seen.entry(self.table.clone()).or_default().insert(at.unit);
            }
        }
    }

    fn cell(&mut self, feature: usize, at: At, value: Value<'_>) {
        self.unit(at);
        let column = &self.columns[feature];
        if !column.tested {
            return;
        }
        let Some(text) = value.text() else { return };
        let mut numbers = std::mem::take(&mut self.numbers);
        self.sought.wanted.in_cell(column.key.as_deref(), &text, &mut numbers);
        for &number in &numbers {
            self.units.entry(self.table.clone()).or_default().insert(at.unit);
            if self.cells.len() < PLACES_MAX {
                let (table, feature) = (self.table.clone(), column.path.clone());
                self.cells.push(FoundCell { identifier: number, table, feature, at });
            }
        }
        self.numbers = numbers;
    }

    fn remark(&mut self, at: At, what: &'static str, text: &str) {
        let Some(identifier) = self.sought.in_name(text) else { return };
        self.units.entry(self.table.clone()).or_default().insert(at.unit);
        let (table, feature) = (self.table.clone(), FeaturePath::column(what));
        self.cells.push(FoundCell { identifier, table, feature, at });
    }

    fn anomaly(&mut self, _: AnomalyKind, reason: String) {
        self.not_searched.push(reason);
    }
}

mod beside;
#[cfg(test)]
mod removal_tests;
#[cfg(test)]
mod tests;
