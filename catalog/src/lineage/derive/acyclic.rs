//! No inferred circle: of the edges of each strongly connected set the weakest goes, until none is left.

use std::collections::BTreeMap;

use super::InferredEdge;
use crate::model::BlobId;

/// Drops the least confident edges of all cycles.
pub(super) fn break_cycles(edges: &mut Vec<InferredEdge>) {
    loop {
        let component = components(edges);
        let mut weakest: BTreeMap<usize, usize> = BTreeMap::new();
        for (at, edge) in edges.iter().enumerate() {
            let within = component[&edge.from];
            if within != component[&edge.to] {
                continue;
            }
            let known = weakest.entry(within).or_insert(at);
            if edge.confidence < edges[*known].confidence {
                *known = at;
            }
        }
        if weakest.is_empty() {
            return;
        }
        for at in weakest.into_values().collect::<std::collections::BTreeSet<_>>().into_iter().rev() {
            edges.remove(at);
        }
    }
}

/// The strongly connected component of each blob (Tarjan's algorithm, with a stack of its own: chains may be long).
fn components(edges: &[InferredEdge]) -> BTreeMap<BlobId, usize> {
    let mut next: BTreeMap<BlobId, Vec<BlobId>> = BTreeMap::new();
    for edge in edges {
        next.entry(edge.from).or_default().push(edge.to);
        next.entry(edge.to).or_default();
    }
    let mut index: BTreeMap<BlobId, usize> = BTreeMap::new();
    let mut low: BTreeMap<BlobId, usize> = BTreeMap::new();
    let mut component: BTreeMap<BlobId, usize> = BTreeMap::new();
    let mut open: Vec<BlobId> = Vec::new();
    for start in next.keys() {
        if index.contains_key(start) {
            continue;
        }
        let mut path: Vec<(BlobId, usize)> = vec![(*start, 0)];
        while let Some((blob, child)) = path.pop() {
            if child == 0 {
                let number = index.len();
                index.insert(blob, number);
                low.insert(blob, number);
                open.push(blob);
            }
            if let Some(to) = next[&blob].get(child) {
                path.push((blob, child + 1));
                match index.get(to) {
                    None => path.push((*to, 0)),
                    Some(number) if !component.contains_key(to) => {
                        let lowest = low[&blob].min(*number);
                        low.insert(blob, lowest);
                    }
                    Some(_) => {}
                }
                continue;
            }
            if low[&blob] == index[&blob] {
                let number = component.len();
                while let Some(member) = open.pop() {
                    component.insert(member, number);
                    if member == blob {
                        break;
                    }
                }
            }
            if let Some((parent, _)) = path.last() {
                let lowest = low[parent].min(low[&blob]);
                low.insert(*parent, lowest);
            }
        }
    }
    component
}
