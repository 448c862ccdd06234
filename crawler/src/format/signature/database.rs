//! Files of databases, which hold tables that nothing here reads.

use super::{Signature, begins, has, is_binary, u16_le, u32_be, u32_le};
use crate::format::Head;

/// Signatures of databases.
pub(super) static SIGNATURES: &[Signature] = &[
    begins("access", "application/x-msaccess", b"\0\x01\0\0Standard Jet DB"),
    begins("access", "application/x-msaccess", b"\0\x01\0\0Standard ACE DB"),
    begins("duckdb", "application/x-duckdb", b"DUCK").at(8),
    begins("shapefile", "application/vnd.shx", b"\0\0\x27\x0a")
        .and(|head| is_shape(head) && head.is_named(&["shx"])),
    begins("shapefile", "application/vnd.shp", b"\0\0\x27\x0a").and(is_shape),
    begins("flatgeobuf", "application/flatgeobuf", b"fgb\x03fgb"),
    begins("database", "application/x-postgresql-dump", b"PGDMP").and(is_binary),
    begins("database", "application/x-redis-dump", b"REDIS0"),
    begins("database", "application/x-berkeley-db", b"").and(is_berkeley),
    begins("database", "application/x-gdbm", b"\xce\x9a\x57\x13"),
    begins("database", "application/x-gdbm", b"\xcf\x9a\x57\x13"),
    begins("database", "application/x-lmdb", b"\xde\xc0\xef\xbe").at(16),
    begins("database", "application/x-mysql-myisam-index", b"\xfe\xfe\x07").and(is_binary),
    begins("database", "application/x-mysql-table-definition", b"\xfe\x01")
        .and(|head| matches!(head.bytes.get(2), Some(6..=12)) && head.is_named(&["frm"])),
    begins("database", "application/x-mssql-backup", b"TAPE\0\0").and(is_binary),
    begins("database", "application/x-tableau-hyper", b"HyPe").and(is_binary),
    begins("database", "application/x-sqlite-wal", b"\x37\x7f\x06\x82"),
    begins("database", "application/x-sqlite-wal", b"\x37\x7f\x06\x83"),
    begins("database", "application/x-sqlite-journal", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"),
    // Tables of LevelDB and RocksDB end in their magic number.
    begins("database", "application/x-sstable", b"")
        .and(|head| head.tail.ends_with(b"\x57\xfb\x80\x8b\x24\x75\x47\xdb")),
    begins("database", "application/x-sstable", b"")
        .and(|head| head.tail.ends_with(b"\xf7\xcf\xf4\x85\xb7\x41\xe2\x88")),
    begins("lance", "application/x-lance", b"").and(|head| head.tail.ends_with(b"LANC")),
    begins("database", "application/x-hfile", b"DATABLK*").and(is_binary),
    begins("database", "application/x-hfile", b"METABLKc").and(is_binary),
    begins("dbf", "application/vnd.dbf", b"").and(is_dbf).weak(0.9),
];

fn is_shape(head: &Head<'_>) -> bool {
    u32_le(head, 28) == Some(1000)
}

/// Berkeley DB: the magic number of a B-tree, hash or queue, in either byte order.
fn is_berkeley(head: &Head<'_>) -> bool {
    const MAGICS: [u32; 4] = [0x0005_3162, 0x0006_1561, 0x0004_2253, 0x0004_0988];
    [u32_le(head, 12), u32_be(head, 12)].into_iter().flatten().any(|magic| MAGICS.contains(&magic))
        || u32_be(head, 0) == Some(0x0006_1561)
        || u32_le(head, 0) == Some(0x0006_1561)
}

/// A version, a date, and a header that is as long as its fields make it and ends in a carriage return (dBase III to 7, FoxPro).
fn is_dbf(head: &Head<'_>) -> bool {
    let version = matches!(
        head.bytes.first(),
        Some(
            0x02..=0x05
            | 0x07
            | 0x30..=0x32
            | 0x43
            | 0x63
            | 0x83
            | 0x87
            | 0x8b
            | 0x8c
            | 0x8e
            | 0xcb
            | 0xf5
            | 0xfb,
        )
    );
    let date = matches!(head.bytes.get(2..4), Some([0..=12, 0..=31]));
    let (header, record) = (u16_le(head, 8).unwrap_or_default(), u16_le(head, 10).unwrap_or_default());
    let end = usize::from(header);
    let ended = |back: &usize| {
        end > 64 && end.checked_sub(*back).and_then(|place| head.bytes.get(place)) == Some(&0x0d)
    };
    let ended = [1, 2, 264].iter().any(ended);
    let typed = head.bytes.get(43).is_some_and(u8::is_ascii_uppercase) || has(head, 68 + 11, b"C");
    version && date && record > 0 && ended && typed
}
