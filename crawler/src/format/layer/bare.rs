//! Layers that no magic tells: zlib (RFC 1950), whose two bytes of header are any two in a thousand, and brotli (RFC 7932),
//! which has none. Both are looked for only where no format knows the bytes, and taken only if the head decodes without a fault
//! to something that a format knows: nothing is guessed.

use std::io::{self, BufRead, Read, Write};

use brotli::enc::BrotliEncoderParams;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};

use super::super::tree::sniff;
use super::{HEAD_BYTES, Head, Layer};
use crate::content::Content;

/// Decoded bytes below which nothing is believed.
const DECODED_BYTES_MIN: usize = 16;
/// How sure the format of what was decoded must be.
const CONFIDENCE_MIN: f32 = 0.5;

/// Every bare layer.
pub(super) static BARE: &[Layer] = &[
    Layer {
        id: "zlib",
        extensions: &[("zlib", ""), ("zz", "")],
        magic: is_zlib,
        decode: |input| Ok(Box::new(flate2::bufread::ZlibDecoder::new(input))),
        encode: encode_zlib,
        header: None,
    },
    Layer {
        id: "brotli",
        extensions: &[("br", "")],
        // One stream is all there is.
        magic: |_| false,
        decode: decode_brotli,
        encode: encode_brotli,
        header: None,
    },
];

/// The layer around these first bytes that no format knows.
pub(super) fn find(bytes: &[u8], complete: bool, name: &str) -> Option<&'static Layer> {
    let fits = |layer: &&Layer| {
        let could_be = layer.id == "brotli" || (layer.magic)(bytes);
        could_be
            && decoded(layer, bytes, complete).is_some_and(|(plain, whole)| {
                let known = sniff(&Head::new(&plain, &[], whole, &layer.strip(name)));
                plain.len() >= DECODED_BYTES_MIN
                    && known.confidence >= CONFIDENCE_MIN
                    && !matches!(known.format.id, "unknown" | "empty")
            })
    };
    BARE.iter().find(fits)
}

/// What the head decodes to, and whether that is all; none if a fault comes first, or bytes are left over.
fn decoded(layer: &Layer, bytes: &[u8], complete: bool) -> Option<(Vec<u8>, bool)> {
    let mut rest = bytes;
    let mut plain = Vec::new();
    let read =
        (layer.decode)(&mut rest).and_then(|decoder| decoder.take(HEAD_BYTES as u64).read_to_end(&mut plain));
    match read {
        Ok(_) if plain.len() == HEAD_BYTES => Some((plain, false)),
        Ok(_) => (complete && rest.is_empty()).then_some((plain, true)),
        // The head ends within the stream.
        Err(error) => (!complete && error.kind() == io::ErrorKind::UnexpectedEof).then_some((plain, false)),
    }
}

/// Deflate with a window of at most 32 KiB, no dictionary, and a check that fits.
fn is_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [method, flags, ..] if method & 0x0f == 8 && method >> 4 <= 7 && flags & 0x20 == 0
        && (u16::from(*method) << 8 | u16::from(*flags)).is_multiple_of(31))
}

/// At the level that the header names, which is one of four.
fn encode_zlib(original: &[u8], mut plain: Content, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let level = [1, 3, 6, 9][usize::from(original.get(1).copied().unwrap_or(0x80) >> 6)];
    let mut encoder = flate2::write::ZlibEncoder::new(out, flate2::Compression::new(level));
    io::copy(&mut plain, &mut encoder)?;
    encoder.finish()?;
    Ok(())
}

type State = BrotliState<brotli::enc::StandardAlloc, brotli::enc::StandardAlloc, brotli::enc::StandardAlloc>;

/// Decodes brotli, taking no byte beyond the end of its stream; windows of over 16 MiB, which RFC 7932 does not know, are refused.
struct Brotli<'a> {
    input: &'a mut dyn BufRead,
    state: Box<State>,
    ended: bool,
}

fn decode_brotli<'a>(input: &'a mut dyn BufRead) -> io::Result<Box<dyn Read + 'a>> {
    let alloc = brotli::enc::StandardAlloc::default;
    let state = Box::new(BrotliState::new_strict(alloc(), alloc(), alloc()));
    Ok(Box::new(Brotli { input, state, ended: false }))
}

impl Read for Brotli<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ended || buffer.is_empty() {
            return Ok(0);
        }
        let (mut written, mut total) = (0, 0);
        loop {
            let input = self.input.fill_buf()?;
            let (mut left, mut taken, mut room) = (input.len(), 0, buffer.len() - written);
            let at_end = input.is_empty();
            let result = BrotliDecompressStream(
                &mut left,
                &mut taken,
                input,
                &mut room,
                &mut written,
                buffer,
                &mut total,
                &mut self.state,
            );
            self.input.consume(taken);
            match result {
                BrotliResult::ResultSuccess => {
                    self.ended = true;
                    return Ok(written);
                }
                BrotliResult::ResultFailure => return Err(io::ErrorKind::InvalidData.into()),
                _ if written > 0 => return Ok(written),
                BrotliResult::NeedsMoreInput if at_end => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ => {}
            }
        }
    }
}

/// As one stream with the original's window. A stream does not tell its quality: 9, where the time per byte is still small.
fn encode_brotli(original: &[u8], mut plain: Content, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let params = BrotliEncoderParams {
        quality: 9,
        lgwin: window_bits(original.first().copied().unwrap_or_default()),
        size_hint: usize::try_from(plain.len()).unwrap_or_default(),
        ..BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut plain, &mut { out }, &params)?;
    Ok(())
}

/// Bits of the window that a stream's first byte tells (RFC 7932 §9.1).
fn window_bits(first: u8) -> i32 {
    match (first & 1, first >> 1 & 7, first >> 4 & 7) {
        (0, ..) => 16,
        (_, 0, 0) => 17,
        (_, 0, n) if n >= 2 => 8 + i32::from(n),
        (_, 0, _) => 22,
        (_, n, _) => 17 + i32::from(n),
    }
}
