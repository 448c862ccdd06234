//! The first and last bytes of an object: one ranged read each, and one in all for a small object.

use std::io;
use std::os::unix::fs::FileExt;

use bytes::Bytes;
use catalog::model::Timestamp;
use object_store::{GetOptions, GetRange};

use super::fetch::blocking;
use super::{Lake, local};
use crate::error::{self, Error, Result};
use crate::format::{HEAD_BYTES, TAIL_BYTES};

/// What was seen of an object.
#[derive(Clone, Debug)]
pub struct Glance {
    /// Its first bytes, all of them if it is small.
    pub head: Bytes,
    /// Its last bytes.
    pub tail: Bytes,
    /// Entity tag of these bytes.
    pub etag: Option<String>,
    /// Store version of these bytes.
    pub version: Option<String>,
    /// When they were written.
    pub modified: Timestamp,
    /// How many there are.
    pub size: u64,
}

impl Glance {
    /// Whether the head is all there is.
    pub fn is_complete(&self) -> bool {
        self.head.len() as u64 == self.size
    }
}

impl Lake {
    /// Looks at an object's first and last bytes; `size` is what the listing said.
    ///
    /// # Errors
    /// `NotFound` if it is gone, `Conflict` if it changes between the two reads.
    pub async fn glance(&self, path: &str, size: u64) -> Result<Glance> {
        if self.folder.is_some() {
            let (lake, path) = (self.clone(), path.to_owned());
            return blocking(move || lake.glance_file(&path)).await;
        }
        // A range of an empty object cannot be satisfied.
        let range = (size > 0).then_some(GetRange::Bounded(0..HEAD_BYTES as u64));
        let (meta, head) = self.get(path, GetOptions { range, ..GetOptions::default() }).await?;
        let tail = match meta.size > head.len() as u64 {
            true => {
                let range = Some(GetRange::Suffix((TAIL_BYTES as u64).min(meta.size)));
                self.get(path, GetOptions { range, if_match: meta.e_tag.clone(), ..GetOptions::default() })
                    .await?
                    .1
            }
            false => head.slice(head.len().saturating_sub(TAIL_BYTES)..),
        };
        let modified = Timestamp(meta.last_modified.timestamp_micros());
        Ok(Glance { head, tail, etag: meta.e_tag, version: meta.version, modified, size: meta.size })
    }

    /// The same of a file, on the thread of the caller.
    ///
    /// # Errors
    /// `NotFound` if it is gone, `Conflict` if it changes meanwhile, `Invalid` if it is no file of a folder.
    pub(crate) fn glance_file(&self, path: &str) -> Result<Glance> {
        match &self.folder {
            Some(folder) => glance_file(folder, path),
            None => Err(Error::invalid("read blob", "it is no file of this machine")),
        }
    }

    async fn get(&self, path: &str, options: GetOptions) -> Result<(object_store::ObjectMeta, Bytes)> {
        let failed = |e| error::of_store("read blob", e);
        let got = self.store.get_opts(&Self::key(path)?, options).await.map_err(failed)?;
        let meta = got.meta.clone();
        Ok((meta, got.bytes().await.map_err(failed)?))
    }
}

fn glance_file(folder: &std::path::Path, path: &str) -> Result<Glance> {
    let (file, metadata) = local::open(folder, path)?;
    let size = metadata.len();
    let read = |from: u64, count: usize| -> io::Result<Bytes> {
        let mut bytes = vec![0; count];
        file.read_exact_at(&mut bytes, from)?;
        Ok(bytes.into())
    };
    let changed = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::conflict("read blob", "the file changed while it was read"),
        _ => error::of_file("read blob", error),
    };
    let head = read(0, size.min(HEAD_BYTES as u64) as usize).map_err(changed)?;
    let tail_bytes = size.min(TAIL_BYTES as u64);
    let tail = match head.len() as u64 == size {
        true => head.slice(head.len() - tail_bytes as usize..),
        false => read(size - tail_bytes, tail_bytes as usize).map_err(changed)?,
    };
    let (etag, modified) = (Some(local::etag(&metadata)), local::modified(&metadata));
    Ok(Glance { head, tail, etag, version: None, modified, size })
}
