//! A request's parameters and body, read with errors that name the parameter.

use std::collections::HashMap;
use std::str::FromStr;

use catalog::model::Timestamp;
use catalog::{Error, Result};
use serde_json::Value;

use crate::ops::{Paging, answer};

/// What came with a request.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// Parameters in the path.
    pub(crate) path: HashMap<String, String>,
    /// Parameters in the query.
    pub(crate) query: HashMap<String, String>,
    /// The body; null without one.
    pub(crate) body: Value,
}

fn wrong(name: &str, reason: &str) -> Error {
    Error::invalid("read request", format!("{name} {reason}"))
}

impl Input {
    /// A parameter of the path.
    ///
    /// # Errors
    /// `Invalid` if it is absent, which the router prevents.
    pub(crate) fn part(&self, name: &str) -> Result<String> {
        self.path.get(name).cloned().ok_or_else(|| wrong(name, "is missing"))
    }

    /// A parameter of the query that may be absent.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.query.get(name).filter(|text| !text.is_empty()).cloned()
    }

    /// A parameter of the query that must be there.
    ///
    /// # Errors
    /// `Invalid` if it is absent.
    pub(crate) fn required(&self, name: &str) -> Result<String> {
        self.text(name).ok_or_else(|| wrong(name, "is missing"))
    }

    /// Whether a parameter of the query says yes.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.query.get(name).is_some_and(|text| matches!(text.as_str(), "" | "1" | "true" | "yes"))
    }

    /// A point in time.
    ///
    /// # Errors
    /// `Invalid` if it is none.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>> {
        self.parsed(name, "is no time such as 2026-05-01T12:00:00Z")
    }

    /// A number.
    ///
    /// # Errors
    /// `Invalid` if it is none.
    pub(crate) fn number(&self, name: &str) -> Result<Option<usize>> {
        self.parsed(name, "is no number")
    }

    /// Which page: `limit` and `after`.
    ///
    /// # Errors
    /// `Invalid` if the limit is no number.
    pub(crate) fn paging(&self) -> Result<Paging> {
        let limit = self.number("limit")?.unwrap_or(answer::PAGE_ROWS).clamp(1, answer::PAGE_ROWS_MAX);
        Ok(Paging { limit: Some(limit), after: self.text("after") })
    }

    fn parsed<T: FromStr>(&self, name: &str, reason: &str) -> Result<Option<T>> {
        self.text(name).map(|text| text.parse().map_err(|_| wrong(name, reason))).transpose()
    }

    /// A text of the body that may be absent.
    ///
    /// # Errors
    /// `Invalid` if it is no text.
    pub(crate) fn body_text(&self, name: &str) -> Result<Option<String>> {
        match self.body.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong(name, "is no text")),
        }
    }

    /// A time in the body.
    ///
    /// # Errors
    /// `Invalid` if it is none.
    pub(crate) fn body_time(&self, name: &str) -> Result<Option<Timestamp>> {
        let parsed = self.body_text(name)?.map(|text| text.parse::<Timestamp>());
        parsed.transpose().map_err(|_| wrong(name, "is no time, such as 2026-01-31"))
    }

    /// A text of the body that must be there.
    ///
    /// # Errors
    /// `Invalid` if it is absent or no text.
    pub(crate) fn body_required(&self, name: &str) -> Result<String> {
        self.body_text(name)?.ok_or_else(|| wrong(name, "is missing"))
    }

    /// Whether a field of the body is true.
    ///
    /// # Errors
    /// `Invalid` if it is no boolean.
    pub(crate) fn body_flag(&self, name: &str) -> Result<bool> {
        match self.body.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(wrong(name, "is neither true nor false")),
        }
    }

    /// A list of texts in the body.
    ///
    /// # Errors
    /// `Invalid` if it is no list of texts; the message holds none of them, since they may be personal.
    pub(crate) fn body_texts(&self, name: &str) -> Result<Vec<String>> {
        match self.body.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                let text = |item: &Value| item.as_str().map(str::to_owned);
                items
                    .iter()
                    .map(text)
                    .collect::<Option<_>>()
                    .ok_or_else(|| wrong(name, "is no list of texts"))
            }
            Some(_) => Err(wrong(name, "is no list of texts")),
        }
    }

    /// Refuses fields of the body that nobody reads: a misspelt one would be silently without effect.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub(crate) fn refuse_unknown(&self, known: &[super::Parameter]) -> Result<()> {
        let Some(fields) = self.body.as_object() else {
            return if self.body.is_null() { Ok(()) } else { Err(wrong("body", "is no JSON object")) };
        };
        match fields.keys().find(|name| known.iter().all(|parameter| parameter.name != **name)) {
            Some(name) => Err(wrong(name, "is no field of this request")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn input(query: &[(&str, &str)], body: Value) -> Input {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Input { query, body, ..Input::default() }
    }

    #[test]
    fn a_wrong_parameter_is_named_and_a_value_is_not_repeated() {
        let error = input(&[("limit", "many")], Value::Null).paging().unwrap_err();
        assert!(error.to_string().contains("limit") && !error.to_string().contains("many"));
        let error = input(&[], json!({"ids": [7]})).body_texts("ids").unwrap_err();
        assert!(error.to_string().contains("ids") && !error.to_string().contains('7'));
        assert!(input(&[("as_of", "yesterday")], Value::Null).time("as_of").is_err());
        assert!(input(&[], json!({"hsah": "x"})).refuse_unknown(&[]).is_err());
    }

    #[test]
    fn a_page_is_bounded() {
        let limit = |query: &[(&str, &str)]| input(query, Value::Null).paging().unwrap().limit;
        assert_eq!(limit(&[]), Some(answer::PAGE_ROWS));
        assert_eq!(limit(&[("limit", "999999999")]), Some(answer::PAGE_ROWS_MAX));
        assert_eq!(limit(&[("limit", "0")]), Some(1));
    }
}
