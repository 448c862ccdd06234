//! IP addresses, version 4 (dotted) and 6 (RFC 4291), in canonical spelling (RFC 5952).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use super::text::{Words, clean_after, clean_before, lower_before};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "IP_ADDRESS",
    id_name: "ip",
    identifies: true,
    announced: None,
    find,
    normalise,
    column,
};

/// Four dotted numbers after one of these are a version or a section.
#[rustfmt::skip]
const VERSION_WORDS: &[&str] = &[
    "version", "ver", "v", "release", "firmware", "fw", "build", "section", "chapter", "clause", "oid",
    "objectidentifier", "driver", "kernel", "versión", "versione", "versão", "wersja", "versie", "версия", "sürüm",
];
static VERSIONS: LazyLock<Words> = LazyLock::new(|| Words::new(VERSION_WORDS));
const ADDRESS_BYTES_MAX: usize = 45;

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let text = outline.text;
    each(text, |start, end, address| {
        hits.span(Span::of(RECOGNISER.kind, start, end), || match address {
            IpAddr::V4(v4) if is_nobodys(v4) => 0.3,
            IpAddr::V4(_)
                if VERSIONS.any(&lower_before(text, start, 20)) && !is_address_word(text, start) =>
            {
                0.3
            }
            // Arcs of ISO and of ITU-T (X.660), where many an object identifier of four numbers lies.
            IpAddr::V4(v4)
                if matches!(v4.octets(), [1, 3, ..] | [2, 5, ..]) && !text[end..].starts_with([':', '/']) =>
            {
                0.4
            }
            IpAddr::V6(v6) if v6.is_unspecified() || v6.is_loopback() => 0.3,
            _ => 0.95,
        });
        if hits.wants_tokens() {
            hits.token(RECOGNISER.kind, start, end, &canonical(address));
        }
    });
}

/// The machine itself, everybody, nobody, or a mask of a network.
fn is_nobodys(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let mask = first == 255
        && (second == 255
            || second == 0
            || (u32::from(address).leading_ones() + u32::from(address).trailing_zeros()) == 32);
    address.is_unspecified() || address.is_broadcast() || address.is_loopback() || mask
}

/// `driver at 10.0.0.1`: a word for addresses nearer than one for versions.
fn is_address_word(text: &str, start: usize) -> bool {
    let before = lower_before(text, start, 8);
    ["ip", "ip:", "ip=", "addr", "addr:", "at", "from", "to", "host", "//"]
        .iter()
        .any(|word| before.trim_end().ends_with(word))
}

fn normalise(value: &str) -> Option<String> {
    let value = value.trim().trim_start_matches('[').trim_end_matches(']');
    value.parse::<IpAddr>().ok().map(canonical)
}

/// An address of version 4 mapped into version 6 is the same address.
fn canonical(address: IpAddr) -> String {
    address.to_canonical().to_string()
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let share = facts.whole_share().max(facts.form_share());
    let version = facts.header_has(&["version", "ver", "fw", "firmware", "release", "build"]);
    (share >= 0.5 && !version).then_some(0.75 + 0.24 * share)
}

fn each(text: &str, mut visit: impl FnMut(usize, usize, IpAddr)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut past = 0;
    while let Some(found) = memchr::memchr2(b'.', b':', &bytes[at..]) {
        let mark = at + found;
        at = mark + 1;
        let hit = if bytes[mark] == b'.' { version4(text, past, mark) } else { version6(text, past, mark) };
        if let Some((start, end, address)) = hit {
            visit(start, end, address);
            past = end;
            at = end;
        }
    }
}

fn version4(text: &str, from: usize, dot: usize) -> Option<(usize, usize, IpAddr)> {
    let bytes = text.as_bytes();
    let mut start = dot;
    while start > from && dot - start < 3 && bytes[start - 1].is_ascii_digit() {
        start -= 1;
    }
    if start == dot {
        return None;
    }
    let mut end = dot;
    while end < bytes.len() && end - start <= 15 && (bytes[end].is_ascii_digit() || bytes[end] == b'.') {
        end += 1;
    }
    while bytes[end - 1] == b'.' {
        end -= 1;
    }
    if end - start < 7 || (start > 0 && bytes[start - 1] == b'.') {
        return None;
    }
    let address: Ipv4Addr = text[start..end].parse().ok()?;
    (clean_before(text, start) && clean_after(text, end)).then_some((start, end, IpAddr::V4(address)))
}

fn version6(text: &str, from: usize, colon: usize) -> Option<(usize, usize, IpAddr)> {
    let bytes = text.as_bytes();
    let part = |b: u8| b.is_ascii_hexdigit() || b == b':';
    let mut start = colon;
    while start > from && colon - start < 4 && bytes[start - 1].is_ascii_hexdigit() {
        start -= 1;
    }
    let mut end = colon;
    while end < bytes.len() && end - start < ADDRESS_BYTES_MAX && (part(bytes[end]) || bytes[end] == b'.') {
        end += 1;
    }
    let mut body = text[start..end].trim_end_matches('.');
    if body.ends_with(':') && !body.ends_with("::") {
        body = &body[..body.len() - 1];
    }
    let end = start + body.len();
    if body.len() < 4 || body.bytes().filter(|b| *b == b':').count() < 2 {
        return None;
    }
    let address: Ipv6Addr = body.parse().ok()?;
    // `a::b` is a path in several languages; an address has digits, and more than a couple of them.
    let digits = body.bytes().filter(u8::is_ascii_hexdigit).count();
    let holds = digits >= 3 && body.bytes().any(|b| b.is_ascii_digit());
    (holds && clean_before(text, start) && clean_after(text, end)).then_some((
        start,
        end,
        IpAddr::V6(address),
    ))
}
