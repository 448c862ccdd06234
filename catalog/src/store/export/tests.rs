//! Tests of export and import: whole or not at all.

use super::super::memory::MemoryStore;
use super::*;
use crate::error::Kind;

fn filled(entries: usize) -> MemoryStore {
    let store = MemoryStore::new();
    let entry = |n: usize| (format!("r{n:06}").into_bytes(), Some(vec![n as u8; n % 300]));
    let writes = (0..entries).map(entry).collect();
    store.commit(&Batch { expect: None, writes }).unwrap();
    store
}

fn exported(store: &MemoryStore) -> Vec<u8> {
    let mut out = Vec::new();
    let told = export(store, &mut out).unwrap();
    assert_eq!(told.bytes, out.len() as u64);
    out
}

fn all(store: &MemoryStore) -> Vec<super::super::Entry> {
    store.scan(&[], &[u8::MAX; 8], usize::MAX).unwrap()
}

#[test]
fn what_goes_out_comes_in() {
    for entries in [0, 1, PAGE_ENTRIES, 3 * PAGE_ENTRIES + 7] {
        let store = filled(entries);
        let file = exported(&store);
        let copy = MemoryStore::new();
        let told = import(&copy, &mut file.as_slice()).unwrap();
        assert_eq!((told.entries, told.bytes), (entries as u64, file.len() as u64));
        assert_eq!(all(&copy), all(&store));
        assert!(!is_unfinished(&copy).unwrap());
    }
}

#[test]
fn truncated_altered_or_longer_files_are_refused_whole() {
    let file = exported(&filled(2_500));
    let refused = |bytes: &[u8], why: &str| {
        let store = MemoryStore::new();
        let error = import(&store, &mut &bytes[..]).unwrap_err();
        assert!(matches!(error.kind, Kind::Corrupt | Kind::Invalid), "{why}: {error}");
        assert_eq!(all(&store), [], "{why}");
    };
    for end in (0..file.len()).step_by(8_191).chain([file.len() - 1]) {
        refused(&file[..end], "truncated");
    }
    for at in (0..file.len()).step_by(8_209).chain(file.len() - 45..file.len()) {
        let mut altered = file.clone();
        altered[at] ^= 0x40;
        refused(&altered, "altered");
    }
    refused(&[&file[..], b"E"].concat(), "longer");
    refused(b"PK\x03\x04", "another format");
    let later = String::from_utf8_lossy(&file[..60]).replace("\"version\":1", "\"version\":9").into_bytes();
    refused(&[&later[..], &file[60..]].concat(), "of a later release");
}

#[test]
fn a_catalog_is_never_imported_over() {
    let file = exported(&filled(3));
    let store = filled(1);
    assert_eq!(import(&store, &mut file.as_slice()).unwrap_err().kind, Kind::Conflict);
    assert_eq!(all(&store).len(), 1);
}

#[test]
fn an_import_that_is_killed_leaves_a_mark() {
    let file = exported(&filled(5_000));
    for commits in 1..4 {
        let store = MemoryStore::new();
        store.fail_after(commits);
        assert!(import(&store, &mut file.as_slice()).is_err());
        store.fail_after(0);
        assert!(is_unfinished(&store).unwrap(), "after {commits} commits");
        let opened = crate::Catalog::open(std::sync::Arc::new(store), crate::env::fixed::env(1));
        assert!(opened.is_err_and(|error| error.to_string().contains("import")));
    }
}
