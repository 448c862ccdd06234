//! The subject index as the catalog offers it, and the locks under which it is kept in shape.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use super::{AsOf, Catalog, store_error};
use crate::error::Result;
use crate::model::{ArtifactId, BlobId, TokenDigest};
use crate::store::{Batch, key};
use crate::subject;

impl Catalog {
    /// Blobs whose current version holds one of some identifiers, or whose version of a time did.
    ///
    /// # Errors
    /// `Corrupt` if a record or a part of the subject index is damaged.
    pub fn blobs_with(&self, identifiers: &[TokenDigest], as_of: AsOf) -> Result<BTreeSet<BlobId>> {
        subject::blobs(self, identifiers, as_of)
    }

    /// Shows every pair of the subject index, version and token, in no order: for whoever compares two catalogs.
    ///
    /// # Errors
    /// `Corrupt` if a part of the index is damaged.
    pub fn each_token(&self, visit: &mut dyn FnMut(ArtifactId, u64)) -> Result<()> {
        let _merging = self.merging.lock().unwrap_or_else(PoisonError::into_inner);
        subject::each_pair(self.store.as_ref(), visit)
    }

    /// Keeps the subject index quick to ask; for whoever has recorded tokens. Others may read and write meanwhile.
    ///
    /// # Errors
    /// `Corrupt` if a part of the index is damaged, `Unavailable` if the store fails; the index answers as before.
    pub fn merge_tokens(&self) -> Result<()> {
        let _merging = self.merging.lock().unwrap_or_else(PoisonError::into_inner);
        subject::merge(self.store.as_ref(), &|fill| {
            let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            self.apply(fill)
        })
    }

    /// One batch that changes how something is kept and not what; the caller holds the writer's lock.
    fn apply(&self, fill: &dyn Fn(&mut Batch) -> Result<()>) -> Result<()> {
        let sequence = key::meta("sequence");
        let before = self.store.get(&sequence).map_err(|error| store_error("read counter", error))?;
        let mut batch = Batch { expect: Some((sequence, before)), writes: Vec::new() };
        fill(&mut batch)?;
        self.store.commit(&batch).map_err(|error| store_error("keep the subject index in shape", error))
    }

    /// Takes what was purged of the index out of it; the caller holds both locks.
    pub(super) fn forget_tokens(&self) -> Result<()> {
        subject::forget_gone(self.store.as_ref(), &|fill| self.apply(fill))
    }
}
