//! Answers on a terminal or in a pipe: tables that fit, or one JSON object a line.

use std::io::{IsTerminal as _, Write};

use catalog::{Error, Result};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::Value;

use crate::ops::{Answer, Outcome};

use super::say;

/// How a column's values look to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// As they are.
    Plain,
    /// A number, to the right.
    Count,
    /// A number of bytes.
    Bytes,
    /// A time, to the second.
    Time,
    /// A list of features: `name type`.
    Features,
}

/// A column of a table: its title, where its value stands in a row, how it looks.
pub(crate) type Column = (&'static str, &'static str, Look);

/// Prints an answer and gives the exit code.
///
/// # Errors
/// `Unavailable` if stdout fails; a reader that went away is none.
pub(crate) fn print(answer: &Answer, json: bool, columns: &[Column]) -> Result<u8> {
    let text = match (&answer.text, json) {
        (Some(text), false) => ended(text.clone()),
        _ if json => answer.rows.iter().map(|row| format!("{row}\n")).collect(),
        _ if answer.rows.is_empty() => String::new(),
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
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    } else {
        table.load_style(presets::NOTHING).force_no_tty();
    }
    table.set_header(columns.iter().map(|(title, ..)| *title));
    for row in rows {
        table.add_row(
            columns.iter().map(|(_, place, look)| look.text(row.pointer(place).unwrap_or(&Value::Null))),
        );
    }
    for (position, (.., look)) in columns.iter().enumerate() {
        if matches!(look, Look::Count | Look::Bytes)
            && let Some(column) = table.column_mut(position)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    if text.is_empty() {
        text.push('\n');
    }
    text
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

impl Look {
    /// The text of a value.
    pub(crate) fn text(self, value: &Value) -> String {
        match (self, value) {
            (_, Value::Null) => String::new(),
            (Self::Bytes, Value::Number(number)) => bytes(number.as_f64().unwrap_or(0.0)),
            (Self::Time, Value::String(time)) => {
                let seconds = time.split('.').next().unwrap_or(time);
                seconds.trim_end_matches('Z').replace('T', " ")
            }
            (Self::Features, Value::Array(features)) => {
                let name = |feature: &Value| {
                    let text = |key: &str| feature[key].as_str().unwrap_or_default().to_owned();
                    format!("{} {}", text("name"), text("type"))
                };
                features.iter().map(name).collect::<Vec<_>>().join(", ")
            }
            (_, Value::String(text)) => printable(text),
            (_, Value::Array(items)) => {
                items.iter().map(|item| Self::Plain.text(item)).collect::<Vec<_>>().join(", ")
            }
            (_, Value::Bool(true)) => "yes".into(),
            (_, Value::Bool(false)) => "no".into(),
            (_, other) => other.to_string(),
        }
    }
}

/// Text from a lake may hold control sequences that would drive a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// `1.2 MB`, in powers of a thousand.
pub(crate) fn bytes(mut count: f64) -> String {
    for unit in ["B", "kB", "MB", "GB", "TB"] {
        if count < 1_000.0 {
            return if unit == "B" { format!("{count} {unit}") } else { format!("{count:.1} {unit}") };
        }
        count /= 1_000.0;
    }
    format!("{count:.1} PB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_look_as_people_read_them() {
        assert_eq!(Look::Bytes.text(&json!(1_234_567)), "1.2 MB");
        assert_eq!(Look::Bytes.text(&json!(12)), "12 B");
        assert_eq!(Look::Time.text(&json!("2026-05-01T12:00:00.123456Z")), "2026-05-01 12:00:00");
        assert_eq!(Look::Features.text(&json!([{"name": "id", "type": "int"}])), "id int");
        assert_eq!(Look::Plain.text(&json!("\u{1b}[31mred")), "\u{fffd}[31mred");
    }

    #[test]
    fn a_table_without_a_terminal_is_plain_text() {
        let columns = [("name", "/name", Look::Plain), ("size", "/size", Look::Bytes)];
        let text = table(&[json!({"name": "a.csv", "size": 5})], &columns);
        assert!(text.contains("name") && text.contains("a.csv") && text.contains("5 B"), "{text}");
        assert!(!text.contains('\u{1b}'));
    }
}
