//! Replaces single values of rows on a private copy, compacted as after a removal. Triggers do not fire; rowids stay.

use std::collections::BTreeMap;
use std::io::Write;

use catalog::model::{Dialect, Segment};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::super::replace::{CellEdit, New, moved};
use super::super::{FormatError, Rewritten};
use super::rewrite::changed;
use super::schema::{Key, Table, quoted};
use super::{Header, format_error};
use crate::content::Content;

/// Writes the database with edits.
///
/// # Errors
/// `Unsupported` if a row is not there, a table has no rowid, or a constraint forbids the new value.
pub(in crate::format) fn replace(
    content: &Content,
    _: &Dialect,
    edits: &[CellEdit],
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let header = Header::read(content)?;
    if header.is_truncated(content) {
        return Err(FormatError::Truncated("has fewer pages than its header says".into()));
    }
    changed(content, &header, &|connection, found| update(connection, found, edits).map(|()| 0), out)
}

fn update(connection: &Connection, found: &[Table], edits: &[CellEdit]) -> Result<(), FormatError> {
    let mut by_table: BTreeMap<&str, Vec<&CellEdit>> = BTreeMap::new();
    edits.iter().for_each(|edit| by_table.entry(&edit.table).or_default().push(edit));
    for (name, edits) in by_table {
        let table = found.iter().find(|table| table.name == name).ok_or_else(moved)?;
        let Key::Rowid(rowid) = &table.key else {
            let reason = "a table without rowids cannot have values replaced in it";
            return Err(FormatError::Unsupported(reason.into()));
        };
        for edit in edits {
            one(connection, table, rowid, edit)?;
        }
    }
    Ok(())
}

fn one(connection: &Connection, table: &Table, rowid: &str, edit: &CellEdit) -> Result<(), FormatError> {
    let [Segment::Name(column)] = &edit.feature.0[..] else { return Err(moved()) };
    if !table.columns.iter().any(|known| known.name == *column) {
        return Err(moved());
    }
    let new = match &edit.new {
        New::Null => Value::Null,
        New::Text(text) => Value::Text(text.clone()),
        New::Int(number) => Value::Integer(*number),
    };
    let sql = format!("UPDATE main.{} SET {} = ?1 WHERE {rowid} = ?2", quoted(&table.name), quoted(column));
    let mut update = connection.prepare_cached(&sql).map_err(|error| format_error(&error))?;
    match update.execute(rusqlite::params![new, edit.at.unit as i64]) {
        Ok(1) => Ok(()),
        Ok(_) => Err(moved()),
        Err(error) => Err(match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::ConstraintViolation | rusqlite::ErrorCode::TypeMismatch) => {
                let reason = "a constraint of the table forbids the new value";
                FormatError::Unsupported(reason.into())
            }
            _ => format_error(&error),
        }),
    }
}
