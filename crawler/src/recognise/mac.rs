//! Hardware addresses of network devices (EUI-48), in pairs with colons or dashes or in Cisco's dotted form.

use super::text::{clean_after, clean_before};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "MAC_ADDRESS",
    id_name: "mac",
    identifies: true,
    announced: None,
    find,
    normalise,
    column,
};

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    each(outline.text, |start, end, normal| {
        hits.span(Span::of(RECOGNISER.kind, start, end), || 0.97);
        hits.token(RECOGNISER.kind, start, end, normal);
    });
}

fn normalise(value: &str) -> Option<String> {
    let value = value.trim();
    match address_at(value.as_bytes(), 0) {
        Some((end, normal)) if end == value.len() => Some(normal),
        _ if value.len() == 12 && value.bytes().all(|b| b.is_ascii_hexdigit()) => spell(value.bytes()),
        _ => None,
    }
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    // Twelve bare hex digits may be half of a digest: they count only under a header that says so.
    let share = facts.whole_share();
    let named = facts.header_has(&["mac", "hwaddr", "hw", "bssid", "hardware", "ethernet"]);
    if share >= 0.4 { Some(0.75 + 0.24 * share) } else { (named && facts.form_share() >= 0.5).then_some(0.8) }
}

fn each(text: &str, mut visit: impl FnMut(usize, usize, &str)) {
    let bytes = text.as_bytes();
    let mut past = 0;
    for at in memchr::memchr3_iter(b':', b'-', b'.', bytes) {
        let size = if bytes[at] == b'.' { 4 } else { 2 };
        // The next sign stands one group further on.
        let Some(start) = at.checked_sub(size).filter(|start| *start >= past) else { continue };
        if bytes.get(at + size + 1) != Some(&bytes[at]) || !bytes[start].is_ascii_hexdigit() {
            continue;
        }
        if let Some((end, normal)) = address_at(bytes, start).filter(|(end, _)| is_apart(text, start, *end)) {
            visit(start, end, &normal);
            past = end;
        }
    }
}

/// Whether the address is not a part of a longer one (EUI-64, a UUID, a fingerprint).
fn is_apart(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let glued = |at: usize| bytes.get(at).is_some_and(|b| matches!(b, b':' | b'-'));
    let glued_before = start >= 2 && glued(start - 1) && bytes[start - 2].is_ascii_hexdigit();
    let glued_after = glued(end) && bytes.get(end + 1).is_some_and(u8::is_ascii_hexdigit);
    clean_before(text, start) && clean_after(text, end) && !glued_before && !glued_after
}

fn address_at(bytes: &[u8], start: usize) -> Option<(usize, String)> {
    let (size, groups) = if bytes.get(start + 4) == Some(&b'.') { (4, 3) } else { (2, 6) };
    let separator = *bytes.get(start + size)?;
    if !matches!((separator, size), (b':' | b'-', 2) | (b'.', 4)) {
        return None;
    }
    let end = start + groups * (size + 1) - 1;
    let body = bytes.get(start..end)?;
    let holds = body
        .iter()
        .enumerate()
        .all(|(i, b)| if (i + 1) % (size + 1) == 0 { *b == separator } else { b.is_ascii_hexdigit() });
    let hex = body.iter().copied().filter(u8::is_ascii_hexdigit);
    if holds { spell(hex).map(|normal| (end, normal)) } else { None }
}

fn spell(hex: impl Iterator<Item = u8>) -> Option<String> {
    let mut out = String::with_capacity(17);
    for (i, b) in hex.enumerate() {
        if i > 0 && i % 2 == 0 {
            out.push(':');
        }
        out.push(char::from(b.to_ascii_lowercase()));
    }
    // All zeros or all ones name no device.
    (!out.bytes().all(|b| matches!(b, b'0' | b':')) && !out.bytes().all(|b| matches!(b, b'f' | b':')))
        .then_some(out)
}
