//! What belongs to no dataset: markers, hidden files, temporary and partial writes, checksums, table logs,
//! notes on other files, and blobs that are empty or broken.

use super::BlobFacts;
use crate::model::{AnomalyKind, FeatureType};

/// Folders whose whole content serves a table or a tool. Matched without regard to case.
const FOLDERS: [&str; 21] = [
    "_temporary",
    "_delta_log",
    "_delta_index",
    "_change_data",
    "_spark_metadata",
    "_checkpoints",
    "_symlink_format_manifest",
    "_staging",
    "_tmp",
    "_temp",
    "_impala_insert_staging",
    "_hive_staging",
    "__macosx",
    "__pycache__",
    "$recycle.bin",
    "#recycle",
    "@eadir",
    "system volume information",
    "lost+found",
    "node_modules",
    "tmp",
];
/// Starts of names of such folders: tools put a job's id behind (`_temporary-0a1b`, `_tmp_3`, `_staging-7`).
const FOLDER_PREFIXES: [&str; 5] = ["_temporary", "_tmp", "_temp-", "_temp_", "_staging"];
/// Whole names of markers, table indexes, checksum lists and notes. Matched without regard to case.
const NAMES: [&str; 21] = [
    "_success",
    "_committed",
    "_started",
    "_metadata",
    "_common_metadata",
    "_last_checkpoint",
    "_done",
    "_ready",
    "_failure",
    "_failed",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "sha256sums",
    "md5sums",
    "sha1sums",
    "checksums.txt",
    "license",
    "notice",
    "readme",
    "changelog",
];
/// Prefixes of names.
const PREFIXES: [&str; 11] = [
    ".",
    "~",
    "_part-", // of sinks that rename a part when it is whole
    "_committed_",
    "_started_",
    "_temporary",
    "_tmp",
    "_temp_",
    "readme.",
    "license.",
    "changelog.",
];
/// Suffixes of names.
const SUFFIXES: [&str; 33] = [
    ".crc",
    ".tmp",
    ".temp",
    "__tmp",
    ".partial",
    ".inprogress",
    ".in-progress",
    ".in_progress",
    ".uploading",
    ".pending",
    ".incomplete",
    ".writing",
    ".download",
    ".crdownload",
    ".filepart",
    "._copying_",
    ".swp",
    ".swo",
    "~",
    ".lock",
    ".lck",
    ".pid",
    ".md5",
    ".sha1",
    ".sha256",
    ".sha512",
    ".sfv",
    ".asc",
    ".sig",
    "_$folder$",
    ".dvc",
    "_manifest",
    ".manifest",
];
/// A refusal is short; a table of errors may have the same columns.
const ERROR_BYTES_MAX: u64 = 2_048;
/// Suffixes of markers that say "the data beside me is whole"; they hold no rows.
const FLAGS: [&str; 5] = [".success", ".done", ".ready", ".ok", ".complete"];

/// Whether a blob belongs to no dataset.
pub(super) fn is_excluded(facts: &BlobFacts<'_>) -> bool {
    facts.size == 0
        || is_broken(facts)
        || is_part_of_download(facts.path)
        || is_service_path(facts.path)
        || is_flag(facts)
        || is_error_document(facts)
}

/// Formats whose rows stand by themselves: what ends early has all of them but the last.
const LINES: [&str; 6] = ["csv", "tsv", "delimited", "ndjson", "text", "log"];

/// A blob without readable content. A plain file of lines that ends early stays, since every reader takes its rows; of
/// what is cut within a layer, an array or a footer most take none.
fn is_broken(facts: &BlobFacts<'_>) -> bool {
    let mut own = facts.anomalies.iter().filter(|anomaly| anomaly.member.is_empty());
    own.any(|anomaly| match anomaly.kind {
        AnomalyKind::Empty | AnomalyKind::Corrupt | AnomalyKind::Unreadable => true,
        AnomalyKind::Truncated => {
            facts.look.schema.is_none()
                || !facts.look.layers.is_empty()
                || !LINES.contains(&facts.look.format)
        }
        // An error page that a download saved under the name of the data it should have been.
        AnomalyKind::Mislabelled => matches!(facts.look.format, "html" | "unknown"),
        _ => false,
    })
}

/// What a program that fetches a file calls it until it is there: `orders.csv.part`, but not `orders.part`.
fn is_part_of_download(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let whole = name.strip_suffix(".part").and_then(|whole| whole.rsplit_once('.'));
    whole.is_some_and(|(stem, extension)| {
        let known =
            (2..=8).contains(&extension.len()) && extension.bytes().all(|b| b.is_ascii_alphanumeric());
        !stem.is_empty() && known && extension.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

/// Names of fields that services answer with when they refuse. Matched without regard to case and underscores.
const OF_ERRORS: [&str; 18] = [
    "code",
    "message",
    "error",
    "errors",
    "status",
    "statuscode",
    "requestid",
    "hostid",
    "resource",
    "key",
    "bucketname",
    "details",
    "detail",
    "reason",
    "title",
    "type",
    "path",
    "timestamp",
];

/// A service's refusal that was saved as the data it should have been: nothing but a message, a code and where.
fn is_error_document(facts: &BlobFacts<'_>) -> bool {
    let Some(schema) = facts.look.schema.filter(|_| matches!(facts.look.format, "xml" | "json" | "ndjson"))
    else {
        return false;
    };
    let plain = |name: &str| name.to_lowercase().replace(['_', '-'], "");
    let fields = schema.features.iter().flat_map(|feature| match &feature.kind {
        // `{"error": {"code": 401, "message": …}}`
        FeatureType::Struct(inner) if inner.len() > 1 && schema.features.len() == 1 => inner.iter(),
        _ => std::slice::from_ref(feature).iter(),
    });
    let names: Vec<String> = fields.map(|feature| plain(&feature.name)).collect();
    let has = |wanted: &[&str]| names.iter().any(|name| wanted.contains(&name.as_str()));
    facts.size <= ERROR_BYTES_MAX
        && has(&["message", "error", "errors", "detail", "reason"])
        && has(&["code", "status", "statuscode", "requestid", "title"])
        && names.iter().all(|name| OF_ERRORS.contains(&name.as_str()))
}

fn is_flag(facts: &BlobFacts<'_>) -> bool {
    let path = facts.path.to_lowercase();
    facts.look.schema.is_none() && FLAGS.iter().any(|suffix| path.ends_with(suffix))
}

/// Whether a path's name says that it serves other data: a marker, a checksum, a licence, a table's log.
pub(crate) fn is_service_path(path: &str) -> bool {
    let path = path.to_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let serves = |folder: &str| {
        FOLDERS.contains(&folder)
            || FOLDER_PREFIXES.iter().any(|prefix| folder.starts_with(prefix))
            || (folder.starts_with('.') && folder.len() > 1)
    };
    folders.split('/').any(serves)
        || NAMES.contains(&name)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}
