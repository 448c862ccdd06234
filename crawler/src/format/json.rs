//! JSON documents (RFC 8259): one, or several one after another. How they are told from other text is in `sniff`.
//!
//! Rows are the elements of a top-level array, the documents of several, or the elements of the one array of objects in an
//! envelope (`{"data": […], "next": …}`); else the one document is the one row. Unit = byte offset of the innermost array
//! element that is an object, else of the outermost array element; one of several documents counts as an element.

use std::io::{Read, Seek, SeekFrom};

use catalog::model::{AnomalyKind, Dialect, FeaturePath, Value};

use self::cells::Cells;
use self::lexer::LexError;
use self::rows::{Reading, Stop, TakeCells};
use super::arrow::RowsFn;
use super::{At, Bounds, Format, FormatError, Head, Sink, Sniff, WHOLE, locate_by_reading};
use crate::content::Content;

pub(super) mod cells;
pub(super) mod lexer;
mod outline;
mod rewrite;
mod rows;
pub(super) mod sniff;
#[cfg(test)]
mod tests;

pub(super) use outline::is_envelope;
pub(super) use rows::{EachTree, tree, trees};
pub(super) use sniff::media_type;

/// JSON, pretty-printed or not.
pub(super) static FORMAT: Format = of(
    "json",
    "application/json",
    &["json", "geojson", "topojson", "har", "avsc", "avpr", "jsonld", "webmanifest"],
    sniff::sniff,
);

/// A format whose files are JSON documents.
pub(super) const fn of(
    id: &'static str,
    media_type: &'static str,
    extensions: &'static [&'static str],
    sniff: fn(&Head<'_>) -> Option<Sniff>,
) -> Format {
    Format {
        id,
        media_type,
        extensions,
        sniff,
        read: Some(read),
        rows: RowsFn::Trees(trees),
        locate: Some(locate_by_reading),
        rewrite: Some(rewrite::rewrite),
        container: None,
    }
}

/// Bytes of malformed text searched at once.
const PIECE_BYTES: usize = 64 << 10;
/// Pieces of malformed text overlap by this much, so that no identifier is cut in both.
const OVERLAP_BYTES: usize = 512;

fn read(content: &Content, _: &Dialect, bounds: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    let outline = outline::outline(content)?;
    let mut reading = Reading::new(content, bounds, TakeCells { cells: Cells::new(bounds), sink })?;
    let outcome = reading.documents(&outline);
    let Reading { lexer, row, take: TakeCells { cells, sink }, .. } = reading;
    if cells.too_deep > 0 {
        let reason =
            format!("{} values are nested more deeply than {} levels", cells.too_deep, bounds.nesting_max);
        sink.anomaly(AnomalyKind::LimitReached, reason);
    }
    if cells.cut > 0 {
        let reason =
            format!("{} strings are longer than {} bytes and were cut", cells.cut, bounds.record_bytes_max);
        sink.anomaly(AnomalyKind::LimitReached, reason);
    }
    let (kind, reason) = match outcome {
        Ok(()) => return Ok(()),
        Err(Stop::Rows) => {
            sink.anomaly(AnomalyKind::LimitReached, format!("only the first {row} rows were read"));
            return Ok(());
        }
        Err(Stop::Lex(LexError::Io(error))) => return Err(error.into()),
        Err(Stop::Taker(error)) => return Err(error),
        Err(Stop::Lex(LexError::Ended)) => (AnomalyKind::Truncated, "ends within a document".to_owned()),
        Err(Stop::Lex(LexError::Malformed(offset))) => {
            (AnomalyKind::Corrupt, format!("is not JSON from byte {offset} on"))
        }
        Err(Stop::Lex(LexError::Depth(offset))) => {
            (AnomalyKind::LimitReached, format!("is nested too deeply to be read from byte {offset} on"))
        }
    };
    sink.anomaly(kind, format!("{reason}; the rest was searched as text"));
    rest_as_text(content, lexer.start(), row, sink)
}

/// Nobody hides behind a missing bracket: what cannot be parsed is searched as lines.
pub(in crate::format) fn rest_as_text(
    content: &Content,
    start: u64,
    row: u64,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    let line = sink.feature(&FeaturePath::column("line"), None);
    let mut content = content.clone();
    content.seek(SeekFrom::Start(start))?;
    sink.row(row);
    let (mut piece, mut offset) = (Vec::new(), start);
    loop {
        let carried = piece.len();
        content.by_ref().take((PIECE_BYTES - carried) as u64).read_to_end(&mut piece)?;
        if piece.len() == carried {
            return Ok(());
        }
        let mut place = 0;
        for text in piece.split_inclusive(|byte| *byte == b'\n') {
            let at = At { row, unit: WHOLE, offset: Some(offset + place) };
            sink.cell(line, at, Value::Raw(String::from_utf8_lossy(text.trim_ascii_end())));
            place += text.len() as u64;
        }
        let overlap = piece.len().min(OVERLAP_BYTES);
        let next = if piece.len() < PIECE_BYTES { piece.len() } else { piece.len() - overlap };
        offset += next as u64;
        piece.drain(..next);
    }
}
