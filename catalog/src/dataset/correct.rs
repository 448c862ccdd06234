//! What people say about a grouping, which counts for more than what names, schemas and neighbours suggest.
//!
//! A correction acts on blobs that hold data: markers, broken blobs and what a table's log says is dead stay out, and
//! tables that keep a log of themselves are as their log says, unless a correction leaves them out.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobMatcher};

use super::BlobFacts;
use crate::error::{Error, Result};
use crate::model::Digest;

/// One correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// Globs of the paths that it is about: `*` stays within a folder, `**` does not.
    pub paths: Vec<String>,
    /// What becomes of them.
    pub to: Grouping,
}

/// What becomes of the blobs of a correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// They are one dataset of this name.
    One(String),
    /// Each is a dataset.
    EachFile,
    /// Each folder is grouped by itself: no folder is a partition of another.
    EachFolder,
    /// They belong to none.
    None,
}

/// Corrections ready to be asked.
#[derive(Debug, Default)]
pub struct Corrections {
    ready: Vec<(Vec<GlobMatcher>, Grouping)>,
    /// As they were said.
    said: Vec<Correction>,
}

/// Blobs taken out by corrections.
#[derive(Debug, Default)]
pub(super) struct Corrected<'a, 'b> {
    /// By name.
    pub(super) named: BTreeMap<String, Vec<&'b BlobFacts<'a>>>,
    /// Each a dataset.
    pub(super) files: Vec<&'b BlobFacts<'a>>,
    /// By folder.
    pub(super) folders: BTreeMap<&'a str, Vec<&'b BlobFacts<'a>>>,
}

impl Corrections {
    /// Makes corrections ready.
    ///
    /// # Errors
    /// `Invalid` if a glob is none.
    pub fn new(corrections: &[Correction]) -> Result<Self> {
        let invalid = |error: globset::Error| {
            Error::invalid("correct grouping", "a glob of a dataset's paths is none").with_source(error)
        };
        let glob = |pattern: &String| {
            let glob = GlobBuilder::new(pattern).literal_separator(true).build().map_err(invalid)?;
            Ok(glob.compile_matcher())
        };
        let ready = |correction: &Correction| {
            let globs: Result<Vec<GlobMatcher>> = correction.paths.iter().map(glob).collect();
            Ok((globs?, correction.to.clone()))
        };
        let said = corrections.to_vec();
        Ok(Self { ready: corrections.iter().map(ready).collect::<Result<_>>()?, said })
    }

    /// Equal for the same corrections in the same release, since another may group otherwise.
    pub fn digest(&self) -> Digest {
        let said = format!("{}\0{:?}", env!("CARGO_PKG_VERSION"), self.said);
        Digest(*blake3::hash(said.as_bytes()).as_bytes())
    }

    /// The first correction about a path.
    fn of(&self, path: &str) -> Option<&Grouping> {
        let about = |globs: &[GlobMatcher]| globs.iter().any(|glob| glob.is_match(path));
        self.ready.iter().find(|(globs, _)| about(globs)).map(|(_, to)| to)
    }

    /// Whether a person said that a blob belongs to no dataset.
    pub(super) fn leaves_out(&self, path: &str) -> bool {
        self.of(path) == Some(&Grouping::None)
    }

    /// Takes out of blobs what corrections are about.
    pub(super) fn take<'a, 'b>(&self, blobs: &mut Vec<&'b BlobFacts<'a>>) -> Corrected<'a, 'b> {
        let mut corrected = Corrected::default();
        if self.ready.is_empty() {
            return corrected;
        }
        blobs.retain(|facts| {
            match self.of(facts.path) {
                Some(Grouping::One(name)) => corrected.named.entry(name.clone()).or_default().push(*facts),
                Some(Grouping::EachFile) => corrected.files.push(*facts),
                Some(Grouping::EachFolder) => {
                    let folder = facts.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                    corrected.folders.entry(folder).or_default().push(*facts);
                }
                Some(Grouping::None) => {}
                None => return true,
            }
            false
        });
        corrected
    }
}
