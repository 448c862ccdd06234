//! Parquet: how it is known and opened. Cells are read in `read`, rows removed in `rewrite`.
//!
//! Unit = row index in the file. Magic numbers and footer: <https://parquet.apache.org/docs/file-format/>.

use std::panic::{AssertUnwindSafe, catch_unwind};

use catalog::model::Dialect;
use parquet::errors::ParquetError;

use super::arrow::RowsFn;
use super::{Format, FormatError, Head, Sniff, locate_by_reading};
use crate::content::Content;

mod chunk;
mod read;
mod rewrite;
#[cfg(test)]
mod tests;
mod typed;

/// Columnar files of the Hadoop world and of pandas.
pub(super) static FORMAT: Format = Format {
    id: "parquet",
    media_type: "application/vnd.apache.parquet",
    extensions: &["parquet", "parq", "pq"],
    sniff,
    read: Some(read::read),
    rows: RowsFn::Batches(read::batches),
    locate: Some(locate_by_reading),
    rewrite: Some(rewrite::rewrite),
    container: None,
};

const MAGIC: &[u8; 4] = b"PAR1";
/// Magic number of a file whose footer is encrypted (Parquet modular encryption).
const MAGIC_ENCRYPTED: &[u8; 4] = b"PARE";
/// Magic number, an empty footer's least bytes, its length, magic number.
const BYTES_MIN: u64 = 12;

fn sniff(head: &Head<'_>) -> Option<Sniff> {
    let magic = head.bytes.get(..4)?;
    if magic != MAGIC && magic != MAGIC_ENCRYPTED {
        return None;
    }
    let closed = head.tail.is_empty() || head.tail.ends_with(magic);
    Some(Sniff { confidence: if closed { 0.99 } else { 0.95 }, dialect: Dialect::default() })
}

/// Refuses what cannot be a whole, readable Parquet file, with the reason that people need.
fn check_magic(content: &Content) -> Result<(), FormatError> {
    if content.len() < BYTES_MIN {
        return Err(FormatError::Truncated("ends before its footer".into()));
    }
    let tail = content.range(content.len() - 4, 4)?;
    if tail.as_ref() == MAGIC_ENCRYPTED {
        return Err(FormatError::Encrypted("its footer is encrypted".into()));
    }
    if tail.as_ref() != MAGIC {
        return Err(FormatError::Truncated("ends without its footer".into()));
    }
    Ok(())
}

/// Runs a decoder over bytes from outside. It is a large library with unchecked corners: a panic in it is a corrupt file.
fn guarded<T>(what: &str, decode: impl FnOnce() -> Result<T, FormatError>) -> Result<T, FormatError> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(FormatError::Corrupt(format!("{what} breaks its decoder"))))
}

/// The decoder's error without its text, which may quote the file.
fn format_error(what: &str, error: &ParquetError) -> FormatError {
    match error {
        ParquetError::External(source) if source.is::<std::io::Error>() => {
            FormatError::Io(std::io::Error::other(what.to_owned()))
        }
        ParquetError::EOF(_) | ParquetError::NeedMoreData(_) | ParquetError::NeedMoreDataRange(_) => {
            FormatError::Truncated(format!("{what} ends too early"))
        }
        error if error.to_string().to_lowercase().contains("encrypt") => {
            FormatError::Encrypted(format!("{what} is encrypted"))
        }
        ParquetError::NYI(_) => {
            FormatError::Corrupt(format!("{what} uses an encoding that is not known here"))
        }
        _ => FormatError::Corrupt(format!("{what} is damaged")),
    }
}
