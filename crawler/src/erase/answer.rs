//! What the erasure line answers: plain values for `--json`, HTTP and pages.
//!
//! Answers to the desk hold paths and, for an accepted expansion, key values: they go to the person who asked and are
//! never recorded.

use catalog::model::{Extension, PlanBody, Refusal, RequestKind, RequestStatus, StepState, Timestamp};
use serde::Serialize;

use super::package::PersonRow;

/// One place where the person stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// Path relative to the source's URL.
    pub path: String,
    /// Full URI.
    pub uri: String,
    /// Member path joined with `!/`; empty for the blob itself.
    pub member: String,
    /// Table of a database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Column or feature path, or the name of what stands beside the bytes; none for a hit in bytes or in a name.
    pub column: Option<String>,
    /// Row, from 0, where the format has rows.
    pub row: Option<u64>,
    /// Byte offset of the record or hit, layers peeled, where the format is text.
    pub offset: Option<u64>,
    /// Kind of the identifier that stands there.
    pub kind: String,
    /// `cell`, `bytes` (no reader sees it as a cell), `path`, `member name`, `user metadata`, `header`, `tag`.
    pub place: &'static str,
    /// Seen in the bytes just now.
    pub confirmed: bool,
    /// Which hop of the expansion led here; 0: named by the caller.
    pub hop: u32,
    /// Earliest ancestor in lineage, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// What was made from the blob, as lineage knows it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub downstream: Vec<String>,
    /// The blob is another version than the catalog's last crawl saw.
    pub changed_since_crawl: bool,
}

/// Something that was not searched, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unsearched {
    /// Path relative to the source's URL.
    pub path: String,
    /// Full URI.
    pub uri: String,
    /// The store's version id, if it is an old version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Why.
    pub reason: String,
}

/// A key found in the person's rows, with its evidence; to accept it, pass `id` as one more `--id`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Expansion {
    /// `KIND=VALUE` as `--id` takes it.
    pub id: String,
    /// 1: from a row that an identifier of the caller stands in.
    pub hop: u32,
    /// Where the row stands.
    pub path: String,
    /// Member path joined with `!/`.
    pub member: String,
    /// The key column.
    pub column: String,
    /// Rows there that hold both the person and this value.
    pub rows_of_person: u64,
    /// Rows there that hold this value.
    pub rows_in_all: u64,
}

/// Answer of a lookup.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FindAnswer {
    /// Confirmed places.
    pub places: Vec<Place>,
    /// What was not searched: the answer is complete but for these.
    pub not_searched: Vec<Unsearched>,
    /// Keys that the rows lead to, if they were asked for.
    pub expansions: Vec<Expansion>,
    /// Blobs read.
    pub blobs_read: u64,
    /// The person's rows with their values, if they were asked for: never recorded, never shown as part of the places.
    #[serde(skip)]
    pub rows: Vec<PersonRow>,
    /// Bytes of their values.
    #[serde(skip)]
    pub(super) rows_bytes: usize,
}

/// Answer of a planning.
#[derive(Clone, Debug, Serialize)]
pub struct PlanAnswer {
    /// The plan's name.
    pub plan: String,
    /// The request's name.
    pub request: String,
    /// SHA-256 of the plan's text: what approval and run must name.
    pub hash: String,
    /// When an answer to the person is due.
    pub due: Timestamp,
    /// Its steps, names opened.
    pub steps: Vec<StepLine>,
    /// What could not be searched.
    pub not_searched: Vec<Unsearched>,
    /// Bytes that its steps read.
    pub bytes_read: u64,
    /// Bytes that its steps write, at most.
    pub bytes_written: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// One step, for people.
#[derive(Clone, Debug, Serialize)]
pub struct StepLine {
    /// Its number.
    pub step: u32,
    /// Path relative to the source's URL; none once the request's key was destroyed.
    pub path: Option<String>,
    /// Full URI.
    pub uri: Option<String>,
    /// `remove_units`, `remove_metadata`, `mask`, `null`, `pseudonymise`, `rectify`, `delete_blob`, `delete_version` or `report`.
    pub method: &'static str,
    /// Why, where the method has a reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Members concerned, joined with `!/`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// The store's version id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What goes of user metadata, headers and tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<String>,
    /// Rows that go.
    pub rows_removed: u64,
    /// Rows that stay.
    pub rows_kept: u64,
    /// Values that are replaced where they stand.
    #[serde(skip_serializing_if = "is_none")]
    pub values_replaced: u64,
    /// Rows that hold somebody else too, in which only the person's own identifiers are replaced.
    #[serde(skip_serializing_if = "is_none")]
    pub rows_shared: u64,
    /// What was made from the blob.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub downstream: Vec<String>,
    /// How far it is; none for a report.
    pub state: Option<StepState>,
}

/// Answer of an approval.
#[derive(Clone, Debug, Serialize)]
pub struct ApprovalAnswer {
    /// The plan.
    pub plan: String,
    /// What was approved.
    pub hash: String,
    /// By whom.
    pub by: String,
    /// Until when it counts.
    pub expires: Timestamp,
}

/// Answer of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RunAnswer {
    /// The plan.
    pub plan: String,
    /// Steps done, in this run and before.
    pub done: u64,
    /// Steps that only report.
    pub reported: u64,
    /// Steps refused since the lake had changed: plan again.
    pub refused: Vec<StepProblem>,
    /// Steps that failed for good.
    pub failed: Vec<StepProblem>,
    /// Steps that wait, since the store did not answer: run again.
    pub open: Vec<StepProblem>,
    /// Whether the catalog's files still hold what was purged: rewrite the catalog.
    pub needs_rewrite: bool,
    /// Sources whose blobs changed; they were crawled again.
    pub touched_sources: Vec<String>,
    /// Those of them whose crawl failed: crawl them once they answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_crawled: Vec<String>,
}

/// Answer of a replay.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReplayAnswer {
    /// Identifiers in the ledger of erased persons.
    pub erased: u64,
    /// Blobs and old versions that were read.
    pub blobs_read: u64,
    /// Whoever came back, by the request that erased them.
    pub replayed: Vec<Replayed>,
    /// What could not be read.
    pub not_searched: Vec<Unsearched>,
    /// Sources that were not open: nothing in them was searched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources_closed: Vec<String>,
}

/// A request whose persons came back.
#[derive(Clone, Debug, Serialize)]
pub struct Replayed {
    /// The request that erased them.
    pub erased_by: String,
    /// Kinds of the identifiers that were met.
    pub kinds: Vec<String>,
    /// The new plan.
    pub plan: Option<PlanAnswer>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
}

/// Answer of a dry run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DryRunAnswer {
    /// The plan.
    pub plan: String,
    /// Its steps.
    pub steps: Vec<DryStep>,
    /// Stored bytes read.
    pub bytes_read: u64,
    /// Bytes that would be written.
    pub bytes_written: u64,
    /// Rows that would go.
    pub rows_removed: u64,
    /// Steps that would not be done as things are.
    pub would_stop: u64,
}

/// What a step would come to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DryStep {
    /// Its number.
    pub step: u32,
    /// What is to be done.
    pub method: &'static str,
    /// `would be done`, `would be refused`, `would fail`, `would wait`, `reported`, `done already`.
    pub outcome: &'static str,
    /// Why, if it would not be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Stored bytes read.
    pub bytes_read: u64,
    /// Bytes that would be written.
    pub bytes_written: u64,
    /// Rows that would go.
    pub rows_removed: u64,
}

/// A step that is not done, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepProblem {
    /// The step.
    pub step: u32,
    /// Why; for people, without a personal value.
    pub reason: String,
}

/// Answer of a verification.
#[derive(Clone, Debug, Default, Serialize)]
pub struct VerifyAnswer {
    /// The request.
    pub request: String,
    /// Places where the person still is: 0 is what everybody hopes for.
    pub hits: u64,
    /// Blobs read in full.
    pub blobs: u64,
    /// Old versions read in full.
    pub old_versions: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Records of the catalog looked at.
    pub catalog_records: u64,
    /// The places.
    pub places: Vec<HitLine>,
    /// What could not be searched.
    pub not_searched: Vec<Unsearched>,
}

/// A place where the person still is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HitLine {
    /// Path, or `catalog`.
    pub path: String,
    /// The store's version id, if it is an old version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Kind of the identifier.
    pub kind: String,
    /// Where in there.
    pub place: String,
    /// How often.
    pub count: u64,
}

/// One request in a list.
#[derive(Clone, Debug, Serialize)]
pub struct RequestLine {
    /// The request.
    pub request: String,
    /// Its current plan.
    pub plan: Option<String>,
    /// That plan's hash.
    pub hash: Option<String>,
    /// How far it is.
    pub status: RequestStatus,
    /// Kinds of its identifiers.
    pub kinds: Vec<String>,
    /// Who recorded it.
    pub requester: String,
    /// When.
    pub received: Timestamp,
    /// When an answer is due.
    pub due: Timestamp,
    /// Days until then, below zero once it is late; none for a request that has ended.
    pub days_left: Option<i64>,
    /// Erasure or rectification.
    pub asks_for: RequestKind,
    /// The certified request that it runs again over what came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replays: Option<String>,
    /// Why it takes longer than a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<Extension>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
}

/// All about one request and its current plan.
#[derive(Clone, Debug, Serialize)]
pub struct ShowAnswer {
    /// The request.
    #[serde(flatten)]
    pub request: RequestLine,
    /// Its legal basis.
    pub legal_basis: String,
    /// Who approved the plan, if somebody did.
    pub approval: Option<ApprovalAnswer>,
    /// Its steps with their states.
    pub steps: Vec<StepLine>,
    /// The plan as it was hashed.
    pub body: Option<PlanBody>,
    /// What the last verification said.
    pub verification: Option<VerifyAnswer>,
    /// Whether there is a certificate.
    pub certified: bool,
    /// What to do next, for people.
    pub next: &'static str,
}
