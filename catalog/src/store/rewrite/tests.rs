//! Tests of rewriting: nothing removed remains, and a kill leaves a whole store.

use std::collections::BTreeMap;

use super::super::sled::SledStore;
use super::super::{Batch, Store};
use super::*;

const CANARY: &str = "canary-ada-berg@mail.example";

fn put(store: &dyn Store, key: &str, value: Option<&str>) {
    let writes = vec![(key.as_bytes().to_vec(), value.map(|value| value.as_bytes().to_vec()))];
    store.commit(&Batch { expect: None, writes }).unwrap();
}

fn content(store: &dyn Store) -> BTreeMap<Vec<u8>, Vec<u8>> {
    store.scan(&[], &[u8::MAX; 8], usize::MAX).unwrap().into_iter().collect()
}

/// How often the canary stands in any file below a directory.
fn canaries(directory: &Path) -> usize {
    let mut found = 0;
    for_each_file(directory, &mut |path| {
        let bytes = fs::read(path)?;
        found += bytes.windows(CANARY.len()).filter(|window| *window == CANARY.as_bytes()).count();
        Ok(())
    })
    .unwrap();
    found
}

/// A store whose files still hold what was removed and overwritten; large values go to sled's blob files.
fn filled(directory: &Path) -> SledStore {
    let store = SledStore::open(directory).unwrap();
    let large = CANARY.repeat(40_000);
    for round in 0..30 {
        put(&store, &format!("gone{round}"), Some(CANARY));
        put(&store, "overwritten", Some(&format!("{CANARY} {round}")));
        put(&store, &format!("kept{round:04}"), Some("kept"));
    }
    put(&store, "large", Some(&large));
    put(&store, CANARY, Some("in the key"));
    store.flush().unwrap();
    for round in 0..30 {
        put(&store, &format!("gone{round}"), None);
    }
    put(&store, "overwritten", Some("harmless"));
    put(&store, "large", None);
    put(&store, CANARY, None);
    store.flush().unwrap();
    store
}

#[test]
fn no_byte_of_what_was_removed_remains() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("store");
    let store = filled(&directory);
    assert!(canaries(root.path()) > 0, "without a rewrite they are there");
    let before = content(&store);
    store.rewrite().unwrap();
    assert_eq!(canaries(root.path()), 0);
    assert_eq!(content(&store), before);
    put(&store, "later", Some("still writes"));
    drop(store);
    let again = SledStore::open(&directory).unwrap();
    assert_eq!(again.get(b"later").unwrap(), Some(b"still writes".to_vec()));
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_kill_at_any_step_leaves_a_whole_store() {
    for killed in ["step aside", "take the place", "wipe", "remove"] {
        for made_by_the_opener in [false, true] {
            let root = tempfile::tempdir().unwrap();
            let directory = root.path().join("store");
            let store = filled(&directory);
            let before = content(&store);
            store.settle().unwrap();
            drop(store);
            let open = super::super::sled::open;
            let database = open(&directory).unwrap();
            copy(&database, &directory, open).unwrap();
            drop(database);
            let kill = |step: &str| {
                if step == killed { Err(io::Error::other("killed by the test")) } else { Ok(()) }
            };
            swap(&directory, &mut |step| kill(step)).unwrap_err();
            if made_by_the_opener {
                fs::create_dir_all(&directory).unwrap();
            }
            let store = SledStore::open(&directory).unwrap();
            assert_eq!(content(&store), before, "killed at {killed}");
            assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "killed at {killed}");
            if killed != "step aside" {
                assert_eq!(canaries(root.path()), 0, "killed at {killed}");
            }
        }
    }
}

#[test]
fn half_a_copy_is_thrown_away() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("store");
    let store = filled(&directory);
    let before = content(&store);
    drop(store);
    fs::create_dir(root.path().join("store.new")).unwrap();
    fs::write(root.path().join("store.new/db"), "half a copy").unwrap();
    let store = SledStore::open(&directory).unwrap();
    assert_eq!(content(&store), before);
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
}
