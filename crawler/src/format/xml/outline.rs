//! Which elements there are, by their paths, and which of them repeat: a first pass that keeps no values.

use std::collections::HashMap;

use catalog::model::{FeaturePath, Segment};
use quick_xml::events::{BytesStart, Event};

use super::{Events, Stop};
use crate::content::Content;
use crate::format::FormatError;

/// Paths told apart; elements of further ones count as their parents.
const NODES_MAX: usize = 10_000;

/// The paths of a document.
#[derive(Debug)]
pub(super) struct Outline {
    pub(super) nodes: Vec<Node>,
    nesting_max: usize,
}

/// Elements of one path.
#[derive(Debug, Default)]
pub(super) struct Node {
    name: String,
    parent: usize,
    depth: usize,
    children: HashMap<String, usize>,
    /// The parent element within which it came last.
    last_within: u64,
    /// More than once within one parent.
    repeats: bool,
    /// With attributes or children.
    is_complex: bool,
    has_attributes: bool,
    /// Each is a row.
    pub(super) is_record: bool,
    /// Of its text.
    pub(super) path: FeaturePath,
    /// What the names of what it holds are appended to.
    pub(super) base: FeaturePath,
}

/// The node above the document's element.
pub(super) const TOP: usize = 0;

pub(super) fn name_of(element: &BytesStart<'_>) -> String {
    String::from_utf8_lossy(element.local_name().as_ref()).into_owned()
}

impl Outline {
    /// Reads as far as the markup can be followed.
    pub(super) fn of(
        content: &Content,
        event_bytes_max: usize,
        nesting_max: usize,
    ) -> Result<Self, FormatError> {
        let mut outline = Self { nodes: vec![Node::default()], nesting_max };
        let mut events = Events::new(content, event_bytes_max);
        let mut open: Vec<(usize, u64)> = vec![(TOP, 0)];
        let mut elements = 0_u64;
        loop {
            let next = events.next(|event, _, _| match event {
                Event::Start(element) | Event::Empty(element) => {
                    elements += 1;
                    let (parent, within) = open.last().copied().unwrap_or((TOP, 0));
                    let node = outline.enter(parent, within, element);
                    if matches!(event, Event::Start(_)) {
                        open.push((node, elements));
                    }
                }
                Event::End(_) => {
                    open.pop();
                }
                _ => {}
            });
            match next {
                Ok(Some(())) => {}
                Err(Stop::Io(error)) => return Err(error.into()),
                // What is wrong is told by the second pass.
                Ok(None) | Err(_) => break,
            }
        }
        outline.choose_records();
        outline.name_paths();
        Ok(outline)
    }

    fn enter(&mut self, parent: usize, within: u64, element: &BytesStart<'_>) -> usize {
        let name = name_of(element);
        let node = match self.nodes[parent].children.get(&name) {
            Some(node) => *node,
            None if self.nodes.len() >= NODES_MAX || self.nodes[parent].depth >= self.nesting_max => parent,
            None => {
                let depth = self.nodes[parent].depth + 1;
                self.nodes.push(Node { name: name.clone(), parent, depth, ..Node::default() });
                let node = self.nodes.len() - 1;
                self.nodes[parent].children.insert(name, node);
                node
            }
        };
        if node == parent {
            return node;
        }
        self.nodes[parent].is_complex = true;
        let node_ref = &mut self.nodes[node];
        node_ref.repeats |= node_ref.last_within == within && within > 0;
        node_ref.last_within = within;
        node_ref.has_attributes |= element.attributes_raw().contains(&b'=');
        node_ref.is_complex |= node_ref.has_attributes;
        node
    }

    /// The child of a node, as the first pass named it.
    pub(super) fn child(&self, parent: usize, name: &str) -> usize {
        self.nodes[parent].children.get(name).copied().unwrap_or(parent)
    }

    /// Rows are the outermost elements that repeat and hold more than text. Where none do, a list may have come down to one: the
    /// document's element and those within it that hold one kind of element and nothing else are lists, and what they hold is a row.
    fn choose_records(&mut self) {
        let mut any = false;
        for node in 1..self.nodes.len() {
            // Parents stand before their children.
            let within = self.nodes[self.nodes[node].parent].is_record;
            let chosen = self.nodes[node].repeats && self.nodes[node].is_complex;
            self.nodes[node].is_record = within || chosen;
            any |= chosen;
        }
        // Only the outermost is the row; what is within was marked to be passed over.
        for node in (1..self.nodes.len()).rev() {
            let parent = self.nodes[node].parent;
            self.nodes[node].is_record &= !self.nodes[parent].is_record;
        }
        if any {
            return;
        }
        let only_child = |node: usize| match self.nodes[node].children.values().collect::<Vec<_>>()[..] {
            [child] => Some(*child),
            _ => None,
        };
        let Some(mut list) = only_child(TOP) else { return };
        while let Some(child) = only_child(list) {
            if self.nodes[child].has_attributes || only_child(child).is_none() {
                self.nodes[child].is_record = true;
                return;
            }
            list = child;
        }
    }

    /// Names depend on an element's own place alone, never on how often it comes or on what else it holds: they must be the same
    /// once a row is gone.
    fn name_paths(&mut self) {
        let records = self.nodes.iter().filter(|node| node.is_record).count();
        for node in 1..self.nodes.len() {
            let Node { name, is_record, depth, parent, .. } = &self.nodes[node];
            let base = match (*is_record, *depth) {
                // Rows of several kinds are told apart by their names; the document's own element says nothing.
                (true, _) if records == 1 => FeaturePath::default(),
                (true, _) => FeaturePath::column(name),
                (false, 1) => FeaturePath::default(),
                (false, _) => self.nodes[*parent].base.field(name),
            };
            let path = if base.0.is_empty() { FeaturePath::column(name) } else { base.clone() };
            self.nodes[node].path = path;
            self.nodes[node].base = base;
        }
    }

    /// The path of an attribute: beside its element, of which the text may be a feature.
    pub(super) fn attribute(&self, node: usize, name: &str) -> FeaturePath {
        match self.nodes[node].base.0.split_last() {
            Some((Segment::Name(element), parents)) => {
                FeaturePath(parents.to_vec()).field(format!("{element}@{name}"))
            }
            _ => FeaturePath::column(format!("@{name}")),
        }
    }
}
