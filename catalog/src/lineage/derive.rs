//! Edges inferred from what is known of content, when nobody reported them; pure.
//!
//! Each detector is one file and one row of [`DETECTORS`]. All of them tell parent from child by the same
//! [`direction`], and [`acyclic`] drops the weakest edge of any circle that they make together.

use self::direction::Signed;
use self::flow::Flows;
use self::overlap::Overlap;
use crate::dataset;
use crate::model::{ArtifactId, BlobId, BlobVersion, ContentSketch, Part, Timestamp};

mod acyclic;
mod aggregate;
mod columns;
mod dead;
mod direction;
mod equal;
mod flow;
mod join;
mod member;
mod overlap;
mod pointer;
mod subset;

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
    /// The sketch of its rows, if it has rows.
    pub sketch: Option<&'a ContentSketch>,
}

/// An edge with its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct InferredEdge {
    /// The parent.
    pub from: BlobId,
    /// The child.
    pub to: BlobId,
    /// `copy`, `compress`, `decompress`, `archive_member`, `convert`, `reorder`, `concat`, `split`, `filter`, `sample`,
    /// `version`, `project`, `rename`, `mask`, `derive`, `join`, `aggregate`, `pointer`.
    pub kind: &'static str,
    /// Whether the evidence tells parent from child.
    pub direction_known: bool,
    /// 0 to 1: the share of such edges that hold.
    pub confidence: f32,
    /// A sentence for people; names no path, since paths may be personal.
    pub evidence: String,
}

/// A way to find edges.
struct Detector {
    /// The kinds of edges that it finds.
    kinds: &'static [&'static str],
    /// Finds them among all facts, which come in order of their blobs, given which way data flows.
    detect: fn(&Known<'_, '_>, &Flows<'_>) -> Vec<InferredEdge>,
}

/// All that detectors look at.
struct Known<'a, 'b> {
    /// Facts, in order of their blobs.
    facts: &'b [Signed<'a>],
    /// Tables whose sketches overlap.
    overlap: Overlap<'a, 'b>,
    /// Joins among them.
    joins: Vec<join::Join>,
}

/// All detectors.
static DETECTORS: [Detector; 6] = [
    Detector { kinds: &["copy", "compress", "decompress", "convert", "reorder"], detect: equal::detect },
    Detector { kinds: &["archive_member"], detect: member::detect },
    Detector { kinds: &["concat", "split", "filter", "sample", "version"], detect: subset::detect },
    Detector { kinds: &["project", "rename", "mask", "derive"], detect: columns::detect },
    Detector { kinds: &["join"], detect: join::detect },
    Detector { kinds: &["aggregate"], detect: aggregate::detect },
];

/// Infers edges from facts about blobs, whatever their order; never a cycle, never two of a kind between two blobs.
pub fn derive(facts: &[ContentFacts<'_>]) -> Vec<InferredEdge> {
    let pointers = pointer::detect(facts);
    let dead = dead::dead(facts);
    let counts =
        |facts: &&ContentFacts<'_>| !dataset::is_service_path(facts.path) && !dead.contains(&facts.blob);
    let mut facts: Vec<ContentFacts<'_>> = facts.iter().filter(counts).copied().collect();
    facts.sort_by_key(|facts| facts.blob);
    facts.dedup_by_key(|facts| facts.blob);
    let facts: Vec<Signed<'_>> = facts.into_iter().map(Signed::new).collect();
    // The first pass goes by each pair alone; the second knows which way most of the others flow.
    let overlap = Overlap::of(&facts);
    let known = Known { facts: &facts, joins: join::joins(&overlap), overlap };
    let first = detect(&known, &Flows::default());
    let mut edges = detect(&known, &Flows::of(&first, &facts));
    edges.extend(pointers);
    edges.sort_by_key(|edge| (edge.from, edge.to, edge.kind));
    acyclic::break_cycles(&mut edges);
    edges
}

fn detect(known: &Known<'_, '_>, flows: &Flows<'_>) -> Vec<InferredEdge> {
    let mut edges = Vec::new();
    for detector in &DETECTORS {
        let found = (detector.detect)(known, flows);
        debug_assert!(found.iter().all(|edge| detector.kinds.contains(&edge.kind)));
        edges.extend(found);
    }
    edges.sort_by_key(|edge| (edge.from, edge.to, edge.kind));
    edges.dedup_by_key(|edge| (edge.from, edge.to, edge.kind));
    edges
}

/// Content below this many bytes is equal by chance too often: a flag, one parameter, a pointer.
const TELLING_BYTES_MIN: u64 = 128;
/// Content of this many bytes hardly ever is.
const TELLING_BYTES_FULL: u64 = 2_048;

/// Whether content says enough for equality to mean descent: not tiny, and more than one row if it has rows.
pub(super) fn is_telling(part: &Part) -> bool {
    part.size >= TELLING_BYTES_MIN && part.rows.is_none_or(|rows| rows > 1)
}

/// How sure equality of such content means descent, 0 to 1.
fn weight(part: &Part) -> f32 {
    let size = part.size.clamp(TELLING_BYTES_MIN, TELLING_BYTES_FULL) as f32;
    let share = (size - TELLING_BYTES_MIN as f32) / (TELLING_BYTES_FULL - TELLING_BYTES_MIN) as f32;
    let rows = if part.rows.is_some_and(|rows| rows < 5) { 0.9 } else { 1.0 };
    (0.75 + 0.24 * share) * rows
}

#[cfg(test)]
pub(super) mod tests;
