//! Pointers: small files that stand for content kept elsewhere under the name of its hash (DVC, Git LFS).

use catalog::model::{LogRole, TableLog};

use super::Log;
use crate::format::FormatError;

/// A pointer with many targets is a lock file; more are not followed.
const ADDRESSES_MAX: usize = 10_000;
/// Larger files are no pointers.
const POINTER_BYTES_MAX: u64 = 4 << 20;

/// Reads a pointer by what its format or name says it is.
pub(super) fn read(log: &Log<'_>) -> Result<Option<TableLog>, FormatError> {
    let name = log.path.rsplit('/').next().unwrap_or(log.path);
    let is_dvc = name.ends_with(".dvc") || name == "dvc.lock";
    let may_be_lfs = log.node.content.len() < 1_024 && log.node.format.media_type.starts_with("text/");
    if log.node.content.len() > POINTER_BYTES_MAX || !(is_dvc || may_be_lfs) {
        return Ok(None);
    }
    let document = log.document()?;
    let text = String::from_utf8_lossy(&document);
    let mut addresses = if is_dvc { outputs(&text) } else { lfs(&text) };
    addresses.truncate(ADDRESSES_MAX);
    let size = text.lines().find_map(|line| line.strip_prefix("size "));
    let bytes = size.filter(|_| !is_dvc).and_then(|size| size.trim().parse().ok());
    Ok((!addresses.is_empty()).then(|| TableLog::of(LogRole::Pointer { addresses, bytes })))
}

/// Hashes below `outs:`; those below `deps:` are what it was made from, and a top-level one is of the file itself.
fn outputs(text: &str) -> Vec<String> {
    let mut in_outputs = false;
    let mut found = Vec::new();
    for line in text.lines() {
        let plain = line.trim_start_matches([' ', '-']);
        match plain.split_once(':').map(|(key, value)| (key, value.trim())) {
            Some(("outs", _)) => in_outputs = true,
            Some((_, "")) => in_outputs = false,
            Some(("md5", hash)) if in_outputs && line != plain => found.extend(address(hash)),
            _ => {}
        }
    }
    found
}

/// `oid sha256:<hex>` behind Git LFS's version line.
fn lfs(text: &str) -> Vec<String> {
    if !text.starts_with("version https://git-lfs") && !text.starts_with("version https://hawser") {
        return Vec::new();
    }
    let oid = text.lines().find_map(|line| line.strip_prefix("oid sha256:"));
    let address = |oid: &str| Some(format!("{}/{}/{oid}", oid.get(..2)?, oid.get(2..4)?));
    oid.and_then(|oid| address(oid.trim())).into_iter().collect()
}

/// `cd/2f7c…` of `cd2f7c…`.
fn address(hash: &str) -> Option<String> {
    let hash = hash.trim_matches(['"', '\'']);
    let hex = hash.strip_suffix(".dir").unwrap_or(hash);
    let whole = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole.then(|| format!("{}/{}", &hash[..2], &hash[2..]))
}
