//! A value with its nesting, as JSON has them.

use std::borrow::Cow;

use catalog::model::{Segment, Value};

/// A value of a row, or a row.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::format) enum Tree {
    Scalar(Value<'static>),
    List(Vec<Tree>),
    Struct(Vec<(String, Tree)>),
}

impl Tree {
    pub(in crate::format) fn of(value: &Value<'_>) -> Self {
        Self::Scalar(match value {
            Value::Null => Value::Null,
            Value::Bool(value) => Value::Bool(*value),
            Value::Int(value) => Value::Int(*value),
            Value::UInt(value) => Value::UInt(*value),
            Value::Float(value) => Value::Float(*value),
            Value::Decimal(text) => Value::Decimal(Cow::Owned(text.to_string())),
            Value::Text(text) => Value::Text(Cow::Owned(text.to_string())),
            Value::Raw(text) => Value::Raw(Cow::Owned(text.to_string())),
            Value::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.to_vec())),
            Value::Date(days) => Value::Date(*days),
            Value::Timestamp(micros) => Value::Timestamp(*micros),
        })
    }

    /// Puts a value where a path leads. Items that no reader told apart begin anew where a field would come twice.
    pub(super) fn insert(&mut self, path: &[Segment], value: Tree) {
        match path.split_first() {
            None => *self = value,
            Some((Segment::Name(name), rest)) => {
                if !matches!(self, Self::Struct(_)) {
                    *self = Self::Struct(Vec::new());
                }
                let Self::Struct(fields) = self else { return };
                match fields.iter_mut().find(|(known, _)| known == name) {
                    Some((_, field)) => field.insert(rest, value),
                    None => {
                        let mut field = Self::Scalar(Value::Null);
                        field.insert(rest, value);
                        fields.push((name.clone(), field));
                    }
                }
            }
            Some((Segment::Items, rest)) => {
                if !matches!(self, Self::List(_)) {
                    *self = Self::List(Vec::new());
                }
                let Self::List(items) = self else { return };
                let lacks = |item: &Self| match (item, rest.first()) {
                    (Self::Struct(fields), Some(Segment::Name(name))) => {
                        !fields.iter().any(|(known, _)| known == name)
                    }
                    _ => false,
                };
                if !items.last().is_some_and(lacks) {
                    items.push(Self::Scalar(Value::Null));
                }
                if let Some(item) = items.last_mut() {
                    item.insert(rest, value);
                }
            }
        }
    }

    /// Its text: of a scalar its own, of anything nested JSON; `None` for null.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Scalar(value) => value.text(),
            nested => Some(Cow::Owned(nested.json().to_string())),
        }
    }

    fn json(&self) -> serde_json::Value {
        match self {
            Self::Scalar(Value::Bool(value)) => (*value).into(),
            Self::Scalar(Value::Int(value)) => (*value).into(),
            Self::Scalar(Value::UInt(value)) => (*value).into(),
            Self::Scalar(Value::Float(value)) => (*value).into(),
            Self::Scalar(value) => value.text().map_or(serde_json::Value::Null, |text| text.as_ref().into()),
            Self::List(items) => items.iter().map(Self::json).collect(),
            Self::Struct(fields) => fields.iter().map(|(name, field)| (name.clone(), field.json())).collect(),
        }
    }
}
