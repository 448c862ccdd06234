//! Reads one object whole: its bytes, where readers can seek in them, and their digest, in one pass.

use std::io::{Read, Write};

use catalog::model::{Digest, Timestamp};
use futures::StreamExt;
use object_store::{GetOptions, GetResult, GetResultPayload};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::spawn_blocking;

use super::{Beside, Lake, local};
use crate::content::{Content, Spool};
use crate::error::{self, Error, Kind, Result};

/// Bytes of one object that are read; a larger one is refused with `Limit`. Above memory they lie in a temporary file.
pub(super) const BLOB_BYTES_MAX: u64 = 64 << 30;
/// Bytes of a file read at a time.
const READ_BYTES: usize = 256 << 10;

/// An object that was read.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Its bytes.
    pub content: Content,
    /// Entity tag of these bytes.
    pub etag: Option<String>,
    /// Store version of these bytes.
    pub version: Option<String>,
    /// When they were written.
    pub modified: Timestamp,
    /// How many.
    pub size: u64,
    /// BLAKE3 of them.
    pub digest: Digest,
    /// Metadata and headers that came with them; tags too if they were asked for ([`Lake::fetch_all`]).
    pub beside: Beside,
}

impl Lake {
    /// Reads an object, or one version of it.
    ///
    /// # Errors
    /// `NotFound` if it is gone, `Conflict` if it is not the one expected or changes meanwhile, `Limit` if it has
    /// more than 64 GiB.
    pub async fn fetch(
        &self,
        path: &str,
        expect_etag: Option<&str>,
        version: Option<&str>,
    ) -> Result<Fetched> {
        let expected = expect_etag.map(str::to_owned);
        if let Some(folder) = self.folder.clone() {
            let path = path.to_owned();
            return blocking(move || fetch_file(&folder, &path, expected.as_deref())).await;
        }
        let options =
            GetOptions { if_match: expected, version: version.map(str::to_owned), ..GetOptions::default() };
        let got = self.store.get_opts(&Self::key(path)?, options).await;
        let got = got.map_err(|e| error::of_store("read blob", e))?;
        let handle = Handle::current();
        let _flying = self.flight.take(got.meta.size).await;
        blocking(move || spool(got, &handle)).await
    }

    /// Whether a file is still the one that was read. Objects of other stores do not change under a reader.
    pub async fn still(&self, path: &str, etag: Option<&str>) -> bool {
        let Some(folder) = self.folder.clone() else { return true };
        let (path, etag) = (path.to_owned(), etag.map(str::to_owned));
        let current =
            blocking(move || Ok(local::open(&folder, &path).map(|(_, metadata)| local::etag(&metadata))));
        matches!(current.await, Ok(Ok(current)) if Some(&current) == etag.as_ref())
    }
}

/// The bytes of objects that are on their way.
#[derive(Debug)]
pub(super) struct Flight {
    /// Permits, one a started KiB.
    free: Semaphore,
    most: u32,
}

impl Flight {
    pub(super) fn new(bytes_max: u64) -> Self {
        let most = kibibytes(bytes_max);
        Self { free: Semaphore::new(most as usize), most }
    }

    /// Waits until so many bytes may come as well; one that is larger than all that may comes alone.
    async fn take(&self, bytes: u64) -> Option<SemaphorePermit<'_>> {
        // It fails only once it is closed, and nobody closes it.
        self.free.acquire_many(kibibytes(bytes).min(self.most)).await.ok()
    }
}

fn kibibytes(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX).clamp(1, u32::MAX >> 3)
}

/// Runs blocking work where it holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(Error::internal("read or write blob", "the task broke off").with_source(error)),
    }
}

fn fetch_file(folder: &std::path::Path, path: &str, expected: Option<&str>) -> Result<Fetched> {
    let (mut file, before) = local::open(folder, path)?;
    let etag = local::etag(&before);
    if expected.is_some_and(|expected| expected != etag) {
        return Err(Error::conflict("read blob", "the file is another one than was listed"));
    }
    let failed = |error| error::of_file("read blob", error);
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; READ_BYTES];
    let mut size = 0;
    loop {
        let read = file.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        size += read as u64;
    }
    let after = file.metadata().map_err(failed)?;
    if local::etag(&after) != etag || size != after.len() {
        return Err(Error::conflict("read blob", "the file changed while it was read"));
    }
    Ok(Fetched {
        content: Content::of_file(file).map_err(failed)?,
        etag: Some(etag),
        version: None,
        modified: local::modified(&before),
        size,
        digest: Digest(*hasher.finalize().as_bytes()),
        beside: Beside::default(),
    })
}

fn spool(got: GetResult, handle: &Handle) -> Result<Fetched> {
    let (meta, beside) = (got.meta, Beside::of(&got.attributes));
    let failed = |error| error::of_file("keep blob while it is read", error);
    if meta.size > BLOB_BYTES_MAX {
        return Err(Error::new(Kind::Limit, "read blob", format!("it has over {BLOB_BYTES_MAX} bytes")));
    }
    let mut hasher = blake3::Hasher::new();
    let mut spool = Spool::new(BLOB_BYTES_MAX);
    let mut size = 0;
    let mut stream = match got.payload {
        GetResultPayload::Stream(stream) => stream,
        GetResultPayload::File(..) => GetResult { meta: meta.clone(), ..got }.into_stream(),
    };
    while let Some(chunk) = handle.block_on(stream.next()) {
        let chunk = chunk.map_err(|e| error::of_store("read blob", e))?;
        hasher.update(&chunk);
        spool.write_all(&chunk).map_err(failed)?;
        size += chunk.len() as u64;
    }
    if size != meta.size {
        return Err(Error::unavailable("read blob", "the store sent fewer bytes than it announced"));
    }
    Ok(Fetched {
        content: spool.finish().map_err(failed)?,
        etag: meta.e_tag,
        version: meta.version,
        modified: Timestamp(meta.last_modified.timestamp_micros()),
        size,
        digest: Digest(*hasher.finalize().as_bytes()),
        beside,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn no_more_bytes_fly_than_may_and_a_larger_object_flies_alone() {
        let flight = Flight::new(10 << 10);
        let first = flight.take(6 << 10).await;
        assert!(flight.take(5 << 10).now_or_never().is_none());
        let second = flight.take(4 << 10).now_or_never().flatten();
        assert!(first.is_some() && second.is_some());
        drop((first, second));
        let large = flight.take(1 << 50).await;
        assert!(large.is_some() && flight.take(1).now_or_never().is_none());
    }
}
