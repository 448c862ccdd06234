//! Content as a tree: layers peeled, members of containers opened, each part known by its bytes.
//!
//! [`walk`] visits the parts, [`rewrite`] takes units or members out of any of them and puts the containers and layers around
//! back as they were. Formats know nothing of either. Everything is bounded by [`Bounds`] over the whole blob.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use catalog::model::{Anomaly, AnomalyKind, Dialect};

use super::layer::Layer;
use super::{
    Bounds, Edit, Format, FormatError, HEAD_BYTES, Head, Member, Removal, Rewritten, TAIL_BYTES, WHOLE,
};
use crate::content::{Content, Spool};

mod sniff;
#[cfg(test)]
pub(crate) mod tests;

use self::sniff::{Outermost, outermost};
pub use self::sniff::{Sniffed, sniff, sniff_head};

/// The table of what stands in the headers of layers, in a [`Removal`]: unit 0 is all of it.
pub const LAYERS: &str = "(compression)";

/// Content that decodes to more than this many times its stored bytes is a bomb; gzip's densest is 1,032.
pub const EXPANSION_MAX: u64 = 2_000;
/// Decoded bytes that are never held against a blob, however small it is.
pub const EXPANSION_FREE_BYTES: u64 = 256 << 20;

/// A part of a blob: the blob itself, or a member in it, at any depth.
pub struct Node<'a> {
    /// Names from the outermost container inwards; empty for the blob itself.
    pub member: &'a [String],
    /// Its format; the `unknown` row catches all.
    pub format: &'static Format,
    /// Its media type; where the format is a family, the member's own.
    pub media_type: &'static str,
    /// How sure the sniffer is.
    pub confidence: f32,
    /// How its text is written.
    pub dialect: &'a Dialect,
    /// Layers peeled, outermost first.
    pub layers: &'a [&'static str],
    /// Texts in the headers of those layers: the name and the comment that gzip keeps.
    pub headers: &'a [String],
    /// Its bytes, layers peeled.
    pub content: &'a Content,
}

/// What a walk comes across.
pub enum Visit<'a> {
    /// A part: the blob itself first, then members, depth first.
    Part(Node<'a>),
    /// Something wrong with a part.
    Anomaly(Anomaly),
}

/// What becomes of a part.
#[derive(Clone)]
pub enum MemberRemoval {
    /// It goes as a whole.
    Whole,
    /// Some of its units go.
    Units(Removal),
    /// Some of its values are replaced.
    Cells {
        /// By this.
        write: WriteCells,
        /// Whether the headers of its layers are emptied too.
        bare: bool,
    },
}

/// Writes the content of a part, which has this format and dialect, with other values.
pub type WriteCells = Arc<
    dyn Fn(&Format, &Content, &Dialect, &mut (dyn Write + Send)) -> Result<Rewritten, FormatError>
        + Send
        + Sync,
>;

impl std::fmt::Debug for MemberRemoval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole => f.write_str("Whole"),
            Self::Units(removal) => f.debug_tuple("Units").field(removal).finish(),
            Self::Cells { .. } => f.write_str("Cells"),
        }
    }
}

/// What is removed, by member path; empty is the blob's own content.
pub type TreeRemoval = BTreeMap<Vec<String>, MemberRemoval>;

/// A part once its layers are off.
struct Opened {
    /// Each layer, the content that it encodes, and the bytes that trail its stream.
    layers: Vec<(&'static Layer, Content, u64)>,
    content: Content,
    sniffed: Sniffed,
    anomalies: Vec<(AnomalyKind, String)>,
    /// Layers and containers around its members.
    depth: u32,
}

/// The bytes that may still be decoded, over the whole blob.
struct Budget(u64);

impl Budget {
    fn new(content: &Content, bounds: &Bounds) -> Self {
        Self(
            bounds
                .decoded_bytes_max
                .min(EXPANSION_FREE_BYTES.max(content.len().saturating_mul(EXPANSION_MAX))),
        )
    }
}

fn open(
    content: &Content,
    name: &str,
    depth: u32,
    bounds: &Bounds,
    budget: &mut Budget,
) -> Result<Opened, FormatError> {
    let mut name = name.to_owned();
    let (mut content, mut layers, mut anomalies, mut depth) =
        (content.clone(), Vec::new(), Vec::new(), depth);
    let sniffed = loop {
        let bytes = content.range(0, HEAD_BYTES)?;
        let tail = content.range(content.len().saturating_sub(TAIL_BYTES as u64), TAIL_BYTES)?;
        let complete = bytes.len() as u64 == content.len();
        let layer = match outermost(&bytes, &tail, complete, &name) {
            Outermost::Format(sniffed) => break *sniffed,
            Outermost::Layer(_) if depth >= bounds.depth_max => {
                let reason = "more layers within each other than the limit allows".to_owned();
                anomalies.push((AnomalyKind::LimitReached, reason));
                break sniff(&Head::new(&bytes, &tail, complete, &name));
            }
            Outermost::Layer(layer) => layer,
        };
        let peeled = layer.peel(&content, budget.0)?;
        budget.0 -= peeled.content.len();
        anomalies.extend(peeled.anomaly);
        layers.push((layer, content, peeled.trailing));
        content = peeled.content;
        name = layer.strip(&name);
        depth += 1;
    };
    let sniffed = Sniffed { layers: layers.iter().map(|(layer, ..)| layer.id).collect(), ..sniffed };
    if content.is_empty() && anomalies.is_empty() {
        anomalies.push((AnomalyKind::Empty, "no byte of content".to_owned()));
    }
    if sniffed.mislabelled {
        let reason = format!("its name ends like another format's, its bytes are {}", sniffed.format.id);
        anomalies.push((AnomalyKind::Mislabelled, reason));
    }
    Ok(Opened { layers, content, sniffed, anomalies, depth })
}

struct Walk<'a> {
    bounds: &'a Bounds,
    budget: Budget,
    visit: &'a mut dyn FnMut(Visit<'_>) -> Result<(), FormatError>,
}

/// Visits every part of a blob, and what is wrong with them.
///
/// # Errors
/// What `visit` fails with, or if reading fails for reasons that are not the content's.
pub fn walk(
    content: &Content,
    name: &str,
    bounds: &Bounds,
    visit: &mut dyn FnMut(Visit<'_>) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let mut walk = Walk { bounds, budget: Budget::new(content, bounds), visit };
    walk.part(content, name, &mut Vec::new(), 0)
}

impl Walk<'_> {
    fn part(
        &mut self,
        content: &Content,
        name: &str,
        path: &mut Vec<String>,
        depth: u32,
    ) -> Result<(), FormatError> {
        let opened = open(content, name, depth, self.bounds, &mut self.budget)?;
        let Sniffed { format, media_type, confidence, dialect, layers, .. } = &opened.sniffed;
        let mut headers = Vec::new();
        for (layer, stored, _) in &opened.layers {
            headers.extend(layer.texts(stored)?);
        }
        (self.visit)(Visit::Part(Node {
            member: path,
            format,
            media_type,
            confidence: *confidence,
            dialect,
            layers,
            headers: &headers,
            content: &opened.content,
        }))?;
        for (kind, reason) in opened.anomalies {
            self.anomaly(path, kind, reason)?;
        }
        match &format.container {
            None => Ok(()),
            Some(_) if opened.depth >= self.bounds.depth_max => {
                let reason = "more containers within each other than the limit allows".to_owned();
                self.anomaly(path, AnomalyKind::LimitReached, reason)
            }
            Some(_) => self.members(&opened.content, format, path, opened.depth + 1),
        }
    }

    fn members(
        &mut self,
        content: &Content,
        format: &Format,
        path: &mut Vec<String>,
        depth: u32,
    ) -> Result<(), FormatError> {
        let Some(container) = &format.container else {
            return Ok(());
        };
        let bounds = Bounds { decoded_bytes_max: self.budget.0, ..*self.bounds };
        let mut stopped = None;
        let ended = (container.members)(content, &bounds, &mut |member| {
            self.member(member, path, depth).map_err(|error| {
                stopped = Some(error);
                FormatError::Limit("stopped".into())
            })
        });
        match (stopped, ended) {
            (Some(error), _) | (None, Err(error @ FormatError::Io(_))) => Err(error),
            (None, Err(error)) => self.anomaly(path, error.anomaly(), error.to_string()),
            (None, Ok(())) => Ok(()),
        }
    }

    fn member(&mut self, member: Member, path: &mut Vec<String>, depth: u32) -> Result<(), FormatError> {
        path.push(member.name);
        let name = path.last().cloned().unwrap_or_default();
        let done = match member.content {
            Ok(content) if content.len() <= self.budget.0 => {
                self.budget.0 -= content.len();
                self.part(&content, &name, path, depth)
            }
            Ok(_) => {
                let reason = "more decoded bytes in the blob than the limit allows".to_owned();
                self.anomaly(path, AnomalyKind::LimitReached, reason)
            }
            Err(error) => self.anomaly(path, error.anomaly(), error.to_string()),
        };
        path.pop();
        done
    }

    fn anomaly(&mut self, path: &[String], kind: AnomalyKind, reason: String) -> Result<(), FormatError> {
        (self.visit)(Visit::Anomaly(Anomaly { kind, member: path.to_vec(), feature: None, reason }))
    }
}

/// Writes the blob without what `removal` names: layers put back with like settings, all else as it was, byte for byte.
/// What nothing is removed from is copied.
///
/// # Errors
/// If some part to change cannot be opened whole, is not there, or cannot lose those units. Then nothing that was written may be used.
pub fn rewrite(
    content: &Content,
    name: &str,
    bounds: &Bounds,
    removal: &TreeRemoval,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let mut rewriting = Rewriting { bounds, budget: Budget::new(content, bounds), removal };
    let mut rewritten = Rewritten::default();
    rewriting.part(content, name, &mut Vec::new(), 0, &mut rewritten, out)?;
    Ok(rewritten)
}

struct Rewriting<'a> {
    bounds: &'a Bounds,
    budget: Budget,
    removal: &'a TreeRemoval,
}

impl Rewriting<'_> {
    /// Entries of the removal below `path`.
    fn below(&self, path: &[String]) -> impl Iterator<Item = &Vec<String>> {
        self.removal.keys().filter(move |key| key.len() > path.len() && key.starts_with(path))
    }

    fn part(
        &mut self,
        content: &Content,
        name: &str,
        path: &mut Vec<String>,
        depth: u32,
        rewritten: &mut Rewritten,
        out: &mut (dyn Write + Send),
    ) -> Result<(), FormatError> {
        let change = match self.removal.get(path.as_slice()) {
            Some(MemberRemoval::Whole) => {
                return unsupported("the whole of it is to be deleted, not rewritten");
            }
            Some(MemberRemoval::Units(removal)) if removal.units.values().all(|units| units.is_empty()) => {
                None
            }
            change => change,
        };
        let nested = self.below(path).next().is_some();
        if change.is_none() && !nested {
            io::copy(&mut content.clone(), out)?;
            return Ok(());
        }
        let opened = open(content, name, depth, self.bounds, &mut self.budget)?;
        refuse_broken(&opened)?;
        if opened.layers.is_empty() {
            return self.content(&opened, change, nested, path, rewritten, out);
        }
        let (inner, bare) = within_layers(change);
        let mut plain = opened.content.clone();
        if inner.is_some() || nested {
            let mut spool = Spool::new(u64::MAX);
            self.content(&opened, inner.as_ref(), nested, path, rewritten, &mut spool)?;
            plain = spool.finish()?;
        }
        rewritten.removed += u64::from(bare);
        for (place, (layer, original, trailing)) in opened.layers.iter().enumerate().rev() {
            if place == 0 {
                return layer.restore(original, *trailing, bare, &plain, out);
            }
            let mut encoded = Spool::new(u64::MAX);
            layer.restore(original, *trailing, bare, &plain, &mut encoded)?;
            plain = encoded.finish()?;
        }
        Ok(())
    }

    fn content(
        &mut self,
        opened: &Opened,
        change: Option<&MemberRemoval>,
        nested: bool,
        path: &mut Vec<String>,
        rewritten: &mut Rewritten,
        out: &mut (dyn Write + Send),
    ) -> Result<(), FormatError> {
        let Opened { content, sniffed, depth, .. } = opened;
        match (change, &sniffed.format.container) {
            (Some(MemberRemoval::Whole), _) => unsupported("the whole of it is to be deleted, not rewritten"),
            (Some(MemberRemoval::Cells { .. }), _) if nested => {
                unsupported("values of a container and its members cannot be changed at once")
            }
            (Some(MemberRemoval::Cells { write, .. }), _) => {
                let done = write(sniffed.format, content, &sniffed.dialect, out)?;
                rewritten.kept += done.kept;
                Ok(())
            }
            // What stands around members goes first: their names stay the same.
            (Some(MemberRemoval::Units(removal)), Some(container)) if nested => {
                let mut stripped = Spool::new(u64::MAX);
                self.units(opened, content, removal, rewritten, &mut stripped)?;
                let content = stripped.finish()?;
                let edits = self.edits(&content, sniffed.format, path, *depth + 1, rewritten)?;
                (container.rewrite)(&content, &edits, out)
            }
            (Some(_), None) if nested => unsupported("it has no members any more"),
            (Some(MemberRemoval::Units(removal)), _) => self.units(opened, content, removal, rewritten, out),
            (None, Some(container)) => {
                let edits = self.edits(content, sniffed.format, path, *depth + 1, rewritten)?;
                (container.rewrite)(content, &edits, out)
            }
            (None, None) => unsupported("it has no members any more"),
        }
    }

    fn units(
        &mut self,
        opened: &Opened,
        content: &Content,
        removal: &Removal,
        rewritten: &mut Rewritten,
        out: &mut (dyn Write + Send),
    ) -> Result<(), FormatError> {
        let Some(rewrite) = opened.sniffed.format.rewrite else {
            return unsupported("this format cannot lose units, only be deleted as a whole");
        };
        if removal.units.values().any(|units| units.contains(WHOLE)) {
            return unsupported("the whole of it is to be deleted, not rewritten");
        }
        let done = rewrite(content, &opened.sniffed.dialect, removal, out)?;
        rewritten.removed += done.removed;
        rewritten.kept += done.kept;
        Ok(())
    }

    fn edits(
        &mut self,
        content: &Content,
        format: &Format,
        path: &mut Vec<String>,
        depth: u32,
        rewritten: &mut Rewritten,
    ) -> Result<BTreeMap<String, Edit>, FormatError> {
        let Some(container) = &format.container else {
            return Ok(BTreeMap::new());
        };
        let bounds = Bounds { decoded_bytes_max: self.budget.0, ..*self.bounds };
        let mut edits = BTreeMap::new();
        (container.members)(content, &bounds, &mut |member| {
            path.push(member.name.clone());
            let whole = matches!(self.removal.get(path.as_slice()), Some(MemberRemoval::Whole));
            let edit = if whole {
                rewritten.removed += 1;
                Ok(Some(Edit::Remove))
            } else if self.removal.contains_key(path.as_slice()) || self.below(path).next().is_some() {
                member
                    .content
                    .and_then(|content| self.replacement(&content, path, depth, rewritten))
                    .map(Some)
            } else {
                Ok(None)
            };
            path.pop();
            edits.extend(edit?.map(|edit| (member.name, edit)));
            Ok(())
        })?;
        let wanted: std::collections::BTreeSet<_> = self.below(path).map(|key| &key[path.len()]).collect();
        if edits.len() != wanted.len() {
            return unsupported("a member to change is not there; the content has changed");
        }
        Ok(edits)
    }

    fn replacement(
        &mut self,
        content: &Content,
        path: &mut Vec<String>,
        depth: u32,
        rewritten: &mut Rewritten,
    ) -> Result<Edit, FormatError> {
        let name = path.last().cloned().unwrap_or_default();
        let mut spool = Spool::new(u64::MAX);
        self.part(content, &name, path, depth, rewritten, &mut spool)?;
        Ok(Edit::Replace(spool.finish()?))
    }
}

/// What is left to do to a part's content once its layers are off, and whether their headers are emptied.
fn within_layers(change: Option<&MemberRemoval>) -> (Option<MemberRemoval>, bool) {
    match change {
        Some(MemberRemoval::Units(removal)) => {
            let mut inner = removal.clone();
            let bare = inner.units.remove(LAYERS).is_some();
            ((!inner.units.is_empty()).then_some(MemberRemoval::Units(inner)), bare)
        }
        Some(MemberRemoval::Cells { bare, .. }) => (change.cloned(), *bare),
        _ => (change.cloned(), false),
    }
}

/// What could not be decoded whole cannot be rewritten without losing the rest.
fn refuse_broken(opened: &Opened) -> Result<(), FormatError> {
    for (kind, reason) in &opened.anomalies {
        match kind {
            AnomalyKind::Truncated => return Err(FormatError::Truncated(reason.clone())),
            AnomalyKind::LimitReached => return Err(FormatError::Limit(reason.clone())),
            AnomalyKind::Corrupt if opened.layers.iter().all(|(.., trailing)| *trailing == 0) => {
                return Err(FormatError::Corrupt(reason.clone()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn unsupported<T>(reason: &str) -> Result<T, FormatError> {
    Err(FormatError::Unsupported(reason.to_owned()))
}
