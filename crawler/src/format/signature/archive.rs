//! Archives and encodings that are not opened.

use super::{Signature, begins, has, is_binary, u32_le};

const ARCHIVE: &str = "archive";
const COMPRESSED: &str = "compressed";

/// Signatures of archives.
pub(super) static SIGNATURES: &[Signature] = &[
    begins(ARCHIVE, "application/x-7z-compressed", b"7z\xbc\xaf\x27\x1c"),
    begins(ARCHIVE, "application/vnd.rar", b"Rar!\x1a\x07"),
    begins(ARCHIVE, "application/vnd.rar", b"RE\x7e\x5e"),
    begins(ARCHIVE, "application/vnd.ms-cab-compressed", b"MSCF\0\0\0\0"),
    begins(ARCHIVE, "application/x-installshield-cab", b"ISc(").and(is_binary),
    begins(ARCHIVE, "application/vnd.debian.binary-package", b"!<arch>\ndebian-binary"),
    begins(ARCHIVE, "application/x-archive", b"!<arch>\n"),
    begins(ARCHIVE, "application/x-rpm", b"\xed\xab\xee\xdb"),
    begins(ARCHIVE, "application/x-rpm", b"drpm"),
    begins(ARCHIVE, "application/x-cpio", b"070701"),
    begins(ARCHIVE, "application/x-cpio", b"070702"),
    begins(ARCHIVE, "application/x-cpio", b"070707"),
    begins(ARCHIVE, "application/x-cpio", b"\xc7\x71").and(is_binary),
    begins(ARCHIVE, "application/x-cpio", b"\x71\xc7").and(is_binary),
    begins(ARCHIVE, "application/x-iso9660-image", b"CD001").at(32_769),
    begins(ARCHIVE, "application/x-arj", b"\x60\xea")
        .and(|head| is_binary(head) && matches!(head.bytes.get(4), Some(20..=60))),
    begins(ARCHIVE, "application/x-lzh-compressed", b"-lh").at(2).and(|head| has(head, 6, b"-")),
    begins(ARCHIVE, "application/x-lzh-compressed", b"-lz").at(2).and(|head| has(head, 6, b"-")),
    begins(ARCHIVE, "application/x-ace-compressed", b"**ACE**").at(7),
    begins(ARCHIVE, "application/x-zoo", b"\xdc\xa7\xc4\xfd").at(20),
    begins(ARCHIVE, "application/x-xar", b"xar!"),
    begins(ARCHIVE, "application/x-squashfs", b"hsqs").and(is_binary),
    begins(ARCHIVE, "application/x-google-chrome-extension", b"Cr24").and(is_binary),
    begins(ARCHIVE, "application/x-apple-diskimage", b"").and(|head| {
        head.tail.len() >= 512 && head.tail[head.tail.len() - 512..].starts_with(b"koly\0\0\0\x04")
    }),
    begins(ARCHIVE, "application/x-qemu-disk", b"QFI\xfb"),
    begins(ARCHIVE, "application/x-virtualbox-vdi", b"\x7f\x10\xda\xbe").at(64),
    begins(ARCHIVE, "application/x-vmdk", b"KDMV"),
    begins(ARCHIVE, "application/x-vhd", b"conectix"),
    begins(ARCHIVE, "application/x-vhdx", b"vhdxfile"),
    begins(ARCHIVE, "application/x-ms-wim", b"MSWIM\0\0\0"),
    begins(ARCHIVE, "application/x-unity-bundle", b"UnityFS\0"),
    begins(ARCHIVE, "application/x-par2", b"PAR2\0PKT"),
    begins(ARCHIVE, "application/x-stuffit", b"StuffIt (c)"),
    begins(ARCHIVE, "application/x-stuffit", b"SIT!\0"),
    begins(ARCHIVE, "application/x-asar", b"\x04\0\0\0")
        .and(|head| has(head, 16, b"{\"files\":") && u32_le(head, 4).is_some_and(|size| size > 8)),
    begins(ARCHIVE, "application/x-dump", b"\x6c\xea\0\0").at(24),
    begins(COMPRESSED, "application/x-compress", b"\x1f\x9d"),
    begins(COMPRESSED, "application/x-compress", b"\x1f\xa0"),
    begins(COMPRESSED, "application/x-pack", b"\x1f\x1e"),
    begins(COMPRESSED, "application/x-lzip", b"LZIP\x01"),
    begins(COMPRESSED, "application/x-lzip", b"LZIP\0"),
    begins(COMPRESSED, "application/x-lzma", b"\x5d\0\0").and(|head| {
        // A dictionary of a usual size, then a length that is unknown or small.
        is_binary(head)
            && matches!(head.bytes.get(3..5), Some([_, 0..=8]))
            && (has(head, 5, b"\xff\xff\xff\xff\xff\xff\xff\xff") || has(head, 9, b"\0\0\0\0"))
    }),
    begins(COMPRESSED, "application/x-lzop", b"\x89LZO\0\r\n\x1a\n"),
    begins(COMPRESSED, "application/x-lrzip", b"LRZI\0"),
    begins(COMPRESSED, "application/x-lz4", b"\x02\x21\x4c\x18"),
    begins(COMPRESSED, "application/x-rzip", b"RZIP\x02"),
    begins(COMPRESSED, "application/x-lzfse", b"bvx2"),
    begins(COMPRESSED, "application/x-lzfse", b"bvx-").and(is_binary),
    begins(COMPRESSED, "application/x-ms-compress-szdd", b"SZDD\x88\xf0\x27\x33"),
    begins(COMPRESSED, "application/x-ms-compress-kwaj", b"KWAJ\x88\xf0\x27\xd1"),
    begins(COMPRESSED, "application/x-kgz", b"KGB_arch"),
];
