//! Cuts array elements and documents out of JSON, each with one comma, and leaves every other byte as it was.

use std::io::Write;

use catalog::model::Dialect;
use roaring::RoaringTreemap;

use super::super::{FormatError, Removal, Rewritten};
use super::lexer::{LexError, Lexer, Stream, Token};
use crate::content::Content;

/// Bytes copied at once.
const COPY_BYTES: u64 = 64 << 10;

pub(super) fn rewrite(
    content: &Content,
    _: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let wanted = removal.units.values().map(RoaringTreemap::len).sum::<u64>();
    let none = RoaringTreemap::new();
    let units = removal.units.get("").unwrap_or(&none);
    let (cuts, rewritten) = cuts(content, units).map_err(|error| match error {
        LexError::Io(error) => error.into(),
        LexError::Ended => FormatError::Truncated("ends within a document; the whole of it must go".into()),
        LexError::Malformed(offset) | LexError::Depth(offset) => {
            FormatError::Corrupt(format!("is not JSON from byte {offset} on; the whole of it must go"))
        }
    })?;
    if rewritten.removed != wanted {
        return Err(FormatError::Unsupported(format!(
            "{} of {wanted} elements to remove are not there; the content has changed or the whole of it must go",
            wanted - rewritten.removed
        )));
    }
    let mut from = 0;
    for (start, end) in cuts {
        copy(content, from, start, out)?;
        from = end;
    }
    copy(content, from, content.len(), out)?;
    Ok(rewritten)
}

fn copy(content: &Content, from: u64, to: u64, out: &mut (dyn Write + Send)) -> std::io::Result<()> {
    let mut at = from;
    while at < to {
        let bytes = content.range(at, (to - at).min(COPY_BYTES) as usize)?;
        if bytes.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        out.write_all(&bytes)?;
        at += bytes.len() as u64;
    }
    Ok(())
}

/// A list as it is passed over: an array, or the documents. Objects have one too, whose elements are never removed.
struct List {
    is_array: bool,
    /// After its bracket.
    begin: u64,
    /// End of the last element that stays.
    kept_end: Option<u64>,
    /// Start and end of elements that go, since the last one that stays.
    run: Option<(u64, u64)>,
    commas: bool,
}

impl List {
    fn new(is_array: bool, begin: u64) -> Self {
        Self { is_array, begin, kept_end: None, run: None, commas: true }
    }

    /// An element that stays begins: what goes before it goes with the commas after.
    fn keep(&mut self, start: u64, cuts: &mut Vec<(u64, u64)>) {
        cuts.extend(self.run.take().map(|(from, _)| (from, start)));
    }

    fn remove(&mut self, start: u64, end: u64) {
        let from = self.run.map_or(start, |(from, _)| from);
        self.run = Some((from, end));
    }

    /// The list ends: what goes at its end goes with the comma before; a list that loses everything is `[]`.
    fn close(&self, end: u64, cuts: &mut Vec<(u64, u64)>) {
        let Some((from, to)) = self.run else { return };
        cuts.push(match self.kept_end {
            Some(kept) => (kept, to),
            None if self.commas => (self.begin, end),
            None => (from, end),
        });
    }
}

/// Spans to cut, in order, and what that removes. `kept` counts elements and documents that hold no removed one's place.
fn cuts(content: &Content, units: &RoaringTreemap) -> Result<(Vec<(u64, u64)>, Rewritten), LexError> {
    let mut lexer = Lexer::new(Stream::new(content), 0);
    lexer.skip_mark()?;
    let mut cuts = Vec::new();
    let mut rewritten = Rewritten::default();
    let mut lists = vec![List { commas: false, ..List::new(true, lexer.end()) }];
    loop {
        let token = lexer.next()?;
        let list = lists.last_mut().expect("the list of documents is never closed");
        match token {
            Token::End => {
                list.close(lexer.end(), &mut cuts);
                // Cuts of a list come when it closes, after those within its elements.
                cuts.sort_unstable();
                return Ok((cuts, rewritten));
            }
            Token::Key => continue,
            Token::EndArray | Token::EndObject => {
                list.close(lexer.start(), &mut cuts);
                lists.pop();
                if let Some(list) = lists.last_mut() {
                    list.kept_end = Some(lexer.end());
                }
                continue;
            }
            _ => {}
        }
        let start = lexer.start();
        if list.is_array && units.contains(start) {
            rewritten.removed += 1 + pass_over(&mut lexer, token, units)?;
            list.remove(start, lexer.end());
            continue;
        }
        list.keep(start, &mut cuts);
        rewritten.kept += u64::from(list.is_array);
        if matches!(token, Token::BeginObject | Token::BeginArray) {
            lists.push(List::new(token == Token::BeginArray, lexer.end()));
        } else {
            list.kept_end = Some(lexer.end());
        }
    }
}

/// Passes over an element that goes and counts the units that go with it.
fn pass_over(lexer: &mut Lexer<Stream>, begun: Token, units: &RoaringTreemap) -> Result<u64, LexError> {
    let mut within = 0;
    if matches!(begun, Token::BeginObject | Token::BeginArray) {
        let depth = lexer.depth() - 1;
        while lexer.depth() > depth {
            let token = lexer.next()?;
            let is_value = !matches!(token, Token::Key | Token::EndArray | Token::EndObject);
            within += u64::from(is_value && units.contains(lexer.start()));
        }
    }
    Ok(within)
}
