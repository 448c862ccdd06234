//! Recognisers that people declare in their configuration: a pattern or a list of words, a checksum, words that announce
//! a value, names of columns.
//!
//! They are rows like the built-in ones, so that spans, columns, the subject index and lookup treat them alike. A row is made
//! of function pointers, which capture nothing; each declaration has a place, and the functions of a place are generic over
//! its number. Patterns run in an engine of linear time; what they may cost is bounded when they are compiled.

use std::collections::HashSet;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};

use super::checksum::{self, Checksum};
use super::text::{clean_after, clean_before, has_word, lower, lower_before};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span, is_built_in};

/// Declarations taken; each has a place of its own.
pub const DECLARED_MAX: usize = 16;
const PATTERN_BYTES_MAX: usize = 1 << 20;
const WORD_BYTES_MAX: usize = 128;
const DICTIONARY_MAX: usize = 100_000;
/// Bytes before a value in which a word may announce it.
const WINDOW_BYTES: usize = 48;

/// A recogniser as its configuration has it.
#[derive(Clone, Debug, Default)]
pub struct Declaration {
    /// Capitals, digits and underscores: `EMPLOYEE_NUMBER`. In small letters it is what `--id` takes.
    pub kind: String,
    /// What a value looks like; its first group, if it has one, is the value.
    pub pattern: Option<String>,
    /// Values themselves, compared without regard to case.
    pub dictionary: Vec<String>,
    /// Words of which one must stand before a value in text.
    pub words: Vec<String>,
    /// Names of columns that hold it, in words: `employee no`.
    pub columns: Vec<String>,
    /// `luhn`, `mod97`, `mod11_10`, `mod11_2` or `verhoeff` over its digits.
    pub checksum: Option<String>,
    /// Whether one value names one person, so that it goes into the subject index.
    pub identifies: bool,
    /// How sure a value in text is; 0.8 if absent.
    pub confidence: Option<f32>,
}

/// A declaration that holds.
struct Declared {
    kind: &'static str,
    pattern: Option<Regex>,
    dictionary: HashSet<String>,
    words: Vec<String>,
    columns: Vec<String>,
    checksum: Option<Checksum>,
    confidence: f32,
}

struct Table {
    declared: Vec<Declared>,
    rows: Vec<&'static Recogniser>,
    /// The declarations as they were written.
    wording: String,
}

static TABLE: OnceLock<Table> = OnceLock::new();

/// The rows that were declared.
pub(super) fn rows() -> &'static [&'static Recogniser] {
    TABLE.get().map_or(&[], |table| &table.rows)
}

/// The declarations as they were written, one text; empty if there are none.
pub(super) fn wording() -> &'static str {
    TABLE.get().map_or("", |table| &table.wording)
}

/// Whether a kind is a declared one.
pub(super) fn is_declared(kind: &str) -> bool {
    rows().iter().any(|row| row.kind == kind)
}

/// Takes declarations for the whole process, before the first text is read, since index and lookup must read alike. Gives
/// whether they took effect: they do once.
///
/// # Errors
/// The place of the declaration that is wrong, and why.
pub fn declare(declarations: &[Declaration]) -> Result<bool, (usize, String)> {
    if declarations.len() > DECLARED_MAX {
        return Err((DECLARED_MAX, format!("there are more than {DECLARED_MAX}")));
    }
    let wording = if declarations.is_empty() { String::new() } else { format!("{declarations:?}") };
    let mut table = Table { declared: Vec::new(), rows: Vec::new(), wording };
    for (place, declaration) in declarations.iter().enumerate() {
        let wrong = |reason| (place, reason);
        if declarations[..place].iter().any(|other| other.kind == declaration.kind) {
            return Err(wrong(format!("kind {} is declared twice", declaration.kind)));
        }
        // A declaration lives as long as the process, and there are few.
        let kind: &'static str = Box::leak(declaration.kind.clone().into_boxed_str());
        table.declared.push(checked(declaration, kind).map_err(wrong)?);
        let (find, normalise, column) = FUNCTIONS[place];
        table.rows.push(Box::leak(Box::new(Recogniser {
            kind,
            id_name: Box::leak(kind.to_ascii_lowercase().into_boxed_str()),
            identifies: declaration.identifies,
            announced: None,
            find,
            normalise,
            column,
        })));
    }
    Ok(TABLE.set(table).is_ok())
}

fn checked(declaration: &Declaration, kind: &'static str) -> Result<Declared, String> {
    let named = (3..=40).contains(&kind.len())
        && kind.starts_with(|c: char| c.is_ascii_uppercase())
        && kind.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if !named {
        return Err(format!(
            "kind {kind:?} must be 3 to 40 capitals, digits and underscores, such as EMPLOYEE_NUMBER"
        ));
    }
    if is_built_in(kind) {
        return Err(format!("kind {kind} is built in; choose another name"));
    }
    let pattern = declaration.pattern.as_deref().map(compiled).transpose()?;
    if pattern.is_none() && declaration.dictionary.is_empty() {
        return Err(format!("{kind} needs a pattern or a dictionary"));
    }
    if declaration.dictionary.len() > DICTIONARY_MAX {
        return Err(format!("the dictionary of {kind} has more than {DICTIONARY_MAX} entries"));
    }
    let lists = [
        ("dictionary", &declaration.dictionary),
        ("words", &declaration.words),
        ("columns", &declaration.columns),
    ];
    for (name, list) in lists {
        if list.iter().any(|word| word.trim().is_empty() || word.len() > WORD_BYTES_MAX) {
            return Err(format!(
                "an entry of {name} of {kind} is empty or longer than {WORD_BYTES_MAX} bytes"
            ));
        }
    }
    let checksum = match declaration.checksum.as_deref() {
        None => None,
        Some(_) if pattern.is_none() => return Err(format!("the checksum of {kind} needs a pattern")),
        Some(name) => Some(checksum::named(name).ok_or_else(|| {
            format!("checksum {name:?} of {kind} is not known; write one of {}", checksum::names().join(", "))
        })?),
    };
    let confidence = declaration.confidence.unwrap_or(0.8);
    if !(0.5..=0.99).contains(&confidence) {
        return Err(format!("confidence of {kind} must lie from 0.5 to 0.99"));
    }
    let small = |list: &[String]| list.iter().map(|word| word.trim().to_lowercase()).collect::<Vec<_>>();
    Ok(Declared {
        kind,
        pattern,
        dictionary: small(&declaration.dictionary).into_iter().collect(),
        words: small(&declaration.words),
        columns: small(&declaration.columns),
        checksum,
        confidence,
    })
}

fn compiled(pattern: &str) -> Result<Regex, String> {
    let built =
        RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX).build();
    let regex = built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the pattern is too large when compiled".to_owned(),
        error => format!(
            "the pattern does not parse: {}",
            error.to_string().lines().last().unwrap_or_default().trim()
        ),
    })?;
    if regex.is_match("") {
        return Err("the pattern fits the empty text".to_owned());
    }
    Ok(regex)
}

impl Declared {
    /// Visits every value in a text with its normal form.
    fn each(&self, text: &str, mut visit: impl FnMut(usize, usize, &str)) {
        if let Some(pattern) = &self.pattern {
            for captures in pattern.captures_iter(text) {
                let Some(value) = captures.get(1).or_else(|| captures.get(0)) else { continue };
                if !value.is_empty() && self.is_checked(value.as_str()) {
                    visit(value.start(), value.end(), value.as_str());
                }
            }
        }
        if self.dictionary.is_empty() {
            return;
        }
        let longest = self.dictionary.iter().map(|entry| entry.split(' ').count()).max().unwrap_or(1);
        let words: Vec<(usize, usize)> = words_of(text).collect();
        let mut past = 0;
        for (i, (start, _)) in words.iter().enumerate() {
            if *start < past {
                continue;
            }
            let hit = words[i..]
                .iter()
                .take(longest)
                .rev()
                .find(|(_, end)| self.dictionary.contains(&*lower(&text[*start..*end])));
            if let Some((_, end)) = hit {
                visit(*start, *end, &lower(&text[*start..*end]));
                past = *end;
            }
        }
    }

    fn is_checked(&self, value: &str) -> bool {
        self.checksum.is_none_or(|holds| holds(value))
    }

    fn find(&self, outline: &Outline<'_>, hits: &mut Hits<'_>) {
        let text = outline.text;
        self.each(text, |start, end, normal| {
            if clean_before(text, start) && clean_after(text, end) {
                hits.span(Span::of(self.kind, start, end), || {
                    let before = lower_before(text, start, WINDOW_BYTES);
                    let announced = self.words.is_empty() || has_word(&before, &self.words);
                    if announced { self.confidence } else { 0.0 }
                });
                hits.token(self.kind, start, end, normal);
            }
        });
    }

    fn normalise(&self, value: &str) -> Option<String> {
        let value = value.trim();
        // People type what they see, which the pattern fits as a whole, its group or not.
        let fitted = self.pattern.as_ref().and_then(|pattern| pattern.captures(value));
        let fitted = fitted.filter(|captures| captures.get(0).is_some_and(|all| all.len() == value.len()));
        let group = fitted.as_ref().and_then(|captures| captures.get(1).or_else(|| captures.get(0)));
        if let Some(value) = group.filter(|value| !value.is_empty() && self.is_checked(value.as_str())) {
            return Some(value.as_str().to_owned());
        }
        let mut whole = None;
        self.each(value, |start, end, normal| {
            if (start, end) == (0, value.len()) {
                whole = Some(normal.to_owned());
            }
        });
        whole
    }

    fn column(&self, facts: &ColumnFacts<'_>) -> Option<f32> {
        let columns: Vec<&str> = self.columns.iter().chain(&self.words).map(String::as_str).collect();
        let (named, form) = (facts.header_has(&columns), facts.form_share().max(facts.whole_share()));
        match named {
            true if form >= 0.3 => Some(self.confidence.max(0.9)),
            _ if form >= 0.8 => Some(self.confidence * form),
            _ => None,
        }
    }
}

/// The words of a text, with the signs inside them.
fn words_of(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(char::is_alphanumeric)?;
        let rest = &text[start..];
        let length = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '\'' | '_')))
            .unwrap_or(rest.len());
        at = start + length;
        Some((start, at))
    })
}

type Functions =
    (fn(&Outline<'_>, &mut Hits<'_>), fn(&str) -> Option<String>, fn(&ColumnFacts<'_>) -> Option<f32>);

fn at(place: usize) -> Option<&'static Declared> {
    TABLE.get()?.declared.get(place)
}

fn find_at<const PLACE: usize>(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    if let Some(declared) = at(PLACE) {
        declared.find(outline, hits);
    }
}

fn normalise_at<const PLACE: usize>(value: &str) -> Option<String> {
    at(PLACE)?.normalise(value)
}

fn column_at<const PLACE: usize>(facts: &ColumnFacts<'_>) -> Option<f32> {
    at(PLACE)?.column(facts)
}

const fn functions<const PLACE: usize>() -> Functions {
    (find_at::<PLACE>, normalise_at::<PLACE>, column_at::<PLACE>)
}

static FUNCTIONS: [Functions; DECLARED_MAX] = [
    functions::<0>(),
    functions::<1>(),
    functions::<2>(),
    functions::<3>(),
    functions::<4>(),
    functions::<5>(),
    functions::<6>(),
    functions::<7>(),
    functions::<8>(),
    functions::<9>(),
    functions::<10>(),
    functions::<11>(),
    functions::<12>(),
    functions::<13>(),
    functions::<14>(),
    functions::<15>(),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn declaration(kind: &str, pattern: Option<&str>) -> Declaration {
        Declaration { kind: kind.into(), pattern: pattern.map(str::to_owned), ..Declaration::default() }
    }

    fn made(declaration: &Declaration) -> Declared {
        checked(declaration, "EMPLOYEE_NUMBER").expect("it holds")
    }

    #[test]
    fn what_cannot_work_is_refused_with_the_reason() {
        let of = |change: fn(&mut Declaration)| {
            let mut typed = declaration("EMPLOYEE_NUMBER", Some(r"E-\d{6}"));
            change(&mut typed);
            let kind: &'static str = Box::leak(typed.kind.clone().into_boxed_str());
            checked(&typed, kind).err().unwrap_or_default()
        };
        assert_eq!(of(|_| {}), "");
        for (change, expected) in [
            ((|d| d.kind = "employee".into()) as fn(&mut Declaration), "must be 3 to 40 capitals"),
            (|d| d.kind = "EMAIL_ADDRESS".into(), "built in"),
            (|d| d.kind = "IBAN".into(), "built in"),
            (|d| d.pattern = None, "needs a pattern or a dictionary"),
            (|d| d.pattern = Some("(".into()), "does not parse"),
            (|d| d.pattern = Some(r"\d*".into()), "fits the empty text"),
            (|d| d.pattern = Some(r"\w{5000}".into()), "too large"),
            (|d| d.checksum = Some("crc".into()), "write one of luhn"),
            (|d| d.words = vec![" ".into()], "words of EMPLOYEE_NUMBER is empty"),
            (|d| d.confidence = Some(0.2), "from 0.5 to 0.99"),
        ] {
            let reason = of(change);
            assert!(reason.contains(expected), "{expected}: {reason}");
        }
        let twice = [declaration("BADGE", Some("B[0-9]{4}")), declaration("BADGE", Some("C[0-9]{4}"))];
        assert!(declare(&twice).is_err_and(|(place, why)| place == 1 && why.contains("twice")));
    }

    #[test]
    fn patterns_words_checksums_and_dictionaries_are_heeded() {
        let spans = |declared: &Declared, text: &str| {
            let (mut spans, mut tokens) = (Vec::new(), Vec::new());
            let mut sink = |_: &'static str, start: usize, end: usize, _: &str| tokens.push((start, end));
            let mut hits = Hits::new(Some(&mut spans), Some(&mut sink));
            declared.find(&Outline::of(text), &mut hits);
            (spans.iter().map(|s| text[s.start..s.end].to_owned()).collect::<Vec<_>>(), tokens.len())
        };
        let mut typed = declaration("EMPLOYEE_NUMBER", Some(r"E-(\d{6})"));
        assert_eq!(spans(&made(&typed), "E-123456, xE-123457x"), (vec!["123456".to_owned()], 1));
        typed.words = vec!["Staff".into()];
        let said = spans(&made(&typed), "staff: E-123456\norder E-654321");
        assert_eq!(said, (vec!["123456".to_owned()], 2), "both are indexed, one is a finding");
        typed.checksum = Some("luhn".into());
        assert_eq!(spans(&made(&typed), "staff E-123455 staff E-123456").0, ["123455"]);
        assert_eq!(made(&typed).normalise(" E-123455 ").as_deref(), Some("123455"), "the value is the group");
        assert_eq!(made(&typed).normalise("E-123456"), None, "its digit is wrong");
        let names = Declaration {
            dictionary: vec!["Project Nightjar".into(), "Osprey".into()],
            ..declaration("CODE_NAME", None)
        };
        let found = spans(&made(&names), "about project nightjar and OSPREY, not ospreys");
        assert_eq!(found.0, ["project nightjar", "OSPREY"]);
    }
}
