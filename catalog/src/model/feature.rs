//! Features and schemas: what a dataset's rows are expected to hold, in TensorFlow Data Validation's terms.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{SchemaId, Timestamp};

/// One step of a path into a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Segment {
    /// A named field.
    Name(String),
    /// Every item of a list.
    Items,
}

/// Where in a row a feature's values stand: `user.email`, `items[].sku`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FeaturePath(pub Vec<Segment>);

impl FeaturePath {
    /// The path of a top-level column.
    pub fn column(name: impl Into<String>) -> Self {
        Self(vec![Segment::Name(name.into())])
    }

    /// This path, one named field deeper.
    #[must_use]
    pub fn field(&self, name: impl Into<String>) -> Self {
        let mut segments = self.0.clone();
        segments.push(Segment::Name(name.into()));
        Self(segments)
    }

    /// This path, into the items of its list.
    #[must_use]
    pub fn items(&self) -> Self {
        let mut segments = self.0.clone();
        segments.push(Segment::Items);
        Self(segments)
    }
}

impl fmt::Display for FeaturePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Name(name) if position == 0 => f.write_str(name)?,
                Segment::Name(name) => write!(f, ".{name}")?,
                Segment::Items => f.write_str("[]")?,
            }
        }
        Ok(())
    }
}

/// The type of a feature's values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureType {
    /// Only nulls were seen.
    Unknown,
    /// True or false.
    Bool,
    /// A 64-bit integer.
    Int,
    /// A floating point number or an exact decimal.
    Float,
    /// Text.
    String,
    /// Bytes that are not text.
    Bytes,
    /// A calendar date.
    Date,
    /// A point in time.
    Timestamp,
    /// Named fields.
    Struct(Vec<Feature>),
    /// A list of items of one type.
    List(Box<FeatureType>),
}

impl FeatureType {
    /// The plain name that `datasets --json` and people read.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unknown | Self::String => "string",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Bytes => "bytes",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Struct(_) => "struct",
            Self::List(_) => "list",
        }
    }
}

/// How often a feature is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Presence {
    /// Smallest share of rows, 0 to 1, that must hold a value; 1 is "required".
    pub min_fraction: f64,
    /// Smallest number of values a row (valency).
    pub min_values: u64,
    /// Largest number of values a row (valency).
    pub max_values: u64,
}

/// What is expected of one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// Its name within its parent.
    pub name: String,
    /// Its type, with its children if nested.
    #[serde(rename = "type")]
    pub kind: FeatureType,
    /// How often it is there.
    pub presence: Presence,
    /// Allowed values, where they are few and not personal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domain: Vec<String>,
    /// Environments in which it is not expected (`SERVING` for a label).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_in_environment: Vec<String>,
    /// Semantic type found by a recogniser, e.g. `EMAIL_ADDRESS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semantic: Option<String>,
}

/// A schema: the features expected of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// By its content.
    pub id: SchemaId,
    /// In the order of the first blob that had them.
    pub features: Vec<Feature>,
    /// Pinned by a person: later blobs are validated against it and do not widen it.
    #[serde(default)]
    pub pinned: Option<Timestamp>,
}
