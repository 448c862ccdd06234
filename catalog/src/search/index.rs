//! The index as a directory: opened, brought up to date, searched, and thrown away whenever it cannot be trusted.
//!
//! It remembers the catalog's sequence number up to which it has read, and what its files hold ([`super::manifest`]). A purge among the later commits empties it:
//! deleted documents stay readable in a full-text index's files as they do in sled's, so they are overwritten and removed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

use serde::Serialize;
use tantivy::collector::TopDocs;
use tantivy::schema::Value as _;
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term};

use crate::catalog::{AsOf, Catalog, Changed};
use crate::error::{Error, Result};
use crate::model::{Annotated, Annotation, BlobVersion, Dataset, Findings};
use crate::store::record::{Index as By, Record};
use crate::store::wipe_directory;

use super::document::{Documents, Fields, key_of, schema, thing_of};
use super::facet::{self, Facets};
use super::suggest::{self, Suggestion};
use super::{HidePersons, Sight, manifest, query};

/// Memory of one writing thread before it writes a segment.
const WRITER_BYTES: usize = 32 << 20;
/// Hits that one search gives at most.
const HITS_MAX: usize = 10_000;

/// Something found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    /// `dataset` or `blob`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// A dataset's name, a blob's path.
    pub name: String,
    /// Its format.
    pub format: String,
    /// How well it fits; only the order means something.
    pub score: f32,
}

/// What a refresh did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Documents written anew.
    pub written: u64,
    /// Documents removed.
    pub removed: u64,
    /// Whether all was read again.
    pub rebuilt: bool,
}

/// The search index in its directory.
pub struct Index {
    directory: PathBuf,
    fields: Fields,
    hide: HidePersons,
    /// None only if it could not be made anew.
    live: RwLock<Option<Live>>,
    /// Held by the one who writes.
    writing: Mutex<()>,
}

struct Live {
    index: tantivy::Index,
    reader: IndexReader,
    /// The commit of the catalog up to which it has read; none before its first.
    sequence: Option<u64>,
}

impl Index {
    /// Opens the index in a directory of its own and brings it up to date; makes it anew if it is missing or damaged.
    ///
    /// # Errors
    /// `Unavailable` if the disk fails, `Conflict` if another process is writing it.
    pub fn open(directory: &Path, catalog: &Catalog, hide: HidePersons) -> Result<Self> {
        let (_, fields) = schema();
        let whole = open_whole(directory);
        let index = Self {
            directory: directory.to_owned(),
            fields,
            hide,
            live: RwLock::new(whole),
            writing: Mutex::new(()),
        };
        index.refresh(catalog)?;
        Ok(index)
    }

    /// An index in memory of the catalog as it was, for one question: it takes as long as reading all of that state.
    ///
    /// # Errors
    /// `Corrupt` if a record's bytes are damaged.
    pub fn past(catalog: &Catalog, as_of: AsOf, hide: HidePersons) -> Result<Self> {
        let (schema, fields) = schema();
        let index = tantivy::Index::create_in_ram(schema);
        let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES).map_err(failed)?;
        let mut documents = Documents::new(catalog, fields, (as_of, hide))?;
        for blob in catalog.all::<BlobVersion>(as_of)? {
            writer.add_document(documents.blob(&blob)?).map_err(failed)?;
        }
        for dataset in catalog.all::<Dataset>(as_of)? {
            writer.add_document(documents.dataset(&dataset)?).map_err(failed)?;
        }
        writer.commit().map_err(failed)?;
        drop(writer);
        let live = RwLock::new(Some(reading(index)?));
        Ok(Self { directory: PathBuf::new(), fields, hide, live, writing: Mutex::new(()) })
    }

    /// Reads what changed in the catalog since the last time.
    ///
    /// # Errors
    /// `Unavailable` if the disk fails, `Conflict` if another process is writing it.
    pub fn refresh(&self, catalog: &Catalog) -> Result<Refreshed> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let target = catalog.sequence()?;
        let known = {
            let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
            // An index ahead of the catalog is another catalog's.
            live.as_ref().and_then(|live| live.sequence).filter(|sequence| *sequence <= target)
        };
        let since = match known {
            Some(sequence) if sequence == target => return Ok(Refreshed::default()),
            Some(sequence) if !purged_since(catalog, sequence, target)? => Some(sequence),
            _ => None,
        };
        let rebuilt = since.is_none();
        let since = since.unwrap_or(0);
        if rebuilt {
            self.start_anew()?;
        }
        let refreshed = self.update(catalog, since, rebuilt)?;
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let live = live.as_mut().ok_or_else(missing)?;
        manifest::write(&self.directory, target).map_err(|error| {
            Error::unavailable("refresh search index", "its directory cannot be written").with_source(error)
        })?;
        live.sequence = Some(target);
        live.reader.reload().map_err(failed)?;
        Ok(refreshed)
    }

    /// Writes what changed; searches go on meanwhile.
    fn update(&self, catalog: &Catalog, since: u64, rebuilt: bool) -> Result<Refreshed> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        let live = live.as_ref().ok_or_else(missing)?;
        let mut update = Update {
            writer: live.index.writer_with_num_threads(1, WRITER_BYTES).map_err(failed)?,
            documents: Documents::new(catalog, self.fields, (AsOf::Now, self.hide))?,
            fields: self.fields,
            refreshed: Refreshed { rebuilt, ..Refreshed::default() },
        };
        update.read(catalog, since)?;
        update.finish()
    }

    /// The best hits of a query, best first: words, `field:value`, `"phrases"`, `size:>1MB`, `-not`, `OR`, `*`.
    ///
    /// # Errors
    /// `Invalid`, in one line, if the query cannot be read.
    pub fn search(&self, query: &str, limit: usize, sight: Sight) -> Result<Vec<Hit>> {
        let query = query::parse(query, &self.fields, sight)?;
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        let searcher = live.as_ref().ok_or_else(missing)?.reader.searcher();
        let best = TopDocs::with_limit(limit.clamp(1, HITS_MAX)).order_by_score();
        let mut hits = Vec::new();
        for (score, address) in searcher.search(&query, &best).map_err(failed)? {
            let document: TantivyDocument = searcher.doc(address).map_err(failed)?;
            let text = |field| {
                let value = document.get_first(field).and_then(|value| value.as_str().map(str::to_owned));
                value.unwrap_or_default()
            };
            let fields = &self.fields;
            let (kind, id) = thing_of(&text(fields.key));
            let name = text(fields.title);
            hits.push(Hit { kind: kind.to_owned(), id, name, format: text(fields.format), score });
        }
        let order = |left: &Hit, right: &Hit| {
            right
                .score
                .total_cmp(&left.score)
                .then_with(|| (&right.kind, &left.name).cmp(&(&left.kind, &right.name)))
        };
        hits.sort_by(order);
        hits.truncate(limit);
        Ok(hits)
    }

    /// How many things fit a query, and how these spread over formats, tags, owners and whatever else they have.
    ///
    /// # Errors
    /// `Invalid`, in one line, if the query cannot be read.
    pub fn facets(&self, query: &str, values: usize, sight: Sight) -> Result<Facets> {
        let query = query::parse(query, &self.fields, sight)?;
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        let searcher = live.as_ref().ok_or_else(missing)?.reader.searcher();
        facet::count(&searcher, query.as_ref(), values).map_err(failed)
    }

    /// What a query that begins so may go on with: names of datasets, words, values of a field after `field:`.
    ///
    /// # Errors
    /// `Unavailable` if the index cannot be read.
    pub fn suggest(&self, beginning: &str, limit: usize) -> Result<Vec<Suggestion>> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        let searcher = live.as_ref().ok_or_else(missing)?.reader.searcher();
        suggest::suggest(&searcher, &self.fields, beginning, limit).map_err(failed)
    }

    /// Overwrites and removes what there is and makes an empty index. Searches wait meanwhile.
    fn start_anew(&self) -> Result<()> {
        let disk = |error: std::io::Error| {
            Error::unavailable("rebuild search index", "its directory cannot be written").with_source(error)
        };
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        *live = None;
        wipe_directory(&self.directory).map_err(disk)?;
        fs::create_dir_all(&self.directory).map_err(disk)?;
        let (schema, _) = schema();
        let index = tantivy::Index::create_in_dir(&self.directory, schema).map_err(failed)?;
        *live = Some(reading(index)?);
        Ok(())
    }
}

/// Opens a directory if its files are what was written; tantivy itself panics on damaged ones.
fn open_whole(directory: &Path) -> Option<Live> {
    let sequence = manifest::read(directory)?;
    let index = tantivy::Index::open_in_dir(directory).ok()?;
    let live = (index.schema() == schema().0).then(|| reading(index))?.ok()?;
    Some(Live { sequence: Some(sequence), ..live })
}

fn reading(index: tantivy::Index) -> Result<Live> {
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(failed)?;
    Ok(Live { index, reader, sequence: None })
}

fn purged_since(catalog: &Catalog, since: u64, target: u64) -> Result<bool> {
    for sequence in since + 1..=target {
        if catalog.journal(sequence)?.is_some_and(|line| line.has_purged()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Changes on their way into the index.
struct Update<'a> {
    writer: IndexWriter,
    documents: Documents<'a>,
    fields: Fields,
    refreshed: Refreshed,
}

impl Update<'_> {
    /// Takes all that was written after a commit. What is written meanwhile may come twice, which does no harm.
    fn read(&mut self, catalog: &Catalog, since: u64) -> Result<()> {
        let mut blobs = BTreeSet::new();
        catalog.changed::<BlobVersion>(since, &mut |id, changed| match changed {
            Changed::Is(blob) => {
                blobs.insert(blob.blob);
                let document = self.documents.blob(&blob)?;
                self.write::<BlobVersion>(id, Some(document))
            }
            Changed::Closed => self.write::<BlobVersion>(id, None),
        })?;
        // Findings are shown with their blob and its dataset, though these may be older.
        let mut datasets = BTreeSet::new();
        let mut found = Vec::new();
        catalog.changed::<Findings>(since, &mut |_, changed| {
            if let Changed::Is(findings) = changed {
                found.push(findings.blob);
            }
            Ok(())
        })?;
        catalog.changed::<Annotation>(since, &mut |_, changed| {
            match changed {
                Changed::Is(Annotation { about: Annotated::Dataset(id), .. }) => drop(datasets.insert(id)),
                Changed::Is(Annotation { about: Annotated::Blob(id), .. }) => found.push(id),
                // None ever ends: what is taken back stays as an empty one.
                Changed::Closed => {}
            }
            Ok(())
        })?;
        found.sort_unstable();
        found.dedup();
        for blob in found {
            for dataset in catalog.find::<Dataset>(By::DatasetOfBlob, &blob.0)? {
                datasets.insert(dataset.id);
            }
            if !blobs.contains(&blob)
                && let Some(version) = catalog.get::<BlobVersion>(&blob, AsOf::Now)?
            {
                let document = self.documents.blob(&version)?;
                self.write::<BlobVersion>(&blob.0, Some(document))?;
            }
        }
        catalog.changed::<Dataset>(since, &mut |id, changed| match changed {
            Changed::Is(dataset) => {
                datasets.remove(&dataset.id);
                let document = self.documents.dataset(&dataset)?;
                self.write::<Dataset>(id, Some(document))
            }
            Changed::Closed => self.write::<Dataset>(id, None),
        })?;
        for id in datasets {
            if let Some(dataset) = catalog.get::<Dataset>(&id, AsOf::Now)? {
                let document = self.documents.dataset(&dataset)?;
                self.write::<Dataset>(id.0.as_bytes(), Some(document))?;
            }
        }
        Ok(())
    }

    fn write<R: Record>(&mut self, id: &[u8], document: Option<TantivyDocument>) -> Result<()> {
        let key = key_of::<R>(id);
        // Nothing to replace in an index that was just made.
        if !self.refreshed.rebuilt || document.is_none() {
            self.writer.delete_term(Term::from_field_text(self.fields.key, &key));
        }
        match document {
            Some(document) => {
                self.writer.add_document(document).map_err(failed)?;
                self.refreshed.written += 1;
            }
            None => self.refreshed.removed += 1,
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Refreshed> {
        self.writer.commit().map_err(failed)?;
        self.writer.wait_merging_threads().map_err(failed)?;
        Ok(self.refreshed)
    }
}

fn missing() -> Error {
    Error::unavailable("search", "the index could not be made; is its directory writable?")
}

fn failed(error: TantivyError) -> Error {
    match error {
        TantivyError::LockFailure(..) => {
            Error::conflict("use the search index", "another process is writing it")
        }
        other => Error::unavailable("use the search index", "remove its directory to have it rebuilt")
            .with_source(other),
    }
}

#[cfg(test)]
mod tests;
