//! Equal content: exact copies, the same compressed, the same rows in another format or order.
//!
//! Blobs that share bytes, peeled bytes or rows are one class. Its members are put in one order, most original
//! first, and each gets one parent before it: so n equal blobs make n − 1 edges, and never a circle.

use std::collections::{BTreeMap, HashMap};

use super::direction::{Direction, Signed, weigh};
use super::flow::Flows;
use super::{InferredEdge, Known, is_telling, weight};
use crate::model::Part;

/// Members of a class that are weighed pair by pair; a larger class is ordered against a sample of itself.
const WEIGHED_MAX: usize = 64;

/// Finds copies, compressions, conversions and reorderings.
pub(super) fn detect(known: &Known<'_, '_>, flows: &Flows<'_>) -> Vec<InferredEdge> {
    let mut edges = Vec::new();
    for class in classes(known.facts) {
        let class = most_original_first(flows, class);
        for (rank, child) in class.iter().enumerate().skip(1) {
            let candidates = &class[..rank.min(WEIGHED_MAX)];
            let twin = class[..rank].iter().find(|other| relation(other, child) == Some(Relation::Bytes));
            let parent = candidates.iter().chain(twin).max_by(|a, b| {
                let (a, b) = (affinity(flows, a, child, class[0]), affinity(flows, b, child, class[0]));
                a.partial_cmp(&b).unwrap_or(std::cmp::Ordering::Equal)
            });
            if let Some(parent) = parent {
                edges.extend(edge(flows, parent, child));
            }
        }
    }
    edges
}

/// What two blobs have in common, closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// The stored bytes.
    Bytes,
    /// The bytes once layers are peeled.
    Peeled,
    /// The rows, and the format.
    Rows,
    /// The rows.
    RowsOnly,
}

fn relation(a: &Signed<'_>, b: &Signed<'_>) -> Option<Relation> {
    let (one, other) = (a.version.root(), b.version.root());
    if a.version.digest.is_some() && a.version.digest == b.version.digest {
        Some(Relation::Bytes)
    } else if one.digest.is_some() && one.digest == other.digest && is_telling(one) {
        Some(Relation::Peeled)
    } else if rows_key(one).is_some() && rows_key(one) == rows_key(other) {
        Some(if one.format == other.format { Relation::Rows } else { Relation::RowsOnly })
    } else {
        None
    }
}

/// The rows' digest with their number, where rows say enough.
fn rows_key(part: &Part) -> Option<([u8; 16], u64)> {
    let rows = part.rows.filter(|rows| *rows > 1)?;
    part.rows_digest.filter(|_| is_telling(part)).map(|digest| (digest.0, rows))
}

/// Blobs linked by equal bytes, peeled bytes or rows, two at least in each class.
pub(super) fn classes<'a, 'b>(facts: &'b [Signed<'a>]) -> Vec<Vec<&'b Signed<'a>>> {
    let mut class: Vec<usize> = (0..facts.len()).collect();
    let mut seen: HashMap<(u8, Vec<u8>), usize> = HashMap::new();
    for (at, facts) in facts.iter().enumerate() {
        let root = facts.version.root();
        let mut keys = Vec::new();
        if is_telling(root) {
            keys.extend(facts.version.digest.map(|digest| (0, digest.0.to_vec())));
            keys.extend(root.digest.map(|digest| (0, digest.0.to_vec())));
        }
        keys.extend(rows_key(root).map(|(digest, rows)| (1, [&digest[..], &rows.to_be_bytes()].concat())));
        for key in keys {
            let first = *seen.entry(key).or_insert(at);
            let (a, b) = (root_of(&mut class, first), root_of(&mut class, at));
            class[a.max(b)] = a.min(b);
        }
    }
    let mut members: BTreeMap<usize, Vec<&Signed<'_>>> = BTreeMap::new();
    for (at, facts) in facts.iter().enumerate() {
        members.entry(root_of(&mut class, at)).or_default().push(facts);
    }
    members.into_values().filter(|members| members.len() > 1).collect()
}

fn root_of(class: &mut [usize], mut at: usize) -> usize {
    while class[at] != at {
        class[at] = class[class[at]];
        at = class[at];
    }
    at
}

/// Orders a class by how each of its members compares with the others.
pub(super) fn most_original_first<'a, 'b>(
    flows: &Flows<'_>,
    mut class: Vec<&'b Signed<'a>>,
) -> Vec<&'b Signed<'a>> {
    class.sort_by_key(|facts| (facts.modified, facts.path));
    let step = class.len().div_ceil(WEIGHED_MAX).max(1);
    let sample: Vec<&Signed<'_>> = class.iter().step_by(step).copied().collect();
    let score = |facts: &Signed<'_>| -> f64 {
        let others = sample.iter().filter(|other| other.blob != facts.blob);
        // Each comparison counts up to a bound, so that one wrong time does not outweigh many plain signs.
        others.map(|other| weigh(flows, facts, other).odds.clamp(-4.0, 4.0)).sum()
    };
    let mut scored: Vec<(f64, &Signed<'_>)> = class.into_iter().map(|facts| (score(facts), facts)).collect();
    scored.sort_by(|a, b| {
        b.0.total_cmp(&a.0).then_with(|| a.1.modified.cmp(&b.1.modified)).then_with(|| a.1.path.cmp(b.1.path))
    });
    scored.into_iter().map(|(_, facts)| facts).collect()
}

/// How likely a parent is for a child: by what they share, their names, and for want of these the class's origin.
fn affinity(flows: &Flows<'_>, parent: &Signed<'_>, child: &Signed<'_>, origin: &Signed<'_>) -> f64 {
    let shared = match relation(parent, child) {
        Some(Relation::Bytes) => 4.0,
        Some(Relation::Peeled) => 3.0,
        Some(Relation::Rows | Relation::RowsOnly) => 0.0,
        None => return f64::NEG_INFINITY,
    };
    let first = if parent.blob == origin.blob { 1.5 } else { 0.0 };
    let odds = weigh(flows, parent, child).odds.clamp(-3.0, 3.0) / 6.0;
    shared + first + odds + stem_shared(parent.stem(), child.stem())
}

/// One if the child's name begins with the parent's, less the shorter the parent's is.
fn stem_shared(parent: &str, child: &str) -> f64 {
    if parent.len() >= 3 && child.starts_with(parent) {
        0.5 + 1.5 * parent.len() as f64 / child.len() as f64
    } else {
        0.0
    }
}

fn edge(flows: &Flows<'_>, parent: &Signed<'_>, child: &Signed<'_>) -> Option<InferredEdge> {
    let direction = weigh(flows, parent, child);
    let (above, below) = (parent.version.root(), child.version.root());
    let (kind, sure, what) = match relation(parent, child)? {
        Relation::Bytes => ("copy", weight(below), format!("the same {} bytes", child.version.size)),
        Relation::Peeled if below.layers.is_empty() => ("decompress", weight(below), peeled(above)),
        Relation::Peeled => ("compress", weight(below), peeled(below)),
        Relation::Rows => ("reorder", 0.97 * weight(below), rows(below, "same format, other order or bytes")),
        Relation::RowsOnly => {
            let formats = format!("{} and {}", above.format, below.format);
            ("convert", 0.97 * weight(below), rows(below, &formats))
        }
    };
    Some(finish(parent, child, kind, sure, what, &direction))
}

fn peeled(part: &Part) -> String {
    format!("the same {} bytes inside {}", part.size, part.layers.join(" in "))
}

fn rows(part: &Part, how: &str) -> String {
    format!("the same {} rows, {how}", part.rows.unwrap_or(0))
}

/// An edge from what two blobs share and how they stand.
pub(super) fn finish(
    parent: &Signed<'_>,
    child: &Signed<'_>,
    kind: &'static str,
    sure: f32,
    what: String,
    direction: &Direction,
) -> InferredEdge {
    let evidence = if direction.is_known() {
        format!("{what}; the child {}", direction.because())
    } else {
        format!("{what}; which came first is not certain")
    };
    InferredEdge {
        from: parent.blob,
        to: child.blob,
        kind,
        direction_known: direction.is_known(),
        confidence: sure * direction.probability() as f32,
        evidence,
    }
}
