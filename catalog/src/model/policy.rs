//! What a policy asks to be done with a person's data, and what replaces values in place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What becomes of a person's data in some blobs. Of several rules, the first that fits counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Glob of paths or URIs; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Name of a dataset; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Kind of the identifier by which the person was found; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What is done.
    pub method: RuleMethod,
}

/// What a rule asks for; the order is that of how much of the person's data is left, most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleMethod {
    /// Nothing is changed: the place is told of.
    Report,
    /// Values become keyed pseudonyms, the same for the same value everywhere.
    Pseudonymise,
    /// Values become a mark that says nothing.
    Mask,
    /// Values become null.
    Null,
    /// Units (rows, elements) go.
    Remove,
    /// The whole blob goes, other people's rows too.
    DeleteBlob,
}

/// How values are replaced in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// By keyed pseudonyms.
    Pseudonymise,
    /// By a mark.
    Mask,
    /// By null.
    Null,
    /// By the right value.
    Rectify,
}

impl How {
    /// Its name to people and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pseudonymise => "pseudonymise",
            Self::Mask => "mask",
            Self::Null => "null",
            Self::Rectify => "rectify",
        }
    }
}

/// Values of a part that are replaced where they stand; rows and all else stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// By what.
    pub how: How,
    /// Table → feature → kind of features that are personal as a whole: their cells are replaced in the person's rows, beside
    /// the person's identifiers and what recognisers see in texts.
    pub features: BTreeMap<String, BTreeMap<String, String>>,
    /// Table → those of the units that hold somebody else too: there only the person's own identifiers are replaced.
    pub shared: BTreeMap<String, String>,
    /// Rows in which something changes.
    pub rows: u64,
    /// Values that change.
    pub values: u64,
}
