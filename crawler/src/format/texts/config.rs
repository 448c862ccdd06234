//! Configuration: keys and values, with and without sections.

use std::sync::LazyLock;

use regex::Regex;

use super::Text;
use crate::format::{Head, Sniff};

/// How a TOML key and its value begin (TOML 1.0): bare, quoted or dotted key, then a quote, a digit, a bracket or a word that is a value.
static TOML_PAIR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*\s*=\s*(?:"|'|\[|\{|[+-]?\d|true\b|false\b|[+-]?(?:inf|nan)\b)"#)
        .expect("the pattern of a TOML pair is valid")
});
static TABLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^\s*\[\[?\s*[A-Za-z0-9_."'\s-]+\]\]?\s*(?:#.*)?$"#)
        .expect("the pattern of a TOML table is valid")
});
static SECTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*\[[^\[\]\n]{1,200}\]\s*(?:[;#].*)?$").expect("the pattern of a section is valid")
});
static PAIR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*[A-Za-z0-9_.$*/\\@-][^=:\n]{0,120}?\s*[=:]").expect("the pattern of a pair is valid")
});
static PROPERTY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:export )?[A-Za-z0-9_][A-Za-z0-9_.\-\\/$\[\]]*\s*[=:]")
        .expect("the pattern of a property is valid")
});
static FIELD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^\s*(?:[a-zA-Z_][a-zA-Z0-9_]*\s*(?::\s*(?:["'\d\-\[{]|[A-Za-z_]+\s*$)|[{<]\s*$)|[}>\]],?\s*$|\[[\w./]+\]\s*[{:])"#)
        .expect("the pattern of a field is valid")
});

/// Values of several lines, arrays and strings, make lines that are no pair.
pub(super) fn toml(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let named =
        head.is_named(&["toml"]) || head.name.ends_with("Cargo.lock") || head.name.ends_with("poetry.lock");
    let share = text.share(&["#"], |line| TOML_PAIR.is_match(line) || TABLE.is_match(line));
    let pairs = text.lines().filter(|line| TOML_PAIR.is_match(line)).count();
    let plain = text.lines().filter(|line| !TOML_PAIR.is_match(line) && PROPERTY.is_match(line)).count();
    if named && (share > 0.2 || pairs > 0) {
        return text.sure(0.92);
    }
    // Pairs without a table are as well assignments of some language.
    let tables = text.lines().any(|line| TABLE.is_match(line));
    (!named && tables && pairs >= 2 && share > 0.85 && plain == 0 && quotes(&text))
        .then(|| text.sure(0.86))?
}

/// A text that is quoted: in INI, texts stand bare.
fn quotes(text: &Text) -> bool {
    text.lines()
        .any(|line| line.split_once('=').is_some_and(|(_, value)| value.trim_start().starts_with('"')))
}

pub(super) fn ini(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let named = head.is_named(super::INI.extensions);
    let share = text.share(&["#", ";", "//"], |line| {
        SECTION.is_match(line) || PAIR.is_match(line) || line.starts_with([' ', '\t'])
    });
    let first = text.lines().find(|line| !line.trim_start().starts_with(['#', ';']))?;
    let sections = text.lines().filter(|line| SECTION.is_match(line)).count();
    let pairs = text.lines().filter(|line| PAIR.is_match(line) && line.contains('=')).count();
    let opens = SECTION.is_match(first);
    if named && (sections > 0 && pairs > 0 && share > 0.6 || opens && share > 0.5) {
        return text.sure(0.88);
    }
    (opens && pairs > 0 && share > 0.9 && !head.is_named(&["toml", "md", "rst"])).then(|| text.sure(0.8))?
}

pub(super) fn properties(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let named = head.is_named(super::PROPERTIES.extensions) || head.name.rsplit('/').next() == Some(".env");
    let share = text.share(&["#", "!"], |line| PROPERTY.is_match(line) || line.starts_with([' ', '\t']));
    if named && share > 0.6 {
        return text.sure(0.9);
    }
    let comments = text.lines().count() > 0 && text.share(&["#", "!"], |_| true) == 0.0;
    if named && comments {
        return text.sure(0.7);
    }
    // Without a name: dotted keys, which nothing else writes line after line.
    let dotted =
        text.lines().filter(|line| line.split_once('=').is_some_and(|(key, _)| is_dotted(key))).count();
    let all = text.lines().filter(|line| !line.starts_with('#')).count();
    (head.extension().is_empty() && share == 1.0 && dotted >= 3 && dotted * 2 > all)
        .then(|| text.sure(0.72))?
}

fn is_dotted(key: &str) -> bool {
    let key = key.trim();
    key.contains('.')
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

pub(super) fn pbtxt(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let named = head.is_named(super::PBTXT.extensions);
    let share = text.share(&["#"], |line| FIELD.is_match(line));
    let messages = text.lines().filter(|line| line.trim_end().ends_with('{')).count();
    let ends = text.lines().filter(|line| line.trim() == "}").count();
    let fields = text.lines().filter(|line| line.contains(": ")).count();
    if named && share > 0.5 {
        return text.sure(0.93);
    }
    (share > 0.97 && messages >= 1 && ends >= 1 && fields >= 2 && !text.text.contains(';'))
        .then(|| text.sure(0.74))?
}
