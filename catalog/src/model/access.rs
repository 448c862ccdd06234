//! Access tokens: who speaks when a program or another person calls, known by a digest of the secret.

use serde::{Deserialize, Serialize};

use super::{Digest, Role, Timestamp};

/// A token that lets its holder act as a named principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// SHA-256 of the secret, which is shown once and kept nowhere. The secret is 256 random bits, so a plain digest
    /// gives nothing to guess.
    pub digest: Digest,
    /// The principal's name; two tokens of one name are one principal, who cannot approve what the other asked for.
    pub name: String,
    /// What it may do.
    pub roles: Vec<Role>,
    /// When it was made.
    pub created: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it stopped to count.
    #[serde(default)]
    pub revoked: Option<Timestamp>,
}

impl AccessToken {
    /// The short id under which people speak of it.
    pub fn short_id(&self) -> String {
        self.digest.to_string()[..12].to_owned()
    }
}
