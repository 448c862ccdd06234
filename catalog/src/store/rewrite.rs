//! Rewrites a sled directory into a fresh one beside it and puts that in its place, so that no removed or overwritten
//! value stays readable in its files. sled is log-structured and keeps both for long; nothing else gets rid of them.
//!
//! Beside the directory `D` stand, for a while, `D.new` (the copy) and `D.old` (the original, about to go):
//!
//! | step | D | D.new | D.old | a kill here: the next opening … |
//! |---|---|---|---|---|
//! | 1 copy | old | partial | | removes the copy |
//! | 2 D → D.old | | complete | old | carries on with 3 |
//! | 3 D.new → D | new | | old | carries on with 4 |
//! | 4 wipe D.old | new | | partial | carries on with 4 |
//!
//! The old files are overwritten with zeros before they are removed. On copy-on-write file systems and flash disks only
//! the device's own erasure reaches the old blocks; docs/THREATS.md says so.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::StoreError;

/// Values copied at a time: each is a block of entries.
const BATCH_ENTRIES: usize = 32;
/// sled gives its lock back a moment after its last handle has gone; longer than this it is somebody else's.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(5);
const WIPE_BYTES: usize = 1 << 20;

/// Finishes or takes back what an earlier rewrite left undone. Called before a directory is opened.
///
/// # Errors
/// `Io` if the file system fails.
pub(super) fn recover(directory: &Path) -> Result<(), StoreError> {
    let (new, old) = beside(directory);
    if !holds_store(directory) && holds_store(&old) {
        // Only a complete copy ever lets the original step aside. Whoever opens may have made an empty directory already.
        if directory.exists() {
            fs::remove_dir(directory).map_err(disk)?;
        }
        let complete = if new.exists() { &new } else { &old };
        fs::rename(complete, directory).and_then(|()| sync_parent(directory)).map_err(disk)?;
    }
    remove(&new).and_then(|()| remove(&old)).map_err(disk)
}

/// Whether a directory holds a sled database, rather than nothing yet.
pub(super) fn holds_store(directory: &Path) -> bool {
    directory.join("db").exists()
}

/// Waits a moment for a lock.
pub(super) fn pause() {
    std::thread::park_timeout(Duration::from_millis(1));
}

/// Copies all of a database into `D.new` with the help of `open`, which opens a sled directory.
///
/// # Errors
/// `Io` if the disk fails; the copy is removed then.
pub(super) fn copy(
    database: &sled::Db,
    directory: &Path,
    open: impl FnOnce(&Path) -> Result<sled::Db, StoreError>,
) -> Result<(), StoreError> {
    let (new, _) = beside(directory);
    remove(&new).map_err(disk)?;
    let copied = open(&new).and_then(|fresh| {
        fill(database, &fresh).map_err(|error| StoreError::Io(error.into()))?;
        drop(fresh);
        wait_until_closed(&new).and_then(|_closed| sync_all(&new)).map_err(disk)
    });
    if copied.is_err() {
        // The first error is the one to tell; the next opening cleans up if this does not.
        let _ = remove(&new);
    }
    copied
}

fn fill(from: &sled::Db, to: &sled::Db) -> sled::Result<()> {
    let mut batch = sled::Batch::default();
    let mut pending = 0;
    for entry in from.iter() {
        let (key, value) = entry?;
        batch.insert(key, value);
        pending += 1;
        if pending == BATCH_ENTRIES {
            to.apply_batch(std::mem::take(&mut batch))?;
            pending = 0;
        }
    }
    to.apply_batch(batch)?;
    to.flush().map(drop)
}

/// Takes the lock that sled takes, once its background threads have let go of the files.
pub(super) fn wait_until_closed(directory: &Path) -> io::Result<File> {
    let database = OpenOptions::new().read(true).write(true).open(directory.join("db"))?;
    let started = Instant::now();
    loop {
        match database.try_lock() {
            Ok(()) => return Ok(database),
            Err(fs::TryLockError::WouldBlock) if started.elapsed() < LOCK_WAIT => pause(),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Puts `D.new` in the place of `D` and wipes the original; both must be closed. `step` is called before each step,
/// and its error ends the work as a kill would.
///
/// # Errors
/// `Io` if the file system fails; [`recover`] brings the directory to a whole state.
pub(super) fn swap(
    directory: &Path,
    step: &mut dyn FnMut(&'static str) -> io::Result<()>,
) -> Result<(), StoreError> {
    let (new, old) = beside(directory);
    let mut steps = || {
        // Held to the end: nobody may open the original while it steps aside.
        let _closed = wait_until_closed(directory)?;
        step("step aside")?;
        fs::rename(directory, &old)?;
        step("take the place")?;
        fs::rename(&new, directory)?;
        sync_parent(directory)?;
        step("wipe")?;
        wipe(&old)?;
        step("remove")?;
        remove(&old)
    };
    steps().map_err(disk)
}

fn beside(directory: &Path) -> (PathBuf, PathBuf) {
    let named = |suffix: &str| {
        let mut name = directory.file_name().unwrap_or_default().to_owned();
        name.push(suffix);
        directory.with_file_name(name)
    };
    (named(".new"), named(".old"))
}

fn disk(error: io::Error) -> StoreError {
    StoreError::Io(error.into())
}

/// Wipes and removes a directory, if there is one.
pub(crate) fn remove(directory: &Path) -> io::Result<()> {
    if !directory.exists() {
        return Ok(());
    }
    wipe(directory)?;
    fs::remove_dir_all(directory)?;
    sync_parent(directory)
}

/// Overwrites every file below a directory with zeros, to the disk.
fn wipe(directory: &Path) -> io::Result<()> {
    for_each_file(directory, &mut |path| {
        let mut file = OpenOptions::new().write(true).open(path)?;
        let mut left = file.metadata()?.len();
        let zeros = vec![0; WIPE_BYTES];
        while left > 0 {
            let count = left.min(WIPE_BYTES as u64);
            file.write_all(&zeros[..count as usize])?;
            left -= count;
        }
        file.sync_all()
    })
}

fn sync_all(directory: &Path) -> io::Result<()> {
    for_each_file(directory, &mut |path| File::open(path)?.sync_all())?;
    File::open(directory)?.sync_all()?;
    sync_parent(directory)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Directories cannot be opened for syncing everywhere; where they cannot, renames are durable by themselves.
    if cfg!(unix) { File::open(parent)?.sync_all() } else { Ok(()) }
}

fn for_each_file(directory: &Path, visit: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            for_each_file(&entry.path(), visit)?;
        } else if kind.is_file() {
            visit(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
