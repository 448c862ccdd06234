//! Credentials: keys of known services by their published prefixes, JSON Web Tokens (RFC 7519), private keys (RFC 7468),
//! and values that a name announces (`password=…`).

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem::Finder;

use super::text::{clean_before, lower_before};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "AUTH_TOKEN",
    id_name: "secret",
    identifies: false,
    announced: None,
    find,
    normalise,
    column,
};

/// Prefix and how many characters follow at least and at most. No more than 64: so many are looked for with vectors.
#[rustfmt::skip]
const PREFIXES: &[(&str, usize, usize)] = &[
    ("AKIA", 16, 16), ("ASIA", 16, 16), ("ABIA", 16, 16), ("ACCA", 16, 16), ("AIza", 35, 35),
    ("GOCSPX-", 28, 28), ("ya29.", 30, 300), ("ghp_", 30, 80), ("gho_", 30, 80), ("ghu_", 30, 80),
    ("ghs_", 30, 80), ("ghr_", 30, 80), ("github_pat_", 40, 100), ("glpat-", 20, 40), ("glptt-", 40, 40),
    ("gldt-", 20, 30), ("glrt-", 20, 40), ("glsa_", 32, 60), ("glc_", 40, 400), ("xox", 20, 200),
    ("xapp-", 20, 150), ("sk_live_", 16, 120), ("sk_test_", 16, 120), ("rk_live_", 16, 120), ("rk_test_", 16, 120),
    ("pk_live_", 16, 120), ("whsec_", 30, 80), ("npm_", 36, 36), ("pypi-", 50, 250), ("rubygems_", 48, 48),
    ("dckr_pat_", 27, 60), ("dop_v1_", 64, 64), ("doo_v1_", 64, 64), ("dor_v1_", 64, 64), ("hf_", 30, 40),
    ("SG.", 60, 75), ("shp", 35, 35), ("sq0", 26, 46), ("EAAC", 60, 300), ("sk-", 40, 200),
    ("gsk_", 48, 56), ("xai-", 70, 90), ("pplx-", 40, 60), ("r8_", 37, 40), ("lin_api_", 40, 40),
    ("ntn_", 40, 60), ("figd_", 40, 60), ("PMAK-", 50, 70), ("ATATT3", 150, 250), ("ATCTT3", 150, 250),
    ("NRAK-", 27, 27), ("hvs.", 24, 200), ("hvb.", 100, 300), ("sntrys_", 60, 300), ("sntryu_", 64, 64),
    ("AGE-SECRET-KEY-1", 58, 58), ("SWMTKN-1-", 50, 90), ("tskey-", 20, 80), ("sbp_", 40, 40), ("phc_", 40, 50),
    ("CFPAT-", 43, 43), ("dapi", 32, 34), ("pul-", 40, 40), ("eyJ", 30, 4096),
];
/// Names whose value is a secret.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "password", "passwd", "pwd", "passphrase", "passwort", "kennwort", "contraseña", "mot de passe", "senha", "hasło", "пароль", "密码",
    "パスワード", "비밀번호",
];
/// Names whose value is a secret if it is long; they also name other things.
#[rustfmt::skip]
const LOOSE_NAMES: &[&str] = &[
    "secret", "api_key", "apikey", "api-key", "secret_key", "secretkey", "secret-key", "access_key", "accesskey", "access_token", "accesstoken", "auth_token",
    "authtoken", "client_secret", "private_key",
];
const LOOSE_CHARS_MIN: usize = 16;
/// The last bytes of [`NAMES`].
const NAME_ENDS: &[u8] = b"dteayn\xc5\x82\x8c\x81o\x87\x89\xb8";
const NAME_BYTES_MAX: usize = 24;
const PEM_OPEN: &str = "-----BEGIN ";

static OPENINGS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    // Only the leftmost kinds are looked for with vectors.
    let builder = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).clone();
    builder.build(PREFIXES.iter().map(|(prefix, ..)| prefix)).expect("a fixed list of prefixes")
});

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let (text, Some(out)) = (outline.text, hits.spans()) else { return };
    let mut past = 0;
    for opening in OPENINGS.find_iter(text) {
        let start = opening.start();
        if start < past || !clean_before(text, start) {
            continue;
        }
        if let Some(end) = key_at(text.as_bytes(), start) {
            let subtype = text[start..].starts_with("eyJ").then_some("JSON_WEB_TOKEN");
            out.push(Span { start, end, kind: RECOGNISER.kind, subtype, confidence: 0.98 });
            past = end;
        }
    }
    find_pem(text, out);
    find_named(text, out);
}

fn key_at(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = &bytes[start..];
    let (prefix, least, most) = PREFIXES.iter().find(|(prefix, ..)| rest.starts_with(prefix.as_bytes()))?;
    let token = *prefix == "eyJ";
    let body = &rest[prefix.len()..];
    let length = body
        .iter()
        .take(*most + 1)
        .take_while(|b| {
            b.is_ascii_alphanumeric()
                || matches!(b, b'_' | b'-')
                || (**b == b'.' && (token || prefix.contains('.')))
        })
        .count();
    let mut end = start + prefix.len() + length;
    while end > start && matches!(bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let length = end.saturating_sub(start + prefix.len());
    let mixed =
        body[..length].iter().any(u8::is_ascii_digit) && body[..length].iter().any(u8::is_ascii_alphabetic);
    let parted = !token || bytes[start..end].iter().filter(|b| **b == b'.').count() == 2;
    (length >= *least && length <= *most && mixed && parted).then_some(end)
}

static PEM: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(PEM_OPEN));

fn find_pem(text: &str, out: &mut Vec<Span>) {
    let mut from = 0;
    while let Some(start) = PEM.find(&text.as_bytes()[from..]).map(|i| from + i) {
        from = start + PEM_OPEN.len();
        let head = text[start..].split('\n').next().unwrap_or_default();
        if !head.contains("PRIVATE KEY-----") {
            continue;
        }
        let close = text[from..]
            .find("-----END ")
            .and_then(|i| text[from + i + 9..].find("-----").map(|j| from + i + 9 + j + 5));
        let end = close.unwrap_or(start + head.trim_end().len());
        // The line alone, as programs that look for keys have it, opens no door.
        let body = &text.as_bytes()[from..text.floor_char_boundary((from + 200).min(text.len()))];
        let is_body = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
        if !body.split(|b| !is_body(b)).any(|run| run.len() >= 32) {
            continue;
        }
        out.push(Span { start, end, kind: RECOGNISER.kind, subtype: Some("PRIVATE_KEY"), confidence: 0.99 });
        from = end;
    }
}

/// `password=…`, `"passwd": "…"`: at least six characters, not a placeholder.
fn find_named(text: &str, out: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    for mark in memchr::memchr2_iter(b'=', b':', bytes) {
        let name = text[..mark].trim_end_matches([' ', '"', '\'']);
        if !name.as_bytes().last().is_some_and(|b| NAME_ENDS.contains(&b.to_ascii_lowercase())) {
            continue;
        }
        let tail = lower_before(name, name.len(), NAME_BYTES_MAX);
        let strict = NAMES.iter().any(|n| tail.ends_with(n));
        if !strict && !LOOSE_NAMES.iter().any(|n| tail.ends_with(n)) {
            continue;
        }
        let chars_min = if strict { 6 } else { LOOSE_CHARS_MIN };
        let value_from =
            mark + 1 + text[mark + 1..].bytes().take_while(|b| matches!(b, b' ' | b'"' | b'\'')).count();
        let value = text[value_from..]
            .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '&' | '<' | '>'))
            .next()
            .unwrap_or_default();
        let varied =
            value.bytes().any(|b| b.is_ascii_digit()) && value.bytes().any(|b| b.is_ascii_alphabetic());
        let placeholder = value.starts_with(['$', '{', '%', '<', '*'])
            || value.contains("::")
            || value.contains(['(', '[', '{'])
            || (!strict && !value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-+/=~".contains(&b)));
        if value.len() >= chars_min && varied && !placeholder {
            let end = value_from + value.len();
            out.push(Span {
                start: value_from,
                end,
                kind: RECOGNISER.kind,
                subtype: Some(if strict { "PASSWORD" } else { "API_KEY" }),
                confidence: 0.8,
            });
        }
    }
}

fn normalise(value: &str) -> Option<String> {
    let value = value.trim();
    (key_at(value.as_bytes(), 0) == Some(value.len())).then(|| value.to_owned())
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let share = facts.whole_share().max(facts.form_share());
    if share >= 0.2 {
        return Some(0.8 + 0.19 * share);
    }
    let named = facts.header_has(&[
        "password",
        "passwd",
        "pwd",
        "secret",
        "passwort",
        "kennwort",
        "senha",
        "contraseña",
    ]);
    (named && facts.shape.distinct_share() >= 0.5 && facts.shape.chars_average() >= 6.0).then_some(0.75)
}
