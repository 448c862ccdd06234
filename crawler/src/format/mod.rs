//! The table of formats: how each is known, read, searched and rewritten.
//!
//! A format is one file here, one row in [`FORMATS`] and one folder in `fixtures/formats/`. Nothing outside this folder
//! matches on a format's id: ask the table. Encoding layers are peeled before a format sees its bytes (`layer.rs`), and
//! containers are walked by `tree.rs`, so a format knows neither gzip nor ZIP.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use catalog::model::{AnomalyKind, Dialect, FeaturePath, FeatureType, Value};
use roaring::RoaringTreemap;

use self::arrow::RowsFn;
pub use self::head::{HEAD_BYTES, Head, TAIL_BYTES};
use crate::content::Content;

mod archive;
pub mod arrow;
mod avro;
mod charset;
#[cfg(test)]
mod collect;
mod columns;
mod companion;
#[cfg(test)]
mod contract;
mod csv;
mod document;
mod facts;
mod hdf5;
mod head;
mod html;
mod image;
mod ipc;
mod json;
pub mod layer;
mod lines;
mod magic;
mod mail;
mod media;
mod model;
mod named;
mod ndjson;
mod nested;
mod netcdf;
mod notebook;
mod npy;
mod orc;
mod package;
mod parquet;
mod passages;
mod pdf;
mod pickle;
pub mod replace;
mod rtf;
mod signature;
mod sqlite;
mod tar;
mod text;
mod texts;
mod tfrecord;
pub mod tree;
mod xlsx;
mod xml;
mod yaml;

/// How the bytes of a format are treated. Functions are pure but for what they read and write through their arguments;
/// they are total: any bytes give an answer or an error, within [`Bounds`], and never a panic.
pub struct Format {
    /// Its name in the catalog and in `--json`: `csv`, `ndjson`, `parquet`.
    pub id: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// Usual file name endings, lower case, without the dot; they break ties only.
    pub extensions: &'static [&'static str],
    /// Whether the bytes are of this format.
    pub sniff: fn(&Head<'_>) -> Option<Sniff>,
    /// Streams cells, if it has rows or text.
    pub read: Option<ReadFn>,
    /// How its rows become Arrow batches.
    pub(in crate::format) rows: RowsFn,
    /// Tells where matching cells stand, in units that `rewrite` can remove; [`locate_by_reading`] for most.
    pub locate: Option<LocateFn>,
    /// The same bytes without some units; `None`: only the whole blob can be deleted.
    pub rewrite: Option<RewriteFn>,
    /// Members, if it is a container of other content.
    pub container: Option<Container>,
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// Streams cells to a sink, in order; all of them, up to the bounds.
pub type ReadFn = fn(&Content, &Dialect, &Bounds, &mut dyn Sink) -> Result<(), FormatError>;
/// Finds units that a predicate on cells picks.
pub type LocateFn = fn(ReadFn, &Content, &Dialect, &Bounds, CellTest<'_>) -> Result<Located, FormatError>;
/// A test on a cell, given its feature's path and value.
pub type CellTest<'a> = &'a mut dyn FnMut(&FeaturePath, &Value<'_>) -> bool;
/// Writes the content without the removed units, every other byte (text) or row (rebuilt formats) as it was.
pub type RewriteFn =
    fn(&Content, &Dialect, &Removal, &mut (dyn Write + Send)) -> Result<Rewritten, FormatError>;

/// A sniffer's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Sniff {
    /// 0 to 1: a magic number with a checked structure .99, a structure that others share less. The highest wins, earlier rows first.
    pub confidence: f32,
    /// How the text is written.
    pub dialect: Dialect,
}

/// Bounds on what reading one blob may cost; reaching one is an anomaly, never silence.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes after peeling layers and opening members, over the whole blob.
    pub decoded_bytes_max: u64,
    /// Layers and containers within each other.
    pub depth_max: u32,
    /// Members of one container.
    pub members_max: u64,
    /// Rows read of one part; the rest is not looked at.
    pub rows_max: u64,
    /// Bytes of one record or line held in memory.
    pub record_bytes_max: usize,
    /// Nesting of values.
    pub nesting_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            decoded_bytes_max: 64 << 30,
            depth_max: 6,
            members_max: 100_000,
            rows_max: u64::MAX,
            record_bytes_max: 16 << 20,
            nesting_max: 100,
        }
    }
}

/// Where a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// Row, from 0, within its part (header lines and blank lines are no rows).
    pub row: u64,
    /// What `rewrite` removes to remove the cell: the format's own number of the record around it (CSV: row; JSON: byte offset of the
    /// innermost array element that is an object, else of the array element, else `WHOLE`; SQLite: rowid).
    pub unit: u64,
    /// Byte offset in the content, layers peeled, of the record or value, in text formats.
    pub offset: Option<u64>,
}

/// The unit that stands for all of the content: only deletion of the blob or member removes it.
pub const WHOLE: u64 = u64::MAX;

/// Receives what a reader finds. Feature numbers are dense from 0 within a table.
pub trait Sink {
    /// What follows belongs to a table of a database; formats without tables never call it. Features are declared anew.
    fn table(&mut self, name: &str);
    /// A feature, before its first cell. `kind` if the format declares types. The order is the schema's.
    fn feature(&mut self, path: &FeaturePath, kind: Option<FeatureType>) -> usize;
    /// Whether a declared feature's cells may be left out. Only formats that can pass over a column ask; they tell of each row's
    /// unit then.
    fn skips(&self, _feature: usize) -> bool {
        false
    }
    /// The next row begins.
    fn row(&mut self, row: u64);
    /// A row's unit, where its cells may have been left out.
    fn unit(&mut self, _at: At) {}
    /// A cell of that row. Lists give several cells of one feature (path with `[]`).
    fn cell(&mut self, feature: usize, at: At, value: Value<'_>);
    /// Text that stands around what is stored rather than in it: a comment, the target of a link. It is searched, and is no feature;
    /// `what` says where it stands.
    fn remark(&mut self, _at: At, _what: &'static str, _text: &str) {}
    /// Something is wrong, reading goes on. `reason` holds no value of the content.
    fn anomaly(&mut self, kind: AnomalyKind, reason: String);
}

/// Units to remove from one content, by table ("" where the format has no tables).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Removal {
    /// Table → units.
    pub units: BTreeMap<String, RoaringTreemap>,
}

/// A matching cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Its table, "" where the format has none.
    pub table: String,
    /// Its feature.
    pub feature: FeaturePath,
    /// Where.
    pub at: At,
}

/// What a locate found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Located {
    /// Matching cells, in order.
    pub hits: Vec<Hit>,
    /// Parts that could not be read: what was not searched, and why.
    pub not_searched: Vec<String>,
}

/// What a rewrite did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// Units removed.
    pub removed: u64,
    /// Rows or elements that remain.
    pub kept: u64,
}

/// How a container is opened and put together again.
pub struct Container {
    /// Calls back with each member; the callback's error ends it.
    pub members: MembersFn,
    /// Where bytes stand that are no member's data. `read` tells the texts in them as remarks, `rewrite` takes units of them out.
    pub around: AroundFn,
    /// Writes the container with some members replaced or removed, the bytes and times of all others as they were.
    pub rewrite: EditFn,
}

/// Tells where bytes stand that are no member's.
pub type AroundFn = fn(&Content) -> Result<Vec<Around>, FormatError>;

/// Bytes of a container that are no member's data or name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Around {
    /// What `rewrite` removes to remove them.
    pub unit: u64,
    /// Offsets in the content.
    pub range: std::ops::Range<u64>,
}

/// Hands each member of a container to a function.
pub type MembersFn = fn(&Content, &Bounds, OnMember<'_>) -> Result<(), FormatError>;
/// What is called with each member.
pub type OnMember<'a> = &'a mut dyn FnMut(Member) -> Result<(), FormatError>;
/// Writes a container with edits by member name.
pub type EditFn = fn(&Content, &BTreeMap<String, Edit>, &mut (dyn Write + Send)) -> Result<(), FormatError>;

/// A member of a container.
pub struct Member {
    /// Its name in the container.
    pub name: String,
    /// Its bytes, or why they cannot be had.
    pub content: Result<Content, FormatError>,
}

/// What becomes of a member.
#[derive(Clone, Debug)]
pub enum Edit {
    /// It goes.
    Remove,
    /// It has other bytes.
    Replace(Content),
}

/// Why content could not be read or written. Messages hold no value of the content.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// Not what its format says.
    #[error("{0}")]
    Corrupt(String),
    /// Ends too early.
    #[error("{0}")]
    Truncated(String),
    /// Encrypted.
    #[error("{0}")]
    Encrypted(String),
    /// Over a bound.
    #[error("{0}")]
    Limit(String),
    /// This removal cannot be done in this format.
    #[error("{0}")]
    Unsupported(String),
    /// Reading or writing failed for reasons that are not the content's.
    #[error("reading or writing failed")]
    Io(#[from] io::Error),
}

impl FormatError {
    /// The anomaly that records it.
    pub fn anomaly(&self) -> AnomalyKind {
        match self {
            Self::Corrupt(_) | Self::Unsupported(_) => AnomalyKind::Corrupt,
            Self::Truncated(_) => AnomalyKind::Truncated,
            Self::Encrypted(_) => AnomalyKind::Encrypted,
            Self::Limit(_) => AnomalyKind::LimitReached,
            Self::Io(_) => AnomalyKind::Unreadable,
        }
    }
}

/// Every format, in the order in which ties are broken.
pub static FORMATS: &[&Format] = &[
    &magic::EMPTY,
    &parquet::FORMAT,
    &sqlite::FORMAT,
    &avro::FORMAT,
    &orc::FORMAT,
    &ipc::FILE,
    &ipc::STREAM,
    &magic::FEATHER,
    &npy::FORMAT,
    &magic::MATLAB,
    &hdf5::FORMAT,
    &magic::HDF4,
    &netcdf::FORMAT,
    &tfrecord::FORMAT,
    &magic::GRIB,
    &magic::FITS,
    &magic::DICOM,
    &magic::LAS,
    &magic::SAS,
    &magic::SPSS,
    &magic::STATA,
    &magic::RDATA,
    &magic::BSON,
    &magic::RCFILE,
    &magic::SEQUENCEFILE,
    &magic::PUFFIN,
    &magic::DELETION_VECTOR,
    &magic::HUDI_LOG,
    &magic::LANCE,
    &magic::ACCESS,
    &magic::DUCKDB,
    &magic::DBF,
    &magic::SHAPEFILE,
    &magic::FLATGEOBUF,
    &magic::DATABASE,
    &magic::PCAP,
    &magic::WARC,
    &model::GGUF,
    &magic::GGML,
    &magic::TFLITE,
    &model::SAFETENSORS,
    &model::ONNX,
    &pickle::FORMAT,
    &pdf::FORMAT,
    &magic::POSTSCRIPT,
    &rtf::FORMAT,
    &xlsx::FORMAT,
    &document::DOCX,
    &document::PPTX,
    &document::OPEN_DOCUMENT,
    &document::EPUB,
    &magic::OFFICE,
    &magic::OLE,
    &magic::EBOOK,
    &magic::MAIL_STORE,
    &magic::COMPRESSED,
    &magic::ARCHIVE,
    &image::FORMAT,
    &media::VIDEO,
    &media::AUDIO,
    &magic::FONT,
    &magic::PROGRAM,
    &magic::KEY,
    &magic::SYSTEM,
    &archive::ZIP,
    &tar::FORMAT,
    &companion::HADOOP_CRC,
    &magic::DS_STORE,
    &companion::GIT_LFS,
    &companion::DVC,
    &mail::MBOX,
    &mail::EML,
    &html::FORMAT,
    &xml::SVG,
    &xml::FORMAT,
    &ndjson::FORMAT,
    &json::FORMAT,
    &notebook::FORMAT,
    &yaml::FORMAT,
    &texts::NTRIPLES,
    &texts::NQUADS,
    &texts::TURTLE,
    &texts::FASTA,
    &texts::FASTQ,
    &texts::SAM,
    &texts::VCF,
    &texts::GENBANK,
    &texts::PDB,
    &texts::CIF,
    &texts::GETTEXT,
    &texts::DTD,
    &texts::ARFF,
    &texts::CALENDAR,
    &texts::VCARD,
    &texts::PEM,
    &texts::SUBTITLES,
    &texts::DIFF,
    &texts::SQL,
    &texts::TOML,
    &texts::CODE,
    &texts::MARKDOWN,
    &texts::RST,
    &texts::ASCIIDOC,
    &texts::TEX,
    &texts::PBTXT,
    &texts::PROPERTIES,
    &texts::INI,
    &text::LOG,
    &csv::FORMAT,
    &text::TEXT,
    &magic::UNKNOWN,
];

/// The format with an id.
pub fn by_id(id: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.id == id)
}

/// Locates by reading every cell: right for every format that has no shorter way.
///
/// # Errors
/// What the reader fails with.
pub fn locate_by_reading(
    read: ReadFn,
    content: &Content,
    dialect: &Dialect,
    bounds: &Bounds,
    test: CellTest<'_>,
) -> Result<Located, FormatError> {
    struct Locating<'a> {
        test: CellTest<'a>,
        table: String,
        features: Vec<FeaturePath>,
        located: Located,
    }
    impl Sink for Locating<'_> {
        fn table(&mut self, name: &str) {
            self.table = name.to_owned();
            self.features.clear();
        }
        fn feature(&mut self, path: &FeaturePath, _: Option<FeatureType>) -> usize {
            self.features.push(path.clone());
            self.features.len() - 1
        }
        fn row(&mut self, _: u64) {}
        fn cell(&mut self, feature: usize, at: At, value: Value<'_>) {
            if (self.test)(&self.features[feature], &value) {
                let feature = self.features[feature].clone();
                self.located.hits.push(Hit { table: self.table.clone(), feature, at });
            }
        }
        fn anomaly(&mut self, _: AnomalyKind, reason: String) {
            self.located.not_searched.push(reason);
        }
    }
    let mut sink = Locating { test, table: String::new(), features: Vec::new(), located: Located::default() };
    read(content, dialect, bounds, &mut sink)?;
    Ok(sink.located)
}
