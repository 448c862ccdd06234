//! Linking twice changes nothing; edges that no longer hold go, edges of past versions stay.

use std::sync::Arc;

use super::*;
use crate::env::fixed;
use crate::lineage::derive::tests::version;
use crate::lineage::graph::{BLOB_VERSION, NewArtifact};
use crate::model::Principal;
use crate::store::memory::MemoryStore;

pub(crate) fn catalog() -> Catalog {
    Catalog::open(Arc::new(MemoryStore::default()), fixed::env(7)).unwrap()
}

/// Records a blob's version with its artifact, as a crawl does.
pub(crate) fn crawl(catalog: &Catalog, line: &str) -> BlobVersion {
    let of = graph::ensure(catalog, &BLOB_VERSION).unwrap();
    let mut recorded = version(line);
    let new = NewArtifact { blob: Some(recorded.blob), ..NewArtifact::default() };
    let (artifact, mut changes) = graph::put_artifact(catalog, of, new).unwrap();
    recorded.artifact = artifact;
    changes.push(Change::put(&recorded).unwrap());
    catalog.commit(&Principal::system(), &changes).unwrap();
    recorded
}

pub(crate) fn link(catalog: &Catalog, changed: &[BlobId]) -> usize {
    let changes = edges_changes(catalog, changed).unwrap();
    catalog.commit(&Principal::system(), &changes).unwrap();
    changes.len()
}

fn edges(catalog: &Catalog) -> Vec<String> {
    let executions: Vec<Execution> = catalog.all(AsOf::Now).unwrap();
    executions.into_iter().filter_map(|execution| execution.name).collect()
}

#[test]
fn linking_again_changes_nothing() {
    let catalog = catalog();
    let a = crawl(&catalog, "raw/a.csv csv 1 1 1 1");
    let b = crawl(&catalog, "backups/a.csv csv 2 1 1 1");
    assert_eq!(link(&catalog, &[b.blob]), 3);
    assert_eq!(edges(&catalog), [format!("copy:{}:{}", a.artifact, b.artifact)]);
    assert_eq!(link(&catalog, &[a.blob, b.blob]), 0);
}

#[test]
fn a_better_parent_replaces_a_worse_one_and_past_versions_keep_theirs() {
    let catalog = catalog();
    let b = crawl(&catalog, "silver/a.parquet parquet 2 2 2 1");
    let c = crawl(&catalog, "exports/a.csv csv 3 1 1 1");
    link(&catalog, &[b.blob, c.blob]);
    assert_eq!(edges(&catalog), [format!("convert:{}:{}", b.artifact, c.artifact)]);
    // The origin of both is crawled later: the edge between the two no longer holds.
    let a = crawl(&catalog, "raw/a.csv csv 1 1 1 1");
    link(&catalog, &[a.blob]);
    let (to_b, to_c) =
        (format!("convert:{}:{}", a.artifact, b.artifact), format!("copy:{}:{}", a.artifact, c.artifact));
    assert_eq!(edges(&catalog), [to_b.clone(), to_c.clone()]);
    // The origin gets other content: what came from its past version still did.
    let changed = crawl(&catalog, "raw/a.csv csv 9 8 8 8");
    link(&catalog, &[changed.blob]);
    link(&catalog, &[c.blob, b.blob]);
    assert!(edges(&catalog).contains(&to_b) && edges(&catalog).contains(&to_c));
}
