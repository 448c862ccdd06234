//! The identifiers in one blob, as keyed digests from the moment they are met; sorted, each once, bounded.

use std::collections::HashSet;
use std::sync::Arc;

use catalog::env::{IndexHasher, SubjectHasher};
use catalog::model::TokenDigest;
use catalog::sketch::content::SketchKey;

use crate::recognise::{KEY, identifiers, index_form, name_readings, normalise_key};

/// Distinct identifiers kept of one blob; beyond it the blob is searched in part only, and every lookup reads it.
const TOKENS_MAX: usize = 4 << 20;
/// Digests gathered before they are sorted in.
const PENDING_MAX: usize = 64 << 10;

/// By what identifiers become digests: those of the index are of its newest epoch, those of the ledger of erased persons are
/// under the subject key, which stays.
#[derive(Clone)]
pub(super) struct Keyed {
    index: IndexHasher,
    subject: SubjectHasher,
    suppressed: Arc<HashSet<TokenDigest>>,
}

impl Keyed {
    /// As the keys are now.
    pub(super) fn new(subject: &SubjectHasher, suppressed: Arc<HashSet<TokenDigest>>) -> Self {
        Self { index: subject.index(), subject: subject.clone(), suppressed }
    }

    /// An identifier, by its kind and normal form.
    pub(super) fn met(&self, kind: &str, normal: &str) -> Met {
        let is_suppressed =
            !self.suppressed.is_empty() && self.suppressed.contains(&self.subject.digest(kind, normal));
        Met { token: self.index.digest(kind, normal), is_suppressed }
    }

    /// The secret of sketches.
    pub(super) fn sketch_key(&self) -> SketchKey {
        self.subject.sketch_key()
    }
}

/// An identifier that was met.
#[derive(Clone, Copy, Debug)]
pub(super) struct Met {
    token: TokenDigest,
    /// Whether it is an erased person's.
    is_suppressed: bool,
}

/// Identifiers of one blob.
#[derive(Debug, Default)]
pub struct Tokens {
    sorted: Vec<TokenDigest>,
    pending: Vec<TokenDigest>,
    overflowed: bool,
    /// Whether an erased person's was met.
    has_suppressed: bool,
}

/// What a blob's identifiers are in the end.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settled {
    /// All distinct ones, sorted.
    pub(super) tokens: Vec<TokenDigest>,
    /// Whether there were more than are kept.
    pub(super) overflowed: bool,
    /// Whether one of them is an erased person's.
    pub(super) has_suppressed: bool,
}

impl Tokens {
    /// Takes one that was met.
    pub(super) fn add(&mut self, met: Met) {
        self.has_suppressed |= met.is_suppressed;
        self.pending.push(met.token);
        if self.pending.len() >= PENDING_MAX.max(self.sorted.len() / 2) {
            self.settle();
        }
    }

    /// Takes those that were met before.
    pub(super) fn add_settled(&mut self, met: &Settled) {
        let is_suppressed = met.has_suppressed;
        met.tokens.iter().for_each(|token| self.add(Met { token: *token, is_suppressed }));
    }

    /// Takes those in a path or in the name of a member: what lookup confirms in a name is among them.
    pub(super) fn add_name(&mut self, keyed: &Keyed, name: &str) {
        let mut found = Vec::new();
        for (key, text) in name_readings(name) {
            found.clear();
            identifiers(text, &[], &mut found);
            for (kind, normal) in &found {
                self.add(keyed.met(kind, index_form(kind, normal)));
            }
            if let Some((key, value)) = key.zip(normalise_key(text)) {
                self.add(keyed.met(&format!("{KEY}{key}"), value));
            }
        }
    }

    /// Sorts and counts what was met.
    pub(super) fn finish(mut self) -> Settled {
        self.settle();
        Settled { tokens: self.sorted, overflowed: self.overflowed, has_suppressed: self.has_suppressed }
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
            tokens.add(Met { token: TokenDigest(digest), is_suppressed: number == 1_000 });
        }
        let Settled { tokens, overflowed, has_suppressed } = tokens.finish();
        assert!(!overflowed && has_suppressed && tokens.len() == 1_000);
        assert!(tokens.is_sorted_by(|a, b| a < b));
    }
}
