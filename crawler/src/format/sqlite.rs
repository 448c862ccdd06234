//! SQLite databases: how they are known and opened. Cells are read in `read`, rows removed in `rewrite`.
//!
//! Unit = rowid as 64 bits, or the row's ordinal by primary key where a table is `WITHOUT ROWID`. A database is a program as much as
//! it is data, so it is opened as <https://www.sqlite.org/security.html> advises: untrusted schema, no views, no triggers,
//! a limit on steps. It is opened on a private copy whose name is gone before the first query.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use catalog::model::Dialect;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::arrow::RowsFn;
use super::{Format, FormatError, Head, Sniff, locate_by_reading};
use crate::content::Content;

mod read;
mod replace;
mod rewrite;
mod schema;
#[cfg(test)]
mod tests;

pub(super) use replace::replace;

/// SQLite 3 database files.
pub(super) static FORMAT: Format = Format {
    id: "sqlite",
    media_type: "application/vnd.sqlite3",
    extensions: &["sqlite", "sqlite3", "db", "db3", "gpkg", "mbtiles"],
    sniff,
    read: Some(read::read),
    rows: RowsFn::Table(read::read_table),
    locate: Some(locate_by_reading),
    rewrite: Some(rewrite::rewrite),
    container: None,
};

/// <https://www.sqlite.org/fileformat2.html#the_database_header>
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Bytes of the header.
const HEADER_BYTES: usize = 100;
/// Where the header says whether the database writes ahead: 1 for a rollback journal, 2 for a write-ahead log, twice.
const JOURNAL_BYTES: std::ops::Range<usize> = 18..20;
/// Largest value in bytes that is looked at.
const VALUE_BYTES_MAX: i32 = 256 << 20;
/// Virtual machine steps between two looks at the budget.
const STEPS_AT_ONCE: i32 = 10_000;
/// Steps that any database may cost, however small.
const STEPS_MIN: u64 = 50_000_000;
/// Steps a byte of the database. Reading takes well under ten; a cycle in the tree takes any number.
const STEPS_A_BYTE: u64 = 200;

fn sniff(head: &Head<'_>) -> Option<Sniff> {
    head.bytes.starts_with(MAGIC).then(|| Sniff { confidence: 0.99, dialect: Dialect::default() })
}

/// What the header says.
struct Header {
    writes_ahead: bool,
    /// Bytes that the database should have.
    bytes: Option<u64>,
}

impl Header {
    fn read(content: &Content) -> Result<Self, FormatError> {
        let header = content.range(0, HEADER_BYTES)?;
        if header.len() < HEADER_BYTES {
            return Err(FormatError::Truncated("ends within its header".into()));
        }
        let number =
            |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let page_bytes = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65_536,
            bytes => u64::from(bytes),
        };
        // The number of pages counts only if the change counter says that a recent release wrote it.
        let counted = number(24) == number(92);
        let bytes = counted.then(|| u64::from(number(28)) * page_bytes);
        Ok(Self { writes_ahead: header[JOURNAL_BYTES] == [2, 2], bytes })
    }

    fn is_truncated(&self, content: &Content) -> bool {
        self.bytes.is_some_and(|bytes| content.len() < bytes)
    }
}

/// A database opened on a private copy. The file has no name any more and goes with the handle.
struct Database {
    connection: Connection,
    file: File,
}

impl Database {
    fn open(content: &Content, header: &Header, writable: bool) -> Result<Self, FormatError> {
        let mut copy = tempfile::Builder::new().prefix(".headwater-").tempfile()?;
        std::io::copy(&mut content.clone(), copy.as_file_mut())?;
        if header.writes_ahead {
            // There is no log beside the copy, and none shall be made.
            set_journal(copy.as_file_mut(), [1, 1])?;
        }
        let file = copy.as_file().try_clone()?;
        let access =
            if writable { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let connection = Connection::open_with_flags(copy.path(), flags).map_err(|e| format_error(&e))?;
        harden(&connection, content.len(), writable).map_err(|e| format_error(&e))?;
        // Opened for good by the first statement; from here on, only the handle holds it.
        copy.close()?;
        Ok(Self { connection, file })
    }
}

fn set_journal(file: &mut File, mode: [u8; 2]) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(JOURNAL_BYTES.start as u64))?;
    file.write_all(&mode)
}

fn harden(connection: &Connection, bytes: u64, writable: bool) -> rusqlite::Result<()> {
    for (config, value) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
    ] {
        connection.set_db_config(config, value)?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)?;
    connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, 4 << 20)?;
    connection.set_limit(Limit::SQLITE_LIMIT_EXPR_DEPTH, 200)?;
    let (steps, steps_max) =
        (AtomicU64::new(0), STEPS_MIN.saturating_add(bytes.saturating_mul(STEPS_A_BYTE)));
    connection.progress_handler(
        STEPS_AT_ONCE,
        Some(move || steps.fetch_add(STEPS_AT_ONCE as u64, Ordering::Relaxed) > steps_max),
    )?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "query_only", !writable)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// The library's error without its text, which may quote the database.
fn format_error(error: &rusqlite::Error) -> FormatError {
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => {
            FormatError::Limit("takes more steps than a database of its size may".into())
        }
        Some(ErrorCode::TooBig | ErrorCode::OutOfMemory) => {
            FormatError::Limit(format!("holds a value of more than {VALUE_BYTES_MAX} bytes"))
        }
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => {
            FormatError::Io(std::io::Error::other("the private copy of a database cannot be used"))
        }
        _ => FormatError::Corrupt("is damaged".into()),
    }
}
