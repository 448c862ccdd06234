//! Edges inferred from what is known of content, when nobody reported them; pure.

use crate::model::{ArtifactId, BlobId, BlobVersion, Timestamp};

/// What is known of one blob's current content.
#[derive(Clone, Copy, Debug)]
pub struct ContentFacts<'a> {
    /// The blob.
    pub blob: BlobId,
    /// The artifact of its current version.
    pub artifact: ArtifactId,
    /// Its path.
    pub path: &'a str,
    /// When the store says it was written.
    pub modified: Timestamp,
    /// All that was recorded of it.
    pub version: &'a BlobVersion,
}

/// An edge with its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct InferredEdge {
    /// The parent.
    pub from: BlobId,
    /// The child.
    pub to: BlobId,
    /// `copy`, `compress`, `archive_member`, `convert`, `reorder`.
    pub kind: &'static str,
    /// Whether the evidence tells parent from child.
    pub direction_known: bool,
    /// 0 to 1: the share of such edges that hold.
    pub confidence: f32,
    /// A sentence for people.
    pub evidence: String,
}

/// A way to find edges.
struct Detector {
    /// The kind of edge that it finds.
    kind: &'static str,
    /// Finds them among all facts.
    detect: fn(&[ContentFacts<'_>]) -> Vec<InferredEdge>,
}

/// All detectors.
static DETECTORS: [Detector; 1] = [Detector { kind: "copy", detect: copies }];

/// Infers edges from facts about all blobs, whatever their order; never a cycle.
pub fn derive(facts: &[ContentFacts<'_>]) -> Vec<InferredEdge> {
    DETECTORS
        .iter()
        .flat_map(|detector| {
            let edges = (detector.detect)(facts);
            debug_assert!(edges.iter().all(|edge| edge.kind == detector.kind));
            edges
        })
        .collect()
}

fn copies(facts: &[ContentFacts<'_>]) -> Vec<InferredEdge> {
    let mut by_digest: std::collections::BTreeMap<_, Vec<&ContentFacts<'_>>> = Default::default();
    for facts in facts.iter().filter(|facts| facts.version.size > 0) {
        if let Some(digest) = facts.version.digest {
            by_digest.entry(digest).or_default().push(facts);
        }
    }
    let mut edges = Vec::new();
    for mut equal in by_digest.into_values().filter(|equal| equal.len() > 1) {
        equal.sort_by_key(|facts| (facts.modified, facts.path));
        let origin = equal[0];
        edges.extend(equal[1..].iter().map(|copy| InferredEdge {
            from: origin.blob,
            to: copy.blob,
            kind: "copy",
            direction_known: origin.modified < copy.modified,
            confidence: 0.9,
            evidence: "same bytes; the first was written earlier".into(),
        }));
    }
    edges
}
