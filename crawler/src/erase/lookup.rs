//! Finds a person: candidates through the index of keyed digests, every place confirmed in the bytes as they are now.
//!
//! There is no false positive, since each place was just read, and the answer says what it did not look at. A blob that
//! changed since its crawl is read as it is and marked; one that came since is only seen with `scan`, or by planning,
//! which lists the lake afresh.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use catalog::AsOf;
use catalog::erasure::audit;
use catalog::model::{BlobId, BlobVersion, IndexKey, Role, Searched, Source, SourceId, TokenDigest};
use catalog::store::record::Index;
use futures::{StreamExt, stream};

use super::Desk;
use super::answer::{FindAnswer, Place, Unsearched};
use super::expand;
use super::gather::unopened;
use super::identifier::Identifier;
use super::names::{self, Kin};
use super::package::{self, PersonRow};
use super::search::{Found, FoundBeside, FoundPart, Sought};
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::source::{Fetched, Lake, TAGS_DENIED, TAGS_LEFT_OUT};
use crate::stage::recognised;

/// Blobs read at a time.
pub(super) const READS_AT_ONCE: usize = 4;
/// Records of the catalog looked through at a time.
const PAGE_RECORDS: usize = 1_000;

/// How far a lookup goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct FindOptions {
    /// Read every blob in the lake instead of those that the index names.
    pub scan: bool,
    /// Follow the keys in the person's rows.
    pub expand: bool,
    /// What was held then: blobs of that time, in the versions of that time.
    pub as_of: AsOf,
    /// Gives the rows too, with their values.
    pub rows: Option<Rows>,
}

/// What becomes of other people's data in rows that are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// It is masked.
    MaskOthers,
    /// It stays.
    KeepOthers,
}

/// A blob to read.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) source: SourceId,
    pub(super) blob: BlobId,
    pub(super) path: String,
    /// The entity tag that the catalog knows.
    pub(super) known: Option<String>,
    /// Its version in the store, if it is a past one that is sought.
    pub(super) version: Option<String>,
}

/// Finds every place of a person.
///
/// # Errors
/// `Denied` unless the principal is a privacy officer; what the catalog fails with. A blob that cannot be read is no
/// error, it stands among what was not searched.
pub async fn find(desk: &Desk, identifiers: &[Identifier], options: FindOptions) -> Result<FindAnswer> {
    officer(desk, audit::LOOK_UP)?;
    if identifiers.is_empty() {
        return Err(Error::invalid(audit::LOOK_UP, "name the person by at least one identifier"));
    }
    let mut answer = FindAnswer::default();
    let mut known: Vec<Identifier> = identifiers.to_vec();
    let mut asked = identifiers.to_vec();
    for hop in 0..=expand::HOPS_MAX {
        let found = round(desk, Arc::new(Sought::new(asked)), hop, options, &mut answer).await?;
        asked = expand::accept(found, &mut known, &mut answer.expansions);
        if asked.is_empty() {
            break;
        }
    }
    answer.not_searched.sort_by(|a, b| (&a.uri, &a.reason).cmp(&(&b.uri, &b.reason)));
    answer.not_searched.dedup();
    // A later hop comes by the rows of an earlier one again.
    answer.rows.sort_by(|a, b| a.place().cmp(&b.place()));
    answer.rows.dedup_by(|a, b| a.place() == b.place());
    let kinds = identifiers.iter().map(|identifier| identifier.kind.as_str());
    let outcome = format!("{} places, {} not searched", answer.places.len(), answer.not_searched.len());
    desk.commit(vec![audit::lookup(kinds, outcome)]).await?;
    Ok(answer)
}

/// Looks for some identifiers, and gives what their rows lead to.
async fn round(
    desk: &Desk,
    sought: Arc<Sought>,
    hop: u32,
    options: FindOptions,
    answer: &mut FindAnswer,
) -> Result<Vec<expand::Lead>> {
    let (targets, unsearched) = {
        let (desk, sought) = (desk.clone(), sought.clone());
        let ctx = desk.ctx.clone();
        ctx.blocking(move || candidates(&desk, &sought, options)).await?
    };
    answer.not_searched.extend(unsearched);
    let reads = stream::iter(targets).map(|target| {
        let sought = sought.clone();
        async move {
            let read = read(desk, &target, sought, options, hop).await;
            (target, read)
        }
    });
    let mut reads = reads.buffered(READS_AT_ONCE);
    let mut leads = Vec::new();
    while let Some((target, read)) = reads.next().await {
        let Some(lake) = desk.lake(&target.source) else { continue };
        match read {
            Ok(mut read) => {
                answer.blobs_read += 1;
                read.leads.iter_mut().for_each(|lead| lead.hop = hop + 1);
                leads.append(&mut read.leads);
                take_rows(lake, &mut read, answer)?;
                tell(desk, lake, &target, &sought, &read, (hop, options.as_of), answer).await?;
            }
            Err(error) => answer.not_searched.push(unread(lake, &target.path, None, &error)),
        }
    }
    Ok(leads)
}

/// Adds a blob's rows to the answer, up to what one package may hold.
fn take_rows(lake: &Lake, read: &mut Read, answer: &mut FindAnswer) -> Result<()> {
    for mut row in read.rows.drain(..) {
        answer.rows_bytes += row.values.iter().flat_map(|(_, texts)| texts).map(String::len).sum::<usize>();
        row.uri = lake.uri(&row.path);
        answer.rows.push(row);
    }
    match answer.rows_bytes <= package::VALUES_BYTES_MAX {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::Limit,
            audit::LOOK_UP,
            "the person's rows are more than one package holds; name fewer identifiers",
        )),
    }
}

pub(super) fn officer(desk: &Desk, operation: &'static str) -> Result<()> {
    match desk.by.may(Role::PrivacyOfficer) {
        true => Ok(()),
        false => Err(Error::denied(operation, "only a privacy officer may")),
    }
}

/// Blobs that the index names, by content or by path, and what cannot be searched by the index.
fn candidates(desk: &Desk, sought: &Sought, options: FindOptions) -> Result<(Vec<Target>, Vec<Unsearched>)> {
    let catalog = &desk.ctx.catalog;
    let named = blobs_with_tokens(desk, sought, options.as_of)?;
    let mut candidates = Candidates { desk, options, targets: BTreeMap::new(), unsearched: Vec::new() };
    if options.scan || options.as_of != AsOf::Now {
        candidates.among_all(&named)?;
    } else {
        for blob in &named {
            catalog.get::<BlobVersion>(blob, AsOf::Now)?.into_iter().for_each(|found| candidates.read(found));
        }
        for version in catalog.find::<BlobVersion>(Index::NotSearched, &[])? {
            if !named.contains(&version.blob) {
                candidates.leave(&version);
            }
        }
    }
    let of_source = |source: SourceId, reason: &str| Unsearched {
        path: String::new(),
        uri: format!("source {source}"),
        version: None,
        reason: reason.to_owned(),
    };
    let closed = "the source is not open; nothing in it was searched";
    candidates.unsearched.extend(unopened(desk)?.into_iter().map(|source| of_source(source, closed)));
    for (source, reason) in tags_unsearched(desk)? {
        candidates.unsearched.extend(desk.lake(&source).map(|lake| line(lake, "", None, reason.to_owned())));
    }
    if !options.scan {
        let outdated = outdated(desk, options.as_of)?;
        let outdated = outdated.into_iter().filter(|(source, _)| desk.lake(source).is_some());
        candidates.unsearched.extend(outdated.map(|(source, reason)| of_source(source, reason)));
    }
    Ok((candidates.targets.into_values().collect(), candidates.unsearched))
}

/// Open sources in which tags were not searched when they were crawled, and why.
pub(super) fn tags_unsearched(desk: &Desk) -> Result<Vec<(SourceId, &'static str)>> {
    let mut unsearched = Vec::new();
    for lake in &desk.lakes {
        let source = desk.ctx.catalog.get::<Source>(&lake.source_id(), AsOf::Now)?;
        let denied = source.is_some_and(|source| source.tags_denied).then_some(TAGS_DENIED);
        unsearched.extend(lake.tags_left_out().or(denied).map(|reason| (lake.source_id(), reason)));
    }
    Ok(unsearched)
}

/// Sources whose index may lack identifiers that lookup would confirm, and why: their blobs were read when others were
/// recognised than now, or indexed under a key that is gone.
pub(super) fn outdated(desk: &Desk, as_of: AsOf) -> Result<Vec<(SourceId, &'static str)>> {
    let catalog = &desk.ctx.catalog;
    let keys: Vec<IndexKey> = catalog.env().hasher.epochs().iter().map(|one| one.key).collect();
    let mut outdated = Vec::new();
    for source in catalog.all::<Source>(as_of)? {
        let Some(lake) = desk.lake(&source.id) else { continue };
        if source.recognised != Some(recognised(lake)) {
            let reason =
                "other identifiers are recognised now than when it was crawled; crawl it again, or scan";
            outdated.push((source.id, reason));
        } else if source.index_key.is_none_or(|oldest| !has_all_since(&keys, oldest)) {
            let reason = "the key under which its identifiers were indexed is gone; crawl it again, or scan";
            outdated.push((source.id, reason));
        }
    }
    Ok(outdated)
}

/// Whether a key is there, and each that came after it.
fn has_all_since(keys: &[IndexKey], oldest: IndexKey) -> bool {
    let since = keys.iter().skip_while(|key| **key != oldest);
    let epochs: Vec<u32> = since.map(|key| key.epoch).collect();
    !epochs.is_empty() && epochs.windows(2).all(|pair| pair[0] + 1 == pair[1])
}

/// What is to be read, in order of paths, and what is not.
struct Candidates<'a> {
    desk: &'a Desk,
    options: FindOptions,
    targets: BTreeMap<(SourceId, String), Target>,
    unsearched: Vec<Unsearched>,
}

impl Candidates<'_> {
    /// Looks at every blob: a scan reads them all, and indexes keep the present only.
    fn among_all(&mut self, named: &BTreeSet<BlobId>) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.desk.ctx.catalog.list::<BlobVersion>(
                self.options.as_of,
                after.as_deref(),
                PAGE_RECORDS,
            )?;
            for version in page.records {
                match self.options.scan || named.contains(&version.blob) {
                    true => self.read(version),
                    false => self.leave(&version),
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    fn read(&mut self, version: BlobVersion) {
        if self.desk.lake(&version.source).is_none() {
            return;
        }
        let BlobVersion { source, blob, path, etag: known, store_version, .. } = version;
        let version = store_version.filter(|_| self.options.as_of != AsOf::Now);
        let key = (source.clone(), path.clone());
        self.targets.insert(key, Target { source, blob, path, known, version });
    }

    fn leave(&mut self, version: &BlobVersion) {
        if let Some(lake) = self.desk.lake(&version.source)
            && let Searched::Partial(reason) | Searched::No(reason) = &version.searched
        {
            self.unsearched.push(line(lake, &version.path, None, reason.clone()));
        }
    }
}

/// Blobs in which the index has one of the identifiers, or had.
pub(super) fn blobs_with_tokens(desk: &Desk, sought: &Sought, as_of: AsOf) -> Result<BTreeSet<BlobId>> {
    let catalog = &desk.ctx.catalog;
    let digests: Vec<TokenDigest> =
        sought.identifiers().iter().flat_map(|one| one.tokens(catalog.env())).collect();
    catalog.blobs_with(&digests, as_of)
}

struct Read {
    fetched: Fetched,
    found: Found,
    leads: Vec<expand::Lead>,
    rows: Vec<PersonRow>,
}

async fn read(
    desk: &Desk,
    target: &Target,
    sought: Arc<Sought>,
    options: FindOptions,
    hop: u32,
) -> Result<Read> {
    let lake =
        desk.lake(&target.source).ok_or_else(|| Error::not_found("read blob", "its source is closed"))?;
    let expand = options.expand && hop < expand::HOPS_MAX;
    let fetched = match options.as_of {
        AsOf::Now => lake.fetch_all(&target.path, None, None).await?,
        AsOf::Time(_) => fetch_as_was(lake, target).await?,
    };
    let (content, path, bounds) = (fetched.content.clone(), target.path.clone(), desk.ctx.bounds);
    let beside = fetched.beside.clone();
    let (found, leads, rows) = desk
        .ctx
        .blocking(move || {
            let found = sought.search_all((&content, &beside), &path, &bounds, false);
            let leads = if expand { expand::leads(&found, &content, &path, &bounds) } else { Vec::new() };
            let rows = options.rows.map_or_else(Vec::new, |rows| {
                let keep_others = rows == Rows::KeepOthers;
                package::rows(&sought, &found, &content, &path, &bounds, keep_others)
            });
            (found, leads, rows)
        })
        .await;
    Ok(Read { fetched, found, leads, rows })
}

/// The bytes of then, which a store without versions has only if nothing has changed.
async fn fetch_as_was(lake: &Lake, target: &Target) -> Result<Fetched> {
    let etag = target.known.as_deref().filter(|_| target.version.is_none());
    lake.fetch_all(&target.path, etag, target.version.as_deref()).await.map_err(|error| match error.kind {
        ErrorKind::NotFound | ErrorKind::Conflict => {
            let reason = "the catalog of that time points here, but the blob is no longer as it was and no old version was kept";
            Error::conflict("read blob", reason)
        }
        _ => error,
    })
}

/// Adds a blob's places to the answer.
async fn tell(
    desk: &Desk,
    lake: &Lake,
    target: &Target,
    sought: &Sought,
    read: &Read,
    (hop, as_of): (u32, AsOf),
    answer: &mut FindAnswer,
) -> Result<()> {
    for reason in &read.found.not_searched {
        // One line a source is enough to say that its tags are denied.
        let path = if is_of_tags(reason) { "" } else { &target.path };
        answer.not_searched.push(line(lake, path, None, reason.clone()));
    }
    let named = sought.in_name(&target.path);
    if !read.found.has_hits() && named.is_none() {
        return Ok(());
    }
    let (catalog, blob) = (desk.ctx.catalog.clone(), target.blob);
    let kin = desk.ctx.blocking(move || names::kin(&catalog, blob, as_of)).await?;
    let changed = target.known.is_some() && target.known != read.fetched.etag;
    let places = Places { lake, path: &target.path, sought, kin: &kin, hop, changed };
    answer.places.extend(named.map(|identifier| places.bare(&[], identifier, "path", None)));
    for part in &read.found.parts {
        places.of_part(part, &mut answer.places);
    }
    answer.places.extend(read.found.beside.iter().map(|one| places.of_beside(one)));
    Ok(())
}

/// What all places of one blob share.
struct Places<'a> {
    lake: &'a Lake,
    path: &'a str,
    sought: &'a Sought,
    kin: &'a Kin,
    hop: u32,
    changed: bool,
}

impl Places<'_> {
    fn of_part(&self, part: &FoundPart, places: &mut Vec<Place>) {
        places.extend(part.named.map(|identifier| self.bare(&part.member, identifier, "member name", None)));
        places.extend(part.cells.iter().map(|cell| Place {
            table: (!cell.table.is_empty()).then(|| cell.table.clone()),
            column: Some(cell.feature.to_string()),
            row: Some(cell.at.row),
            ..self.bare(&part.member, cell.identifier, "cell", cell.at.offset)
        }));
        let bytes = part.bytes.iter();
        places.extend(bytes.map(|(identifier, at)| self.bare(&part.member, *identifier, "bytes", Some(*at))));
    }

    fn of_beside(&self, one: &FoundBeside) -> Place {
        let column = Some(one.name.clone());
        Place { column, ..self.bare(&[], one.identifier, one.kind.place(), None) }
    }

    fn bare(&self, member: &[String], identifier: usize, place: &'static str, offset: Option<u64>) -> Place {
        Place {
            path: self.path.to_owned(),
            uri: self.lake.uri(self.path),
            member: member.join("!/"),
            table: None,
            column: None,
            row: None,
            offset,
            kind: self.sought.identifiers()[identifier].kind.clone(),
            place,
            confirmed: true,
            hop: self.hop,
            origin: self.kin.origin.clone(),
            downstream: self.kin.downstream.clone(),
            changed_since_crawl: self.changed,
        }
    }
}

/// Whether a reason is that tags were not searched, which is said once a source.
pub(super) fn is_of_tags(reason: &str) -> bool {
    reason == TAGS_DENIED || reason == TAGS_LEFT_OUT
}

pub(super) fn line(lake: &Lake, path: &str, version: Option<String>, reason: String) -> Unsearched {
    Unsearched { path: path.to_owned(), uri: lake.uri(path), version, reason }
}

/// A blob that could not be read at all.
pub(super) fn unread(lake: &Lake, path: &str, version: Option<String>, error: &Error) -> Unsearched {
    let reason = match error.kind {
        ErrorKind::NotFound => "it is gone since the last crawl".to_owned(),
        _ => format!("it cannot be read: {error}"),
    };
    line(lake, path, version, reason)
}
