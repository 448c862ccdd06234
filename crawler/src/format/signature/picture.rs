//! Pictures, still ones; moving ones are in `media`.

use super::{Signature, begins, has, holds, is_binary, u16_le, u32_be, u32_le};
use crate::format::Head;

const IMAGE: &str = "image";

/// Signatures of pictures.
pub(super) static SIGNATURES: &[Signature] = &[
    begins(IMAGE, "image/png", b"\x89PNG\r\n\x1a\n"),
    begins(IMAGE, "image/jls", b"\xff\xd8\xff\xf7"),
    begins(IMAGE, "image/jpeg", b"\xff\xd8\xff"),
    begins(IMAGE, "image/gif", b"GIF87a"),
    begins(IMAGE, "image/gif", b"GIF89a"),
    begins(IMAGE, "image/webp", b"RIFF").and(|head| has(head, 8, b"WEBP")),
    // Raw pictures of cameras are TIFF with a sign of their own, or with none but their name.
    begins(IMAGE, "image/x-canon-cr2", b"II*\0").and(|head| has(head, 8, b"CR\x02")),
    begins(IMAGE, "image/x-nikon-nef", b"MM\0*").and(|head| head.is_named(&["nef", "nrw"])),
    begins(IMAGE, "image/x-nikon-nef", b"II*\0").and(|head| head.is_named(&["nef", "nrw"])),
    begins(IMAGE, "image/x-adobe-dng", b"II*\0").and(|head| head.is_named(&["dng"])),
    begins(IMAGE, "image/x-adobe-dng", b"MM\0*").and(|head| head.is_named(&["dng"])),
    begins(IMAGE, "image/x-sony-arw", b"II*\0").and(|head| head.is_named(&["arw"])),
    begins(IMAGE, "image/tiff", b"II*\0"),
    begins(IMAGE, "image/tiff", b"MM\0*"),
    begins(IMAGE, "image/tiff", b"II+\0\x08\0\0\0"),
    begins(IMAGE, "image/tiff", b"MM\0+\0\x08\0\0"),
    begins(IMAGE, "image/x-olympus-orf", b"IIRO\x08"),
    begins(IMAGE, "image/x-olympus-orf", b"IIRS\x08"),
    begins(IMAGE, "image/x-panasonic-rw2", b"IIU\0"),
    begins(IMAGE, "image/x-fuji-raf", b"FUJIFILMCCD-RAW"),
    begins(IMAGE, "image/jxr", b"II\xbc"),
    begins(IMAGE, "image/bmp", b"BM").and(is_bmp),
    begins(IMAGE, "image/vnd.microsoft.icon", b"\0\0\x01\0").and(is_icon),
    begins(IMAGE, "image/x-win-bitmap", b"\0\0\x02\0").and(is_icon),
    begins(IMAGE, "image/vnd.adobe.photoshop", b"8BPS\0\x01"),
    begins(IMAGE, "image/vnd.adobe.photoshop", b"8BPS\0\x02"),
    begins(IMAGE, "image/jxl", b"\0\0\0\x0cJXL \r\n\x87\n"),
    begins(IMAGE, "image/jxl", b"\xff\x0a").and(is_binary),
    begins(IMAGE, "image/jpx", b"\0\0\0\x0cjP  \r\n\x87\n").and(|head| has(head, 20, b"jpx ")),
    begins(IMAGE, "image/jpm", b"\0\0\0\x0cjP  \r\n\x87\n").and(|head| has(head, 20, b"jpm ")),
    begins("video", "video/mj2", b"\0\0\0\x0cjP  \r\n\x87\n").and(|head| has(head, 20, b"mjp2")),
    begins(IMAGE, "image/jp2", b"\0\0\0\x0cjP  \r\n\x87\n"),
    begins(IMAGE, "image/j2c", b"\xff\x4f\xff\x51"),
    begins(IMAGE, "image/avif", b"ftyp").at(4).and(|head| is_brand(head, &[b"avif", b"avis"])),
    begins(IMAGE, "image/heic", b"ftyp").at(4).and(|head| {
        is_brand(head, &[b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"])
    }),
    begins(IMAGE, "image/heif", b"ftyp").at(4).and(|head| is_brand(head, &[b"mif1", b"msf1", b"mif2"])),
    begins(IMAGE, "image/x-canon-cr3", b"ftypcrx ").at(4),
    begins(IMAGE, "image/x-icns", b"icns").and(is_binary),
    begins(IMAGE, "image/vnd.ms-dds", b"DDS \x7c\0\0\0"),
    begins(IMAGE, "image/x-exr", b"\x76\x2f\x31\x01"),
    begins(IMAGE, "image/vnd.radiance", b"#?RADIANCE\n"),
    begins(IMAGE, "image/vnd.radiance", b"#?RGBE\n"),
    begins(IMAGE, "image/x-xcf", b"gimp xcf "),
    begins(IMAGE, "image/bpg", b"BPG\xfb"),
    begins(IMAGE, "image/ktx", b"\xabKTX 11\xbb\r\n\x1a\n"),
    begins(IMAGE, "image/ktx2", b"\xabKTX 20\xbb\r\n\x1a\n"),
    begins(IMAGE, "image/x-qoi", b"qoif").and(is_binary),
    begins(IMAGE, "image/x-flif", b"FLIF").and(is_binary),
    begins(IMAGE, "image/wmf", b"\xd7\xcd\xc6\x9a"),
    begins(IMAGE, "image/wmf", b"\x01\0\x09\0\0\x03").and(|head| head.is_named(&["wmf"])),
    begins(IMAGE, "image/emf", b"\x01\0\0\0").and(|head| has(head, 40, b" EMF")),
    begins(IMAGE, "image/vnd.djvu", b"AT&TFORM"),
    begins(IMAGE, "image/vnd.dwg", b"AC10").and(is_binary),
    begins(IMAGE, "image/vnd.zbrush.pcx", b"\x0a").and(is_pcx),
    begins(IMAGE, "image/x-sun-raster", b"\x59\xa6\x6a\x95"),
    begins(IMAGE, "image/x-sgi", b"\x01\xda")
        .and(|head| matches!(head.bytes, [_, _, 0 | 1, 1 | 2, 0, 1..=3, ..])),
    begins(IMAGE, "image/x-xpixmap", b"/* XPM */"),
    begins(IMAGE, "image/x-xbitmap", b"#define ").and(|head| {
        holds(head, 256, b"_width ") && holds(head, 512, b"_height ") && holds(head, 1024, b"_bits[]")
    }),
    begins(IMAGE, "image/x-portable-bitmap", b"P1").and(is_portable),
    begins(IMAGE, "image/x-portable-graymap", b"P2").and(is_portable),
    begins(IMAGE, "image/x-portable-pixmap", b"P3").and(is_portable),
    begins(IMAGE, "image/x-portable-bitmap", b"P4").and(is_portable),
    begins(IMAGE, "image/x-portable-graymap", b"P5").and(is_portable),
    begins(IMAGE, "image/x-portable-pixmap", b"P6").and(is_portable),
    begins(IMAGE, "image/x-portable-arbitrarymap", b"P7\n").and(|head| holds(head, 256, b"\nWIDTH ")),
    begins(IMAGE, "image/x-mie", b"~\x10\x04").and(|head| has(head, 4, b"0MIE")),
    begins(IMAGE, "image/x-mie", b"~\x18\x04").and(|head| has(head, 4, b"0MIE")),
    begins(IMAGE, "image/x-xwindowdump", b"\0\0\0").and(|head| {
        has(head, 4, b"\0\0\0\x07")
            && u32_be(head, 0).is_some_and(|len| (100..4096).contains(&len))
            && u32_be(head, 8) == Some(2)
    }),
    begins(IMAGE, "image/x-tga", b"").and(|head| head.tail.ends_with(b"TRUEVISION-XFILE.\0")),
    begins(IMAGE, "image/x-award-bioslogo", b"AWBM"),
];

/// A header of one of the known lengths follows, and no reserved byte is set.
fn is_bmp(head: &Head<'_>) -> bool {
    let header = u32_le(head, 14);
    let known = matches!(header, Some(12 | 40 | 52 | 56 | 64 | 108 | 124));
    known && u32_le(head, 10).is_some_and(|start| (26..1 << 20).contains(&start))
}

/// A few entries whose reserved bytes are zero and whose pictures lie behind the directory.
fn is_icon(head: &Head<'_>) -> bool {
    let count = u16_le(head, 4).unwrap_or_default();
    let place = u32_le(head, 18).unwrap_or_default();
    (1..=256).contains(&count)
        && head.bytes.get(9) == Some(&0)
        && place as usize == 6 + 16 * usize::from(count)
        || (1..=64).contains(&count) && head.bytes.get(9) == Some(&0) && (22..1 << 20).contains(&place)
}

fn is_pcx(head: &Head<'_>) -> bool {
    matches!(head.bytes, [_, 0 | 2..=5, 0 | 1, 1 | 2 | 4 | 8, ..])
        && head.bytes.len() >= 128
        && is_binary(head)
        && head.bytes[74..128].iter().all(|byte| *byte == 0)
}

/// White space, then a width; comments may stand between.
fn is_portable(head: &Head<'_>) -> bool {
    let Some(rest) = head.bytes.get(2..) else {
        return false;
    };
    let mut rest = rest.trim_ascii_start();
    let spaced = rest.len() < head.bytes.len() - 2;
    while let Some(comment) = rest.strip_prefix(b"#") {
        let Some(end) = memchr::memchr(b'\n', comment) else {
            return false;
        };
        rest = comment[end..].trim_ascii_start();
    }
    let numbers = rest.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty()).take(2);
    let digits = |word: &&[u8]| word.len() <= 6 && word.iter().all(u8::is_ascii_digit);
    spaced && numbers.filter(digits).count() == 2
}

/// Whether a file of the ISO base media format (ISO/IEC 14496-12 §4.3) has one of these brands, the major one or a compatible one.
pub(super) fn is_brand(head: &Head<'_>, brands: &[&[u8; 4]]) -> bool {
    let length = u32_be(head, 0).unwrap_or_default() as usize;
    let Some(brand) = head.bytes.get(8..12) else {
        return false;
    };
    let is_one = |brand: &[u8]| brands.iter().any(|known| brand == known.as_slice());
    // Still pictures may name their coding only among the compatible brands.
    let generic = matches!(brand, b"mif1" | b"msf1");
    let compatible = head.bytes.get(16..length.min(256)).unwrap_or_default();
    is_one(brand) || generic && compatible.chunks_exact(4).any(is_one)
}
