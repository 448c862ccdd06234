//! Findings of personal data: places and counts, never values.

use serde::{Deserialize, Serialize};

use super::{BlobId, DatasetId, FeaturePath, Timestamp};

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

/// What a person decided of one kind in one feature of a dataset. It wins over what recognisers say, also after later crawls:
/// it stands by the dataset, not by the blobs that come and go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ruling {
    /// The dataset.
    pub dataset: DatasetId,
    /// The feature's path as it is shown; empty for paths and names of members.
    pub feature: String,
    /// The kind.
    pub kind: String,
    /// Whether it is there; false if the finding is a false alarm.
    pub confirmed: bool,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What the law makes of a kind of personal data, and so who may see it and how it is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Leads to one person by itself or says something of her (GDPR Art. 4(1)).
    Personal,
    /// Says something of a person only beside other data: city, country, age.
    Indirect,
    /// Special kinds of Art. 9: health, religion, politics, union, orientation, ethnicity.
    Special,
    /// Opens a door: keys, tokens, passwords.
    Secret,
}

impl Category {
    /// The category of a kind; what is not known to be another is personal.
    pub fn of(kind: &str) -> Self {
        match kind {
            "AGE" | "GENDER" | "CITY" | "COUNTRY" | "POSTAL_CODE" | "SWIFT_CODE" | "HTTP_USER_AGENT" => {
                Self::Indirect
            }
            "ICD10_CODE"
            | "MEDICAL_TERM"
            | "RELIGION"
            | "POLITICAL_AFFILIATION"
            | "TRADE_UNION"
            | "SEXUAL_ORIENTATION"
            | "ETHNIC_GROUP" => Self::Special,
            "AUTH_TOKEN" => Self::Secret,
            _ => Self::Personal,
        }
    }

    /// Whether statistics may keep values of a kind: a country's or a bank's code is nobody's. The oldest age is somebody's,
    /// and so may be the post code that is seldom.
    pub fn leaves_values(kind: &str) -> bool {
        matches!(kind, "COUNTRY" | "SWIFT_CODE")
    }

    /// The category of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Personal, Self::Indirect, Self::Special, Self::Secret]
            .into_iter()
            .find(|one| one.name() == name)
    }

    /// Its name as findings and records show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Indirect => "indirect",
            Self::Special => "special",
            Self::Secret => "secret",
        }
    }
}
