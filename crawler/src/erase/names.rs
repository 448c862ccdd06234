//! Names for people: what sealed names say while their key lives, and a blob's kin in the lineage graph.

use std::collections::BTreeSet;

use catalog::erasure::check::names_of;
use catalog::erasure::seal::SealKey;
use catalog::lineage::walk::{DEPTH_DEFAULT, Start, Way, origins, walk};
use catalog::model::{BlobId, Names, NotSearched};
use catalog::{AsOf, Catalog};

use super::Desk;
use super::answer::Unsearched;
use crate::error::{Error, Kind as ErrorKind, Result};

/// Where a blob came from and what was made from it.
#[derive(Clone, Debug, Default)]
pub(super) struct Kin {
    pub(super) origin: Option<String>,
    pub(super) downstream: Vec<String>,
}

/// Opens what [`SealKey::seal`] made and a plan holds as hex.
pub(super) fn open(key: &SealKey, sealed: &str) -> Result<Vec<u8>> {
    let bytes = hex::decode(sealed).map_err(|_| Error::corrupt("open what was sealed", "it is no hex"))?;
    key.open(&bytes)
}

/// Path and members, as far as they can be opened.
pub(super) fn readable(names: &Names, key: Option<&SealKey>) -> Option<(String, Vec<Vec<String>>)> {
    let open = |sealed: &str| match key {
        Some(key) => open(key, sealed),
        None => Err(Error::not_found("open what was sealed", "its key was destroyed")),
    };
    names_of(names, &open).ok()
}

/// An entry about something unsearched, for people.
pub(super) fn unsearched(desk: &Desk, one: &NotSearched, key: Option<&SealKey>) -> Unsearched {
    let path = readable(&one.names, key).map_or_else(|| format!("blob {}", one.blob), |(path, _)| path);
    let uri = desk.lake(&one.source).map_or_else(|| path.clone(), |lake| lake.uri(&path));
    Unsearched { path, uri, version: one.store_version.clone(), reason: one.reason.clone() }
}

/// A blob's earliest ancestor and all that came from it, as the graph knows them.
///
/// # Errors
/// What the catalog fails with.
pub(super) fn kin(catalog: &Catalog, blob: BlobId, as_of: AsOf) -> Result<Kin> {
    let down = match walk(catalog, &Start::Blob(blob), Way::Down, DEPTH_DEFAULT, as_of) {
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(Kin::default()), // not crawled yet
        down => down?,
    };
    let origin = origins(catalog, blob, as_of)?.into_iter().next().map(|(origin, _)| origin);
    let downstream: BTreeSet<String> = down.edges.into_iter().map(|edge| edge.to).collect();
    Ok(Kin { origin, downstream: downstream.into_iter().collect() })
}

/// What globs of a source leave out is as unsearched as what cannot be read.
pub(super) fn outside_of_globs(objects: u64) -> String {
    format!(
        "{objects} objects, and old versions of such, are left out by what the configuration includes and excludes; nothing in them was searched"
    )
}
