//! What a blob says of the table whose books it is part of: the `LOGS` table of kinds, told by path, one file each.
//!
//! It turns bytes into ids of blobs and decides nothing: which files a table holds is `catalog::dataset`'s to say.
//! The bytes are read a second time, after the pass over all cells; logs are small beside what they keep books of.

use std::io::BufReader;

use catalog::dataset::place;
use catalog::model::{BlobId, FeaturePath, FeatureType, SourceId, TableLog, Value};

use crate::format::tree::Node;
use crate::format::{At, Bounds, FormatError, Sink};

mod delta;
mod hudi;
mod iceberg;
mod listed;
mod pointer;

/// A document that is held in memory may be this large; a larger one is not read, and its table falls back to names.
const DOCUMENT_BYTES_MAX: u64 = 64 << 20;
/// Files that one log may name.
const FILES_MAX: usize = 2_000_000;

/// A blob of a log, and what its words refer to.
pub struct Log<'a> {
    /// Its path in the source.
    pub path: &'a str,
    /// Which source.
    pub source: &'a SourceId,
    /// The source's URL.
    pub url: &'a str,
    /// Its content, layers peeled, and format.
    pub node: &'a Node<'a>,
    /// What reading may cost.
    pub bounds: &'a Bounds,
}

/// One kind of log: whether a path can be of it (folder, name), and how it is read.
struct Kind {
    is: fn(&str, &str) -> bool,
    read: fn(&Log<'_>) -> Result<Option<TableLog>, FormatError>,
}

static LOGS: [Kind; 11] = [
    Kind { is: delta::is_commit, read: delta::commit },
    Kind { is: delta::is_checkpoint, read: delta::checkpoint },
    Kind { is: delta::is_sidecar, read: delta::sidecar },
    Kind { is: iceberg::is_metadata, read: iceberg::metadata },
    Kind { is: iceberg::is_hint, read: iceberg::hint },
    Kind { is: iceberg::is_manifest, read: iceberg::manifest },
    Kind { is: hudi::is_properties, read: hudi::properties },
    Kind { is: hudi::is_replacement, read: hudi::replacement },
    Kind { is: listed::is_transaction, read: listed::transaction },
    Kind { is: listed::is_manifest, read: listed::manifest },
    Kind { is: listed::is_directory, read: listed::directory },
];

/// Reads what a blob says of a table; nothing if it is of no log, or not the log that its name promises.
///
/// # Errors
/// If it is a log that cannot be read.
pub fn read(log: &Log<'_>) -> Result<Option<TableLog>, FormatError> {
    if let Some(pointer) = pointer::read(log)? {
        return Ok(Some(pointer));
    }
    let (folder, name) = log.path.rsplit_once('/').unwrap_or(("", log.path));
    match LOGS.iter().find(|kind| (kind.is)(folder, name)) {
        Some(kind) => (kind.read)(log),
        None => Ok(None),
    }
}

impl Log<'_> {
    /// The id of the blob at a path of the source.
    fn blob(&self, path: &str) -> BlobId {
        BlobId::of(self.source, path)
    }

    /// The id of a blob that the log names by a URI, given its table's folder.
    fn named(&self, uri: &str, root: &str) -> BlobId {
        self.blob(&place(uri, self.url, root))
    }

    /// The folder above the last folder of a name in the log's own path: the table's.
    fn root_above(&self, name: &str) -> &str {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut end = folder.len();
        for part in folder.rsplit('/') {
            end -= part.len();
            if part == name {
                break;
            }
            end = end.saturating_sub(1);
        }
        folder[..end].trim_end_matches('/')
    }

    /// All of a document.
    fn document(&self) -> Result<bytes::Bytes, FormatError> {
        if self.node.content.len() > DOCUMENT_BYTES_MAX {
            return Err(FormatError::Limit("a table's log is larger than is read at once".into()));
        }
        Ok(self.node.content.range(0, DOCUMENT_BYTES_MAX as usize)?)
    }

    /// A JSON document.
    fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, FormatError> {
        serde_json::from_slice(&self.document()?).map_err(|error| json_error(&error))
    }

    /// JSON documents one after another.
    fn each_json<T: serde::de::DeserializeOwned>(
        &self,
        each: &mut dyn FnMut(T) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        let reader = BufReader::new(self.node.content.clone());
        for value in serde_json::Deserializer::from_reader(reader).into_iter::<T>() {
            each(value.map_err(|error| json_error(&error))?)?;
        }
        Ok(())
    }

    /// Rows of a format with columns, as cells of the wanted features: their number in `wanted` and their text.
    fn each_row(&self, wanted: &[&str], each: EachRow<'_>) -> Result<(), FormatError> {
        let Some(read) = self.node.format.read else {
            return Err(FormatError::Unsupported(format!("{} is not read", self.node.format.id)));
        };
        let mut rows = Rows { wanted, features: Vec::new(), cells: Vec::new(), each, failed: None };
        read(self.node.content, self.node.dialect, self.bounds, &mut rows)?;
        rows.end();
        rows.failed.map_or(Ok(()), Err)
    }
}

/// The error without its text, which may quote the document.
fn json_error(error: &serde_json::Error) -> FormatError {
    match error.classify() {
        serde_json::error::Category::Eof => FormatError::Truncated("a table's log ends too early".into()),
        serde_json::error::Category::Io => {
            FormatError::Io(std::io::Error::other("a table's log cannot be read"))
        }
        _ => FormatError::Corrupt("a table's log is not the JSON that it should be".into()),
    }
}

/// Pushes unless there are too many.
fn push(files: &mut Vec<BlobId>, file: BlobId) -> Result<(), FormatError> {
    if files.len() >= FILES_MAX {
        return Err(FormatError::Limit(format!("a table's log names more than {FILES_MAX} files")));
    }
    files.push(file);
    Ok(())
}

/// Called with the wanted cells of a row: their number and their text.
type EachRow<'a> = &'a mut dyn FnMut(&[(usize, String)]) -> Result<(), FormatError>;

/// Picks the cells of some features, row by row.
struct Rows<'a> {
    wanted: &'a [&'a str],
    features: Vec<Option<usize>>,
    cells: Vec<(usize, String)>,
    each: EachRow<'a>,
    failed: Option<FormatError>,
}

impl Rows<'_> {
    fn end(&mut self) {
        if !self.cells.is_empty() && self.failed.is_none() {
            self.failed = (self.each)(&self.cells).err();
        }
        self.cells.clear();
    }
}

impl Sink for Rows<'_> {
    fn table(&mut self, _: &str) {}

    fn feature(&mut self, path: &FeaturePath, _: Option<FeatureType>) -> usize {
        let path = path.to_string();
        self.features.push(self.wanted.iter().position(|wanted| **wanted == path));
        self.features.len() - 1
    }

    fn row(&mut self, _: u64) {
        self.end();
    }

    fn cell(&mut self, feature: usize, _: At, value: Value<'_>) {
        let wanted = self.features.get(feature).copied().flatten();
        if let (Some(wanted), Some(text)) = (wanted, value.text()) {
            self.cells.push((wanted, text.into_owned()));
        }
    }

    fn anomaly(&mut self, _: catalog::model::AnomalyKind, reason: String) {
        self.failed.get_or_insert(FormatError::Corrupt(reason));
    }
}

#[cfg(test)]
mod tests;
