//! How things are ordered in the store: one byte of space, then the key, so that a scan of a prefix is a listing.
//!
//! | space | key | value |
//! |---|---|---|
//! | `m` | name | counters and the format's version |
//! | `r` | record kind, id, 0, inverted sequence | record (newest first), or empty: closed |
//! | `x` | index, value, 0, id | empty; current records only |
//! | `j` | sequence | journal line of a commit |
//! | `a` | number | audit entry |
//! | `t` | see [`crate::subject`] | the subject index |

use super::record::Index;

/// Space of counters.
pub const META: u8 = b'm';
/// Space of records.
pub const RECORD: u8 = b'r';
/// Space of indexes.
pub const INDEX: u8 = b'x';
/// Space of the journal.
pub const JOURNAL: u8 = b'j';
/// Space of the audit log.
pub const AUDIT: u8 = b'a';

/// Space of the subject index.
pub const SUBJECTS: u8 = b't';

/// Key of a counter or setting.
pub fn meta(name: &str) -> Vec<u8> {
    [&[META], name.as_bytes()].concat()
}

/// Prefix of all records of a kind.
pub fn kind_prefix(kind: u8) -> Vec<u8> {
    vec![RECORD, kind]
}

/// Prefix of all versions of a record.
pub fn record_prefix(kind: u8, id: &[u8]) -> Vec<u8> {
    [&[RECORD, kind], id, &[0]].concat()
}

/// Key of one version of a record; later sequences sort first.
pub fn record(kind: u8, id: &[u8], sequence: u64) -> Vec<u8> {
    [&record_prefix(kind, id)[..], &(!sequence).to_be_bytes()].concat()
}

/// Takes a record's key apart: id and sequence.
pub fn parse_record(key: &[u8]) -> Option<(&[u8], u64)> {
    let (head, tail) = key.split_at_checked(key.len().checked_sub(8)?)?;
    let id = head.get(2..)?.strip_suffix(&[0])?;
    Some((id, !u64::from_be_bytes(tail.try_into().ok()?)))
}

/// Bytes of a digest that lead to what has it; whoever looks something up compares the rest.
const DIGEST_BYTES: usize = 12;

/// Whether an index keeps a part of its values only.
pub fn is_cut(index: Index) -> bool {
    matches!(index, Index::Digest | Index::PartDigest)
}

/// Prefix of an index's entries of one value.
pub fn index_prefix(index: u8, value: &[u8]) -> Vec<u8> {
    let is_cut = index == Index::Digest as u8 || index == Index::PartDigest as u8;
    let value = if is_cut { value.get(..DIGEST_BYTES).unwrap_or(value) } else { value };
    [&[INDEX, index], value, &[0]].concat()
}

/// Key of an index's entry.
pub fn index(index: u8, value: &[u8], kind: u8, id: &[u8]) -> Vec<u8> {
    [&index_prefix(index, value)[..], &[kind], id].concat()
}

/// Key of a journal line.
pub fn journal(sequence: u64) -> Vec<u8> {
    [&[JOURNAL][..], &sequence.to_be_bytes()].concat()
}

/// Key of an audit entry.
pub fn audit(number: u64) -> Vec<u8> {
    [&[AUDIT][..], &number.to_be_bytes()].concat()
}

/// Prefix of all runs of the subject index.
pub fn subject_runs() -> Vec<u8> {
    vec![SUBJECTS, b'r']
}

/// Prefix of the blocks of one run.
pub fn subject_run(run: u32) -> Vec<u8> {
    [&subject_runs()[..], &run.to_be_bytes()].concat()
}

/// The run that a block's key belongs to.
pub fn parse_subject_run(key: &[u8]) -> Option<u32> {
    key.strip_prefix(&subject_runs()[..])?.first_chunk().copied().map(u32::from_be_bytes)
}

/// Prefix of the marks of artifacts whose tokens are to go.
pub fn gone_artifacts() -> Vec<u8> {
    vec![SUBJECTS, b'g']
}

/// Key of the mark of one.
pub fn gone_artifact(artifact: u64) -> Vec<u8> {
    [&gone_artifacts()[..], &artifact.to_be_bytes()].concat()
}

/// The artifact that a mark is about.
pub fn parse_gone_artifact(key: &[u8]) -> Option<u64> {
    key.strip_prefix(&gone_artifacts()[..])?.try_into().ok().map(u64::from_be_bytes)
}

/// The first key after all keys with a prefix.
pub fn end_of(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end;
        }
    }
    vec![u8::MAX; 64]
}
