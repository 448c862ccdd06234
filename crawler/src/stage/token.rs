//! The identifiers in one blob, as keyed digests from the moment they are met; sorted, each once, bounded.

use catalog::env::SubjectHasher;
use catalog::model::TokenDigest;

use crate::recognise::{KEY, identifiers, index_form, name_readings, normalise_key};

/// Distinct identifiers kept of one blob; beyond it the blob is searched in part only, and every lookup reads it.
const TOKENS_MAX: usize = 4 << 20;
/// Digests gathered before they are sorted in.
const PENDING_MAX: usize = 64 << 10;

/// Identifiers of one blob.
#[derive(Debug, Default)]
pub struct Tokens {
    sorted: Vec<TokenDigest>,
    pending: Vec<TokenDigest>,
    overflowed: bool,
}

impl Tokens {
    /// Takes one that was met.
    pub(super) fn add(&mut self, digest: TokenDigest) {
        self.pending.push(digest);
        if self.pending.len() >= PENDING_MAX.max(self.sorted.len() / 2) {
            self.settle();
        }
    }

    /// Takes those in a path or in the name of a member: what lookup confirms in a name is among them.
    pub(super) fn add_name(&mut self, hasher: &SubjectHasher, name: &str) {
        let mut found = Vec::new();
        for (key, text) in name_readings(name) {
            found.clear();
            identifiers(text, &[], &mut found);
            for (kind, normal) in &found {
                self.add(hasher.digest(kind, index_form(kind, normal)));
            }
            if let Some((key, value)) = key.zip(normalise_key(text)) {
                self.add(hasher.digest(&format!("{KEY}{key}"), value));
            }
        }
    }

    /// All distinct ones, sorted, and whether there were more than are kept.
    pub(super) fn finish(mut self) -> (Vec<TokenDigest>, bool) {
        self.settle();
        (self.sorted, self.overflowed)
    }

    fn settle(&mut self) {
        // Both halves are in order or nearly so, which a stable sort makes use of.
        self.pending.sort_unstable();
        self.sorted.append(&mut self.pending);
        self.sorted.sort();
        self.sorted.dedup();
        if self.sorted.len() > TOKENS_MAX {
            self.sorted.truncate(TOKENS_MAX);
            self.overflowed = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_sorted_and_once_each_over_many_settlings() {
        let mut tokens = Tokens::default();
        for number in 0..(PENDING_MAX as u64 * 3) {
            let mut digest = [0; 12];
            digest[..8].copy_from_slice(&(number % 1_000).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
            tokens.add(TokenDigest(digest));
        }
        let (tokens, overflowed) = tokens.finish();
        assert!(!overflowed && tokens.len() == 1_000);
        assert!(tokens.is_sorted_by(|a, b| a < b));
    }
}
