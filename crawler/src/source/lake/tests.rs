use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::Duration;

use object_store::ObjectStoreExt;
use object_store::memory::InMemory;

use super::*;
use crate::source::faulty::{Faults, Faulty};

async fn listed(lake: &Lake) -> Vec<(String, bool)> {
    let items: Vec<Listed> = lake.list().try_collect().await.unwrap();
    items.into_iter().map(|item| (item.path, item.problem.is_none())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_listed_whatever_they_are_called() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("d/e")).unwrap();
    for name in ["d/e/x.csv", "two\nlines", "100%25.txt", "a b.csv", ".headwater-9.tmp", "z#?.json"] {
        fs::write(root.join(name), name).unwrap();
    }
    let being_written = fs::File::open(root.join(".headwater-9.tmp")).unwrap();
    being_written.lock().unwrap();
    fs::write(root.join(std::ffi::OsStr::from_bytes(b"caf\xe9")), "x").unwrap();
    std::os::unix::fs::symlink("d/e/x.csv", root.join("alias")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", root.join("out")).unwrap();
    std::os::unix::fs::symlink("..", root.join("d/loop")).unwrap();
    let lake = Lake::open(root.to_str().unwrap(), &SourceOptions::default()).unwrap();
    let expected = [
        ("100%25.txt", true),
        ("a b.csv", true),
        ("caf\u{fffd}", false),
        ("d/e/x.csv", true),
        ("out", false),
        ("two\nlines", true),
        ("z#?.json", true),
    ];
    assert_eq!(listed(&lake).await, expected.map(|(path, fine)| (path.to_owned(), fine)));
    for (path, _) in expected.into_iter().filter(|(_, fine)| *fine) {
        assert_eq!(lake.fetch(path, None, None).await.unwrap().size, path.len() as u64);
    }
    for path in ["../x", "/etc/passwd", "d/../two\nlines", "out", "d", ""] {
        assert!(lake.fetch(path, None, None).await.is_err(), "{path}");
    }
    assert!(!lake.uri("two\nlines").contains('\n'));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_a_source_and_so_is_a_folder_with_globs() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.csv", "b.csv", "c.json"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    let file = folder.path().join("a.csv");
    let lake = Lake::open(file.to_str().unwrap(), &SourceOptions::default()).unwrap();
    assert_eq!(listed(&lake).await, [("a.csv".to_owned(), true)]);
    let options = SourceOptions {
        include: vec!["**/*.csv".into()],
        exclude: vec!["b*".into()],
        ..SourceOptions::default()
    };
    let lake = Lake::open(&format!("file://{}", folder.path().display()), &options).unwrap();
    assert_eq!(listed(&lake).await, [("a.csv".to_owned(), true)]);
    assert_eq!(Lake::open("ftp://x/y", &options).unwrap_err().kind, error::Kind::Invalid);
    assert_eq!(Lake::open("/no/such/folder", &options).unwrap_err().kind, error::Kind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_breaks_off_goes_on() {
    let store = Arc::new(InMemory::new());
    for number in 0..40 {
        store.put(&format!("{number:02}").into(), "x".into()).await.unwrap();
    }
    let backoff = Duration::from_micros(10);
    let limits = Limits { backoff, backoff_max: backoff, retries_max: 40, ..Limits::default() };
    let options = SourceOptions { limits, ..SourceOptions::default() };
    for seed in 0..20 {
        let faults = Faults { torn: 150, busy: 50, ..Faults::default() };
        let faulty = Arc::new(Faulty::new(store.clone(), faults, seed));
        let lake = Lake::over("memory://m", faulty, &options).unwrap();
        assert_eq!(listed(&lake).await.len(), 40, "seed {seed}");
    }
}

#[test]
fn settings_are_not_printed() {
    let settings = BTreeMap::from([("secret_access_key".to_owned(), "hush".to_owned())]);
    let options = SourceOptions { settings, ..SourceOptions::default() };
    assert!(!format!("{options:?}").contains("hush"));
    let lake = Lake::open("s3://bucket/some/prefix/?x=1", &SourceOptions::default()).unwrap();
    assert_eq!(lake.url(), "s3://bucket/some/prefix");
    assert_eq!(lake.uri("a b"), "s3://bucket/some/prefix/a b");
}
