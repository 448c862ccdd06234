//! The same contract on files and on an object store.

use std::fs;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::memory::InMemory;

use super::*;
use crate::source::SourceOptions;
use crate::source::faulty::{Faults, Faulty};
use crate::source::guard::Limits;
use std::time::Duration;

fn patient() -> SourceOptions {
    let backoff = Duration::from_micros(10);
    let limits = Limits { backoff, backoff_max: backoff, retries_max: 20, ..Limits::default() };
    SourceOptions { limits, ..SourceOptions::default() }
}

async fn write_contract(lake: &Lake) {
    let old = lake.fetch("a/b.csv", None, None).await.unwrap();
    let etag = old.etag.clone().unwrap();
    let new: Content = b"other\nbytes\n".to_vec().into();
    let now = lake.replace("a/b.csv", &etag, &New::of(&new), None).await.unwrap();
    assert_ne!(now, etag);
    let read = lake.fetch("a/b.csv", Some(&now), None).await.unwrap();
    assert_eq!(read.content.range(0, 99).unwrap(), &b"other\nbytes\n"[..]);
    assert_eq!(read.digest.0, *blake3::hash(b"other\nbytes\n").as_bytes());
    // Once more, as after a lost answer: it is content with what is there.
    assert_eq!(lake.replace("a/b.csv", &etag, &New::of(&new), None).await.unwrap(), now);
    let third: Content = b"third".to_vec().into();
    let stale = lake.replace("a/b.csv", &etag, &New::of(&third), None).await.unwrap_err();
    assert_eq!(stale.kind, Kind::Conflict);
    assert_eq!(lake.fetch("a/b.csv", Some(&etag), None).await.unwrap_err().kind, Kind::Conflict);
    assert_eq!(lake.delete("a/b.csv", &etag).await.unwrap_err().kind, Kind::Conflict);
    let large: Content = vec![7; Limits::default().single_put_bytes_max as usize + 5].into();
    let now = lake.replace("a/b.csv", &now, &New::of(&large), None).await.unwrap();
    assert_eq!(lake.fetch("a/b.csv", None, None).await.unwrap().size, large.len());
    lake.delete("a/b.csv", &now).await.unwrap();
    lake.delete("a/b.csv", &now).await.unwrap();
    assert_eq!(lake.fetch("a/b.csv", None, None).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(lake.replace("a/b.csv", &now, &New::of(&third), None).await.unwrap_err().kind, Kind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_change_under_their_etag_only() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("a")).unwrap();
    let file = folder.path().join("a/b.csv");
    fs::write(&file, "x\n1\n").unwrap();
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    let lake = Lake::open(folder.path().to_str().unwrap(), &SourceOptions::default()).unwrap();
    let etag = lake.fetch("a/b.csv", None, None).await.unwrap().etag.unwrap();
    lake.replace("a/b.csv", &etag, &New::of(&b"x\n".to_vec().into()), None).await.unwrap();
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o640);
    write_contract(&lake).await;
    assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 0, "nothing is left beside it");
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_change_under_their_etag_only() {
    let store = Arc::new(InMemory::new());
    store.put(&"a/b.csv".into(), "x\n1\n".into()).await.unwrap();
    write_contract(&Lake::over("memory://m", store, &patient()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_of_an_object_stay() {
    let store = Arc::new(InMemory::new());
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::ContentType, "text/csv".into());
    attributes.insert(Attribute::Metadata("owner".into()), "crm".into());
    let options = PutOptions { attributes: attributes.clone(), ..PutOptions::default() };
    store.put_opts(&"b".into(), "1".into(), options).await.unwrap();
    let lake = Lake::over("memory://m", store.clone(), &patient()).unwrap();
    let etag = lake.fetch("b", None, None).await.unwrap().etag.unwrap();
    lake.replace("b", &etag, &New::of(&b"2".to_vec().into()), None).await.unwrap();
    assert_eq!(store.get(&"b".into()).await.unwrap().attributes, attributes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_store_is_written_to_once_and_right() {
    for seed in 0..40 {
        let store = Arc::new(InMemory::new());
        let path = object_store::path::Path::from("b");
        store.put(&path, vec![1; 5_000].into()).await.unwrap();
        let faults = Faults { busy: 60, lost: 60, torn: 60, ..Faults::default() };
        let faulty = Arc::new(Faulty::new(store.clone(), faults, seed));
        let lake = Lake::over("memory://m", faulty, &patient()).unwrap();
        let read = lake.fetch("b", None, None).await.unwrap();
        assert_eq!(read.content.range(0, 9_999).unwrap(), vec![1; 5_000], "seed {seed}");
        lake.replace("b", &read.etag.unwrap(), &New::of(&vec![2; 3_000].into()), None).await.unwrap();
        assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), vec![2; 3_000], "seed {seed}");
        let etag = lake.fetch("b", None, None).await.unwrap().etag.unwrap();
        lake.delete("b", &etag).await.unwrap();
        assert!(store.head(&path).await.is_err(), "seed {seed}");
    }
}

#[test]
fn only_leftovers_of_the_dead_are_swept_and_all_of_them_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str| File::create(folder.path().join(name)).unwrap();
    let (living, _dead, _other) = (make(".headwater-1.tmp"), make(".headwater-2.tmp"), make("data.tmp"));
    living.lock().unwrap();
    let counted = |name: &str| !local::is_being_written(Some(folder.path()), name);
    assert!(!counted(".headwater-1.tmp") && counted(".headwater-2.tmp") && counted("data.tmp"));
    assert_eq!(sweep(folder.path()).unwrap(), 1);
    assert!(folder.path().join(".headwater-1.tmp").exists() && folder.path().join("data.tmp").exists());
}
