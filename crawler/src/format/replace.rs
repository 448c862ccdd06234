//! Values replaced where they stand: which formats can, what an edit is, and how edits are found by reading.
//!
//! A format's reader hands on every cell with its place; whoever wants some changed says by what. The edits then go to the
//! format's [`ApplyFn`], which copies all bytes but theirs (text) or updates single cells (SQLite). An edit carries what it
//! replaces, so that bytes which are not as they were read are refused instead of overwritten.

use std::io::Write;
use std::ops::Range;

use catalog::model::{AnomalyKind, Dialect, FeaturePath, FeatureType, Value};

use super::charset::Charset;
use super::lines::Lines;
use super::{At, Bounds, Format, FormatError, ReadFn, Rewritten, Sink};
use crate::content::Content;

mod json;
#[cfg(test)]
mod tests;

/// Values that one blob may have replaced: what is held in memory of each is small, and a person has not more.
const EDITS_MAX: usize = 2_000_000;

/// What stands there afterwards.
#[derive(Clone, Debug, PartialEq)]
pub enum New {
    /// Nothing.
    Null,
    /// A text.
    Text(String),
    /// A whole number, where one stood before.
    Int(i64),
}

/// One value that is replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct CellEdit {
    /// Its table, "" where the format has none.
    pub table: String,
    /// Its feature.
    pub feature: FeaturePath,
    /// Its place among the cells of its row, from 0.
    pub place: usize,
    /// Where.
    pub at: At,
    /// What the reader said of it: text as it stands in the bytes, or a value.
    pub is_raw: bool,
    /// What it was, as text.
    pub old: String,
    /// What it is to be.
    pub new: New,
}

/// Says what a cell becomes, if it changes: given table, feature, place and value.
pub type EditTest<'a> = &'a mut dyn FnMut(&str, &FeaturePath, At, &Value<'_>) -> Option<New>;
/// Writes content with edits, all else as it was.
pub type ApplyFn =
    fn(&Content, &Dialect, &[CellEdit], &mut (dyn Write + Send)) -> Result<Rewritten, FormatError>;

/// The formats that can, by id, and whether their units keep their numbers when values change: offsets do not.
static APPLIERS: &[(&str, ApplyFn, bool)] = &[
    ("csv", super::csv::replace, true),
    ("ndjson", json::apply, true),
    ("json", json::apply, false),
    ("jupyter", json::apply, false),
    ("log", lines, true),
    ("text", lines, true),
    ("code", lines, true),
    ("markdown", lines, true),
    ("rst", lines, true),
    ("asciidoc", lines, true),
    ("tex", lines, true),
    ("toml", lines, true),
    ("ini", lines, true),
    ("properties", lines, true),
    ("pbtxt", lines, true),
    ("sql", lines, true),
    ("arff", lines, true),
    ("calendar", lines, true),
    ("vcard", lines, true),
    ("diff", lines, true),
    ("subtitles", lines, true),
    ("sqlite", super::sqlite::replace, true),
];

impl Format {
    /// How values are replaced in place, if the format can.
    pub fn replace(&self) -> Option<ApplyFn> {
        APPLIERS.iter().find(|(id, ..)| *id == self.id).map(|(_, apply, _)| *apply)
    }

    /// Whether units are the same ones after values were replaced.
    pub fn units_stay(&self) -> bool {
        APPLIERS.iter().any(|(id, _, stay)| *id == self.id && *stay)
    }
}

/// Reads all cells and gathers the edits that `test` asks for, in the order of the content.
///
/// # Errors
/// What the reader fails with; `Limit` if there are too many.
pub fn edits(
    read: ReadFn,
    content: &Content,
    dialect: &Dialect,
    bounds: &Bounds,
    test: EditTest<'_>,
) -> Result<Vec<CellEdit>, FormatError> {
    let mut gathering = Gathering {
        test,
        table: String::new(),
        features: Vec::new(),
        row: None,
        place: 0,
        edits: Vec::new(),
    };
    read(content, dialect, bounds, &mut gathering)?;
    match gathering.edits.len() <= EDITS_MAX {
        true => Ok(gathering.edits),
        false => Err(FormatError::Limit(format!("more than {EDITS_MAX} values would have to be replaced"))),
    }
}

struct Gathering<'a> {
    test: EditTest<'a>,
    table: String,
    features: Vec<FeaturePath>,
    row: Option<u64>,
    place: usize,
    edits: Vec<CellEdit>,
}

impl Sink for Gathering<'_> {
    fn table(&mut self, name: &str) {
        self.table = name.to_owned();
        self.features.clear();
        self.row = None;
    }

    fn feature(&mut self, path: &FeaturePath, _: Option<FeatureType>) -> usize {
        self.features.push(path.clone());
        self.features.len() - 1
    }

    fn row(&mut self, _: u64) {}

    fn cell(&mut self, feature: usize, at: At, value: Value<'_>) {
        if self.row != Some(at.row) {
            (self.row, self.place) = (Some(at.row), 0);
        }
        let place = self.place;
        self.place += 1;
        if self.edits.len() > EDITS_MAX {
            return;
        }
        let Some(new) = (self.test)(&self.table, &self.features[feature], at, &value) else { return };
        self.edits.push(CellEdit {
            table: self.table.clone(),
            feature: self.features[feature].clone(),
            place,
            at,
            is_raw: matches!(value, Value::Raw(_)),
            old: value.text().map(std::borrow::Cow::into_owned).unwrap_or_default(),
            new,
        });
    }

    fn anomaly(&mut self, _: AnomalyKind, _: String) {}
}

/// Content that is not what an edit was made for.
pub(super) fn moved() -> FormatError {
    FormatError::Unsupported("what stands at a value's place is not what was read there".into())
}

/// Copies content but for some spans, which are in order and do not touch.
///
/// # Errors
/// `Unsupported` if spans overlap or reach beyond the end.
pub(super) fn splice(
    content: &Content,
    spans: impl IntoIterator<Item = (Range<u64>, Vec<u8>)>,
    out: &mut (dyn Write + Send),
) -> Result<(), FormatError> {
    let mut from = 0;
    for (span, new) in spans {
        if span.start < from || span.end > content.len() {
            return Err(FormatError::Unsupported("values to replace lie over each other".into()));
        }
        copy(content, from..span.start, out)?;
        out.write_all(&new)?;
        from = span.end;
    }
    Ok(copy(content, from..content.len(), out)?)
}

fn copy(content: &Content, range: Range<u64>, out: &mut (dyn Write + Send)) -> std::io::Result<()> {
    const COPY_BYTES: u64 = 64 << 10;
    let mut at = range.start;
    while at < range.end {
        let bytes = content.range(at, (range.end - at).min(COPY_BYTES) as usize)?;
        if bytes.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        out.write_all(&bytes)?;
        at += bytes.len() as u64;
    }
    Ok(())
}

/// Replaces lines of text; line ends stay.
fn lines(
    content: &Content,
    dialect: &Dialect,
    edits: &[CellEdit],
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let charset = Charset::by_name(dialect.encoding.as_deref());
    let mut spans = Vec::with_capacity(edits.len());
    let lines = Lines::new(content, charset, None, Bounds::default().record_bytes_max)?;
    each_record(lines, edits, &mut |offset, line, edits| {
        let [edit] = edits else { return Err(moved()) };
        let old = charset.without_line_end(line);
        let new = match &edit.new {
            New::Text(text) => charset.encode(text, old).ok_or_else(|| unspelled(charset))?,
            New::Null => Vec::new(),
            New::Int(_) => return Err(moved()),
        };
        if charset.decode(old) != edit.old || charset.encode(&edit.old, old).as_deref() != Some(old) {
            return Err(moved());
        }
        spans.push((offset..offset + old.len() as u64, new));
        Ok(())
    })?;
    splice(content, spans, out)?;
    Ok(Rewritten { removed: 0, kept: edits.len() as u64 })
}

/// A value that its text's charset has no letters for.
pub(super) fn unspelled(charset: Charset) -> FormatError {
    let name = charset.name().unwrap_or_else(|| "utf-8".into());
    FormatError::Unsupported(format!("a value cannot be written in {name} as it stands"))
}

/// What is done with a record that has edits: its offset, its bytes with their line end, and its edits.
pub(super) type OnRecord<'a> = &'a mut dyn FnMut(u64, &[u8], &[CellEdit]) -> Result<(), FormatError>;

/// Finds the records at which edits stand.
///
/// # Errors
/// `Unsupported` if one is not there, or is too long to be held at once.
pub(super) fn each_record(
    mut lines: Lines,
    edits: &[CellEdit],
    each: OnRecord<'_>,
) -> Result<(), FormatError> {
    let mut groups = edits.chunk_by(|a, b| a.at.offset == b.at.offset).peekable();
    while let Some(piece) = lines.next()? {
        let Some(group) = groups.peek() else { return Ok(()) };
        let wanted = group[0].at.offset.ok_or_else(moved)?;
        if wanted > piece.offset {
            continue;
        }
        if wanted < piece.offset || !piece.first || !piece.last {
            return Err(FormatError::Unsupported(
                "a record is too long to have values replaced in it".into(),
            ));
        }
        each(piece.offset, piece.bytes, group)?;
        groups.next();
    }
    match groups.next() {
        None => Ok(()),
        Some(_) => Err(moved()),
    }
}
