//! What a blob is by its first and last bytes: the whole stage of a crawl at depth head.
//!
//! Small blobs are at hand whole, so they have a digest; of larger ones only the head and the tail are read.

use std::collections::BTreeMap;

use catalog::model::{Anomaly, AnomalyKind, BlobTokens, Depth, Digest, Finding, Findings, Part, Searched};

use super::sniff::{anomaly, anomaly_of};
use super::{Changed, Classified, Run};
use crate::ctx::Ctx;
use crate::error::{Kind, Result};
use crate::format::tree::{Sniffed, sniff_head};
use crate::recognise::recognise;
use crate::source::{Glance, Lake};

/// Tells what a blob is; `None` if it has vanished since it was listed.
///
/// # Errors
/// Only if the store fails for blob after blob.
pub async fn glance(ctx: &Ctx, lake: &Lake, run: &Run, mut changed: Changed) -> Result<Option<Classified>> {
    let listed = &changed.listed;
    let glanced = match listed.problem {
        Some(problem) => Err(anomaly(AnomalyKind::Unreadable, problem)),
        None => match lake.glance(&listed.path, listed.size).await {
            Ok(glance) => Ok(glance),
            Err(error) if error.kind == Kind::NotFound => {
                run.seen.gone(changed.blob);
                return Ok(None);
            }
            Err(error) => {
                if error.kind == Kind::Unavailable {
                    run.seen.read_failed()?;
                }
                Err(anomaly_of(&error))
            }
        },
    };
    if let Ok(glance) = &glanced {
        run.seen.read_went_well();
        changed.listed.etag = glance.etag.clone().or(changed.listed.etag);
        changed.listed.version = glance.version.clone().or(changed.listed.version);
        (changed.listed.size, changed.listed.modified) = (glance.size, glance.modified);
    }
    ctx.progress.read(1, changed.listed.size);
    Ok(Some(classified(changed, glanced)))
}

/// The record of what was seen.
fn classified(changed: Changed, glanced: std::result::Result<Glance, Anomaly>) -> Classified {
    let (blob, path) = (changed.blob, changed.listed.path.as_str());
    let name = path.rsplit('/').next().unwrap_or(path);
    let (mut anomalies, mut digest) = (Vec::new(), None);
    let part = match glanced {
        Ok(glance) => {
            let complete = glance.is_complete();
            let sniffed = sniff_head(&glance.head, &glance.tail, complete, name);
            digest = complete.then(|| Digest(*blake3::hash(&glance.head).as_bytes()));
            anomalies.extend(anomalies_of(&sniffed, glance.size));
            part_of(&sniffed, glance.size, digest.filter(|_| sniffed.layers.is_empty()))
        }
        Err(anomaly) => {
            anomalies.push(anomaly);
            super::read::unknown(changed.listed.size, None)
        }
    };
    let searched = Searched::No("only its first bytes were looked at".to_owned());
    let findings = Findings { blob, findings: in_path(path) };
    let tokens = BlobTokens { blob, tokens: Vec::new() };
    let (parts, schemas, statistics) = (vec![part], Vec::new(), Vec::new());
    let (table_log, sketch, depth) = (None, None, Depth::Head);
    Classified {
        changed,
        digest,
        parts,
        schemas,
        statistics,
        findings,
        tokens,
        anomalies,
        searched,
        table_log,
        sketch,
        depth,
    }
}

fn anomalies_of(sniffed: &Sniffed, size: u64) -> Option<Anomaly> {
    match (size, sniffed.mislabelled) {
        (0, _) => Some(anomaly(AnomalyKind::Empty, "no byte of content")),
        (_, true) => {
            let reason = format!("its name ends like another format's, its bytes are {}", sniffed.format.id);
            Some(anomaly(AnomalyKind::Mislabelled, &reason))
        }
        _ => None,
    }
}

fn part_of(sniffed: &Sniffed, size: u64, digest: Option<Digest>) -> Part {
    Part {
        format: sniffed.format.id.to_owned(),
        media_type: sniffed.media_type.to_owned(),
        confidence: sniffed.confidence,
        layers: sniffed.layers.iter().map(|layer| (*layer).to_owned()).collect(),
        dialect: sniffed.dialect.clone(),
        ..super::read::unknown(size, digest)
    }
}

/// Kinds of personal data in the path, each once.
fn in_path(path: &str) -> Vec<Finding> {
    let mut spans = Vec::new();
    recognise(path, &mut spans);
    let mut kinds: BTreeMap<&str, f32> = BTreeMap::new();
    for span in &spans {
        let surest = kinds.entry(span.kind).or_default();
        *surest = surest.max(span.confidence);
    }
    let finding = |(kind, confidence): (&str, f32)| Finding {
        member: Vec::new(),
        feature: None,
        kind: kind.to_owned(),
        confidence,
        count: 1,
        why: "in its path".to_owned(),
    };
    kinds.into_iter().map(finding).collect()
}
