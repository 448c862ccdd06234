//! JSON documents (RFC 8259): one, or several one after another. How they are told from other text is in `sniff`.
//!
//! Rows are the elements of a top-level array, the documents of several, or the elements of the one array of objects in an
//! envelope (`{"data": […], "next": …}`); else the one document is the one row. Unit = byte offset of the innermost array
//! element that is an object, else of the outermost array element; one of several documents counts as an element.

use std::io::{Read, Seek, SeekFrom};

use catalog::model::{AnomalyKind, Dialect, FeaturePath, Value};

use self::cells::{Cells, ROOT, Unit};
use self::lexer::{LexError, Lexer, Stream, Token};
use super::{At, Bounds, Format, FormatError, Sink, WHOLE, locate_by_reading};
use crate::content::Content;

pub(super) mod cells;
pub(super) mod lexer;
mod outline;
mod rewrite;
pub(super) mod sniff;
#[cfg(test)]
mod tests;

/// JSON, pretty-printed or not.
pub(super) static FORMAT: Format = Format {
    id: "json",
    media_type: "application/json",
    extensions: &["json", "geojson", "har"],
    sniff: sniff::sniff,
    read: Some(read),
    locate: Some(locate_by_reading),
    rewrite: Some(rewrite::rewrite),
    container: None,
};

/// Bytes of malformed text searched at once.
const PIECE_BYTES: usize = 64 << 10;
/// Pieces of malformed text overlap by this much, so that no identifier is cut in both.
const OVERLAP_BYTES: usize = 512;

/// What stops a reader early.
enum Stop {
    /// As many rows as the bounds allow.
    Rows,
    /// The text is not JSON from here on.
    Lex(LexError),
}

impl From<LexError> for Stop {
    fn from(error: LexError) -> Self {
        Self::Lex(error)
    }
}

struct Reading<'a> {
    lexer: Lexer<Stream>,
    cells: Cells,
    row: u64,
    rows_max: u64,
    sink: &'a mut dyn Sink,
}

impl Reading<'_> {
    fn next_row(&mut self) -> Result<u64, Stop> {
        if self.row >= self.rows_max {
            return Err(Stop::Rows);
        }
        self.sink.row(self.row);
        self.row += 1;
        Ok(self.row - 1)
    }

    /// A value that is a row.
    fn row(&mut self, token: Token, unit: Unit) -> Result<(), Stop> {
        let row = self.next_row()?;
        Ok(self.cells.value(&mut self.lexer, token, ROOT, (row, unit, 0), self.sink)?)
    }

    /// An array's elements as rows.
    fn rows(&mut self) -> Result<(), Stop> {
        loop {
            match self.lexer.next()? {
                Token::EndArray => return Ok(()),
                token => {
                    let unit = Unit::Whole.of_element(token, self.lexer.start());
                    self.row(token, unit)?;
                }
            }
        }
    }

    /// An envelope: its array's elements are rows; what else it holds goes with the row before, or the first.
    fn envelope(&mut self, rows_at: &str) -> Result<(), Stop> {
        let mut began_first = false;
        loop {
            if self.lexer.next()? == Token::EndObject {
                return Ok(());
            }
            let name = self.lexer.text().into_owned();
            let token = self.lexer.next()?;
            if name == rows_at && token == Token::BeginArray {
                if let (true, 1) = (began_first, self.row) {
                    // The first row was begun by what stands before the array.
                    began_first = false;
                    match self.lexer.next()? {
                        Token::EndArray => continue,
                        token => {
                            let unit = Unit::Whole.of_element(token, self.lexer.start());
                            let place = (0, unit, 0);
                            self.cells.value(&mut self.lexer, token, ROOT, place, self.sink)?;
                        }
                    }
                }
                self.rows()?;
                continue;
            }
            let row = match self.row {
                0 => {
                    began_first = true;
                    self.next_row()?
                }
                row => row - 1,
            };
            let node = self.cells.features.child(ROOT, &name);
            self.cells.value(&mut self.lexer, token, node, (row, Unit::Whole, 0), self.sink)?;
        }
    }

    fn documents(&mut self, outline: &outline::Outline) -> Result<(), Stop> {
        loop {
            let token = self.lexer.next()?;
            match token {
                Token::End => return Ok(()),
                Token::BeginArray => self.rows()?,
                Token::BeginObject if outline.rows_at.is_some() => {
                    self.envelope(outline.rows_at.as_deref().unwrap_or_default())?;
                }
                _ if outline.several => {
                    let unit = Unit::Whole.of_element(token, self.lexer.start());
                    self.row(token, unit)?;
                }
                _ => self.row(token, Unit::Whole)?,
            }
        }
    }
}

fn read(content: &Content, _: &Dialect, bounds: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    let outline = outline::outline(content)?;
    let mut lexer = Lexer::new(Stream::new(content), bounds.record_bytes_max);
    lexer.skip_mark()?;
    let mut reading = Reading { lexer, cells: Cells::new(bounds), row: 0, rows_max: bounds.rows_max, sink };
    let outcome = reading.documents(&outline);
    let Reading { lexer, cells, row, sink, .. } = reading;
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
fn rest_as_text(content: &Content, start: u64, row: u64, sink: &mut dyn Sink) -> Result<(), FormatError> {
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
