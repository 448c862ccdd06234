//! Encoding layers: known by magic, peeled before a format sees its bytes, put back with like settings after a rewrite.
//!
//! A layer is one row in [`LAYERS`]. What decodes before a stream breaks is still read; the break is an anomaly.

use std::io::{self, BufRead, BufReader, Read, Seek, Write};

use catalog::model::AnomalyKind;

use super::{FormatError, HEAD_BYTES, Head};
use crate::content::{Content, Spool};

mod bare;
mod gzip;
mod lzma;
mod lzw;

/// One way in which content is encoded as a whole.
pub struct Layer {
    /// Its name in the catalog.
    pub id: &'static str,
    /// Usual file name endings and what stands there once it is peeled: `tgz` becomes `tar`.
    extensions: &'static [(&'static str, &'static str)],
    magic: fn(&[u8]) -> bool,
    /// Decodes one frame or member; more of them may follow it.
    decode: for<'a> fn(&'a mut dyn BufRead) -> io::Result<Box<dyn Read + 'a>>,
    /// Encodes as `original` was.
    encode: fn(&[u8], Content, &mut (dyn Write + Send)) -> io::Result<()>,
    /// What its first bytes say beside the content.
    header: Option<Header>,
}

/// What people or programs write into the header of a layer.
struct Header {
    texts: fn(&[u8]) -> Vec<String>,
    /// The first bytes without those texts.
    bare: fn(&[u8]) -> Vec<u8>,
}

/// Every layer.
pub static LAYERS: &[Layer] = &[
    Layer {
        id: "gzip",
        extensions: &[("gz", ""), ("gzip", ""), ("tgz", "tar"), ("svgz", "svg")],
        magic: |bytes| bytes.starts_with(&[0x1f, 0x8b, 8]),
        decode: |input| Ok(Box::new(flate2::bufread::GzDecoder::new(input))),
        encode: gzip::encode,
        header: Some(Header { texts: gzip::texts, bare: gzip::bare }),
    },
    Layer {
        id: "zstd",
        extensions: &[("zst", ""), ("zstd", ""), ("tzst", "tar")],
        magic: is_zstd,
        decode: |input| Ok(Box::new(zstd::Decoder::with_buffer(input)?.single_frame())),
        encode: encode_zstd,
        header: Some(Header { texts: skippable, bare: <[u8]>::to_vec }),
    },
    Layer {
        id: "bzip2",
        extensions: &[("bz2", ""), ("bzip2", ""), ("tbz", "tar"), ("tbz2", "tar")],
        magic: is_bzip2,
        decode: |input| Ok(Box::new(bzip2::bufread::BzDecoder::new(input))),
        encode: encode_bzip2,
        header: None,
    },
    Layer {
        id: "lz4",
        extensions: &[("lz4", "")],
        magic: |bytes| bytes.starts_with(&[0x04, 0x22, 0x4d, 0x18]),
        decode: |input| {
            Ok(Box::new(Lz4(lz4_flex::frame::FrameDecoder::new(Watched { input, ended: false }))))
        },
        encode: encode_lz4,
        header: None,
    },
    Layer {
        id: "xz",
        extensions: &[("xz", ""), ("txz", "tar")],
        magic: |bytes| bytes.starts_with(b"\xfd7zXZ\0"),
        decode: |input| Ok(Box::new(lzma_rust2::XzReader::new(input, true))),
        encode: encode_xz,
        header: None,
    },
    Layer {
        id: "lzma",
        extensions: &[("lzma", ""), ("tlz", "tar")],
        magic: lzma::is_lzma,
        decode: lzma::decode_lzma,
        encode: lzma::encode_lzma,
        header: None,
    },
    Layer {
        id: "lzip",
        extensions: &[("lz", "")],
        magic: lzma::is_lzip,
        decode: lzma::decode_lzip,
        encode: lzma::encode_lzip,
        header: None,
    },
    Layer {
        id: "compress",
        extensions: &[("z", ""), ("taz", "tar")],
        magic: lzw::is_lzw,
        decode: lzw::decode,
        encode: lzw::encode,
        header: None,
    },
    Layer {
        id: "snappy",
        extensions: &[("snappy", ""), ("sz", "")],
        magic: |bytes| bytes.starts_with(b"\xff\x06\0\0sNaPpY"),
        decode: |input| Ok(Box::new(snap::read::FrameDecoder::new(input))),
        encode: encode_snappy,
        header: None,
    },
];

/// Bytes copied at once.
const COPY_BYTES: usize = 64 << 10;
/// First bytes that tell every layer.
pub(super) const MAGIC_BYTES: usize = 16;
/// Bytes of the encoded original that an encoder may look at for its settings.
const SETTINGS_BYTES: usize = 64 << 10;

/// The layer that these first bytes begin.
pub(super) fn detect(bytes: &[u8]) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| (layer.magic)(bytes))
}

/// The layer around first bytes that no format knows, if they decode to something that one does.
pub(super) fn detect_bare(bytes: &[u8], complete: bool, name: &str) -> Option<&'static Layer> {
    bare::find(bytes, complete, name)
}

/// Whether a file name ending names a layer.
pub(super) fn names_layer(extension: &str) -> bool {
    LAYERS.iter().chain(bare::BARE).flat_map(|layer| layer.extensions).any(|(ending, _)| *ending == extension)
}

/// What lay under a layer.
#[derive(Debug)]
pub(super) struct Peeled {
    /// Its bytes, as far as they could be had.
    pub(super) content: Content,
    /// Why they are not all, or what follows them.
    pub(super) anomaly: Option<(AnomalyKind, String)>,
    /// Encoded bytes after the last frame.
    pub(super) trailing: u64,
}

impl Layer {
    /// The file name without this layer's ending.
    pub(super) fn strip(&self, name: &str) -> String {
        let lower = name.to_ascii_lowercase();
        for (ending, left) in self.extensions {
            if let Some(stem) = lower.strip_suffix(ending).and_then(|stem| stem.strip_suffix('.'))
                && !stem.is_empty()
            {
                let stem = &name[..stem.len()];
                return if left.is_empty() { stem.to_owned() } else { format!("{stem}.{left}") };
            }
        }
        name.to_owned()
    }

    /// Decodes all of `content`, but no more than `bytes_max`.
    ///
    /// # Errors
    /// Only if reading or spooling fails; what is wrong with the content is an anomaly.
    pub(super) fn peel(&self, content: &Content, bytes_max: u64) -> Result<Peeled, FormatError> {
        let mut input = BufReader::with_capacity(COPY_BYTES, content.clone());
        let mut spool = Spool::new(bytes_max);
        let (mut anomaly, mut trailing) = (None, 0);
        loop {
            if let Some(broken) = self.decode_frame(&mut input, &mut spool)? {
                anomaly = Some(broken);
                break;
            }
            // Asked of the content, since the buffer may end within the next frame's magic.
            let rest = content.range(input.stream_position()?, MAGIC_BYTES)?;
            if rest.is_empty() {
                break;
            }
            if !(self.magic)(&rest) {
                trailing = io::copy(&mut input, &mut io::sink())?;
                anomaly =
                    Some((AnomalyKind::Corrupt, format!("{trailing} bytes follow the {} stream", self.id)));
                break;
            }
        }
        Ok(Peeled { content: spool.finish()?, anomaly, trailing })
    }

    fn decode_frame(
        &self,
        input: &mut dyn BufRead,
        spool: &mut Spool,
    ) -> Result<Option<(AnomalyKind, String)>, FormatError> {
        let mut decoder = match (self.decode)(input) {
            Ok(decoder) => decoder,
            Err(error) => return self.broken(error),
        };
        let mut buffer = vec![0; COPY_BYTES];
        loop {
            let read = match decoder.read(&mut buffer) {
                Ok(0) => return Ok(None),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return self.broken(error),
            };
            match spool.write_all(&buffer[..read]) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    let reason = format!("more {} content than the limit of decoded bytes allows", self.id);
                    return Ok(Some((AnomalyKind::LimitReached, reason)));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn broken(&self, error: io::Error) -> Result<Option<(AnomalyKind, String)>, FormatError> {
        if error.raw_os_error().is_some() {
            return Err(error.into());
        }
        let id = self.id;
        Ok(Some(match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                (AnomalyKind::Truncated, format!("the {id} stream ends too early"))
            }
            _ => (AnomalyKind::Corrupt, format!("the {id} stream is corrupt")),
        }))
    }

    /// What the first bytes of an encoded head decode to, as many as a sniffer looks at, and whether they are all.
    pub(super) fn peel_head(&self, mut bytes: &[u8], complete: bool) -> (Vec<u8>, bool) {
        let mut head = Vec::new();
        loop {
            let wanted = (HEAD_BYTES - head.len()) as u64;
            let read =
                (self.decode)(&mut bytes).and_then(|decoder| decoder.take(wanted).read_to_end(&mut head));
            if read.is_err() {
                return (head, false);
            }
            if !(self.magic)(bytes) || head.len() >= HEAD_BYTES {
                break;
            }
        }
        let complete = complete && head.len() < HEAD_BYTES;
        (head, complete)
    }

    /// Texts in the header of what it encodes.
    ///
    /// # Errors
    /// If reading fails.
    pub(super) fn texts(&self, stored: &Content) -> io::Result<Vec<String>> {
        let Some(header) = &self.header else { return Ok(Vec::new()) };
        Ok((header.texts)(&stored.range(0, SETTINGS_BYTES)?))
    }

    /// Writes `plain` encoded as `original` was, `bare` of texts in its header; bytes that trail the original's stream trail this one too.
    ///
    /// # Errors
    /// If reading or writing fails.
    pub(super) fn restore(
        &self,
        original: &Content,
        trailing: u64,
        bare: bool,
        plain: &Content,
        out: &mut (dyn Write + Send),
    ) -> Result<(), FormatError> {
        let first = original.range(0, SETTINGS_BYTES)?;
        match self.header.as_ref().filter(|_| bare) {
            Some(header) => (self.encode)(&(header.bare)(&first), plain.clone(), out)?,
            None => (self.encode)(&first, plain.clone(), out)?,
        }
        let mut rest = original.clone();
        rest.seek(io::SeekFrom::Start(original.len() - trailing))?;
        io::copy(&mut rest, out)?;
        Ok(())
    }
}

/// A frame (RFC 8878 §3.1.1) or a skippable frame (§3.1.2) begins.
fn is_zstd(bytes: &[u8]) -> bool {
    matches!(bytes, [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// What stands in the skippable frames (RFC 8878 §3.1.2) before the first that is none. No rewrite keeps them.
fn skippable(mut stored: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    while let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, rest @ ..] = stored {
        let (frame, after) = rest.split_at(rest.len().min(u32::from_le_bytes([*a, *b, *c, *d]) as usize));
        texts.push(String::from_utf8_lossy(frame).into_owned());
        stored = after;
    }
    texts
}

/// As one frame with the original's flags (RFC 8878 §3.1.1.1.1). A frame does not tell its level: 3, the reference's default.
fn encode_zstd(original: &[u8], mut plain: Content, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let descriptor = original.get(4).copied().unwrap_or_default();
    let (size_flag, single_segment, checksum) =
        (descriptor >> 6, descriptor & 0x20 != 0, descriptor & 0x04 != 0);
    let mut encoder = zstd::Encoder::new(out, zstd::DEFAULT_COMPRESSION_LEVEL)?;
    encoder.include_checksum(checksum)?;
    let has_size = size_flag != 0 || single_segment;
    encoder.include_contentsize(has_size)?;
    if has_size {
        encoder.set_pledged_src_size(Some(plain.len()))?;
    }
    io::copy(&mut plain, &mut encoder)?;
    encoder.finish()?;
    Ok(())
}

/// A stream begins (there is no specification; the reference's `decompress.c`): its block size, then a block or the end.
fn is_bzip2(bytes: &[u8]) -> bool {
    matches!(bytes, [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
        if rest.starts_with(b"1AY&SY") || rest.starts_with(b"\x17\x72\x45\x38\x50\x90"))
}

/// As one stream with the original's block size, which its level is.
fn encode_bzip2(original: &[u8], mut plain: Content, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let level = original.get(3).filter(|digit| digit.is_ascii_digit()).map_or(9, |digit| digit - b'0');
    let mut encoder = bzip2::write::BzEncoder::new(out, bzip2::Compression::new(level.clamp(1, 9).into()));
    io::copy(&mut plain, &mut encoder)?;
    encoder.finish()?;
    Ok(())
}

/// Decodes LZ4. Its decoder takes the end of its input for the end of the frame, even where the end mark is missing.
struct Lz4<'a>(lz4_flex::frame::FrameDecoder<Watched<'a>>);

/// Input that remembers whether more was asked for than there is.
struct Watched<'a> {
    input: &'a mut dyn BufRead,
    ended: bool,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.ended |= read == 0 && !buffer.is_empty();
        Ok(read)
    }
}

impl Read for Lz4<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        if read == 0 && !buffer.is_empty() && self.0.get_ref().ended {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(read)
    }
}

/// As one frame (LZ4 frame format 1.6.1) with the original's flags for independent blocks and checksums, and its block size.
fn encode_lz4(original: &[u8], mut plain: Content, out: &mut (dyn Write + Send)) -> io::Result<()> {
    use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
    let flags = original.get(4).copied().unwrap_or_default();
    let blocks = match original.get(5).map_or(0, |byte| byte >> 4 & 7) {
        5 => BlockSize::Max256KB,
        6 => BlockSize::Max1MB,
        7 => BlockSize::Max4MB,
        _ => BlockSize::Max64KB,
    };
    let mode = if flags & 0x20 == 0 { BlockMode::Linked } else { BlockMode::Independent };
    let info = FrameInfo::new()
        .block_size(blocks)
        .block_mode(mode)
        .block_checksums(flags & 0x10 != 0)
        .content_checksum(flags & 0x04 != 0)
        .content_size((flags & 0x08 != 0).then_some(plain.len()));
    let mut encoder = FrameEncoder::with_frame_info(info, out);
    io::copy(&mut plain, &mut encoder)?;
    encoder.finish().map_err(io::Error::other)?;
    Ok(())
}

/// As one stream at level 6, the reference's default; a stream does not tell its level.
fn encode_xz(_: &[u8], mut plain: Content, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut encoder = lzma_rust2::XzWriter::new(out, lzma_rust2::XzOptions::with_preset(6))?;
    io::copy(&mut plain, &mut encoder)?;
    encoder.finish()?;
    Ok(())
}

/// In Snappy's framing format, which has no settings.
fn encode_snappy(_: &[u8], mut plain: Content, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut encoder = snap::write::FrameEncoder::new(out);
    io::copy(&mut plain, &mut encoder)?;
    encoder.flush()
}

#[cfg(test)]
mod tests;
