//! A first look at a document, which decides what its rows are before the first one is handed on.

use super::lexer::{LexError, Lexer, Stream, Token};
use crate::content::Content;

/// What JSON content consists of at its top.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outline {
    /// Several documents.
    pub(super) several: bool,
    /// The one document is an envelope around rows: the name of their array.
    pub(super) rows_at: Option<String>,
}

/// Names of what answers of web services put around their rows; anything else makes an object a record of its own.
const ENVELOPE: &[&str] = &[
    "_links",
    "api_version",
    "count",
    "cursor",
    "error",
    "errors",
    "exported_at",
    "generated",
    "generated_at",
    "has_more",
    "href",
    "info",
    "kind",
    "last_page",
    "limit",
    "links",
    "meta",
    "metadata",
    "name",
    "next",
    "next_cursor",
    "next_page",
    "object",
    "offset",
    "ok",
    "page",
    "page_size",
    "pages",
    "pagination",
    "paging",
    "per_page",
    "prev",
    "previous",
    "query",
    "schema",
    "schema_version",
    "self",
    "size",
    "source",
    "status",
    "success",
    "timestamp",
    "title",
    "took",
    "total",
    "total_count",
    "total_pages",
    "type",
    "url",
    "version",
];

/// Whether a name is one of those around rows.
pub(in crate::format) fn is_envelope(name: &str) -> bool {
    ENVELOPE.contains(&name)
}

/// Looks at the first document, if it is an object, and whether another follows.
///
/// # Errors
/// If the content cannot be read; malformed content has the outline of one document, and its reader says what is wrong.
pub(super) fn outline(content: &Content) -> std::io::Result<Outline> {
    let mut lexer = Lexer::new(Stream::new(content), 256);
    lexer.skip_mark()?;
    match look(&mut lexer) {
        Ok(outline) => Ok(outline),
        Err(LexError::Io(error)) => Err(error),
        Err(_) => Ok(Outline::default()),
    }
}

fn look(lexer: &mut Lexer<Stream>) -> Result<Outline, LexError> {
    let first = lexer.next()?;
    if first != Token::BeginObject {
        // Elements of an array are rows whether or not it is alone.
        lexer.skip_rest(first)?;
        return Ok(Outline { several: first != Token::End && lexer.next()? != Token::End, rows_at: None });
    }
    let (mut arrays, mut only_envelope) = (Vec::new(), true);
    while lexer.next()? != Token::EndObject {
        let name = lexer.text().into_owned();
        let token = lexer.next()?;
        if token == Token::BeginArray {
            let item = lexer.next()?;
            if item == Token::BeginObject {
                arrays.push(name.clone());
            } else {
                only_envelope &= is_envelope(&name);
            }
            lexer.skip_rest(item)?;
            if item != Token::EndArray {
                while lexer.depth() > 1 {
                    lexer.next()?;
                }
            }
        } else {
            only_envelope &= is_envelope(&name);
            lexer.skip_rest(token)?;
        }
    }
    let several = lexer.next()? != Token::End;
    let is_envelope = !several && only_envelope && arrays.len() == 1;
    Ok(Outline { several, rows_at: if is_envelope { arrays.pop() } else { None } })
}
