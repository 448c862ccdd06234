//! Partition keys: which folders spell them out, their names and types, and their values in a blob's path.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::layout::Entry;
use super::segment::{Segment, iso, segments};
use crate::model::{Dataset, FeatureType, PartitionKey};

/// Hive's value for null.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// Keys of blobs that share a template, outermost first.
pub(super) fn keys(entries: &[Entry<'_, '_>]) -> Vec<PartitionKey> {
    let mut keys: Vec<PartitionKey> = Vec::new();
    // Keys that were added over time are missing in older paths.
    let Some(longest) = entries.iter().max_by_key(|entry| entry.segments().len()) else { return keys };
    for (position, segment) in longest.segments().iter().enumerate().skip(depth(entries)) {
        let plain = match segment {
            Segment::Name => continue,
            Segment::Key { key, .. } => key.as_str(),
            Segment::Date { part, .. } => part,
            Segment::Id => "id",
            Segment::Number => "number",
            Segment::Sibling => "folder",
        };
        let taken = |name: &str| keys.iter().any(|key| key.name == name);
        let name = match (1..)
            .map(|n| if n == 1 { plain.to_string() } else { format!("{plain}_{n}") })
            .find(|n| !taken(n))
        {
            Some(name) => name,
            None => continue,
        };
        // Neighbours mostly share their folder, and with it the value.
        let folders = entries.chunk_by(|a, b| Rc::ptr_eq(&a.folder, &b.folder)).map(|same| &same[0]);
        let values: BTreeSet<String> = folders.filter_map(|entry| value_at(entry, position)).collect();
        keys.push(PartitionKey { name, kind: type_of(&values) });
    }
    keys
}

/// How many folders lie above the partitions of blobs that share a template. A number or an id that all of them lie
/// below (an account, a bucket) tells no partition: it is a part of where the dataset lies. So is the one date above
/// the keys of a tree that was put by as a whole (`backup/2024-06-01/orders/dt=…`).
pub(super) fn depth(entries: &[Entry<'_, '_>]) -> usize {
    let first = &entries[0];
    let shared = |at: usize| {
        let above = first.folder().split('/').take(at + 1);
        let end = above.map(|folder| folder.len() + 1).sum::<usize>() - 1;
        let above = &first.folder()[..end];
        let below = |entry: &Entry<'_, '_>| {
            entry.folder().strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        entries.iter().all(below)
    };
    let segments = first.segments();
    let is_above = |at: usize| match &segments[at] {
        Segment::Name => true,
        Segment::Number | Segment::Id => shared(at),
        Segment::Date { .. } => {
            segments.get(at + 1) == Some(&Segment::Name)
                && segments[at + 1..].iter().any(|segment| *segment != Segment::Name)
                && shared(at)
        }
        _ => false,
    };
    (0..segments.len()).take_while(|at| is_above(*at)).count()
}

fn value_at(entry: &Entry<'_, '_>, position: usize) -> Option<String> {
    let (folder, segment) = entry.folders().nth(position)?;
    value(folder, segment)
}

fn value(folder: &str, segment: &Segment) -> Option<String> {
    match segment {
        Segment::Key { value, .. } if value == NULL => None,
        Segment::Key { value, .. } | Segment::Date { value, .. } => Some(value.clone()),
        _ => Some(folder.to_string()),
    }
}

/// The narrowest type that takes all values.
fn type_of(values: &BTreeSet<String>) -> FeatureType {
    let all = |fits: fn(&str) -> bool| !values.is_empty() && values.iter().all(|value| fits(value));
    if all(|value| value.len() <= 18 && value.bytes().all(|byte| byte.is_ascii_digit()) && !is_padded(value))
    {
        FeatureType::Int
    } else if all(|value| value.len() == 10 && iso(value).is_some_and(|(part, _)| part == "date")) {
        FeatureType::Date
    } else if all(|value| value == "true" || value == "false") {
        FeatureType::Bool
    } else {
        FeatureType::String
    }
}

/// A leading zero that a number would lose and that months, days and hours can: `007`, but not `07`.
fn is_padded(value: &str) -> bool {
    value.len() > 2 && value.starts_with('0')
}

/// The values that a blob's path gives to its dataset's partition keys, in their order; `None` is null.
///
/// Dates come in ISO form (`20240501` → `2024-05-01`), everything else as it stands, percent escapes undone.
pub fn partition_values(dataset: &Dataset, path: &str) -> Vec<Option<String>> {
    let folders: Vec<&str> =
        path.rsplit_once('/').map_or("", |(folder, _)| folder).split('/').filter(|f| !f.is_empty()).collect();
    let depth = dataset.root.split('/').filter(|folder| !folder.is_empty()).count();
    let meanings = segments(folders.iter().copied());
    let below: Vec<(&str, &Segment)> = folders.iter().copied().zip(&meanings).skip(depth).collect();
    let telling: Vec<_> = below.iter().filter(|(_, segment)| **segment != Segment::Name).collect();
    let wanted = dataset.partition_keys.len();
    let mut values: Vec<Option<String>> = if telling.len() == wanted {
        telling.into_iter().map(|(folder, segment)| value(folder, segment)).collect()
    } else {
        // Folders of siblings are told by their neighbours, which a single path does not show.
        below.iter().map(|(folder, segment)| value(folder, segment)).take(wanted).collect()
    };
    values.resize(wanted, None);
    values
}
