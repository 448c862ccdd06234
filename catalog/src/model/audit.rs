//! Who may do what, and the hash-chained record of who did.

use serde::{Deserialize, Serialize};

use super::{Digest, Timestamp};

/// What a principal may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads the catalog, personal columns masked.
    Viewer,
    /// Runs SQL too, personal columns masked.
    Analyst,
    /// Curates schemas, sends lineage, starts crawls.
    Steward,
    /// Looks people up, plans and runs erasures.
    PrivacyOfficer,
    /// Approves erasures that somebody else asked for.
    Approver,
    /// Makes tokens and changes configuration.
    Admin,
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The name in audit entries: `local:alice`, `token:k3f…`.
    pub name: String,
    /// What it may do.
    pub roles: Vec<Role>,
}

impl Principal {
    /// The system itself: crawls, links and migrations.
    pub fn system() -> Self {
        Self { name: "system".into(), roles: vec![Role::Admin] }
    }

    /// Whether it holds a role; an admin holds viewer, analyst and steward too, but neither privacy role.
    pub fn may(&self, role: Role) -> bool {
        self.roles.contains(&role)
            || (self.roles.contains(&Role::Admin) && role <= Role::Steward)
            || (role <= Role::Analyst && self.roles.iter().any(|held| *held > role))
    }
}

/// One line of the audit log; each holds the hash of the one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its place in the chain, from 1.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub principal: String,
    /// What, as a verb phrase in a fixed vocabulary: `look up subject`, `approve erasure plan`.
    pub action: String,
    /// On which thing: an id, a kind of identifier; never a personal value.
    pub thing: String,
    /// How it ended: `ok`, or an error's code.
    pub outcome: String,
    /// Hash of the entry before; zeros for the first.
    pub previous: Digest,
    /// BLAKE3 of all the above.
    pub hash: Digest,
}

impl AuditEntry {
    /// The hash that this entry must have: BLAKE3 over length-prefixed fields, the previous hash among them.
    pub fn expected_hash(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.number.to_be_bytes());
        hasher.update(&self.at.0.to_be_bytes());
        for field in [&self.principal, &self.action, &self.thing, &self.outcome] {
            hasher.update(&(field.len() as u64).to_be_bytes());
            hasher.update(field.as_bytes());
        }
        hasher.update(&self.previous.0);
        Digest(*hasher.finalize().as_bytes())
    }
}
