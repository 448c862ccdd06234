//! How values of answers look to people, on a terminal and on a page.

use serde_json::Value;

/// How a column's values look.
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

impl Look {
    /// Whether it stands to the right.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Count | Self::Bytes)
    }

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
                printable(&features.iter().map(name).collect::<Vec<_>>().join(", "))
            }
            (_, Value::String(text)) => printable(text),
            (_, Value::Array(items)) => {
                items.iter().map(|item| Self::Plain.text(item)).collect::<Vec<_>>().join(", ")
            }
            (_, Value::Object(fields)) => {
                let field = |(name, value): (&String, &Value)| format!("{name} {}", Self::Plain.text(value));
                fields.iter().map(field).collect::<Vec<_>>().join(", ")
            }
            (Self::Count, Value::Number(number)) if number.is_f64() => {
                rounded(number.as_f64().unwrap_or(0.0))
            }
            (_, Value::Bool(true)) => "yes".into(),
            (_, Value::Bool(false)) => "no".into(),
            (_, Value::Number(number)) => number.to_string(),
        }
    }
}

/// Three digits after the point at most, and none that say nothing.
fn rounded(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
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
        assert_eq!(Look::Count.text(&json!(0.980_000_1)), "0.98");
        assert_eq!(Look::Time.text(&json!("2026-05-01T12:00:00.123456Z")), "2026-05-01 12:00:00");
        assert_eq!(Look::Features.text(&json!([{"name": "id", "type": "int"}])), "id int");
        assert_eq!(Look::Plain.text(&json!("\u{1b}[31mred")), "\u{fffd}[31mred");
    }
}
