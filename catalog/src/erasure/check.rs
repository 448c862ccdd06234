//! Whether a plan is right. These rules are written apart from the planner, from the evidence alone: a defect of one
//! of the two shows as a violation, and execution refuses a plan with violations.

use std::collections::{BTreeMap, BTreeSet};

use roaring::RoaringTreemap;

use super::plan::{Evidence, PartEvidence, WHOLE, hash, opened_names, parse_units};
use crate::error::{Error, Result};
use crate::model::{
    BlobId, Hold, HoldScope, How, Method, Names, PartRemoval, Plan, PlanBody, RequestKind, RuleMethod,
    SourceId, Step,
};

/// What a plan does wrong; for people, without a personal value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The step, if one.
    pub step: Option<u32>,
    /// The rule that it breaks and how.
    pub reason: String,
}

/// Opens sealed names.
pub type Open<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>>;

type Version = (SourceId, BlobId, Option<String>);

struct Checking<'a> {
    body: &'a PlanBody,
    evidence: BTreeMap<Version, &'a Evidence>,
    open: Open<'a>,
    violations: Vec<Violation>,
}

/// Judges a plan by the evidence that it was made from, or by a fresh one.
///
/// # Errors
/// `Corrupt` if the plan or its sealed names cannot be read.
pub fn check(plan: &Plan, evidence: &[Evidence], holds: &[Hold], open: Open<'_>) -> Result<Vec<Violation>> {
    let body = super::plan::read(plan)?;
    let keyed = |one| (version_of_evidence(one), one);
    let mut checking = Checking {
        body: &body,
        evidence: evidence.iter().map(keyed).collect(),
        open,
        violations: Vec::new(),
    };
    if hash(&plan.canonical) != plan.hash || body.id != plan.id || body.request != plan.request {
        checking.violation(None, "the hash or the id is not the plan's");
    }
    checking.numbers();
    for step in &body.steps {
        checking.step(step)?;
        checking.holds(step, holds)?;
    }
    for one in evidence {
        checking.covered(one)?;
    }
    checking.copies(evidence);
    Ok(checking.violations)
}

/// The first violation as an error, if there is one.
///
/// # Errors
/// `Conflict` with the first violation.
pub fn refuse(violations: &[Violation]) -> Result<()> {
    match violations.first() {
        None => Ok(()),
        Some(first) => {
            let step = first.step.map(|step| format!("step {step}: ")).unwrap_or_default();
            let context = format!("{step}{} ({} in all); plan again", first.reason, violations.len());
            Err(Error::conflict("check erasure plan", context))
        }
    }
}

fn version_of_evidence(evidence: &Evidence) -> Version {
    (evidence.source.clone(), evidence.blob, evidence.store_version.clone())
}

fn version_of_step(step: &Step) -> Version {
    (step.source.clone(), step.blob, step.store_version.clone())
}

/// Path and members of a step, opened if they are sealed.
///
/// # Errors
/// `Corrupt` if they cannot be opened.
pub fn names_of(names: &Names, open: Open<'_>) -> Result<(String, Vec<Vec<String>>)> {
    match names {
        Names::Clear { path, members } => Ok((path.clone(), members.clone())),
        Names::Sealed(sealed) => opened_names(&open(sealed)?),
    }
}

impl Checking<'_> {
    fn violation(&mut self, step: Option<u32>, reason: impl Into<String>) {
        self.violations.push(Violation { step, reason: reason.into() });
    }

    /// Numbers run from 1, and a step waits for an earlier one of its own blob only.
    fn numbers(&mut self) {
        for (place, step) in self.body.steps.iter().enumerate() {
            let in_order = step.number as usize == place + 1;
            let waits = step.after.is_none_or(|after| {
                let earlier = self.body.steps[..place].iter().find(|other| other.number == after);
                earlier.is_some_and(|other| other.blob == step.blob && other.method.acts())
            });
            if !in_order || !waits {
                self.violation(Some(step.number), "it is out of order");
            }
        }
    }

    /// No step without a confirmed place, and none beyond it.
    fn step(&mut self, step: &Step) -> Result<()> {
        let number = Some(step.number);
        let Some(evidence) = self.evidence.get(&version_of_step(step)).copied() else {
            self.violation(number, "nothing was found in the object version that it is about");
            return Ok(());
        };
        let (path, members) = names_of(&step.names, self.open)?;
        if path != evidence.path || BlobId::of(&step.source, &path) != step.blob {
            self.violation(number, "its path is another blob's");
        }
        if !step.method.acts() {
            return Ok(());
        }
        if !evidence.has_hits() {
            self.violation(number, "it touches a blob in which the person was not found");
        }
        if step.etag != evidence.etag || step.size != evidence.size || step.current != evidence.current {
            self.violation(number, "it is about other bytes than those that were searched");
        }
        if step.etag.is_none() && step.store_version.is_none() {
            self.violation(number, "it names neither entity tag nor version and could hit other bytes");
        }
        if let Method::DeleteVersion { .. } = step.method
            && evidence.current
            && !evidence.delete_marker
        {
            self.violation(number, "it deletes a version that readers still get");
        }
        self.policy(step, evidence);
        if evidence.transacts && !step.transacts {
            self.violation(number, "it leaves the log of a table with the size that its file had");
        }
        if let Method::RemoveUnits { parts, beside } = &step.method {
            for removal in parts {
                self.removal(step.number, evidence, removal, &members)?;
            }
            if !beside.iter().all(|entry| evidence.beside.iter().any(|one| one.entry == *entry)) {
                self.violation(
                    number,
                    "it takes away what stands beside the bytes and does not hold the person",
                );
            }
            if !evidence.current && step.method.rewrites() {
                self.violation(number, "it writes a version anew that readers do not get");
            }
        }
        if let Method::DeleteBlob { rows_lost, .. } = &step.method {
            let rows: u64 = evidence.leaves().map(|part| part.rows.saturating_sub(part.rows_removed)).sum();
            let others = evidence.parts.iter().any(|part| part.holds_others);
            if others && !evidence.path_names_subject && strictest(evidence) != RuleMethod::DeleteBlob {
                self.violation(number, "it deletes what holds others too");
            }
            if *rows_lost != rows {
                self.violation(number, "it does not say how many rows of others it deletes");
            }
        }
        Ok(())
    }

    /// What the policy, or a rectification, asks of the blob is done; where it is not, the plan says why.
    fn policy(&mut self, step: &Step, evidence: &Evidence) {
        let number = Some(step.number);
        let rectify = self.body.kind == RequestKind::Rectification;
        let strictest = strictest(evidence);
        let goes = matches!(step.method, Method::DeleteBlob { .. });
        if rectify && goes {
            self.violation(number, "it deletes where a value has to be put right");
        }
        if !rectify && strictest == RuleMethod::Report {
            self.violation(number, "it changes what the policy asks to report only");
        }
        if !rectify && evidence.current && !goes && strictest == RuleMethod::DeleteBlob {
            self.violation(number, "it leaves a blob that the policy asks to delete");
        }
        let Method::RemoveUnits { parts, beside } = &step.method else { return };
        if rectify && !beside.is_empty() {
            self.violation(number, "it removes where a value has to be put right");
        }
        for part in parts {
            let is_rectified = part.replacement.as_ref().is_some_and(|one| one.how == How::Rectify);
            if rectify != is_rectified {
                self.violation(number, "it does something else than the request asks for");
            }
        }
    }

    /// Values of a part are replaced in the way that the policy asks for, or it says why its rows go instead.
    fn replacement(&mut self, step: u32, evidence: &Evidence, removal: &PartRemoval, part: &PartEvidence) {
        let asked = strictest_of(evidence, &part.kinds);
        let done = match removal.replacement.as_ref().map(|one| one.how) {
            None => RuleMethod::Remove,
            Some(How::Pseudonymise) => RuleMethod::Pseudonymise,
            Some(How::Mask) => RuleMethod::Mask,
            Some(How::Null) => RuleMethod::Null,
            Some(How::Rectify) => return,
        };
        if done != asked && removal.instead.is_none() {
            self.violation(
                Some(step),
                "it is done in another way than the policy asks for, and does not say why",
            );
        }
    }

    /// Every unit that goes was confirmed; a member goes as a whole only if nothing of others is in it or it is named for the person.
    fn removal(
        &mut self,
        step: u32,
        evidence: &Evidence,
        removal: &PartRemoval,
        members: &[Vec<String>],
    ) -> Result<()> {
        let part = members
            .get(removal.member)
            .and_then(|member| evidence.parts.iter().find(|part| part.member == *member));
        let Some(part) = part else {
            self.violation(Some(step), "a part that it removes from was not searched");
            return Ok(());
        };
        if !removal.whole {
            self.replacement(step, evidence, removal, part);
        }
        if removal.whole {
            let whole_unit = part.units.values().any(|units| units.contains(WHOLE));
            let of_others = part.rows.saturating_sub(part.rows_removed);
            if of_others > 0 && !part.name_names_subject && !whole_unit {
                self.violation(Some(step), format!("a whole member goes with {of_others} rows of others"));
            }
            return Ok(());
        }
        for (table, text) in &removal.units {
            let units = parse_units(text)?;
            let found = part.units.get(table).cloned().unwrap_or_default();
            if !units.is_subset(&found) {
                self.violation(Some(step), "it removes a unit in which the person was not found");
            }
            if units.contains(WHOLE) && removal.replacement.is_none() {
                self.violation(Some(step), "it removes all of a part as if that were one unit of many");
            }
        }
        for (table, text) in removal.replacement.iter().flat_map(|one| &one.shared) {
            if !parse_units(text)?.is_subset(&part.units.get(table).cloned().unwrap_or_default()) {
                self.violation(Some(step), "it changes a unit in which the person was not found");
            }
        }
        if removal.replacement.is_some()
            && (removal.rows_removed > 0 || removal.replacement != part.replacement)
        {
            self.violation(Some(step), "it replaces other values than those that were tried");
        }
        if removal.rows_kept + removal.rows_removed != part.rows || removal.rows_removed != part.rows_removed
        {
            self.violation(Some(step), "its counts of rows do not add up");
        }
        Ok(())
    }

    /// A hold stops what it is on.
    fn holds(&mut self, step: &Step, holds: &[Hold]) -> Result<()> {
        if !step.method.acts() {
            return Ok(());
        }
        let (path, _) = names_of(&step.names, self.open)?;
        for hold in holds {
            let on = match &hold.scope {
                HoldScope::Subject(digest) => self.body.identifiers.iter().any(|id| id.digest == *digest),
                HoldScope::Path { source, prefix } => *source == step.source && path.starts_with(prefix),
            };
            if on {
                self.violation(Some(step.number), format!("hold {} is on it", hold.id));
            }
        }
        Ok(())
    }

    /// Every confirmed place goes, or the plan says why not.
    fn covered(&mut self, evidence: &Evidence) -> Result<()> {
        if evidence.delete_marker || !evidence.has_hits() {
            return Ok(());
        }
        let version = version_of_evidence(evidence);
        let body = self.body;
        let steps: Vec<&Step> = body.steps.iter().filter(|step| version_of_step(step) == version).collect();
        if steps.is_empty() {
            self.violation(None, format!("blob {} holds the person and no step is about it", evidence.blob));
            return Ok(());
        }
        for step in &steps {
            let all = match &step.method {
                Method::DeleteBlob { .. } | Method::DeleteVersion { .. } => true,
                Method::Report { .. } => names_of(&step.names, self.open)?.1.is_empty(),
                Method::RemoveUnits { .. } => false,
            };
            if all {
                return Ok(());
            }
        }
        if !self.beside_covered(evidence, &steps)? {
            self.violation(Some(steps[0].number), "what stands beside its bytes stays and no step says why");
        }
        if evidence.path_names_subject {
            self.violation(Some(steps[0].number), "its path names the person and stays");
        }
        for part in evidence.parts.iter().filter(|part| part.has_hits()) {
            if !self.part_covered(part, &steps)? {
                self.violation(Some(steps[0].number), "a confirmed place stays and no step says why");
            }
        }
        Ok(())
    }

    fn beside_covered(&self, evidence: &Evidence, steps: &[&Step]) -> Result<bool> {
        let mut left: Vec<_> = evidence.beside.iter().map(|one| &one.entry).collect();
        for step in steps {
            match &step.method {
                Method::RemoveUnits { beside, .. } => left.retain(|entry| !beside.contains(entry)),
                Method::Report { .. } if names_of(&step.names, self.open)?.1.iter().any(Vec::is_empty) => {
                    return Ok(true);
                }
                _ => {}
            }
        }
        Ok(left.is_empty())
    }

    fn part_covered(&self, part: &PartEvidence, steps: &[&Step]) -> Result<bool> {
        let mut left = part.units.clone();
        let mut name_left = part.name_names_subject || part.elsewhere > 0;
        for step in steps {
            let (_, members) = names_of(&step.names, self.open)?;
            let removals: &[PartRemoval] = match &step.method {
                Method::RemoveUnits { parts, .. } => parts,
                Method::Report { .. } if members.iter().any(|member| part.member.starts_with(member)) => {
                    return Ok(true);
                }
                _ => &[],
            };
            for removal in removals {
                let Some(member) = members.get(removal.member) else { continue };
                if removal.whole && part.member.starts_with(member) {
                    left.clear();
                    name_left = false;
                } else if *member == part.member {
                    take(&mut left, removal)?;
                }
            }
        }
        Ok(!name_left && left.values().all(RoaringTreemap::is_empty))
    }

    /// A copy of a blob that holds the person holds the person: it was found too, or the plan says that it was not searched.
    fn copies(&mut self, evidence: &[Evidence]) {
        let searched: BTreeSet<BlobId> =
            evidence.iter().filter(|one| one.has_hits()).map(|one| one.blob).collect();
        let told: BTreeSet<BlobId> = self.body.not_searched.iter().map(|one| one.blob).collect();
        let copies = evidence
            .iter()
            .filter(|one| one.current && one.parts.iter().any(PartEvidence::has_hits))
            .flat_map(|one| &one.copies);
        for copy in copies.collect::<BTreeSet<_>>() {
            if !searched.contains(copy) && !told.contains(copy) {
                self.violation(
                    None,
                    format!("blob {copy} is a copy of one that holds the person, and is left out"),
                );
            }
        }
    }
}

/// The most thorough thing that any rule asks of any of some kinds: each kind goes by the first rule that names it or
/// names none.
fn strictest_of<'a>(evidence: &Evidence, kinds: impl IntoIterator<Item = &'a String>) -> RuleMethod {
    let mut strictest = None;
    for kind in kinds {
        let mut asked = RuleMethod::Remove;
        for rule in evidence.rules.iter().rev() {
            if rule.kind.is_none() || rule.kind.as_ref() == Some(kind) {
                asked = rule.method;
            }
        }
        strictest = strictest.max(Some(asked));
    }
    strictest.unwrap_or(RuleMethod::Remove)
}

/// The same for all parts in which the person is and for what stands beside them, or for the path alone.
fn strictest(evidence: &Evidence) -> RuleMethod {
    let parts = evidence.parts.iter().filter(|part| part.has_hits());
    let of_path = || evidence.rules.iter().find(|rule| rule.kind.is_none()).map(|rule| rule.method);
    let beside = (!evidence.beside.is_empty())
        .then(|| strictest_of(evidence, evidence.beside.iter().map(|one| &one.kind)));
    parts
        .map(|part| strictest_of(evidence, &part.kinds))
        .chain(beside)
        .max()
        .or_else(of_path)
        .unwrap_or(RuleMethod::Remove)
}

fn take(left: &mut BTreeMap<String, RoaringTreemap>, removal: &PartRemoval) -> Result<()> {
    for (table, text) in &removal.units {
        if let Some(units) = left.get_mut(table) {
            *units -= parse_units(text)?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "check/tests.rs"]
mod tests;
