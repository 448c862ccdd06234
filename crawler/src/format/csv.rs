//! Delimited text (RFC 4180 and what people make of it): reading and rewriting. How it is told from other text is in `sniff`.
//!
//! Unit = row number, header, preamble and blank lines not counted. A rewrite removes exactly the bytes of records.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;

use catalog::model::{AnomalyKind, Dialect, FeaturePath, Value};

use super::arrow::RowsFn;
use super::charset::Charset;
use super::lines::{Lines, Piece, Quoting};
use super::text::{Heading, copy_without};
use super::{At, Bounds, Format, FormatError, Removal, Rewritten, Sink, locate_by_reading};
use crate::content::Content;

mod replace;
mod sniff;

pub(super) use replace::replace;
pub(super) use sniff::has_header;
#[cfg(test)]
mod tests;

/// Comma, tab and other separated values.
pub(super) static FORMAT: Format = Format {
    id: "csv",
    media_type: "text/csv",
    extensions: &["csv", "tsv", "tab", "psv", "ssv"],
    sniff: sniff::sniff,
    read: Some(read),
    rows: RowsFn::Cells,
    locate: Some(locate_by_reading),
    rewrite: Some(rewrite),
    container: None,
};

/// Bytes of a record that a rewrite holds at once, quoted line ends apart.
const COPY_BYTES: usize = 64 << 10;
/// Bytes of an overlong record that its pieces share, so that no identifier is cut in all of them.
const OVERLAP_BYTES: usize = 512;

/// A dialect as the splitter wants it.
#[derive(Clone, Copy)]
struct Splitting {
    charset: Charset,
    delimiter: char,
    quote: Option<char>,
}

impl Splitting {
    fn of(dialect: &Dialect) -> Self {
        Self {
            charset: Charset::by_name(dialect.encoding.as_deref()),
            delimiter: dialect.delimiter.filter(char::is_ascii).unwrap_or(','),
            quote: dialect.quote.filter(char::is_ascii),
        }
    }

    fn lines(self, content: &Content, piece_bytes_max: usize) -> std::io::Result<Lines> {
        let quoting = self.quote.map(|quote| Quoting { delimiter: self.delimiter as u8, quote: quote as u8 });
        Lines::new(content, self.charset, quoting, piece_bytes_max)
    }

    /// Whether a line is a record: a blank one is none.
    fn is_record(self, line: &[u8]) -> bool {
        !self.charset.without_line_end(line).is_empty()
    }
}

/// A field of a record.
#[derive(Debug, PartialEq)]
pub(super) struct Field<'a> {
    text: Cow<'a, str>,
    quoted: bool,
}

impl<'a> Field<'a> {
    /// What the field says: unquoted nothing is null, since that is how writers tell it from an empty string.
    fn value(self) -> Value<'a> {
        if self.text.is_empty() && !self.quoted { Value::Null } else { Value::Raw(self.text) }
    }
}

/// Splits one record without its line end. Letters around a quoted part stay, quotes in an unquoted field too.
fn split(record: &str, delimiter: char, quote: Option<char>) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    let mut rest = record;
    loop {
        let (field, after) = match quote {
            Some(quote) if rest.starts_with(quote) => quoted_field(rest, delimiter, quote),
            _ => {
                let end = rest.find(delimiter);
                let text = Cow::Borrowed(&rest[..end.unwrap_or(rest.len())]);
                (Field { text, quoted: false }, end)
            }
        };
        fields.push(field);
        match after {
            Some(end) => rest = &rest[end + 1..],
            None => return fields,
        }
    }
}

/// The quoted field that `rest` begins with, and where its delimiter stands.
fn quoted_field(rest: &str, delimiter: char, quote: char) -> (Field<'_>, Option<usize>) {
    let mut text: Cow<'_, str> = Cow::Borrowed("");
    let mut from = 1;
    loop {
        let Some(close) = rest[from..].find(quote).map(|place| from + place) else {
            // Never closed: the quote was a letter of an unquoted field.
            let end = rest.find(delimiter);
            let text = Cow::Borrowed(&rest[..end.unwrap_or(rest.len())]);
            return (Field { text, quoted: false }, end);
        };
        if rest[close + 1..].starts_with(quote) {
            text.to_mut().push_str(&rest[from..=close]);
            from = close + 2;
            continue;
        }
        let end = rest[close + 1..].find(delimiter).map(|place| close + 1 + place);
        let after = &rest[close + 1..end.unwrap_or(rest.len())];
        let text = if text.is_empty() && after.is_empty() {
            Cow::Borrowed(&rest[from..close])
        } else {
            Cow::Owned(format!("{text}{}{after}", &rest[from..close]))
        };
        return (Field { text, quoted: true }, end);
    }
}

/// Column names as a header gives them: empty ones numbered, doubled ones told apart.
fn column_names(header: Vec<Field<'_>>) -> Vec<String> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut names = Vec::with_capacity(header.len());
    for (place, field) in header.into_iter().enumerate() {
        let name = field.text.trim();
        let name = if name.is_empty() { format!("column_{}", place + 1) } else { name.to_owned() };
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        names.push(if *count == 1 { name } else { format!("{name}_{count}") });
    }
    names
}

/// What a reader carries from record to record.
struct Reading<'a> {
    splitting: Splitting,
    sink: &'a mut dyn Sink,
    features: Vec<usize>,
    /// Fields that a record should have; the first one tells if there is no header.
    width: Option<usize>,
    ragged: u64,
    stray: u64,
    overlong: u64,
}

impl Reading<'_> {
    fn declare(&mut self, name: &str) {
        let feature = self.sink.feature(&FeaturePath::column(name), None);
        self.features.push(feature);
    }

    fn header(&mut self, record: &str) {
        let names = column_names(split(record, self.splitting.delimiter, self.splitting.quote));
        names.iter().for_each(|name| self.declare(name));
        self.width = Some(names.len());
    }

    fn record(&mut self, record: &str, row: u64, offset: u64) {
        self.sink.row(row);
        let fields = split(record, self.splitting.delimiter, self.splitting.quote);
        self.ragged += u64::from(*self.width.get_or_insert(fields.len()) != fields.len());
        while self.features.len() < fields.len() {
            self.declare(&format!("column_{}", self.features.len() + 1));
        }
        let at = At { row, unit: row, offset: Some(offset) };
        for (field, feature) in fields.into_iter().zip(&self.features) {
            self.sink.cell(*feature, at, field.value());
        }
    }

    /// The rest of a record that is too long to split: searched all the same, as more of the last column.
    fn rest_of_record(&mut self, text: Cow<'_, str>, row: u64, offset: u64) {
        if let Some(feature) = self.features.last() {
            self.sink.cell(*feature, At { row, unit: row, offset: Some(offset) }, Value::Raw(text));
        }
    }

    fn anomalies(&mut self, bounds: &Bounds) {
        if self.ragged > 0 {
            let reason = format!("{} records have another number of fields than the first", self.ragged);
            self.sink.anomaly(AnomalyKind::MalformedRecords, reason);
        }
        if self.stray > 0 {
            let reason = format!("{} records open a quote that nothing closes", self.stray);
            self.sink.anomaly(AnomalyKind::MalformedRecords, reason);
        }
        if self.overlong > 0 {
            let reason = format!(
                "{} records are longer than {} bytes and were read in pieces",
                self.overlong, bounds.record_bytes_max
            );
            self.sink.anomaly(AnomalyKind::LimitReached, reason);
        }
    }
}

fn read(
    content: &Content,
    dialect: &Dialect,
    bounds: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    let splitting = Splitting::of(dialect);
    let charset = splitting.charset;
    let mut lines = splitting.lines(content, bounds.record_bytes_max)?;
    let mut reading =
        Reading { splitting, sink, features: Vec::new(), width: None, ragged: 0, stray: 0, overlong: 0 };
    let (mut skip, mut header_due) =
        (u64::from(dialect.preamble_lines.unwrap_or(0)), dialect.header.unwrap_or(false));
    let (mut row, mut in_row, mut carried) = (0, false, Vec::new());
    while let Some(Piece { offset, bytes, first, last, stray_quote }) = lines.next()? {
        if first {
            in_row = false;
            if skip > 0 {
                skip -= 1;
                continue;
            }
            if !splitting.is_record(bytes) {
                continue;
            }
            let text = charset.decode(charset.without_line_end(bytes));
            reading.overlong += u64::from(!last);
            reading.stray += u64::from(stray_quote);
            if std::mem::take(&mut header_due) {
                reading.header(&text);
                continue;
            }
            if row >= bounds.rows_max {
                reading
                    .sink
                    .anomaly(AnomalyKind::LimitReached, format!("only the first {row} records were read"));
                break;
            }
            reading.record(&text, row, offset);
            (in_row, row) = (true, row + 1);
        } else if in_row {
            carried.extend_from_slice(bytes);
            reading.rest_of_record(charset.decode(charset.without_line_end(&carried)), row - 1, offset);
        }
        if in_row && !last {
            let overlap = bytes.len().min(OVERLAP_BYTES) & !1;
            carried = bytes[bytes.len() - overlap..].to_vec();
        }
    }
    reading.anomalies(bounds);
    Ok(())
}

fn rewrite(
    content: &Content,
    dialect: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let splitting = Splitting::of(dialect);
    let lines = splitting.lines(content, COPY_BYTES)?;
    let heading = Heading {
        lines: u64::from(dialect.preamble_lines.unwrap_or(0)),
        header: dialect.header.unwrap_or(false),
    };
    copy_without(content, lines, heading, &|line| splitting.is_record(line), removal, out)
}
