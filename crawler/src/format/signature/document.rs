//! Documents other than text, mail stores, and what systems and tools keep their own things in.

use super::ole;
use super::{Signature, begins, has, holds, is_binary, u16_be, u32_be, u32_le};
use crate::format::Head;

const OFFICE: &str = "office";
const SYSTEM: &str = "system";

/// Signatures of documents.
pub(super) static SIGNATURES: &[Signature] = &[
    begins("pdf", "application/pdf", b"%PDF-"),
    begins("pdf", "application/pdf", b"").and(|head| {
        holds(head, 1024, b"%PDF-1.")
            && !has(head, 0, b"%!PS")
            && memchr::memmem::find(head.tail, b"%%EOF").is_some()
    }),
    begins("postscript", "application/postscript", b"%!PS-Adobe").and(|head| !has(head, 10, b"Font")),
    begins("postscript", "application/postscript", b"%!\n"),
    begins("postscript", "application/postscript", b"%!PS\n"),
    begins("postscript", "application/postscript", b"\xc5\xd0\xd3\xc6"),
    begins("rtf", "application/rtf", b"{\\rtf"),
    begins(OFFICE, "application/msword", ole::MAGIC).and(|head| ole::is(head, ole::Kind::Word)),
    begins(OFFICE, "application/vnd.ms-excel", ole::MAGIC).and(|head| ole::is(head, ole::Kind::Excel)),
    begins(OFFICE, "application/vnd.ms-powerpoint", ole::MAGIC)
        .and(|head| ole::is(head, ole::Kind::PowerPoint)),
    begins(OFFICE, "application/vnd.ms-outlook", ole::MAGIC).and(|head| ole::is(head, ole::Kind::Message)),
    begins(OFFICE, "application/vnd.visio", ole::MAGIC).and(|head| ole::is(head, ole::Kind::Visio)),
    begins(OFFICE, "application/vnd.ms-project", ole::MAGIC).and(|head| ole::is(head, ole::Kind::Project)),
    begins(OFFICE, "application/vnd.ms-publisher", ole::MAGIC)
        .and(|head| ole::is(head, ole::Kind::Publisher)),
    begins(OFFICE, "application/vnd.ms-works", ole::MAGIC).and(|head| ole::is(head, ole::Kind::Works)),
    begins(OFFICE, "application/x-hwp", ole::MAGIC).and(|head| ole::is(head, ole::Kind::Hangul)),
    // An encrypted package tells nothing of what is in it but by its name.
    begins(OFFICE, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ole::MAGIC)
        .and(|head| ole::is(head, ole::Kind::Encrypted) && head.is_named(&["xlsx", "xlsm", "xls"])),
    begins(OFFICE, "application/vnd.openxmlformats-officedocument.presentationml.presentation", ole::MAGIC)
        .and(|head| ole::is(head, ole::Kind::Encrypted) && head.is_named(&["pptx", "pptm", "ppt"])),
    begins(OFFICE, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ole::MAGIC)
        .and(|head| ole::is(head, ole::Kind::Encrypted) && head.is_named(&["docx", "docm", "doc"])),
    begins(OFFICE, "application/x-ole-storage", ole::MAGIC).and(|head| ole::is(head, ole::Kind::Encrypted)),
    begins("program", "application/x-msi", ole::MAGIC).and(|head| ole::is(head, ole::Kind::Installer)),
    begins("ole", "application/x-ole-storage", ole::MAGIC),
    // Sheets of Excel before version 5 stand without a container.
    begins(OFFICE, "application/vnd.ms-excel", b"\x09\0\x04\0")
        .and(|head| matches!(head.bytes.get(6), Some(0x10 | 0x20 | 0x40))),
    begins(OFFICE, "application/vnd.ms-excel", b"\x09\x02\x06\0"),
    begins(OFFICE, "application/vnd.ms-excel", b"\x09\x04\x06\0"),
    begins(OFFICE, "application/msword", b"\xdb\xa5-\0"),
    begins(OFFICE, "application/msword", b"\xfe\x37\0\x23"),
    begins(OFFICE, "application/vnd.lotus-1-2-3", b"\0\0\x02\0\x04\x04\x06\0"),
    begins(OFFICE, "application/vnd.lotus-1-2-3", b"\0\0\x02\0\x06\x04\x06\0"),
    begins(OFFICE, "application/vnd.lotus-1-2-3", b"\0\0\x1a\0")
        .and(|head| matches!(head.bytes.get(5), Some(0x10))),
    begins(OFFICE, "application/x-quattro-pro", b"\0\0\x02\0").and(|head| {
        matches!(head.bytes.get(4..6), Some([0x01 | 0x02 | 0x06 | 0x07 | 0x20 | 0x21, 0x10 | 0x51]))
    }),
    begins(OFFICE, "application/vnd.wordperfect", b"\xffWPC"),
    begins(OFFICE, "application/x-mswrite", b"\x31\xbe\0\0\0\xab"),
    begins(OFFICE, "application/x-mswrite", b"\x32\xbe\0\0\0\xab"),
    begins(
        OFFICE,
        "application/onenote",
        b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3",
    ),
    begins(
        OFFICE,
        "application/onenote",
        b"\xa1\x2f\xff\x43\xd9\xef\x76\x4c\x9e\xe2\x10\xea\x57\x22\x76\x5f",
    ),
    begins(OFFICE, "application/x-hwp", b"HWP Document File"),
    begins("ebook", "application/x-mobipocket-ebook", b"BOOKMOBI").at(60),
    begins("ebook", "application/x-mobipocket-ebook", b"TEXtREAd").at(60),
    begins("ebook", "application/x-ms-reader", b"ITOLITLS"),
    begins("ebook", "application/x-sony-bbeb", b"L\0R\0F\0"),
    begins("ebook", "application/vnd.ms-htmlhelp", b"ITSF\x03\0\0\0"),
    begins("mail_store", "application/vnd.ms-outlook-pst", b"!BDN"),
    begins("mail_store", "application/vnd.ms-tnef", b"\x78\x9f\x3e\x22"),
    begins(SYSTEM, "application/x-bplist", b"bplist0"),
    begins(SYSTEM, "application/x-gettext-translation", b"\xde\x12\x04\x95"),
    begins(SYSTEM, "application/x-gettext-translation", b"\x95\x04\x12\xde"),
    begins(SYSTEM, "application/tzif", b"TZif"),
    begins(SYSTEM, "application/x-git-pack", b"PACK\0\0\0\x02"),
    begins(SYSTEM, "application/x-git-index", b"DIRC\0\0\0"),
    begins(SYSTEM, "application/x-ms-shortcut", b"\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"),
    begins(SYSTEM, "application/x-ms-evtx", b"ElfFile\0"),
    begins(SYSTEM, "application/x-ms-registry", b"regf").and(is_binary),
    begins(SYSTEM, "application/x-java-serialized-object", b"\xac\xed\0\x05"),
    begins(SYSTEM, "application/x-java-keystore", b"\xfe\xed\xfe\xed\0\0\0"),
    begins(SYSTEM, "application/x-java-jce-keystore", b"\xce\xce\xce\xce\0\0\0"),
    begins(SYSTEM, "application/x-dvi", b"\xf7\x02\x01\x83\x92\xc0"),
    begins(SYSTEM, "application/x-bittorrent", b"d8:announce"),
    begins(SYSTEM, "application/x-winhelp", b"\x3f\x5f\x03\0"),
    begins(SYSTEM, "application/vnd.iccprofile", b"acsp").at(36),
    begins(SYSTEM, "model/stl", b"").and(is_stl),
    begins(SYSTEM, "model/gltf-binary", b"glTF").and(|head| matches!(u32_le(head, 4), Some(1 | 2))),
    begins(SYSTEM, "application/x-blender", b"BLENDER").and(is_binary),
    begins(SYSTEM, "application/vnd.sketchup.skp", b"\xff\xfe\xff\x0eS\0k\0e\0t\0c\0h\0U\0p\0"),
    begins(
        SYSTEM,
        "application/x-indesign",
        b"\x06\x06\xed\xf5\xd8\x1d\x46\xe5\xbd\x31\xef\xe7\xfe\x74\xb7\x1d",
    ),
    begins(SYSTEM, "application/x-keepass", b"\x03\xd9\xa2\x9a"),
    begins("key", "application/pkcs7-mime", b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"),
    begins("key", "application/pkcs7-mime", b"\x30").and(is_pkcs7),
    begins("key", "application/pkcs12", b"\x30\x82")
        .and(|head| has(head, 4, b"\x02\x01\x03\x30") && is_der(head)),
    begins("key", "application/pkix-cert", b"\x30\x82")
        .and(|head| has(head, 4, b"\x30\x82") && is_der(head) && is_binary(head))
        .weak(0.85),
];

/// As long as its outermost element says (X.690 §8.1.3).
fn is_der(head: &Head<'_>) -> bool {
    let length = usize::from(u16_be(head, 2).unwrap_or_default()) + 4;
    if head.complete { (length..length + 4).contains(&head.bytes.len()) } else { length > head.bytes.len() }
}

/// A sequence whose first element is an object id of PKCS #7.
fn is_pkcs7(head: &Head<'_>) -> bool {
    (2..6).any(|at| has(head, at, b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"))
}

/// Eighty bytes of anything, a number of triangles, and no more than those.
fn is_stl(head: &Head<'_>) -> bool {
    let count = u32_le(head, 80).unwrap_or_default() as usize;
    head.complete
        && is_binary(head)
        && count > 0
        && count.checked_mul(50).is_some_and(|body| body + 84 == head.bytes.len())
        && u32_be(head, 0) != Some(0)
}
