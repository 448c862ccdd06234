//! What the configuration says of the grouping of a source's blobs: `[[source.dataset]]`.

use catalog::dataset::{Correction, Corrections, Grouping};
use catalog::{Error, Result};
use serde::Deserialize;

/// Longest name; identifiers of PostgreSQL end at 63 bytes.
const NAME_LENGTH_MAX: usize = 60;

/// A correction as typed: of the blobs that `paths` match, exactly one of the others.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawGrouping {
    /// Globs of paths in the source: `*` stays within a folder, `**` does not.
    pub(crate) paths: Vec<String>,
    /// They are one dataset, called so.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// Each is a dataset (`file`), or each folder is grouped by itself (`folder`).
    #[serde(default)]
    pub(crate) split: Option<String>,
    /// They belong to no dataset.
    #[serde(default)]
    pub(crate) exclude: bool,
}

/// What typed corrections say.
///
/// # Errors
/// `Invalid` with the key that is wrong.
pub(crate) fn corrections(typed: &[RawGrouping]) -> Result<Vec<Correction>> {
    let corrections: Vec<Correction> = typed.iter().map(correction).collect::<Result<_>>()?;
    Corrections::new(&corrections)?;
    Ok(corrections)
}

fn correction(typed: &RawGrouping) -> Result<Correction> {
    let wrong = |reason: &str| Error::invalid("read configuration", format!("key source.dataset{reason}"));
    if typed.paths.is_empty() {
        return Err(wrong(".paths names no glob"));
    }
    let to = match (&typed.name, typed.split.as_deref(), typed.exclude) {
        (Some(name), None, false) if is_identifier(name) => Grouping::One(name.clone()),
        (Some(_), None, false) => {
            return Err(wrong(".name must be lower-case letters, digits and underscores, a letter first"));
        }
        (None, Some("file"), false) => Grouping::EachFile,
        (None, Some("folder"), false) => Grouping::EachFolder,
        (None, Some(_), false) => return Err(wrong(".split is file or folder")),
        (None, None, true) => Grouping::None,
        _ => return Err(wrong(" takes exactly one of name, split and exclude = true")),
    };
    Ok(Correction { paths: typed.paths.clone(), to })
}

/// Whether SQL takes it without quotes, and the catalog as it stands.
fn is_identifier(name: &str) -> bool {
    name.len() <= NAME_LENGTH_MAX
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('_')
        && !name.contains("__")
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
