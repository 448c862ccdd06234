//! Evidence over the lake as it is now, old versions included: what a plan is made from.
//!
//! Read are: blobs that the index names, blobs that are new or changed since their crawl, blobs that were not searched in full,
//! blobs whose path names the person, and every old version, which no index covers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use catalog::AsOf;
use catalog::erasure::plan::{BesideEvidence, Evidence, PartEvidence, names};
use catalog::model::{Anomaly, AnomalyKind, BlobId, BlobVersion, Digest, NotSearched, Searched, SourceId};
use catalog::store::record::Index;
use futures::{StreamExt, stream};

use super::Desk;
use super::attempts::{Attempt, Attempts, attempts};
use super::delta::{self, Entry};
use super::engine;
use super::lookup::{READS_AT_ONCE, blobs_with_tokens, is_of_tags, outdated, tags_unsearched};
use super::names as naming;
use super::search::{Found, FoundBeside, FoundPart, Sought};
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::source::{Lake, Listed, ObjectVersion};

/// Everything that was looked at for a plan.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) evidence: Vec<Evidence>,
    pub(super) not_searched: Vec<Missed>,
}

/// Something that could not be read at all.
pub(super) struct Missed {
    source: SourceId,
    path: String,
    version: Option<String>,
    reason: String,
    named: bool,
}

impl Missed {
    pub(super) fn record(&self, seal: &dyn Fn(&[u8]) -> String) -> NotSearched {
        NotSearched {
            source: self.source.clone(),
            blob: BlobId::of(&self.source, &self.path),
            names: names(&self.path, Vec::new(), self.named, seal),
            store_version: self.version.clone(),
            reason: self.reason.clone(),
        }
    }
}

/// Lists every source and reads what may hold somebody.
///
/// # Errors
/// What listing a source or the catalog fails with.
pub(super) async fn gather(desk: &Desk, sought: Arc<Sought>, scan: bool) -> Result<Gathered> {
    let tokens = {
        let (desk, sought) = (desk.clone(), sought.clone());
        desk.ctx.clone().blocking(move || blobs_with_tokens(&desk, &sought, AsOf::Now)).await?
    };
    let mut gathered = Gathered::default();
    for source in unopened(desk)? {
        let reason = "the source is not open; nothing in it was searched".to_owned();
        gathered.not_searched.push(Missed {
            source,
            path: String::new(),
            version: None,
            reason,
            named: false,
        });
    }
    let outdated = outdated(desk, AsOf::Now)?;
    for lake in &desk.lakes {
        let mut of_path: BTreeMap<String, Vec<Evidence>> = BTreeMap::new();
        // The index may lack what was read otherwise then.
        let scan = scan || outdated.iter().any(|(source, _)| *source == lake.source_id());
        current(desk, lake, &sought, &tokens, scan, &mut of_path, &mut gathered.not_searched).await?;
        old_versions(desk, lake, &sought, &mut of_path, &mut gathered.not_searched).await?;
        gathered.not_searched.extend(lake.unseen().map(|reason| miss(lake, "", None, reason, false)));
        gathered.evidence.extend(of_path.into_values().flatten());
    }
    say_tags_once(desk, &mut gathered)?;
    Ok(gathered)
}

/// Says once a source that its tags were not searched, not of each object.
fn say_tags_once(desk: &Desk, gathered: &mut Gathered) -> Result<()> {
    let mut unsearched: BTreeSet<(SourceId, String)> =
        tags_unsearched(desk)?.into_iter().map(|(source, reason)| (source, reason.to_owned())).collect();
    for evidence in &mut gathered.evidence {
        let of_tags = evidence.not_searched.extract_if(.., |reason| is_of_tags(reason));
        unsearched.extend(of_tags.map(|reason| (evidence.source.clone(), reason)));
    }
    let missed =
        |(source, reason)| Missed { source, path: String::new(), version: None, reason, named: false };
    gathered.not_searched.extend(unsearched.into_iter().map(missed));
    Ok(())
}

/// Sources that the catalog knows and nobody opened.
pub(super) fn unopened(desk: &Desk) -> Result<Vec<SourceId>> {
    let sources = desk.ctx.catalog.all::<catalog::model::Source>(AsOf::Now)?;
    Ok(sources.into_iter().map(|source| source.id).filter(|id| desk.lake(id).is_none()).collect())
}

async fn current(
    desk: &Desk,
    lake: &Lake,
    sought: &Arc<Sought>,
    tokens: &BTreeSet<BlobId>,
    scan: bool,
    of_path: &mut BTreeMap<String, Vec<Evidence>>,
    missed: &mut Vec<Missed>,
) -> Result<()> {
    let (listed, left_out) = lake.list_and_left_out().await?;
    if left_out > 0 {
        missed.push(miss(lake, "", None, &naming::outside_of_globs(left_out), false));
    }
    let mut reads = Vec::new();
    for one in listed {
        let named = sought.in_name(&one.path).is_some();
        if let Some(problem) = one.problem {
            missed.push(miss(lake, &one.path, None, problem, named));
            continue;
        }
        let blob = BlobId::of(&lake.source_id(), &one.path);
        if scan || named || tokens.contains(&blob) || !is_covered(desk, blob, &one)? {
            reads.push(one.path);
        }
    }
    let reads = reads.into_iter().map(|path| async move {
        let read = read(desk, lake, sought, &path, None).await;
        (path, read)
    });
    let mut reads = stream::iter(reads).buffered(READS_AT_ONCE);
    while let Some((path, read)) = reads.next().await {
        keep(lake, sought, (path, None), read, of_path, missed);
    }
    Ok(())
}

/// Whether the index speaks for a blob: crawled as it is now, and searched in full.
pub(super) fn is_covered(desk: &Desk, blob: BlobId, listed: &Listed) -> Result<bool> {
    let version = desk.ctx.catalog.get::<BlobVersion>(&blob, AsOf::Now)?;
    // Metadata can change under an etag of the bytes alone, as S3's is; then the time of writing changes.
    let is_same = |version: &BlobVersion| version.etag == listed.etag && version.modified == listed.modified;
    Ok(version.is_some_and(|version| is_same(&version) && version.searched == Searched::Full))
}

/// Whether a crawl met an erased person in a blob.
pub(super) fn is_alarming(desk: &Desk, blob: BlobId) -> Result<bool> {
    let version = desk.ctx.catalog.get::<BlobVersion>(&blob, AsOf::Now)?;
    let alarms = |anomaly: &Anomaly| anomaly.kind == AnomalyKind::SuppressedSubject;
    Ok(version.is_some_and(|version| version.anomalies.iter().any(alarms)))
}

async fn old_versions(
    desk: &Desk,
    lake: &Lake,
    sought: &Arc<Sought>,
    of_path: &mut BTreeMap<String, Vec<Evidence>>,
    missed: &mut Vec<Missed>,
) -> Result<()> {
    let versions = noncurrent(lake).await?;
    let reads = versions.into_iter().map(|(path, version)| async move {
        let read = match version.is_delete_marker {
            true => Ok(marker(lake, sought, &path, &version)),
            false => read(desk, lake, sought, &path, Some(&version)).await,
        };
        ((path, Some(version.version)), read)
    });
    let mut reads = stream::iter(reads).buffered(READS_AT_ONCE);
    let mut markers = Vec::new();
    while let Some((of, read)) = reads.next().await {
        match &read {
            Ok(evidence) if evidence.delete_marker => markers.push((of, read)),
            _ => keep(lake, sought, of, read, of_path, missed),
        }
    }
    for (of, read) in markers {
        keep(lake, sought, of, read, of_path, missed);
    }
    Ok(())
}

/// Old versions and delete markers of all objects that count, in order of path.
pub(super) async fn noncurrent(lake: &Lake) -> Result<Vec<(String, ObjectVersion)>> {
    let Some(versions) = lake.versioned() else { return Ok(Vec::new()) };
    let mut all = versions.all().await?;
    all.retain(|(path, version)| lake.accepts(path) && (!version.is_latest || version.is_delete_marker));
    all.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(all)
}

fn keep(
    lake: &Lake,
    sought: &Sought,
    (path, version): (String, Option<String>),
    read: Result<Evidence>,
    of_path: &mut BTreeMap<String, Vec<Evidence>>,
    missed: &mut Vec<Missed>,
) {
    match read {
        Ok(evidence) => of_path.entry(path).or_default().push(evidence),
        Err(error) if error.kind == ErrorKind::NotFound => {} // gone since it was listed
        Err(error) => {
            let named = sought.in_name(&path).is_some();
            missed.push(miss(lake, &path, version, &format!("it cannot be read: {error}"), named));
        }
    }
}

fn miss(lake: &Lake, path: &str, version: Option<String>, reason: &str, named: bool) -> Missed {
    Missed { source: lake.source_id(), path: path.to_owned(), version, reason: reason.to_owned(), named }
}

fn marker(lake: &Lake, sought: &Sought, path: &str, version: &ObjectVersion) -> Evidence {
    Evidence {
        etag: version.etag.clone(),
        store_version: Some(version.version.clone()),
        current: version.is_latest,
        delete_marker: true,
        ..bare(lake, sought, path)
    }
}

fn bare(lake: &Lake, sought: &Sought, path: &str) -> Evidence {
    let source = lake.source_id();
    Evidence {
        blob: BlobId::of(&source, path),
        source,
        path: path.to_owned(),
        etag: None,
        store_version: None,
        current: true,
        delete_marker: false,
        size: 0,
        path_names_subject: sought.in_name(path).is_some(),
        locked: None,
        parts: Vec::new(),
        beside: Vec::new(),
        not_searched: Vec::new(),
        copies: Vec::new(),
        downstream: Vec::new(),
        rules: Vec::new(),
        transacts: false,
    }
}

/// Reads one object version and tells what is in it.
pub(super) async fn read(
    desk: &Desk,
    lake: &Lake,
    sought: &Arc<Sought>,
    path: &str,
    old: Option<&ObjectVersion>,
) -> Result<Evidence> {
    let fetched = lake.fetch_all(path, None, old.map(|version| version.version.as_str())).await?;
    let mut evidence = bare(lake, sought, path);
    evidence.etag = fetched.etag.clone().or_else(|| old.and_then(|version| version.etag.clone()));
    evidence.store_version = old.map(|version| version.version.clone()).or(fetched.version.clone());
    evidence.current = old.is_none();
    evidence.size = fetched.size;
    let (sought, bounds, content) = (sought.clone(), desk.ctx.bounds, fetched.content.clone());
    let (name, beside, looking) = (path.to_owned(), fetched.beside.clone(), sought.clone());
    let search = move || looking.search_all((&content, &beside), &name, &bounds, true);
    let found = desk.ctx.blocking(search).await;
    evidence.rules = desk.policy.covering(&desk.ctx.catalog, lake, path, evidence.blob)?;
    let tried = attempts(desk, &sought, &evidence, &found, &fetched.content).await?;
    // What stands beside its bytes is no engine's.
    let engine = match old.is_none() && found.parts.iter().any(FoundPart::has_hits) {
        true => engine::needed(lake, path, &found).await?,
        false => None,
    };
    fill(&mut evidence, found, &sought, tried);
    if evidence.has_hits() {
        evidence.locked = lock(desk, lake, path, evidence.store_version.as_deref()).await?.or(engine);
    }
    if evidence.has_hits() && evidence.current && evidence.locked.is_none() {
        let table = in_log_of_table(lake, &mut evidence).await?;
        evidence.locked = table.map(str::to_owned);
    }
    if evidence.has_hits() && evidence.current {
        let (catalog, blob) = (desk.ctx.catalog.clone(), evidence.blob);
        let own = fetched.digest;
        let (kin, copies) = desk
            .ctx
            .blocking(move || {
                Ok::<_, Error>((naming::kin(&catalog, blob, AsOf::Now)?, copies(&catalog, blob, own)?))
            })
            .await?;
        evidence.downstream = kin.downstream;
        evidence.copies = copies;
    }
    Ok(evidence)
}

/// Whether a blob is part of a Delta table, so that its log has to be told; and why it must not be changed, if so.
async fn in_log_of_table(lake: &Lake, evidence: &mut Evidence) -> Result<Option<&'static str>> {
    let replaced = |part: &PartEvidence| part.replacement.is_some();
    if delta::is_log(&evidence.path) && !evidence.parts.iter().filter(|part| part.has_hits()).all(replaced) {
        let reason = "it is of the log of a Delta table, and losing the rows that name the person would lose files of others; let the \
                      table's engine write a new checkpoint and clean its log up (VACUUM), then plan again";
        return Ok(Some(reason));
    }
    let roots = delta::roots_around(lake, &evidence.path).await?;
    let Some(root) = delta::table_of(&evidence.path, &roots) else { return Ok(None) };
    match delta::entry(lake, root, &evidence.path).await? {
        Entry::Apart => Ok(None),
        Entry::Live { .. } => {
            evidence.transacts = true;
            Ok(None)
        }
        Entry::Unknown(reason) => Ok(Some(reason)),
    }
}

/// Blobs that had these very bytes when they were last crawled.
fn copies(catalog: &catalog::Catalog, blob: BlobId, digest: Digest) -> Result<Vec<BlobId>> {
    let same = catalog.find::<BlobVersion>(Index::Digest, &digest.0)?;
    Ok(same.into_iter().map(|version| version.blob).filter(|other| *other != blob).collect())
}

/// Why the store would refuse to change an object version, if it would.
pub(super) async fn lock(
    desk: &Desk,
    lake: &Lake,
    path: &str,
    version: Option<&str>,
) -> Result<Option<String>> {
    let Some(versions) = lake.versioned() else { return Ok(None) };
    let hold = versions.hold(path, version).await?;
    let forbids = hold.forbids(desk.ctx.catalog.env().clock.now());
    let until =
        hold.retain_until.map_or_else(|| "legal hold".to_owned(), |until| format!("locked until {until}"));
    Ok(forbids.then(|| format!("the store forbids it: {until}")))
}

fn fill(evidence: &mut Evidence, found: Found, sought: &Sought, mut tried: Attempts) {
    evidence.not_searched = found.not_searched;
    let of_beside = |one: FoundBeside| {
        let kind = one.of(sought).kind.clone();
        BesideEvidence { entry: one.entry, kind }
    };
    evidence.beside = found.beside.into_iter().map(of_beside).collect();
    let of_part = |part: FoundPart| {
        let tried = tried.remove(&part.member);
        part_evidence(part, sought, tried)
    };
    evidence.parts = found.parts.into_iter().map(of_part).collect();
}

/// Why the log of a table is treated in its own way.
const OF_LOG: &str = "it is of the log of a table: its lines stay, and bounds of statistics go";

fn part_evidence(part: FoundPart, sought: &Sought, tried: Option<Attempt>) -> PartEvidence {
    let rows_removed = part.units.values().map(roaring::RoaringTreemap::len).sum::<u64>().min(part.rows);
    let elsewhere = if part.units.is_empty() { part.bytes.len() as u64 } else { 0 };
    let cells = part.cells.iter().map(|cell| cell.identifier);
    let numbers = cells.chain(part.bytes.iter().map(|(number, _)| *number)).chain(part.named);
    let kinds = numbers.map(|number| sought.identifiers()[number].kind.clone()).collect();
    let mut evidence = PartEvidence {
        name_names_subject: part.named.is_some(),
        format: part.format.id.to_owned(),
        can_rewrite: part.can_rewrite(),
        holds_others: part.holds_others,
        rows: part.rows,
        rows_removed,
        elsewhere,
        member: part.member,
        units: part.units,
        rows_after: part.rows_after,
        kinds,
        replacement: None,
        not_replaced: None,
    };
    match tried {
        Some(Ok((replacement, rows_after))) => {
            let of_log = replacement
                .features
                .values()
                .any(|kinds| kinds.values().any(|kind| kind == delta::STATISTICS));
            evidence.not_replaced = of_log.then(|| OF_LOG.to_owned());
            (evidence.replacement, evidence.rows_after, evidence.rows_removed) =
                (Some(replacement), rows_after, 0);
        }
        Some(Err(reason)) => evidence.not_replaced = Some(reason),
        None => {}
    }
    evidence
}
