//! Sources and blob versions: what lies in the lake, as its bytes say.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ArtifactId, BlobId, Digest, ExecutionId, RowsDigest, SchemaId, SourceId, TableLog, Timestamp};
use crate::error::Error;

/// A place that is crawled: one URL with what belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Derived from the URL.
    pub id: SourceId,
    /// Canonical URL, without credentials: `file:///data/lake`, `s3://bucket/prefix`.
    pub url: String,
    /// When it was first crawled.
    pub added: Timestamp,
    /// Cron expression of its schedule, if the daemon crawls it.
    #[serde(default)]
    pub schedule: Option<String>,
    /// What the last grouping of its blobs went by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grouped: Option<Grouped>,
    /// Digest of how identifiers were read when all of its blobs were last read: lookup must read them alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recognised: Option<Digest>,
    /// The oldest key under which identifiers in any of its blobs may be indexed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_key: Option<IndexKey>,
    /// Whether the store denied reading tags of some of its objects, so that these are not indexed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tags_denied: bool,
}

/// Which key of the subject index; says nothing of what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexKey {
    /// Number of its epoch, from 1.
    pub epoch: u32,
    /// Tells it from another key of the same number, such as one that was made anew in a lost folder's place.
    pub check: u32,
}

/// What datasets were made of: as long as it is the same, grouping anew changes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grouped {
    /// Number of the last commit that it saw.
    pub sequence: u64,
    /// Digest of what people said of the grouping, and of the release that grouped.
    pub corrections: Digest,
}

/// One version of one blob.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlobVersion {
    /// The blob.
    pub blob: BlobId,
    /// Where it lies.
    pub source: SourceId,
    /// Its path relative to the source's URL.
    pub path: String,
    /// Stored bytes.
    pub size: u64,
    /// The store's entity tag.
    pub etag: Option<String>,
    /// The store's version id, on a versioned bucket.
    pub store_version: Option<String>,
    /// When the store says it was written.
    pub modified: Timestamp,
    /// When this version was read.
    pub crawled: Timestamp,
    /// The crawl run that read it.
    pub run: ExecutionId,
    /// Its artifact in the graph.
    pub artifact: ArtifactId,
    /// Digest of the stored bytes; none if they could not all be read.
    pub digest: Option<Digest>,
    /// What is in it: the first part is the blob itself with its layers peeled, then members and tables.
    pub parts: Vec<Part>,
    /// What is wrong with it.
    pub anomalies: Vec<Anomaly>,
    /// Whether all of its content was looked at for personal data.
    pub searched: Searched,
    /// What it says of a table, if it belongs to the books of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_log: Option<TableLog>,
    /// How much of it was read.
    #[serde(default)]
    pub depth: Depth,
}

/// How much of a blob a crawl reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Depth {
    /// Its first and last bytes: what it is.
    Head,
    /// The first rows of each part: what it is, and roughly what its schema and findings are.
    Sample,
    /// All of it.
    #[default]
    Full,
}

impl FromStr for Depth {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "head" => Ok(Self::Head),
            "sample" => Ok(Self::Sample),
            "full" => Ok(Self::Full),
            _ => Err(Error::invalid("read depth", "it is head, sample or full")),
        }
    }
}

impl BlobVersion {
    /// The blob itself, layers peeled; `parts` is never empty.
    pub fn root(&self) -> &Part {
        &self.parts[0]
    }
}

/// A piece of content with a format of its own: the blob, a member of an archive, a table of a database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Names from the outermost container inwards; empty for the blob itself.
    pub member: Vec<String>,
    /// Id of its format in the format table: `csv`, `parquet`, `unknown`.
    pub format: String,
    /// Its media type.
    pub media_type: String,
    /// How sure the sniffer is, 0 to 1.
    pub confidence: f32,
    /// Encoding layers around it, outermost first: `gzip`, `zstd`.
    pub layers: Vec<String>,
    /// How its text is written.
    pub dialect: Dialect,
    /// Bytes after peeling its layers.
    pub size: u64,
    /// Digest of those bytes.
    pub digest: Option<Digest>,
    /// Rows, where it has rows.
    pub rows: Option<u64>,
    /// Digest of the rows whatever their order and format.
    pub rows_digest: Option<RowsDigest>,
    /// Inferred schema.
    pub schema: Option<SchemaId>,
}

/// What a reader must know to read the same bytes the same way again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dialect {
    /// Field delimiter of delimited text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Quote character of delimited text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<char>,
    /// Whether the first record names the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// Character encoding if not UTF-8: `utf-16le`, `latin-1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Lines before the first record (a preamble, comments).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preamble_lines: Option<u32>,
}

/// Something wrong with a blob, a part or a feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anomaly {
    /// What kind of wrong.
    pub kind: AnomalyKind,
    /// Which part; empty for the blob itself.
    #[serde(default)]
    pub member: Vec<String>,
    /// Which feature, if one.
    #[serde(default)]
    pub feature: Option<String>,
    /// A reason for people; holds no value of the blob.
    pub reason: String,
}

/// Kinds of anomalies. Those of features are TensorFlow Data Validation's (`Anomalies` proto), same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AnomalyKind {
    /// No byte at all.
    Empty,
    /// Ends before its format says that it should.
    Truncated,
    /// Not readable as its format.
    Corrupt,
    /// Encrypted, no key at hand.
    Encrypted,
    /// Its name says another format than its bytes.
    Mislabelled,
    /// Reached a documented bound (decompressed bytes, depth, members, line length).
    LimitReached,
    /// A table's log lacks a part or cannot be read, so that names had to tell the table's files.
    TableLogIncomplete,
    /// Some records could not be read; the others were.
    MalformedRecords,
    /// Changed or vanished while it was read.
    ChangedWhileRead,
    /// The store refused or failed after all retries.
    Unreadable,
    /// Personal data of an erased person came back.
    SuppressedSubject,
    /// TFDV: a feature of the schema is not in the data.
    SchemaMissingColumn,
    /// TFDV: a feature of the data is not in the schema.
    SchemaNewColumn,
    /// TFDV: the type of values differs from the schema's.
    UnexpectedDataType,
    /// TFDV: present in fewer rows than the schema asks for.
    FeatureTypeLowFractionPresent,
    /// TFDV: values out of the domain.
    EnumTypeUnexpectedStringValues,
    /// TFDV: fewer or more values a row than the schema allows.
    FeatureTypeLowNumberValues,
    /// TFDV: more values a row than the schema allows.
    FeatureTypeHighNumberValues,
    /// TFDV: some values of an integer feature are no integers.
    IntTypeNotIntString,
    /// TFDV: some values of a float feature are no numbers.
    FloatTypeStringNotFloat,
    /// TFDV: some values of a boolean feature are no booleans.
    BoolTypeUnexpectedString,
    /// TFDV: nested otherwise than the schema says.
    ValueNestednessMismatch,
}

/// How much of a blob's content was looked at for personal data; every lookup says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Searched {
    /// All of it.
    Full,
    /// Some of it, because.
    Partial(String),
    /// None of it, because.
    No(String),
}
