//! What the configuration adds to the recognisers: `[[recogniser]]`. What a declaration must be is checked by
//! [`crawler::recognise::declare`], which says it in words; here is what the file may look like.

use std::path::PathBuf;

use catalog::{Error, Result};
use crawler::recognise::{Declaration, declare};
use serde::Deserialize;

/// Bytes of a dictionary's file.
const DICTIONARY_BYTES_MAX: u64 = 8 << 20;

/// A recogniser as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRecogniser {
    /// Its name, in capitals: `EMPLOYEE_NUMBER`.
    pub(crate) kind: String,
    /// What a value looks like.
    #[serde(default)]
    pub(crate) pattern: Option<String>,
    /// Values themselves.
    #[serde(default)]
    pub(crate) dictionary: Vec<String>,
    /// A file with a value a line.
    #[serde(default)]
    pub(crate) dictionary_file: Option<PathBuf>,
    /// Words of which one must stand before a value.
    #[serde(default)]
    pub(crate) words: Vec<String>,
    /// Names of columns.
    #[serde(default)]
    pub(crate) columns: Vec<String>,
    /// By what its digits are checked.
    #[serde(default)]
    pub(crate) checksum: Option<String>,
    /// Whether a value names one person.
    #[serde(default)]
    pub(crate) identifies: bool,
    /// How sure a value is.
    #[serde(default)]
    pub(crate) confidence: Option<f32>,
}

/// What was typed, with the dictionary read.
///
/// # Errors
/// `Invalid` if the dictionary's file cannot be read or is too large.
pub(crate) fn declaration(typed: RawRecogniser) -> Result<Declaration> {
    let mut dictionary = typed.dictionary;
    if let Some(path) = &typed.dictionary_file {
        let wrong = |reason: String| {
            let context = format!("key recogniser.dictionary_file: {}: {reason}", path.display());
            Error::invalid("read configuration", context)
        };
        let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
        if size > DICTIONARY_BYTES_MAX {
            return Err(wrong(format!("it has more than {DICTIONARY_BYTES_MAX} bytes")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        dictionary.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
    }
    Ok(Declaration {
        kind: typed.kind,
        pattern: typed.pattern,
        dictionary,
        words: typed.words,
        columns: typed.columns,
        checksum: typed.checksum,
        identifies: typed.identifies,
        confidence: typed.confidence,
    })
}

/// Puts declarations into force, for this process.
///
/// # Errors
/// `Invalid` with the entry that is wrong and why.
pub(crate) fn put_in_force(declarations: &[Declaration]) -> Result<()> {
    if declarations.is_empty() {
        return Ok(());
    }
    declare(declarations).map(drop).map_err(|(place, reason)| {
        Error::invalid("read configuration", format!("key recogniser, entry {}: {reason}", place + 1))
    })
}
