//! Runs past erasures again over what came back: a restored backup, a file ingested anew.
//!
//! Nobody's identifiers are kept once a certificate is signed. The suppression ledger knows them as keyed digests, so they are
//! recognised where they stand again: each identifier in a blob is digested and looked up. What is recognised so is planned
//! like any erasure, as a new request that names the old one, and somebody approves it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use catalog::env::SubjectHasher;
use catalog::erasure::audit;
use catalog::model::{
    AnomalyKind, BlobId, ErasureRequest, FeaturePath, FeatureType, RequestId, RequestKind, Suppression,
    TokenDigest, Value,
};
use catalog::{AsOf, Change};
use futures::{StreamExt, TryStreamExt, stream};

use super::Desk;
use super::answer::{ReplayAnswer, Replayed};
use super::gather::{is_alarming, is_covered, noncurrent, unopened};
use super::identifier::Identifier;
use super::lookup::{READS_AT_ONCE, line, officer, outdated, tags_unsearched, unread};
use super::plan::{PlanOptions, plan};
use super::search::{key_of, table_around};
use crate::content::Content;
use crate::error::{Kind as ErrorKind, Result};
use crate::format::tree::{Visit, walk};
use crate::format::{At, Bounds, Sink};
use crate::recognise::{KEY, identifiers, index_form, name_readings, normalise_key};
use crate::source::{Beside, Lake, Listed};

/// Who was erased: kind and digest, and the requests that did it.
type Ledger = HashMap<TokenDigest, Vec<RequestId>>;
/// By request: kind and normal form of what came back, and whether the digest leaves no doubt.
type Met = BTreeMap<RequestId, BTreeSet<(String, String, bool)>>;

/// Looks for erased persons in what the index names, in what is new since the crawl, and, if asked for, in everything, old
/// versions too; plans anew for whoever came back.
///
/// # Errors
/// `Denied` unless the principal is a privacy officer; what listing a source or planning fails with.
pub async fn replay(desk: &Desk, scan: bool) -> Result<ReplayAnswer> {
    officer(desk, audit::REPLAY)?;
    let catalog = &desk.ctx.catalog;
    let mut ledger = Ledger::new();
    let mut digests: Vec<TokenDigest> = Vec::new();
    for entry in catalog.all::<Suppression>(AsOf::Now)? {
        digests.extend(entry.tokens);
        ledger.entry(entry.digest).or_default().push(entry.request);
    }
    let mut answer = ReplayAnswer { erased: ledger.len() as u64, ..ReplayAnswer::default() };
    let named = catalog.blobs_with(&digests, AsOf::Now)?;
    let ledger = Arc::new(ledger);
    let mut met = Met::new();
    for source in unopened(desk)? {
        answer.sources_closed.push(source.0);
    }
    if !ledger.is_empty() {
        for lake in &desk.lakes {
            look(desk, lake, (&ledger, &named, scan), &mut met, &mut answer).await?;
        }
    }
    let open: Vec<ErasureRequest> = catalog.all(AsOf::Now)?;
    for (request, found) in met {
        let replayed = again(desk, request, found, &open, scan).await?;
        answer.replayed.push(replayed);
    }
    let outcome = format!("{} requests met again in {} blobs", answer.replayed.len(), answer.blobs_read);
    desk.commit(vec![Change::audit(audit::REPLAY, "", outcome)]).await?;
    Ok(answer)
}

async fn look(
    desk: &Desk,
    lake: &Lake,
    (ledger, named, scan): (&Arc<Ledger>, &BTreeSet<BlobId>, bool),
    met: &mut Met,
    answer: &mut ReplayAnswer,
) -> Result<()> {
    let listed: Vec<Listed> = lake.list().try_collect().await?;
    // The ledger knows the index as it was; under a key that came since, crawls raise the alarm themselves.
    let of_tags = tags_unsearched(desk)?.into_iter().filter(|(source, _)| *source == lake.source_id());
    answer.not_searched.extend(of_tags.map(|(_, reason)| line(lake, "", None, reason.to_owned())));
    let outdated = outdated(desk, AsOf::Now)?.iter().any(|(source, _)| *source == lake.source_id());
    let mut targets: Vec<(String, Option<String>)> = Vec::new();
    for one in listed {
        if let Some(problem) = &one.problem {
            answer.not_searched.push(line(lake, &one.path, None, (*problem).to_owned()));
            continue;
        }
        let blob = BlobId::of(&lake.source_id(), &one.path);
        let is_named = outdated || named.contains(&blob) || is_alarming(desk, blob)?;
        if scan || is_named || !is_covered(desk, blob, &one)? {
            targets.push((one.path, None));
        }
    }
    if scan {
        let old = noncurrent(lake).await?.into_iter().filter(|(_, version)| !version.is_delete_marker);
        targets.extend(old.map(|(path, version)| (path, Some(version.version))));
    }
    targets.sort();
    let reads = targets.into_iter().map(|(path, version)| async move {
        let read = recognised(desk, lake, ledger.clone(), &path, version.as_deref()).await;
        (path, version, read)
    });
    let mut reads = stream::iter(reads).buffered(READS_AT_ONCE);
    while let Some((path, version, read)) = reads.next().await {
        match read {
            Ok(found) => {
                answer.blobs_read += 1;
                for (request, places) in found {
                    met.entry(request).or_default().extend(places);
                }
            }
            Err(error) if error.kind == ErrorKind::NotFound => {} // gone since it was listed
            Err(error) => answer.not_searched.push(unread(lake, &path, version, &error)),
        }
    }
    Ok(())
}

/// Plans anew for one request that was met again: the plan of an open replay is made anew, so that asking twice makes no second.
async fn again(
    desk: &Desk,
    request: RequestId,
    found: BTreeSet<(String, String, bool)>,
    open: &[ErasureRequest],
    scan: bool,
) -> Result<Replayed> {
    let kinds: BTreeSet<String> = found.iter().map(|(kind, ..)| kind.clone()).collect();
    let mut replayed = Replayed {
        erased_by: request.0.clone(),
        kinds: kinds.into_iter().collect(),
        plan: None,
        why_not: None,
    };
    let original = open.iter().find(|one| one.id == request);
    if original.is_some_and(|one| one.kind == RequestKind::Rectification) {
        let why = "it put a value right, and the right one is kept nowhere; rectify by a new request";
        replayed.why_not = Some(why.into());
        return Ok(replayed);
    }
    let sure = found.into_iter().filter(|(.., sure)| *sure);
    let identifier = |(kind, normal, _): (String, String, bool)| Identifier {
        kind,
        value: normal.clone(),
        forms: vec![normal],
        right: None,
    };
    let ids: Vec<Identifier> = sure.map(identifier).collect();
    if ids.is_empty() {
        let why =
            "only numbers whose country the ledger does not tell came back; name the person by a new request";
        replayed.why_not = Some(why.into());
        return Ok(replayed);
    }
    let under_way = open.iter().find(|one| one.replays.as_ref() == Some(&request) && !one.status.has_ended());
    let basis = original.map_or_else(String::new, |one| format!("{}; ", one.legal_basis));
    let options = PlanOptions {
        legal_basis: Some(format!("{basis}request {request} again over what came back")),
        request: under_way.map(|one| one.id.clone()),
        scan,
        replays: Some(request),
        ..PlanOptions::default()
    };
    match plan(desk, &ids, options).await {
        Ok(planned) => replayed.plan = Some(planned),
        // A step of the open replay is half done: its own run has to finish it.
        Err(error) if error.kind == ErrorKind::Conflict => replayed.why_not = Some(error.to_string()),
        Err(error) => return Err(error),
    }
    Ok(replayed)
}

/// Identifiers of erased persons in one object version.
async fn recognised(
    desk: &Desk,
    lake: &Lake,
    ledger: Arc<Ledger>,
    path: &str,
    version: Option<&str>,
) -> Result<Met> {
    let fetched = lake.fetch_all(path, None, version).await?;
    let hasher = desk.ctx.catalog.env().hasher.clone();
    let (content, beside, path, bounds) = (fetched.content, fetched.beside, path.to_owned(), desk.ctx.bounds);
    Ok(desk.ctx.blocking(move || met_in((&content, &beside), &path, &bounds, hasher, &ledger)).await)
}

fn met_in(
    (content, beside): (&Content, &Beside),
    path: &str,
    bounds: &Bounds,
    hasher: SubjectHasher,
    ledger: &Ledger,
) -> Met {
    let mut meeting = Meeting {
        hasher,
        ledger,
        around: String::new(),
        table: String::new(),
        keys: Vec::new(),
        tokens: Vec::new(),
        met: Met::new(),
    };
    meeting.name(path);
    for entry in &beside.entries {
        let key = entry.key();
        for (place, text) in entry.texts().iter().enumerate() {
            meeting.text(key.as_deref().filter(|_| place == 0), text);
            meeting.name(text);
        }
    }
    // What cannot be read is told by the crawl and by the plan; what was read until there counts.
    let _unread = walk(content, path, bounds, &mut |visit| {
        let Visit::Part(node) = visit else { return Ok(()) };
        if let Some(name) = node.member.last() {
            meeting.name(name);
        }
        if let Some(read) = node.format.read {
            meeting.around = table_around(path, node.member);
            meeting.table.clear();
            meeting.keys.clear();
            let _part_unread = read(node.content, node.dialect, bounds, &mut meeting);
        }
        Ok(())
    });
    meeting.met
}

struct Meeting<'a> {
    hasher: SubjectHasher,
    ledger: &'a Ledger,
    around: String,
    table: String,
    keys: Vec<Option<String>>,
    tokens: Vec<(&'static str, String)>,
    met: Met,
}

impl Meeting<'_> {
    fn name(&mut self, name: &str) {
        for (key, text) in name_readings(name) {
            self.text(key.as_deref(), text);
        }
    }

    fn text(&mut self, key: Option<&str>, text: &str) {
        let mut tokens = std::mem::take(&mut self.tokens);
        tokens.clear();
        identifiers(text, &[], &mut tokens);
        for (kind, normal) in &tokens {
            self.token(kind, normal);
        }
        if let Some((key, value)) = key.zip(normalise_key(text)) {
            self.token(&format!("{KEY}{key}"), value);
        }
        self.tokens = tokens;
    }

    fn token(&mut self, kind: &str, normal: &str) {
        let indexed = index_form(kind, normal);
        let Some(requests) = self.ledger.get(&self.hasher.digest(kind, indexed)) else { return };
        for request in requests {
            let found = (kind.to_owned(), normal.to_owned(), indexed == normal);
            self.met.entry(request.clone()).or_default().insert(found);
        }
    }
}

impl Sink for Meeting<'_> {
    fn table(&mut self, name: &str) {
        self.table = name.to_owned();
        self.keys.clear();
    }

    fn feature(&mut self, path: &FeaturePath, _: Option<FeatureType>) -> usize {
        self.keys.push(key_of(if self.table.is_empty() { &self.around } else { &self.table }, path));
        self.keys.len() - 1
    }

    fn row(&mut self, _: u64) {}

    fn cell(&mut self, feature: usize, _: At, value: Value<'_>) {
        let Some(text) = value.text() else { return };
        let key = self.keys[feature].clone();
        self.text(key.as_deref(), &text);
    }

    fn anomaly(&mut self, _: AnomalyKind, _: String) {}
}
