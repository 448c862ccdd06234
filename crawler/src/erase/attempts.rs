//! Tries, while a plan is made, to replace values where a policy or a rectification asks for it: into nowhere, so that the plan
//! says what it comes to, or why rows go instead.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalog::erasure::plan::Evidence;
use catalog::erasure::policy;
use catalog::model::{BlobVersion, Dataset, Finding, Findings, How, Replacement, RowsDigest};
use catalog::ruling::Rulings;
use catalog::store::record::Index;
use catalog::{AsOf, Catalog};

use super::replace::{Asked, attempt};
use super::search::{Found, FoundPart, Sought};
use super::{Desk, delta};
use crate::content::Content;
use crate::error::Result;
use crate::format::tree::{LAYERS, Visit, walk};

/// What came of one part.
pub(super) type Attempt = std::result::Result<(Replacement, BTreeMap<String, RowsDigest>), String>;
/// By member.
pub(super) type Attempts = BTreeMap<Vec<String>, Attempt>;

/// Kind of text that holds personal data here and there: what it holds goes, not all of it.
const FREE_TEXT: &str = "FREE_TEXT_PII";
/// Confidence above which all of a feature is of a kind; at this one, a few cells are.
const SCATTERED: f32 = 0.5;

/// Tries every part of a current blob for which replacing is asked.
///
/// # Errors
/// What the catalog fails with.
pub(super) async fn attempts(
    desk: &Desk,
    sought: &Arc<Sought>,
    evidence: &Evidence,
    found: &Found,
    content: &Content,
) -> Result<Attempts> {
    let is_rectified = sought.identifiers().iter().all(|one| one.right.is_some());
    let asked = |part: &FoundPart| {
        let kinds = part.cells.iter().map(|cell| sought.identifiers()[cell.identifier].kind.as_str());
        let how = if is_rectified {
            Some(How::Rectify)
        } else if delta::is_commit(&evidence.path) {
            Some(How::Mask)
        } else {
            policy::how(policy::method(&evidence.rules, kinds))
        };
        how.filter(|_| !part.units.is_empty())
    };
    let wanted: BTreeMap<Vec<String>, (How, FoundPart)> = found
        .parts
        .iter()
        .filter_map(|part| Some((part.member.clone(), (asked(part)?, part.clone()))))
        .collect();
    let is_commit = delta::is_commit(&evidence.path);
    let is_header = |part: &FoundPart| part.units.keys().all(|table| table == LAYERS);
    if !wanted.is_empty() && wanted.values().all(|(_, part)| is_header(part)) {
        let reason = "only the header of its compression names the person, and is emptied";
        return Ok(wanted.into_keys().map(|member| (member, Err(reason.to_owned()))).collect());
    }
    if wanted.is_empty() || !evidence.current {
        return Ok(Attempts::new());
    }
    let personal = match is_rectified || is_commit {
        true => Some(Vec::new()),
        false => personal(&desk.ctx.catalog, evidence)?,
    };
    let Some(personal) = personal else {
        let reason =
            "it is not catalogued as it is now, so which of its features are personal is not known; crawl it";
        return Ok(wanted.into_keys().map(|member| (member, Err(reason.to_owned()))).collect());
    };
    let key = match wanted.values().any(|(how, _)| *how == How::Pseudonymise) {
        true => desk.keys.pseudonym_key()?,
        false => [0; 32],
    };
    let (sought, content, path, bounds) =
        (sought.clone(), content.clone(), evidence.path.clone(), desk.ctx.bounds);
    let tried = desk.ctx.blocking(move || {
        let mut tried = Attempts::new();
        // What cannot be read was reported by the search that found these units.
        let _unread = walk(&content, &path, &bounds, &mut |visit| {
            let Visit::Part(node) = visit else { return Ok(()) };
            if let Some((how, part)) = wanted.get(node.member) {
                let features = if is_commit { statistics() } else { of_part(&personal, part) };
                let asked = Asked { how: *how, features, key, path: &path };
                tried.insert(node.member.to_vec(), attempt(&sought, part, node.content, &bounds, asked));
            }
            Ok(())
        });
        tried
    });
    Ok(tried.await)
}

/// What the crawl found personal in a blob and what people decided of that; `None` if the crawl saw other bytes.
fn personal(catalog: &Catalog, evidence: &Evidence) -> Result<Option<Vec<Finding>>> {
    let version = catalog.get::<BlobVersion>(&evidence.blob, AsOf::Now)?;
    if version.is_none_or(|version| version.etag != evidence.etag) {
        return Ok(None);
    }
    let found = catalog.get::<Findings>(&evidence.blob, AsOf::Now)?;
    let mut findings: Vec<Finding> = found.into_iter().flat_map(|found| found.findings).collect();
    findings.retain(|finding| finding.confidence > SCATTERED && finding.kind != FREE_TEXT);
    let rulings = Rulings::load(catalog, AsOf::Now)?;
    for dataset in catalog.find::<Dataset>(Index::DatasetOfBlob, &evidence.blob.0)? {
        let name = |finding: &Finding| finding.feature.as_ref().map(ToString::to_string).unwrap_or_default();
        findings.retain(|finding| !rulings.rejects(&dataset.id, &name(finding), &finding.kind));
        for (feature, kind) in rulings.confirmed(&dataset.id) {
            findings.extend(confirmed(evidence, feature, kind));
        }
    }
    Ok(Some(findings))
}

/// A confirmed ruling counts in every part of the blob that has a feature of that name.
fn confirmed(evidence: &Evidence, feature: &str, kind: &str) -> Option<Finding> {
    let feature = (!feature.is_empty()).then(|| catalog::model::FeaturePath::column(feature))?;
    Some(Finding {
        member: evidence.parts.first().map(|part| part.member.clone()).unwrap_or_default(),
        feature: Some(feature),
        kind: kind.to_owned(),
        confidence: 1.0,
        count: 0,
        why: String::new(),
    })
}

/// What changes in a commit of a table's log.
fn statistics() -> BTreeMap<String, BTreeMap<String, String>> {
    let of_kind = (delta::STATISTICS_FEATURE.to_owned(), delta::STATISTICS.to_owned());
    BTreeMap::from([(String::new(), BTreeMap::from([of_kind]))])
}

/// Table → feature → kind, for one part; tables of a database are recorded as members of it.
fn of_part(personal: &[Finding], part: &FoundPart) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut features: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for finding in personal {
        let Some(feature) = &finding.feature else { continue };
        let table = match finding.member.strip_prefix(&part.member[..]) {
            Some([]) => "",
            Some([table]) if part.units.contains_key(table) => table,
            _ => continue,
        };
        let kinds = features.entry(table.to_owned()).or_default();
        kinds.entry(feature.to_string()).or_insert_with(|| finding.kind.clone());
    }
    features
}
