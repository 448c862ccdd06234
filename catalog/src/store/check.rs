//! Whether a store holds what a catalog should: every record decodes, indexes and records agree both ways, the journal
//! has no gap, the audit log is one unbroken chain. Reads only; what to do about a problem is the operator's.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;
use twox_hash::XxHash3_128;

use crate::catalog::{JournalLine, store_error};
use crate::error::{Error, Result};
use crate::model::{
    AccessToken, Annotation, Approval, Artifact, Association, Attribution, AuditEntry, BlobVersion,
    Certificate, ContentSketch, Context, Dataset, Digest, ErasureRequest, Event, Execution, Findings, Hold,
    Plan, Ruling, Schema, Source, Statistics, StepJournal, Suppression, Timestamp, Type, Verification,
};

use super::export::for_each_page;
use super::record::{Index, Record, decode};
use crate::subject;

use super::{Store, key};

/// Problems listed at most; a store that has more is not helped by reading them all.
const PROBLEMS_MAX: usize = 1_000;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where: `record`, `index`, `journal`, `audit`, `counter`, `subjects`.
    pub space: &'static str,
    /// What is wrong; ids and numbers, no values.
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.space, self.problem)
    }
}

/// What is known of a kind of records.
struct RecordKind {
    kind: u8,
    name: &'static str,
    /// Decodes a record; its id and index entries.
    read: fn(&[u8]) -> Result<Read>,
}

/// Id and index entries of a record.
type Read = (Vec<u8>, Vec<(Index, Vec<u8>)>);

const fn kind<R: Record>() -> RecordKind {
    fn read<R: Record>(bytes: &[u8]) -> Result<Read> {
        let record = decode::<R>(bytes)?;
        Ok((R::id_bytes(&record.id()), record.indexes()))
    }
    RecordKind { kind: R::KIND, name: R::NAME, read: read::<R> }
}

/// Every kind of record that there is; a new one is one more line here.
static RECORDS: &[RecordKind] = &[
    kind::<Source>(),
    kind::<BlobVersion>(),
    kind::<Dataset>(),
    kind::<Schema>(),
    kind::<Statistics>(),
    kind::<Findings>(),
    kind::<ContentSketch>(),
    kind::<Type>(),
    kind::<Artifact>(),
    kind::<Execution>(),
    kind::<Context>(),
    kind::<Event>(),
    kind::<Attribution>(),
    kind::<Association>(),
    kind::<ErasureRequest>(),
    kind::<Plan>(),
    kind::<Approval>(),
    kind::<StepJournal>(),
    kind::<Verification>(),
    kind::<Certificate>(),
    kind::<Hold>(),
    kind::<Suppression>(),
    kind::<Ruling>(),
    kind::<Annotation>(),
    kind::<AccessToken>(),
];

/// Checks a whole store while nobody writes; empty if all is well.
///
/// # Errors
/// `Unavailable` if the store fails.
pub fn check(store: &dyn Store) -> Result<Vec<Problem>> {
    let sequence = number(store, "sequence")?.unwrap_or(0);
    let mut check = Checking { sequence, ..Checking::default() };
    for_each_page(store, |page| {
        for (key, value) in page {
            check.entry(store, key, value)?;
        }
        Ok(())
    })?;
    check.journal_end();
    check.audit_end(store)?;
    if number(store, "last_id")?.unwrap_or(0) < check.last_node {
        check.problem("counter", "a node of the graph has a number that was never given out".into());
    }
    check.subjects(store)?;
    if check.indexes != check.expected_indexes {
        check.stray_indexes(store)?;
    }
    Ok(check.problems)
}

/// An order-free sum of keys: equal sums are equal sets, but for chance in 2^128.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct KeySum(u64, u128);

impl KeySum {
    fn add(&mut self, key: &[u8]) {
        self.0 += 1;
        self.1 = self.1.wrapping_add(XxHash3_128::oneshot(key));
    }
}

#[derive(Default)]
struct Checking {
    sequence: u64,
    problems: Vec<Problem>,
    /// The record whose newest version was seen last.
    record: Vec<u8>,
    expected_indexes: KeySum,
    indexes: KeySum,
    journal: u64,
    journal_time: Option<Timestamp>,
    audit: Option<AuditEntry>,
    last_node: u64,
}

impl Checking {
    fn problem(&mut self, space: &'static str, problem: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { space, problem });
        }
    }

    fn entry(&mut self, store: &dyn Store, key: &[u8], value: &[u8]) -> Result<()> {
        match key.first() {
            Some(&key::RECORD) => return self.record(store, key, value),
            Some(&key::INDEX) => self.indexes.add(key),
            Some(&key::JOURNAL) => self.journal_line(key, value),
            Some(&key::AUDIT) => self.audit_entry(key, value),
            Some(&key::META | &key::SUBJECTS) => {}
            _ => self.problem("record", "a key of no known space".into()),
        }
        Ok(())
    }

    fn record(&mut self, store: &dyn Store, key: &[u8], value: &[u8]) -> Result<()> {
        let (Some((id, sequence)), Some(kind)) = (key::parse_record(key), key.get(1)) else {
            self.problem("record", "a malformed key".into());
            return Ok(());
        };
        let Some(kind) = RECORDS.iter().find(|known| known.kind == *kind) else {
            self.problem("record", format!("of unknown kind {kind}"));
            return Ok(());
        };
        let name = format!("{} {}", kind.name, hex::encode(id));
        if sequence == 0 || sequence > self.sequence {
            self.problem("record", format!("{name} is of commit {sequence}, which was not made"));
        }
        let stem = &key[..key.len() - 8];
        let newest = self.record != stem;
        if newest {
            self.record = stem.to_vec();
        }
        if value.is_empty() {
            return Ok(());
        }
        match (kind.read)(value) {
            Ok((read, _)) if read != id => self.problem("record", format!("{name} holds another's content")),
            Ok((_, indexes)) if newest => self.indexed(store, kind, id, &name, indexes)?,
            Ok(_) => {}
            Err(_) => self.problem("record", format!("{name} of commit {sequence} does not decode")),
        }
        if matches!(kind.name, "artifact" | "execution" | "context" | "type")
            && let Ok(number) = <[u8; 8]>::try_from(id)
        {
            self.last_node = self.last_node.max(u64::from_be_bytes(number));
        }
        Ok(())
    }

    fn indexed(
        &mut self,
        store: &dyn Store,
        kind: &RecordKind,
        id: &[u8],
        name: &str,
        indexes: Vec<(Index, Vec<u8>)>,
    ) -> Result<()> {
        let mut keys: Vec<_> =
            indexes.iter().map(|(index, value)| key::index(*index as u8, value, kind.kind, id)).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            if store.get(&key).map_err(|error| store_error("check index", error))?.is_none() {
                self.problem("index", format!("number {} does not lead to {name}", key[1]));
            }
            self.expected_indexes.add(&key);
        }
        Ok(())
    }

    fn journal_line(&mut self, key: &[u8], value: &[u8]) {
        let Ok(sequence) = <[u8; 8]>::try_from(&key[1..]).map(u64::from_be_bytes) else {
            return self.problem("journal", "a malformed key".into());
        };
        if sequence != self.journal + 1 {
            self.problem("journal", format!("commit {} is missing before {sequence}", self.journal + 1));
        }
        self.journal = sequence;
        match rmp_serde::from_slice::<JournalLine>(value) {
            Ok(line) => {
                if self.journal_time.is_some_and(|before| before > line.at) {
                    self.problem("journal", format!("commit {sequence} is earlier than the one before it"));
                }
                self.journal_time = Some(line.at);
            }
            Err(_) => self.problem("journal", format!("commit {sequence} does not decode")),
        }
    }

    fn journal_end(&mut self) {
        if self.journal != self.sequence {
            let problem = format!("it ends with commit {}, the last was {}", self.journal, self.sequence);
            self.problem("journal", problem);
        }
    }

    fn audit_entry(&mut self, key: &[u8], value: &[u8]) {
        let Ok(entry) = rmp_serde::from_slice::<AuditEntry>(value) else {
            let number = self.audit.as_ref().map_or(0, |entry| entry.number) + 1;
            return self.problem("audit", format!("entry {number} does not decode"));
        };
        let expected = self.audit.as_ref().map_or(1, |before| before.number + 1);
        let previous = self.audit.as_ref().map_or(Digest([0; 32]), |before| before.hash);
        if entry.number != expected || key != key::audit(entry.number) {
            self.problem("audit", format!("entry {expected} is missing before {}", entry.number));
        }
        if entry.previous != previous {
            self.problem("audit", format!("entry {} does not follow from the one before", entry.number));
        }
        if entry.hash != entry.expected_hash() {
            self.problem("audit", format!("entry {} was changed after it was written", entry.number));
        }
        self.audit = Some(entry);
    }

    fn audit_end(&mut self, store: &dyn Store) -> Result<()> {
        let head =
            store.get(&key::meta("audit_head")).map_err(|error| store_error("check audit log", error))?;
        let head = head.map(|bytes| rmp_serde::from_slice::<AuditEntry>(&bytes));
        let agrees = match (&head, &self.audit) {
            (None, None) => true,
            (Some(Ok(head)), Some(last)) => head == last,
            _ => false,
        };
        if !agrees {
            self.problem("audit", "the log does not end with the entry that was written last".into());
        }
        Ok(())
    }

    fn subjects(&mut self, store: &dyn Store) -> Result<()> {
        let artifacts = subject::check(store, &mut |problem| self.problem("subjects", problem))?;
        let any = |prefix: Vec<u8>| -> Result<bool> {
            let found = store.scan(&prefix, &key::end_of(&prefix), 1);
            Ok(!found.map_err(|error| store_error("check the subject index", error))?.is_empty())
        };
        for artifact in artifacts {
            let id = artifact.to_be_bytes();
            let is_known = any(key::index_prefix(Index::BlobOfArtifact as u8, &id))?
                || any(key::record_prefix(Artifact::KIND, &id))?;
            if !is_known {
                self.problem("subjects", format!("artifact {artifact} is no version of a blob"));
            }
        }
        Ok(())
    }

    /// Names index entries that lead to no current record: once their sums differ, it is worth the memory.
    fn stray_indexes(&mut self, store: &dyn Store) -> Result<()> {
        let mut expected = HashSet::new();
        let mut newest = Vec::new();
        for_each_page(store, |page| {
            for (stored, value) in page.iter().filter(|(stored, _)| stored.first() == Some(&key::RECORD)) {
                let Some((id, _)) = key::parse_record(stored) else { continue };
                let stem = &stored[..stored.len() - 8];
                if newest == stem {
                    continue;
                }
                newest = stem.to_vec();
                let Some(kind) = RECORDS.iter().find(|known| known.kind == stored[1]) else { continue };
                let Ok((_, indexes)) = (kind.read)(value) else { continue };
                let entries = indexes.iter();
                expected.extend(entries.map(|(index, value)| {
                    XxHash3_128::oneshot(&key::index(*index as u8, value, kind.kind, id))
                }));
            }
            Ok(())
        })?;
        for_each_page(store, |page| {
            for (stored, _) in page.iter().filter(|(stored, _)| stored.first() == Some(&key::INDEX)) {
                if !expected.contains(&XxHash3_128::oneshot(stored)) {
                    let number = stored.get(1).copied().unwrap_or(0);
                    self.problem("index", format!("number {number} has an entry that leads to no record"));
                }
            }
            Ok(())
        })
    }
}

fn number(store: &dyn Store, name: &str) -> Result<Option<u64>> {
    let bytes = store.get(&key::meta(name)).map_err(|error| store_error("read counter", error))?;
    bytes
        .map(|bytes| {
            let bytes = bytes.try_into().map_err(|_| Error::corrupt("read counter", name))?;
            Ok(u64::from_be_bytes(bytes))
        })
        .transpose()
}

#[cfg(test)]
mod tests;
