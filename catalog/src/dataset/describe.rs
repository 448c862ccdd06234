//! What a cluster of blobs says about itself as a dataset: root, partition keys, compression, dialect, name, id.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::cluster::Cluster;
use super::layout::{self, Entry, is_part_word};
use super::partition;
use super::segment::Segment;
use super::tables::Table;
use crate::model::{Anomaly, AnomalyKind, Dataset, DatasetId, Dialect, FeatureType, PartitionKey, SourceId};

/// Describes a cluster found at a template; its name is made unique by [`super::naming`].
pub(super) fn describe(source: &SourceId, template: &str, cluster: &Cluster<'_, '_>) -> Dataset {
    let entries = &cluster.entries;
    let folders: BTreeSet<&str> = entries.iter().map(Entry::folder).collect();
    let keyed = entries[0].segments().iter().any(|segment| matches!(segment, Segment::Key { .. }));
    let partitioned = keyed || (entries.len() > 1 && (folders.len() > 1 || is_dated(&entries[0])));
    let root = match (partitioned, entries.len()) {
        (true, _) => base(entries).to_string(),
        (false, 1) => entries[0].facts.path.to_string(),
        (false, _) => entries[0].folder().to_string(),
    };
    let stem = cluster.stem.as_deref();
    let identity = [&source.0, template, &entries[0].family(), stem.unwrap_or(""), &cluster.mark].join("\0");
    Dataset {
        id: DatasetId(hex::encode(&blake3::hash(identity.as_bytes()).as_bytes()[..8])),
        source: source.clone(),
        name: plain_name(entries, stem, &root),
        root,
        format: most_common(entries.iter().map(|entry| entry.facts.look.format)).to_string(),
        compression: compression(entries),
        dialect: dialect(entries),
        partition_keys: if partitioned { partition::keys(entries) } else { Vec::new() },
        blobs: entries.iter().map(|entry| entry.facts.blob).collect(),
        schema: None,
        rows: None,
        bytes: entries.iter().map(|entry| entry.facts.size).sum(),
        context: None,
        anomalies: Vec::new(),
        corrected: false,
    }
}

/// Describes blobs of which a person said that they are one dataset, and what it is called.
pub(super) fn named(source: &SourceId, name: &str, entries: Vec<Entry<'_, '_>>) -> Dataset {
    let cluster = Cluster { entries, stem: None, mark: name.to_string() };
    let entries = &cluster.entries;
    let mut dataset = describe(source, "\0corrected", &cluster);
    let template = entries[0].template();
    let mut folders = entries.chunk_by(|a, b| Rc::ptr_eq(&a.folder, &b.folder)).map(|same| &same[0]);
    if folders.any(|entry| entry.template() != template) {
        dataset.partition_keys = Vec::new();
    }
    if entries.len() > 1 && dataset.partition_keys.is_empty() {
        let common = entries.iter().map(Entry::folder).reduce(common_folder);
        dataset.root = common.unwrap_or_default().to_string();
    }
    let identity = [&source.0, "\0corrected\0", name].concat();
    dataset.id = DatasetId(hex::encode(&blake3::hash(identity.as_bytes()).as_bytes()[..8]));
    dataset.name = name.to_string();
    dataset.corrected = true;
    dataset
}

/// The deepest folder above both.
fn common_folder<'a>(one: &'a str, other: &'a str) -> &'a str {
    let mut end = 0;
    for (folder, same) in one.split('/').zip(other.split('/')) {
        if folder != same {
            break;
        }
        end += folder.len() + 1;
    }
    &one[..end.saturating_sub(1).min(one.len())]
}

/// Describes a table that keeps a log of itself.
pub(super) fn table(source: &SourceId, table: Table<'_, '_>) -> Dataset {
    let entries = layout::entries(table.data);
    let is_log = matches!(table.format, "delta" | "hudi" | "iceberg");
    let mark = if is_log { String::new() } else { entries[0].facts.path.to_string() };
    let cluster = Cluster { entries, stem: None, mark };
    let template = format!("{}/\0{}", table.root, table.format);
    let mut dataset = describe(source, &template, &cluster);
    dataset.root = table.root.to_string();
    dataset.format = table.format.to_string();
    if is_log {
        dataset.compression = None;
    }
    let keyed =
        cluster.entries.iter().all(|entry| entry.segments().iter().any(|s| matches!(s, Segment::Key { .. })));
    let spelled = if keyed { partition::keys(&cluster.entries) } else { Vec::new() };
    dataset.partition_keys = match table.keys {
        Some(keys) => keys.into_iter().map(|key| typed(key, &spelled)).collect(),
        None => spelled,
    };
    dataset.anomalies.extend(table.broken.map(|reason| Anomaly {
        kind: AnomalyKind::TableLogIncomplete,
        member: Vec::new(),
        feature: None,
        reason: format!("{reason}; the names of its files tell what it holds"),
    }));
    dataset.name =
        table.root.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("lake").to_string();
    dataset
}

/// A key that the log tells no type of has the type of its values in the folders' names.
fn typed(key: PartitionKey, spelled: &[PartitionKey]) -> PartitionKey {
    if key.kind != FeatureType::Unknown {
        return key;
    }
    let same = spelled.iter().find(|known| known.name == key.name);
    PartitionKey { kind: same.map_or(FeatureType::String, |known| known.kind.clone()), ..key }
}

/// Whether a path goes by parts of a date, so that it is the first partition though there is no second yet; a lone
/// date may just say when a folder was made.
fn is_dated(entry: &Entry<'_, '_>) -> bool {
    entry.segments().iter().filter(|segment| matches!(segment, Segment::Date { .. })).count() > 1
}

/// The folder above all partitions.
fn base<'a>(entries: &[Entry<'a, '_>]) -> &'a str {
    let folder = entries[0].folder();
    let above = folder.split('/').take(partition::depth(entries));
    let end: usize = above.map(|folder| folder.len() + 1).sum();
    &folder[..end.saturating_sub(1).min(folder.len())]
}

fn most_common<T: Ord>(values: impl Iterator<Item = T>) -> T {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    // Of equally common ones the first in order, whatever the order they came in.
    let best = counts.into_iter().rev().max_by_key(|(_, count)| *count);
    best.expect("a cluster has a blob").0
}

/// The compression that all blobs have; none if some have another or none.
fn compression(entries: &[Entry<'_, '_>]) -> Option<String> {
    let first = entries[0].facts.look.layers.first()?;
    let all = entries.iter().all(|entry| entry.facts.look.layers.first() == Some(first));
    let short = match first.as_str() {
        "gzip" => "gz",
        "zstd" => "zst",
        "bzip2" => "bz2",
        "snappy" => "sz",
        other => other,
    };
    all.then(|| short.to_string())
}

fn dialect(entries: &[Entry<'_, '_>]) -> Dialect {
    fn key(dialect: &Dialect) -> impl Ord + Copy {
        let Dialect { delimiter, quote, header, encoding, preamble_lines } = dialect;
        (delimiter, quote, header, encoding, preamble_lines)
    }
    // Of equal ones any will do.
    let dialects = || entries.iter().map(|entry| entry.facts.look.dialect);
    let most = most_common(dialects().map(key));
    dialects().find(|dialect| key(dialect) == most).cloned().unwrap_or_default()
}

/// Folders that say nothing about the table in them.
const PLAIN_FOLDERS: [&str; 12] = [
    "data", "files", "output", "out", "parts", "current", "latest", "daily", "hourly", "monthly", "default",
    "v1",
];

/// What people would call it: its file's or files' words, or the last telling folder.
fn plain_name(entries: &[Entry<'_, '_>], stem: Option<&str>, root: &str) -> String {
    let entry = &entries[0];
    let named = |word: &str| !is_part_word(word) && *word != *entry.name.extension;
    let plain = entry.plain;
    let bare =
        plain.rsplit_once('.').filter(|_| !entry.name.extension.is_empty()).map_or(plain, |split| split.0);
    if stem.is_some() && entries.len() == 1 {
        return bare.to_string();
    }
    if stem.is_some() && entry.name.words().any(named) {
        let words = entry.name.words().filter(|word| **word != *entry.name.extension);
        return words.collect::<Vec<_>>().join("_");
    }
    let folders = entry.folders().filter(|(_, segment)| **segment == Segment::Name).map(|(folder, _)| folder);
    let folders: Vec<&str> = folders.collect();
    let telling =
        folders.iter().rev().find(|folder| !PLAIN_FOLDERS.contains(&folder.to_lowercase().as_str()));
    match telling.or(folders.last()) {
        Some(folder) => folder.to_string(),
        None if root.is_empty() => "lake".to_string(),
        None => bare.to_string(),
    }
}
