//! The two older wrappings of LZMA: `.lzma`, a stream of its own (LZMA SDK, `lzma.txt`), and lzip (RFC draft-diaz-lzip).

use std::io::{self, BufRead, Read, Write};

use lzma_rust2::{LzipOptions, LzipWriter, LzmaOptions, LzmaReader, LzmaWriter};

use crate::content::Content;

/// What a dictionary may take in memory, in KiB: a header can ask for four gigabytes.
const MEMORY_KIB_MAX: u32 = 256 << 10;
/// Level 6, the reference's default; neither wrapping tells its level.
const LEVEL: u32 = 6;
/// Bytes of the header of `.lzma`: properties, dictionary, length.
const HEADER_BYTES: usize = 13;

/// Usual properties, a dictionary of a usual size, a length that is unknown or none that no file has, and the zero byte that
/// every range coder begins with.
pub(super) fn is_lzma(bytes: &[u8]) -> bool {
    let [0x5d, 0, 0, _, 0..=8, length @ .., first] = bytes.get(..HEADER_BYTES + 1).unwrap_or_default() else {
        return false;
    };
    let length = length.try_into().map_or(0, u64::from_le_bytes);
    let known = (1..1 << 48).contains(&length);
    *first == 0 && (known || length == u64::MAX)
}

/// Gives a byte at a time. The decoders take all that a read gives, and what they took beyond the end of a stream would be lost.
struct Sparing<'a>(&'a mut dyn BufRead);

impl Read for Sparing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let byte = self.0.fill_buf()?.first().copied();
        match (byte, buffer.first_mut()) {
            (Some(byte), Some(place)) => {
                *place = byte;
                self.0.consume(1);
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

pub(super) fn decode_lzma<'a>(input: &'a mut dyn BufRead) -> io::Result<Box<dyn Read + 'a>> {
    Ok(Box::new(LzmaReader::new_mem_limit(Sparing(input), MEMORY_KIB_MAX, None)?))
}

/// As one stream with the original's dictionary, and its length told where the original tells it.
pub(super) fn encode_lzma(
    original: &[u8],
    mut plain: Content,
    out: &mut (dyn Write + Send),
) -> io::Result<()> {
    let mut options = LzmaOptions::with_preset(LEVEL);
    let size = original.get(1..5).and_then(|size| size.try_into().ok()).map(u32::from_le_bytes);
    options.dict_size = size.unwrap_or(options.dict_size).clamp(1 << 12, MEMORY_KIB_MAX << 9);
    let length =
        original.get(5..HEADER_BYTES).is_some_and(|length| length != [0xff; 8]).then_some(plain.len());
    let mut encoder = LzmaWriter::new_use_header(out, &options, length)?;
    io::copy(&mut plain, &mut encoder)?;
    encoder.finish()?;
    Ok(())
}

/// Version 1 with a dictionary of 4 KiB and more, up to what may be held in memory.
pub(super) fn is_lzip(bytes: &[u8]) -> bool {
    matches!(bytes, [b'L', b'Z', b'I', b'P', 1, size, ..] if (12..=28).contains(&(size & 0x1f)))
}

/// One member: a header, a stream of LZMA with properties of its own, and a trailer that says what must have come out.
struct Member<'a> {
    stream: Option<LzmaReader<Sparing<'a>>>,
    checksum: flate2::Crc,
}

pub(super) fn decode_lzip<'a>(input: &'a mut dyn BufRead) -> io::Result<Box<dyn Read + 'a>> {
    let mut header = [0; 6];
    input.read_exact(&mut header)?;
    let stream = LzmaReader::new(Sparing(input), u64::MAX, 3, 0, 2, dictionary(header[5]), None)?;
    Ok(Box::new(Member { stream: Some(stream), checksum: flate2::Crc::new() }))
}

impl Read for Member<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(stream) = &mut self.stream else { return Ok(0) };
        let read = stream.read(buffer)?;
        self.checksum.update(&buffer[..read]);
        if read == 0
            && !buffer.is_empty()
            && let Some(stream) = self.stream.take()
        {
            // Checksum, length of the data, length of the member.
            let mut trailer = [0; 20];
            let mut input = stream.into_inner();
            for byte in &mut trailer {
                input.read_exact(std::slice::from_mut(byte))?;
            }
            let (sum, length) = (self.checksum.sum(), self.checksum.amount());
            let told = u64::from_le_bytes(trailer[4..12].try_into().map_err(io::Error::other)?);
            // flate2 counts modulo two to the power of 32.
            if trailer[..4] != sum.to_le_bytes() || told as u32 != length {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(read)
    }
}

/// The size of a dictionary by its code: a power of two less some sixteenths.
fn dictionary(code: u8) -> u32 {
    let base = 1_u32 << (code & 0x1f);
    base - (base >> 4) * u32::from(code >> 5)
}

/// As one member with the original's dictionary.
pub(super) fn encode_lzip(
    original: &[u8],
    mut plain: Content,
    out: &mut (dyn Write + Send),
) -> io::Result<()> {
    let mut options = LzipOptions::with_preset(LEVEL);
    if let Some(coded) = original.get(5) {
        options.lzma_options.dict_size = dictionary(*coded);
    }
    let mut encoder = LzipWriter::new(out, options);
    io::copy(&mut plain, &mut encoder)?;
    encoder.finish()?;
    Ok(())
}
