//! What people say of things: all of it at hand while things are shown, and how it follows datasets that are grouped anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::{Annotated, Annotation, BlobId, Dataset, DatasetId};
use crate::{AsOf, Catalog, Change, Result};

/// Most tags of one thing.
pub const TAGS_MAX: usize = 64;
/// Most owners of one thing.
pub const OWNERS_MAX: usize = 16;
/// Characters of a tag or an owner.
pub const NAME_CHARACTERS_MAX: usize = 80;
/// Characters of a description.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 4_000;

/// All annotations, by what they are of.
#[derive(Debug, Default)]
pub struct Annotations {
    by_thing: BTreeMap<Annotated, Vec<Annotation>>,
}

impl Annotations {
    /// All of them, as of a time.
    ///
    /// # Errors
    /// If the catalog cannot be read.
    pub fn load(catalog: &Catalog, as_of: AsOf) -> Result<Self> {
        let mut by_thing: BTreeMap<Annotated, Vec<Annotation>> = BTreeMap::new();
        // What somebody took back stays as an empty record, so that whatever follows changes hears of it.
        for annotation in catalog.all::<Annotation>(as_of)?.into_iter().filter(|said| !said.is_empty()) {
            by_thing.entry(annotation.about.clone()).or_default().push(annotation);
        }
        by_thing.values_mut().for_each(|of_thing| of_thing.sort_by(|a, b| a.feature.cmp(&b.feature)));
        Ok(Self { by_thing })
    }

    /// What is said of a thing and of its columns, the thing as a whole first.
    pub fn of(&self, thing: &Annotated) -> &[Annotation] {
        self.by_thing.get(thing).map_or(&[], Vec::as_slice)
    }

    /// What is said of a dataset and of its columns.
    pub fn of_dataset(&self, id: &DatasetId) -> &[Annotation] {
        if self.by_thing.is_empty() { &[] } else { self.of(&Annotated::Dataset(id.clone())) }
    }

    /// What is said of a blob and of its columns.
    pub fn of_blob(&self, id: &BlobId) -> &[Annotation] {
        if self.by_thing.is_empty() { &[] } else { self.of(&Annotated::Blob(*id)) }
    }

    /// Everything, in order of things.
    pub fn all(&self) -> impl Iterator<Item = &Annotation> {
        self.by_thing.values().flatten()
    }
}

/// Changes that move what people said of datasets that are gone to those that took most of their blobs; what no dataset
/// took stays where it is, for the dataset may come back.
///
/// `gone` are datasets as they were, `live` those that there are now.
///
/// # Errors
/// If the catalog cannot be read.
pub fn follow(catalog: &Catalog, gone: &[&Dataset], live: &[Dataset]) -> Result<Vec<Change>> {
    if gone.is_empty() {
        return Ok(Vec::new());
    }
    let mut annotations = Annotations::load(catalog, AsOf::Now)?;
    let said = |dataset: &&&Dataset| !annotations.of_dataset(&dataset.id).is_empty();
    let left: Vec<&&Dataset> = gone.iter().filter(said).collect();
    if left.is_empty() {
        return Ok(Vec::new());
    }
    let holders: HashMap<BlobId, usize> = live
        .iter()
        .enumerate()
        .flat_map(|(at, dataset)| dataset.blobs.iter().map(move |blob| (*blob, at)))
        .collect();
    let mut changes = Vec::new();
    for dataset in left {
        let Some(heir) = heir(dataset, live, &holders) else { continue };
        for old in annotations.by_thing.remove(&Annotated::Dataset(dataset.id.clone())).unwrap_or_default() {
            let about = Annotated::Dataset(heir.id.clone());
            let of_heir = annotations.by_thing.entry(about.clone()).or_default();
            let place = of_heir.iter().position(|own| own.feature == old.feature);
            let moved = Annotation { about, ..old.clone() };
            changes.push(Change::put(&Annotation {
                tags: BTreeSet::new(),
                owners: BTreeSet::new(),
                description: String::new(),
                ..old
            })?);
            let joined = match place {
                Some(place) => join(of_heir.swap_remove(place), &moved),
                None => moved,
            };
            changes.push(Change::put(&joined)?);
            of_heir.push(joined);
        }
    }
    Ok(changes)
}

/// The dataset that took most of another one's blobs; of those that took as many the one with the same root, then the first.
fn heir<'a>(gone: &Dataset, live: &'a [Dataset], holders: &HashMap<BlobId, usize>) -> Option<&'a Dataset> {
    let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
    for holder in gone.blobs.iter().filter_map(|blob| holders.get(blob)) {
        *taken.entry(*holder).or_default() += 1;
    }
    let has_its_root = |at: &usize| live[*at].root == gone.root && live[*at].source == gone.source;
    let most = taken.into_iter().max_by_key(|(at, count)| (*count, has_its_root(at), usize::MAX - at));
    most.map(|(at, _)| &live[at])
}

/// What two datasets that became one were said to be; nothing is lost.
fn join(mut own: Annotation, other: &Annotation) -> Annotation {
    own.tags.extend(other.tags.iter().cloned());
    own.owners.extend(other.owners.iter().cloned());
    let said: BTreeSet<&str> = own.description.lines().collect();
    if !other.description.is_empty() && !said.contains(other.description.as_str()) {
        if !own.description.is_empty() {
            own.description.push('\n');
        }
        own.description.push_str(&other.description);
    }
    own
}

#[cfg(test)]
mod tests;
