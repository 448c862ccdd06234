//! Codes of banks (ISO 9362): four letters of the bank, two of the country, two of the place, three of a branch.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::announced::token;
use super::place::is_country_code;
use super::text::clean_before;
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "SWIFT_CODE",
    id_name: "bic",
    identifies: false,
    announced: None,
    find,
    normalise,
    column,
};

const WORDS: &[&str] = &[
    "bic",
    "swift",
    "bic/swift",
    "swift/bic",
    "swift code",
    "swift_code",
    "bic code",
    "código swift",
    "code bic",
];

static NAMES: LazyLock<[Finder<'static>; 2]> = LazyLock::new(|| [Finder::new("BIC"), Finder::new("SWIFT")]);

/// Such a code need not have a digit, so it is looked for by its words alone, which are written in capitals.
fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let (text, Some(out)) = (outline.text, hits.spans()) else { return };
    let bytes = text.as_bytes();
    for name in NAMES.iter() {
        for at in name.find_iter(bytes).filter(|at| clean_before(text, *at)) {
            let past = at + name.needle().len();
            let between = bytes[past..]
                .iter()
                .take(12)
                .take_while(|b| {
                    matches!(b, b' ' | b':' | b'=' | b'"' | b'/' | b'-') || b.is_ascii_lowercase()
                })
                .count();
            let word = token(text, past + between);
            if between > 0 && is_bic(word) && clean_before(text, past + between) {
                let (start, end) = (past + between, past + between + word.len());
                out.push(Span { confidence: 0.9, ..Span::of(RECOGNISER.kind, start, end) });
            }
        }
    }
}

fn is_bic(word: &str) -> bool {
    let bytes = word.as_bytes();
    matches!(bytes.len(), 8 | 11)
        && bytes[..6].iter().all(u8::is_ascii_uppercase)
        && bytes[6..].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && is_country_code(&word[4..6])
}

fn normalise(value: &str) -> Option<String> {
    let value = value.trim();
    // A branch of XXX is the bank itself.
    is_bic(value).then(|| value.strip_suffix("XXX").unwrap_or(value).to_owned())
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let form = facts.form_share();
    (form >= 0.95 || (form >= 0.5 && facts.header_has(WORDS))).then_some(0.6 + 0.3 * form)
}
