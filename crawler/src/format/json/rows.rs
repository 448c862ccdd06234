//! Which values of JSON content are its rows, and who takes them: cells for the crawl, trees for SQL.

use super::super::arrow::Tree;
use super::super::{Bounds, FormatError, Sink};
use super::cells::{Cells, ROOT, Unit};
use super::lexer::{LexError, Lexer, Source, Stream, Token};
use super::outline::{Outline, outline};
use crate::content::Content;

/// What stops a reader early.
pub(super) enum Stop {
    /// As many rows as were wanted.
    Rows,
    /// The text is not JSON from here on.
    Lex(LexError),
    /// Whoever takes the rows failed.
    Taker(FormatError),
}

impl From<LexError> for Stop {
    fn from(error: LexError) -> Self {
        Self::Lex(error)
    }
}

/// Takes rows.
pub(super) trait Take {
    /// The next row begins.
    fn row(&mut self, row: u64) -> Result<(), Stop>;
    /// The row that `token` begins; or, with a name, a part of an envelope that goes with the row.
    fn value(
        &mut self,
        lexer: &mut Lexer<Stream>,
        token: Token,
        name: Option<&str>,
        place: (u64, Unit),
    ) -> Result<(), Stop>;
}

/// Passes over content and hands on its rows.
pub(super) struct Reading<T> {
    pub(super) lexer: Lexer<Stream>,
    pub(super) row: u64,
    rows_max: u64,
    pub(super) take: T,
}

impl<T: Take> Reading<T> {
    pub(super) fn new(content: &Content, bounds: &Bounds, take: T) -> std::io::Result<Self> {
        let mut lexer = Lexer::new(Stream::new(content), bounds.record_bytes_max);
        lexer.skip_mark()?;
        Ok(Self { lexer, row: 0, rows_max: bounds.rows_max, take })
    }

    fn next_row(&mut self) -> Result<u64, Stop> {
        if self.row >= self.rows_max {
            return Err(Stop::Rows);
        }
        self.take.row(self.row)?;
        self.row += 1;
        Ok(self.row - 1)
    }

    /// A value that is a row.
    fn row(&mut self, token: Token, unit: Unit) -> Result<(), Stop> {
        let row = self.next_row()?;
        self.take.value(&mut self.lexer, token, None, (row, unit))
    }

    /// An array's element as a row.
    fn element(&mut self, token: Token) -> Result<(), Stop> {
        let unit = Unit::Whole.of_element(token, self.lexer.start());
        self.row(token, unit)
    }

    fn elements(&mut self) -> Result<(), Stop> {
        loop {
            match self.lexer.next()? {
                Token::EndArray => return Ok(()),
                token => self.element(token)?,
            }
        }
    }

    /// An envelope: its array's elements are rows; what else it holds goes with the row before, or the first.
    fn envelope(&mut self, rows_at: &str) -> Result<(), Stop> {
        let mut first_is_open = false;
        while self.lexer.next()? != Token::EndObject {
            let name = self.lexer.text().into_owned();
            let token = self.lexer.next()?;
            if name != rows_at || token != Token::BeginArray {
                if self.row == 0 {
                    self.next_row()?;
                    first_is_open = true;
                }
                let place = (self.row - 1, Unit::Whole);
                self.take.value(&mut self.lexer, token, Some(&name), place)?;
                continue;
            }
            if std::mem::take(&mut first_is_open) {
                match self.lexer.next()? {
                    Token::EndArray => continue,
                    token => {
                        let unit = Unit::Whole.of_element(token, self.lexer.start());
                        self.take.value(&mut self.lexer, token, None, (self.row - 1, unit))?;
                    }
                }
            }
            self.elements()?;
        }
        Ok(())
    }

    /// All documents.
    pub(super) fn documents(&mut self, outline: &Outline) -> Result<(), Stop> {
        loop {
            let token = self.lexer.next()?;
            match (token, &outline.rows_at) {
                (Token::End, _) => return Ok(()),
                (Token::BeginArray, _) => self.elements()?,
                (Token::BeginObject, Some(rows_at)) => self.envelope(rows_at)?,
                _ if outline.several => self.element(token)?,
                _ => self.row(token, Unit::Whole)?,
            }
        }
    }
}

/// Hands rows on as cells.
pub(super) struct TakeCells<'a> {
    pub(super) cells: Cells,
    pub(super) sink: &'a mut dyn Sink,
}

impl Take for TakeCells<'_> {
    fn row(&mut self, row: u64) -> Result<(), Stop> {
        self.sink.row(row);
        Ok(())
    }

    fn value(
        &mut self,
        lexer: &mut Lexer<Stream>,
        token: Token,
        name: Option<&str>,
        (row, unit): (u64, Unit),
    ) -> Result<(), Stop> {
        let node = name.map_or(ROOT, |name| self.cells.features.child(ROOT, name));
        Ok(self.cells.value(lexer, token, node, (row, unit, 0), self.sink)?)
    }
}

/// Takes a row with its nesting; answers whether more are wanted.
pub(in crate::format) type EachTree<'a> = &'a mut dyn FnMut(Tree) -> Result<bool, FormatError>;

/// Hands rows on as trees.
struct TakeTrees<'a> {
    row: Option<Tree>,
    bounds: Bounds,
    each: EachTree<'a>,
}

impl TakeTrees<'_> {
    fn hand_on(&mut self) -> Result<(), Stop> {
        match self.row.take().map(|row| (self.each)(row)) {
            None | Some(Ok(true)) => Ok(()),
            Some(Ok(false)) => Err(Stop::Rows),
            Some(Err(error)) => Err(Stop::Taker(error)),
        }
    }
}

impl Take for TakeTrees<'_> {
    fn row(&mut self, _: u64) -> Result<(), Stop> {
        self.hand_on()
    }

    fn value(
        &mut self,
        lexer: &mut Lexer<Stream>,
        token: Token,
        name: Option<&str>,
        _: (u64, Unit),
    ) -> Result<(), Stop> {
        let value = tree(lexer, token, &self.bounds)?;
        match (name, value, &mut self.row) {
            (Some(name), value, Some(Tree::Struct(fields))) => fields.push((name.to_owned(), value)),
            (Some(name), value, row) => *row = Some(Tree::Struct(vec![(name.to_owned(), value)])),
            (None, Tree::Struct(fields), Some(Tree::Struct(row))) => row.extend(fields),
            (None, value, row) => *row = Some(value),
        }
        Ok(())
    }
}

/// Hands on the rows with their nesting. It ends where the text stops being JSON: the crawl has recorded that.
///
/// # Errors
/// If the content cannot be read, or what `each` fails with.
pub(in crate::format) fn trees(
    content: &Content,
    bounds: &Bounds,
    each: EachTree<'_>,
) -> Result<(), FormatError> {
    let outline = outline(content)?;
    let mut reading = Reading::new(content, bounds, TakeTrees { row: None, bounds: *bounds, each })?;
    let outcome = reading.documents(&outline);
    let outcome = match outcome {
        Ok(()) | Err(Stop::Lex(LexError::Malformed(_) | LexError::Ended | LexError::Depth(_))) => {
            reading.take.hand_on()
        }
        stopped => stopped,
    };
    match outcome {
        Err(Stop::Taker(error)) => Err(error),
        Err(Stop::Lex(LexError::Io(error))) => Err(error.into()),
        // The last row was taken already if more rows were begun than wanted.
        Err(Stop::Rows) => finish(reading.take.hand_on()),
        _ => Ok(()),
    }
}

fn finish(outcome: Result<(), Stop>) -> Result<(), FormatError> {
    match outcome {
        Err(Stop::Taker(error)) => Err(error),
        _ => Ok(()),
    }
}

/// The value that `token` begins, with its nesting as far as the bounds allow; null beyond.
pub(in crate::format) fn tree<S: Source>(
    lexer: &mut Lexer<S>,
    token: Token,
    bounds: &Bounds,
) -> Result<Tree, LexError> {
    let limit = lexer.start().saturating_add(bounds.record_bytes_max as u64);
    bounded(lexer, token, bounds.nesting_max, limit)
}

fn bounded<S: Source>(
    lexer: &mut Lexer<S>,
    token: Token,
    levels: usize,
    limit: u64,
) -> Result<Tree, LexError> {
    use catalog::model::Value;
    if matches!(token, Token::BeginArray | Token::BeginObject) && (levels == 0 || lexer.start() > limit) {
        lexer.skip_rest(token)?;
        return Ok(Tree::Scalar(Value::Null));
    }
    Ok(match token {
        Token::BeginArray => {
            let mut items = Vec::new();
            loop {
                match lexer.next()? {
                    Token::EndArray => break Tree::List(items),
                    item if lexer.start() > limit => lexer.skip_rest(item)?,
                    item => items.push(bounded(lexer, item, levels - 1, limit)?),
                }
            }
        }
        Token::BeginObject => {
            let mut fields: Vec<(String, Tree)> = Vec::new();
            while lexer.next()? != Token::EndObject {
                let name = lexer.text().into_owned();
                let value = lexer.next()?;
                if lexer.start() > limit {
                    lexer.skip_rest(value)?;
                } else {
                    fields.push((name, bounded(lexer, value, levels - 1, limit)?));
                }
            }
            Tree::Struct(fields)
        }
        Token::String => Tree::Scalar(Value::Text(lexer.text().into_owned().into())),
        Token::Number => Tree::of(&super::cells::number(&lexer.text())),
        Token::True => Tree::Scalar(Value::Bool(true)),
        Token::False => Tree::Scalar(Value::Bool(false)),
        _ => Tree::Scalar(Value::Null),
    })
}
