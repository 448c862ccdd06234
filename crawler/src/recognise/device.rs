//! Identifiers of devices and of their users for advertisers, and what browsers send to be known again.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::announced::{Announced, Value, is_uuid, token};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span, no_find};

pub(super) static ADVERTISING: Recogniser = Recogniser {
    kind: "ADVERTISING_ID",
    id_name: "advertising_id",
    identifies: false,
    announced: Some(Announced { words: ADVERTISING_WORDS, value: advertising }),
    find: no_find,
    normalise: |value| Some(value.trim()).filter(|value| is_uuid(value)).map(str::to_ascii_lowercase),
    column: |facts| column(facts, ADVERTISING_WORDS, 0.9),
};

pub(super) static DEVICE: Recogniser = Recogniser {
    kind: "DEVICE_ID",
    id_name: "device_id",
    identifies: false,
    announced: Some(Announced { words: DEVICE_WORDS, value: device }),
    find: no_find,
    normalise: |value| Some(value.trim()).filter(|value| is_device(value)).map(str::to_ascii_lowercase),
    column: |facts| column(facts, DEVICE_WORDS, 0.8),
};

pub(super) static COOKIE: Recogniser = Recogniser {
    kind: "HTTP_COOKIE",
    id_name: "cookie",
    identifies: false,
    announced: Some(Announced { words: COOKIE_WORDS, value: cookie }),
    find: no_find,
    normalise: |value| Some(value.trim()).filter(|value| is_cookie(value)).map(str::to_owned),
    column: |facts| column(facts, COOKIE_WORDS, 0.8),
};

pub(super) static USER_AGENT: Recogniser = Recogniser {
    kind: "HTTP_USER_AGENT",
    id_name: "user_agent",
    identifies: false,
    announced: None,
    find: find_agent,
    normalise: |value| {
        Some(value.trim()).filter(|value| agent_at(value, 0) == Some(value.len())).map(str::to_owned)
    },
    column: |facts| (facts.whole_share() >= 0.3).then(|| 0.6 + 0.3 * facts.whole_share()),
};

#[rustfmt::skip]
const ADVERTISING_WORDS: &[&str] = &[
    "idfa", "gaid", "aaid", "adid", "advertising id", "advertising_id", "advertisingid", "advertising identifier", "ad id",
    "ad_id", "google_ad_id", "ifa", "rida", "tifa", "lgudid", "msai", "werbe-id",
];
#[rustfmt::skip]
const DEVICE_WORDS: &[&str] = &[
    "device id", "device_id", "deviceid", "device uuid", "device_uuid", "android id", "android_id", "androidid", "udid",
    "idfv", "vendor id", "vendor_id", "hardware id", "hardware_id", "machine id", "machine_id", "installation id",
    "installation_id", "geräte-id", "fingerprint id", "device fingerprint",
];
#[rustfmt::skip]
const COOKIE_WORDS: &[&str] = &[
    "cookie", "set-cookie", "cookies", "cookie id", "cookie_id", "jsessionid", "phpsessid", "asp.net_sessionid", "sessionid",
    "connect.sid", "_ga", "_gid", "_fbp", "_fbc", "_gcl_au", "__utma", "xsrf-token", "csrftoken",
];
const AGENT_BYTES_MAX: usize = 512;

fn advertising(text: &str, start: usize) -> Option<Value> {
    let word = token(text, start);
    is_uuid(word).then_some(Value { end: start + word.len(), subtype: None, confidence: 0.95 })
}

fn device(text: &str, start: usize) -> Option<Value> {
    let word = token(text, start);
    is_device(word).then_some(Value { end: start + word.len(), subtype: None, confidence: 0.85 })
}

/// A UUID, sixteen hexadecimal digits as of Android, forty as of old iPhones.
fn is_device(word: &str) -> bool {
    let hex = word.bytes().all(|b| b.is_ascii_hexdigit());
    let varied = word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_alphabetic());
    is_uuid(word) || (hex && varied && matches!(word.len(), 16 | 32 | 40))
}

/// The first value of a cookie that is long and odd enough to tell a browser again.
fn cookie(text: &str, start: usize) -> Option<Value> {
    let length = text[start..]
        .find(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | '"' | '\'' | '&' | '<'))
        .unwrap_or(text.len() - start);
    let value = &text[start..start + length];
    // `Cookie: name=value`: the name goes with it.
    is_cookie(value).then_some(Value { end: start + length, subtype: None, confidence: 0.8 })
}

fn is_cookie(value: &str) -> bool {
    let body = value.split_once('=').map_or(value, |(_, body)| body);
    (12..=4096).contains(&body.len())
        && body.bytes().filter(u8::is_ascii_digit).count() >= 4
        && body.bytes().all(|b| {
            b.is_ascii_alphanumeric()
                || matches!(b, b'.' | b'-' | b'_' | b'%' | b'=' | b'+' | b'/' | b'|' | b'~')
        })
        && !value.contains("://")
        && !body.starts_with("0x")
}

fn column(facts: &ColumnFacts<'_>, words: &[&str], confidence: f32) -> Option<f32> {
    (facts.header_has(words) && facts.form_share() >= 0.6).then_some(confidence)
}

static MOZILLA: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("Mozilla/"));

fn find_agent(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let (text, Some(out)) = (outline.text, hits.spans()) else { return };
    let mut past = 0;
    for start in MOZILLA.find_iter(text.as_bytes()) {
        if let Some(end) = agent_at(text, start).filter(|_| start >= past) {
            out.push(Span { confidence: 0.8, ..Span::of(USER_AGENT.kind, start, end) });
            past = end;
        }
    }
}

/// `Mozilla/5.0 (system) product/version …` (RFC 9110 section 10.1.5): without the system it is everybody's.
fn agent_at(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let rest = &rest[..rest.floor_char_boundary(AGENT_BYTES_MAX)];
    let rest = &rest[..rest.find(['"', '\n', '\t', '\'', '|']).unwrap_or(rest.len())];
    let version = rest.strip_prefix("Mozilla/")?;
    let digits = version.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let system = version.get(digits..)?.strip_prefix(" (")?;
    let close = system.find(')')?;
    let mut end = rest.len() - system.len() + close + 1;
    // Products and comments follow, each behind a blank.
    for word in rest[end..].split_inclusive(' ') {
        let product = word.trim_end().is_empty()
            || word.contains('/')
            || word.starts_with('(')
            || word.trim_end().ends_with([')', ','])
            || word.trim_end() == "like"
            || word.trim_end() == "Mobile";
        if !product {
            break;
        }
        end += word.len();
    }
    let end = rest[..end].trim_end().len();
    Some(start + end)
}
