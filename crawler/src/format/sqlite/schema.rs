//! What a database consists of: which tables hold rows of their own, and what stands for a row of each.

use rusqlite::Connection;

/// A table with rows of its own.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    /// Columns with stored values; values of the others are computed from these.
    pub(super) columns: Vec<Column>,
    pub(super) key: Key,
    /// Module of a virtual table.
    pub(super) module: Option<String>,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) declared: String,
}

/// What stands for a row.
#[derive(Debug, PartialEq)]
pub(super) enum Key {
    /// This name of the rowid, which no column has taken.
    Rowid(&'static str),
    /// The primary key, in whose order rows are counted: columns by their place in `columns`.
    Primary(Vec<usize>),
    /// Columns have taken all names of the rowid: rows are counted, and none can be named.
    None,
}

/// The tables of a database and the reasons why others are left out, by name.
pub(super) struct Tables {
    pub(super) tables: Vec<Table>,
    pub(super) not_searched: Vec<String>,
}

/// A name as SQL wants it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

struct Listed {
    name: String,
    kind: String,
    without_rowid: bool,
}

/// Lists tables in the order of their names.
pub(super) fn tables(connection: &Connection) -> rusqlite::Result<Tables> {
    let mut statement = connection
        .prepare("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' ORDER BY name")?;
    let listed: Vec<Listed> = statement
        .query_map([], |row| Ok(Listed { name: row.get(0)?, kind: row.get(1)?, without_rowid: row.get(2)? }))?
        .collect::<Result<_, _>>()?;
    let mut found = Tables { tables: Vec::new(), not_searched: Vec::new() };
    let is_own = |listed: &Listed| !listed.name.to_ascii_lowercase().starts_with("sqlite_");
    let mut searched: Vec<String> = Vec::new();
    for Listed { name, .. } in listed.iter().filter(|listed| is_own(listed) && listed.kind == "virtual") {
        match full_text(connection, name)? {
            FullText::Own(module) => {
                searched.push(format!("{name}_"));
                found.tables.push(table(connection, name, false, Some(module))?);
            }
            FullText::Index => searched.push(format!("{name}_")),
            FullText::Contentless => {
                searched.push(format!("{name}_"));
                found.not_searched.push("a full-text index without content cannot be searched".to_owned());
            }
            // The tables in which a module keeps its rows are searched in its place.
            FullText::No => {}
        }
    }
    for listed in listed.iter().filter(|listed| is_own(listed)) {
        let within = listed.kind == "shadow" && searched.iter().any(|prefix| listed.name.starts_with(prefix));
        if matches!(listed.kind.as_str(), "table" | "shadow") && !within {
            found.tables.push(table(connection, &listed.name, listed.without_rowid, None)?);
        }
    }
    found.tables.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

enum FullText {
    /// It keeps the texts itself; by this module.
    Own(String),
    /// It indexes another table, which is searched instead.
    Index,
    /// It keeps terms and no texts.
    Contentless,
    /// It is no full-text table.
    No,
}

fn full_text(connection: &Connection, name: &str) -> rusqlite::Result<FullText> {
    let sql: Option<String> = connection.query_row(
        "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1",
        [name],
        |row| row.get(0),
    )?;
    let sql = sql.unwrap_or_default().to_ascii_lowercase();
    let words: String = sql.chars().filter(|char| !char.is_whitespace()).collect();
    let module =
        ["fts5", "fts4", "fts3"].into_iter().find(|module| words.contains(&format!("using{module}(")));
    Ok(match module {
        None => FullText::No,
        Some(_) if words.contains("content=''") || words.contains("content=\"\"") => FullText::Contentless,
        Some(_) if words.contains("content=") => FullText::Index,
        Some(module) => FullText::Own(module.to_owned()),
    })
}

/// Names of full-text tables, whose terms must go with the texts.
pub(super) fn full_text_tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'virtual' ORDER BY name",
    )?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut kept = Vec::new();
    for name in names {
        if matches!(full_text(connection, &name)?, FullText::Own(_) | FullText::Index) {
            kept.push(name);
        }
    }
    Ok(kept)
}

fn table(
    connection: &Connection,
    name: &str,
    without_rowid: bool,
    module: Option<String>,
) -> rusqlite::Result<Table> {
    let mut statement =
        connection.prepare("SELECT name, type, pk, hidden FROM pragma_table_xinfo(?1) ORDER BY cid")?;
    let mut rows = statement.query([name])?;
    let (mut columns, mut primary, mut names) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let (name, declared): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        let (key, hidden): (i64, i64) = (row.get(2)?, row.get(3)?);
        names.push(name.to_ascii_lowercase());
        // 1 is a hidden column of a virtual table; 2 is computed when read, 3 when written.
        if matches!(hidden, 0 | 3) {
            if key > 0 {
                primary.push((key, columns.len()));
            }
            columns.push(Column { name, declared: declared.unwrap_or_default() });
        }
    }
    primary.sort_unstable();
    let key = if without_rowid {
        Key::Primary(primary.into_iter().map(|(_, place)| place).collect())
    } else {
        let free =
            ["rowid", "_rowid_", "oid"].into_iter().find(|name| !names.iter().any(|taken| taken == name));
        free.map_or(Key::None, Key::Rowid)
    };
    Ok(Table { name: name.to_owned(), columns, key, module })
}

impl Table {
    /// Selects the rowid, if any, then all columns; by the table's own tree, in its order.
    pub(super) fn select(&self) -> String {
        let mut columns: Vec<String> = self.columns.iter().map(|column| quoted(&column.name)).collect();
        if let Key::Rowid(rowid) = self.key {
            columns.insert(0, rowid.to_owned());
        }
        if columns.is_empty() {
            columns.push("NULL".into());
        }
        let indexed = if self.module.is_some() { "" } else { " NOT INDEXED" };
        format!("SELECT {} FROM main.{}{indexed}", columns.join(", "), quoted(&self.name))
    }
}
