//! Codecs of pages, for those that the rewrite compresses itself; other codecs are left to the `parquet` crate.

use std::io::{Read, Write};

use parquet::basic::Compression;
use parquet::errors::{ParquetError, Result};

/// Largest page that is decoded here. Writers aim at 1 MiB; some put a whole column chunk into one page.
const PAGE_BYTES_MAX: usize = 512 << 20;
/// Snappy and LZ4 cannot shrink more than this, so a small page cannot ask for much memory.
const RATIO_MAX: usize = 256;
/// The zstd library's own default: a file does not tell its level.
const ZSTD_LEVEL: i32 = 3;

fn damaged() -> ParquetError {
    ParquetError::General("a page cannot be decompressed".into())
}

/// Whether pages of this codec can be decoded and encoded here.
pub(super) fn is_known(codec: Compression) -> bool {
    matches!(
        codec,
        Compression::UNCOMPRESSED
            | Compression::SNAPPY
            | Compression::GZIP(_)
            | Compression::ZSTD(_)
            | Compression::LZ4_RAW
    )
}

/// The bytes of a page, which has to have `len` of them.
pub(super) fn decompress(codec: Compression, bytes: &[u8], len: usize) -> Result<Vec<u8>> {
    if len > PAGE_BYTES_MAX {
        return Err(ParquetError::NYI("pages of this size".into()));
    }
    let fits = |out: Vec<u8>| if out.len() == len { Ok(out) } else { Err(damaged()) };
    if len == 0 {
        return Ok(Vec::new());
    }
    match codec {
        Compression::UNCOMPRESSED => fits(bytes.to_vec()),
        Compression::SNAPPY => {
            if snap::raw::decompress_len(bytes).ok() != Some(len) || len / RATIO_MAX > bytes.len() {
                return Err(damaged());
            }
            snap::raw::Decoder::new().decompress_vec(bytes).map_err(|_| damaged()).and_then(fits)
        }
        Compression::LZ4_RAW => {
            if len / RATIO_MAX > bytes.len() {
                return Err(damaged());
            }
            lz4_flex::block::decompress(bytes, len).map_err(|_| damaged()).and_then(fits)
        }
        Compression::GZIP(_) => read(&mut flate2::read::MultiGzDecoder::new(bytes), len).and_then(fits),
        Compression::ZSTD(_) => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes).map_err(|_| damaged())?;
            read(&mut decoder, len).and_then(fits)
        }
        _ => Err(ParquetError::NYI("a codec".into())),
    }
}

fn read(reader: &mut dyn Read, len: usize) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(len.min(4 << 20));
    reader.take(len as u64 + 1).read_to_end(&mut out).map_err(|_| damaged())?;
    Ok(out)
}

/// The page compressed.
pub(super) fn compress(codec: Compression, bytes: &[u8]) -> Result<Vec<u8>> {
    let failed = |_| ParquetError::General("a page cannot be compressed".into());
    Ok(match codec {
        Compression::UNCOMPRESSED => bytes.to_vec(),
        Compression::SNAPPY => {
            let failed = |_| ParquetError::General("a page cannot be compressed".into());
            snap::raw::Encoder::new().compress_vec(bytes).map_err(failed)?
        }
        Compression::LZ4_RAW => lz4_flex::block::compress(bytes),
        Compression::GZIP(_) => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(failed)?
        }
        Compression::ZSTD(_) => zstd::bulk::compress(bytes, ZSTD_LEVEL).map_err(failed)?,
        _ => return Err(ParquetError::NYI("a codec".into())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_codec_gives_back_what_it_got() {
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(|value| (value / 7).to_le_bytes()).collect();
        for codec in [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::GZIP(Default::default()),
            Compression::ZSTD(Default::default()),
            Compression::LZ4_RAW,
        ] {
            assert!(is_known(codec));
            for part in [&bytes[..], &bytes[..1], &[]] {
                let packed = compress(codec, part).unwrap();
                assert_eq!(decompress(codec, &packed, part.len()).unwrap(), part, "{codec:?}");
                assert!(decompress(codec, &packed, part.len() + 1).is_err());
            }
            if codec != Compression::UNCOMPRESSED {
                assert!(decompress(codec, &[7; 9], 300).is_err());
                assert!(decompress(codec, &[0xff, 0xff, 0xff, 0x7f], 0x0fff_ffff).is_err());
            }
        }
    }
}
