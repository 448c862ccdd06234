//! Looks for the person afresh: lists every source, reads every blob in full, old versions too, and the catalog itself.
//!
//! It never reads the plan. What the plan forgot, what came since, what a writer put back: all of it shows here.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalog::erasure::plan::names as record_names;
use catalog::erasure::request::with_status;
use catalog::erasure::{audit, seal::SealKey};
use catalog::model::{
    BlobId, ErasureRequest, Names, NotSearched, RequestStatus, SourceId, Verification, VerificationHit,
};
use catalog::store::key;
use catalog::{Catalog, Change, ErrorKind};
use futures::{StreamExt, stream};

use super::answer::VerifyAnswer;
use super::gather::{noncurrent, unopened};
use super::identifier::Identifier;
use super::lookup::{READS_AT_ONCE, is_of_tags, officer};
use super::names::outside_of_globs;
use super::plan::sealed_identifiers;
use super::raw::Raw;
use super::search::{Found, Sought};
use super::{Desk, show};
use crate::content::Content;
use crate::error::{Error, Result};
use crate::source::{Lake, ObjectVersion};

/// Entries of the store looked at in one go.
const PAGE_ENTRIES: usize = 1_024;

/// Verifies the erasure that a request or plan asks for.
///
/// # Errors
/// `Denied` unless the principal is a privacy officer; `NotFound` once the request is certified, since its identifiers
/// cannot be opened any more; what listing a source fails with, since a source that cannot be listed verifies nothing.
pub async fn verify(desk: &Desk, request_or_plan: &str) -> Result<VerifyAnswer> {
    officer(desk, audit::VERIFY)?;
    let request = show::resolve(desk, request_or_plan)?;
    let key = desk.keys.request_key(&request.id)?;
    let identifiers = sealed_identifiers(desk, &request)?;
    let env = desk.ctx.catalog.env().clone();
    let mut looking = Looking {
        desk,
        sought: Arc::new(Sought::new(identifiers.clone())),
        key: &key,
        found: Verification {
            request: request.id.clone(),
            by: desk.by.name.clone(),
            started: env.clock.now(),
            ended: env.clock.now(),
            blobs: 0,
            old_versions: 0,
            bytes: 0,
            catalog_records: 0,
            hits: Vec::new(),
            not_searched: Vec::new(),
        },
    };
    for source in unopened(desk)? {
        looking.missed(&source, "", None, "the source is not open; nothing in it was searched");
    }
    for lake in &desk.lakes {
        looking.lake(lake).await?;
    }
    looking.catalog(identifiers).await?;
    let mut verification = looking.found;
    verification.ended = env.clock.now();
    record(desk, &request, &verification).await?;
    Ok(show::verification(desk, &verification, Some(&key)))
}

async fn record(desk: &Desk, request: &ErasureRequest, verification: &Verification) -> Result<()> {
    let outcome =
        format!("{} hits, {} not searched", verification.hits.len(), verification.not_searched.len());
    let mut changes = vec![Change::put(verification)?, audit::request(audit::VERIFY, &request.id, outcome)];
    if request.status == RequestStatus::Executed {
        changes.push(Change::put(&with_status(request, RequestStatus::Verified)?)?);
    }
    desk.commit(changes).await.map(drop)
}

struct Looking<'a> {
    desk: &'a Desk,
    sought: Arc<Sought>,
    key: &'a SealKey,
    found: Verification,
}

/// One object version as it was read.
struct Seen {
    size: u64,
    found: Found,
}

impl Looking<'_> {
    async fn lake(&mut self, lake: &Lake) -> Result<()> {
        let (listed, left_out) = lake.list_and_left_out().await?;
        let source = lake.source_id();
        if left_out > 0 {
            self.missed(&source, "", None, &outside_of_globs(left_out));
        }
        if let Some(reason) = lake.unseen() {
            self.missed(&source, "", None, reason);
        }
        let mut targets: Vec<(String, Option<ObjectVersion>)> = Vec::new();
        for one in listed {
            match one.problem {
                Some(problem) => self.missed(&source, &one.path, None, problem),
                None => targets.push((one.path, None)),
            }
        }
        targets.extend(noncurrent(lake).await?.into_iter().map(|(path, version)| (path, Some(version))));
        let (desk, sought) = (self.desk, self.sought.clone());
        let reads = targets.into_iter().map(|(path, version)| {
            let sought = sought.clone();
            async move {
                let seen = see(desk, lake, sought, &path, version.as_ref()).await;
                (path, version, seen)
            }
        });
        let mut reads = stream::iter(reads).buffered(READS_AT_ONCE);
        // Said once a source, with how often: a line an object would bury all else.
        let mut of_tags: BTreeMap<String, u64> = BTreeMap::new();
        while let Some((path, version, mut seen)) = reads.next().await {
            if let Ok(seen) = &mut seen {
                for reason in seen.found.not_searched.extract_if(.., |reason| is_of_tags(reason)) {
                    *of_tags.entry(reason).or_default() += 1;
                }
            }
            self.tell(&source, &path, version, seen);
        }
        for (reason, count) in of_tags {
            self.missed(&source, "", None, &format!("{reason}; objects and old versions: {count}"));
        }
        self.uploads(lake).await
    }

    fn tell(&mut self, source: &SourceId, path: &str, old: Option<ObjectVersion>, seen: Result<Seen>) {
        let version = old.as_ref().map(|old| old.version.clone());
        if let Some(identifier) = self.sought.in_name(path) {
            let gone = matches!(&seen, Err(error) if error.kind == ErrorKind::NotFound);
            if !gone {
                self.hit(source, path, version.clone(), &[], identifier, "path", 1);
            }
        }
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) if error.kind == ErrorKind::NotFound => return, // gone since it was listed
            Err(error) => return self.missed(source, path, version, &format!("it cannot be read: {error}")),
        };
        match &old {
            None => self.found.blobs += 1,
            Some(old) if old.is_delete_marker => {}
            Some(_) => self.found.old_versions += 1,
        }
        self.found.bytes += seen.size;
        for reason in &seen.found.not_searched {
            self.missed(source, path, version.clone(), reason);
        }
        for one in &seen.found.beside {
            self.hit(source, path, version.clone(), &[], one.identifier, one.kind.place(), 1);
        }
        for part in &seen.found.parts {
            let mut counts: BTreeMap<(usize, &str), u64> = BTreeMap::new();
            for cell in &part.cells {
                *counts.entry((cell.identifier, "cell")).or_default() += 1;
            }
            for (identifier, _) in &part.bytes {
                *counts.entry((*identifier, "bytes")).or_default() += 1;
            }
            if let Some(identifier) = part.named {
                counts.insert((identifier, "member name"), 1);
            }
            for ((identifier, place), count) in counts {
                self.hit(source, path, version.clone(), &part.member, identifier, place, count);
            }
        }
    }

    /// Parts of an upload that was begun and never finished cannot be read by anybody, and are stored all the same.
    async fn uploads(&mut self, lake: &Lake) -> Result<()> {
        let Some(versions) = lake.versioned() else { return Ok(()) };
        for upload in versions.uploads().await? {
            if lake.accepts(&upload.path) && versions.has_parts(&upload).await? {
                let reason = "an upload in parts was never finished and cannot be read; abort it";
                self.missed(&lake.source_id(), &upload.path, None, reason);
            }
        }
        Ok(())
    }

    /// Looks through the bytes of every entry of the catalog's store, its history and journal included.
    async fn catalog(&mut self, identifiers: Vec<Identifier>) -> Result<()> {
        let catalog = self.desk.ctx.catalog.clone();
        let seen = self.desk.ctx.blocking(move || entries(&catalog, &identifiers)).await?;
        self.found.catalog_records = seen.records;
        for ((space, identifier), count) in seen.hits {
            self.found.hits.push(VerificationHit {
                source: None,
                blob: None,
                names: Names::Clear { path: "catalog".into(), members: Vec::new() },
                store_version: None,
                kind: self.sought.identifiers()[identifier].kind.clone(),
                place: format!("catalog, entries of space {}", space as char),
                count,
            });
        }
        Ok(())
    }

    fn names(&self, path: &str, members: Vec<Vec<String>>) -> Names {
        let named = self.sought.in_name(path).is_some()
            || members.iter().flatten().any(|name| self.sought.in_name(name).is_some());
        let env = self.desk.ctx.catalog.env();
        record_names(path, members, named, &|plain| hex::encode(self.key.seal(env, plain)))
    }

    fn missed(&mut self, source: &SourceId, path: &str, version: Option<String>, reason: &str) {
        let missed = NotSearched {
            source: source.clone(),
            blob: BlobId::of(source, path),
            names: self.names(path, Vec::new()),
            store_version: version,
            reason: reason.to_owned(),
        };
        self.found.not_searched.push(missed);
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one place, told in full; a struct would only repeat the record's"
    )]
    fn hit(
        &mut self,
        source: &SourceId,
        path: &str,
        version: Option<String>,
        member: &[String],
        identifier: usize,
        place: &str,
        count: u64,
    ) {
        let members = if member.is_empty() { Vec::new() } else { vec![member.to_vec()] };
        let hit = VerificationHit {
            source: Some(source.clone()),
            blob: Some(BlobId::of(source, path)),
            names: self.names(path, members),
            store_version: version,
            kind: self.sought.identifiers()[identifier].kind.clone(),
            place: place.to_owned(),
            count,
        };
        self.found.hits.push(hit);
    }
}

/// Reads one object version in full; a delete marker has a path and no bytes.
async fn see(
    desk: &Desk,
    lake: &Lake,
    sought: Arc<Sought>,
    path: &str,
    old: Option<&ObjectVersion>,
) -> Result<Seen> {
    if old.is_some_and(|old| old.is_delete_marker) {
        return Ok(Seen { size: 0, found: Found::default() });
    }
    let fetched = lake.fetch_all(path, None, old.map(|old| old.version.as_str())).await?;
    let (content, beside, name, bounds) = (fetched.content, fetched.beside, path.to_owned(), desk.ctx.bounds);
    let search = move || sought.search_all((&content, &beside), &name, &bounds, false);
    let found = desk.ctx.blocking(search).await;
    Ok(Seen { size: fetched.size, found })
}

/// What the catalog's store holds of the person.
#[derive(Default)]
struct Entries {
    records: u64,
    /// Space of keys and number of the identifier → how often.
    hits: BTreeMap<(u8, usize), u64>,
}

fn entries(catalog: &Catalog, identifiers: &[Identifier]) -> Result<Entries> {
    let mut seen = Entries::default();
    let Some(raw) = Raw::new(identifiers) else { return Ok(seen) };
    let unread = |error| Error::unavailable(audit::VERIFY, "the catalog cannot be read").with_source(error);
    let mut from = Vec::new();
    loop {
        let page = catalog.store().scan(&from, &key::end_of(&[u8::MAX]), PAGE_ENTRIES).map_err(unread)?;
        for (stored, bytes) in &page {
            seen.records += 1;
            let joined = Content::from([&stored[..], b"\n", bytes].concat());
            let hits = raw.find(&joined).map_err(|error| crate::error::of_file(audit::VERIFY, error))?;
            for (identifier, _) in hits {
                let space = stored.first().copied().unwrap_or_default();
                *seen.hits.entry((space, identifier)).or_default() += 1;
            }
        }
        match page.last() {
            Some((stored, _)) if page.len() == PAGE_ENTRIES => from = [stored, &[0][..]].concat(),
            _ => return Ok(seen),
        }
    }
}
