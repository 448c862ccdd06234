//! What an operation answers: rows of JSON that every face renders in its own way.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use catalog::{Error, Result};

/// Rows that a page holds unless the caller asks for another number.
pub(crate) const PAGE_ROWS: usize = 200;
/// Rows that a page holds at most.
pub(crate) const PAGE_ROWS_MAX: usize = 10_000;

/// The answer to an operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// Data, one row a thing.
    #[serde(default)]
    pub(crate) rows: Vec<Value>,
    /// Data that is one text already: DOT, CSV, a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// Data that is bytes already, in hex: Arrow IPC, a ZIP archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bytes: Option<String>,
    /// For people, one a line.
    #[serde(default)]
    pub(crate) messages: Vec<String>,
    /// How a command ends.
    #[serde(default)]
    pub(crate) outcome: Outcome,
    /// Where the next page begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// How a command ends that did not fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Done.
    #[default]
    Done,
    /// Nothing was found, or findings are left.
    Nothing,
}

impl Answer {
    /// Rows; none of them means that nothing was found.
    pub(crate) fn rows(rows: Vec<Value>) -> Self {
        let outcome = if rows.is_empty() { Outcome::Nothing } else { Outcome::Done };
        Self { rows, outcome, ..Self::default() }
    }

    /// One row.
    pub(crate) fn one(row: Value) -> Self {
        Self { rows: vec![row], ..Self::default() }
    }

    /// A text as it is.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }

    /// Adds a line for people.
    #[must_use]
    pub(crate) fn say(mut self, message: impl Into<String>) -> Self {
        self.messages.push(message.into());
        self
    }

    /// Says that nothing was found or that findings are left.
    #[must_use]
    pub(crate) fn nothing(mut self) -> Self {
        self.outcome = Outcome::Nothing;
        self
    }
}

/// Which part of a long answer is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Paging {
    /// How many rows at most; all of them if absent.
    pub(crate) limit: Option<usize>,
    /// The cursor that the page before gave.
    pub(crate) after: Option<String>,
}

impl Paging {
    /// Cuts a page out of rows in an order that holds between requests.
    ///
    /// # Errors
    /// `Invalid` for a cursor that is none of ours.
    pub(crate) fn cut(&self, mut rows: Vec<Value>) -> Result<Answer> {
        let start = match &self.after {
            Some(cursor) => parse_cursor(cursor)?,
            None => 0,
        };
        let total = rows.len();
        let limit = self.limit.unwrap_or(usize::MAX);
        rows = rows.into_iter().skip(start).take(limit).collect();
        let end = start.saturating_add(rows.len());
        let mut answer = Answer::rows(rows);
        answer.next = (end < total).then(|| cursor(end));
        Ok(answer)
    }
}

/// The cursor of a position: opaque, so that it may come to mean something else.
pub(crate) fn cursor(position: usize) -> String {
    format!("p{:x}", position ^ 0x5eed)
}

/// The position of a cursor.
///
/// # Errors
/// `Invalid` if it is none of ours.
pub(crate) fn parse_cursor(cursor: &str) -> Result<usize> {
    let position = cursor.strip_prefix('p').and_then(|hex| usize::from_str_radix(hex, 16).ok());
    position
        .map(|position| position ^ 0x5eed)
        .ok_or_else(|| Error::invalid("page", "the cursor is none that an answer gave"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_join_to_the_whole() {
        let rows: Vec<Value> = (0..7).map(Value::from).collect();
        let mut paging = Paging { limit: Some(3), after: None };
        let mut seen = Vec::new();
        loop {
            let page = paging.cut(rows.clone()).unwrap();
            seen.extend(page.rows);
            match page.next {
                Some(next) => paging.after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, rows);
        assert!(Paging { limit: None, after: Some("x".into()) }.cut(rows).is_err());
    }
}
