//! From evidence to steps: pure, and the same steps for the same evidence. The plan's text is canonical JSON
//! (RFC 8785) and its hash SHA-256, so that anybody can check both with what their language brings.
//!
//! `crawler::erase::plan` gathers the evidence; [`super::check`] judges the result by rules of its own.

use std::collections::BTreeMap;

use roaring::RoaringTreemap;
use sha2::{Digest as _, Sha256};

pub use super::evidence::{BesideEvidence, Evidence, PartEvidence};
use super::policy;
use crate::error::{Error, Result};
use crate::model::{
    Digest, ErasureRequest, Hold, HoldScope, Method, Names, NotSearched, PartRemoval, Plan, PlanBody, PlanId,
    RequestKind, Rule, RuleMethod, SourceId, Step, Timestamp,
};

/// The unit that stands for all of a part; the same number as the crawler's.
pub const WHOLE: u64 = u64::MAX;

/// Turns names that must not be readable later into hex of their ciphertext.
pub type Seal<'a> = &'a dyn Fn(&[u8]) -> String;

/// What a plan is made from.
pub struct Input<'a> {
    /// The plan's name.
    pub id: PlanId,
    /// The request.
    pub request: &'a ErasureRequest,
    /// Who plans.
    pub by: &'a str,
    /// When.
    pub created: Timestamp,
    /// Sources that were looked at.
    pub sources: Vec<SourceId>,
    /// What was found; versions of one blob stand together, the current one first, delete markers last.
    pub evidence: &'a [Evidence],
    /// What could not be searched at all.
    pub not_searched: Vec<NotSearched>,
    /// Holds in force.
    pub holds: &'a [Hold],
    /// Seals names that name the person.
    pub seal: Seal<'a>,
    /// The policy in force.
    pub policy: Vec<Rule>,
}

/// Names as they may stand in the catalog.
pub fn names(path: &str, members: Vec<Vec<String>>, personal: bool, seal: Seal<'_>) -> Names {
    if !personal {
        return Names::Clear { path: path.into(), members };
    }
    let plain = serde_json::to_vec(&(path, members)).expect("strings are JSON");
    Names::Sealed(seal(&plain))
}

/// Path and members of sealed names, once opened.
///
/// # Errors
/// `Corrupt` if the bytes are no such names.
pub fn opened_names(plain: &[u8]) -> Result<(String, Vec<Vec<String>>)> {
    serde_json::from_slice(plain).map_err(|_| Error::corrupt("read sealed names", ""))
}

/// Decides the steps.
pub fn decide(input: &Input<'_>) -> PlanBody {
    let mut steps: Vec<Step> = Vec::new();
    let mut not_searched = input.not_searched.clone();
    for versions in input.evidence.chunk_by(|a, b| a.source == b.source && a.blob == b.blob) {
        let first = steps.len();
        for evidence in versions {
            not_searched.extend(unsearched(evidence, input.seal));
            for (method, members) in methods(evidence, versions, input) {
                let after = waits_for(evidence, &steps[first..]);
                let number = steps.len() as u32 + 1;
                steps.push(Step { number, after, ..step(evidence, method, members, input.seal) });
            }
        }
    }
    let acting = || steps.iter().filter(|step| step.method.acts());
    let bytes_read = acting().map(|step| step.size).sum();
    let rewritten = acting().filter(|step| step.method.rewrites());
    let bytes_written = rewritten.map(|step| step.size).sum();
    PlanBody {
        version: 1,
        id: input.id.clone(),
        request: input.request.id.clone(),
        created: input.created,
        by: input.by.into(),
        identifiers: input.request.identifiers.clone(),
        sources: input.sources.clone(),
        steps,
        not_searched,
        bytes_read,
        bytes_written,
        kind: input.request.kind,
        policy: input.policy.clone(),
    }
}

fn unsearched<'a>(evidence: &'a Evidence, seal: Seal<'a>) -> impl Iterator<Item = NotSearched> + 'a {
    evidence.not_searched.iter().map(move |reason| NotSearched {
        source: evidence.source.clone(),
        blob: evidence.blob,
        names: names(&evidence.path, Vec::new(), evidence.path_names_subject, seal),
        store_version: evidence.store_version.clone(),
        reason: reason.clone(),
    })
}

fn step(evidence: &Evidence, method: Method, members: Vec<Vec<String>>, seal: Seal<'_>) -> Step {
    let transacts =
        evidence.transacts && matches!(method, Method::RemoveUnits { .. } | Method::DeleteBlob { .. });
    let named = |member: &Vec<String>| {
        evidence.parts.iter().any(|part| part.name_names_subject && member.starts_with(&part.member))
    };
    let personal = evidence.path_names_subject || members.iter().any(named);
    Step {
        number: 0,
        source: evidence.source.clone(),
        blob: evidence.blob,
        names: names(&evidence.path, members, personal, seal),
        etag: evidence.etag.clone(),
        store_version: evidence.store_version.clone(),
        current: evidence.current,
        size: evidence.size,
        method,
        after: None,
        downstream: evidence.downstream.clone(),
        transacts,
    }
}

type Decided = (Method, Vec<Vec<String>>);

/// The reason of a deletion that a policy asks for.
pub const BY_POLICY: &str = "the policy asks to delete the whole of it";

/// The most thorough method that the policy asks of any part; for a blob in whose path alone the person is, what it asks of
/// every kind.
fn asked_of_blob(evidence: &Evidence) -> RuleMethod {
    let hit = evidence.parts.iter().filter(|part| part.has_hits());
    let beside = (!evidence.beside.is_empty()).then(|| evidence.method_beside());
    let method = hit.map(|part| part.method(&evidence.rules)).chain(beside).max();
    method.unwrap_or_else(|| policy::method(&evidence.rules, [""]))
}

/// Values are replaced, or the place is reported: what is wrong is no reason to lose what is right.
fn rectified(evidence: &Evidence) -> Vec<Decided> {
    let report = |reason: String, member: &[String]| (Method::Report { reason }, vec![member.to_vec()]);
    let mut decided = Vec::new();
    let (mut members, mut removals) = (Vec::new(), Vec::new());
    if evidence.path_names_subject {
        decided.push(report("its path holds the wrong value; move it by hand".into(), &[]));
    }
    if !evidence.beside.is_empty() {
        let reason = "what stands beside its bytes (user metadata, headers, tags) holds the wrong value; put it right by hand";
        decided.push(report(reason.into(), &[]));
    }
    for part in evidence.parts.iter().filter(|part| part.has_hits()) {
        if part.name_names_subject {
            let reason = "a member's name holds the wrong value; write the archive anew by hand";
            decided.push(report(reason.into(), &part.member));
        }
        match &part.replacement {
            Some(_) => {
                removals.push(removal_of(part, members.len(), false));
                members.push(part.member.clone());
            }
            None if part.elsewhere > 0 || part.has_units() => {
                let why = part.not_replaced.as_deref().unwrap_or("it stands outside of its rows");
                decided.push(report(format!("the value has to be replaced by hand: {why}"), &part.member));
            }
            None => {}
        }
    }
    if !removals.is_empty() {
        decided.insert(0, (Method::RemoveUnits { parts: removals, beside: Vec::new() }, members));
    }
    decided
}

/// What becomes of one object version.
fn methods(evidence: &Evidence, versions: &[Evidence], input: &Input<'_>) -> Vec<Decided> {
    if evidence.delete_marker {
        return delete_marker(evidence, versions).into_iter().collect();
    }
    if !evidence.has_hits() {
        return Vec::new();
    }
    let alone = |method| vec![(method, Vec::new())];
    if let Some(reason) = held(evidence, input) {
        return alone(Method::Report { reason });
    }
    if let Some(reason) = &evidence.locked {
        return alone(Method::Report { reason: reason.clone() });
    }
    let rectify = input.request.kind == RequestKind::Rectification;
    let asked = if rectify { RuleMethod::Remove } else { asked_of_blob(evidence) };
    if asked == RuleMethod::Report {
        return alone(Method::Report { reason: "the policy asks to report it only".into() });
    }
    if !evidence.current && !rectify && asked != RuleMethod::DeleteBlob && evidence.is_in_tags_alone() {
        return alone(Method::RemoveUnits { parts: Vec::new(), beside: evidence.entries_beside() });
    }
    if !evidence.current {
        return alone(Method::DeleteVersion { reason: "an old version that holds the person".into() });
    }
    if rectify {
        return rectified(evidence);
    }
    if asked == RuleMethod::DeleteBlob {
        let rows_lost = evidence.leaves().map(PartEvidence::rows_kept).sum();
        return alone(Method::DeleteBlob { reason: BY_POLICY.into(), rows_lost });
    }
    if let Some(reason) = whole_reason(evidence) {
        let rows_lost = evidence.leaves().map(PartEvidence::rows_kept).sum();
        return alone(Method::DeleteBlob { reason: reason.into(), rows_lost });
    }
    parts(evidence)
}

fn held(evidence: &Evidence, input: &Input<'_>) -> Option<String> {
    let applies = |hold: &&Hold| match &hold.scope {
        HoldScope::Subject(digest) => input.request.identifiers.iter().any(|id| id.digest == *digest),
        HoldScope::Path { source, prefix } => {
            *source == evidence.source && evidence.path.starts_with(prefix.as_str())
        }
    };
    input.holds.iter().find(applies).map(|hold| format!("held ({}): {}", hold.id, hold.reason))
}

/// Why nothing of the blob stays, if nothing does.
fn whole_reason(evidence: &Evidence) -> Option<&'static str> {
    let root = evidence.parts.iter().find(|part| part.member.is_empty());
    if evidence.path_names_subject {
        Some("its path names the person")
    } else if root.is_some_and(|root| root.replacement.is_some()) {
        None
    } else if root.is_some_and(PartEvidence::holds_whole) {
        Some("its content is one unit that is about the person")
    } else if root.is_some_and(|root| root.has_hits() && !root.can_rewrite && root.is_of_nobody_else()) {
        Some("nothing can be removed from its format, and it holds no row of others")
    } else if evidence.leaves().all(goes_whole) && evidence.leaves().next().is_some() {
        Some("everything in it is about the person")
    } else {
        None
    }
}

/// Whether nothing of a part stays: it is named for the person, is one unit, or cannot be rewritten and holds nothing of others.
/// A table that loses all of its rows stays as an empty one, since its header is nobody's and its readers expect it.
fn goes_whole(part: &PartEvidence) -> bool {
    if part.replacement.is_some() && !part.name_names_subject {
        return false;
    }
    let no_way = !part.can_rewrite && part.is_of_nobody_else();
    part.has_hits() && (part.name_names_subject || part.holds_whole() || no_way)
}

/// Removals from parts and from what stands beside them, and a report for each part that cannot be rewritten without losing rows
/// of others.
fn parts(evidence: &Evidence) -> Vec<Decided> {
    let mut members = Vec::new();
    let mut removals = Vec::new();
    let mut reports = Vec::new();
    let mut gone: Vec<&[String]> = Vec::new();
    for part in evidence.parts.iter().filter(|part| part.has_hits()) {
        if gone.iter().any(|outer| part.member.starts_with(outer)) {
            continue; // goes with its container
        }
        let whole = goes_whole(part) && !part.member.is_empty();
        if part.method(&evidence.rules) == RuleMethod::Report {
            let reason = "the policy asks to report it only".to_owned();
            reports.push((Method::Report { reason }, vec![part.member.clone()]));
            continue;
        }
        if !whole && part.replacement.is_none() && (!part.can_rewrite || !part.has_units()) {
            let what = if part.has_units() { "rows" } else { "what stands outside of its rows" };
            let lost = match part.holds_others {
                true => "what it holds of others".to_owned(),
                false => format!("{} rows of others", part.rows_kept()),
            };
            let reason = format!(
                "{what} cannot be removed from {} yet, and deleting it would lose {lost}",
                part.format
            );
            reports.push((Method::Report { reason }, vec![part.member.clone()]));
            continue;
        }
        if whole {
            gone.push(&part.member);
        }
        removals.push(removal_of(part, members.len(), whole));
        members.push(part.member.clone());
    }
    // Whatever a policy asks to put in the place of values: an entry goes as a whole, since its form is anybody's guess.
    let beside = match evidence.method_beside() {
        RuleMethod::Report if !evidence.beside.is_empty() => {
            let reason = "the policy asks to report what stands beside its bytes only".to_owned();
            reports.push((Method::Report { reason }, vec![Vec::new()]));
            Vec::new()
        }
        _ => evidence.entries_beside(),
    };
    let removes = !removals.is_empty() || !beside.is_empty();
    let removed = removes.then_some((Method::RemoveUnits { parts: removals, beside }, members));
    removed.into_iter().chain(reports).collect()
}

fn removal_of(part: &PartEvidence, member: usize, whole: bool) -> PartRemoval {
    PartRemoval {
        member,
        format: part.format.clone(),
        whole,
        units: if whole { BTreeMap::new() } else { units_of(part) },
        rows_removed: if whole { part.rows } else { part.rows_removed },
        rows_kept: if whole { 0 } else { part.rows_kept() },
        rows_after: if whole { BTreeMap::new() } else { part.rows_after.clone() },
        replacement: part.replacement.clone().filter(|_| !whole),
        instead: part.not_replaced.clone(),
    }
}

fn units_of(part: &PartEvidence) -> BTreeMap<String, String> {
    part.units.iter().map(|(table, units)| (table.clone(), units_text(units))).collect()
}

/// A delete marker goes only where its path names the person and all versions below it go as well: else the newest would come back to life.
fn delete_marker(evidence: &Evidence, versions: &[Evidence]) -> Option<Decided> {
    let mut others = versions.iter().filter(|other| !other.delete_marker);
    let goes = evidence.path_names_subject && others.all(Evidence::has_hits);
    let reason = "a delete marker whose path names the person".to_owned();
    goes.then(|| (Method::DeleteVersion { reason }, Vec::new()))
}

/// An old version waits for its blob's current one, since nothing old goes before its replacement is durable; a delete marker waits for all.
fn waits_for(evidence: &Evidence, of_blob: &[Step]) -> Option<u32> {
    let mut acting = of_blob.iter().filter(|step| step.method.acts());
    let step = match (evidence.delete_marker, evidence.current) {
        (true, _) => acting.next_back(),
        (false, true) => None,
        (false, false) => acting.find(|step| step.current),
    };
    step.map(|step| step.number)
}

/// Units as text: `3 7-9 12`.
pub fn units_text(units: &RoaringTreemap) -> String {
    let mut text = String::new();
    let mut units = units.iter().peekable();
    while let Some(first) = units.next() {
        let mut last = first;
        while last < WHOLE && units.peek() == Some(&(last + 1)) {
            last += 1;
            units.next();
        }
        let separator = if text.is_empty() { "" } else { " " };
        text += &match first == last {
            true => format!("{separator}{first}"),
            false => format!("{separator}{first}-{last}"),
        };
    }
    text
}

/// The units behind such a text.
///
/// # Errors
/// `Corrupt` if it is no such text.
pub fn parse_units(text: &str) -> Result<RoaringTreemap> {
    let wrong = || Error::corrupt("read erasure plan", "a list of units is damaged");
    let mut units = RoaringTreemap::new();
    for range in text.split_whitespace() {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u64, u64) =
            (first.parse().map_err(|_| wrong())?, last.parse().map_err(|_| wrong())?);
        if first > last {
            return Err(wrong());
        }
        units.insert_range(first..=last);
    }
    Ok(units)
}

/// Writes a plan down for good.
///
/// # Errors
/// `Internal` if it cannot be written as canonical JSON.
pub fn freeze(body: &PlanBody) -> Result<Plan> {
    let canonical = serde_json_canonicalizer::to_string(body)
        .map_err(|error| Error::internal("write erasure plan", &body.id).with_source(error))?;
    let hash = hash(&canonical);
    Ok(Plan { id: body.id.clone(), request: body.request.clone(), created: body.created, hash, canonical })
}

/// SHA-256 of a plan's text.
pub fn hash(canonical: &str) -> Digest {
    Digest(Sha256::digest(canonical.as_bytes()).into())
}

/// What a plan says.
///
/// # Errors
/// `Corrupt` if its text is not the one that was hashed.
pub fn read(plan: &Plan) -> Result<PlanBody> {
    let damaged = || Error::corrupt("read erasure plan", format!("plan {} is not what was hashed", plan.id));
    if hash(&plan.canonical) != plan.hash {
        return Err(damaged());
    }
    serde_json::from_str(&plan.canonical).map_err(|error| damaged().with_source(error))
}

#[cfg(test)]
#[path = "plan/tests.rs"]
pub(crate) mod tests;
