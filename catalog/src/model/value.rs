//! One cell as a reader hands it on: borrowed, typed as far as the format types it.

use std::borrow::Cow;

/// A cell's value. It is looked at while it streams by and never recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Present but null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer too large for `Int`.
    UInt(u64),
    /// A floating point number.
    Float(f64),
    /// An exact decimal, as text.
    Decimal(Cow<'a, str>),
    /// A string of a format that knows strings from numbers (JSON, Parquet, SQLite).
    Text(Cow<'a, str>),
    /// Text of a format without types (CSV, logs); its type is inferred.
    Raw(Cow<'a, str>),
    /// Bytes that are not text.
    Bytes(Cow<'a, [u8]>),
    /// Days since the Unix epoch.
    Date(i32),
    /// Microseconds since the Unix epoch.
    Timestamp(i64),
}

impl Value<'_> {
    /// The text in which a recogniser, a lookup or a row digest sees the value; `None` for null and for bytes that are not UTF-8.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Value::Null => return None,
            Value::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Value::Int(value) => Cow::Owned(value.to_string()),
            Value::UInt(value) => Cow::Owned(value.to_string()),
            Value::Float(value) => Cow::Owned(value.to_string()),
            Value::Decimal(text) | Value::Text(text) | Value::Raw(text) => Cow::Borrowed(text),
            Value::Bytes(bytes) => Cow::Borrowed(std::str::from_utf8(bytes).ok()?),
            Value::Date(days) => Cow::Owned(date_text(*days)?),
            Value::Timestamp(micros) => Cow::Owned(super::Timestamp(*micros).to_string()),
        })
    }
}

fn date_text(days: i32) -> Option<String> {
    let epoch = jiff::civil::date(1970, 1, 1);
    epoch.checked_add(jiff::Span::new().try_days(days).ok()?).ok().map(|date| date.to_string())
}
