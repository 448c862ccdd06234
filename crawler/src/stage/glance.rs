//! What a blob is by its first and last bytes: the whole stage of a crawl at depth head.
//!
//! Small blobs are at hand whole, so they have a digest; of larger ones only the head and the tail are read.

use catalog::model::{Anomaly, AnomalyKind, BlobId, Depth, Digest, Findings, Part, Searched};

use futures::stream::{self, Stream, StreamExt, TryStreamExt};

use super::classify::suppressed;
use super::name::Names;
use super::sniff::{anomaly, anomaly_of};
use super::token::{Keyed, Settled};
use super::{Changed, Classified, Run};
use crate::ctx::Ctx;
use crate::error::{Kind, Result};
use crate::format::tree::{Sniffed, sniff_head};
use crate::source::{Glance, Lake};

/// Blobs that go through it together: a hop to another thread costs as much as a look at a small file.
const BLOBS_A_HOP: usize = 64;

/// Tells what blobs are; `None` for one that has vanished since it was listed.
///
/// # Errors
/// Only if the store fails for blob after blob, or the listing fails.
pub fn glance<'a>(
    ctx: &'a Ctx,
    lake: &'a Lake,
    run: &'a Run,
    changed: impl Stream<Item = Result<Changed>> + 'a,
) -> impl Stream<Item = Result<Option<Classified>>> + 'a {
    changed
        .try_ready_chunks(BLOBS_A_HOP)
        .map_err(|broken| broken.1)
        .map_ok(|chunk| glance_at(ctx, lake, run, chunk))
        .try_buffered(ctx.workers)
        .map_ok(|glanced| stream::iter(glanced.into_iter().map(Ok)))
        .try_flatten()
}

async fn glance_at(
    ctx: &Ctx,
    lake: &Lake,
    run: &Run,
    chunk: Vec<Changed>,
) -> Result<Vec<Option<Classified>>> {
    let seen = if lake.folder().is_some() {
        let (lake, names, keyed) = (lake.clone(), run.names.clone(), run.keyed(ctx));
        let look = move |changed: Changed| {
            let glanced = lake.glance_file(&changed.listed.path);
            Seen::of(&names, &keyed, changed, glanced)
        };
        ctx.blocking(move || chunk.into_iter().map(look).collect::<Vec<_>>()).await
    } else {
        let look = async |changed: Changed| {
            let glanced = match changed.listed.problem {
                Some(_) => None,
                None => Some(lake.glance(&changed.listed.path, changed.listed.size).await),
            };
            (changed, glanced)
        };
        // How many at a time is the guard's business.
        let glanced: Vec<_> = stream::iter(chunk).map(look).buffered(BLOBS_A_HOP).collect().await;
        let (names, keyed) = (run.names.clone(), run.keyed(ctx));
        let tell = move |(changed, glanced): (Changed, Option<Result<Glance>>)| match glanced {
            Some(glanced) => Seen::of(&names, &keyed, changed, glanced),
            None => Seen::unreadable(&names, &keyed, changed),
        };
        ctx.blocking(move || glanced.into_iter().map(tell).collect::<Vec<_>>()).await
    };
    let mut classified = Vec::with_capacity(seen.len());
    for seen in seen {
        if seen.store_failed {
            run.seen.read_failed()?;
        } else {
            run.seen.read_went_well();
        }
        match &seen.classified {
            Some(blob) => ctx.progress.read(1, blob.changed.listed.size),
            None => run.seen.gone(seen.blob),
        }
        classified.push(seen.classified);
    }
    Ok(classified)
}

/// What came of a look at a blob.
struct Seen {
    blob: BlobId,
    classified: Option<Classified>,
    store_failed: bool,
}

impl Seen {
    fn of(names: &Names, keyed: &Keyed, mut changed: Changed, glanced: Result<Glance>) -> Self {
        if changed.listed.problem.is_some() {
            return Self::unreadable(names, keyed, changed);
        }
        let (blob, mut store_failed) = (changed.blob, false);
        let glanced = match glanced {
            Ok(glance) => {
                changed.listed.etag = glance.etag.clone().or(changed.listed.etag);
                changed.listed.version = glance.version.clone().or(changed.listed.version);
                (changed.listed.size, changed.listed.modified) = (glance.size, glance.modified);
                Ok(glance)
            }
            Err(error) if error.kind == Kind::NotFound => {
                return Self { blob, classified: None, store_failed };
            }
            Err(error) => {
                store_failed = error.kind == Kind::Unavailable;
                Err(anomaly_of(&error))
            }
        };
        Self { blob, classified: Some(classified(names, keyed, changed, glanced)), store_failed }
    }

    /// One that the listing already says cannot be read.
    fn unreadable(names: &Names, keyed: &Keyed, changed: Changed) -> Self {
        let problem = changed.listed.problem.unwrap_or_default();
        let blob = changed.blob;
        let glanced = Err(anomaly(AnomalyKind::Unreadable, problem));
        Self { blob, classified: Some(classified(names, keyed, changed, glanced)), store_failed: false }
    }
}

/// The record of what was seen.
fn classified(
    names: &Names,
    keyed: &Keyed,
    changed: Changed,
    glanced: std::result::Result<Glance, Anomaly>,
) -> Classified {
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
    let (Settled { tokens, has_suppressed, .. }, findings) = names.in_path(keyed, path);
    anomalies.extend(has_suppressed.then(suppressed));
    let findings = Findings { blob, findings };
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
