//! Text for machines that is read by its first lines: statements of SQL, calendars, cards, keys, changes, subtitles.

use std::sync::LazyLock;

use regex::Regex;

use super::Text;
use crate::format::{Head, Sniff};

static STATEMENT: LazyLock<Regex> = LazyLock::new(|| {
    let statements = [
        r"select\s+.+",
        r"insert\s+(?:into|overwrite|ignore)\b",
        r"create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+|external\s+|unique\s+|materialized\s+|global\s+|virtual\s+|unlogged\s+|transient\s+)*(?:table|view|index|database|schema|function|procedure|trigger|sequence|type|role|user|keyspace|extension|macro|domain)\b",
        r"drop\s+(?:table|view|index|database|schema|function|procedure|trigger|sequence|type|keyspace|role|user|extension)\b",
        r"alter\s+(?:table|view|index|database|schema|sequence|role|user|type|function|session|system|default)\b",
        r"delete\s+from\b",
        r"update\s+\S+\s+set\b",
        r"update\s+\S+\s*$",
        r"truncate\s+(?:table\s+)?\S+\s*;",
        r"merge\s+into\b",
        r"with\s+\S+\s+as\s*\(?",
        r"copy\s+\S+.*\bfrom\b",
        r"grant\s+.+\bto\b",
        r"revoke\s+.+\bfrom\b",
        r"(?:begin|start)\s+transaction\b",
        r"pragma\s+\w+",
        r"lock\s+tables\b",
        r"explain\s+(?:analyze\s+)?(?:select|insert|update|with)\b",
        r"use\s+\S+\s*;",
        r"set\s+\S+.*;",
        r"declare\s+\S+",
        r"describe\s+\S+\s*;",
        r"show\s+\w+",
        r"/\*!\d{5} ",
    ];
    Regex::new(&format!(r"(?im)^\s*(?:{})", statements.join("|")))
        .expect("the pattern of statements is valid")
});
static DUMP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^-- (?:MySQL dump|MariaDB dump|PostgreSQL database|phpMyAdmin SQL|Host: |Dumping data|Dump completed|Dump of table)")
        .expect("the pattern of a dump is valid")
});
static CUE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*\d+\s*\r?\n\d{1,2}:\d\d:\d\d[,.]\d{1,3}\s*-->\s*\d{1,2}:\d\d:\d\d")
        .expect("the pattern of a cue is valid")
});
static HUNK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@").expect("the pattern of a hunk is valid")
});

pub(super) fn sql(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let named = head.is_named(super::SQL.extensions);
    if !named && text.text.trim_start().starts_with(['{', '[', '<', '#']) {
        return None;
    }
    let statements = STATEMENT.find_iter(&text.text).take(3).count();
    let ended = text.text.matches(';').count();
    if named {
        return text.sure(if statements > 0 { 0.94 } else { 0.8 });
    }
    if DUMP.is_match(&text.text) {
        return text.sure(0.94);
    }
    let first = text.lines().find(|line| !line.trim_start().starts_with("--"))?;
    let opens = STATEMENT.is_match(first) && !first.to_ascii_lowercase().starts_with("show");
    (opens && statements >= 2 && ended >= 2 && !head.is_named(&["md", "rst", "txt"]))
        .then(|| text.sure(0.92))?
}

pub(super) fn arff(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let first =
        text.lines().find(|line| !line.trim_start().starts_with('%'))?.trim_start().to_ascii_lowercase();
    let has = |word: &str| text.lines().any(|line| line.trim_start().to_ascii_lowercase().starts_with(word));
    (first.starts_with("@relation") && has("@attribute")).then(|| text.sure(0.97))?
}

fn opens(head: &Head<'_>, first: &str) -> Option<Sniff> {
    let text = Text::of(head)?;
    let line = text.lines().next()?.trim();
    line.eq_ignore_ascii_case(first).then(|| text.sure(0.97))?
}

pub(super) fn calendar(head: &Head<'_>) -> Option<Sniff> {
    opens(head, "BEGIN:VCALENDAR")
}

pub(super) fn vcard(head: &Head<'_>) -> Option<Sniff> {
    opens(head, "BEGIN:VCARD")
}

/// A boundary at the beginning, or after what tools write before it if the name agrees.
pub(super) fn pem(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let boundary = |line: &str| line.starts_with("-----BEGIN ") && line.trim_end().ends_with("-----");
    if boundary(text.lines().next()?) {
        return text.sure(0.97);
    }
    (head.is_named(super::PEM.extensions) && text.lines().any(boundary)).then(|| text.sure(0.9))?
}

/// What a boundary announces.
pub(in crate::format) fn pem_media_type(head: &Head<'_>) -> &'static str {
    let kinds: [(&[u8], &str); 5] = [
        (b"-----BEGIN PGP MESSAGE", "application/pgp-encrypted"),
        (b"-----BEGIN PGP SIGNATURE", "application/pgp-signature"),
        (b"-----BEGIN PGP SIGNED", "application/pgp-signature"),
        (b"-----BEGIN PGP ", "application/pgp-keys"),
        (b"-----BEGIN CERTIFICATE-----", "application/pem-certificate-chain"),
    ];
    let found = kinds
        .iter()
        .find(|(mark, _)| memchr::memmem::find(&head.bytes[..head.bytes.len().min(8192)], mark).is_some());
    found.map_or("application/x-pem-file", |(_, media_type)| media_type)
}

pub(super) fn diff(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let named = head.is_named(super::DIFF.extensions);
    let first = text.lines().next()?;
    let header =
        ["diff --git ", "diff -", "Index: ", "--- ", "*** "].iter().any(|start| first.starts_with(start));
    let hunks = HUNK.is_match(&text.text);
    let old = text.lines().any(|line| line.starts_with("*** "))
        && text.lines().any(|line| line.starts_with("***************"));
    match (header, hunks || old) {
        (true, true) => text.sure(0.95),
        (_, true) if named => text.sure(0.93),
        _ if named && text.lines().any(|line| line.starts_with(['<', '>', '+', '-'])) => text.sure(0.8),
        _ => None,
    }
}

pub(super) fn subtitles(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let titled = text
        .text
        .strip_prefix("WEBVTT")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']));
    let script = text.text.trim_start().starts_with("[Script Info]");
    (titled || script || CUE.is_match(&text.text)).then(|| text.sure(0.96))?
}

/// Which kind of subtitles.
pub(in crate::format) fn subtitles_media_type(head: &Head<'_>) -> &'static str {
    let text = Text::of(head).map(|text| text.text).unwrap_or_default();
    if text.starts_with("WEBVTT") {
        "text/vtt"
    } else if text.trim_start().starts_with('[') {
        "text/x-ssa"
    } else {
        "application/x-subrip"
    }
}
