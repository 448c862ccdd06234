//! Cuts names and paths into words: at everything that is no letter or digit, and inside `camelCase`.

use tantivy::tokenizer::{PreTokenizedString, Token};

/// A word and its place. A word cut out of a `camelCase` name stands beside the whole name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// In small letters.
    pub(super) text: String,
    /// Counted in words from the start.
    pub(super) position: usize,
}

/// Longer pieces are data, not names.
const WORD_CHARACTERS_MAX: usize = 80;

/// The words of a text in order; of `orderItems` first the whole, then its parts.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut position = 0;
    for piece in text.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty()) {
        let piece: String = piece.chars().take(WORD_CHARACTERS_MAX).collect();
        let parts = camel_parts(&piece);
        if parts.len() > 1 {
            words.push(Word { text: piece.to_lowercase(), position });
        }
        for part in parts {
            words.push(Word { text: part.to_lowercase(), position });
            position += 1;
        }
    }
    words
}

/// The smallest words of a text, as a query looks for them.
pub(super) fn smallest(text: &str) -> Vec<String> {
    let words = words(text);
    let is_whole = |at: usize| words.get(at + 1).is_some_and(|next| next.position == words[at].position);
    (0..words.len()).filter(|at| !is_whole(*at)).map(|at| words[at].text.clone()).collect()
}

/// Cuts before a capital after a small letter (`order|Items`), and before the last of several capitals (`HTTP|Server`).
fn camel_parts(piece: &str) -> Vec<&str> {
    let letters: Vec<(usize, char)> = piece.char_indices().collect();
    let mut parts = Vec::new();
    let mut start = 0;
    for at in 1..letters.len() {
        let (offset, letter) = letters[at];
        let after_small = letters[at - 1].1.is_lowercase();
        let before_small = letters.get(at + 1).is_some_and(|(_, next)| next.is_lowercase());
        if letter.is_uppercase() && (after_small || letters[at - 1].1.is_uppercase() && before_small) {
            parts.push(&piece[start..offset]);
            start = offset;
        }
    }
    parts.push(&piece[start..]);
    parts
}

/// Texts as one field of an index takes them; a gap between them keeps phrases within one.
pub(super) fn tokenized<'a>(texts: impl IntoIterator<Item = &'a str>) -> PreTokenizedString {
    let mut tokens = Vec::new();
    let mut next = 0;
    for text in texts {
        let first = next;
        for word in words(text) {
            next = next.max(first + word.position + 2);
            let position = first + word.position;
            tokens.push(Token { position, text: word.text, ..Token::default() });
        }
    }
    PreTokenizedString { text: String::new(), tokens }
}

#[cfg(test)]
mod tests;
