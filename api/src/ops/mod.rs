//! Everything that can be asked of Headwater, once: command line, HTTP and pages are faces of [`Operation`].
//!
//! | file | answers |
//! |---|---|
//! | [`crawl`] | crawls, now |
//! | [`sql`] | what the blobs say |
//! | [`search`] | what has these words |
//! | [`lineage`] | what came from what |
//! | [`people`] | one person: find, plan, approve, erase, verify, certify |
//! | [`package`] | what is held of a person, to hand over |
//! | [`datasets`] | what lies in the lake |
//! | [`annotate`] | what people say of it |
//! | [`findings`] | which of it is personal, and what people decided of that |
//! | [`schemas`] | how datasets should look |
//! | [`history`] | runs and the audit log |
//! | [`tokens`] | who may ask |
//! | [`shown`] | names that tell of somebody, hidden from who may not see them |
//! | [`index_keys`] | keys of the subject index |
//! | [`upkeep`] | export, check and rewrite of the catalog |
//!
//! [`access`] says who may ask what, [`run`] checks that and carries it out, [`answer`] is what comes back.

pub(crate) mod access;
mod annotate;
pub(crate) mod answer;
mod crawl;
mod datasets;
mod findings;
mod history;
mod index_keys;
mod lineage;
mod package;
mod people;
mod run;
mod schemas;
mod search;
mod shown;
pub(crate) mod sql;
mod tokens;
mod upkeep;

use std::path::PathBuf;

use catalog::model::{Depth, Ground, Role, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use annotate::Saying;
pub(crate) use answer::{Answer, Outcome, Paging};
pub(crate) use datasets::{feature_row, round};
pub(crate) use findings::Decision;
pub(crate) use lineage::{Direction, LineageQuery};
pub(crate) use sql::{SqlFormat, SqlQuery};
pub(crate) use upkeep::import_from;

/// One thing that can be asked. It travels as JSON between the command line and the daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Operation {
    /// Crawls sources now.
    Crawl {
        /// URLs or absolute folders; all known sources if there are none.
        #[serde(default)]
        urls: Vec<String>,
        /// How much of each blob is read.
        #[serde(default)]
        depth: Depth,
    },
    /// Datasets and blobs that fit a query.
    Search {
        /// Words, `field:value`, `-not`, `OR`.
        query: String,
        /// How many at most.
        #[serde(default)]
        limit: Option<usize>,
        /// With a word for people on how all that fits spreads.
        #[serde(default)]
        facets: bool,
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
    },
    /// How what fits a query spreads over the values that it has.
    SearchFacets {
        /// Words, `field:value`, `-not`, `OR`.
        query: String,
        /// How many values of each facet at most.
        #[serde(default)]
        values: Option<usize>,
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
    },
    /// How a query may go on.
    SearchSuggest {
        /// What was typed so far.
        beginning: String,
        /// How many at most.
        #[serde(default)]
        limit: Option<usize>,
    },
    /// Tags, owners and descriptions.
    Annotations {
        /// Of one dataset or blob.
        #[serde(default)]
        which: Option<String>,
        /// Of one column of it.
        #[serde(default)]
        column: Option<String>,
        /// All that was ever said of it.
        #[serde(default)]
        history: bool,
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
        /// Which page.
        #[serde(default)]
        paging: Paging,
    },
    /// Says something of a dataset, a blob or a column.
    Annotate {
        /// The dataset or blob.
        which: String,
        /// The column; empty for the whole.
        #[serde(default)]
        column: String,
        /// What is said.
        saying: Saying,
    },
    /// SQL over the blobs as they lie.
    Sql {
        /// The query, and in which form its answer goes.
        query: SqlQuery,
    },
    /// Lineage edges.
    Lineage {
        /// Of what, which way.
        #[serde(default)]
        query: LineageQuery,
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
        /// Which page.
        #[serde(default)]
        paging: Paging,
    },
    /// An OpenLineage event that a pipeline reports.
    LineageReport {
        /// The event, as its client sent it.
        event: serde_json::Value,
    },
    /// Every place of a person, confirmed in the bytes.
    SubjectFind {
        /// `KIND=VALUE` each.
        ids: Vec<String>,
        /// Reads every blob instead of those that the index names.
        #[serde(default)]
        scan: bool,
        /// Follows the keys in the person's rows.
        #[serde(default)]
        expand: bool,
        /// What was held then.
        #[serde(default)]
        as_of: Option<Timestamp>,
    },
    /// Everything that is held of a person, as a ZIP archive to hand over.
    SubjectPackage {
        /// `KIND=VALUE` each.
        ids: Vec<String>,
        /// Reads every blob instead of those that the index names.
        #[serde(default)]
        scan: bool,
        /// Takes the rows too that the keys in the person's rows lead to.
        #[serde(default)]
        expand: bool,
        /// Leaves other people's data in shared rows.
        #[serde(default)]
        keep_others: bool,
    },
    /// Records a request and plans it; the lake is not touched.
    ErasePlan {
        /// `KIND=VALUE` each.
        #[serde(default)]
        ids: Vec<String>,
        /// Plans anew for a request that is there already.
        #[serde(default)]
        request: Option<String>,
        /// Ground under Art. 17(1) GDPR.
        #[serde(default)]
        legal_basis: Option<String>,
        /// A wrong value, `KIND=VALUE`, to be put right instead of erasing anybody.
        #[serde(default)]
        rectify: Option<String>,
        /// The right value.
        #[serde(default)]
        with: Option<String>,
        /// When the request reached the controller, if not now.
        #[serde(default)]
        received: Option<Timestamp>,
        /// Reads every blob instead of those that the index names.
        #[serde(default)]
        scan: bool,
    },
    /// Requests.
    EraseList {
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
    },
    /// One request with its plan.
    EraseShow {
        /// A request or a plan.
        which: String,
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
    },
    /// Approves somebody else's plan.
    EraseApprove {
        /// The plan.
        plan: String,
        /// Its hash.
        hash: String,
    },
    /// Carries out an approved plan.
    EraseRun {
        /// The plan.
        plan: String,
        /// Its hash.
        hash: String,
    },
    /// Does all that a run would do, but writes nothing.
    EraseDryRun {
        /// The plan.
        plan: String,
        /// Its hash.
        hash: String,
    },
    /// Extends a request's deadline by two months (Art. 12(3) GDPR).
    EraseExtend {
        /// A request or a plan.
        which: String,
        /// Why, for people; no personal value.
        reason: String,
    },
    /// Refuses a request (Art. 17(3), 12(5) GDPR).
    EraseRefuse {
        /// A request or a plan.
        which: String,
        /// The exception that applies.
        ground: Ground,
        /// Why it applies, for people; no personal value.
        reason: String,
    },
    /// Looks for erased persons in what came back, and plans anew.
    EraseReplay {
        /// Reads every blob, old versions too.
        #[serde(default)]
        scan: bool,
    },
    /// Looks for the person afresh.
    EraseVerify {
        /// A request or a plan.
        which: String,
    },
    /// Signs a certificate, or gives the one that was signed.
    EraseCertificate {
        /// A request or a plan.
        which: String,
    },
    /// Holds: what must not be erased for now (Art. 17(3) GDPR).
    EraseHolds {
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
    },
    /// Places holds.
    EraseHold {
        /// On persons: `KIND=VALUE` each.
        #[serde(default)]
        ids: Vec<String>,
        /// On all blobs whose URI begins so.
        #[serde(default)]
        under: Option<String>,
        /// Why, for people; no personal value.
        reason: String,
    },
    /// Lifts a hold.
    EraseLift {
        /// Its name.
        hold: String,
    },
    /// Datasets of the catalog.
    Datasets {
        /// Only those with this name, root or id.
        #[serde(default)]
        which: Option<String>,
        /// With the paths of their blobs.
        #[serde(default)]
        files: bool,
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
        /// Which page.
        #[serde(default)]
        paging: Paging,
    },
    /// One dataset with its statistics, anomalies and blobs.
    DatasetShow {
        /// Its name, root or id.
        which: String,
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
    },
    /// What is personal in datasets, and why.
    Findings {
        /// One dataset's: its name, root or id.
        #[serde(default)]
        which: Option<String>,
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
    },
    /// What somebody decides of a finding; it wins over recognisers, also after later crawls.
    FindingRule {
        /// The dataset.
        which: String,
        /// The feature; empty for paths.
        feature: String,
        /// The kind.
        kind: String,
        /// What is decided.
        decision: Decision,
        /// Also of the same feature in datasets that lineage connects.
        #[serde(default)]
        spread: bool,
    },
    /// Which datasets hold which kinds of personal data, with reasons (Art. 30 GDPR).
    ProcessingRecord {
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
    },
    /// Schemas of all datasets.
    Schemas {
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
        /// Which page.
        #[serde(default)]
        paging: Paging,
    },
    /// A dataset's schema, or all that it has had.
    SchemaShow {
        /// The dataset.
        which: String,
        /// All versions, newest first.
        #[serde(default)]
        history: bool,
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
    },
    /// What changed from one schema to another.
    SchemaDiff {
        /// The old dataset.
        which: String,
        /// The new dataset; the same if absent.
        #[serde(default)]
        to: Option<String>,
        /// When the old schema counted.
        #[serde(default)]
        from_time: Option<Timestamp>,
        /// When the new schema counted.
        #[serde(default)]
        to_time: Option<Timestamp>,
    },
    /// Where observed statistics part from the schema.
    SchemaValidate {
        /// The dataset.
        which: String,
        /// `TRAINING`, `SERVING` or another one of the schema's.
        #[serde(default)]
        environment: Option<String>,
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
    },
    /// Pins a dataset's schema, so that later blobs are judged by it and do not widen it.
    SchemaPin {
        /// The dataset.
        which: String,
        /// Lets it widen again.
        #[serde(default)]
        unpin: bool,
    },
    /// Crawls, pipeline runs and erasures, newest first.
    Runs {
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
        /// Which page.
        #[serde(default)]
        paging: Paging,
    },
    /// One run with what it read and wrote.
    RunShow {
        /// Its number.
        id: i64,
        /// As the catalog was then.
        #[serde(default)]
        as_of: Option<Timestamp>,
    },
    /// The audit log, newest first.
    Audit {
        /// Which page.
        #[serde(default)]
        paging: Paging,
    },
    /// Whether the chain of the audit log holds.
    AuditVerify,
    /// Makes a token.
    TokenCreate {
        /// The principal's name.
        name: String,
        /// What it may do.
        roles: Vec<Role>,
    },
    /// All tokens, without their secrets.
    TokenList,
    /// Writes the whole catalog to a file of the machine that runs it.
    CatalogExport {
        /// The file, absolute; it must not be there.
        path: PathBuf,
    },
    /// Whether the catalog is whole.
    CatalogCheck,
    /// Leaves no removed or overwritten value in the catalog's files.
    CatalogRewrite,
    /// Keys of the subject index, and which sources lean on them.
    KeyList,
    /// Makes the next key of the subject index.
    KeyRotate,
    /// Destroys an old key of the subject index, and so what was indexed under it.
    KeyDestroy {
        /// Its number.
        epoch: u32,
        /// Though sources lean on it.
        #[serde(default)]
        anyway: bool,
    },
    /// Ends tokens.
    TokenRevoke {
        /// A name or a short id.
        which: String,
    },
}
