//! What stands behind the records: their indexes, and the journal of their commits.

use super::{Catalog, SCAN_PAGE_ENTRIES};
use crate::error::{Error, Result};
use crate::model::{BlobId, BlobVersion};
use crate::store::key;
use crate::store::record::{Index, Record, decode};

/// What looks at the past of a record, newest first, and at what it is now.
pub type VisitPast<'a, R> = dyn FnMut(Vec<R>, Option<R>) -> Result<()> + 'a;

impl Catalog {
    /// Current records of a kind behind an index's value.
    ///
    /// # Errors
    /// `Corrupt` if a record's bytes are damaged.
    pub fn find<R: Record>(&self, index: Index, value: &[u8]) -> Result<Vec<R>> {
        let mut prefix = key::index_prefix(index as u8, value);
        prefix.push(R::KIND);
        let skip = prefix.len();
        let mut records: Vec<R> = Vec::new();
        for (stored, _) in self.scan("read index", &prefix, &key::end_of(&prefix), usize::MAX)? {
            if let Some(bytes) = self.raw(R::KIND, &stored[skip..], u64::MAX)? {
                records.push(decode(&bytes)?);
            }
        }
        if key::is_cut(index) {
            records.retain(|found| found.indexes().iter().any(|entry| entry.0 == index && entry.1 == value));
        }
        Ok(records)
    }

    /// Shows all blobs behind an index, in order of its values, each with the part of the value that the index keeps.
    ///
    /// # Errors
    /// `Corrupt` if a key is damaged, `Unavailable` if the store fails.
    pub fn blobs_by(&self, index: Index, visit: &mut dyn FnMut(&[u8], BlobId)) -> Result<()> {
        let mut from = vec![key::INDEX, index as u8];
        let end = key::end_of(&from);
        loop {
            let entries = self.scan("read index", &from, &end, SCAN_PAGE_ENTRIES)?;
            for (stored, _) in &entries {
                let damaged = || Error::corrupt("read index", "run `headwater catalog check`");
                let (head, id) = stored[2..].split_last_chunk().ok_or_else(damaged)?;
                visit(head.strip_suffix(&[0, BlobVersion::KIND]).ok_or_else(damaged)?, BlobId(*id));
            }
            match entries.last() {
                Some((stored, _)) if entries.len() == SCAN_PAGE_ENTRIES => from = [stored, &[0][..]].concat(),
                _ => return Ok(()),
            }
        }
    }

    /// Whether a commit after one wrote or removed records of some kinds, told by their names.
    ///
    /// # Errors
    /// `Corrupt` if the journal is damaged.
    pub fn has_written_since(&self, sequence: u64, kinds: &[&str]) -> Result<bool> {
        for later in sequence + 1..=self.sequence()? {
            let Some(line) = self.journal(later)? else { return Ok(true) };
            let of_kinds = |(name, _): &(String, u32)| kinds.iter().any(|kind| name.ends_with(kind));
            if line.what.iter().any(of_kinds) {
                return Ok(true);
            }
        }
        Ok(sequence > self.sequence()?)
    }

    /// Shows the past of every record of a kind that has one: what it was before it was written anew or closed, and what it is,
    /// if it is. Reads all keys of the kind, but decodes only what has a past.
    ///
    /// # Errors
    /// `Corrupt` if a record's bytes are damaged, or what `visit` fails with.
    pub fn pasts<R: Record>(&self, visit: &mut VisitPast<'_, R>) -> Result<()> {
        let mut from = key::kind_prefix(R::KIND);
        let end = key::end_of(&from);
        loop {
            let Some((stored, newest)) = self.scan("read pasts", &from, &end, 1)?.pop() else {
                return Ok(());
            };
            let damaged = || Error::corrupt("read pasts", R::NAME);
            let (id, _) = key::parse_record(&stored).ok_or_else(damaged)?;
            let of_record = key::end_of(&key::record_prefix(R::KIND, id));
            let older = self.scan("read pasts", &[&stored[..], &[0]].concat(), &of_record, usize::MAX)?;
            let was = older.iter().filter(|(_, bytes)| !bytes.is_empty());
            let was: Vec<R> = was.map(|(_, bytes)| decode(bytes)).collect::<Result<_>>()?;
            if !was.is_empty() {
                let is = (!newest.is_empty()).then(|| decode(&newest)).transpose()?;
                visit(was, is)?;
            }
            from = of_record;
        }
    }
}
