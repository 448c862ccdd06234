//! Archive members: a blob whose bytes lie in an archive went in there, or came out of it.

use std::collections::{BTreeMap, HashMap};

use super::direction::{Signed, weigh};
use super::equal::{finish, most_original_first};
use super::flow::Flows;
use super::{InferredEdge, Known, is_telling, weight};
use crate::model::{BlobId, Digest, Part};

/// Packing is more common than unpacking, and what was unpacked shows by its time and folder.
const PACKED: f64 = 2.0;
/// Blobs with one content of which the most original is sought; of more, any with the member's name will do.
const CANDIDATES_MAX: usize = 64;

/// Finds edges between archives and blobs with the bytes of a member.
pub(super) fn detect(known: &Known<'_, '_>, flows: &Flows<'_>) -> Vec<InferredEdge> {
    let facts = known.facts;
    let mut holders: HashMap<Digest, Vec<&Signed<'_>>> = HashMap::new();
    for facts in facts {
        let root = facts.version.root();
        let mut digests: Vec<Digest> = facts.version.digest.into_iter().chain(root.digest).collect();
        digests.dedup();
        for digest in digests {
            holders.entry(digest).or_default().push(facts);
        }
    }
    let mut edges: BTreeMap<(BlobId, BlobId), InferredEdge> = BTreeMap::new();
    for archive in facts {
        let members = archive.version.parts.iter().filter(|part| !part.member.is_empty() && is_telling(part));
        for part in members {
            let Some(digest) = part.digest else { continue };
            let candidates = holders.get(&digest).map_or(&[][..], Vec::as_slice);
            if let Some(blob) = most_likely(flows, candidates, archive, part) {
                let edge = edge(flows, blob, archive, part);
                edges.entry((edge.from, edge.to)).or_insert(edge);
            }
        }
    }
    edges.into_values().collect()
}

/// The most original blob with a member's bytes; those with the member's name before others.
fn most_likely<'a, 'b>(
    flows: &Flows<'_>,
    candidates: &[&'b Signed<'a>],
    archive: &Signed<'_>,
    part: &Part,
) -> Option<&'b Signed<'a>> {
    let member = part.member.last().map_or("", |member| file_name(member));
    let others = candidates.iter().copied().filter(|facts| facts.blob != archive.blob);
    let (named, others): (Vec<_>, Vec<_>) = others.partition(|facts| file_name(facts.path) == member);
    let mut best = if named.is_empty() { others } else { named };
    best.truncate(CANDIDATES_MAX);
    most_original_first(flows, best).into_iter().next()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn edge(flows: &Flows<'_>, blob: &Signed<'_>, archive: &Signed<'_>, part: &Part) -> InferredEdge {
    let what = format!("a member of the archive has the same {} bytes", part.size);
    let mut packed = weigh(flows, blob, archive);
    packed.odds += PACKED;
    if packed.odds >= 0.0 {
        packed.reasons.insert(0, "holds the other as a member");
        return finish(blob, archive, "archive_member", weight(part), what, &packed);
    }
    let mut unpacked = weigh(flows, archive, blob);
    unpacked.odds -= PACKED;
    finish(archive, blob, "archive_member", weight(part), what, &unpacked)
}
