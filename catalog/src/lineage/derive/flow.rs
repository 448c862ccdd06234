//! Which way data flows between places, learned from the edges themselves: where most files of one folder came
//! from another, the odd file with a wrong time did too.

use std::collections::HashMap;

use super::InferredEdge;
use super::direction::Signed;

/// Edges between two places before their majority counts.
const VOTES_MIN: u32 = 4;
/// What a majority adds at most to the log-odds of one edge, for a folder and for the lake's top folder.
const VOTE_MAX: f64 = 2.5;

/// Edges between the parts of two tables before they are taken for one job's.
const FELLOWS_MIN: u32 = 3;
/// What each edge of one job adds to the log-odds of all of them, and at most.
const FELLOW: f64 = 1.0;
const FELLOWS_MAX: f64 = 5.0;

/// Where a blob lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The folder above its partitions, and the lake's top folder that it lies in.
    pub(super) folders: [&'a str; 2],
    /// Digest of its path with all that varies taken out: equal for the parts of one table.
    pub(super) family: u64,
}

/// Numbers of edges from place to place.
#[derive(Debug, Default)]
pub(super) struct Flows<'a> {
    folders: HashMap<(&'a str, &'a str), u32>,
    families: HashMap<(u64, u64), u32>,
}

impl<'a> Flows<'a> {
    /// Counts edges by the folders and top folders that they join.
    pub(super) fn of(edges: &[InferredEdge], facts: &[Signed<'a>]) -> Self {
        let by_blob: HashMap<_, _> = facts.iter().map(|facts| (facts.blob, facts.place())).collect();
        let mut flows = Self::default();
        for edge in edges {
            let (Some(from), Some(to)) = (by_blob.get(&edge.from), by_blob.get(&edge.to)) else { continue };
            for (from, to) in from.folders.iter().zip(&to.folders).filter(|(from, to)| from != to) {
                *flows.folders.entry((*from, *to)).or_default() += 1;
            }
            if from.family != to.family {
                *flows.families.entry((from.family, to.family)).or_default() += 1;
            }
        }
        flows
    }

    /// Log-odds that data flows from the first place to the second. Parts of one table that have a counterpart each among
    /// those of another were made by one job, so that all of them go one way.
    pub(super) fn odds(&self, from: &Place<'_>, to: &Place<'_>) -> f64 {
        if self.folders.is_empty() && self.families.is_empty() {
            return 0.0;
        }
        let count = |from: u64, to: u64| self.families.get(&(from, to)).copied().unwrap_or(0);
        let (there, back) = (count(from.family, to.family), count(to.family, from.family));
        if from.family != to.family && there + back >= FELLOWS_MIN {
            return (FELLOW * (f64::from(there) - f64::from(back))).clamp(-FELLOWS_MAX, FELLOWS_MAX);
        }
        let count = |from: &str, to: &str| self.folders.get(&(from, to)).copied().unwrap_or(0);
        let vote = |(from, to): (&str, &str)| {
            let (there, back) = (count(from, to), count(to, from));
            if from == to || there + back < VOTES_MIN {
                return 0.0;
            }
            (f64::from(there + 1) / f64::from(back + 1)).ln().clamp(-VOTE_MAX, VOTE_MAX)
        };
        let votes = from.folders.into_iter().zip(to.folders).map(vote);
        votes.max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(0.0)
    }
}
