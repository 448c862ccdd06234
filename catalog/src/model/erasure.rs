//! The nouns of the erasure line: plan, step, approval, journal, verification, certificate, hold, suppression.
//! Requests are in [`super::request`], what a policy may ask for in [`super::policy`].
//!
//! None holds an identifier's value. Identifiers stand as keyed digests, and as ciphertext under a key that lives outside
//! the catalog and is destroyed once the certificate is signed. Names (paths, members) that name the person are sealed the
//! same way, so that an immutable plan can stay in the catalog and become unreadable where it has to. Rules: [`crate::erasure`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::policy::{How, Replacement, Rule};
use super::request::{RequestKind, SubjectIdentifier};
use super::{BlobId, Digest, PlanId, RequestId, RowsDigest, SourceId, Timestamp, TokenDigest};

/// Path of a blob and of the members inside it that a step is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Names {
    /// They do not name the person.
    Clear {
        /// The blob's path, relative to its source's URL.
        path: String,
        /// Members, outermost container first; parts of a step refer to them by their position.
        members: Vec<Vec<String>>,
    },
    /// One of them does: hex of their sealed JSON.
    Sealed(String),
}

/// A plan as it is kept: its canonical JSON and that text's hash. It is never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its random name.
    pub id: PlanId,
    /// The request that it serves.
    pub request: RequestId,
    /// When it was made.
    pub created: Timestamp,
    /// SHA-256 of `canonical`.
    pub hash: Digest,
    /// The plan's body as canonical JSON (RFC 8785).
    pub canonical: String,
}

/// What a plan says; it leaves nothing to decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanBody {
    /// Layout of this document.
    pub version: u32,
    /// The plan's name.
    pub id: PlanId,
    /// The request that it serves.
    pub request: RequestId,
    /// When it was made.
    pub created: Timestamp,
    /// Who made it.
    pub by: String,
    /// Whom it is about.
    pub identifiers: Vec<SubjectIdentifier>,
    /// Sources that were looked at.
    pub sources: Vec<SourceId>,
    /// What is to be done, in order; numbers run from 1.
    pub steps: Vec<Step>,
    /// What could not be searched, and why.
    pub not_searched: Vec<NotSearched>,
    /// Bytes that its steps read.
    pub bytes_read: u64,
    /// Bytes that its steps write, at most.
    pub bytes_written: u64,
    /// What is asked for.
    #[serde(default, skip_serializing_if = "is_erasure")]
    pub kind: RequestKind,
    /// The policy in force when it was made, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy: Vec<Rule>,
}

fn is_erasure(kind: &RequestKind) -> bool {
    *kind == RequestKind::Erasure
}

/// One object version and what becomes of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its place in the plan, from 1.
    pub number: u32,
    /// Where the blob lies.
    pub source: SourceId,
    /// The blob.
    pub blob: BlobId,
    /// Its path and the members concerned.
    pub names: Names,
    /// The entity tag that it must still have.
    pub etag: Option<String>,
    /// The store's version id, on a versioned bucket.
    pub store_version: Option<String>,
    /// Whether this is the version that readers get.
    pub current: bool,
    /// Stored bytes.
    pub size: u64,
    /// What is done.
    pub method: Method,
    /// A step that must be done before this one: nothing old goes before its replacement is durable.
    pub after: Option<u32>,
    /// What was made from the blob, as lineage knows it: names for people.
    pub downstream: Vec<String>,
    /// Whether the log of its Delta table is told of its new size.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub transacts: bool,
}

/// What is done with an object version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Method {
    /// Written anew without some units, every other byte or row as it was.
    RemoveUnits {
        /// What goes, a part each; none if the bytes stay as they are.
        parts: Vec<PartRemoval>,
        /// What goes of user metadata, headers and tags, which stand beside the bytes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        beside: Vec<BesideEntry>,
    },
    /// Deleted, with what its deletion leaves behind in a versioned bucket.
    DeleteBlob {
        /// Why nothing of it stays.
        reason: String,
        /// Rows of others that go with it.
        rows_lost: u64,
    },
    /// A noncurrent version or a delete marker is deleted.
    DeleteVersion {
        /// Why.
        reason: String,
    },
    /// Nothing can be done, or must not be.
    Report {
        /// Why.
        reason: String,
    },
}

impl Method {
    /// Whether it changes the lake.
    pub fn acts(&self) -> bool {
        !matches!(self, Self::Report { .. })
    }

    /// Whether it writes an object anew, or a file.
    pub fn rewrites(&self) -> bool {
        match self {
            Self::RemoveUnits { parts, beside } => !parts.is_empty() || beside.iter().any(|one| !one.tag),
            _ => false,
        }
    }

    /// Its name to people and in `--json`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RemoveUnits { parts, .. } if parts.is_empty() => "remove_metadata",
            Self::RemoveUnits { parts, .. } => replaced_all(parts).map_or("remove_units", How::name),
            Self::DeleteBlob { .. } => "delete_blob",
            Self::DeleteVersion { .. } => "delete_version",
            Self::Report { .. } => "report",
        }
    }
}

/// How values are replaced, if that is all that is done to the parts, and in one way.
fn replaced_all(parts: &[PartRemoval]) -> Option<How> {
    let how = parts.first()?.replacement.as_ref()?.how;
    let is_alike = |part: &PartRemoval| part.replacement.as_ref().is_some_and(|one| one.how == how);
    parts.iter().all(is_alike).then_some(how)
}

/// Something beside an object's bytes that goes: user metadata, a header, a tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BesideEntry {
    /// Its place among all that stands beside the bytes, in order of kind and name.
    pub number: u32,
    /// Whether it is a tag, which can be taken away while the object version stays.
    pub tag: bool,
    /// What it is and its name, for people; none if the name is personal itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What goes from one part of a blob and what must stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartRemoval {
    /// Position of the part in the step's list of members.
    pub member: usize,
    /// Its format.
    pub format: String,
    /// The member goes as a whole.
    pub whole: bool,
    /// Table → units that go, as `3 7-9 12`; text, since JSON's numbers end at 2^53.
    pub units: BTreeMap<String, String>,
    /// Rows that go.
    pub rows_removed: u64,
    /// Rows that stay.
    pub rows_kept: u64,
    /// Table → digest of the multiset of rows that must stay.
    pub rows_after: BTreeMap<String, RowsDigest>,
    /// Instead of removing the units, values in them are replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Replacement>,
    /// Why it is not done as the policy asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

/// Something that could not be searched, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotSearched {
    /// Where it lies.
    pub source: SourceId,
    /// The blob.
    pub blob: BlobId,
    /// Its path.
    pub names: Names,
    /// The store's version id, if it is an old one.
    pub store_version: Option<String>,
    /// Why; no value of the content.
    pub reason: String,
}

/// Somebody else's consent to exactly one plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// The plan.
    pub plan: PlanId,
    /// Hash of what was approved.
    pub hash: Digest,
    /// Who approved.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// From when on it counts no more.
    pub expires: Timestamp,
}

/// How far a step is; written before and after each thing that it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepJournal {
    /// The plan.
    pub plan: PlanId,
    /// The step's number.
    pub number: u32,
    /// How far.
    pub state: StepState,
    /// Digest of what is about to be written, so that a write whose answer was lost is recognised.
    #[serde(default)]
    pub intended: Option<Digest>,
    /// The store's id of the upload in parts that this step has begun, so that it can be dropped after a kill.
    #[serde(default)]
    pub upload: Option<String>,
    /// The entity tag after the write.
    #[serde(default)]
    pub new_etag: Option<String>,
    /// The store's version id after the write.
    #[serde(default)]
    pub new_version: Option<String>,
    /// When it last changed.
    pub at: Timestamp,
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    Planned,
    /// About to write or delete.
    Started,
    /// Written and read back, or gone; what it replaced may still lie in the store as an old version.
    Replaced,
    /// Old versions that the write left behind are gone.
    OldVersionsDeleted,
    /// The catalog says so too.
    Done,
    /// Reality moved, or a rule forbids it: nothing was changed; plan again.
    Refused(String),
    /// The store or the content does not allow it, for good.
    Failed(String),
}

impl StepState {
    /// Whether nothing more happens to the step.
    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Done | Self::Refused(_) | Self::Failed(_))
    }
}

/// What a fresh look at the lake found after an erasure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// The request whose identifiers were looked for.
    pub request: RequestId,
    /// Who had it done.
    pub by: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Blobs read in full.
    pub blobs: u64,
    /// Old object versions read in full.
    pub old_versions: u64,
    /// Stored bytes read.
    pub bytes: u64,
    /// Records of the catalog that were looked at.
    pub catalog_records: u64,
    /// Where the person still is.
    pub hits: Vec<VerificationHit>,
    /// What could not be searched, and why.
    pub not_searched: Vec<NotSearched>,
}

/// A place where the person still is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationHit {
    /// Where the blob lies; `None`: in the catalog itself.
    pub source: Option<SourceId>,
    /// The blob.
    pub blob: Option<BlobId>,
    /// Its path and member.
    pub names: Names,
    /// The store's version id, if it is an old one.
    pub store_version: Option<String>,
    /// Kind of the identifier.
    pub kind: String,
    /// Where in there: `cell`, `bytes`, `path`, `member name`, `user metadata`, `header`, `tag`, a kind of record.
    pub place: String,
    /// How often.
    pub count: u64,
}

/// A signed certificate as it is kept: the document as it is handed out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The request.
    pub request: RequestId,
    /// The plan.
    pub plan: PlanId,
    /// When it was signed.
    pub issued: Timestamp,
    /// The signed document, canonical JSON (RFC 8785).
    pub document: String,
}

/// Something that must not be erased for now (Art. 17(3) GDPR).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hold {
    /// Its random name.
    pub id: String,
    /// On what.
    pub scope: HoldScope,
    /// Why, for people; no personal value.
    pub reason: String,
    /// Who placed it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What a hold is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldScope {
    /// A person, by a keyed digest.
    Subject(TokenDigest),
    /// All blobs of a source below a path.
    Path {
        /// The source.
        source: SourceId,
        /// First characters of the paths.
        prefix: String,
    },
}

/// An erased person's identifier; a crawl that meets it again raises an alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suppression {
    /// Kind of the identifier.
    pub kind: String,
    /// Its keyed digest.
    pub digest: TokenDigest,
    /// What the subject index knew it by, under the keys of then.
    #[serde(default)]
    pub tokens: Vec<TokenDigest>,
    /// The request that erased it.
    pub request: RequestId,
    /// Since when.
    pub since: Timestamp,
}
