//! What the files of an index held when it was last written, so that damage is found before tantivy reads it (it
//! panics then), and the commit of the catalog up to which the index has read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Changes whenever what is indexed changes; an index of another layout is rebuilt.
const LAYOUT: u32 = 3;
const NAME: &str = "headwater.json";

#[derive(Serialize, Deserialize)]
struct Manifest {
    layout: u32,
    sequence: u64,
    files: BTreeMap<String, String>,
}

/// Notes the files of a directory that nobody writes, and the commit.
///
/// # Errors
/// If the directory cannot be read or written.
pub(super) fn write(directory: &Path, sequence: u64) -> io::Result<()> {
    let manifest = Manifest { layout: LAYOUT, sequence, files: files(directory)? };
    let text = serde_json::to_vec(&manifest)?;
    let unfinished = directory.join("headwater.json.tmp");
    let mut file = File::create(&unfinished)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(unfinished, directory.join(NAME))
}

/// The commit up to which an index has read, if it is of our layout and its files are those that were noted.
pub(super) fn read(directory: &Path) -> Option<u64> {
    let text = fs::read(directory.join(NAME)).ok()?;
    let manifest: Manifest = serde_json::from_slice(&text).ok()?;
    (manifest.layout == LAYOUT && files(directory).ok()? == manifest.files).then_some(manifest.sequence)
}

/// Digests of the files that make up the index, by name.
fn files(directory: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(NAME) || name.ends_with(".lock") || !entry.file_type()?.is_file() {
            continue;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open(entry.path())?)?;
        files.insert(name, hasher.finalize().to_string());
    }
    Ok(files)
}
