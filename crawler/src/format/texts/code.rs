//! Source code: its language by the first line, by its name and words that agree, or by lines that only one language has.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use super::Text;
use super::languages::{LANGUAGES, Language};
use crate::format::{Head, Sniff};

/// Usual endings of source code, those of every language.
pub(super) const EXTENSIONS: &[&str] = &[
    "py",
    "pyi",
    "java",
    "c",
    "h",
    "cpp",
    "cc",
    "cxx",
    "hpp",
    "hh",
    "js",
    "mjs",
    "jsx",
    "ts",
    "tsx",
    "go",
    "rs",
    "rb",
    "php",
    "sh",
    "bash",
    "pl",
    "pm",
    "scala",
    "kt",
    "swift",
    "cs",
    "css",
    "scss",
    "less",
    "lua",
    "hs",
    "r",
    "ps1",
    "bat",
    "cmd",
    "groovy",
    "gradle",
    "m",
    "jl",
    "clj",
    "ex",
    "exs",
    "erl",
    "dart",
    "proto",
    "cmake",
    "mk",
    "vb",
    "f90",
    "ml",
    "pas",
    "lisp",
    "asm",
    "s",
    "coffee",
    "awk",
    "tcl",
    "thrift",
    "avdl",
    "sql",
    "tf",
    "dockerfile",
    "g4",
    "y",
    "zig",
    "vbs",
    "hxx",
    "pyx",
    "pxd",
    "dot",
];

/// One pattern a language, for those without a name: two hits of different patterns tell one.
static SETS: LazyLock<Vec<RegexSet>> = LazyLock::new(|| {
    let set = |language: &Language| {
        RegexSet::new(language.lines.iter().map(|line| format!("^(?:{line})")))
            .expect("the patterns of a language are valid")
    };
    LANGUAGES.iter().map(set).collect()
});

/// What a first line that names a program says.
static SHEBANG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^#!\s*(?:/usr/bin/env (?:-\S+ )*)?(?:\S*/)?([A-Za-z_+-]+)")
        .expect("the pattern of a first line is valid")
});

/// Endings that several languages share, and of which one was not meant, are told by lines.
const LINES_MAX: usize = 400;

pub(super) fn sniff(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    if by_first_line(&text.text).is_some() {
        return text.sure(0.93);
    }
    let extension = head.extension();
    let named: Vec<_> = named(head, &extension).collect();
    if !named.is_empty() {
        let agrees = named.iter().any(|place| hits(*place, &text) > 0);
        return text.sure(if agrees { 0.935 } else { 0.72 });
    }
    by_lines(&text, &extension).and_then(|_| text.sure(0.85))
}

/// The media type of source code.
pub(in crate::format) fn media_type(head: &Head<'_>) -> &'static str {
    const UNKNOWN: &str = "text/x-source";
    let Some(text) = Text::of(head) else {
        return UNKNOWN;
    };
    let extension = head.extension();
    let by_name =
        || named(head, &extension).max_by_key(|place| (hits(*place, &text), std::cmp::Reverse(*place)));
    let found = by_first_line(&text.text).or_else(by_name).or_else(|| by_lines(&text, &extension));
    found.map_or(UNKNOWN, |place| LANGUAGES[place].media_type)
}

fn by_first_line(text: &str) -> Option<usize> {
    if text.starts_with("<?php") {
        return LANGUAGES.iter().position(|language| language.programs.contains(&"php"));
    }
    let program = SHEBANG.captures(text)?.get(1)?.as_str();
    let program = program.trim_end_matches(|letter: char| !letter.is_alphabetic());
    LANGUAGES.iter().position(|language| language.programs.contains(&program))
}

/// Languages whose files are called so.
fn named<'a>(head: &Head<'_>, extension: &'a str) -> impl Iterator<Item = usize> + 'a {
    let file = head.name.rsplit('/').next().unwrap_or(head.name);
    let ending = match file {
        "Dockerfile" => "dockerfile",
        "Makefile" | "makefile" | "GNUmakefile" => "mk",
        "CMakeLists.txt" => "cmake",
        _ => extension,
    };
    let matching =
        LANGUAGES.iter().enumerate().filter(move |(_, language)| language.extensions.contains(&ending));
    matching.map(|(place, _)| place)
}

/// Different patterns of a language that lines match.
fn hits(place: usize, text: &Text) -> usize {
    let mut seen = vec![false; LANGUAGES[place].lines.len()];
    for line in text.lines().take(LINES_MAX) {
        SETS[place].matches(line.trim_start()).into_iter().for_each(|pattern| seen[pattern] = true);
    }
    seen.into_iter().filter(|hit| *hit).count()
}

/// Languages that are told without a name: those with lines that nothing else has.
const TELLING: &[&str] = &[
    "text/x-python",
    "text/x-java",
    "text/x-c",
    "text/x-c++",
    "text/x-go",
    "text/rust",
    "application/javascript",
    "text/x-ruby",
    "text/x-scala",
    "text/x-csharp",
    "text/x-protobuf-schema",
    "text/x-perl",
];

/// Three patterns of one language at least, on a good share of lines, and no other language near.
fn by_lines(text: &Text, extension: &str) -> Option<usize> {
    if !extension.is_empty()
        && extension.len() <= 6
        && extension.bytes().all(|byte| byte.is_ascii_lowercase())
    {
        return None;
    }
    if text.text.trim_start().starts_with(['{', '[', '<']) || !text.text.contains(['(', ';', ':']) {
        return None;
    }
    let lines = || text.lines().take(LINES_MAX);
    let all = lines().count();
    let mut best: Option<(usize, usize)> = None;
    for (place, language) in
        LANGUAGES.iter().enumerate().filter(|(_, language)| TELLING.contains(&language.media_type))
    {
        let on = lines().filter(|line| SETS[place].is_match(line.trim_start())).count();
        if on * 6 < all || hits(place, text) < 3.min(language.lines.len()) {
            continue;
        }
        if best.is_none_or(|(_, most)| on > most) {
            best = Some((place, on));
        }
    }
    best.map(|(place, _)| place)
}
