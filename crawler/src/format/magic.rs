//! Formats that are recorded by name: what `infer` knows by magic numbers, what has a plain signature of its own, and the two
//! ends of the table, nothing at all and anything else.
//!
//! A family (`image`) is one [`Format`]; which member of it some bytes are, their media type says. Nothing here reads content.

use catalog::model::Dialect;

use super::arrow::RowsFn;
use super::charset::Charset;
use super::{Format, Head, Sniff, signature};

type SniffFn = fn(&Head<'_>) -> Option<Sniff>;

/// A format known by name only.
pub(super) const fn named(
    id: &'static str,
    media_type: &'static str,
    extensions: &'static [&'static str],
    sniff: SniffFn,
) -> Format {
    Format {
        id,
        media_type,
        extensions,
        sniff,
        read: None,
        rows: RowsFn::Cells,
        locate: None,
        rewrite: None,
        container: None,
    }
}

pub(super) fn certain(is: bool, confidence: f32) -> Option<Sniff> {
    is.then(|| Sniff { confidence, dialect: Dialect::default() })
}

/// A magic number at the beginning.
pub(super) fn begins(head: &Head<'_>, magic: &[u8]) -> Option<Sniff> {
    certain(head.bytes.starts_with(magic), 0.96)
}

/// What carries a signature of a format.
pub(super) fn signed(head: &Head<'_>, format: &str) -> Option<Sniff> {
    let signed = head.signature().filter(|signed| signed.format == format)?;
    certain(true, signed.confidence)
}

/// No byte at all.
pub(super) static EMPTY: Format =
    named("empty", "application/x-empty", &[], |head| certain(head.bytes.is_empty() && head.complete, 1.0));

/// Anything else.
pub(super) static UNKNOWN: Format =
    named("unknown", "application/octet-stream", &[], |_| certain(true, 0.01));

// Data.
/// Before version 2, which is Arrow's own.
pub(super) static FEATHER: Format =
    named("feather", "application/vnd.apache.feather", &["feather"], |head| signed(head, "feather"));

/// Compressed by ways that are not peeled, for want of a decoder that we may ship.
pub(super) static COMPRESSED: Format =
    named("compressed", "application/*", &["z", "br", "lzo"], |head| signed(head, "compressed"));

// What systems leave behind.
pub(super) static DS_STORE: Format =
    named("ds_store", "application/x-ds-store", &[], |head| begins(head, b"\0\0\0\x01Bud1"));

// Families: one row each, whose members their signatures tell.
pub(super) static OFFICE: Format = named(
    "office",
    "application/*",
    &["doc", "xls", "ppt", "msg", "vsd", "vsdx", "one", "hwp", "wpd"],
    |head| signed(head, "office").or_else(|| zipped(head, "office")),
);
pub(super) static FONT: Format =
    named("font", "font/*", &["ttf", "otf", "woff", "woff2", "eot"], |head| signed(head, "font"));
pub(super) static ARCHIVE: Format =
    named("archive", "application/*", &["7z", "rar", "cab", "deb", "rpm", "iso", "cpio", "ar"], |head| {
        signed(head, "archive")
    });
pub(super) static PROGRAM: Format = named(
    "program",
    "application/*",
    &["exe", "dll", "so", "wasm", "class", "dex", "pyc", "o", "a", "elf"],
    |head| signed(head, "program"),
);

// Rows of signatures alone.
pub(super) static MATLAB: Format =
    named("matlab", "application/x-matlab-data", &["mat"], |head| signed(head, "matlab"));
pub(super) static HDF4: Format =
    named("hdf4", "application/x-hdf", &["hdf", "hdf4", "h4"], |head| signed(head, "hdf4"));
pub(super) static GRIB: Format =
    named("grib", "application/*", &["grib", "grb", "grib2", "grb2", "bufr"], |head| signed(head, "grib"));
pub(super) static FITS: Format =
    named("fits", "application/fits", &["fits", "fit", "fts"], |head| signed(head, "fits"));
pub(super) static DICOM: Format =
    named("dicom", "application/dicom", &["dcm", "dicom"], |head| signed(head, "dicom"));
pub(super) static PCAP: Format =
    named("pcap", "application/*", &["pcap", "pcapng", "cap"], |head| signed(head, "pcap"));
pub(super) static WARC: Format =
    named("warc", "application/*", &["warc", "arc"], |head| signed(head, "warc"));
pub(super) static LAS: Format =
    named("las", "application/vnd.las", &["las", "laz"], |head| signed(head, "las"));
pub(super) static SAS: Format =
    named("sas", "application/*", &["sas7bdat", "sas7bcat", "xpt"], |head| signed(head, "sas"));
pub(super) static SPSS: Format =
    named("spss", "application/*", &["sav", "zsav", "por"], |head| signed(head, "spss"));
pub(super) static STATA: Format =
    named("stata", "application/x-stata-dta", &["dta"], |head| signed(head, "stata"));
pub(super) static RDATA: Format =
    named("rdata", "application/*", &["rda", "rdata", "rds"], |head| signed(head, "rdata"));
pub(super) static BSON: Format = named("bson", "application/bson", &["bson"], |head| signed(head, "bson"));
pub(super) static RCFILE: Format =
    named("rcfile", "application/x-hadoop-rcfile", &["rc", "rcfile"], |head| signed(head, "rcfile"));
pub(super) static SEQUENCEFILE: Format =
    named("sequencefile", "application/x-hadoop-sequencefile", &["seq"], |head| signed(head, "sequencefile"));
pub(super) static PUFFIN: Format =
    named("puffin", "application/x-iceberg-puffin", &["puffin", "stats"], |head| signed(head, "puffin"));
// Its ending, `bin`, says nothing of it.
pub(super) static DELETION_VECTOR: Format =
    named("deletion_vector", "application/x-delta-deletion-vector", &[], |head| {
        signed(head, "deletion_vector")
    });
pub(super) static HUDI_LOG: Format =
    named("hudi_log", "application/x-hudi-log", &["log"], |head| signed(head, "hudi_log"));
pub(super) static LANCE: Format =
    named("lance", "application/x-lance", &["lance"], |head| signed(head, "lance"));
pub(super) static GGML: Format = named("ggml", "application/x-ggml", &["ggml"], |head| signed(head, "ggml"));
pub(super) static TFLITE: Format =
    named("tflite", "application/x-tflite", &["tflite"], |head| signed(head, "tflite"));
pub(super) static ACCESS: Format =
    named("access", "application/x-msaccess", &["mdb", "accdb"], |head| signed(head, "access"));
pub(super) static DUCKDB: Format =
    named("duckdb", "application/x-duckdb", &["duckdb", "ddb", "db"], |head| signed(head, "duckdb"));
pub(super) static DBF: Format = named("dbf", "application/vnd.dbf", &["dbf"], |head| signed(head, "dbf"));
pub(super) static SHAPEFILE: Format =
    named("shapefile", "application/*", &["shp", "shx"], |head| signed(head, "shapefile"));
pub(super) static FLATGEOBUF: Format =
    named("flatgeobuf", "application/flatgeobuf", &["fgb"], |head| signed(head, "flatgeobuf"));
pub(super) static DATABASE: Format = named(
    "database",
    "application/*",
    &["dump", "rdb", "bdb", "mdb", "frm", "ldb", "sst", "hyper", "bak", "db"],
    |head| signed(head, "database"),
);
pub(super) static POSTSCRIPT: Format =
    named("postscript", "application/postscript", &["ps", "eps", "ai"], |head| signed(head, "postscript"));
pub(super) static OLE: Format =
    named("ole", "application/x-ole-storage", &["cfb", "db"], |head| signed(head, "ole"));
pub(super) static EBOOK: Format =
    named("ebook", "application/*", &["mobi", "azw", "azw3", "prc", "lit", "lrf", "chm"], |head| {
        signed(head, "ebook")
    });
pub(super) static MAIL_STORE: Format =
    named("mail_store", "application/*", &["pst", "ost", "dat"], |head| signed(head, "mail_store"));
pub(super) static KEY: Format =
    named("key", "application/*", &["p12", "pfx", "p7m", "p7s", "p7b", "p7c", "der", "cer", "crt"], |head| {
        signed(head, "key")
    });
pub(super) static SYSTEM: Format = named(
    "system",
    "application/*",
    &["mo", "lnk", "evtx", "plist", "pack", "jks", "dvi", "torrent", "ser", "stl", "glb", "icc"],
    |head| signed(head, "system"),
);

/// A ZIP whose members make it something else.
pub(super) fn zipped(head: &Head<'_>, format: &str) -> Option<Sniff> {
    let kind = head.bytes.starts_with(b"PK\x03\x04").then(|| signature::zip::kind(head))??;
    certain(kind.0 == format, 0.96)
}

/// The media type of a head: where its format is a family or has members of their own, the member's.
pub(super) fn media_type(format: &Format, head: &Head<'_>) -> &'static str {
    let of_family = format.media_type.ends_with("/*");
    if format.id == "code" {
        return super::texts::code::media_type(head);
    }
    if of_family || format.id == "zip" {
        if head.bytes.starts_with(b"PK\x03\x04")
            && let Some((_, media_type)) = signature::zip::kind(head).filter(|(id, _)| *id == format.id)
        {
            return media_type;
        }
        let signed = head.signature().filter(|signed| signed.format == format.id);
        let unsigned = if of_family { "application/octet-stream" } else { format.media_type };
        return signed.map_or(unsigned, |signed| signed.media_type);
    }
    match format.id {
        "xml" => super::xml::media_type(head),
        "json" => super::json::media_type(head),
        "pem" => super::texts::pem_media_type(head),
        "subtitles" => super::texts::subtitles_media_type(head),
        "csv" if head.is_named(&["tsv", "tab"]) => "text/tab-separated-values",
        _ => format.media_type,
    }
}

/// The first letters of text; comments of markup and what is no letter before them removed.
pub(super) fn beginning(head: &Head<'_>) -> Option<String> {
    let charset = Charset::detect(head)?;
    let end = if head.bytes.len() > 4096 { 4096 } else { head.bytes.len() };
    let start = charset.mark_len(head.bytes);
    let text = String::from_utf8_lossy(match charset {
        Charset::Utf8 | Charset::Latin1 => &head.bytes[start..end],
        Charset::Utf16Le | Charset::Utf16Be | Charset::Legacy(_) => {
            return Some(charset.decode(&head.bytes[start..end]).into_owned());
        }
    });
    let mut text = text.trim_start();
    while let Some((_, rest)) = text.strip_prefix("<!--").and_then(|rest| rest.split_once("-->")) {
        text = rest.trim_start();
    }
    Some(text.to_owned())
}
