//! Removes rows on a private copy and compacts it, so that free pages and the slack of pages hold nothing either.
//!
//! Triggers do not fire and foreign keys do not cascade: what goes is what was asked for. Full-text indexes are built anew,
//! since their terms outlive the texts, and samples of indexes (`sqlite_stat4`) are dropped. Rowids stay.

use std::io::{Seek, SeekFrom, Write};

use catalog::model::Dialect;
use roaring::RoaringTreemap;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::super::{FormatError, Removal, Rewritten};
use super::schema::{Key, Table, full_text_tables, quoted, tables};
use super::{Database, Header, format_error, set_journal};
use crate::content::Content;

pub(super) fn rewrite(
    content: &Content,
    _: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let header = Header::read(content)?;
    if header.is_truncated(content) {
        return Err(FormatError::Truncated(
            "has fewer pages than its header says; the whole of it must go".into(),
        ));
    }
    changed(content, &header, &|connection, found| remove(connection, found, removal), out)
}

/// What is done to a private copy within one transaction; gives how many rows went.
pub(super) type Work<'a> = &'a dyn Fn(&Connection, &[Table]) -> Result<u64, FormatError>;

/// Writes the database with some work done to it, compacted.
///
/// # Errors
/// What the work fails with.
pub(super) fn changed(
    content: &Content,
    header: &Header,
    work: Work<'_>,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let mut database = Database::open(content, header, true)?;
    let rewritten = transact(&database.connection, work)?;
    drop(database.connection);
    if header.writes_ahead {
        set_journal(&mut database.file, [2, 2])?;
    }
    database.file.seek(SeekFrom::Start(0))?;
    std::io::copy(&mut database.file, out)?;
    Ok(rewritten)
}

fn transact(connection: &Connection, work: Work<'_>) -> Result<Rewritten, FormatError> {
    let failed = |error: rusqlite::Error| format_error(&error);
    // The copy is ours alone; a failure throws it away, so nothing needs to be journaled on a disk.
    let pragmas = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;
                   PRAGMA temp_store = FILE; PRAGMA secure_delete = ON;";
    connection.execute_batch(pragmas).map_err(failed)?;
    let found = tables(connection).map_err(failed)?.tables;
    connection.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
    let mut rewritten = Rewritten { removed: work(connection, &found)?, kept: 0 };
    for name in full_text_tables(connection).map_err(failed)? {
        let name = quoted(&name);
        connection
            .execute(&format!("INSERT INTO main.{name} ({name}) VALUES ('rebuild')"), [])
            .map_err(failed)?;
    }
    drop_samples(connection).map_err(failed)?;
    connection.execute_batch("COMMIT; VACUUM").map_err(failed)?;
    for table in &found {
        let count = format!("SELECT count(*) FROM main.{}", quoted(&table.name));
        rewritten.kept +=
            connection.query_row(&count, [], |row| row.get::<_, i64>(0)).map_err(failed)? as u64;
    }
    Ok(rewritten)
}

fn remove(connection: &Connection, found: &[Table], removal: &Removal) -> Result<u64, FormatError> {
    let failed = |error: rusqlite::Error| format_error(&error);
    let mut all = 0;
    for (name, units) in &removal.units {
        let table = found.iter().find(|table| table.name == *name);
        let table = table.ok_or_else(|| {
            FormatError::Unsupported("a table to change is not there; the content has changed".into())
        })?;
        let removed = match &table.key {
            Key::Rowid(rowid) => remove_by_rowid(connection, table, rowid, units).map_err(failed)?,
            Key::Primary(columns) => remove_by_key(connection, table, columns, units).map_err(failed)?,
            Key::None if units.is_empty() => 0,
            Key::None => {
                return Err(FormatError::Unsupported(
                    "a table whose columns are named like the rowid cannot lose single rows".into(),
                ));
            }
        };
        if removed != units.len() {
            return Err(FormatError::Unsupported(format!(
                "{} of {} rows to remove are not there; the content has changed or the whole of it must go",
                units.len() - removed,
                units.len()
            )));
        }
        all += removed;
    }
    Ok(all)
}

fn remove_by_rowid(
    connection: &Connection,
    table: &Table,
    rowid: &str,
    units: &RoaringTreemap,
) -> rusqlite::Result<u64> {
    let mut delete =
        connection.prepare(&format!("DELETE FROM main.{} WHERE {rowid} = ?1", quoted(&table.name)))?;
    let mut removed = 0;
    for unit in units {
        removed += delete.execute([unit as i64])? as u64;
    }
    Ok(removed)
}

/// Counts rows as the reader does to learn the keys of those that go.
fn remove_by_key(
    connection: &Connection,
    table: &Table,
    columns: &[usize],
    units: &RoaringTreemap,
) -> rusqlite::Result<u64> {
    let mut keys: Vec<Vec<Value>> = Vec::new();
    {
        let mut select = connection.prepare(&table.select())?;
        let mut rows = select.query([])?;
        let mut ordinal = 0;
        while let Some(row) = rows.next()? {
            if units.contains(ordinal) {
                keys.push(columns.iter().map(|place| row.get(*place)).collect::<Result<_, _>>()?);
            }
            ordinal += 1;
        }
    }
    let test = |(number, place): (usize, &usize)| {
        format!("{} IS ?{}", quoted(&table.columns[*place].name), number + 1)
    };
    let tests: Vec<String> = columns.iter().enumerate().map(test).collect();
    let delete = format!("DELETE FROM main.{} WHERE {}", quoted(&table.name), tests.join(" AND "));
    let mut delete = connection.prepare(&delete)?;
    let mut removed = 0;
    for key in keys {
        removed += delete.execute(params_from_iter(key))? as u64;
    }
    Ok(removed)
}

/// The planner's samples quote values of indexed columns.
fn drop_samples(connection: &Connection) -> rusqlite::Result<()> {
    for name in ["sqlite_stat3", "sqlite_stat4"] {
        let exists: bool = connection.query_row(
            "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = ?1",
            [name],
            |row| row.get(0),
        )?;
        if exists {
            connection.execute(&format!("DELETE FROM {name}"), [])?;
        }
    }
    Ok(())
}
