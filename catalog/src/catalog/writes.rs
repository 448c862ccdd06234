//! What a commit writes: changes become keys of records, indexes, journal and audit log, in one batch.

use std::collections::{BTreeSet, HashMap};

use crate::error::{Error, Result};
use crate::model::{AuditEntry, Digest, Principal, Timestamp};
use crate::store::key;
use crate::store::record::Index;
use crate::subject::{Builder, Manifest, Pair};

use super::{Catalog, Change, ChangeKind, PURGED, store_error};

/// A key with its new value; `None` removes it.
type Write = (Vec<u8>, Option<Vec<u8>>);

/// The batch of a commit as it grows; sees its own writes, so that two changes of one record are two steps.
pub(super) struct Writes<'a> {
    catalog: &'a Catalog,
    sequence: u64,
    pending: HashMap<(u8, Vec<u8>), Option<Vec<u8>>>,
    batch: Vec<Write>,
    pairs: Vec<Pair>,
    pub(super) counts: Vec<(String, u32)>,
}

impl<'a> Writes<'a> {
    pub(super) fn new(catalog: &'a Catalog, sequence: u64) -> Self {
        Self {
            catalog,
            sequence,
            pending: HashMap::new(),
            batch: Vec::new(),
            pairs: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// All writes; what was said of tokens is one run of the subject index.
    pub(super) fn finish(mut self) -> Result<Vec<Write>> {
        if self.pairs.is_empty() {
            return Ok(self.batch);
        }
        self.pairs.sort_unstable();
        let mut manifest = Manifest::read(self.catalog.store.as_ref())?;
        let mut run = Builder::new(manifest.next);
        self.pairs.iter().for_each(|pair| run.push(*pair));
        manifest.next += 1;
        manifest.runs.push(run.finish());
        self.batch.push(manifest.write()?);
        self.batch.extend(run.blocks.into_iter().map(|(key, block)| (key, Some(block))));
        Ok(self.batch)
    }

    pub(super) fn change(&mut self, principal: &Principal, now: Timestamp, change: &Change) -> Result<()> {
        match &change.0 {
            ChangeKind::Put { kind, name, id, record, indexes, old } => {
                let current = self.current(*kind, id)?;
                if current.as_deref() == Some(record) {
                    return Ok(());
                }
                self.reindex(*kind, id, current.as_deref().map(old).transpose()?, indexes);
                self.batch.push((key::record(*kind, id, self.sequence), Some(record.clone())));
                self.pending.insert((*kind, id.clone()), Some(record.clone()));
                self.count(name);
            }
            ChangeKind::Close { kind, name, id, old } => {
                let Some(current) = self.current(*kind, id)? else { return Ok(()) };
                self.reindex(*kind, id, Some(old(&current)?), &[]);
                self.batch.push((key::record(*kind, id, self.sequence), Some(Vec::new())));
                self.pending.insert((*kind, id.clone()), None);
                self.count(name);
            }
            ChangeKind::Purge { kind, name, id, old } => {
                let current = self.current(*kind, id)?;
                self.reindex(*kind, id, current.as_deref().map(old).transpose()?, &[]);
                let prefix = key::record_prefix(*kind, id);
                let stored = self.catalog.scan("purge", &prefix, &key::end_of(&prefix), usize::MAX)?;
                self.batch.retain(|(written, _)| !written.starts_with(&prefix));
                self.batch.extend(stored.into_iter().map(|(stored, _)| (stored, None)));
                self.pending.insert((*kind, id.clone()), None);
                self.count(&format!("{PURGED}{name}"));
            }
            ChangeKind::Tokens { artifact, tokens } => {
                self.pairs.extend(tokens.iter().map(|digest| Pair::new(digest, *artifact)));
                self.count("subject tokens");
            }
            ChangeKind::PurgeTokens { artifact } => {
                self.batch.push((key::gone_artifact(artifact.0 as u64), Some(Vec::new())));
                self.count("gone subject tokens");
            }
            ChangeKind::Audit { action, thing, outcome } => {
                self.audit(principal, now, action, thing, outcome)?
            }
        }
        Ok(())
    }

    fn current(&self, kind: u8, id: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.pending.get(&(kind, id.to_vec())) {
            Some(pending) => Ok(pending.clone()),
            None => self.catalog.raw(kind, id, u64::MAX),
        }
    }

    fn reindex(&mut self, kind: u8, id: &[u8], old: Option<Vec<(Index, Vec<u8>)>>, new: &[(Index, Vec<u8>)]) {
        let entry = |(index, value): &(Index, Vec<u8>)| key::index(*index as u8, value, kind, id);
        let new: BTreeSet<_> = new.iter().map(entry).collect();
        let old: BTreeSet<_> = old.iter().flatten().map(entry).collect();
        self.batch.extend(old.difference(&new).map(|gone| (gone.clone(), None)));
        self.batch.extend(new.difference(&old).map(|fresh| (fresh.clone(), Some(Vec::new()))));
    }

    fn audit(
        &mut self,
        principal: &Principal,
        at: Timestamp,
        action: &str,
        thing: &str,
        outcome: &str,
    ) -> Result<()> {
        const HEAD: (u8, Vec<u8>) = (0, Vec::new());
        let head = match self.pending.get(&HEAD) {
            Some(Some(bytes)) => Some(bytes.clone()),
            _ => self.catalog.store.get(&key::meta("audit_head")).map_err(|e| store_error("audit", e))?,
        };
        let previous: Option<AuditEntry> = head
            .map(|bytes| rmp_serde::from_slice(&bytes))
            .transpose()
            .map_err(|e| Error::corrupt("audit", "the head of the chain is damaged").with_source(e))?;
        let mut entry = AuditEntry {
            number: previous.as_ref().map_or(1, |entry| entry.number + 1),
            at,
            principal: principal.name.clone(),
            action: action.into(),
            thing: thing.into(),
            outcome: outcome.into(),
            previous: previous.map_or(Digest([0; 32]), |entry| entry.hash),
            hash: Digest([0; 32]),
        };
        entry.hash = entry.expected_hash();
        let bytes =
            rmp_serde::to_vec_named(&entry).map_err(|e| Error::internal("audit", "").with_source(e))?;
        self.batch.push((key::audit(entry.number), Some(bytes.clone())));
        self.batch.push((key::meta("audit_head"), Some(bytes.clone())));
        self.pending.insert(HEAD, Some(bytes));
        self.count("audit entry");
        Ok(())
    }

    fn count(&mut self, name: &str) {
        match self.counts.iter_mut().find(|(counted, _)| counted == name) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((name.into(), 1)),
        }
    }
}
