//! Walks over a small graph: inferred and reported edges, circles, bounds, past times, renderings.

use super::*;
use crate::catalog::Change;
use crate::lineage::graph::{EXTERNAL_DATASET, NewArtifact, NewExecution, OPENLINEAGE_RUN};
use crate::lineage::record::tests::{catalog, crawl, link};
use crate::lineage::render::{to_dot, to_json_lines};
use crate::model::{EventKind, Principal, Timestamp};

/// Reports a run from artifacts to artifacts.
fn report(catalog: &Catalog, name: &str, from: &[ArtifactId], to: &[ArtifactId]) {
    let of = graph::ensure(catalog, &OPENLINEAGE_RUN).unwrap();
    let inputs = from.iter().map(|artifact| (*artifact, EventKind::Input, Vec::new()));
    let outputs = to.iter().map(|artifact| (*artifact, EventKind::Output, Vec::new()));
    let events = inputs.chain(outputs).collect();
    let new = NewExecution { name: Some(name.into()), events, ..NewExecution::done(Timestamp(1)) };
    let (_, changes) = graph::put_execution(catalog, of, new).unwrap();
    catalog.commit(&Principal::system(), &changes).unwrap();
}

fn external(catalog: &Catalog, uri: &str) -> ArtifactId {
    let of = graph::ensure(catalog, &EXTERNAL_DATASET).unwrap();
    let new = NewArtifact { name: Some(uri.into()), uri: Some(uri.into()), ..NewArtifact::default() };
    let (id, changes) = graph::put_artifact(catalog, of, new).unwrap();
    catalog.commit(&Principal::system(), &changes).unwrap();
    id
}

fn said(edges: &[Edge]) -> Vec<String> {
    edges.iter().map(|edge| format!("{} -> {} {}", edge.from, edge.to, edge.kind)).collect()
}

#[test]
fn walks_go_up_and_down_over_inferred_and_reported_edges() {
    let catalog = catalog();
    let raw = crawl(&catalog, "raw/a.csv csv 1 1 1 1");
    let silver = crawl(&catalog, "silver/a.parquet parquet 2 2 2 1");
    link(&catalog, &[raw.blob, silver.blob]);
    let source = external(&catalog, "postgres://db/orders");
    let model = external(&catalog, "model://churn");
    report(&catalog, "load", &[source], &[raw.artifact]);
    report(&catalog, "train", &[silver.artifact], &[model]);

    let down = walk(&catalog, &Start::Uri("postgres://db/orders".into()), Way::Down, 9, AsOf::Now).unwrap();
    assert_eq!(
        said(&down.edges),
        [
            "postgres://db/orders -> raw/a.csv run",
            "raw/a.csv -> silver/a.parquet convert",
            "silver/a.parquet -> model://churn run",
        ]
    );
    assert!(!down.truncated);
    let bounded = walk(&catalog, &Start::Blob(raw.blob), Way::Down, 1, AsOf::Now).unwrap();
    assert!(bounded.truncated && bounded.edges.len() == 1);
    let both = walk(&catalog, &Start::Artifact(silver.artifact), Way::Both, 9, AsOf::Now).unwrap();
    assert_eq!(both.edges.len(), 3);

    assert_eq!(all(&catalog, AsOf::Now, 9).unwrap().edges.len(), 3);
    assert!(all(&catalog, AsOf::Now, 2).unwrap().truncated);

    let origins = origins(&catalog, silver.blob, AsOf::Now).unwrap();
    assert_eq!(origins.len(), 1);
    assert_eq!(origins[0].0, "postgres://db/orders");
    assert_eq!(origins[0].1.len(), 2);
    let nowhere = walk(&catalog, &Start::Uri("x://y".into()), Way::Up, 9, AsOf::Now);
    assert_eq!(nowhere.unwrap_err().kind, crate::ErrorKind::NotFound);
}

#[test]
fn reported_circles_end_and_the_past_is_as_it_was() {
    let catalog = catalog();
    let (a, b) = (external(&catalog, "x://a"), external(&catalog, "x://b"));
    report(&catalog, "there", &[a], &[b]);
    let before = catalog.env().clock.now();
    report(&catalog, "back", &[b], &[a]);
    let now = walk(&catalog, &Start::Artifact(a), Way::Down, 9, AsOf::Now).unwrap();
    assert_eq!(said(&now.edges), ["x://a -> x://b run", "x://b -> x://a run"]);
    let then = walk(&catalog, &Start::Artifact(a), Way::Down, 9, AsOf::Time(before)).unwrap();
    assert_eq!(said(&then.edges), ["x://a -> x://b run"]);
    assert!(origins(&catalog, BlobId([0; 20]), AsOf::Now).is_err());
}

#[test]
fn a_blob_that_is_gone_keeps_its_path_in_lineage() {
    let catalog = catalog();
    let raw = crawl(&catalog, "raw/a.csv csv 1 1 1 1");
    let copy = crawl(&catalog, "backups/a.csv csv 2 1 1 1");
    link(&catalog, &[raw.blob, copy.blob]);
    catalog.commit(&Principal::system(), &[Change::close::<BlobVersion>(&raw.blob)]).unwrap();
    link(&catalog, &[raw.blob, copy.blob]);
    let up = walk(&catalog, &Start::Blob(copy.blob), Way::Up, 9, AsOf::Now).unwrap();
    assert_eq!(said(&up.edges), ["raw/a.csv -> backups/a.csv copy"]);
}

#[test]
fn renderings_escape_what_names_hold() {
    let catalog = catalog();
    let (a, b) = (external(&catalog, "x://\"];evil\\"), external(&catalog, "x://new\nline"));
    report(&catalog, "r", &[a], &[b]);
    let walk = walk(&catalog, &Start::Artifact(a), Way::Down, 9, AsOf::Now).unwrap();
    let dot = to_dot(&walk.edges);
    assert!(dot.contains(r#"[label="x://\"];evil\\"]"#), "{dot}");
    assert!(dot.contains(r#"[label="x://new\nline"]"#), "{dot}");
    let json: serde_json::Value = serde_json::from_str(&to_json_lines(&walk.edges)).unwrap();
    assert_eq!(json["from"], "x://\"];evil\\");
    assert_eq!(json["reported_by"], "openlineage.Run");
    assert_eq!(json["confidence"], 1.0);
}

#[test]
fn a_folder_that_a_pipeline_reported_meets_the_blobs_in_it() {
    let catalog = catalog();
    let url = "s3://lake".to_string();
    let source = crate::model::Source {
        id: crate::model::SourceId("s".into()),
        url,
        added: Timestamp(0),
        schedule: None,
        grouped: None,
        recognised: None,
        index_key: None,
        tags_denied: false,
    };
    catalog.commit(&Principal::system(), &[Change::put(&source).unwrap()]).unwrap();
    let (shop, folder) =
        (external(&catalog, "postgres://db/orders"), external(&catalog, "s3://lake/raw/orders"));
    let model = external(&catalog, "model://churn");
    report(&catalog, "load", &[shop], &[folder]);
    report(&catalog, "train", &[folder], &[model]);
    let blob = crawl(&catalog, "raw/orders/p.csv csv 1 1 1 1");
    let copy = crawl(&catalog, "backups/p.csv csv 2 1 1 1");
    link(&catalog, &[blob.blob, copy.blob]);
    let version = &blob;
    let dialect = &version.root().dialect;
    let look = crate::dataset::Look { format: "csv", layers: &[], dialect, schema: None };
    let facts = crate::dataset::BlobFacts {
        blob: version.blob,
        path: &version.path,
        size: version.size,
        modified: version.modified,
        look: &look,
        anomalies: &[],
        table_log: None,
    };
    let datasets = crate::dataset::group(&version.source, &[facts], &crate::dataset::Corrections::default());
    catalog.commit(&Principal::system(), &[Change::put(&datasets[0]).unwrap()]).unwrap();

    let up = walk(&catalog, &Start::Blob(copy.blob), Way::Up, 9, AsOf::Now).unwrap();
    assert_eq!(
        said(&up.edges),
        ["raw/orders/p.csv -> backups/p.csv copy", "postgres://db/orders -> raw/orders/p.csv run"]
    );
    assert_eq!(origins(&catalog, copy.blob, AsOf::Now).unwrap()[0].0, "postgres://db/orders");
    let down = walk(&catalog, &Start::Artifact(shop), Way::Down, 9, AsOf::Now).unwrap();
    assert_eq!(
        said(&down.edges),
        [
            "postgres://db/orders -> s3://lake/raw/orders run",
            "s3://lake/raw/orders -> model://churn run",
            "s3://lake/raw/orders -> backups/p.csv copy",
        ]
    );
}
