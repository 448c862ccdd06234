//! Tests of how annotations follow datasets.

use std::sync::Arc;

use super::*;
use crate::env::fixed;
use crate::model::{Dialect, Principal, SourceId, Timestamp};
use crate::store::memory::MemoryStore;

fn dataset(id: &str, root: &str, blobs: &[&str]) -> Dataset {
    let source = SourceId("s".into());
    Dataset {
        id: DatasetId(id.into()),
        name: id.into(),
        root: root.into(),
        format: "csv".into(),
        compression: None,
        dialect: Dialect::default(),
        partition_keys: Vec::new(),
        blobs: blobs.iter().map(|path| BlobId::of(&source, path)).collect(),
        source,
        schema: None,
        rows: None,
        bytes: 0,
        context: None,
        anomalies: Vec::new(),
        corrected: false,
    }
}

fn said(id: &str, feature: &str, tag: &str, description: &str) -> Annotation {
    Annotation {
        about: Annotated::Dataset(DatasetId(id.into())),
        feature: feature.into(),
        tags: [tag.to_owned()].into(),
        owners: BTreeSet::new(),
        description: description.into(),
        by: "ann".into(),
        at: Timestamp(1),
    }
}

fn catalog_with(annotations: &[Annotation]) -> Catalog {
    let catalog = Catalog::open(Arc::new(MemoryStore::new()), fixed::env(1)).unwrap();
    let changes: Vec<_> = annotations.iter().map(|said| Change::put(said).unwrap()).collect();
    catalog.commit(&Principal::system(), &changes).unwrap();
    catalog
}

fn followed(catalog: &Catalog, gone: &[&Dataset], live: &[Dataset]) -> Annotations {
    let changes = follow(catalog, gone, live).unwrap();
    catalog.commit(&Principal::system(), &changes).unwrap();
    Annotations::load(catalog, AsOf::Now).unwrap()
}

#[test]
fn what_is_said_goes_to_who_took_most_blobs() {
    let old = dataset("old", "raw", &["a", "b", "c"]);
    let catalog = catalog_with(&[said("old", "", "gold", "orders"), said("old", "email", "pii", "")]);
    let live = [dataset("x", "raw", &["a"]), dataset("y", "elsewhere", &["b", "c"])];
    let annotations = followed(&catalog, &[&old], &live);
    assert!(annotations.of_dataset(&old.id).is_empty() && annotations.of_dataset(&live[0].id).is_empty());
    let moved: Vec<_> =
        annotations.of_dataset(&live[1].id).iter().map(|said| (said.feature.as_str(), &said.tags)).collect();
    assert_eq!(moved, [("", &["gold".to_owned()].into()), ("email", &["pii".to_owned()].into())]);
    let before = Annotations::load(&catalog, AsOf::Time(Timestamp(0))).unwrap();
    assert_eq!(before.all().count(), 0);
}

#[test]
fn of_two_that_become_one_nothing_is_lost() {
    let (one, two) = (dataset("one", "raw/1", &["a", "b"]), dataset("two", "raw/2", &["c"]));
    let catalog = catalog_with(&[said("one", "", "gold", "orders"), said("two", "", "eu", "more orders")]);
    let live = [dataset("both", "raw", &["a", "b", "c"])];
    let annotations = followed(&catalog, &[&one, &two], &live);
    let [joined] = annotations.of_dataset(&live[0].id) else { panic!("{annotations:?}") };
    assert_eq!(joined.tags, ["eu".to_owned(), "gold".to_owned()].into());
    assert_eq!(joined.description, "orders\nmore orders");
}

#[test]
fn what_nobody_took_waits() {
    let old = dataset("old", "raw", &["a"]);
    let catalog = catalog_with(&[said("old", "", "gold", "")]);
    let annotations = followed(&catalog, &[&old], &[dataset("other", "raw", &["z"])]);
    assert_eq!(annotations.of_dataset(&old.id).len(), 1);
}
