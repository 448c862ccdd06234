//! Tests of finding damage in a store.

use std::sync::Arc;

use super::super::memory::MemoryStore;
use super::super::{Batch, key};
use super::*;
use crate::env::fixed;
use crate::model::{Principal, SourceId, TypeId, TypeKind};
use crate::{Catalog, Change};

fn source(n: u32) -> Source {
    let url = format!("file:///lake{n}");
    Source {
        id: SourceId::of(&url),
        url,
        added: Timestamp(0),
        schedule: None,
        grouped: None,
        recognised: None,
        index_key: None,
        tags_denied: false,
    }
}

fn graph_type(id: i64, name: &str) -> Type {
    Type {
        id: TypeId(id),
        of: TypeKind::Artifact,
        name: name.into(),
        version: None,
        properties: Default::default(),
    }
}

fn catalog() -> (Arc<MemoryStore>, Catalog) {
    let store = Arc::new(MemoryStore::new());
    let catalog = Catalog::open(Arc::clone(&store) as _, fixed::env(1)).unwrap();
    let id = catalog.reserve_ids(2).unwrap();
    let by = Principal::system();
    let put = |changes: &[Change]| catalog.commit(&by, changes).unwrap();
    put(&[Change::put(&source(1)).unwrap(), Change::put(&graph_type(id, "model")).unwrap()]);
    put(&[
        Change::put(&graph_type(id, "renamed")).unwrap(),
        Change::audit("look up subject", "plan 1", "ok"),
    ]);
    put(&[Change::close::<Source>(&source(1).id), Change::audit("approve erasure plan", "plan 1", "ok")]);
    (store, catalog)
}

/// Problems after some keys were written behind the catalog's back.
fn after(writes: impl FnOnce(&MemoryStore) -> Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Vec<String> {
    let (store, catalog) = catalog();
    let writes = writes(&store);
    store.commit(&Batch { expect: None, writes }).unwrap();
    catalog.check().unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn a_whole_catalog_has_no_problem() {
    assert_eq!(after(|_| Vec::new()), Vec::<String>::new());
    assert_eq!(check(&MemoryStore::new()).unwrap(), [], "nor has an empty one");
    let kinds: HashSet<u8> = RECORDS.iter().map(|record| record.kind).collect();
    assert_eq!(kinds.len(), RECORDS.len(), "no two records share a kind");
}

#[test]
fn damage_is_told() {
    let one = |problems: Vec<String>, expected: &str| {
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{expected}: {problems:?}");
    };
    let type_id = 1_i64.to_be_bytes();
    let record = key::record(b'T', &type_id, 2);
    let index = |name: &str| key::index(Index::TypeName as u8, name.as_bytes(), b'T', &type_id);
    one(
        after(|_| vec![(record.clone(), Some(vec![1, 0xff]))]),
        "type 0000000000000001 of commit 2 does not decode",
    );
    one(after(|_| vec![(record.clone(), Some(vec![9]))]), "does not decode");
    one(
        after(|_| vec![(key::record(b'T', &type_id, 99), Some(Vec::new()))]),
        "commit 99, which was not made",
    );
    one(after(|_| vec![(key::record(b'!', b"x", 1), Some(Vec::new()))]), "unknown kind 33");
    one(after(|_| vec![(index("0renamed"), None)]), "index: number 6 does not lead to type");
    one(
        after(|_| vec![(index("0stray"), Some(Vec::new()))]),
        "index: number 6 has an entry that leads to no record",
    );
    one(after(|_| vec![(key::journal(2), None)]), "journal: commit 2 is missing before 3");
    one(after(|_| vec![(key::journal(3), None)]), "journal: it ends with commit 2, the last was 3");
    one(after(|_| vec![(key::meta("last_id"), None)]), "counter");
    one(after(|_| vec![(key::audit(1), None)]), "audit: entry 1 is missing before 2");
    one(after(|_| vec![(key::audit(2), None)]), "audit: the log does not end");
    let changed = |store: &MemoryStore| {
        let mut entry: AuditEntry =
            rmp_serde::from_slice(&store.get(&key::audit(1)).unwrap().unwrap()).unwrap();
        entry.outcome = "denied".into();
        vec![(key::audit(1), Some(rmp_serde::to_vec_named(&entry).unwrap()))]
    };
    assert_eq!(after(changed), ["audit: entry 1 was changed after it was written"]);
    let rehashed = |store: &MemoryStore| {
        let mut entry: AuditEntry =
            rmp_serde::from_slice(&store.get(&key::audit(1)).unwrap().unwrap()).unwrap();
        entry.outcome = "denied".into();
        entry.hash = entry.expected_hash();
        vec![(key::audit(1), Some(rmp_serde::to_vec_named(&entry).unwrap()))]
    };
    assert_eq!(after(rehashed), ["audit: entry 2 does not follow from the one before"]);
}

#[test]
fn an_export_is_checked_like_its_catalog() {
    let (_, catalog) = catalog();
    let mut file = Vec::new();
    catalog.export(&mut file).unwrap();
    let copy = MemoryStore::new();
    super::super::export::import(&copy, &mut file.as_slice()).unwrap();
    assert_eq!(check(&copy).unwrap(), []);
    let copy = Catalog::open(Arc::new(copy), fixed::env(2)).unwrap();
    assert_eq!(copy.history::<Source>(&source(1).id).unwrap().len(), 2, "closed history goes along");
    assert_eq!(copy.sequence().unwrap(), catalog.sequence().unwrap());
}
