//! Audio and video: what their tags say (ID3, Vorbis comments, APE, iTunes, RIFF, AIFF). The sound and the pictures are not looked
//! at. A recording is one unit: it is deleted as a whole.

use std::error::Error;
use std::io::{self, BufReader};

use catalog::model::Dialect;
use lofty::config::{ParseOptions, ParsingMode};
use lofty::error::FileParseError;
use lofty::file::{TaggedFile, TaggedFileExt};
use lofty::probe::Probe;
use lofty::tag::{ItemValue, Tag};

use super::arrow::RowsFn;
use super::facts::{Facts, told};
use super::magic::signed;
use super::{Bounds, Format, FormatError, Head, Sink, Sniff, locate_by_reading};
use crate::content::Content;

#[cfg(test)]
mod tests;

const fn media(
    id: &'static str,
    media_type: &'static str,
    extensions: &'static [&'static str],
    sniff: fn(&Head<'_>) -> Option<Sniff>,
) -> Format {
    Format {
        id,
        media_type,
        extensions,
        sniff,
        read: Some(read),
        rows: RowsFn::Cells,
        locate: Some(locate_by_reading),
        rewrite: None,
        container: None,
    }
}

/// Moving pictures of every kind; which one, the media type says. Of MP4 and its kin the tags are read.
pub(super) static VIDEO: Format =
    media("video", "video/*", &["mp4", "mkv", "webm", "mov", "avi", "flv", "wmv"], |head| {
        signed(head, "video")
    });
/// Sound of every kind.
pub(super) static AUDIO: Format =
    media("audio", "audio/*", &["mp3", "wav", "flac", "ogg", "m4a", "aac"], |head| signed(head, "audio"));

fn read(content: &Content, _: &Dialect, _: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    told(sink, |facts| {
        let Some(file) = tagged(content)? else { return Ok(()) };
        file.tags().iter().for_each(|tag| add(facts, tag));
        Ok(())
    })
}

/// The tags, if it is of a kind whose tags are known.
fn tagged(content: &Content) -> Result<Option<TaggedFile>, FormatError> {
    let options =
        ParseOptions::new().read_properties(false).read_cover_art(false).parsing_mode(ParsingMode::Relaxed);
    let probe = Probe::new(BufReader::new(content.clone())).options(options).guess_file_type()?;
    if probe.file_type().is_none() {
        return Ok(None);
    }
    match probe.read() {
        Ok(file) => Ok(Some(file)),
        Err(error) => Err(wrong(&error)),
    }
}

/// The reason without the library's words, which may quote a tag.
fn wrong(error: &FileParseError) -> FormatError {
    let mut source = error.source();
    while let Some(inner) = source.filter(|source| !source.is::<io::Error>()) {
        source = inner.source();
    }
    match source.and_then(|source| source.downcast_ref::<io::Error>()) {
        Some(io) if io.kind() == io::ErrorKind::UnexpectedEof => {
            FormatError::Truncated("ends within its tags".into())
        }
        Some(io) if io.raw_os_error().is_some() => {
            FormatError::Io(io::Error::other("its tags cannot be read"))
        }
        _ => FormatError::Corrupt("its tags cannot be read".into()),
    }
}

fn add(facts: &mut Facts<'_>, tag: &Tag) {
    for item in tag.items() {
        if let ItemValue::Text(text) | ItemValue::Locator(text) = item.value() {
            facts.add(&format!("{:?}", item.key()), text);
        }
    }
}
