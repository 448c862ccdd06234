//! Gets the bytes of a blob at hand, with their digest, and says what a part of them is once the tree is walked.
//!
//! A blob that changes between listing and reading is read as it is now; one that vanished is as if never listed.

use catalog::model::{Anomaly, AnomalyKind, Digest, Part};

use super::{Changed, Run};
use crate::error::{Error, Kind, Result};
use crate::format::tree::Node;
use crate::source::{Fetched, Lake};

/// Times that a blob is read anew when it changes while it is read.
const TRIES_MAX: u32 = 3;

/// A blob with its bytes, or with the reason why there are none.
#[derive(Debug)]
pub struct Sniffed {
    /// Which one, as it was when its bytes were read.
    pub changed: Changed,
    /// Its bytes.
    pub fetched: Option<Fetched>,
    /// What went wrong.
    pub anomaly: Option<Anomaly>,
}

/// The anomaly that records why a blob could not be read.
pub(super) fn anomaly_of(error: &Error) -> Anomaly {
    let kind = match error.kind {
        Kind::Conflict => AnomalyKind::ChangedWhileRead,
        Kind::Limit => AnomalyKind::LimitReached,
        _ => AnomalyKind::Unreadable,
    };
    anomaly(kind, &error.context)
}

pub(super) fn anomaly(kind: AnomalyKind, reason: &str) -> Anomaly {
    Anomaly { kind, member: Vec::new(), feature: None, reason: reason.to_owned() }
}

/// What a node of the tree is, before its cells are read. `stored` is the digest of the blob's own bytes.
pub(super) fn part_of(node: &Node<'_>, stored: Digest) -> std::io::Result<Part> {
    let untouched = node.member.is_empty() && node.layers.is_empty();
    let digest = if untouched {
        stored
    } else {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(&mut node.content.clone())?;
        Digest(*hasher.finalize().as_bytes())
    };
    Ok(Part {
        member: node.member.to_vec(),
        format: node.format.id.to_owned(),
        media_type: node.format.media_type.to_owned(),
        confidence: node.confidence,
        layers: node.layers.iter().map(|layer| (*layer).to_owned()).collect(),
        dialect: node.dialect.clone(),
        size: node.content.len(),
        digest: Some(digest),
        rows: None,
        rows_digest: None,
        schema: None,
    })
}

/// Fetches a blob; `None` if it has vanished since it was listed.
///
/// # Errors
/// Only if the store fails for blob after blob.
pub async fn sniff(lake: &Lake, run: &Run, mut changed: Changed) -> Result<Option<Sniffed>> {
    if let Some(problem) = changed.listed.problem {
        let anomaly = Some(anomaly(AnomalyKind::Unreadable, problem));
        return Ok(Some(Sniffed { changed, fetched: None, anomaly }));
    }
    let mut tries = 0;
    loop {
        tries += 1;
        // The first try asks for what was listed, the next ones take what there is.
        let expect = changed.listed.etag.as_deref().filter(|_| tries == 1);
        match lake.fetch_all(&changed.listed.path, expect, None).await {
            Ok(fetched) => {
                run.seen.read_went_well();
                run.seen.tags(fetched.beside.not_searched);
                changed.listed.etag = fetched.etag.clone().or(changed.listed.etag);
                changed.listed.version = fetched.version.clone().or(changed.listed.version);
                (changed.listed.size, changed.listed.modified) = (fetched.size, fetched.modified);
                return Ok(Some(Sniffed { changed, fetched: Some(fetched), anomaly: None }));
            }
            Err(error) if error.kind == Kind::NotFound => {
                run.seen.gone(changed.blob);
                return Ok(None);
            }
            Err(error) if error.kind == Kind::Conflict && tries < TRIES_MAX => {}
            Err(error) => {
                if error.kind == Kind::Unavailable {
                    run.seen.read_failed()?;
                }
                tracing::debug!(error = %error, "blob cannot be read");
                return Ok(Some(Sniffed { changed, fetched: None, anomaly: Some(anomaly_of(&error)) }));
            }
        }
    }
}
