//! Names in spaced scripts: chains of capitalised words, initials and particles, scored by dictionary and surroundings.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::super::text::{self, Openings, WordSet, is_unspaced, lower_before};
use super::super::{Recogniser, Span};
use super::cues::{ADDRESSED, AFTER, BEFORE, FIELDS, FIRM_AFTER, PARTICLES};
use super::words::{is_brand, look_up};

const RECOGNISER: &Recogniser = &super::RECOGNISER;

/// A chain of this score is a name by its words alone.
pub(super) const KNOWN: f32 = 0.6;
const REPORTED: f32 = 0.6;
const WORDS_MAX: usize = 5;
/// A particle has no more bytes.
const PARTICLE_BYTES_MAX: usize = 4;

/// The first two bytes of all particles of more than one, small.
static HEADS: LazyLock<Vec<[u8; 2]>> = LazyLock::new(|| {
    let mut heads: Vec<[u8; 2]> = PARTICLES
        .iter()
        .filter(|word| word.len() > 1)
        .map(|word| [word.as_bytes()[0] | 32, word.as_bytes()[1] | 32])
        .collect();
    heads.sort_unstable();
    heads.dedup();
    heads
});
static JOINING: LazyLock<WordSet> = LazyLock::new(|| PARTICLES.iter().copied().collect());
static ANNOUNCING: LazyLock<WordSet> = LazyLock::new(|| BEFORE.iter().copied().collect());
static ADDRESSING: LazyLock<WordSet> = LazyLock::new(|| ADDRESSED.iter().copied().collect());
static NAMING: LazyLock<WordSet> = LazyLock::new(|| FIELDS.iter().copied().collect());
static PERSON_FOLLOWS: LazyLock<Openings> = LazyLock::new(|| Openings::new(AFTER));
static FIRM_FOLLOWS: LazyLock<Openings> = LazyLock::new(|| Openings::new(FIRM_AFTER));

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Initial,
    Particle,
    Word,
}

#[derive(Clone, Copy)]
struct Word {
    start: usize,
    end: usize,
    kind: Kind,
    given: bool,
    surname: bool,
    common: bool,
    /// What firms, places and things are called by.
    firm: bool,
    /// A brand begins with it.
    brand: bool,
    /// A comma stands between this word and the one before.
    comma: bool,
}

impl Word {
    fn known(&self) -> bool {
        (self.given || self.surname) && !self.common
    }
}

pub(super) fn is_particle(word: &str) -> bool {
    word.len() <= PARTICLE_BYTES_MAX
        && may_be_particle(word.as_bytes())
        && JOINING.contains(&*text::lower(word))
}

/// Whether a particle begins with these two letters: most short words are none, and every text is full of them.
fn may_be_particle(word: &[u8]) -> bool {
    match word {
        [first] => matches!(first | 32, b'y' | b'e'),
        [first, second, ..] => HEADS.contains(&[first | 32, second | 32]),
        [] => false,
    }
}

pub(super) fn find(text: &str, out: &mut Vec<Span>) {
    let mut chain: Vec<Word> = Vec::with_capacity(8);
    let mut at = 0;
    while let Some(word) = next_word(text, at) {
        at = word.end;
        let joined = chain.last().and_then(|last| gap(&text[last.end..word.start]));
        match joined {
            Some(comma) => chain.push(Word { comma, ..word }),
            None => {
                settle(text, &chain, out);
                chain.clear();
                chain.push(word);
            }
        }
    }
    settle(text, &chain, out);
}

/// Whether two words belong to one chain, and whether by a comma (`Surname, Given`).
fn gap(between: &str) -> Option<bool> {
    match between {
        " " | "\u{A0}" => Some(false),
        ", " => Some(true),
        _ => None,
    }
}

/// The next capitalised word, initial or particle from `from` on.
fn next_word(text: &str, from: usize) -> Option<Word> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        let b = bytes[at];
        if !(b.is_ascii_alphabetic() || b >= 0x80) {
            at += 1;
            continue;
        }
        let end = word_end(text, at);
        if end == at {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let likely = b.is_ascii_uppercase() || b >= 0x80 || end - at <= PARTICLE_BYTES_MAX;
        let fresh = at == 0
            || !(bytes[at - 1].is_ascii_alphanumeric() || matches!(bytes[at - 1], b'_' | b'@' | b'#' | b'$'));
        if let Some(word) = (likely && fresh).then(|| classify(text, at, end)).flatten() {
            return Some(word);
        }
        at = end;
    }
    None
}

fn word_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let plain = bytes[start..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let mut end = start + plain;
    // Most words are plain letters with a blank behind.
    if plain > 0 && bytes.get(end).is_none_or(|b| b.is_ascii() && !matches!(b, b'\'' | b'-')) {
        return end;
    }
    for (i, c) in text[end..].char_indices() {
        let inner = matches!(c, '\'' | '’' | '-') && end > start;
        if !(inner || (c.is_alphanumeric() && !is_unspaced(c)) || c == '_') {
            break;
        }
        end = start + plain + i + c.len_utf8();
    }
    start + text[start..end].trim_end_matches(['\'', '’', '-']).len()
}

fn classify(text: &str, start: usize, end: usize) -> Option<Word> {
    let word = &text[start..end];
    let bytes = text.as_bytes();
    if word.len() > 40
        || bytes.get(end).is_some_and(|b| matches!(b, b'@' | b'_' | b'=' | b'(' | b'/' | b'\\'))
            && !word.ends_with(' ')
    {
        return None;
    }
    if word.bytes().any(|b| b.is_ascii_digit() || b == b'_') {
        return None;
    }
    let first = word.chars().next()?;
    if first.is_ascii_lowercase() && word.len() > PARTICLE_BYTES_MAX {
        return None;
    }
    let plain = Word {
        start,
        end,
        kind: Kind::Word,
        given: false,
        surname: false,
        common: false,
        firm: false,
        brand: false,
        comma: false,
    };
    if !first.is_uppercase() {
        return is_particle(word).then_some(Word { kind: Kind::Particle, ..plain });
    }
    let letters = if word.is_ascii() { word.len() } else { word.chars().count() };
    if letters == 1 || (letters == 3 && word.contains('-')) {
        let dotted = bytes.get(end) == Some(&b'.');
        return Some(Word { kind: Kind::Initial, end: end + usize::from(dotted), ..plain });
    }
    let lower = lower(word);
    // `HANS-J.`: a hyphenated name whose second part is an initial.
    let abbreviated = bytes.get(end) == Some(&b'.')
        && word.rsplit_once('-').is_some_and(|(_, tail)| tail.chars().count() == 1);
    let head = if abbreviated { lower.split('-').next().unwrap_or_default() } else { &*lower };
    let mixed = word.chars().skip(1).any(char::is_uppercase) && word.chars().any(char::is_lowercase);
    let humps = mixed
        && !(word.starts_with("Mc")
            || word.starts_with("Mac")
            || word.contains(['\'', '’', '-'])
            || word.starts_with("De"));
    let known = look_up(head);
    Some(Word {
        end: end + usize::from(abbreviated),
        given: known.given && !humps,
        surname: known.surname && !humps,
        common: known.common,
        firm: known.firm && !abbreviated,
        brand: known.brand,
        ..plain
    })
}

/// Lower case as the dictionaries have it: a Turkish dotted capital I gives a plain i.
pub(super) fn lower(word: &str) -> Cow<'_, str> {
    let lower = text::lower(word);
    if !lower.is_ascii() && lower.contains('\u{307}') {
        return Cow::Owned(lower.replace('\u{307}', ""));
    }
    lower
}

/// Reports the best names in a chain, the first one first.
fn settle(text: &str, chain: &[Word], out: &mut Vec<Span>) {
    // Capitals open every sentence: what has no known word and stands alone is no name.
    if matches!(chain, [] | [Word { given: false, surname: false, .. }]) {
        return;
    }
    let mut from = 0;
    while from < chain.len() {
        let bonus = follows_name(text, chain[from].start, out);
        match best_from(text, chain, from, bonus) {
            Some((to, score)) => {
                let (start, end) = (chain[from].start, chain[to - 1].end);
                out.push(Span {
                    start,
                    end,
                    kind: RECOGNISER.kind,
                    subtype: None,
                    confidence: score.min(0.95),
                });
                from = to;
            }
            None => from += 1,
        }
    }
}

/// `A. Ahmed and Alexandra Roberts`: behind a name and a conjunction another name is likely.
fn follows_name(text: &str, start: usize, out: &[Span]) -> f32 {
    let Some(last) = out.last().filter(|s| s.kind == RECOGNISER.kind && s.end < start) else { return 0.0 };
    let between = &text[last.end..start];
    let joins = matches!(
        between,
        " and "
            | " & "
            | " und "
            | " et "
            | " y "
            | " e "
            | " en "
            | " och "
            | " og "
            | " ja "
            | " i "
            | " a "
            | " ve "
            | " и "
    );
    if joins { 0.3 } else { 0.0 }
}

/// The longest name that begins at word `from`, with its score, if any scores enough.
fn best_from(text: &str, chain: &[Word], from: usize, bonus: f32) -> Option<(usize, f32)> {
    let (mut best, mut before): (Option<(usize, f32)>, _) = (None, None);
    for to in from + 2..=chain.len().min(from + WORDS_MAX) {
        let Some(words_score) = score_words(text, &chain[from..to]) else { continue };
        let before = *before.get_or_insert_with(|| score_before(text, chain, from));
        let score = words_score + bonus + before + score_around(text, chain, from, to);
        if score >= REPORTED && best.is_none_or(|(_, b)| score + 0.05 >= b) {
            best = Some((to, score));
        }
    }
    best.or_else(|| alone(text, chain, from).then_some((from + 1, 0.7)))
}

/// One word alone, when a phrase or a field's name leaves no doubt: `Dear Agata,`, `"first_name":"Agata"`.
fn alone(text: &str, chain: &[Word], from: usize) -> bool {
    let (word, before) = (&chain[from], &chain[..from]);
    if from + 1 != chain.len() || before.iter().any(|w| !w.common) || word.kind != Kind::Word || !word.known()
    {
        return false;
    }
    let before = lower_before(text, word.start, 32);
    let field = before.trim_end_matches(['"', '\'', ':', '=', ' ', '>']);
    let named = field.len() < before.len() && ends_with_any(field, &NAMING);
    named || (word.given && ends_with_any(before.trim_end(), &ADDRESSING))
}

/// The score of a cell that is one chain, or `None` if it has not the form of a name.
pub(super) fn score_whole(cell: &str) -> Option<f32> {
    let mut chain: Vec<Word> = Vec::new();
    let mut at = 0;
    while let Some(word) = next_word(cell, at) {
        let comma = match chain.last() {
            None if word.start == 0 => false,
            None => return None,
            Some(last) => gap(&cell[last.end..word.start])?,
        };
        at = word.end;
        chain.push(Word { comma, ..word });
    }
    let last = chain.last()?;
    let lower = cell.to_lowercase();
    if last.end != cell.len() || firm_follows(&lower) || FIRM_AFTER.iter().any(|f| lower.ends_with(f)) {
        return None;
    }
    score_words(cell, &chain)
}

/// What the words themselves prove, or `None` if they cannot be a name.
fn score_words(text: &str, words: &[Word]) -> Option<f32> {
    let (first, last) = (words.first()?, words.last()?);
    if last.kind == Kind::Particle || words.len() > WORDS_MAX {
        return None;
    }
    let commas = words.iter().skip(1).filter(|w| w.comma).count();
    let (mut full, mut count) = ([first; WORDS_MAX], 0);
    for word in words.iter().filter(|w| w.kind == Kind::Word) {
        full[count] = word;
        count += 1;
    }
    let full = &full[..count];
    let initials = words.iter().filter(|w| w.kind == Kind::Initial).count();
    let (head, tail) = (full.first()?, full.last()?);
    if initials > 2 || commas > 1 || (last.kind == Kind::Initial && commas == 0 && full.len() > 1) {
        return None;
    }
    if full.len() == 2 && head.brand && is_brand(&text[head.start..head.end], &text[tail.start..tail.end]) {
        return None;
    }
    let leads = [
        "van", "von", "de", "da", "di", "del", "della", "la", "le", "el", "al", "dos", "do", "du", "den",
        "der",
    ];
    if first.kind == Kind::Particle && (commas == 0 || !leads.contains(&&text[first.start..first.end])) {
        return None;
    }
    if tail.firm {
        return None;
    }
    let upper = |w: &Word| text[w.start..w.end].chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
    // Some write the surname in capitals (`Jean DUPONT`); other mixtures are titles and codes.
    let capitals = full.iter().filter(|w| upper(w)).count();
    if capitals != 0 && capitals != full.len() && full.iter().any(|w| upper(w) && !w.surname) {
        return None;
    }
    let strange = full.iter().filter(|w| !w.given && !w.surname).count() as f32 * 0.1;
    let common = full.iter().filter(|w| w.common).count() as f32 * 0.2;
    if commas == 1 {
        // `Surname, Given`: the comma stands before the given name.
        let at = 1 + words[1..].iter().position(|w| w.comma)?;
        let ordered =
            words[at].given && !words[at].common && words[..at].iter().any(|w| w.kind == Kind::Word);
        // `Ann Lee, Bob Ray` are two people.
        if head.given && words[..at].iter().filter(|w| w.kind == Kind::Word).count() > 1 {
            return None;
        }
        let base = if words[..at].iter().any(|w| w.surname) { 0.5 } else { 0.3 };
        return ordered.then_some(base - strange - common);
    }
    if full.len() == 1 {
        let base = if head.surname { 0.45 } else { 0.15 };
        return (first.kind == Kind::Initial).then_some(base - common);
    }
    let given = head.given && !head.common;
    let base = match (given, tail.surname || tail.given) {
        (true, true) => 0.72,
        (true, false) => 0.5,
        (false, true) if head.surname || head.given => 0.5,
        (false, true) => 0.3,
        (false, false) => 0.1,
    };
    let middle = if initials > 0 { 0.1 } else { 0.0 };
    Some(base + middle - strange - common)
}

/// What stands before the first word.
fn score_before(text: &str, chain: &[Word], from: usize) -> f32 {
    let mut score = 0.0;
    let before = lower_before(text, chain[from].start, 28);
    let trimmed = before.trim_end_matches([' ', ':', ',', '"', '\'', '>', '-', '=', ']', ';']);
    if ends_with_any(trimmed, &ANNOUNCING) {
        score += 0.35;
    }
    if from > 0 && chain[from - 1].kind == Kind::Word && !chain[from].comma && !chain[from - 1].common {
        // Nouns and the first words of sentences are capitalised too, names less often.
        score -= if chain[from - 1].known() { 0.25 } else { 0.1 };
    }
    if follows_house_number(&before) {
        score -= 0.4;
    }
    score
}

/// What stands around the words.
fn score_around(text: &str, chain: &[Word], from: usize, to: usize) -> f32 {
    let (start, end) = (chain[from].start, chain[to - 1].end);
    let mut score = 0.0;
    let mut limit = (end + 24).min(text.len());
    while !text.is_char_boundary(limit) {
        limit -= 1;
    }
    let after = text::lower(&text[end..limit]);
    let after = &*after;
    if PERSON_FOLLOWS.of(after).next().is_some() {
        score += 0.25;
    }
    let quote = |c: Option<char>| c.is_some_and(|c| matches!(c, '"' | '\'' | ';' | '|' | '\t'));
    let closed = quote(text[..start].chars().next_back()) && quote(after.chars().next());
    let lined =
        (start == 0 || text[..start].ends_with('\n')) && (after.is_empty() || after.starts_with('\n'));
    if closed || lined {
        score += 0.15;
    }
    if email_follows(&text[end..limit_email(text, end)]) {
        score += 0.3;
    }
    // `[09:14] A. Grover: can …`
    if text[..start].trim_end().ends_with(']') && after.starts_with(':') {
        score += 0.4;
    }
    // Words that the chain goes on with are a sign of a title or an address rather than a name.
    if to < chain.len() && chain[to].kind == Kind::Word && !chain[to].comma {
        score -= 0.35;
    }
    if firm_follows(after) || after.starts_with(" &") {
        score -= 0.9;
    }
    score + score_list(text, chain, from, to, after)
}

/// Whether the next word, behind signs only, is an e-mail address, as in records of a person.
fn email_follows(after: &str) -> bool {
    let signs = after
        .bytes()
        .take(5)
        .take_while(|b| matches!(b, b' ' | b'<' | b'(' | b'"' | b'\'' | b';' | b',' | b'|' | b'\t'))
        .count();
    let word = after[signs..].split([' ', '"', '\'', ';', ',', '>', '|']).next().unwrap_or_default();
    signs > 0 && word.contains('@')
}

fn limit_email(text: &str, end: usize) -> usize {
    let mut limit = (end + 48).min(text.len());
    while !text.is_char_boundary(limit) {
        limit -= 1;
    }
    limit
}

/// `Miller, Gomez and Peters` is a firm; so is what a comma list goes on to.
fn score_list(text: &str, chain: &[Word], from: usize, to: usize, after: &str) -> f32 {
    let given = chain[from + 1..to].iter().find(|w| w.comma);
    let commas = given.is_some_and(|w| w.surname) && PERSON_FOLLOWS.of(after).next().is_none();
    let listed_after = after.starts_with(" and ")
        || after.starts_with(", ") && text[chain[to - 1].end + 2..].starts_with(char::is_uppercase);
    let listed_before = from > 0 && chain[from].comma && chain[from - 1].known();
    if commas && (listed_after || listed_before) { -0.6 } else { 0.0 }
}

/// Whether a number and a blank stand right before, and the number is no year.
fn follows_house_number(before: &str) -> bool {
    let Some(head) = before.strip_suffix(' ') else { return false };
    let digits = head.bytes().rev().take_while(u8::is_ascii_digit).count();
    let number = &head[head.len() - digits..];
    digits > 0 && !(digits == 4 && (number.starts_with("19") || number.starts_with("20")))
}

fn firm_follows(after: &str) -> bool {
    let ends = |f: &str| after[f.len()..].chars().next().is_none_or(|c| !c.is_alphabetic());
    FIRM_FOLLOWS.of(after).any(ends)
}

/// Whether a lower-cased window ends with one of the words or phrases, and no letter goes on before it.
fn ends_with_any(window: &str, words: &WordSet) -> bool {
    if window.is_ascii() {
        let bytes = window.as_bytes();
        let starts = |i: usize| i == 0 || !bytes[i - 1].is_ascii_alphabetic();
        return (0..bytes.len()).any(|i| starts(i) && words.contains(&window[i..]));
    }
    for (i, _) in window.char_indices().rev() {
        let starts = window[..i].chars().next_back().is_none_or(|c| !c.is_alphabetic() || is_unspaced(c));
        if starts && words.contains(&window[i..]) {
            return true;
        }
    }
    false
}
