//! Which way data flows between places, learned from the edges themselves: where most files of one folder came
//! from another, the odd file with a wrong time did too.

use std::collections::HashMap;

use super::{ContentFacts, InferredEdge};
use crate::dataset;

/// Edges between two places before their majority counts.
const VOTES_MIN: u32 = 4;
/// What a majority adds at most to the log-odds of one edge, for a folder and for the lake's top folder.
const VOTE_MAX: f64 = 2.5;

/// Numbers of edges from place to place.
#[derive(Debug, Default)]
pub(super) struct Flows(HashMap<(String, String), u32>);

impl Flows {
    /// Counts edges by the folders and top folders that they join.
    pub(super) fn of(edges: &[InferredEdge], facts: &[ContentFacts<'_>]) -> Self {
        let paths: HashMap<_, _> = facts.iter().map(|facts| (facts.blob, facts.path)).collect();
        let mut flows = Self::default();
        for edge in edges {
            let (Some(from), Some(to)) = (paths.get(&edge.from), paths.get(&edge.to)) else { continue };
            for (from, to) in places(from).into_iter().zip(places(to)).filter(|(from, to)| from != to) {
                *flows.0.entry((from.to_string(), to.to_string())).or_default() += 1;
            }
        }
        flows
    }

    /// Log-odds that data flows from the first path's place to the second's.
    pub(super) fn odds(&self, from: &str, to: &str) -> f64 {
        if self.0.is_empty() {
            return 0.0;
        }
        let count =
            |from: &str, to: &str| self.0.get(&(from.to_string(), to.to_string())).copied().unwrap_or(0);
        let vote = |(from, to): (&str, &str)| {
            let (there, back) = (count(from, to), count(to, from));
            if from == to || there + back < VOTES_MIN {
                return 0.0;
            }
            (f64::from(there + 1) / f64::from(back + 1)).ln().clamp(-VOTE_MAX, VOTE_MAX)
        };
        places(from)
            .into_iter()
            .zip(places(to))
            .map(vote)
            .max_by(|a, b| a.abs().total_cmp(&b.abs()))
            .unwrap_or(0.0)
    }
}

/// The folder above a path's partitions, and the lake's top folder that it lies in.
fn places(path: &str) -> [&str; 2] {
    let folder = dataset::base_folder(path);
    [folder, folder.split('/').next().unwrap_or("")]
}
