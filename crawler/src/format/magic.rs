//! Formats that are recorded by name: what `infer` knows by magic numbers, what has a plain signature of its own, and the two
//! ends of the table, nothing at all and anything else.
//!
//! A family (`image`) is one [`Format`]; which member of it some bytes are, their media type says. Nothing here reads content.

use catalog::model::Dialect;

use super::arrow::RowsFn;
use super::charset::Charset;
use super::{Format, Head, Sniff};

type SniffFn = fn(&Head<'_>) -> Option<Sniff>;

/// A format known by name only.
const fn named(
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

fn certain(is: bool, confidence: f32) -> Option<Sniff> {
    is.then(|| Sniff { confidence, dialect: Dialect::default() })
}

/// A magic number at the beginning.
fn begins(head: &Head<'_>, magic: &[u8]) -> Option<Sniff> {
    certain(head.bytes.starts_with(magic), 0.96)
}

/// No byte at all.
pub(super) static EMPTY: Format =
    named("empty", "application/x-empty", &[], |head| certain(head.bytes.is_empty() && head.complete, 1.0));

/// Anything else.
pub(super) static UNKNOWN: Format =
    named("unknown", "application/octet-stream", &[], |_| certain(true, 0.01));

// Data.
pub(super) static ORC: Format =
    named("orc", "application/vnd.apache.orc", &["orc"], |head| begins(head, b"ORC"));
/// Before version 2, which is Arrow's own.
pub(super) static FEATHER: Format =
    named("feather", "application/vnd.apache.feather", &["feather"], |head| begins(head, b"FEA1"));
pub(super) static NPY: Format =
    named("npy", "application/x-npy", &["npy"], |head| begins(head, b"\x93NUMPY"));
pub(super) static HDF5: Format =
    named("hdf5", "application/x-hdf5", &["h5", "hdf5", "hdf"], |head| begins(head, b"\x89HDF\r\n\x1a\n"));
pub(super) static NETCDF: Format = named("netcdf", "application/x-netcdf", &["nc", "cdf"], |head| {
    certain(matches!(head.bytes, [b'C', b'D', b'F', 1 | 2 | 5, ..]), 0.95)
});
pub(super) static GGUF: Format = named("gguf", "application/x-gguf", &["gguf"], |head| begins(head, b"GGUF"));
pub(super) static SAFETENSORS: Format =
    named("safetensors", "application/x-safetensors", &["safetensors"], |head| {
        // Eight bytes of the header's length, then the header, a JSON object.
        let (len, header) = head.bytes.split_first_chunk::<8>()?;
        certain((2..100 << 20).contains(&u64::from_le_bytes(*len)) && header.starts_with(b"{\""), 0.9)
    });
pub(super) static PICKLE: Format = named("pickle", "application/x-pickle", &["pkl", "pickle"], |head| {
    // PROTO with its version, then FRAME, an empty container or a global (Python's pickletools).
    let opens =
        matches!(head.bytes, [0x80, 2..=5, 0x95 | b']' | b'}' | b'(' | b'c' | 0x8c | b')' | b'X' | b'K', ..]);
    let stops = head.tail.last().is_none_or(|last| *last == b'.');
    certain(opens && stops, 0.8)
});

// Text with a meaning of its own.
pub(super) static HTML: Format = named("html", "text/html", &["html", "htm", "xhtml"], |head| {
    let text = beginning(head)?.to_ascii_lowercase();
    let tags =
        ["<!doctype html", "<html", "<head", "<body", "<title", "<table", "<div", "<script", "<h1", "<p>"];
    let xhtml = text.starts_with("<?xml") && text.contains("<html");
    certain(xhtml || tags.iter().any(|tag| text.starts_with(tag)), 0.95)
});
pub(super) static YAML: Format = named("yaml", "application/yaml", &["yaml", "yml"], |head| {
    let text = beginning(head)?;
    let named = head.name.ends_with(".yaml") || head.name.ends_with(".yml");
    let lines = || text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let structured = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("- ") || line == "---" || line.ends_with(':') || line.contains(": ")
    };
    // Lists and keys of other text look the same: only a name or the document's start tells.
    let all = lines().take(100).count();
    let share = lines().take(100).filter(structured).count() as f32 / all.max(1) as f32;
    certain(all > 0 && share > 0.8 && (named || text.starts_with("---\n")), 0.75)
});
pub(super) static GIT_LFS: Format = named("git_lfs", "text/x-git-lfs-pointer", &[], |head| {
    begins(head, b"version https://git-lfs.github.com/spec/")
});
pub(super) static DVC: Format = named("dvc", "text/x-dvc-pointer", &["dvc"], |head| {
    let text = beginning(head).filter(|_| head.complete)?;
    let list = text.starts_with("outs:") || text.contains("\nouts:");
    certain(list && ["md5:", "hash:", "etag:"].iter().any(|key| text.contains(key)), 0.9)
});

/// Compressed by ways that are not peeled, for want of a decoder that we may ship.
pub(super) static COMPRESSED: Format = named("compressed", "application/*", &["z", "lz", "br"], |head| {
    inferred(head, |mime| matches!(mime, "application/x-compress" | "application/x-lzip"))
});

// What systems leave behind.
pub(super) static HADOOP_CRC: Format =
    named("hadoop_crc", "application/x-hadoop-crc", &["crc"], |head| begins(head, b"crc\0"));
pub(super) static DS_STORE: Format =
    named("ds_store", "application/x-ds-store", &[], |head| begins(head, b"\0\0\0\x01Bud1"));

// Families that `infer` names.
pub(super) static PDF: Format =
    named("pdf", "application/pdf", &["pdf"], |head| inferred(head, |mime| mime == "application/pdf"));
pub(super) static OFFICE: Format = named(
    "office",
    "application/*",
    &["docx", "xlsx", "pptx", "odt", "ods", "odp", "doc", "xls", "ppt"],
    |head| {
        // Office Open XML (ECMA-376-2 §10.1.2.2); `infer` knows it only where members stand in Microsoft's order.
        let open = head.bytes.starts_with(b"PK\x03\x04")
            && memchr::memmem::find(head.bytes, b"[Content_Types].xml").is_some();
        certain(open, 0.96).or_else(|| {
            inferred(head, |mime| {
                mime.contains("officedocument")
                    || mime.contains("opendocument")
                    || matches!(
                        mime,
                        "application/msword" | "application/vnd.ms-excel" | "application/vnd.ms-powerpoint"
                    )
            })
        })
    },
);
pub(super) static IMAGE: Format = named(
    "image",
    "image/*",
    &["png", "jpg", "jpeg", "gif", "webp", "tif", "tiff", "bmp", "heic", "ico"],
    |head| inferred(head, |mime| mime.starts_with("image/")),
);
pub(super) static VIDEO: Format =
    named("video", "video/*", &["mp4", "mkv", "webm", "mov", "avi", "flv"], |head| {
        inferred(head, |mime| mime.starts_with("video/"))
    });
pub(super) static AUDIO: Format = named("audio", "audio/*", &["mp3", "wav", "flac", "ogg", "m4a"], |head| {
    inferred(head, |mime| mime.starts_with("audio/"))
});
pub(super) static FONT: Format = named("font", "font/*", &["ttf", "otf", "woff", "woff2"], |head| {
    inferred(head, |mime| mime.contains("font"))
});
pub(super) static ARCHIVE: Format =
    named("archive", "application/*", &["7z", "rar", "cab", "deb", "rpm", "jar", "epub", "iso"], |head| {
        let known =
            ["7z", "rar", "cab", "debian", "unix-archive", "rpm", "cpio", "epub", "compress", "lzip", "par2"];
        inferred(head, |mime| known.iter().any(|part| mime.contains(part)))
    });
pub(super) static PROGRAM: Format =
    named("program", "application/*", &["exe", "dll", "so", "wasm", "class", "dex"], |head| {
        let known = ["executable", "wasm", "java", "mach-binary", "llvm", "android.de"];
        inferred(head, |mime| known.iter().any(|part| mime.contains(part)))
    });

/// What `infer` says, if `wanted`. Short magic numbers hit by chance: text is never one of its binary formats.
fn inferred(head: &Head<'_>, wanted: impl Fn(&str) -> bool) -> Option<Sniff> {
    let mime = infer::get(head.bytes)?.mime_type();
    let textual = matches!(mime, "application/pdf" | "image/svg+xml");
    certain(wanted(mime) && (textual || Charset::detect(head).is_none()), 0.96)
}

/// The media type of a head whose format is a family: the member's own.
pub(super) fn media_type(format: &Format, head: &Head<'_>) -> &'static str {
    if !format.media_type.ends_with("/*") {
        return format.media_type;
    }
    infer::get(head.bytes).map_or("application/octet-stream", |kind| kind.mime_type())
}

/// The first letters of text; comments of markup and what is no letter before them removed.
pub(super) fn beginning(head: &Head<'_>) -> Option<String> {
    let charset = Charset::detect(head)?;
    let end = if head.bytes.len() > 4096 { 4096 } else { head.bytes.len() };
    let start = charset.mark_len(head.bytes);
    let text = String::from_utf8_lossy(match charset {
        Charset::Utf8 | Charset::Latin1 => &head.bytes[start..end],
        Charset::Utf16Le | Charset::Utf16Be => {
            return Some(charset.decode(&head.bytes[start..end]).into_owned());
        }
    });
    let mut text = text.trim_start();
    while let Some((_, rest)) = text.strip_prefix("<!--").and_then(|rest| rest.split_once("-->")) {
        text = rest.trim_start();
    }
    Some(text.to_owned())
}
