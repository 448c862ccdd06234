//! Which way data flows between places, learned from the edges themselves: where most files of one folder came
//! from another, the odd file with a wrong time did too.

use std::collections::HashMap;

use super::InferredEdge;
use super::direction::Signed;

/// Edges between two places before their majority counts.
const VOTES_MIN: u32 = 4;
/// What a majority adds at most to the log-odds of one edge, for a folder and for the lake's top folder.
const VOTE_MAX: f64 = 2.5;

/// Numbers of edges from place to place.
#[derive(Debug, Default)]
pub(super) struct Flows<'a>(HashMap<(&'a str, &'a str), u32>);

impl<'a> Flows<'a> {
    /// Counts edges by the folders and top folders that they join.
    pub(super) fn of(edges: &[InferredEdge], facts: &[Signed<'a>]) -> Self {
        let by_blob: HashMap<_, _> = facts.iter().map(|facts| (facts.blob, facts.places())).collect();
        let mut flows = Self::default();
        for edge in edges {
            let (Some(from), Some(to)) = (by_blob.get(&edge.from), by_blob.get(&edge.to)) else { continue };
            for (from, to) in from.iter().zip(to).filter(|(from, to)| from != to) {
                *flows.0.entry((*from, *to)).or_default() += 1;
            }
        }
        flows
    }

    /// Log-odds that data flows from the first places to the second.
    pub(super) fn odds(&self, from: [&str; 2], to: [&str; 2]) -> f64 {
        if self.0.is_empty() {
            return 0.0;
        }
        let count = |from: &str, to: &str| self.0.get(&(from, to)).copied().unwrap_or(0);
        let vote = |(from, to): (&str, &str)| {
            let (there, back) = (count(from, to), count(to, from));
            if from == to || there + back < VOTES_MIN {
                return 0.0;
            }
            (f64::from(there + 1) / f64::from(back + 1)).ln().clamp(-VOTE_MAX, VOTE_MAX)
        };
        from.into_iter().zip(to).map(vote).max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(0.0)
    }
}
