//! E-mail addresses (RFC 5321 mailbox, RFC 6531 letters), as they stand in text, URLs and headers.

use unicode_normalization::UnicodeNormalization;

use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "EMAIL_ADDRESS",
    id_name: "email",
    identifies: true,
    announced: None,
    find,
    normalise,
    column,
};

/// Endings that look like a top-level domain but name a file (`logo@2x.png`, `app@next.js`).
#[rustfmt::skip]
const FILE_ENDINGS: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "ico", "css", "js", "jsx", "ts", "tsx", "json",
    "html", "htm", "xml", "txt", "csv", "pdf", "gz", "map", "yml", "yaml",
];

/// RFC 5321 section 4.5.3.1.1.
const LOCAL_BYTES_MAX: usize = 64;
/// RFC 5321 section 4.5.3.1.2.
const DOMAIN_BYTES_MAX: usize = 255;
/// How far before an address the scheme of its URL is looked for.
const URL_BYTES_MAX: usize = 256;

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    each(outline.text, |start, end| {
        hits.span(Span::of(RECOGNISER.kind, start, end), || 0.98);
        if hits.wants_tokens() {
            hits.token(RECOGNISER.kind, start, end, &fold(&outline.text[start..end]));
        }
    });
}

/// NFKC and lower case. Case of the local part may matter by RFC 5321, but no large provider tells addresses apart by it.
fn normalise(value: &str) -> Option<String> {
    let value = value.trim();
    let value = value.strip_prefix("mailto:").unwrap_or(value).trim_matches(['<', '>', '"', '\'']);
    let folded = fold(value);
    let is_whole = |text: &str| {
        let mut whole = false;
        each(text, |start, end| whole |= start == 0 && end == text.len());
        whole
    };
    (is_whole(value) || is_whole(&folded)).then_some(folded)
}

fn fold(address: &str) -> String {
    match address.is_ascii() {
        true => address.to_ascii_lowercase(),
        false => address.nfkc().flat_map(char::to_lowercase).collect(),
    }
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let share = facts.whole_share().max(facts.form_share());
    (share >= 0.3).then_some(0.8 + 0.19 * share)
}

/// Visits every address. A full-width `＠` is seen by [`normalise`] only, after NFKC.
fn each(text: &str, mut visit: impl FnMut(usize, usize)) {
    let bytes = text.as_bytes();
    let mut past = 0;
    for at in memchr::memchr_iter(b'@', bytes) {
        let Some(end) = domain_end(text, at + 1) else { continue };
        let quoted = bytes.get(end) == Some(&b'\'');
        let Some(start) = local_start(text, past, at, quoted) else { continue };
        if is_url_password(text, start, at) || (&text[start..at] == "git" && bytes.get(end) == Some(&b':')) {
            continue;
        }
        past = end;
        visit(start, end);
    }
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || (matches!(c, '\u{C0}'..='\u{52F}') && c.is_alphabetic())
}

/// Where the local part begins; `quoted` says that an apostrophe stands behind the address.
fn local_start(text: &str, from: usize, at: usize, quoted: bool) -> Option<usize> {
    let mut start = at;
    for (i, c) in text[from..at].char_indices().rev() {
        let inner_quote = c == '\'' && start < at;
        if !(is_letter(c) || matches!(c, '.' | '_' | '+' | '-') || inner_quote)
            || at - (from + i) > LOCAL_BYTES_MAX
        {
            break;
        }
        start = from + i;
    }
    let mut local = text[start..at].trim_start_matches(['.', '-', '+', '\'']);
    // An apostrophe may stand between two letters (o'brien), unless it opens what one behind closes.
    if let Some(quote) = local.rfind('\'') {
        let inside = local[..quote].chars().next_back().is_some_and(is_letter);
        if !inside || quoted {
            local = &local[quote + 1..];
        }
    }
    (!local.is_empty() && !local.ends_with('.') && !local.contains("..")).then_some(at - local.len())
}

fn domain_end(text: &str, from: usize) -> Option<usize> {
    let rest = &text[from..];
    let mut end = 0;
    for (i, c) in rest.char_indices().take(DOMAIN_BYTES_MAX) {
        if !(is_letter(c) || c == '-' || c == '.') {
            break;
        }
        end = i + c.len_utf8();
    }
    let mut domain = rest[..end].trim_end_matches(['.', '-']);
    if let Some(twice) = domain.find("..") {
        domain = &domain[..twice];
    }
    let (before, top) = domain.rsplit_once('.')?;
    let labels_hold =
        before.split('.').all(|l| !l.is_empty() && l.len() <= 63 && !l.starts_with('-') && !l.ends_with('-'));
    let top_holds = top.chars().count() >= 2
        && (top.starts_with("xn--") || top.chars().all(char::is_alphabetic))
        && !FILE_ENDINGS.contains(&top.to_ascii_lowercase().as_str());
    (labels_hold && top_holds).then_some(from + domain.len())
}

/// `scheme://user:password@host` is a credential, not a mailbox.
fn is_url_password(text: &str, start: usize, at: usize) -> bool {
    let mut from = start.saturating_sub(URL_BYTES_MAX);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let tail = text[from..start].rsplit(char::is_whitespace).next().unwrap_or_default();
    at > start
        && tail.contains("://")
        && tail.ends_with([':', '/'])
        && !tail.trim_end_matches(['/']).contains('?')
        && tail.split("://").nth(1).is_some_and(|rest| !rest.contains('/'))
}
