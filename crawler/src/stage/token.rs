//! The identifiers in one blob, as keyed digests from the moment they are met; sorted, counted, bounded.

use catalog::model::{Token, TokenDigest};

/// Distinct identifiers kept of one blob; beyond it the blob is searched in part only, and every lookup reads it.
const TOKENS_MAX: usize = 4 << 20;
/// Digests gathered before they are sorted in.
const PENDING_MAX: usize = 64 << 10;

/// Identifiers of one blob.
#[derive(Debug, Default)]
pub struct Tokens {
    sorted: Vec<Token>,
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

    /// All distinct ones, sorted, and whether there were more than are kept.
    pub(super) fn finish(mut self) -> (Vec<Token>, bool) {
        self.settle();
        (self.sorted, self.overflowed)
    }

    fn settle(&mut self) {
        self.pending.sort_unstable();
        let old = std::mem::take(&mut self.sorted);
        let mut merged: Vec<Token> = Vec::with_capacity(old.len() + self.pending.len() / 2);
        let mut old = old.into_iter().peekable();
        let mut new = self.pending.drain(..).map(|digest| Token { digest, count: 1 }).peekable();
        loop {
            let next = match (old.peek(), new.peek()) {
                (Some(left), Some(right)) if left.digest <= right.digest => old.next(),
                (_, Some(_)) => new.next(),
                (Some(_), None) => old.next(),
                (None, None) => break,
            };
            let Some(next) = next else { break };
            match merged.last_mut() {
                Some(last) if last.digest == next.digest => {
                    last.count = last.count.saturating_add(next.count)
                }
                _ => merged.push(next),
            }
        }
        drop(new);
        if merged.len() > TOKENS_MAX {
            merged.truncate(TOKENS_MAX);
            self.overflowed = true;
        }
        self.sorted = merged;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_sorted_and_counted_over_many_settlings() {
        let mut tokens = Tokens::default();
        for number in 0..(PENDING_MAX as u64 * 3) {
            let mut digest = [0; 12];
            digest[..8].copy_from_slice(&(number % 1_000).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
            tokens.add(TokenDigest(digest));
        }
        let (tokens, overflowed) = tokens.finish();
        assert!(!overflowed && tokens.len() == 1_000);
        assert!(tokens.is_sorted_by(|a, b| a.digest < b.digest));
        assert_eq!(tokens.iter().map(|token| u64::from(token.count)).sum::<u64>(), PENDING_MAX as u64 * 3);
    }
}
