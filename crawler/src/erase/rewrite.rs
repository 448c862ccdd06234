//! The bytes of a blob without the person, and the proof that nobody else's row is missing: made before anything is written.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use catalog::erasure::plan::parse_units;
use catalog::model::{Dialect, Digest, PartRemoval};

use super::replace::Replacer;
use super::rows;
use super::search::{FoundPart, Sought};
use crate::content::{Content, Spool};
use crate::format::tree::{LAYERS, MemberRemoval, Node, TreeRemoval, Visit, WriteCells, rewrite, walk};
use crate::format::{Bounds, Format, FormatError, Removal};

/// What a step means to do to a blob.
pub(super) struct Meant {
    pub(super) path: String,
    pub(super) members: Vec<Vec<String>>,
    pub(super) parts: Vec<PartRemoval>,
    /// Key of the pseudonyms that may be written.
    pub(super) key: [u8; 32],
}

/// New bytes, checked.
pub(super) struct Made {
    pub(super) content: Content,
    pub(super) digest: Digest,
}

/// Rewrites and checks; the error is a reason for people, without a value.
pub(super) fn rewritten(
    content: &Content,
    meant: &Meant,
    bounds: &Bounds,
    sought: &Arc<Sought>,
) -> Result<Made, String> {
    let removal = removal_of(meant, bounds, sought)?;
    let mut spool = Spool::new(u64::MAX);
    let text = |error: FormatError| format!("it cannot be rewritten: {error}");
    rewrite(content, &meant.path, bounds, &removal, &mut spool).map_err(text)?;
    let new = spool.finish().map_err(|error| format!("it cannot be rewritten: {}", error.kind()))?;
    check_rows(content, &new, meant, bounds)?;
    check_hits(&new, meant, bounds, sought)?;
    let digest = digest(&new).map_err(|error| format!("it cannot be read back: {}", error.kind()))?;
    Ok(Made { digest, content: new })
}

fn member(meant: &Meant, part: &PartRemoval) -> Result<Vec<String>, String> {
    meant.members.get(part.member).cloned().ok_or_else(|| "the plan names no such member".to_owned())
}

fn removal_of(meant: &Meant, bounds: &Bounds, sought: &Arc<Sought>) -> Result<TreeRemoval, String> {
    let mut removal = TreeRemoval::new();
    for part in &meant.parts {
        let what = if part.whole {
            MemberRemoval::Whole
        } else if let Some(replacement) = &part.replacement {
            let member = member(meant, part)?;
            let place = (meant.path.as_str(), &member[..]);
            let replacer = Replacer::planned(sought.clone(), part, replacement, place, meant.key)?;
            let (bounds, planned) = (*bounds, (replacement.rows, replacement.values));
            let bare = part.units.contains_key(LAYERS);
            let write: WriteCells = Arc::new(move |format, content, dialect, out| {
                let (done, rows, values) = replacer.write(format, (content, dialect, &bounds), out)?;
                match (rows, values) == planned {
                    true => Ok(done),
                    false => {
                        Err(FormatError::Unsupported("other values would change than were planned".into()))
                    }
                }
            });
            MemberRemoval::Cells { write, bare }
        } else {
            let mut units = BTreeMap::new();
            for (table, text) in &part.units {
                units.insert(table.clone(), parse_units(text).map_err(|error| error.to_string())?);
            }
            MemberRemoval::Units(Removal { units })
        };
        removal.insert(member(meant, part)?, what);
    }
    Ok(removal)
}

fn digest(content: &Content) -> io::Result<Digest> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(content.clone())?;
    Ok(Digest(*hasher.finalize().as_bytes()))
}

/// Rows that stay are the multiset that was planned, read as the format that they had; members that stay have the bytes that they had.
fn check_rows(old: &Content, new: &Content, meant: &Meant, bounds: &Bounds) -> Result<(), String> {
    let mut formats: BTreeMap<Vec<String>, (&'static Format, Dialect)> = BTreeMap::new();
    let planned: Vec<Vec<String>> =
        meant.parts.iter().map(|part| member(meant, part)).collect::<Result<_, _>>()?;
    // A container changes with what is in it, a member that goes takes what is in it along.
    let is_untouched = |node: &Node<'_>| {
        let touches = |part: &Vec<String>| part.starts_with(node.member) || node.member.starts_with(part);
        node.format.container.is_none() && !planned.iter().filter(|part| !part.is_empty()).any(touches)
    };
    let mut untouched = BTreeMap::new();
    let text = |error: FormatError| format!("it cannot be read back: {error}");
    walk(old, &meant.path, bounds, &mut |visit| {
        if let Visit::Part(node) = visit {
            if !node.member.is_empty() && is_untouched(&node) {
                untouched.insert(node.member.to_vec(), digest(node.content)?);
            }
            formats.insert(node.member.to_vec(), (node.format, node.dialect.clone()));
        }
        Ok(())
    })
    .map_err(text)?;
    let mut left: BTreeMap<Vec<String>, &PartRemoval> = BTreeMap::new();
    for part in meant.parts.iter().filter(|part| !part.whole) {
        left.insert(member(meant, part)?, part);
    }
    let mut differs = false;
    walk(new, &meant.path, bounds, &mut |visit| {
        let Visit::Part(node) = visit else { return Ok(()) };
        if let Some(before) = untouched.remove(node.member) {
            differs |= digest(node.content)? != before;
        }
        let Some(part) = left.remove(node.member) else { return Ok(()) };
        let known = formats.get(node.member).filter(|(format, _)| format.container.is_none());
        let read = known.and_then(|(format, dialect)| Some((format.read?, dialect)));
        let Some((read, dialect)) = read else { return Ok(()) };
        let rows = match rows::digests(read, node.content, dialect, bounds, &BTreeMap::new()) {
            Err(_) if node.content.is_empty() => BTreeMap::new(),
            rows => rows?,
        };
        differs |= !rows::are_equal(&rows, &part.rows_after);
        Ok(())
    })
    .map_err(text)?;
    match (differs, left.is_empty() && untouched.is_empty()) {
        (false, true) => Ok(()),
        (true, _) => {
            Err("after rewriting, its rows would not be those that have to stay; nothing was written".into())
        }
        (_, false) => Err("after rewriting, a member could not be read; nothing was written".into()),
    }
}

/// No cell of a rewritten part holds the person, and no member is left that had to go.
fn check_hits(new: &Content, meant: &Meant, bounds: &Bounds, sought: &Sought) -> Result<(), String> {
    let found = sought.search(new, &meant.path, bounds, false);
    for removal in &meant.parts {
        let member = member(meant, removal)?;
        let part = found.parts.iter().find(|part| part.member == member);
        // Nothing but rows and members has bytes of its own in a container.
        let is_left = |part: &FoundPart| {
            let around = part.format.container.is_some() && !part.bytes.is_empty();
            removal.whole || around || !part.cells.is_empty()
        };
        if part.is_some_and(is_left) {
            return Err("after rewriting, the person would still be in it; nothing was written".into());
        }
    }
    Ok(())
}
