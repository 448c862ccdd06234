//! Streams of bytes in chunks, each with three bytes of header, compressed or as it is. One chunk is in memory at a time, and none
//! decodes to more than the file's block size.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;

use super::{damaged, ends_early};
use crate::content::Content;
use crate::format::FormatError;

/// Block size where a file gives none.
const BLOCK_DEFAULT: u64 = 256 << 10;
/// A chunk's header has no room for more.
const BLOCK_MAX: u64 = 1 << 23;
/// LZO decodes at most to 255 times its bytes, and its decoder takes no limit.
const LZO_BYTES_MAX: usize = 1 << 20;
/// Bytes fetched at once where nothing is compressed.
const PIECE_BYTES: u64 = 256 << 10;

/// How streams are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Codec {
    pub(super) kind: Kind,
    pub(super) block: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    None,
    Zlib,
    Snappy,
    Lzo,
    Lz4,
    Zstd,
}

impl Codec {
    pub(super) fn new(kind: u64, block: Option<u64>) -> Result<Self, FormatError> {
        let kind = match kind {
            0 => Kind::None,
            1 => Kind::Zlib,
            2 => Kind::Snappy,
            3 => Kind::Lzo,
            4 => Kind::Lz4,
            5 => Kind::Zstd,
            _ => return Err(FormatError::Corrupt("is compressed in a way that is not known here".into())),
        };
        let block = block.unwrap_or(BLOCK_DEFAULT);
        if kind != Kind::None && (block == 0 || block > BLOCK_MAX) {
            return Err(damaged("postscript"));
        }
        Ok(Self { kind, block: block.min(BLOCK_MAX) as usize })
    }

    fn decompress(self, chunk: &[u8]) -> Result<Vec<u8>, FormatError> {
        let wrong = || damaged("a compressed chunk");
        let limited = |reader: &mut dyn Read| -> Result<Vec<u8>, FormatError> {
            let mut out = Vec::new();
            reader.take(self.block as u64 + 1).read_to_end(&mut out).map_err(|_| wrong())?;
            Ok(out)
        };
        let out = match self.kind {
            Kind::None => chunk.to_vec(),
            Kind::Zlib => limited(&mut flate2::read::DeflateDecoder::new(chunk))?,
            Kind::Zstd => limited(&mut zstd::Decoder::with_buffer(chunk).map_err(|_| wrong())?)?,
            Kind::Snappy => {
                let length = snap::raw::decompress_len(chunk).map_err(|_| wrong())?;
                if length > self.block {
                    return Err(wrong());
                }
                snap::raw::Decoder::new().decompress_vec(chunk).map_err(|_| wrong())?
            }
            Kind::Lz4 => lz4_flex::block::decompress(chunk, self.block).map_err(|_| wrong())?,
            Kind::Lzo if chunk.len() > LZO_BYTES_MAX => {
                return Err(FormatError::Limit("an LZO chunk is longer than the limit".into()));
            }
            Kind::Lzo => catch_unwind(AssertUnwindSafe(|| lzokay_native::decompress_all(chunk, None)))
                .map_err(|_| wrong())?
                .map_err(|_| wrong())?,
        };
        if out.len() > self.block { Err(wrong()) } else { Ok(out) }
    }
}

/// A stream, decompressed as it is read.
pub(super) struct Stream {
    content: Content,
    at: u64,
    end: u64,
    codec: Codec,
    buffer: Bytes,
    position: usize,
}

impl Stream {
    pub(super) fn new(content: &Content, at: u64, end: u64, codec: Codec) -> Self {
        Self { content: content.clone(), at, end, codec, buffer: Bytes::new(), position: 0 }
    }

    /// The next chunk, whole; nothing at the end.
    pub(super) fn piece(&mut self) -> Result<Option<Bytes>, FormatError> {
        if self.at >= self.end {
            return Ok(None);
        }
        if self.codec.kind == Kind::None {
            let piece = self.content.range(self.at, (self.end - self.at).min(PIECE_BYTES) as usize)?;
            if piece.is_empty() {
                return Err(ends_early("a stream"));
            }
            self.at += piece.len() as u64;
            return Ok(Some(piece));
        }
        let header = self.content.range(self.at, 3)?;
        let [first, second, third] =
            <[u8; 3]>::try_from(header.as_ref()).map_err(|_| ends_early("a stream"))?;
        let header = u32::from_le_bytes([first, second, third, 0]);
        let (original, length) = (header & 1 == 1, u64::from(header >> 1));
        let start = self.at + 3;
        if start + length > self.end {
            return Err(ends_early("a stream"));
        }
        if length as usize > self.codec.block {
            return Err(damaged("a chunk"));
        }
        let chunk = self.content.range(start, length as usize)?;
        self.at = start + length;
        Ok(Some(if original { chunk } else { self.codec.decompress(&chunk)?.into() }))
    }

    fn fill(&mut self) -> Result<bool, FormatError> {
        while self.position == self.buffer.len() {
            let Some(piece) = self.piece()? else { return Ok(false) };
            (self.buffer, self.position) = (piece, 0);
        }
        Ok(true)
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8, FormatError> {
        if !self.fill()? {
            return Err(ends_early("a stream"));
        }
        let byte = self.buffer[self.position];
        self.position += 1;
        Ok(byte)
    }

    /// Appends the next bytes.
    pub(super) fn take(&mut self, mut count: usize, out: &mut Vec<u8>) -> Result<(), FormatError> {
        while count > 0 {
            if !self.fill()? {
                return Err(ends_early("a stream"));
            }
            let taken = count.min(self.buffer.len() - self.position);
            out.extend_from_slice(&self.buffer[self.position..self.position + taken]);
            self.position += taken;
            count -= taken;
        }
        Ok(())
    }

    /// A number of seven bits a byte, lowest first, up to 64 bits.
    pub(super) fn varint(&mut self) -> Result<u64, FormatError> {
        self.long_varint().and_then(|value| u64::try_from(value).map_err(|_| damaged("a number")))
    }

    /// The same of up to 128 bits.
    pub(super) fn long_varint(&mut self) -> Result<u128, FormatError> {
        let mut value = 0_u128;
        for shift in (0..128).step_by(7) {
            let byte = self.byte()?;
            value |= u128::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(damaged("a number"))
    }
}
