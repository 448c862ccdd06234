//! Rows of a worksheet as they stand in its XML (ECMA-376-1 §18.3): streamed, each with its bytes.

use quick_xml::events::{BytesStart, Event};

use super::book::attribute;
use crate::content::Content;
use crate::format::FormatError;
use crate::format::xml::{Events, Stop, resolve};

/// Columns that a sheet may have (§18.3.1.13); cells beyond are counted and left out.
const COLUMNS_MAX: usize = 16_384;

/// A row element.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// Its number among the row elements: its unit.
    pub(super) ordinal: u64,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) cells: Vec<Cell>,
    /// Cells left out.
    pub(super) beyond: u64,
}

/// A cell element.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    /// From 0.
    pub(super) column: usize,
    /// Its `t`: how `text` is to be read.
    pub(super) kind: String,
    /// Number of its cell format.
    pub(super) style: usize,
    /// What its `v` or `is` says.
    pub(super) text: String,
    /// Where a formula's element begins and ends, and its shared group.
    pub(super) formula: Option<Formula>,
    /// Text of the formula: what it quotes is data too.
    pub(super) formula_text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Formula {
    pub(super) start: u64,
    pub(super) end: u64,
    /// The number of the group whose formula it shares.
    pub(super) shared: Option<u64>,
    /// Whether it is the one that says what the others share.
    pub(super) is_master: bool,
}

/// Takes a row; answers whether more are wanted.
pub(super) type OnRow<'a> = &'a mut dyn FnMut(Row) -> Result<bool, FormatError>;

/// Streams the rows of a sheet.
pub(super) fn rows(content: &Content, bytes_max: usize, each: OnRow<'_>) -> Result<(), FormatError> {
    let mut events = Events::new(content, bytes_max);
    let mut reader = Reader { bytes_max, ..Reader::default() };
    loop {
        match events.next(|event, start, end| reader.event(event, start, end)) {
            Ok(Some(Step::On)) => {}
            Ok(Some(Step::Row(row))) => {
                if !each(row)? {
                    return Ok(());
                }
            }
            Ok(Some(Step::TooLong)) => return Err(Stop::Limit(0).error()),
            Ok(None) => return Ok(()),
            Err(stop) => return Err(stop.error()),
        }
    }
}

enum Step {
    On,
    Row(Row),
    TooLong,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Within {
    #[default]
    Nothing,
    Value,
    Formula,
    /// How a text is spoken.
    Spoken,
}

#[derive(Default)]
struct Reader {
    bytes_max: usize,
    in_data: bool,
    rows: u64,
    row: Option<Row>,
    cell: Option<Cell>,
    within: Within,
    bytes: usize,
}

impl Reader {
    fn event(&mut self, event: &Event<'_>, start: u64, end: u64) -> Step {
        match event {
            Event::Start(element) => self.start(element, start, end),
            Event::Empty(element) => {
                self.start(element, start, end);
                return self.end(element.local_name().as_ref(), end);
            }
            Event::End(element) => return self.end(element.local_name().as_ref(), end),
            Event::Text(text) => self.text(&String::from_utf8_lossy(text)),
            Event::CData(text) => self.text(&String::from_utf8_lossy(text)),
            Event::GeneralRef(name) => {
                let name = format!("&{};", String::from_utf8_lossy(name));
                self.text(&resolve(&name));
            }
            _ => {}
        }
        if self.bytes > self.bytes_max { Step::TooLong } else { Step::On }
    }

    fn start(&mut self, element: &BytesStart<'_>, start: u64, end: u64) {
        let name = element.local_name();
        match name.as_ref() {
            b"sheetData" => self.in_data = true,
            b"row" if self.in_data => {
                self.row = Some(Row { ordinal: self.rows, start, end, ..Row::default() });
                self.rows += 1;
                self.bytes = 0;
            }
            b"c" if self.row.is_some() => {
                let next =
                    self.row.as_ref().and_then(|row| row.cells.last()).map_or(0, |cell| cell.column + 1);
                let column = attribute(element, "r").and_then(|place| column_of(&place)).unwrap_or(next);
                self.cell = Some(Cell {
                    column,
                    kind: attribute(element, "t").unwrap_or_default(),
                    style: attribute(element, "s").and_then(|style| style.parse().ok()).unwrap_or(0),
                    ..Cell::default()
                });
            }
            b"f" => {
                self.within = Within::Formula;
                if let Some(cell) = &mut self.cell {
                    let is_shared = attribute(element, "t").is_some_and(|kind| kind == "shared");
                    let group = attribute(element, "si").and_then(|group| group.parse().ok());
                    let is_master = attribute(element, "ref").is_some();
                    let shared = group.filter(|_| is_shared);
                    cell.formula = Some(Formula { start, end, shared, is_master });
                }
            }
            b"v" | b"t" if self.within != Within::Spoken => self.within = Within::Value,
            b"rPh" => self.within = Within::Spoken,
            _ => {}
        }
    }

    fn end(&mut self, name: &[u8], end: u64) -> Step {
        match name {
            b"sheetData" => self.in_data = false,
            b"row" => {
                if let Some(row) = self.row.take() {
                    return Step::Row(Row { end, ..row });
                }
            }
            b"c" => {
                if let (Some(cell), Some(row)) = (self.cell.take(), &mut self.row) {
                    if cell.column < COLUMNS_MAX && row.cells.len() < COLUMNS_MAX {
                        row.cells.push(cell);
                    } else {
                        row.beyond += 1;
                    }
                }
            }
            b"f" => {
                if let Some(formula) = self.cell.as_mut().and_then(|cell| cell.formula.as_mut()) {
                    formula.end = end;
                }
                self.within = Within::Nothing;
            }
            b"v" | b"t" if self.within == Within::Value => self.within = Within::Nothing,
            b"rPh" => self.within = Within::Nothing,
            _ => {}
        }
        Step::On
    }

    fn text(&mut self, text: &str) {
        let Some(cell) = &mut self.cell else { return };
        match self.within {
            Within::Value | Within::Spoken => cell.text.push_str(text),
            Within::Formula => cell.formula_text.push_str(text),
            Within::Nothing => return,
        }
        self.bytes += text.len();
    }
}

/// The column of a reference such as `AB12`, from 0.
pub(super) fn column_of(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters
        .take(4)
        .fold(0, |number, letter| number * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    number.checked_sub(1)
}
