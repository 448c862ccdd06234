//! Every tag of a recording, also those that have no common name: `TXXX` and `WXXX` of ID3v2, freeform atoms of MP4, Vorbis
//! comments and APE items of any name, chapters. What is bytes and no text is told apart from what was read.

use std::io::{Read, Seek};

use lofty::aac::AacFile;
use lofty::ape::{ApeFile, ApeTag};
use lofty::config::ParseOptions;
use lofty::error::FileParseError;
use lofty::file::{AudioFile, FileType};
use lofty::flac::FlacFile;
use lofty::id3::v1::Id3v1Tag;
use lofty::id3::v2::{Frame, Id3v2Tag};
use lofty::iff::aiff::{AiffFile, AiffTextChunks};
use lofty::iff::wav::{RiffInfoList, WavFile};
use lofty::mp4::{AtomData, AtomIdent, Ilst, Mp4File};
use lofty::mpeg::MpegFile;
use lofty::musepack::MpcFile;
use lofty::ogg::tag::VorbisComments;
use lofty::ogg::{OpusFile, SpeexFile, VorbisFile};
use lofty::tag::ItemValue;
use lofty::wavpack::WavPackFile;

/// Bytes beyond this are no text that somebody wrote into a tag.
const BINARY_BYTES_MAX: usize = 64 << 10;

/// Fields as they are read.
#[derive(Default)]
pub(super) struct Tags {
    /// Name and text of each.
    pub(super) fields: Vec<(String, String)>,
    /// Fields that hold bytes.
    pub(super) binary: usize,
}

/// Reads all tags of a file of a kind.
///
/// # Errors
/// If they cannot be read.
pub(super) fn read<R: Read + Seek>(
    kind: FileType,
    reader: &mut R,
    options: ParseOptions,
) -> Result<Tags, FileParseError> {
    let mut tags = Tags::default();
    match kind {
        FileType::Mpeg => {
            let file = MpegFile::read_from(reader, options)?;
            tags.id3v2(file.id3v2()).id3v1(file.id3v1()).ape(file.ape());
        }
        FileType::Aac => {
            let file = AacFile::read_from(reader, options)?;
            tags.id3v2(file.id3v2()).id3v1(file.id3v1());
        }
        FileType::Flac => {
            let file = FlacFile::read_from(reader, options)?;
            tags.id3v2(file.id3v2()).comments(file.vorbis_comments());
        }
        FileType::Opus => {
            tags.comments(Some(OpusFile::read_from(reader, options)?.vorbis_comments()));
        }
        FileType::Vorbis => {
            tags.comments(Some(VorbisFile::read_from(reader, options)?.vorbis_comments()));
        }
        FileType::Speex => {
            tags.comments(Some(SpeexFile::read_from(reader, options)?.vorbis_comments()));
        }
        FileType::Mp4 => {
            tags.atoms(Mp4File::read_from(reader, options)?.ilst());
        }
        FileType::Wav => {
            let file = WavFile::read_from(reader, options)?;
            tags.id3v2(file.id3v2()).info(file.riff_info());
        }
        FileType::Aiff => {
            let file = AiffFile::read_from(reader, options)?;
            tags.id3v2(file.id3v2()).chunks(file.text_chunks());
        }
        FileType::Ape => {
            let file = ApeFile::read_from(reader, options)?;
            tags.ape(file.ape()).id3v2(file.id3v2()).id3v1(file.id3v1());
        }
        FileType::Mpc => {
            let file = MpcFile::read_from(reader, options)?;
            tags.ape(file.ape()).id3v2(file.id3v2()).id3v1(file.id3v1());
        }
        FileType::WavPack => {
            let file = WavPackFile::read_from(reader, options)?;
            tags.ape(file.ape()).id3v1(file.id3v1());
        }
        _ => {}
    }
    Ok(tags)
}

impl Tags {
    fn text(&mut self, name: impl Into<String>, text: &str) {
        self.fields.push((name.into(), text.to_owned()));
    }

    /// Bytes that are text after all are read as such.
    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let text = std::str::from_utf8(bytes).ok().filter(|_| bytes.len() <= BINARY_BYTES_MAX);
        match text.filter(|text| !text.chars().any(|c| c.is_control() && !c.is_whitespace() && c != '\0')) {
            Some(text) => self.text(name, &text.replace('\0', " ")),
            None => self.binary += 1,
        }
    }

    fn id3v2(&mut self, tag: Option<&Id3v2Tag>) -> &mut Self {
        tag.into_iter().flatten().for_each(|frame| self.frame(frame));
        self
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        let id = frame.id_str();
        match frame {
            Frame::Comment(comment) => {
                self.text(id, &comment.description);
                self.text(id, &comment.content);
            }
            Frame::UnsynchronizedText(lyrics) => {
                self.text(id, &lyrics.description);
                self.text(id, &lyrics.content);
            }
            Frame::Text(text) => self.text(id, &text.value),
            Frame::UserText(text) => self.text(&*text.description, &text.content),
            Frame::Url(url) => self.text(id, url.url()),
            Frame::UserUrl(url) => self.text(&*url.description, &url.content),
            Frame::Popularimeter(rating) => self.text(id, &rating.email),
            Frame::KeyValue(pairs) => {
                for (key, value) in pairs.key_value_pairs.iter() {
                    self.text(&**key, value);
                }
            }
            Frame::UniqueFileIdentifier(file) => self.bytes(&file.owner, &file.identifier),
            Frame::Ownership(owned) => self.text(id, &owned.seller),
            Frame::Private(private) => self.bytes(&private.owner, &private.private_data),
            Frame::Timestamp(time) => self.text(id, &time.timestamp.to_string()),
            Frame::Chapter(chapter) => chapter.children.iter().for_each(|frame| self.frame(frame)),
            Frame::TableOfContents(table) => table.children.iter().for_each(|frame| self.frame(frame)),
            Frame::Binary(binary) => self.bytes(id, &binary.data),
            // Loudness and times.
            Frame::RelativeVolumeAdjustment(_) | Frame::EventTimingCodes(_) => {}
            _ => self.binary += 1,
        }
    }

    fn id3v1(&mut self, tag: Option<&Id3v1Tag>) -> &mut Self {
        let Some(tag) = tag else { return self };
        let fields = [
            ("title", &tag.title),
            ("artist", &tag.artist),
            ("album", &tag.album),
            ("comment", &tag.comment),
        ];
        for (name, text) in fields {
            text.iter().for_each(|text| self.text(name, text));
        }
        self
    }

    fn ape(&mut self, tag: Option<&ApeTag>) -> &mut Self {
        for item in tag.into_iter().flatten() {
            match item.value() {
                ItemValue::Text(text) | ItemValue::Locator(text) => {
                    self.text(item.key(), &text.replace('\0', " "));
                }
                ItemValue::Binary(bytes) => self.bytes(item.key(), bytes),
            }
        }
        self
    }

    fn comments(&mut self, tag: Option<&VorbisComments>) -> &mut Self {
        let Some(tag) = tag else { return self };
        self.text("vendor", tag.vendor());
        tag.items().for_each(|(name, text)| self.text(name, text));
        self
    }

    fn info(&mut self, tag: Option<&RiffInfoList>) -> &mut Self {
        tag.into_iter().flatten().for_each(|(name, text)| self.text(name, text));
        self
    }

    fn chunks(&mut self, tag: Option<&AiffTextChunks>) -> &mut Self {
        let Some(tag) = tag else { return self };
        let fields = [("name", &tag.name), ("author", &tag.author), ("copyright", &tag.copyright)];
        for (name, text) in fields {
            text.iter().for_each(|text| self.text(name, text));
        }
        tag.annotations.iter().flatten().for_each(|text| self.text("annotation", text));
        tag.comments.iter().flatten().for_each(|comment| self.text("comment", &comment.text));
        self
    }

    fn atoms(&mut self, tag: Option<&Ilst>) -> &mut Self {
        for atom in tag.into_iter().flatten() {
            let name = match atom.ident() {
                AtomIdent::Fourcc(name) => name.iter().map(|byte| char::from(*byte)).collect(),
                AtomIdent::Freeform { mean, name } => format!("{mean}:{name}"),
            };
            for data in atom.data() {
                match data {
                    AtomData::UTF8(text) | AtomData::UTF16(text) => self.text(&*name, text),
                    AtomData::Unknown { data, .. } => self.bytes(&name, data),
                    _ => {}
                }
            }
        }
        self
    }
}
