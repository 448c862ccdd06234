//! One tag taken apart: its name and attributes (WHATWG HTML §13.2.5, without what no page needs).

/// Attributes of one tag.
const ATTRIBUTES_MAX: usize = 1_000;

/// A tag; one without a name is a comment, a declaration, or a bracket in text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tag {
    /// In lower case.
    pub(super) name: String,
    pub(super) closes: bool,
    pub(super) closes_itself: bool,
    /// Names in lower case, with their values as they are written.
    pub(super) attributes: Vec<(String, String)>,
}

impl Tag {
    /// Takes `<name a="b">` apart.
    pub(super) fn of(text: &str) -> Self {
        let inner = text.strip_prefix('<').unwrap_or(text);
        let inner = inner.strip_suffix('>').unwrap_or(inner);
        let (inner, closes) = match inner.strip_prefix('/') {
            Some(rest) => (rest, true),
            None => (inner, false),
        };
        let (inner, closes_itself) = match inner.strip_suffix('/') {
            Some(rest) => (rest, true),
            None => (inner, false),
        };
        if !inner.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            return Self::default();
        }
        let end = inner.find(|letter: char| letter.is_whitespace() || letter == '/').unwrap_or(inner.len());
        let (name, rest) = inner.split_at(end);
        Self { name: name.to_ascii_lowercase(), closes, closes_itself, attributes: attributes(rest) }
    }
}

fn attributes(mut rest: &str) -> Vec<(String, String)> {
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '/');
        if rest.is_empty() || attributes.len() == ATTRIBUTES_MAX {
            return attributes;
        }
        // A name may begin with a sign of equality, which is then a part of it.
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let end = rest[first..].find(|letter: char| letter.is_whitespace() || "=/".contains(letter));
        let (name, after) = rest.split_at(end.map_or(rest.len(), |end| first + end));
        rest = after.trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quoted = after.chars().next().filter(|letter| matches!(letter, '"' | '\''));
            (value, rest) = match quoted {
                Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
            };
        }
        attributes.push((name.to_ascii_lowercase(), value.to_owned()));
    }
}
