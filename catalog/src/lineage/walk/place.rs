//! Artifacts that stand for the same bytes: pipelines report folders and URIs, the crawler knows blobs.
//!
//! A run that wrote `s3://lake/raw/orders` wrote each blob below it. Which these are is told by the path when the
//! walk comes by, so that a report from before the crawl meets the blobs that the crawl finds.

use std::collections::BTreeSet;

use super::graph;
use crate::catalog::{AsOf, Catalog};
use crate::error::Result;
use crate::model::{Artifact, ArtifactId, BlobId, BlobVersion, Dataset, Source};

/// Folders above a blob that are looked up.
const FOLDERS_MAX: usize = 32;

/// Sources and datasets, read once a walk.
pub(super) struct Places {
    as_of: AsOf,
    sources: Vec<Source>,
    datasets: Vec<Dataset>,
}

impl Places {
    pub(super) fn read(catalog: &Catalog, as_of: AsOf) -> Result<Self> {
        let sources: Vec<Source> = catalog.all(as_of)?;
        let datasets = if sources.is_empty() { Vec::new() } else { catalog.all(as_of)? };
        Ok(Self { as_of, sources, datasets })
    }

    /// Artifacts that an artifact is part of, or that are part of it; itself not among them.
    pub(super) fn aliases(&self, catalog: &Catalog, id: ArtifactId) -> Result<BTreeSet<ArtifactId>> {
        let Some(artifact) = catalog.get::<Artifact>(&id, self.as_of)? else { return Ok(BTreeSet::new()) };
        let mut aliases = match (artifact.blob, &artifact.uri) {
            (Some(blob), _) => self.above(catalog, blob)?,
            (None, Some(uri)) => self.below(catalog, uri)?,
            (None, None) => BTreeSet::new(),
        };
        aliases.remove(&id);
        Ok(aliases)
    }

    /// Artifacts at a blob's URI and at those of the folders above it.
    fn above(&self, catalog: &Catalog, blob: BlobId) -> Result<BTreeSet<ArtifactId>> {
        let mut found = BTreeSet::new();
        let Some(version) = catalog.get::<BlobVersion>(&blob, self.as_of)? else { return Ok(found) };
        let Some(source) = self.sources.iter().find(|source| source.id == version.source) else {
            return Ok(found);
        };
        let base = source.url.trim_end_matches('/');
        let mut path = version.path.as_str();
        for _ in 0..FOLDERS_MAX {
            let uri = if path.is_empty() { base.to_string() } else { format!("{base}/{path}") };
            found.extend(graph::artifacts_at(catalog, &uri)?.into_iter().map(|artifact| artifact.id));
            if path.is_empty() {
                break;
            }
            path = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        }
        Ok(found)
    }

    /// Current versions of the blob at a URI, or of the blobs of datasets below it.
    fn below(&self, catalog: &Catalog, uri: &str) -> Result<BTreeSet<ArtifactId>> {
        let mut found = BTreeSet::new();
        for source in &self.sources {
            let Some(rest) = uri.strip_prefix(source.url.trim_end_matches('/')) else { continue };
            let Some(path) = rest.strip_prefix('/').or(rest.is_empty().then_some("")) else { continue };
            if let Some(version) = catalog.get::<BlobVersion>(&BlobId::of(&source.id, path), self.as_of)? {
                found.insert(version.artifact);
                continue;
            }
            let within = |inner: &str, outer: &str| {
                outer.is_empty()
                    || inner == outer
                    || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
            };
            let datasets = self.datasets.iter().filter(|dataset| dataset.source == source.id);
            for dataset in
                datasets.filter(|dataset| within(&dataset.root, path) || within(path, &dataset.root))
            {
                for blob in &dataset.blobs {
                    let version: Option<BlobVersion> = catalog.get(blob, self.as_of)?;
                    found.extend(
                        version.filter(|version| within(&version.path, path)).map(|version| version.artifact),
                    );
                }
            }
        }
        Ok(found)
    }
}
