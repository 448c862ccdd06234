//! Packages: ZIP archives whose members together are one document (Open Packaging Conventions, ECMA-376-2; OpenDocument 1.3 part 2;
//! EPUB OCF). Opens members within one budget.

use std::collections::{HashMap, HashSet};

use zip::ZipArchive;

use super::archive::{io_error, member_error};
use super::tree::{EXPANSION_FREE_BYTES, EXPANSION_MAX};
use super::{Bounds, FormatError};
use crate::content::Content;

/// Members that a package may have.
const MEMBERS_MAX: usize = 65_536;

/// An opened package.
pub(super) struct Package {
    archive: ZipArchive<Content>,
    /// In the order of the central directory.
    names: Vec<String>,
    /// Names in lower case: part names are equal whatever their case (ECMA-376-2 §6.2.2.3).
    by_name: HashMap<String, usize>,
    /// Bytes that may still be decoded, each member counted once.
    left: u64,
    counted: HashSet<usize>,
}

impl Package {
    pub(super) fn open(content: &Content, bounds: &Bounds) -> Result<Self, FormatError> {
        let archive = ZipArchive::new(content.clone()).map_err(|error| match error {
            zip::result::ZipError::InvalidArchive(_) => {
                FormatError::Truncated("the package has no readable directory of its members".into())
            }
            error => member_error(error),
        })?;
        if archive.len() > MEMBERS_MAX {
            return Err(FormatError::Limit(format!("has more than {MEMBERS_MAX} members")));
        }
        let names: Vec<String> = (0..archive.len())
            .map(|place| archive.name_for_index(place).unwrap_or_default().to_owned())
            .collect();
        let by_name = names.iter().enumerate().map(|(place, name)| (key(name), place)).collect();
        let expanded = EXPANSION_FREE_BYTES.max(content.len().saturating_mul(EXPANSION_MAX));
        Ok(Self {
            archive,
            names,
            by_name,
            left: bounds.decoded_bytes_max.min(expanded),
            counted: HashSet::new(),
        })
    }

    /// Names of all members.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of a member by name, whatever its case.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.by_name.get(&key(name)).copied()
    }

    /// The bytes of a member.
    pub(super) fn content(&mut self, place: usize) -> Result<Content, FormatError> {
        let mut member = self.archive.by_index(place).map_err(member_error)?;
        let again = !self.counted.insert(place);
        let content =
            Content::spool(&mut member, if again { u64::MAX } else { self.left }).map_err(io_error)?;
        self.left -= if again { 0 } else { content.len() };
        Ok(content)
    }

    /// The bytes of a member that may be missing.
    pub(super) fn optional(&mut self, name: &str) -> Result<Option<Content>, FormatError> {
        self.place(name).map(|place| self.content(place)).transpose()
    }
}

fn key(name: &str) -> String {
    name.trim_start_matches('/').replace('\\', "/").to_lowercase()
}

/// The name of the part that a relationship of `source` targets (ECMA-376-2 §8.3 and annex A).
pub(super) fn target(source: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut segments: Vec<&str> = source.split('/').collect();
    segments.pop();
    for segment in target.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    segments.join("/")
}

/// The relationships of a part: where they lie.
pub(super) fn relationships_of(part: &str) -> String {
    match part.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/_rels/{name}.rels"),
        None => format!("_rels/{part}.rels"),
    }
}
