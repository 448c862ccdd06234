//! Findings of personal data and tokens of data subjects: places and keyed digests, never values.

use serde::{Deserialize, Serialize};

use super::{BlobId, FeaturePath, TokenDigest};

/// All findings in one blob version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// The blob.
    pub blob: BlobId,
    /// What was found where.
    pub findings: Vec<Finding>,
}

/// Personal data of one kind in one feature of one part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The part; empty for the blob itself.
    #[serde(default)]
    pub member: Vec<String>,
    /// The feature; none where the finding is in the path or in metadata.
    pub feature: Option<FeaturePath>,
    /// infoType name: `EMAIL_ADDRESS`.
    pub kind: String,
    /// 0 to 1.
    pub confidence: f32,
    /// Cells that hold it.
    pub count: u64,
    /// Why, for people: shares and header words, no values.
    pub why: String,
}

/// The identifiers of data subjects in one blob version, as keyed digests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlobTokens {
    /// The blob.
    pub blob: BlobId,
    /// Distinct tokens, sorted.
    pub tokens: Vec<Token>,
}

/// One identifier in one blob.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Token {
    /// Keyed digest of kind and normal form.
    pub digest: TokenDigest,
    /// How many cells of the blob hold it.
    pub count: u32,
}
