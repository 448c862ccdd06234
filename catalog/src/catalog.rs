//! The catalog: typed reads as of any time, and the one way to write.
//!
//! [`Catalog::commit`] turns changes into key writes (record versions, indexes, a journal line, audit entries)
//! and applies them as one atomic batch. It owns sequence numbers; the nouns' rules live with their modules.

mod behind;
mod subjects;
mod writes;

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::env::Env;
use crate::error::{Error, Result};
use crate::model::{ArtifactId, AuditEntry, Principal, Timestamp, TokenDigest};
use crate::store::record::{Index, Record, decode, encode};
use crate::store::{Batch, Store, StoreError, check, export, key};

pub use behind::VisitPast;
use writes::Writes;

/// Records fetched from the store at a time while listing.
const SCAN_PAGE_ENTRIES: usize = 1_024;
/// Version of the layout of keys.
const FORMAT_VERSION: u64 = 1;

/// Which state of the catalog a read sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsOf {
    /// The current one.
    #[default]
    Now,
    /// The one after the last commit at or before a time.
    Time(Timestamp),
}

/// Some records and where to go on.
#[derive(Clone, Debug)]
pub struct Page<R> {
    /// The records, in order of their ids.
    pub records: Vec<R>,
    /// Pass it back for the next page; `None` at the end.
    pub next: Option<Vec<u8>>,
}

/// One mutation. Build with [`Change::put`], [`Change::close`], [`Change::purge`], [`Change::audit`].
#[derive(Clone, Debug)]
pub struct Change(ChangeKind);

#[derive(Clone, Debug)]
enum ChangeKind {
    Put {
        kind: u8,
        name: &'static str,
        id: Vec<u8>,
        record: Vec<u8>,
        indexes: Vec<(Index, Vec<u8>)>,
        old: IndexesOf,
    },
    Close {
        kind: u8,
        name: &'static str,
        id: Vec<u8>,
        old: IndexesOf,
    },
    Purge {
        kind: u8,
        name: &'static str,
        id: Vec<u8>,
        old: IndexesOf,
    },
    Tokens {
        artifact: ArtifactId,
        tokens: Vec<TokenDigest>,
    },
    PurgeTokens {
        artifact: ArtifactId,
    },
    Audit {
        action: &'static str,
        thing: String,
        outcome: String,
    },
}

type IndexesOf = fn(&[u8]) -> Result<Vec<(Index, Vec<u8>)>>;

fn indexes_of<R: Record>(bytes: &[u8]) -> Result<Vec<(Index, Vec<u8>)>> {
    Ok(decode::<R>(bytes)?.indexes())
}

impl Change {
    /// Records a new version, which closes the one before; a version equal to the current one changes nothing.
    ///
    /// # Errors
    /// `Internal` if the record cannot be encoded.
    pub fn put<R: Record>(record: &R) -> Result<Self> {
        Ok(Self(ChangeKind::Put {
            kind: R::KIND,
            name: R::NAME,
            id: R::id_bytes(&record.id()),
            record: encode(record)?,
            indexes: record.indexes(),
            old: indexes_of::<R>,
        }))
    }

    /// Ends a record; its history stays.
    pub fn close<R: Record>(id: &R::Id) -> Self {
        Self(ChangeKind::Close { kind: R::KIND, name: R::NAME, id: R::id_bytes(id), old: indexes_of::<R> })
    }

    /// Removes a record with all of its history. Only an erasure does this, and rewrites the store afterwards.
    pub fn purge<R: Record>(id: &R::Id) -> Self {
        Self(ChangeKind::Purge { kind: R::KIND, name: R::NAME, id: R::id_bytes(id), old: indexes_of::<R> })
    }

    /// Records the identifiers of persons in the version of a blob that an artifact is. Said once of each version.
    pub fn tokens(artifact: ArtifactId, tokens: Vec<TokenDigest>) -> Self {
        Self(ChangeKind::Tokens { artifact, tokens })
    }

    /// Removes what `tokens` recorded. Only an erasure does this, and rewrites the store afterwards.
    pub fn purge_tokens(artifact: ArtifactId) -> Self {
        Self(ChangeKind::PurgeTokens { artifact })
    }

    /// Adds an entry to the audit log, in the same commit as what it tells of. `thing` holds no personal value.
    pub fn audit(action: &'static str, thing: impl Into<String>, outcome: impl Into<String>) -> Self {
        Self(ChangeKind::Audit { action, thing: thing.into(), outcome: outcome.into() })
    }
}

/// What the journal keeps of a commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalLine {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Names of record kinds and how many of each were written.
    pub what: Vec<(String, u32)>,
}

impl JournalLine {
    /// Whether records were removed with their history; what is derived from the catalog must then be made anew.
    pub fn has_purged(&self) -> bool {
        self.what.iter().any(|(name, _)| name.starts_with(PURGED))
    }
}

/// How the journal names a purged record, before the name of its kind.
const PURGED: &str = "purged ";

/// What became of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Changed<R> {
    /// It is this now.
    Is(R),
    /// It ended.
    Closed,
}

/// Takes the bytes of an id and what became of the record.
pub type VisitChanged<'a, R> = dyn FnMut(&[u8], Changed<R>) -> Result<()> + 'a;

/// The catalog over a store.
pub struct Catalog {
    store: Arc<dyn Store>,
    env: Env,
    writer: Mutex<()>,
    /// Held, before `writer`, by the one who keeps the subject index in shape.
    merging: Mutex<()>,
}

impl Catalog {
    /// Opens the catalog in a store; an empty store becomes an empty catalog.
    ///
    /// # Errors
    /// `Corrupt` if the store was written by a later release, or holds half an import.
    pub fn open(store: Arc<dyn Store>, env: Env) -> Result<Self> {
        if export::is_unfinished(store.as_ref())? {
            let context = "an import into it was broken off; remove its directory and import again";
            return Err(Error::corrupt("open catalog", context));
        }
        let catalog = Self { store, env, writer: Mutex::new(()), merging: Mutex::new(()) };
        match catalog.number("format")? {
            0 => {
                let writes = vec![(key::meta("format"), Some(FORMAT_VERSION.to_be_bytes().to_vec()))];
                catalog
                    .store
                    .commit(&Batch { expect: None, writes })
                    .map_err(|e| store_error("make catalog", e))?;
            }
            version if version > FORMAT_VERSION => {
                return Err(Error::corrupt(
                    "open catalog",
                    "it was written by a later release; upgrade this one",
                ));
            }
            _ => {}
        }
        Ok(catalog)
    }

    /// The doors to time, randomness and secrets.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// The store below, for export, check and rewrite.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Applies changes as one atomic batch and returns its sequence number.
    ///
    /// # Errors
    /// `Conflict` if another process wrote first, `Unavailable` if the store fails; nothing was changed then.
    pub fn commit(&self, principal: &Principal, changes: &[Change]) -> Result<u64> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.number("sequence")?;
        let sequence = before + 1;
        // Reads as of a time search the journal by halves: its times must not fall, whatever becomes of the clock.
        let last = self.journal(before)?.map_or(Timestamp(i64::MIN), |line| line.at);
        let now = self.env.clock.now().max(last);
        let mut writes = Writes::new(self, sequence);
        for change in changes {
            writes.change(principal, now, change)?;
        }
        let line = JournalLine { at: now, by: principal.name.clone(), what: writes.counts.clone() };
        let line = rmp_serde::to_vec_named(&line)
            .map_err(|e| Error::internal("encode journal", "").with_source(e))?;
        let mut batch = writes.finish()?;
        batch.push((key::journal(sequence), Some(line)));
        batch.push((key::meta("sequence"), Some(sequence.to_be_bytes().to_vec())));
        let expect = (before > 0).then(|| before.to_be_bytes().to_vec());
        let batch = Batch { expect: Some((key::meta("sequence"), expect)), writes: batch };
        self.store.commit(&batch).map_err(|error| store_error("commit", error))?;
        Ok(sequence)
    }

    /// Like `commit`, and returns only once the changes would survive a kill and a loss of power. For what somebody is
    /// told was done, and for what is acted upon outside the catalog: an embedded store keeps the last commits in memory for a while.
    ///
    /// # Errors
    /// As `commit`; if the disk fails, the changes may be there or not.
    pub fn commit_durably(&self, principal: &Principal, changes: &[Change]) -> Result<u64> {
        let sequence = self.commit(principal, changes)?;
        self.flush()?;
        Ok(sequence)
    }

    /// The current or a past version of a record.
    ///
    /// # Errors
    /// `Corrupt` if its bytes are damaged.
    pub fn get<R: Record>(&self, id: &R::Id, as_of: AsOf) -> Result<Option<R>> {
        match self.raw(R::KIND, &R::id_bytes(id), self.sequence_at(as_of)?)? {
            Some(bytes) => decode(&bytes).map(Some),
            None => R::implied(self, id, as_of),
        }
    }

    /// Like `get`, but its absence is an error.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn require<R: Record>(&self, id: &R::Id, operation: &'static str, thing: &str) -> Result<R> {
        self.get(id, AsOf::Now)?.ok_or_else(|| Error::not_found(operation, format!("no {} {thing}", R::NAME)))
    }

    /// Records of a kind in order of their ids, `limit` at most, going on after `after`.
    ///
    /// # Errors
    /// `Corrupt` if a record's bytes are damaged.
    pub fn list<R: Record>(&self, as_of: AsOf, after: Option<&[u8]>, limit: usize) -> Result<Page<R>> {
        let last = self.sequence_at(as_of)?;
        let prefix = key::kind_prefix(R::KIND);
        let end = key::end_of(&prefix);
        let mut from = match after {
            Some(id) => key::end_of(&key::record_prefix(R::KIND, id)),
            None => prefix,
        };
        let mut records = Vec::new();
        let mut decided: Option<Vec<u8>> = after.map(<[u8]>::to_vec);
        loop {
            let entries = self.scan("list records", &from, &end, SCAN_PAGE_ENTRIES)?;
            for (stored, bytes) in &entries {
                let (id, sequence) =
                    key::parse_record(stored).ok_or_else(|| Error::corrupt("list records", R::NAME))?;
                if sequence > last || decided.as_deref() == Some(id) {
                    continue;
                }
                if records.len() == limit {
                    return Ok(Page { records, next: decided });
                }
                decided = Some(id.to_vec());
                if !bytes.is_empty() {
                    records.push(decode(bytes)?);
                }
            }
            match entries.last() {
                Some((stored, _)) if entries.len() == SCAN_PAGE_ENTRIES => from = [stored, &[0][..]].concat(),
                _ => return Ok(Page { records, next: None }),
            }
        }
    }

    /// All records of a kind; for kinds that are few (sources, datasets, types, requests).
    ///
    /// # Errors
    /// `Corrupt` if a record's bytes are damaged.
    pub fn all<R: Record>(&self, as_of: AsOf) -> Result<Vec<R>> {
        Ok(self.list(as_of, None, usize::MAX)?.records)
    }

    /// Shows records of a kind whose newest version is younger than a commit, with the bytes of their ids. Purged ones
    /// are gone without a trace: see [`JournalLine::has_purged`]. Reads all keys of the kind, but decodes only what changed.
    ///
    /// # Errors
    /// `Corrupt` if a record's bytes are damaged, or what `visit` fails with.
    pub fn changed<R: Record>(&self, since: u64, visit: &mut VisitChanged<'_, R>) -> Result<()> {
        let mut from = key::kind_prefix(R::KIND);
        let end = key::end_of(&from);
        loop {
            let Some((stored, bytes)) = self.scan("read changes", &from, &end, 1)?.pop() else {
                return Ok(());
            };
            let (id, sequence) =
                key::parse_record(&stored).ok_or_else(|| Error::corrupt("read changes", R::NAME))?;
            if sequence > since {
                let changed = if bytes.is_empty() { Changed::Closed } else { Changed::Is(decode(&bytes)?) };
                visit(id, changed)?;
            }
            from = key::end_of(&key::record_prefix(R::KIND, id));
        }
    }

    /// All versions of a record, newest first, with the time of each; `None` where it was closed.
    ///
    /// # Errors
    /// `Corrupt` if a record's bytes are damaged.
    pub fn history<R: Record>(&self, id: &R::Id) -> Result<Vec<(Timestamp, Option<R>)>> {
        let prefix = key::record_prefix(R::KIND, &R::id_bytes(id));
        let mut versions = Vec::new();
        for (stored, bytes) in self.scan("read history", &prefix, &key::end_of(&prefix), usize::MAX)? {
            let (_, sequence) =
                key::parse_record(&stored).ok_or_else(|| Error::corrupt("read history", R::NAME))?;
            let at = self.journal(sequence)?.map_or(Timestamp(0), |line| line.at);
            versions.push((at, (!bytes.is_empty()).then(|| decode(&bytes)).transpose()?));
        }
        Ok(versions)
    }

    /// The journal line of a commit.
    ///
    /// # Errors
    /// `Corrupt` if it is damaged.
    pub fn journal(&self, sequence: u64) -> Result<Option<JournalLine>> {
        let bytes = self.store.get(&key::journal(sequence)).map_err(|e| store_error("read journal", e))?;
        let decode = |bytes: Vec<u8>| rmp_serde::from_slice(&bytes);
        bytes.map(decode).transpose().map_err(|e| Error::corrupt("read journal", "").with_source(e))
    }

    /// Audit entries from a number on, in order.
    ///
    /// # Errors
    /// `Corrupt` if one is damaged.
    pub fn audit(&self, from: u64, limit: usize) -> Result<Vec<AuditEntry>> {
        let entries = self.scan("read audit log", &key::audit(from), &key::end_of(&[key::AUDIT]), limit)?;
        let decode = |(_, bytes): (Vec<u8>, Vec<u8>)| rmp_serde::from_slice(&bytes);
        entries
            .into_iter()
            .map(decode)
            .collect::<Result<_, _>>()
            .map_err(|e| Error::corrupt("read audit log", "").with_source(e))
    }

    /// Reserves `count` numbers for artifacts, executions, contexts or types and returns the first.
    ///
    /// # Errors
    /// `Unavailable` if the store fails.
    pub fn reserve_ids(&self, count: u64) -> Result<i64> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.number("last_id")?;
        let writes = vec![(key::meta("last_id"), Some((last + count).to_be_bytes().to_vec()))];
        let expect = (last > 0).then(|| last.to_be_bytes().to_vec());
        let batch = Batch { expect: Some((key::meta("last_id"), expect)), writes };
        self.store.commit(&batch).map_err(|error| store_error("reserve ids", error))?;
        Ok(last as i64 + 1)
    }

    /// Returns once everything committed would survive a loss of power.
    ///
    /// # Errors
    /// `Unavailable` if the disk fails.
    pub fn flush(&self) -> Result<()> {
        self.store.flush().map_err(|error| store_error("flush", error))
    }

    /// Writes everything, closed history included, to a portable file, while nobody commits.
    ///
    /// # Errors
    /// `Unavailable` if the store or the file fails, `Conflict` if another process writes meanwhile.
    pub fn export(&self, out: &mut dyn std::io::Write) -> Result<export::Exported> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        export::export(self.store.as_ref(), out)
    }

    /// Looks at every record, index, journal line and audit entry; empty if all is well.
    ///
    /// # Errors
    /// `Unavailable` if the store fails; what it finds wrong is no error.
    pub fn check(&self) -> Result<Vec<check::Problem>> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        check::check(self.store.as_ref())
    }

    /// Leaves no byte in the store's files of what was purged or overwritten. Part of every erasure.
    ///
    /// # Errors
    /// `Unavailable` if the disk fails; the catalog is then as it was.
    pub fn rewrite(&self) -> Result<()> {
        let _merging = self.merging.lock().unwrap_or_else(PoisonError::into_inner);
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.forget_tokens()?;
        self.store.rewrite().map_err(|error| store_error("rewrite catalog", error))
    }

    /// Number of the last commit; what is derived from the catalog remembers it to know when it is behind.
    ///
    /// # Errors
    /// `Unavailable` if the store fails.
    pub fn sequence(&self) -> Result<u64> {
        self.number("sequence")
    }

    /// The sequence number that a read as of a time sees: the last commit's at or before it.
    fn sequence_at(&self, as_of: AsOf) -> Result<u64> {
        let AsOf::Time(time) = as_of else { return Ok(u64::MAX) };
        let (mut low, mut high) = (0, self.number("sequence")?);
        while low < high {
            let middle = (low + high).div_ceil(2);
            // A journal line lost to a purge would be a defect; a missing one counts as later.
            match self.journal(middle)? {
                Some(line) if line.at <= time => low = middle,
                _ => high = middle - 1,
            }
        }
        Ok(low)
    }

    fn raw(&self, kind: u8, id: &[u8], last: u64) -> Result<Option<Vec<u8>>> {
        let from = key::record(kind, id, last);
        let end = key::end_of(&key::record_prefix(kind, id));
        let newest = self.scan("read record", &from, &end, 1)?.pop();
        Ok(newest.map(|(_, bytes)| bytes).filter(|bytes| !bytes.is_empty()))
    }

    fn number(&self, name: &str) -> Result<u64> {
        let bytes = self.store.get(&key::meta(name)).map_err(|e| store_error("read counter", e))?;
        let Some(bytes) = bytes else { return Ok(0) };
        let bytes = bytes.try_into().map_err(|_| Error::corrupt("read counter", name))?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn scan(
        &self,
        operation: &'static str,
        from: &[u8],
        to: &[u8],
        limit: usize,
    ) -> Result<Vec<crate::store::Entry>> {
        self.store.scan(from, to, limit).map_err(|error| store_error(operation, error))
    }
}

pub(crate) fn store_error(operation: &'static str, error: StoreError) -> Error {
    match error {
        StoreError::Conflict => Error::conflict(operation, "another writer was first; try again"),
        StoreError::Locked => Error::conflict(operation, "the catalog is open in another process"),
        StoreError::Corrupt(_) => {
            Error::corrupt(operation, "run `headwater catalog check`").with_source(error)
        }
        StoreError::Io(_) => Error::unavailable(operation, "the catalog's store failed").with_source(error),
    }
}

#[cfg(test)]
mod tests;
