//! What was confirmed about object versions and their parts: all that a plan is made from and judged by.

use std::collections::{BTreeMap, BTreeSet};

use roaring::RoaringTreemap;

use super::plan::WHOLE;
use super::policy;
use crate::model::{BesideEntry, BlobId, Replacement, RowsDigest, Rule, RuleMethod, SourceId};

/// What was confirmed about one object version.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Where the blob lies.
    pub source: SourceId,
    /// The blob.
    pub blob: BlobId,
    /// Its path.
    pub path: String,
    /// Entity tag of the bytes that were read.
    pub etag: Option<String>,
    /// The store's version id.
    pub store_version: Option<String>,
    /// Whether readers get this version.
    pub current: bool,
    /// Whether it is a delete marker: a path without content.
    pub delete_marker: bool,
    /// Stored bytes.
    pub size: u64,
    /// Whether the path names the person.
    pub path_names_subject: bool,
    /// Why the store would refuse to change it, if it would.
    pub locked: Option<String>,
    /// Every part that was read, those without a hit too.
    pub parts: Vec<PartEvidence>,
    /// What of the person stands beside its bytes: user metadata, headers, tags.
    pub beside: Vec<BesideEvidence>,
    /// What could not be searched in it.
    pub not_searched: Vec<String>,
    /// Blobs with the same bytes, as lineage knows them.
    pub copies: Vec<BlobId>,
    /// What was made from it, names for people.
    pub downstream: Vec<String>,
    /// The rules of the policy that cover it, in their order.
    pub rules: Vec<Rule>,
    /// Whether it is a file of a Delta table, whose log has to be told when its size changes.
    pub transacts: bool,
}

/// Something beside an object's bytes in which the person was confirmed.
#[derive(Clone, Debug)]
pub struct BesideEvidence {
    /// Which.
    pub entry: BesideEntry,
    /// Kind of the identifier that was found in it.
    pub kind: String,
}

/// What was confirmed about one part.
#[derive(Clone, Debug, Default)]
pub struct PartEvidence {
    /// The part: members from the outermost container inwards.
    pub member: Vec<String>,
    /// Whether the last member's name names the person.
    pub name_names_subject: bool,
    /// Its format.
    pub format: String,
    /// Whether units can be removed from it.
    pub can_rewrite: bool,
    /// Whether it holds others too, though nobody can tell their rows from the person's.
    pub holds_others: bool,
    /// Rows in it.
    pub rows: u64,
    /// Table → units that hold the person.
    pub units: BTreeMap<String, RoaringTreemap>,
    /// Places outside of every unit (header, metadata, free space) that hold the person.
    pub elsewhere: u64,
    /// Rows that go with these units.
    pub rows_removed: u64,
    /// Table → digest of the rows that stay, as they are after it.
    pub rows_after: BTreeMap<String, RowsDigest>,
    /// Kinds of the identifiers by which the person was found in it.
    pub kinds: BTreeSet<String>,
    /// Values that can be replaced instead of removing units, if that is asked for; then no row is removed.
    pub replacement: Option<Replacement>,
    /// Why they cannot be, if they cannot.
    pub not_replaced: Option<String>,
}

impl PartEvidence {
    /// What a policy asks of it.
    pub fn method(&self, rules: &[Rule]) -> RuleMethod {
        policy::method(rules, self.kinds.iter().map(String::as_str))
    }

    /// Whether the person is in it.
    pub fn has_hits(&self) -> bool {
        self.name_names_subject || self.elsewhere > 0 || self.has_units()
    }

    pub(super) fn has_units(&self) -> bool {
        self.units.values().any(|units| !units.is_empty())
    }

    pub(super) fn rows_kept(&self) -> u64 {
        self.rows.saturating_sub(self.rows_removed)
    }

    /// Whether nothing in it is known to be another's.
    pub(super) fn is_of_nobody_else(&self) -> bool {
        self.rows_kept() == 0 && !self.holds_others
    }

    pub(super) fn holds_whole(&self) -> bool {
        self.units.values().any(|units| units.contains(WHOLE))
    }
}

impl Evidence {
    /// Whether the person is in it or in its path.
    pub fn has_hits(&self) -> bool {
        self.path_names_subject || !self.beside.is_empty() || self.parts.iter().any(PartEvidence::has_hits)
    }

    /// What a policy asks of what stands beside its bytes.
    pub fn method_beside(&self) -> RuleMethod {
        policy::method(&self.rules, self.beside.iter().map(|one| one.kind.as_str()))
    }

    pub(super) fn entries_beside(&self) -> Vec<BesideEntry> {
        self.beside.iter().map(|one| one.entry.clone()).collect()
    }

    /// Whether the person is in tags alone, which can be taken away while the version stays.
    pub(super) fn is_in_tags_alone(&self) -> bool {
        let elsewhere = self.path_names_subject || self.parts.iter().any(PartEvidence::has_hits);
        !elsewhere && !self.beside.is_empty() && self.beside.iter().all(|one| one.entry.tag)
    }

    /// Parts that hold no other part.
    pub fn leaves(&self) -> impl Iterator<Item = &PartEvidence> {
        let inside = |part: &PartEvidence, other: &PartEvidence| {
            other.member.len() > part.member.len() && other.member.starts_with(&part.member)
        };
        self.parts.iter().filter(move |part| !self.parts.iter().any(|other| inside(part, other)))
    }
}
