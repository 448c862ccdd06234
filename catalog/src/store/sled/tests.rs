//! Tests of blocks and their log: as a map would have it, over kills and at any size.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::memory::MemoryStore;
use super::*;

const TINY: Sizes = Sizes { block: 96, block_max: 160, pending_max: 2_000, cache: 400 };

fn batch(writes: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Batch {
    Batch { expect: None, writes }
}

fn everything(store: &dyn Store) -> Vec<Entry> {
    store.scan(&[], &[u8::MAX; 70], usize::MAX).unwrap()
}

fn a_key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (0..40u8).prop_map(|number| vec![b'k', number]),
        ("[ab]{1,2}/[ab]{1,3}/[a-e]{1,4}").prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 1..4),
    ]
}

fn a_value() -> impl Strategy<Value = Option<Vec<u8>>> {
    prop_oneof![
        1 => Just(None),
        3 => prop::collection::vec(any::<u8>(), 0..60).prop_map(Some),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn it_is_a_map(
        batches in prop::collection::vec(prop::collection::vec((a_key(), a_value()), 1..30), 1..24),
        reopened in 0..24usize,
        ranges in prop::collection::vec((a_key(), a_key(), 0..30usize), 8),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let mut store = SledStore::open_with(directory.path(), TINY).unwrap();
        let map = MemoryStore::new();
        for (number, writes) in batches.iter().enumerate() {
            store.commit(&batch(writes.clone())).unwrap();
            map.commit(&batch(writes.clone())).unwrap();
            if number == reopened {
                drop(store);
                store = SledStore::open_with(directory.path(), TINY).unwrap();
            }
        }
        prop_assert_eq!(everything(&store), everything(&map));
        for (from, to, limit) in &ranges {
            prop_assert_eq!(store.scan(from, to, *limit).unwrap(), map.scan(from, to, *limit).unwrap());
            prop_assert_eq!(store.get(from).unwrap(), map.get(from).unwrap());
        }
        store.settle().unwrap();
        prop_assert_eq!(everything(&store), everything(&map));
        store.rewrite().unwrap();
        prop_assert_eq!(everything(&store), everything(&map));
    }

    #[test]
    fn bytes_from_outside_are_an_error_at_worst(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = block::Block::decode(&bytes);
        let _ = block::take_change(&mut bytes.as_slice());
    }
}

/// Values of a sled database as a kill would leave them, put into another directory.
fn copied(store: &SledStore, directory: &Path) {
    let fresh = open(directory).unwrap();
    store
        .with(|tree| {
            for entry in tree.database.iter() {
                let (key, value) = entry.unwrap();
                fresh.insert(key, value).unwrap();
            }
            Ok(())
        })
        .unwrap();
    fresh.flush().unwrap();
    drop(fresh);
    drop(rewrite::wait_until_closed(directory).unwrap());
}

#[test]
fn a_kill_while_changes_are_worked_in_loses_and_revives_nothing() {
    let root = tempfile::tempdir().unwrap();
    let sizes = Sizes { pending_max: usize::MAX, ..TINY };
    let store = SledStore::open_with(&root.path().join("store"), sizes).unwrap();
    let key = |number: u32| format!("folder/{number:05}").into_bytes();
    let mut expected = BTreeMap::new();
    for round in 0..3u32 {
        for chunk in (0..5_000).collect::<Vec<u32>>().chunks(500) {
            let write = |number: &u32| {
                let value =
                    (!(number + round).is_multiple_of(3)).then(|| format!("{round} {number}").into_bytes());
                (key(*number), value)
            };
            let writes: Vec<_> = chunk.iter().map(write).collect();
            expected.extend(writes.clone());
            store.commit(&batch(writes)).unwrap();
        }
    }
    let expected: Vec<Entry> = expected.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    let end = store.with(|tree| Ok(tree.log_end())).unwrap();
    let mut from = Some(Vec::new());
    let mut step = 0;
    while let Some(key) = from {
        from = store.with_mut(|tree| tree.settle_from(&key)).unwrap();
        let killed = root.path().join(format!("killed {step}"));
        copied(&store, &killed);
        assert_eq!(everything(&SledStore::open_with(&killed, sizes).unwrap()), expected, "after step {step}");
        step += 1;
    }
    assert!(step > 2, "one step shows nothing");
    assert_eq!(everything(&store), expected);
    store.with_mut(|tree| tree.forget_log(end / 2)).unwrap();
    copied(&store, &root.path().join("half a log"));
    assert_eq!(everything(&SledStore::open_with(&root.path().join("half a log"), sizes).unwrap()), expected);
}

#[test]
fn large_values_go_in_pieces_and_leave_none_behind() {
    let directory = tempfile::tempdir().unwrap();
    let store = SledStore::open_with(directory.path(), TINY).unwrap();
    let count = |space: &[u8]| store.with(|tree| Ok(tree.database.scan_prefix(space).count())).unwrap();
    for round in 0..4u8 {
        let large = vec![round; 100_000];
        store.commit(&batch(vec![(b"large".to_vec(), Some(large.clone()))])).unwrap();
        assert_eq!(store.get(b"large").unwrap(), Some(large));
        assert_eq!(count(b"O"), 7, "the pieces of the value before are gone");
    }
    drop(store);
    let store = SledStore::open_with(directory.path(), TINY).unwrap();
    store.commit(&batch(vec![(b"other".to_vec(), Some(vec![9; 100_000]))])).unwrap();
    assert_eq!(store.get(b"large").unwrap(), Some(vec![3; 100_000]));
    store.commit(&batch(vec![(b"large".to_vec(), None), (b"other".to_vec(), None)])).unwrap();
    store.settle().unwrap();
    assert_eq!(everything(&store), []);
    let left = store.with(|tree| Ok(tree.database.iter().count())).unwrap();
    assert_eq!(left, 1, "all but the version");
}
