//! Audio and video: what their tags say (ID3, Vorbis comments, APE, iTunes, RIFF, AIFF, Matroska, QuickTime). The sound and the
//! pictures are not looked at. A recording is one unit: it is deleted as a whole.
//!
//! `tags` reads tags through a library, `matroska` and `boxes` what that does not read.

use std::error::Error;
use std::io::{self, BufReader};

use catalog::model::{AnomalyKind, Dialect};
use lofty::config::{ParseOptions, ParsingMode};
use lofty::error::FileParseError;
use lofty::probe::Probe;

use super::arrow::RowsFn;
use super::facts::told;
use super::magic::signed;
use super::{Bounds, Format, FormatError, Head, Sink, Sniff, locate_by_reading};
use crate::content::Content;

mod boxes;
mod matroska;
mod tags;
#[cfg(test)]
mod tests;

use tags::Tags;

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

/// Moving pictures of every kind; which one, the media type says. Of MP4, Matroska, AVI and their kin the tags are read.
pub(super) static VIDEO: Format =
    media("video", "video/*", &["mp4", "mkv", "webm", "mov", "avi", "flv", "wmv"], |head| {
        signed(head, "video")
    });
/// Sound of every kind.
pub(super) static AUDIO: Format =
    media("audio", "audio/*", &["mp3", "wav", "flac", "ogg", "m4a", "aac"], |head| signed(head, "audio"));

fn read(content: &Content, _: &Dialect, _: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    let head = content.range(0, 12)?;
    let mut unread = Vec::new();
    told(sink, |facts| {
        if head.starts_with(&matroska::MAGIC) {
            unread = matroska::read(content, facts)?;
            return Ok(());
        }
        if boxes::is_avi(&head) {
            return boxes::avi(content, facts);
        }
        if let Some(tags) = tags(content)? {
            tags.fields.iter().for_each(|(name, text)| facts.add(name, text));
            if tags.binary > 0 {
                unread.push("fields of its tags that are bytes were not read");
            }
        }
        if boxes::is_atoms(&head) { boxes::atoms(content, facts) } else { Ok(()) }
    })?;
    unread.iter().for_each(|reason| sink.anomaly(AnomalyKind::LimitReached, (*reason).to_owned()));
    Ok(())
}

/// The tags, if it is of a kind whose tags are known.
fn tags(content: &Content) -> Result<Option<Tags>, FormatError> {
    let options =
        ParseOptions::new().read_properties(false).read_cover_art(false).parsing_mode(ParsingMode::Relaxed);
    let probe = Probe::new(BufReader::new(content.clone())).options(options).guess_file_type()?;
    let Some(kind) = probe.file_type() else { return Ok(None) };
    let mut reader = BufReader::new(content.clone());
    tags::read(kind, &mut reader, options).map(Some).map_err(|error| wrong(&error))
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
