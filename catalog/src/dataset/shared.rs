//! What many blobs have in common, kept once: folders with their meanings, and names with what varies taken out. There
//! are millions of blobs, thousands of folders, and hardly more patterns of names.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::layout::Entry;
use super::name::{Name, name};
use super::segment::{Segment, segments};

/// A folder with the meaning of each of its parts. One folder may have two meanings: for blobs that its neighbours hold
/// too, and for those that it alone holds.
#[derive(Debug)]
pub(super) struct Folder<'a> {
    /// Its path, without a slash at the end.
    pub(super) path: &'a str,
    /// Meanings, outermost first.
    pub(super) segments: Vec<Segment>,
}

impl<'a> Folder<'a> {
    /// A folder by its path alone.
    pub(super) fn new(path: &'a str) -> Self {
        Self { path, segments: segments(path.split('/').filter(|folder| !folder.is_empty())) }
    }

    /// The same with one part of another meaning.
    pub(super) fn with(&self, depth: usize, segment: Segment) -> Self {
        let mut segments = self.segments.clone();
        segments[depth] = segment;
        Self { path: self.path, segments }
    }

    /// Its parts with their meanings, outermost first.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&'a str, &Segment)> {
        self.path.split('/').filter(|folder| !folder.is_empty()).zip(&self.segments)
    }

    /// What folders of one layout share.
    pub(super) fn template(&self) -> String {
        let mut template = String::new();
        for (folder, segment) in self.parts() {
            match segment {
                Segment::Name => template.push_str(folder),
                Segment::Key { key, .. } => template.extend([key, "="]),
                Segment::Date { part, word, .. } => template.extend([word, "{", part, "}"]),
                Segment::Id => template.push_str("{id}"),
                Segment::Number => template.push_str("{number}"),
                Segment::Sibling => template.push_str("{folder}"),
            }
            template.push('/');
        }
        template
    }
}

/// Folders and names seen so far.
#[derive(Debug, Default)]
pub(super) struct Shared<'a> {
    folders: HashMap<&'a str, Rc<Folder<'a>>>,
    names: HashSet<Rc<Name>>,
}

impl<'a> Shared<'a> {
    /// The folder of a path.
    pub(super) fn folder(&mut self, path: &'a str) -> Rc<Folder<'a>> {
        Rc::clone(self.folders.entry(path).or_insert_with(|| Rc::new(Folder::new(path))))
    }

    /// A file's name taken apart.
    pub(super) fn name(&mut self, file: &str) -> Rc<Name> {
        self.keep(name(file))
    }

    /// The one copy of a name.
    pub(super) fn keep(&mut self, name: Name) -> Rc<Name> {
        if let Some(known) = self.names.get(&name) {
            return Rc::clone(known);
        }
        let name = Rc::new(name);
        self.names.insert(Rc::clone(&name));
        name
    }
}

/// Positions of blobs by folder and its meaning, in order of first appearance.
pub(super) fn by_folder<'a>(entries: &[Entry<'a, '_>]) -> Vec<(Rc<Folder<'a>>, Vec<usize>)> {
    let mut known: HashMap<*const Folder<'_>, usize> = HashMap::new();
    let mut folders: Vec<(Rc<Folder<'_>>, Vec<usize>)> = Vec::new();
    for (position, entry) in entries.iter().enumerate() {
        let at = *known.entry(Rc::as_ptr(&entry.folder)).or_insert_with(|| {
            folders.push((Rc::clone(&entry.folder), Vec::new()));
            folders.len() - 1
        });
        folders[at].1.push(position);
    }
    folders
}
