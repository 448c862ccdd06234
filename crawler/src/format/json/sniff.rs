//! Tells JSON and JSON lines from other text, and from each other.

use catalog::model::Dialect;

use super::super::{Head, Sniff};
use super::lexer::{LexError, Lexer, Slice, Token};

/// Tokens that speak for JSON even if an error follows them.
const TOKENS_ENOUGH: u64 = 8;

/// What the first bytes look like.
struct Looked {
    tokens: u64,
    documents: u64,
    outcome: Result<(), LexError>,
}

fn look(bytes: &[u8]) -> Looked {
    let mut lexer = Lexer::new(Slice::new(bytes), 0);
    let mut looked = Looked { tokens: 0, documents: 0, outcome: Ok(()) };
    if let Err(error) = lexer.skip_mark() {
        looked.outcome = Err(error.into());
        return looked;
    }
    loop {
        match lexer.next() {
            Ok(Token::End) => return looked,
            Ok(_) => {
                looked.tokens += 1;
                looked.documents += u64::from(lexer.depth() == 0);
            }
            Err(error) => {
                looked.outcome = Err(error);
                return looked;
            }
        }
    }
}

/// What stands after comments, which configuration has before its first bracket though JSON knows none.
fn after_comments(bytes: &[u8]) -> &[u8] {
    let mut rest = body(bytes);
    loop {
        let next = if rest.starts_with(b"/*") {
            memchr::memmem::find(rest, b"*/").map(|end| end + 2)
        } else if rest.starts_with(b"//") || rest.starts_with(b"#") {
            memchr::memchr(b'\n', rest).map(|end| end + 1)
        } else {
            None
        };
        match next {
            Some(end) => rest = rest[end..].trim_ascii_start(),
            None => return rest,
        }
    }
}

/// The media type by members that stand near the beginning.
pub(in crate::format) fn media_type(head: &Head<'_>) -> &'static str {
    let start = &head.bytes[..head.bytes.len().min(2048)];
    let has = |bytes: &[u8]| memchr::memmem::find(start, bytes).is_some();
    let collection = has(b"\"FeatureCollection\"") || has(b"\"Feature\"") && has(b"\"geometry\"");
    if collection && has(b"\"type\"") {
        "application/geo+json"
    } else if has(b"\"@context\"") {
        "application/ld+json"
    } else if has(b"\"$schema\"") && has(b"json-schema.org") {
        "application/schema+json"
    } else {
        super::FORMAT.media_type
    }
}

fn body(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start()
}

/// Brackets at both ends and keys between them.
fn is_meant(body: &[u8]) -> bool {
    let closed = matches!(body.trim_ascii_end().last(), Some(b'}' | b']')) || body.len() > 32 << 10;
    closed && (body.contains(&b':') || body.starts_with(b"["))
}

fn ends_with_any(name: &str, endings: &[&str]) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// JSON: begins with a bracket and goes on as the grammar says.
pub(super) fn sniff(head: &Head<'_>) -> Option<Sniff> {
    let named = ends_with_any(head.name, super::FORMAT.extensions);
    let plain = body(head.bytes);
    let body = if named { after_comments(head.bytes) } else { plain };
    if !matches!(body.first(), Some(b'{' | b'[')) {
        return None;
    }
    let looked = look(body);
    let confidence = match looked.outcome {
        Ok(()) => 0.92,
        // The head ends within a document; if it is all there is, the document is cut short.
        Err(LexError::Ended) if !head.complete => 0.93,
        Err(LexError::Ended) if named || looked.tokens >= TOKENS_ENOUGH => 0.8,
        Err(_) if named && looked.tokens >= TOKENS_ENOUGH => 0.75,
        // With comments, bare keys or single quotes it is still meant as JSON; its reader says what is wrong.
        Err(_) if named && head.charset().is_some() && is_meant(body) => 0.72,
        Err(_) => return None,
    };
    Some(Sniff { confidence, dialect: Dialect::default() })
}

/// JSON lines: nearly all lines are a document each, by far the most of them objects.
pub(in crate::format) fn sniff_lines(head: &Head<'_>) -> Option<Sniff> {
    let body = body(head.bytes);
    if !matches!(body.first(), Some(b'{' | b'[')) {
        return None;
    }
    let named = ends_with_any(head.name, super::super::ndjson::FORMAT.extensions);
    let (mut good, mut bad, mut objects) = (0_u32, 0_u32, 0_u32);
    let mut lines = body.split_inclusive(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let cut_off = lines.peek().is_none() && !head.complete && !line.ends_with(b"\n");
        let line = line.trim_ascii();
        if line.is_empty() || cut_off {
            continue;
        }
        let looked = look(line);
        if looked.outcome.is_ok() && looked.documents == 1 {
            good += 1;
            objects += u32::from(line.starts_with(b"{"));
        } else {
            bad += 1;
        }
    }
    let confidence = match (good, bad) {
        (0, 0) if named => 0.94,
        (0, _) => return None,
        // One line is as well one document.
        (1, 0) if objects == 1 => 0.9,
        (1, 0) => return None,
        (good, 0) if objects * 2 >= good => 0.97,
        (good, bad) if objects * 2 >= good && bad <= good / 4 + 1 => 0.94,
        _ if named => 0.7,
        _ => return None,
    };
    Some(Sniff { confidence, dialect: Dialect::default() })
}
