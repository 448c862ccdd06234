//! Reads the rows of tables. A table that is damaged costs its own rest only.

use std::borrow::Cow;

use catalog::model::{AnomalyKind, Dialect, FeaturePath, FeatureType, Value};
use rusqlite::types::ValueRef;

use super::super::{At, Bounds, FormatError, Sink};
use super::schema::{Column, Key, Table, tables};
use super::{Database, Header, format_error};
use crate::content::Content;

pub(super) fn read(
    content: &Content,
    _: &Dialect,
    bounds: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    read_tables(content, bounds, None, sink)
}

/// Reads one table.
///
/// # Errors
/// If the database cannot be opened.
pub(in crate::format) fn read_table(
    content: &Content,
    bounds: &Bounds,
    table: &str,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    read_tables(content, bounds, Some(table), sink)
}

fn read_tables(
    content: &Content,
    bounds: &Bounds,
    only: Option<&str>,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    let header = Header::read(content)?;
    if header.is_truncated(content) {
        sink.anomaly(AnomalyKind::Truncated, "has fewer pages than its header says".into());
    }
    if header.writes_ahead {
        let reason = "writes ahead: changes in a log beside it are not seen".to_owned();
        sink.anomaly(AnomalyKind::LimitReached, reason);
    }
    let database = Database::open(content, &header, false)?;
    let found = tables(&database.connection).map_err(|error| format_error(&error))?;
    for reason in found.not_searched {
        sink.anomaly(AnomalyKind::LimitReached, reason);
    }
    for table in found.tables.iter().filter(|table| only.is_none_or(|only| only == table.name)) {
        sink.table(&table.name);
        match rows(&database, table, bounds, sink) {
            Ok(true) => {}
            Ok(false) => {
                let reason = format!("only the first {} rows of a table were read", bounds.rows_max);
                sink.anomaly(AnomalyKind::LimitReached, reason);
            }
            Err(error) => match format_error(&error) {
                FormatError::Io(error) => return Err(error.into()),
                error => sink.anomaly(error.anomaly(), format!("a table cannot be read to its end: {error}")),
            },
        }
    }
    Ok(())
}

/// Reads the rows of a table up to the bounds; whether these were all.
fn rows(database: &Database, table: &Table, bounds: &Bounds, sink: &mut dyn Sink) -> rusqlite::Result<bool> {
    let feature = |column: &Column| (FeaturePath::column(&column.name), feature_type(&column.declared));
    let declared: Vec<_> = table.columns.iter().map(feature).collect();
    let features: Vec<_> = declared.into_iter().map(|(path, kind)| sink.feature(&path, kind)).collect();
    let skip = usize::from(matches!(table.key, Key::Rowid(_)));
    let mut statement = database.connection.prepare(&table.select())?;
    let mut rows = statement.query([])?;
    let mut ordinal = 0;
    while let Some(row) = rows.next()? {
        if ordinal >= bounds.rows_max {
            return Ok(false);
        }
        let unit = match table.key {
            Key::Rowid(_) => row.get::<_, i64>(0)? as u64,
            Key::Primary(_) | Key::None => ordinal,
        };
        sink.row(ordinal);
        let at = At { row: ordinal, unit, offset: None };
        for (place, feature) in features.iter().enumerate() {
            sink.cell(*feature, at, value(row.get_ref(place + skip)?));
        }
        ordinal += 1;
    }
    Ok(true)
}

fn value(value: ValueRef<'_>) -> Value<'_> {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Real(value) => Value::Float(value),
        ValueRef::Text(text) => match String::from_utf8_lossy(text) {
            Cow::Borrowed(text) => Value::Text(text.into()),
            Cow::Owned(text) => Value::Text(text.into()),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.into()),
    }
}

/// What a column is declared to hold, by SQLite's rules of affinity (<https://www.sqlite.org/datatype3.html> §3.1).
/// Text and numerics may well be dates or booleans, which SQLite has no types for: their values tell.
fn feature_type(declared: &str) -> Option<FeatureType> {
    let declared = declared.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    if has(&["INT"]) {
        Some(FeatureType::Int)
    } else if has(&["REAL", "FLOA", "DOUB"]) && !has(&["CHAR", "CLOB", "TEXT", "BLOB"]) {
        Some(FeatureType::Float)
    } else {
        None
    }
}
