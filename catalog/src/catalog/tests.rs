//! Tests of the catalog: past states, purges, kills, indexes, paging, the audit chain.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::env::{Clock, fixed};
use crate::error::Kind;
use crate::model::{BlobId, Dataset, DatasetId, Dialect, Source, SourceId, Type, TypeId, TypeKind};
use crate::store::memory::MemoryStore;
use crate::store::record::type_name_key;

fn catalog() -> (Arc<MemoryStore>, Catalog) {
    let store = Arc::new(MemoryStore::new());
    let catalog = Catalog::open(Arc::clone(&store) as _, fixed::env(1)).unwrap();
    (store, catalog)
}

fn source(n: usize, schedule: Option<&str>) -> Source {
    let url = format!("file:///lake{n}");
    Source {
        id: SourceId::of(&url),
        url,
        added: Timestamp(0),
        schedule: schedule.map(Into::into),
        grouped: None,
        recognised: None,
        index_key: None,
        tags_denied: false,
    }
}

fn id(number: u8) -> DatasetId {
    DatasetId(format!("dataset {number}").repeat(2))
}

fn dataset(number: u8, blobs: &[u8]) -> Dataset {
    Dataset {
        id: id(number),
        source: SourceId::of("file:///lake"),
        name: number.to_string(),
        root: "orders".into(),
        format: "csv".into(),
        compression: None,
        dialect: Dialect::default(),
        partition_keys: Vec::new(),
        blobs: blobs.iter().map(|blob| BlobId([*blob; 20])).collect(),
        schema: None,
        rows: None,
        bytes: 0,
        context: None,
        anomalies: Vec::new(),
        corrected: false,
    }
}

fn put(catalog: &Catalog, changes: &[Change]) -> u64 {
    catalog.commit(&Principal::system(), changes).unwrap()
}

fn put_one<R: Record>(catalog: &Catalog, record: &R) -> Timestamp {
    let sequence = put(catalog, &[Change::put(record).unwrap()]);
    catalog.journal(sequence).unwrap().unwrap().at
}

#[test]
fn every_read_can_be_asked_as_of_a_past_time() {
    let (_, catalog) = catalog();
    let id = source(1, None).id;
    let first = put_one(&catalog, &source(1, None));
    let second = put_one(&catalog, &source(1, Some("@daily")));
    put_one(&catalog, &source(2, None));
    let closed = put(&catalog, &[Change::close::<Source>(&id)]);
    let closed = catalog.journal(closed).unwrap().unwrap().at;
    let schedule =
        |at: i64| catalog.get::<Source>(&id, AsOf::Time(Timestamp(at))).unwrap().map(|s| s.schedule);
    assert_eq!(schedule(first.0 - 1), None);
    assert_eq!(schedule(first.0), Some(None));
    assert_eq!(schedule(second.0 - 1), Some(None));
    assert_eq!(schedule(second.0), Some(Some("@daily".into())));
    assert_eq!(schedule(closed.0 - 1), Some(Some("@daily".into())));
    assert_eq!(schedule(closed.0), None);
    assert_eq!(catalog.get::<Source>(&id, AsOf::Now).unwrap(), None);
    let listed = |as_of| catalog.all::<Source>(as_of).unwrap().len();
    assert_eq!((listed(AsOf::Time(Timestamp(closed.0 - 1))), listed(AsOf::Now)), (2, 1));
    assert_eq!(listed(AsOf::Time(Timestamp(0))), 0);
    let history: Vec<_> = catalog.history::<Source>(&id).unwrap();
    let told: Vec<_> = history.iter().map(|(at, version)| (*at, version.is_some())).collect();
    assert_eq!(told, [(closed, false), (second, true), (first, true)]);
}

/// A clock that somebody sets back.
struct Unsteady(AtomicI64);

impl Clock for Unsteady {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[test]
fn a_clock_set_back_does_not_confuse_the_past() {
    let clock = Arc::new(Unsteady(AtomicI64::new(1_000)));
    let env = Env { clock: Arc::clone(&clock) as _, ..fixed::env(1) };
    let catalog = Catalog::open(Arc::new(MemoryStore::new()), env).unwrap();
    for (n, now) in [1_000, 2_000, 500, 600, 3_000].into_iter().enumerate() {
        clock.0.store(now, Ordering::SeqCst);
        put_one(&catalog, &source(n, None));
    }
    let seen = |at| catalog.all::<Source>(AsOf::Time(Timestamp(at))).unwrap().len();
    assert_eq!((seen(999), seen(1_000), seen(2_000), seen(3_000)), (0, 1, 4, 5));
}

#[test]
fn a_purge_leaves_nothing_and_a_later_put_starts_anew() {
    let (store, catalog) = catalog();
    let of_blob = |blob: u8| catalog.find::<Dataset>(Index::DatasetOfBlob, &[blob; 20]).unwrap();
    put_one(&catalog, &dataset(3, &[1]));
    put_one(&catalog, &dataset(3, &[2]));
    put_one(&catalog, &dataset(4, &[2]));
    put(&catalog, &[Change::purge::<Dataset>(&id(3))]);
    assert_eq!(catalog.history::<Dataset>(&id(3)).unwrap(), []);
    assert_eq!(catalog.get::<Dataset>(&id(3), AsOf::Now).unwrap(), None);
    assert_eq!(of_blob(2), [dataset(4, &[2])]);
    let remains = store.scan(&[], &[u8::MAX; 8], usize::MAX).unwrap();
    let purged = id(3).0.into_bytes();
    assert!(!remains.iter().any(|(key, _)| key.windows(purged.len()).any(|window| window == purged)));
    // Put and purged and put in one commit: the last word counts.
    let both = [
        Change::put(&dataset(3, &[7])).unwrap(),
        Change::purge::<Dataset>(&id(3)),
        Change::put(&dataset(3, &[8])).unwrap(),
    ];
    put(&catalog, &both);
    assert_eq!(catalog.history::<Dataset>(&id(3)).unwrap().len(), 1);
    assert_eq!((of_blob(7).len(), of_blob(8).len()), (0, 1));
    assert_eq!(catalog.check().unwrap(), []);
}

#[test]
fn indexes_follow_their_records() {
    let (_, catalog) = catalog();
    let found = |blob: u8| -> Vec<String> {
        let records = catalog.find::<Dataset>(Index::DatasetOfBlob, &[blob; 20]).unwrap();
        records.into_iter().map(|record| record.name).collect()
    };
    let both = [Change::put(&dataset(0, &[0, 1, 1])).unwrap(), Change::put(&dataset(5, &[1])).unwrap()];
    put(&catalog, &both);
    assert_eq!(found(0), ["0"], "zero bytes in values are no trouble");
    assert_eq!(found(1), ["0", "5"]);
    put_one(&catalog, &dataset(0, &[2]));
    assert_eq!((found(0).len(), found(1), found(2)), (0, vec!["5".to_owned()], vec!["0".to_owned()]));
    put(&catalog, &[Change::close::<Dataset>(&id(0))]);
    assert_eq!(found(2), Vec::<String>::new());
    let named = |id: i64, name: &str| Type {
        id: TypeId(id),
        of: TypeKind::Context,
        name: name.into(),
        version: None,
        properties: Default::default(),
    };
    let id = catalog.reserve_ids(2).unwrap();
    put(&catalog, &[Change::put(&named(id, "a")).unwrap(), Change::put(&named(id + 1, "ab")).unwrap()]);
    let types = catalog.find::<Type>(Index::TypeName, &type_name_key(TypeKind::Context, "a")).unwrap();
    assert_eq!(types.len(), 1, "a name is no prefix of another");
    assert_eq!(catalog.check().unwrap(), []);
}

#[test]
fn a_commit_is_all_or_nothing_wherever_it_is_killed() {
    let dataset = |name: &str| Dataset {
        id: DatasetId(name.into()),
        source: SourceId("s".into()),
        name: name.into(),
        root: String::new(),
        format: "csv".into(),
        compression: None,
        dialect: Dialect::default(),
        partition_keys: Vec::new(),
        blobs: vec![BlobId([1; 20])],
        schema: None,
        rows: None,
        bytes: 0,
        context: None,
        anomalies: Vec::new(),
        corrected: false,
    };
    let run = |catalog: &Catalog| -> Result<()> {
        let by = Principal::system();
        catalog.reserve_ids(3)?;
        catalog.commit(&by, &[Change::put(&source(1, None))?, Change::put(&dataset("one"))?])?;
        let changes = [
            Change::put(&dataset("two"))?,
            Change::close::<Source>(&source(1, None).id),
            Change::audit("crawl", "run 1", "ok"),
        ];
        catalog.commit(&by, &changes)?;
        Ok(())
    };
    let (whole, catalog) = catalog();
    run(&catalog).unwrap();
    let undisturbed = whole.commits();
    for killed_after in 1..undisturbed {
        let store = Arc::new(MemoryStore::new());
        store.fail_after(killed_after);
        let catalog = Catalog::open(Arc::clone(&store) as _, fixed::env(1)).unwrap();
        assert_eq!(run(&catalog).unwrap_err().kind, Kind::Unavailable);
        store.fail_after(0);
        let catalog = Catalog::open(store, fixed::env(1)).unwrap();
        assert_eq!(catalog.check().unwrap(), [], "killed after {killed_after} commits");
        let (datasets, sequence) = (catalog.all::<Dataset>(AsOf::Now).unwrap(), catalog.sequence().unwrap());
        assert_eq!(datasets.len() as u64, sequence, "a dataset a commit, or none");
        run(&catalog).unwrap();
        assert_eq!(catalog.all::<Dataset>(AsOf::Now).unwrap().len(), 2);
    }
}

#[test]
fn listing_pages_over_many_versions_and_closed_records() {
    let (_, catalog) = catalog();
    for round in 0..12 {
        let changes: Vec<_> =
            (0..200).map(|n| Change::put(&source(n, Some(&round.to_string()))).unwrap()).collect();
        put(&catalog, &changes);
    }
    let mut ids: Vec<_> = (0..200).map(|n| source(n, None).id.0).collect();
    let closed: Vec<_> = (0..200).step_by(3).map(|n| source(n, None).id).collect();
    put(&catalog, &closed.iter().map(Change::close::<Source>).collect::<Vec<_>>());
    ids.retain(|id| !closed.iter().any(|closed| closed.0 == *id));
    ids.sort();
    for limit in [1, 7, 64, 1_000] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = catalog.list::<Source>(AsOf::Now, after.as_deref(), limit).unwrap();
            assert!(
                page.records.len() <= limit
                    && page.records.iter().all(|s| s.schedule.as_deref() == Some("11"))
            );
            seen.extend(page.records.into_iter().map(|source| source.id.0));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, ids, "pages of {limit}");
    }
}

#[test]
fn an_equal_version_is_no_version_and_ids_are_never_given_twice() {
    let (_, catalog) = catalog();
    put_one(&catalog, &source(1, None));
    put_one(&catalog, &source(1, None));
    assert_eq!(catalog.history::<Source>(&source(1, None).id).unwrap().len(), 1);
    assert_eq!((catalog.reserve_ids(5).unwrap(), catalog.reserve_ids(1).unwrap()), (1, 6));
}

#[test]
fn the_audit_log_is_a_chain_that_shows_a_change() {
    let (store, catalog) = catalog();
    let privacy = Principal { name: "token:officer".into(), roles: Vec::new() };
    catalog.commit(&privacy, &[Change::audit("look up subject", "EMAIL_ADDRESS", "ok")]).unwrap();
    let two = [Change::audit("plan erasure", "r1", "ok"), Change::audit("approve", "p1", "denied")];
    catalog.commit(&privacy, &two).unwrap();
    let entries = catalog.audit(0, 10).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(entries.windows(2).all(|pair| pair[1].previous == pair[0].hash));
    assert_eq!(catalog.audit(2, 1).unwrap()[0].action, "plan erasure");
    assert_eq!(catalog.check().unwrap(), []);
    let mut forged = entries[1].clone();
    forged.principal = "token:somebody-else".into();
    let forged = Some(rmp_serde::to_vec_named(&forged).unwrap());
    store.commit(&Batch { expect: None, writes: vec![(key::audit(2), forged)] }).unwrap();
    assert_eq!(catalog.check().unwrap().len(), 1);
}

#[test]
fn two_writers_cannot_both_be_first() {
    let (store, one) = catalog();
    put_one(&one, &source(1, None));
    // Another process commits between this one's read and its write.
    let other = Catalog::open(Arc::clone(&store) as _, fixed::env(2)).unwrap();
    put_one(&other, &source(2, None));
    put_one(&one, &source(3, None));
    assert_eq!(one.sequence().unwrap(), 3);
    let stale = Batch { expect: Some((key::meta("sequence"), Some(vec![9]))), writes: Vec::new() };
    assert!(matches!(store.commit(&stale), Err(StoreError::Conflict)));
}

#[test]
fn what_a_later_release_wrote_is_refused_and_damage_is_told() {
    let bytes = encode(&source(1, None)).unwrap();
    assert_eq!(decode::<Source>(&bytes).unwrap(), source(1, None));
    let later = [&[Source::VERSION + 1], &bytes[1..]].concat();
    let error = decode::<Source>(&later).unwrap_err();
    assert!(error.kind == Kind::Corrupt && error.to_string().contains("later release"), "{error}");
    for end in 0..bytes.len() {
        assert_eq!(decode::<Source>(&bytes[..end]).unwrap_err().kind, Kind::Corrupt);
    }
    let (store, catalog) = catalog();
    drop(catalog);
    let writes = vec![(key::meta("format"), Some(99_u64.to_be_bytes().to_vec()))];
    store.commit(&Batch { expect: None, writes }).unwrap();
    let opened = Catalog::open(store, fixed::env(1));
    assert!(opened.is_err_and(|error| error.to_string().contains("later release")));
}
