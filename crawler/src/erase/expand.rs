//! Follows a person's rows: the keys that stand in them lead to tables that never mention the person.
//!
//! A key leads on only if it is near-unique to the person: of all rows of the part that hold the value, at least half hold the
//! person too. `country_id` fails that test, `customer_id` passes it. Every hop is shown with these counts, and counts for a plan
//! only once somebody accepted it by naming it.

use std::collections::BTreeMap;

use catalog::model::{AnomalyKind, FeaturePath, FeatureType, Value};
use roaring::RoaringTreemap;

use super::answer::Expansion;
use super::identifier::Identifier;
use super::search::{Found, FoundPart, key_of, table_around};
use crate::content::Content;
use crate::format::tree::{Visit, walk};
use crate::format::{At, Bounds, Sink};
use crate::recognise::{self, KEY};

/// Hops from what the caller named: a customer's orders, and those orders' lines.
pub(super) const HOPS_MAX: u32 = 2;
/// Keys that one lookup follows.
const KEYS_MAX: usize = 200;

/// A key that some rows lead to.
#[derive(Clone)]
pub(super) struct Lead {
    pub(super) identifier: Identifier,
    pub(super) hop: u32,
    path: String,
    member: String,
    column: String,
    of_person: u64,
    in_all: u64,
}

/// Takes leads that are new and near-unique; gives what to look for next.
pub(super) fn accept(
    leads: Vec<Lead>,
    known: &mut Vec<Identifier>,
    expansions: &mut Vec<Expansion>,
) -> Vec<Identifier> {
    let mut next: Vec<Identifier> = Vec::new();
    for lead in leads {
        let is_known =
            |one: &Identifier| one.kind == lead.identifier.kind && one.forms == lead.identifier.forms;
        if 2 * lead.of_person < lead.in_all || known.len() >= KEYS_MAX || known.iter().any(is_known) {
            continue;
        }
        expansions.push(Expansion {
            id: format!("{}={}", lead.identifier.key().unwrap_or_default(), lead.identifier.value),
            hop: lead.hop,
            path: lead.path,
            member: lead.member,
            column: lead.column,
            rows_of_person: lead.of_person,
            rows_in_all: lead.in_all,
        });
        known.push(lead.identifier.clone());
        next.push(lead.identifier);
    }
    next
}

/// Keys in the rows in which a blob holds the person, with how often each stands in all.
pub(super) fn leads(found: &Found, content: &Content, path: &str, bounds: &Bounds) -> Vec<Lead> {
    let mut leads = Vec::new();
    // What cannot be read was reported by the search that found these rows.
    let _unread = walk(content, path, bounds, &mut |visit| {
        let Visit::Part(node) = visit else { return Ok(()) };
        let part = found.parts.iter().find(|part| part.member == node.member && !part.units.is_empty());
        if let (Some(part), Some(read)) = (part, node.format.read) {
            let mut keys = Keys::new(path, part);
            read(node.content, node.dialect, bounds, &mut keys)?;
            keys.counting = true;
            keys.table.clear();
            keys.columns.clear();
            read(node.content, node.dialect, bounds, &mut keys)?;
            leads.extend(keys.leads(path));
        }
        Ok(())
    });
    leads
}

struct Count {
    value: String,
    column: String,
    of_person: u64,
    in_all: u64,
}

/// First pass: the values of key columns in the person's rows. Second: how often each stands in all rows.
struct Keys<'a> {
    part: &'a FoundPart,
    around: String,
    table: String,
    /// Of each feature, the key that it is, if it is one.
    columns: Vec<Option<(String, String)>>,
    counts: BTreeMap<(String, String, String), Count>,
    counting: bool,
}

impl<'a> Keys<'a> {
    fn new(path: &str, part: &'a FoundPart) -> Self {
        Self {
            part,
            around: table_around(path, &part.member),
            table: String::new(),
            columns: Vec::new(),
            counts: BTreeMap::new(),
            counting: false,
        }
    }

    fn leads(self, path: &str) -> impl Iterator<Item = Lead> {
        let member = self.part.member.join("!/");
        self.counts.into_iter().map(move |((_, key, normal), count)| Lead {
            identifier: Identifier {
                kind: format!("{KEY}{key}"),
                value: count.value,
                forms: vec![normal],
                right: None,
            },
            hop: 0,
            path: path.to_owned(),
            member: member.clone(),
            column: count.column,
            of_person: count.of_person,
            in_all: count.in_all,
        })
    }
}

impl Sink for Keys<'_> {
    fn table(&mut self, name: &str) {
        self.table = name.to_owned();
        self.columns.clear();
    }

    fn feature(&mut self, path: &FeaturePath, _: Option<FeatureType>) -> usize {
        let name = key_of(if self.table.is_empty() { &self.around } else { &self.table }, path);
        self.columns.push(name.map(|name| (name, path.to_string())));
        self.columns.len() - 1
    }

    fn row(&mut self, _: u64) {}

    fn cell(&mut self, feature: usize, at: At, value: Value<'_>) {
        let Some((key, column)) = &self.columns[feature] else { return };
        let of_person =
            self.part.units.get(&self.table).is_some_and(|units: &RoaringTreemap| units.contains(at.unit));
        if !self.counting && !of_person {
            return;
        }
        let Some(text) = value.text() else { return };
        let Some(normal) = recognise::normalise(&format!("{KEY}{key}"), &text) else { return };
        let place = (self.table.clone(), key.clone(), normal);
        if self.counting {
            if let Some(count) = self.counts.get_mut(&place) {
                count.in_all += 1;
                count.of_person += u64::from(of_person);
            }
        } else if self.counts.len() < KEYS_MAX {
            let (value, column) = (text.trim().to_owned(), column.clone());
            self.counts.entry(place).or_insert(Count { value, column, of_person: 0, in_all: 0 });
        }
    }

    fn anomaly(&mut self, _: AnomalyKind, _: String) {}
}
