//! Files: listed in the order of their names, opened by path, known by inode, time and size.
//!
//! Links are not followed: one that leads within the source is an alias of a file that is listed anyway, one that
//! leads out of it is reported as something that cannot be read. So there are no loops, and nothing outside the
//! source is ever read or changed.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use catalog::model::Timestamp;
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;

use super::Listed;
use crate::error::{self, Error, Result};

/// Files that are handed on together.
const FILES_A_HOP: usize = 256;
/// So many times that are listed ahead of who takes them.
const QUEUE_LENGTH: usize = 8;
/// Folders within each other; more is taken for a loop of mounts.
const DEPTH_MAX: u32 = 256;
/// How what a killed replacement leaves behind is named.
pub(super) const LEFTOVER_PREFIX: &str = ".headwater-";
/// How it ends.
pub(super) const LEFTOVER_SUFFIX: &str = ".tmp";

/// Whether a path is named as a replacement's temporary file is.
pub(super) fn is_leftover(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with(LEFTOVER_PREFIX) && name.ends_with(LEFTOVER_SUFFIX)
}

/// Whether a path is a replacement that somebody alive is writing: its writer holds a lock on it. What a killed one left
/// behind is nobody's, and counts as a blob like any other, so that no verification passes over whoever is in it.
pub(super) fn is_being_written(folder: Option<&Path>, path: &str) -> bool {
    let locked = |folder: &Path| File::open(folder.join(path)).is_ok_and(|file| file.try_lock().is_err());
    is_leftover(path) && folder.is_some_and(locked)
}

/// The entity tag of a file, as `object_store` makes it.
pub(super) fn etag(metadata: &Metadata) -> String {
    let micros = u128::try_from(modified(metadata).0).unwrap_or_default();
    format!("{:x}-{micros:x}-{:x}", metadata.ino(), metadata.len())
}

/// When a file was written.
pub(super) fn modified(metadata: &Metadata) -> Timestamp {
    Timestamp(metadata.mtime().saturating_mul(1_000_000).saturating_add(metadata.mtime_nsec() / 1_000))
}

/// Where a path of the source lies.
///
/// # Errors
/// `Invalid` if it leads out of the source.
pub(super) fn resolve(folder: &Path, path: &str) -> Result<PathBuf> {
    let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    match plain && !path.is_empty() && !path.ends_with('/') {
        true => Ok(folder.join(path)),
        false => Err(Error::invalid("read blob", "its path leads out of the source")),
    }
}

/// Opens a file that is no link.
pub(super) fn open(folder: &Path, path: &str) -> Result<(File, Metadata)> {
    let failed = |error| error::of_file("read blob", error);
    let place = resolve(folder, path)?;
    if !fs::symlink_metadata(&place).map_err(failed)?.is_file() {
        return Err(Error::invalid("read blob", "it is no plain file"));
    }
    let file = File::open(place).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    Ok((file, metadata))
}

/// Lists all files under a folder, from a thread of its own.
pub(super) fn list(folder: PathBuf) -> BoxStream<'static, Result<Listed>> {
    let (sender, receiver) = mpsc::channel(QUEUE_LENGTH);
    tokio::task::spawn_blocking(move || {
        let mut sender = Sender { sender, files: Vec::new() };
        // All end early once the receiver is gone: nobody wants the rest.
        let _ = match fs::read_dir(&folder) {
            Ok(_) => walk(&folder, &folder, "", 0, &mut sender),
            Err(error) => sender.send(Err(error::of_file("list source", error))),
        };
        let _ = sender.hand_on();
    });
    let hops =
        stream::unfold(receiver, async |mut receiver| receiver.recv().await.map(|files| (files, receiver)));
    hops.map(stream::iter).flatten().boxed()
}

/// The receiver is gone.
struct Gone;

/// Hands files on, some at a time.
struct Sender {
    sender: mpsc::Sender<Vec<Result<Listed>>>,
    files: Vec<Result<Listed>>,
}

impl Sender {
    fn send(&mut self, item: Result<Listed>) -> std::result::Result<(), Gone> {
        self.files.push(item);
        if self.files.len() == FILES_A_HOP { self.hand_on() } else { Ok(()) }
    }

    fn hand_on(&mut self) -> std::result::Result<(), Gone> {
        self.sender.blocking_send(std::mem::take(&mut self.files)).map_err(|_| Gone)
    }
}

fn walk(
    root: &Path,
    folder: &Path,
    path: &str,
    depth: u32,
    sender: &mut Sender,
) -> std::result::Result<(), Gone> {
    let closed = |problem| Ok(Listed::unreadable(format!("{path}/"), problem));
    if depth > DEPTH_MAX {
        return sender.send(closed("it is nested too deeply"));
    }
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let Ok(mut entries) = entries else {
        return sender.send(closed("the folder may not be read"));
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let spelled = name.to_string_lossy();
        let path = if path.is_empty() { spelled.clone().into_owned() } else { format!("{path}/{spelled}") };
        let Ok(metadata) = entry.metadata() else { continue }; // gone since
        if name.to_str().is_none() {
            sender.send(Ok(Listed::unreadable(path, "its name is not UTF-8; rename it")))?;
        } else if metadata.is_dir() {
            walk(root, &entry.path(), &path, depth + 1, sender)?;
        } else if let Some(listed) = listed(root, &entry.path(), path, &metadata) {
            sender.send(Ok(listed))?;
        }
    }
    Ok(())
}

fn listed(root: &Path, place: &Path, path: String, metadata: &Metadata) -> Option<Listed> {
    if metadata.is_symlink() {
        let inside = place.canonicalize().is_ok_and(|target| target.starts_with(root));
        return (!inside).then(|| Listed::unreadable(path, "it is a link that leads out of the source"));
    }
    if !metadata.is_file() {
        return Some(Listed::unreadable(path, "it is a device, pipe or socket"));
    }
    Some(Listed {
        path,
        size: metadata.len(),
        etag: Some(etag(metadata)),
        version: None,
        modified: modified(metadata),
        problem: None,
    })
}
