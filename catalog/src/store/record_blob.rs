//! How a version of a blob is kept: fields by their order, nothing that another field tells. There are many of them.
//!
//! After the fields come, each with its field names as other records have them, the dialects of the parts and what the
//! blob says of a table. A later layout adds fields at the end, with defaults.

use rmp_serde::{decode, encode};
use serde::{Deserialize, Serialize};

use crate::model::{
    Anomaly, ArtifactId, BlobId, BlobVersion, Depth, Dialect, Digest, ExecutionId, Part, RowsDigest,
    SchemaId, Searched, SourceId, TableLog, Timestamp,
};

#[derive(Serialize, Deserialize)]
struct Packed {
    source: SourceId,
    path: String,
    /// None if it is that of source and path.
    blob: Option<BlobId>,
    size: u64,
    etag: Option<String>,
    store_version: Option<String>,
    modified: Timestamp,
    crawled: Timestamp,
    run: ExecutionId,
    artifact: ArtifactId,
    digest: Option<Digest>,
    parts: Vec<PackedPart>,
    anomalies: Vec<Anomaly>,
    searched: Searched,
    depth: Depth,
}

#[derive(Serialize, Deserialize)]
struct PackedPart {
    member: Vec<String>,
    format: String,
    media_type: String,
    confidence: f32,
    layers: Vec<String>,
    /// None if it is the blob's.
    size: Option<u64>,
    digest: PartDigest,
    rows: Option<u64>,
    rows_digest: Option<RowsDigest>,
    schema: Option<SchemaId>,
}

#[derive(Serialize, Deserialize)]
enum PartDigest {
    /// None.
    #[serde(rename = "n")]
    None,
    /// The blob's.
    #[serde(rename = "b")]
    OfBlob,
    /// One of its own.
    #[serde(rename = "o")]
    Own(Digest),
}

/// Appends what is kept of a version.
pub(super) fn pack_blob(version: &BlobVersion, out: &mut Vec<u8>) -> Result<(), encode::Error> {
    let packed = Packed {
        source: version.source.clone(),
        path: version.path.clone(),
        blob: (BlobId::of(&version.source, &version.path) != version.blob).then_some(version.blob),
        size: version.size,
        etag: version.etag.clone(),
        store_version: version.store_version.clone(),
        modified: version.modified,
        crawled: version.crawled,
        run: version.run,
        artifact: version.artifact,
        digest: version.digest,
        parts: version.parts.iter().map(|part| pack_part(part, version)).collect(),
        anomalies: version.anomalies.clone(),
        searched: version.searched.clone(),
        depth: version.depth,
    };
    packed.serialize(&mut rmp_serde::Serializer::new(&mut *out))?;
    let mut named = rmp_serde::Serializer::new(out).with_struct_map();
    for part in &version.parts {
        part.dialect.serialize(&mut named)?;
    }
    version.table_log.serialize(&mut named)
}

fn pack_part(part: &Part, version: &BlobVersion) -> PackedPart {
    PackedPart {
        member: part.member.clone(),
        format: part.format.clone(),
        media_type: part.media_type.clone(),
        confidence: part.confidence,
        layers: part.layers.clone(),
        size: (part.size != version.size).then_some(part.size),
        digest: match part.digest {
            None => PartDigest::None,
            digest if digest == version.digest => PartDigest::OfBlob,
            Some(digest) => PartDigest::Own(digest),
        },
        rows: part.rows,
        rows_digest: part.rows_digest,
        schema: part.schema,
    }
}

/// Takes what was kept.
pub(super) fn unpack_blob(bytes: &[u8]) -> Result<BlobVersion, decode::Error> {
    let mut fields = rmp_serde::Deserializer::from_read_ref(bytes);
    let packed = Packed::deserialize(&mut fields)?;
    let mut parts = Vec::with_capacity(packed.parts.len());
    for part in packed.parts {
        parts.push(Part {
            member: part.member,
            format: part.format,
            media_type: part.media_type,
            confidence: part.confidence,
            layers: part.layers,
            dialect: Dialect::deserialize(&mut fields)?,
            size: part.size.unwrap_or(packed.size),
            digest: match part.digest {
                PartDigest::None => None,
                PartDigest::OfBlob => packed.digest,
                PartDigest::Own(digest) => Some(digest),
            },
            rows: part.rows,
            rows_digest: part.rows_digest,
            schema: part.schema,
        });
    }
    Ok(BlobVersion {
        blob: packed.blob.unwrap_or_else(|| BlobId::of(&packed.source, &packed.path)),
        source: packed.source,
        path: packed.path,
        size: packed.size,
        etag: packed.etag,
        store_version: packed.store_version,
        modified: packed.modified,
        crawled: packed.crawled,
        run: packed.run,
        artifact: packed.artifact,
        digest: packed.digest,
        parts,
        anomalies: packed.anomalies,
        searched: packed.searched,
        table_log: Option::<TableLog>::deserialize(&mut fields)?,
        depth: packed.depth,
    })
}

#[cfg(test)]
mod tests {
    use super::super::record::{decode, encode};
    use super::*;
    use crate::model::{AnomalyKind, LogRole, PartitionKey};

    fn part(member: &[&str], size: u64, digest: Option<u8>) -> Part {
        Part {
            member: member.iter().map(|name| (*name).to_owned()).collect(),
            format: "csv".into(),
            media_type: "text/csv".into(),
            confidence: 0.75,
            layers: vec!["gzip".into()],
            dialect: Dialect { delimiter: Some(';'), header: Some(true), ..Dialect::default() },
            size,
            digest: digest.map(|byte| Digest([byte; 32])),
            rows: Some(3),
            rows_digest: Some(RowsDigest([4; 16])),
            schema: Some(SchemaId([5; 16])),
        }
    }

    fn version(blob: Option<BlobId>, digest: Option<u8>) -> BlobVersion {
        let (source, path) = (SourceId("0123456789ab".into()), "a/b.csv.gz".to_owned());
        let anomaly = Anomaly {
            kind: AnomalyKind::Truncated,
            member: vec!["x".into()],
            feature: None,
            reason: "ends early".into(),
        };
        let keys = vec![PartitionKey { name: "day".into(), kind: crate::model::FeatureType::Date }];
        let log = TableLog { keys: Some(keys), ..TableLog::of(LogRole::DeltaCommit { version: 7 }) };
        BlobVersion {
            blob: blob.unwrap_or_else(|| BlobId::of(&source, &path)),
            source,
            path,
            size: 9,
            etag: Some("e".into()),
            store_version: Some("v".into()),
            modified: Timestamp(-1),
            crawled: Timestamp(1_700_000_000_000_000),
            run: ExecutionId(3),
            artifact: ArtifactId(4),
            digest: digest.map(|byte| Digest([byte; 32])),
            parts: vec![part(&[], 9, digest), part(&["m", "n"], 10, Some(8)), part(&["o"], 9, None)],
            anomalies: vec![anomaly],
            searched: Searched::Partial("too long".into()),
            table_log: Some(log),
            depth: Depth::Sample,
        }
    }

    #[test]
    fn what_is_kept_is_what_comes_back() {
        for blob in [None, Some(BlobId([7; 20]))] {
            for digest in [None, Some(1)] {
                let version = BlobVersion { table_log: None, ..version(blob, digest) };
                assert_eq!(decode::<BlobVersion>(&encode(&version).unwrap()).unwrap(), version);
            }
            let version = version(blob, Some(8));
            let bytes = encode(&version).unwrap();
            assert_eq!(decode::<BlobVersion>(&bytes).unwrap(), version);
            for end in 0..bytes.len() {
                assert!(decode::<BlobVersion>(&bytes[..end]).is_err(), "cut at {end}");
            }
        }
    }

    #[test]
    fn a_plain_blob_takes_little() {
        let mut plain = version(None, Some(1));
        (plain.parts, plain.anomalies, plain.table_log) = (vec![part(&[], 9, Some(1))], Vec::new(), None);
        assert!(encode(&plain).unwrap().len() < 220, "{}", encode(&plain).unwrap().len());
    }
}
