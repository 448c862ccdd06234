//! What a data subject asks for, and how far that is.

use serde::{Deserialize, Serialize};

use super::{PlanId, RequestId, Timestamp, TokenDigest};

/// One identifier of a data subject, as the catalog may know it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SubjectIdentifier {
    /// infoType name, or `KEY:<name>` for a declared key.
    pub kind: String,
    /// Keyed digest of kind and normal form; the same as in the subject index and the suppression ledger.
    pub digest: TokenDigest,
}

/// A data subject's request to be erased (Art. 17 GDPR).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErasureRequest {
    /// Its random name.
    pub id: RequestId,
    /// Name of the principal who recorded it.
    pub requester: String,
    /// When it was recorded.
    pub received: Timestamp,
    /// One month after receipt, three if it was extended (Art. 12(3) GDPR).
    pub due: Timestamp,
    /// The ground under Art. 17(1), as the requester put it; no personal value.
    pub legal_basis: String,
    /// Whom it is about.
    pub identifiers: Vec<SubjectIdentifier>,
    /// The identifiers' values, sealed; empty once certified.
    #[serde(default)]
    pub sealed: Vec<u8>,
    /// How far it is.
    pub status: RequestStatus,
    /// The plan that counts, if any; an earlier one is superseded.
    #[serde(default)]
    pub plan: Option<PlanId>,
    /// What is asked for.
    #[serde(default)]
    pub kind: RequestKind,
    /// Why it takes longer than a month, if it does.
    #[serde(default)]
    pub extension: Option<Extension>,
    /// Why nothing is erased, if it was refused.
    #[serde(default)]
    pub refusal: Option<Refusal>,
    /// The certified request that this one runs again over what came back.
    #[serde(default)]
    pub replays: Option<RequestId>,
}

/// Two more months, of which the person has to be told within the first (Art. 12(3) GDPR).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Why, for people; no personal value.
    pub reason: String,
    /// Who extended it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The answer that nothing is erased, of which the person has to be told with the reason (Art. 12(4) GDPR).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The exception that applies.
    pub ground: Ground,
    /// Why it applies, for people; no personal value.
    pub reason: String,
    /// Who refused it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Exceptions from the right to erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// Freedom of expression and information (Art. 17(3)(a) GDPR).
    Expression,
    /// A legal obligation, or a task in the public interest (b).
    LegalObligation,
    /// Public health (c).
    PublicHealth,
    /// Archiving, research, statistics (d).
    Archiving,
    /// Legal claims (e).
    LegalClaims,
    /// Manifestly unfounded or excessive (Art. 12(5)(b)).
    Unfounded,
    /// Whoever asks could not be identified (Art. 11(2), 12(2)).
    NotIdentified,
}

/// What a data subject asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// To be erased (Art. 17 GDPR).
    #[default]
    Erasure,
    /// To have a wrong value replaced by the right one (Art. 16 GDPR).
    Rectification,
}

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestStatus {
    /// Recorded, not planned.
    Received,
    /// Has a plan.
    Planned,
    /// Its plan was approved.
    Approved,
    /// Steps are being carried out, or were when the process ended.
    Running,
    /// Every step has ended, one way or the other.
    Executed,
    /// Looked for afresh after all steps had ended.
    Verified,
    /// Certified; nothing was left undone and nothing unsearched.
    Certified,
    /// Certified; what could not be done or searched stands in the certificate with its reasons.
    CertifiedInPart,
    /// Refused, for a reason that stands with it.
    Refused,
}

impl RequestStatus {
    /// Whether nothing more happens to the request.
    pub fn has_ended(self) -> bool {
        self.is_certified() || self == Self::Refused
    }

    /// Whether a certificate was signed and the identifiers' key destroyed.
    pub fn is_certified(self) -> bool {
        matches!(self, Self::Certified | Self::CertifiedInPart)
    }
}
