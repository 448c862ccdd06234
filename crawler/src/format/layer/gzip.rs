//! Puts a gzip layer back, on as many threads as there are processors.
//!
//! Compressing is what a rewrite of gzipped text spends its time on. The text is cut into blocks of one size, each is deflated on
//! its own and ends on a byte (a sync flush), and all of them make up one member: the same bytes whatever the number of threads.

use std::io::{self, Read, Write};
use std::thread;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc, GzHeader};

use crate::content::Content;

/// Bytes deflated on their own. What a block costs, having no text before it to refer to, is less than one in a hundred.
const BLOCK_BYTES: u64 = 2 << 20;
/// Blocks deflated at once, at most: two buffers of this many blocks are held.
const THREADS_MAX: usize = 8;

/// As a gzip member with the original's first header (RFC 1952 §2.3): its name, comment, time and system, and the level that its
/// XFL tells.
pub(super) fn encode(original: &[u8], plain: Content, out: &mut (dyn Write + Send)) -> io::Result<()> {
    encode_blocks(original, plain, BLOCK_BYTES, out)
}

fn encode_blocks(
    original: &[u8],
    mut plain: Content,
    block_bytes: u64,
    out: &mut (dyn Write + Send),
) -> io::Result<()> {
    let mut decoder = flate2::bufread::GzDecoder::new(original);
    // A header that cannot be read has been read before: it is longer than what we look at. Then plain settings do.
    let _ = decoder.read(&mut [0]);
    let (level, extra_flags) = match original.get(8) {
        Some(2) => (Compression::best(), 2),
        Some(4) => (Compression::fast(), 4),
        _ => (Compression::default(), 0),
    };
    out.write_all(&header(decoder.header(), extra_flags))?;
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let (mut crc, mut left) = (Crc::new(), plain.len());
    loop {
        let mut blocks = Vec::new();
        while blocks.len() < threads && (left > 0 || blocks.is_empty()) {
            let mut block = Vec::with_capacity(left.min(block_bytes) as usize);
            plain.by_ref().take(block_bytes).read_to_end(&mut block)?;
            if block.is_empty() && left > 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            crc.update(&block);
            left -= block.len() as u64;
            blocks.push((block, left == 0));
        }
        for deflated in deflate_all(&blocks, level)? {
            out.write_all(&deflated)?;
        }
        if left == 0 {
            break;
        }
    }
    out.write_all(&crc.sum().to_le_bytes())?;
    out.write_all(&crc.amount().to_le_bytes())
}

/// The name and the comment in a header (RFC 1952 §2.3.1, FNAME and FCOMMENT).
pub(super) fn texts(stored: &[u8]) -> Vec<String> {
    let mut decoder = flate2::bufread::GzDecoder::new(stored);
    // Reads the header; what the stream holds is no matter here.
    let _ = decoder.read(&mut [0]);
    let texts = decoder.header().map(|header| [header.filename(), header.comment()]);
    texts.into_iter().flatten().flatten().map(|text| String::from_utf8_lossy(text).into_owned()).collect()
}

/// The fixed part of a header alone.
pub(super) fn bare(stored: &[u8]) -> Vec<u8> {
    let mut fixed = stored[..stored.len().min(10)].to_vec();
    fixed.iter_mut().skip(3).take(1).for_each(|flags| *flags = 0);
    fixed
}

/// Ten bytes, then name and comment, each ended by a zero.
fn header(original: Option<&GzHeader>, extra_flags: u8) -> Vec<u8> {
    let name = original.and_then(GzHeader::filename);
    let comment = original.and_then(GzHeader::comment);
    let flags = u8::from(name.is_some()) << 3 | u8::from(comment.is_some()) << 4;
    let mut header = vec![0x1f, 0x8b, 8, flags];
    header.extend(original.map_or(0, GzHeader::mtime).to_le_bytes());
    header.extend([extra_flags, original.map_or(255, GzHeader::operating_system)]);
    for text in [name, comment].into_iter().flatten() {
        header.extend_from_slice(text);
        header.push(0);
    }
    header
}

fn deflate_all(blocks: &[(Vec<u8>, bool)], level: Compression) -> io::Result<Vec<Vec<u8>>> {
    if let [(block, is_last)] = blocks {
        return Ok(vec![deflate(block, *is_last, level)?]);
    }
    thread::scope(|scope| {
        let started: Vec<_> = blocks
            .iter()
            .map(|(block, is_last)| scope.spawn(move || deflate(block, *is_last, level)))
            .collect();
        let ended = started.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread that compresses ended early")))
        });
        ended.collect()
    })
}

fn deflate(block: &[u8], is_last: bool, level: Compression) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(block.len() / 4), level);
    encoder.write_all(block)?;
    if is_last {
        return encoder.finish();
    }
    encoder.flush()?; // a sync flush: the next block begins on a byte
    Ok(std::mem::take(encoder.get_mut()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(len: usize) -> Vec<u8> {
        let mut seed = 7_u64;
        let mut text = Vec::new();
        while text.len() < len {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.extend(format!("{{\"row\":{},\"n\":{}}}\n", text.len(), seed >> 44).bytes());
        }
        text.truncate(len);
        text
    }

    #[test]
    fn many_blocks_are_one_member_with_the_header_that_was() {
        let block = 64 << 10;
        for len in [0, 1, block - 1, block, block + 1, 9 * block + 77] {
            let text = text(len);
            let mut original = flate2::GzBuilder::new()
                .filename("a.ndjson")
                .comment("daily")
                .mtime(1_700_000_000)
                .operating_system(3)
                .write(Vec::new(), Compression::default());
            original.write_all(&text).unwrap();
            let original = original.finish().unwrap();
            let mut again = Vec::new();
            encode_blocks(&original, text.clone().into(), block as u64, &mut again).unwrap();
            let mut decoder = flate2::bufread::GzDecoder::new(&again[..]);
            let mut read = Vec::new();
            decoder.read_to_end(&mut read).unwrap();
            assert!(read == text, "{len} bytes");
            let header = decoder.header().unwrap();
            assert_eq!((header.filename(), header.comment()), (Some(&b"a.ndjson"[..]), Some(&b"daily"[..])));
            assert_eq!((header.mtime(), header.operating_system()), (1_700_000_000, 3));
            assert!(decoder.into_inner().is_empty(), "one member and nothing after it");
            assert!(again.len() <= original.len() * 104 / 100 + 16, "{} of {}", again.len(), original.len());
        }
    }
}
