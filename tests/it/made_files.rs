//! The files of `fixtures/formats` are those that the scripts beside them make, byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use headwater_tests::peers;

/// Scripts that need Python alone. Those of Parquet, ORC, Avro, Arrow and SQLite files pass them through libraries, whose
/// releases write different bytes.
const MAKERS: [&str; 9] = [
    "make_formats.py",
    "make_signatures.py",
    "make_texts.py",
    "make_documents.py",
    "make_media.py",
    "make_models.py",
    "make_layers.py",
    "make_hdf5.py",
    "make_pickles.py",
];

fn files(folder: &Path, root: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, root, found);
        } else {
            found.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
}

#[test]
fn fixtures_are_what_their_scripts_make() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(&repository).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "py") {
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    for maker in MAKERS {
        let made = peers("python").arg(folder.path().join(maker)).output().unwrap();
        assert!(made.status.success(), "{maker}: {}", String::from_utf8_lossy(&made.stderr));
    }
    let (mut made, mut kept) = (BTreeMap::new(), BTreeMap::new());
    files(&folder.path().join("formats"), &folder.path().join("formats"), &mut made);
    files(&repository.join("formats"), &repository.join("formats"), &mut kept);
    assert!(made.len() > 300, "only {} files were made", made.len());
    let other: Vec<_> = made.iter().filter(|(path, bytes)| kept.get(*path) != Some(*bytes)).collect();
    let names: Vec<_> = other.iter().map(|(path, _)| path.display().to_string()).collect();
    assert!(names.is_empty(), "not as their scripts make them: {}", names.join(", "));
    let by_library = ["parquet", "orc", "avro", "arrow", "arrow_stream", "sqlite", "json", "ndjson"];
    let nobodys: Vec<_> = kept
        .keys()
        .filter(|path| !made.contains_key(*path))
        .filter(|path| !by_library.iter().any(|folder| path.starts_with(folder)))
        .map(|path| path.display().to_string())
        .collect();
    assert!(nobodys.is_empty(), "no script makes them: {}", nobodys.join(", "));
}
