//! What every store must do; each implementation runs this one suite.

use super::{Batch, Store, StoreError};

fn put(key: &str, value: &str) -> (Vec<u8>, Option<Vec<u8>>) {
    (key.as_bytes().to_vec(), Some(value.as_bytes().to_vec()))
}

/// Panics with a reason where a store breaks its contract; the store must be empty.
pub fn check(store: &dyn Store) {
    let batch = |writes| Batch { expect: None, writes };
    store.commit(&batch(vec![put("a", "1"), put("b", "2"), put("c", "3")])).expect("a batch applies");
    assert_eq!(store.get(b"b").expect("get"), Some(b"2".to_vec()), "what was committed is read back");
    let keys = |from: &[u8], to: &[u8], limit| -> Vec<Vec<u8>> {
        store.scan(from, to, limit).expect("scan").into_iter().map(|(key, _)| key).collect()
    };
    assert_eq!(keys(b"a", b"c", 9), [b"a", b"b"], "a scan is ordered and excludes its end");
    assert_eq!(keys(b"a", b"z", 2), [b"a", b"b"], "a scan stops at its limit");
    assert_eq!(keys(b"z", b"a", 9), Vec::<Vec<u8>>::new(), "a scan of nothing is empty");

    let stale = Batch { expect: Some((b"a".to_vec(), Some(b"9".to_vec()))), writes: vec![put("d", "4")] };
    assert!(matches!(store.commit(&stale), Err(StoreError::Conflict)), "a stale expectation is refused");
    assert_eq!(store.get(b"d").expect("get"), None, "a refused batch leaves nothing");
    let absent =
        Batch { expect: Some((b"d".to_vec(), None)), writes: vec![put("d", "4"), (b"a".to_vec(), None)] };
    store.commit(&absent).expect("an expected absence holds");
    assert_eq!(keys(b"a", b"z", 9), [b"b", b"c", b"d"], "removal and insertion are one step");
    store.flush().expect("flush");
    let before = store.scan(&[], &[u8::MAX; 9], usize::MAX).expect("scan");
    store.rewrite().expect("rewrite");
    assert_eq!(
        store.scan(&[], &[u8::MAX; 9], usize::MAX).expect("scan"),
        before,
        "a rewrite keeps all there is"
    );
}

#[cfg(test)]
mod tests {
    use super::super::{memory::MemoryStore, sled::SledStore};

    #[test]
    fn memory_keeps_the_contract() {
        super::check(&MemoryStore::new());
    }

    #[test]
    fn sled_keeps_the_contract() {
        super::check(&SledStore::temporary().unwrap());
    }

    #[test]
    fn sled_is_locked_by_one_process_and_keeps_what_it_holds() {
        let directory = tempfile::tempdir().unwrap();
        let store = SledStore::open(directory.path()).unwrap();
        super::check(&store);
        assert!(matches!(SledStore::open(directory.path()), Err(super::StoreError::Locked)));
        drop(store);
        use super::Store;
        assert_eq!(SledStore::open(directory.path()).unwrap().get(b"c").unwrap(), Some(b"3".to_vec()));
    }
}
