//! Datasets: which blobs have one meaning, told from paths, formats, schemas and table logs; pure.
//!
//! Reading order: what belongs to no dataset goes first, then tables that keep a log of themselves, then every
//! layout and format by itself: names make families, schemas split them, and each is described.
//!
//! | file | owns |
//! |---|---|
//! | `exclude` | markers, hidden, temporary and broken blobs |
//! | `tables` | Delta, Hudi and Iceberg tables, exports and directories by their logs |
//! | `place` | where a file lies that a log names by a URI |
//! | `segment`, `name`, `words` | what a folder's and a file's name says |
//! | `layout`, `sibling` | paths understood; folders that differ only by whom they are of |
//! | `shared` | folders and names kept once for all blobs that have them |
//! | `cluster`, `fellow`, `similar` | families of names, joined or split as their schemas are |
//! | `describe`, `partition`, `naming` | a dataset's root, keys, dialect and name |
//! | `correct` | what people say, which counts for more |

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Anomaly, BlobId, Dataset, Dialect, Schema, SourceId, TableLog, Timestamp};

mod cluster;
mod correct;
mod describe;
mod exclude;
mod fellow;
mod layout;
mod name;
mod naming;
mod partition;
mod place;
mod segment;
mod shared;
mod sibling;
mod similar;
mod tables;
mod words;

pub use correct::{Correction, Corrections, Grouping};
pub(crate) use exclude::is_service_path;
pub(crate) use layout::{base_folder, family_path};
pub use naming::{keep_names, name_of_nobody};
pub use partition::partition_values;
pub use place::{place, unescape};

/// What grouping knows of one blob.
#[derive(Clone, Copy, Debug)]
pub struct BlobFacts<'a> {
    /// The blob.
    pub blob: BlobId,
    /// Its path relative to the source's URL.
    pub path: &'a str,
    /// Stored bytes.
    pub size: u64,
    /// When the store says it was written.
    pub modified: Timestamp,
    /// How its content looks; blobs that look alike may share it, which spares work.
    pub look: &'a Look<'a>,
    /// What is wrong with it.
    pub anomalies: &'a [Anomaly],
    /// What it says of a table.
    pub table_log: Option<&'a TableLog>,
}

/// What grouping knows of a blob's content, which many blobs have in common.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// Id of its format with the layers peeled.
    pub format: &'a str,
    /// Encoding layers around it, outermost first.
    pub layers: &'a [String],
    /// How its text is written.
    pub dialect: &'a Dialect,
    /// Inferred schema of its root part, if it has rows.
    pub schema: Option<&'a Schema>,
}

/// Groups the blobs of a source into datasets, whatever their order; `schema`, `rows` and `context` are left to `link`.
pub fn group(source: &SourceId, blobs: &[BlobFacts<'_>], corrections: &Corrections) -> Vec<Dataset> {
    let belongs =
        |facts: &&BlobFacts<'_>| !exclude::is_excluded(facts) && !corrections.leaves_out(facts.path);
    let mut data: Vec<&BlobFacts<'_>> = blobs.iter().filter(belongs).collect();
    data.sort_by_key(|facts| facts.path);
    let mut datasets = Vec::new();
    for table in tables::take_tables(source, blobs, &mut data) {
        datasets.push(describe::table(source, table));
    }
    let corrected = corrections.take(&mut data);
    for (name, blobs) in corrected.named {
        datasets.push(describe::named(source, &name, layout::entries(blobs)));
    }
    let mut layouts: layout::Layouts<'_, '_> = BTreeMap::new();
    layout::add(&mut layouts, layout::entries(data));
    let mut layouts = layout::join_grown(layouts);
    for folder in corrected.folders.into_values() {
        layout::add(&mut layouts, layout::flat_entries(folder));
    }
    for ((template, _), entries) in layouts {
        let clusters = cluster::clusters(entries);
        datasets.extend(clusters.iter().map(|cluster| describe::describe(source, &template, cluster)));
    }
    for entry in layout::flat_entries(corrected.files) {
        let template = entry.template();
        datasets.push(describe::describe(source, &template, &cluster::single(entry)));
    }
    datasets.sort_by(|a, b| (&a.root, &a.id).cmp(&(&b.root, &b.id)));
    naming::settle(&mut datasets);
    datasets
}

/// Blobs of a source that lie among a table's data files and that its log does not call its data, or no longer.
pub(crate) fn dead(source: &SourceId, blobs: &[BlobFacts<'_>]) -> BTreeSet<BlobId> {
    let may_be = |facts: &&BlobFacts<'_>| tables::may_be_data(facts) && !is_service_path(facts.path);
    let mut data: Vec<&BlobFacts<'_>> = blobs.iter().filter(may_be).collect();
    let mut dead: BTreeSet<BlobId> = data.iter().map(|facts| facts.blob).collect();
    let tables = tables::take_tables(source, blobs, &mut data);
    for facts in tables.iter().flat_map(|table| &table.data).chain(&data) {
        dead.remove(&facts.blob);
    }
    dead
}

#[cfg(test)]
mod tests;
