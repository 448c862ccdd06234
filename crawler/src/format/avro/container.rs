//! Object container files: header, blocks and their codecs (specification, "Object Container Files").

use std::io::{Read, Write};

use bytes::Bytes;
use catalog::model::AnomalyKind;
use serde_json::Value as Json;

use super::super::layer;
use super::datum::{Cursor, Fault};
use super::schema::Schema;
use crate::content::Content;
use crate::format::FormatError;

pub(super) const MAGIC: &[u8] = b"Obj\x01";
pub(super) const SCHEMA_KEY: &str = "avro.schema";
const CODEC_KEY: &str = "avro.codec";
const SYNC_BYTES: usize = 16;
/// The header's metadata is read up to here; a schema of a megabyte is a large one.
const HEADER_BYTES_MAX: usize = 16 << 20;
/// A block is held in memory, encoded and decoded; writers end theirs at 16 KiB to some MiB.
const BLOCK_BYTES_MAX: u64 = 256 << 20;
/// A block's count and length, as variable-length numbers.
const BLOCK_HEAD_BYTES: usize = 20;
/// Bytes searched at once for the next sync marker.
const SEARCH_BYTES: usize = 1 << 20;

/// How blocks are compressed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Codec {
    Null,
    /// RFC 1951, without a header.
    Deflate,
    /// Raw, then the CRC-32 of the decoded bytes.
    Snappy,
    /// As one of the layers.
    Layer(&'static str),
}

impl Codec {
    fn named(name: &str) -> Result<Self, FormatError> {
        Ok(match name {
            "null" | "" => Self::Null,
            "deflate" => Self::Deflate,
            "snappy" => Self::Snappy,
            "zstandard" => Self::Layer("zstd"),
            "bzip2" => Self::Layer("bzip2"),
            "xz" => Self::Layer("xz"),
            _ => return Err(FormatError::Corrupt("its codec is not one of the specification's".into())),
        })
    }

    /// A block's records, `bytes_max` at most.
    pub(super) fn decode(self, encoded: &Bytes, bytes_max: u64) -> Result<Bytes, FormatError> {
        let bytes_max = bytes_max.min(BLOCK_BYTES_MAX);
        match self {
            Self::Null => Ok(encoded.clone()),
            Self::Deflate => {
                let mut decoded = Vec::new();
                let mut decoder = flate2::bufread::DeflateDecoder::new(&encoded[..]).take(bytes_max + 1);
                decoder.read_to_end(&mut decoded).map_err(|_| damaged())?;
                if decoded.len() as u64 > bytes_max { Err(too_large()) } else { Ok(decoded.into()) }
            }
            Self::Snappy => {
                let (encoded, sum) = encoded.split_last_chunk::<4>().ok_or_else(damaged)?;
                let len = snap::raw::decompress_len(encoded).map_err(|_| damaged())?;
                // Snappy cannot be denser than this: a length beyond it is a lie that would cost memory.
                if len as u64 > bytes_max || len / 64 > encoded.len() {
                    return Err(too_large());
                }
                let decoded = snap::raw::Decoder::new().decompress_vec(encoded).map_err(|_| damaged())?;
                if crc(&decoded) == u32::from_be_bytes(*sum) { Ok(decoded.into()) } else { Err(damaged()) }
            }
            Self::Layer(id) => {
                let peeled = layer_of(id)?.peel(&encoded.clone().into(), bytes_max)?;
                match peeled.anomaly {
                    Some((AnomalyKind::LimitReached, _)) => Err(too_large()),
                    Some(_) => Err(damaged()),
                    None => Ok(peeled.content.range(0, peeled.content.len() as usize)?),
                }
            }
        }
    }

    /// Encodes records as the block `original` was, as far as it tells its settings.
    pub(super) fn encode(self, original: &[u8], records: Vec<u8>) -> Result<Vec<u8>, FormatError> {
        let mut encoded = Vec::new();
        match self {
            Self::Null => return Ok(records),
            Self::Deflate => {
                let mut encoder =
                    flate2::write::DeflateEncoder::new(&mut encoded, flate2::Compression::default());
                encoder.write_all(&records)?;
                encoder.finish()?;
            }
            Self::Snappy => {
                encoded = snap::raw::Encoder::new().compress_vec(&records).map_err(|_| too_large())?;
                encoded.extend(crc(&records).to_be_bytes());
            }
            Self::Layer(id) => {
                let original = Content::from(original.to_vec());
                layer_of(id)?.restore(&original, 0, false, &records.into(), &mut encoded)?;
            }
        }
        Ok(encoded)
    }
}

fn layer_of(id: &str) -> Result<&'static layer::Layer, FormatError> {
    let layer = layer::LAYERS.iter().find(|layer| layer.id == id);
    layer.ok_or_else(|| FormatError::Unsupported("its codec is not built in".into()))
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn damaged() -> FormatError {
    FormatError::Corrupt("does not decode".into())
}

fn too_large() -> FormatError {
    FormatError::Limit("decodes to more bytes than the limit allows".into())
}

/// What stands before the blocks.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) schema: Schema,
    pub(super) codec: Codec,
    pub(super) sync: [u8; SYNC_BYTES],
    /// Where the first block begins.
    len: u64,
}

impl Header {
    /// # Errors
    /// If it is damaged, too long, or holds no schema that can be followed.
    pub(super) fn read(content: &Content) -> Result<Self, FormatError> {
        let bytes = content.range(0, HEADER_BYTES_MAX)?;
        let complete = bytes.len() as u64 == content.len();
        let mut cursor = Cursor::new(&bytes);
        cursor.skip(MAGIC.len()).map_err(|_| FormatError::Truncated("ends within its header".into()))?;
        let (schema, codec, sync) = entries(&mut cursor).map_err(|_| match complete {
            true => FormatError::Truncated("ends within its header".into()),
            false => FormatError::Limit("its header is longer than the limit allows".into()),
        })?;
        let schema = schema.ok_or_else(|| FormatError::Corrupt("its header holds no schema".into()))?;
        let json: Json = serde_json::from_slice(schema)
            .map_err(|_| FormatError::Corrupt("its header's schema is not JSON".into()))?;
        let codec = std::str::from_utf8(codec.unwrap_or_default()).unwrap_or("?");
        Ok(Self {
            schema: Schema::compile(&json)?,
            codec: Codec::named(codec)?,
            sync: *sync,
            len: cursor.position() as u64,
        })
    }
}

type Entries<'a> = (Option<&'a [u8]>, Option<&'a [u8]>, &'a [u8; SYNC_BYTES]);

/// The map of metadata, then the sync marker.
fn entries<'a>(cursor: &mut Cursor<'a>) -> Result<Entries<'a>, Fault> {
    let (mut schema, mut codec) = (None, None);
    while let Some(count) = cursor.block()? {
        for _ in 0..count {
            let key = cursor.bytes()?;
            let value = cursor.bytes()?;
            if key == SCHEMA_KEY.as_bytes() {
                schema = Some(value);
            } else if key == CODEC_KEY.as_bytes() {
                codec = Some(value);
            }
        }
    }
    Ok((schema, codec, cursor.array()?))
}

/// A block as it lies in the file.
#[derive(Debug)]
pub(super) struct Block {
    /// Where it begins, its count included.
    pub(super) start: u64,
    /// Where it ends, its sync marker included.
    pub(super) end: u64,
    /// Records, as it says.
    pub(super) count: u64,
    data: (u64, usize),
}

impl Block {
    /// Its records, encoded.
    pub(super) fn encoded(&self, content: &Content) -> Result<Bytes, FormatError> {
        Ok(content.range(self.data.0, self.data.1)?)
    }
}

/// Goes from block to block.
pub(super) struct Blocks<'a> {
    content: &'a Content,
    header: &'a Header,
    position: u64,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(content: &'a Content, header: &'a Header) -> Self {
        Self { content, header, position: header.len }
    }

    /// The header's bytes.
    pub(super) fn header_bytes(&self) -> Result<Bytes, FormatError> {
        Ok(self.content.range(0, self.header.len as usize)?)
    }

    /// The next block, `None` at the end.
    ///
    /// # Errors
    /// If there is none where one should be; [`Blocks::recover`] may find another.
    pub(super) fn next(&mut self) -> Result<Option<Block>, FormatError> {
        let start = self.position;
        let head = self.content.range(start, BLOCK_HEAD_BYTES)?;
        if head.is_empty() {
            return Ok(None);
        }
        let mut cursor = Cursor::new(&head);
        let numbers = cursor.long().and_then(|count| Ok((count, cursor.long()?)));
        let (count, len) = match numbers {
            Ok((count, len)) if count >= 0 && len >= 0 => (count as u64, len as u64),
            Err(_) if head.len() < BLOCK_HEAD_BYTES => {
                return Err(FormatError::Truncated("ends within a block".into()));
            }
            _ => return Err(FormatError::Corrupt("a block has no count and length".into())),
        };
        let data = start + cursor.position() as u64;
        let end = data.saturating_add(len).saturating_add(SYNC_BYTES as u64);
        if end > self.content.len() {
            return Err(FormatError::Truncated("ends within a block".into()));
        }
        if self.content.range(end - SYNC_BYTES as u64, SYNC_BYTES)? != self.header.sync[..] {
            return Err(FormatError::Corrupt("a block does not end with the file's sync marker".into()));
        }
        self.position = end;
        if len > BLOCK_BYTES_MAX {
            return Err(FormatError::Limit("a block is longer than the limit allows".into()));
        }
        Ok(Some(Block { start, end, count, data: (data, len as usize) }))
    }

    /// Goes on after the next sync marker, which is what it is for; answers whether there is one.
    pub(super) fn recover(&mut self) -> Result<bool, FormatError> {
        loop {
            let bytes = self.content.range(self.position, SEARCH_BYTES)?;
            if let Some(found) = memchr::memmem::find(&bytes, &self.header.sync) {
                self.position += (found + SYNC_BYTES) as u64;
                return Ok(self.position < self.content.len());
            }
            if bytes.len() < SEARCH_BYTES {
                return Ok(false);
            }
            self.position += (bytes.len() - SYNC_BYTES) as u64;
        }
    }
}
