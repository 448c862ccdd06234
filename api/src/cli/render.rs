//! Answers on a terminal or in a pipe: tables that fit, or one JSON object a line.

use std::io::{IsTerminal as _, Write};

use catalog::{Error, Result};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::Value;

use crate::ops::{Answer, Outcome};

pub(crate) use crate::view::{Column, Look};

use super::say;

/// Prints an answer and gives the exit code.
///
/// # Errors
/// `Unavailable` if stdout fails; a reader that went away is none.
pub(crate) fn print(answer: &Answer, json: bool, columns: &[Column]) -> Result<u8> {
    let text = match (&answer.text, json) {
        (Some(text), false) => ended(text.clone()),
        (Some(text), true) if answer.rows.is_empty() => ended(text.clone()),
        _ if json => answer.rows.iter().map(|row| format!("{row}\n")).collect(),
        _ if answer
            .rows
            .iter()
            .all(|row| columns.iter().all(|(_, place, _)| row.pointer(place).is_none())) =>
        {
            String::new()
        }
        _ => table(&answer.rows, columns),
    };
    write_stdout(text.as_bytes())?;
    answer.messages.iter().for_each(|message| say(message));
    if answer.next.is_some() {
        say("there is more; raise --limit");
    }
    Ok(match answer.outcome {
        Outcome::Done => 0,
        Outcome::Nothing => crate::error::EXIT_NOTHING,
    })
}

fn ended(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Writes data to stdout.
///
/// # Errors
/// `Unavailable` if it fails; a reader that went away is none.
pub(crate) fn write_stdout(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::unavailable("print", "").with_source(error))
        }
        _ => Ok(()),
    }
}

/// Rows as a table: as wide as the terminal, or as the content where there is none.
pub(crate) fn table(rows: &[Value], columns: &[Column]) -> String {
    let mut table = styled();
    table.set_header(columns.iter().map(|(title, ..)| *title));
    for row in rows {
        table.add_row(
            columns.iter().map(|(_, place, look)| look.text(row.pointer(place).unwrap_or(&Value::Null))),
        );
    }
    for (position, (.., look)) in columns.iter().enumerate() {
        if look.is_number()
            && let Some(column) = table.column_mut(position)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    lines(&table)
}

fn styled() -> Table {
    let mut table = Table::new();
    if std::io::stdout().is_terminal() {
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_content_arrangement(ContentArrangement::Dynamic);
    } else {
        table.load_style(presets::NOTHING).force_no_tty();
    }
    table
}

fn lines(table: &Table) -> String {
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Rows as a table with their own names as titles.
pub(crate) fn own_table(rows: &[Value]) -> String {
    let Some(names) = rows.first().and_then(Value::as_object) else { return String::new() };
    let names: Vec<&String> = names.keys().collect();
    let mut table = styled();
    table.set_header(&names);
    for row in rows {
        table.add_row(names.iter().map(|name| Look::Plain.text(&row[name.as_str()])));
    }
    for (position, name) in names.iter().enumerate() {
        let is_number = rows.iter().any(|row| row[name.as_str()].is_number());
        if let (true, Some(column)) = (is_number, table.column_mut(position)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    lines(&table)
}

/// A single row as lines of `name  value`.
pub(crate) fn sheet(row: &Value, columns: &[Column]) -> String {
    let width = columns.iter().map(|(title, ..)| title.len()).max().unwrap_or(0);
    let line = |(title, place, look): &Column| {
        let text = look.text(row.pointer(place)?);
        (!text.is_empty()).then(|| format!("{title:<width$}  {text}\n"))
    };
    columns.iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_without_a_terminal_is_plain_text() {
        let columns = [("name", "/name", Look::Plain), ("size", "/size", Look::Bytes)];
        let text = table(&[json!({"name": "a.csv", "size": 5})], &columns);
        assert!(text.contains("name") && text.contains("a.csv") && text.contains("5 B"), "{text}");
        assert!(!text.contains('\u{1b}'));
    }
}
