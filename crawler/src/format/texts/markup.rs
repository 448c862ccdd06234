//! Markup that people write by hand.

use std::sync::LazyLock;

use regex::Regex;

use super::Text;
use crate::format::{Head, Sniff};

static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\[[^\]\n]{1,200}\]\([^)\s]{1,500}\)").expect("the pattern of a link is valid")
});
static EMPHASIS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\*\*[^*\n]{1,200}\*\*|`[^`\n]{1,200}`").expect("the pattern of emphasis is valid")
});
static RULE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\|?\s*:?-{3,}:?\s*(?:\|\s*:?-{3,}:?\s*)+\|?\s*$").expect("the pattern of a rule is valid")
});
static DIRECTIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*\.\. (?:[a-z_-]+::|_[^:]+:)").expect("the pattern of a directive is valid")
});
static COMMAND: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"\\(?:documentclass|documentstyle|usepackage|begin\{|section\*?\{|newcommand|input\{|title\{)",
    )
    .expect("the pattern of a command is valid")
});

/// How many kinds of marks there are that only Markdown has: headings, links, emphasis, fences, lists, tables.
fn marks(text: &Text) -> usize {
    let any = |test: &dyn Fn(&str) -> bool| usize::from(text.lines().any(test));
    let heading = |line: &str| {
        let depth = line.bytes().take_while(|byte| *byte == b'#').count();
        (1..=6).contains(&depth) && line[depth..].starts_with(' ') && !line.starts_with("#!")
    };
    let deep = |line: &str| line.starts_with("## ") || line.starts_with("### ");
    any(&heading)
        + any(&deep)
        + any(&|line| LINK.is_match(line))
        + any(&|line| EMPHASIS.is_match(line))
        + any(&|line| line.trim_start().starts_with("```"))
        + any(&|line| line.starts_with("- ") || line.starts_with("* "))
        + any(&|line| RULE.is_match(line))
}

pub(super) fn markdown(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    if head.is_named(super::MARKDOWN.extensions) {
        let page = text
            .text
            .trim_start()
            .get(..14)
            .is_some_and(|start| start.eq_ignore_ascii_case("<!doctype html"));
        return if page { None } else { text.sure(0.93) };
    }
    // Comments of code look like headings.
    let headings = text.lines().filter(|line| line.starts_with("# ") || line.starts_with("## ")).count();
    let written = LINK.is_match(&text.text) || text.lines().any(|line| line.starts_with("```"));
    (head.extension().is_empty() && headings >= 2 && written && marks(&text) >= 4).then(|| text.sure(0.8))?
}

pub(super) fn rst(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let named = head.is_named(super::RST.extensions);
    let directives = text.lines().filter(|line| DIRECTIVE.is_match(line)).count();
    match (named, directives) {
        (true, _) => text.sure(0.9),
        (false, 2..) if head.extension().is_empty() => text.sure(0.75),
        _ => None,
    }
}

pub(super) fn asciidoc(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let armoured = text.text.starts_with("-----BEGIN");
    (head.is_named(super::ASCIIDOC.extensions) && !armoured).then(|| text.sure(0.88))?
}

pub(super) fn tex(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let commands = COMMAND.find_iter(&text.text).take(4).count();
    let entries = text.lines().filter(|line| line.starts_with('@') && line.contains('{')).count();
    let starts = text.lines().find(|line| !line.starts_with('%'));
    let document = starts.is_some_and(|line| line.trim_start().starts_with("\\document"));
    let named = head.is_named(&["tex", "ltx", "latex", "sty", "cls"]);
    match (named, document) {
        (_, true) => text.sure(0.93),
        (true, _) if commands > 0 || text.text.matches('\\').count() > 3 => text.sure(0.85),
        _ if head.is_named(&["bib"]) && entries > 0 => text.sure(0.85),
        _ => None,
    }
}
