//! Events as senders make them, in order and out of it, whole and wrong.

use serde_json::json;

use super::*;
use crate::lineage::record::tests::{catalog, crawl};
use crate::lineage::walk::{Start, Way, walk};
use crate::model::{Artifact, Execution, Principal, Property, SourceId, Timestamp};

const RUN: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn event(kind: &str, time: &str) -> Value {
    json!({
        "eventType": kind, "eventTime": time, "producer": "https://example.org/job", "schemaURL": "x",
        "run": {"runId": RUN, "facets": {
            "nominalTime": {"nominalStartTime": "2024-05-01T00:00:00Z"},
            "errorMessage": {"message": "no such person jane@doe.example", "programmingLanguage": "python"},
        }},
        "job": {"namespace": "airflow", "name": "load.orders",
                "facets": {"sql": {"query": "select * where email = 'jane@doe.example'"}}},
        "inputs": [{"namespace": "postgres://db:5432", "name": "shop.orders", "facets": {
            "schema": {"fields": [{"name": "id", "type": "int", "description": "jane@doe.example"}]}}}],
        "outputs": [{"namespace": "s3://lake", "name": "raw/a.csv", "facets": {
            "columnLineage": {"fields": {"id": {"inputFields": [
                {"namespace": "postgres://db:5432", "name": "shop.orders", "field": "id",
                 "transformations": [{"type": "DIRECT", "subtype": "IDENTITY", "description": "jane@doe.example"}]}]}}}},
            "outputFacets": {"outputStatistics": {"rowCount": 3}}}],
    })
}

fn take(catalog: &Catalog, body: &Value) -> Option<ExecutionId> {
    let accepted = accept(catalog, body).unwrap();
    catalog.commit(&Principal::system(), &accepted.changes).unwrap();
    accepted.execution
}

fn with_source(catalog: &Catalog) -> BlobVersion {
    let source = Source {
        id: SourceId("s".into()),
        url: "s3://lake".into(),
        added: Timestamp(0),
        schedule: None,
        grouped: None,
        recognised: None,
        index_key: None,
        tags_denied: false,
    };
    catalog.commit(&Principal::system(), &[Change::put(&source).unwrap()]).unwrap();
    crawl(catalog, "raw/a.csv csv 1 1 1 1")
}

#[test]
fn start_and_complete_merge_in_any_order_and_any_number_of_times() {
    let (start, end) =
        (event("START", "2024-05-01T10:00:00+02:00"), event("COMPLETE", "2024-05-01T08:30:00Z"));
    let mut outcomes = Vec::new();
    for order in [[&start, &end, &end], [&end, &start, &end], [&end, &end, &start]] {
        let catalog = catalog();
        with_source(&catalog);
        let ids: Vec<_> = order.map(|body| take(&catalog, body)).into_iter().collect();
        assert!(ids.iter().all(|id| *id == ids[0]));
        let run: Execution = catalog.get(&ids[0].unwrap(), AsOf::Now).unwrap().unwrap();
        outcomes.push((run.state, run.started, run.ended, run.custom_properties, run.properties));
        assert_eq!(catalog.all::<crate::model::Event>(AsOf::Now).unwrap().len(), 2);
        assert_eq!(catalog.all::<crate::model::Context>(AsOf::Now).unwrap().len(), 1);
        assert_eq!(catalog.all::<Artifact>(AsOf::Now).unwrap().len(), 2);
    }
    assert_eq!(outcomes[0].0, ExecutionState::Complete);
    assert_eq!(outcomes[0].1, "2024-05-01T08:00:00Z".parse().unwrap());
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]));
}

#[test]
fn a_dataset_of_ours_is_the_blob_and_nothing_personal_is_kept() {
    let catalog = catalog();
    let blob = with_source(&catalog);
    take(&catalog, &event("COMPLETE", "2024-05-01T08:30:00Z"));
    let up = walk(&catalog, &Start::Blob(blob.blob), Way::Up, 9, AsOf::Now).unwrap();
    assert_eq!(up.edges.len(), 1);
    assert_eq!(
        (up.edges[0].from.as_str(), up.edges[0].to.as_str()),
        ("postgres://db:5432/shop.orders", "raw/a.csv")
    );
    let artifact: Artifact = catalog.get(&blob.artifact, AsOf::Now).unwrap().unwrap();
    let all = serde_json::to_string(&artifact.custom_properties).unwrap();
    assert!(all.contains("IDENTITY") && all.contains("rowCount"), "{all}");
    let mut stored = Vec::new();
    catalog.export(&mut stored).unwrap();
    assert!(!String::from_utf8_lossy(&stored).contains("jane@doe"));
    assert!(!all.contains("jane"));
    assert!(matches!(artifact.custom_properties["columnLineage"], Property::Struct(_)));
}

#[test]
fn job_and_dataset_events_are_taken_too() {
    let catalog = catalog();
    let dataset = json!({"eventTime": "2024-05-01T08:30:00Z", "producer": "p",
        "dataset": {"namespace": "file", "name": "/data/x.csv"}});
    assert_eq!(take(&catalog, &dataset), None);
    let at = graph::artifacts_at(&catalog, "file:///data/x.csv").unwrap();
    assert_eq!(at.len(), 1);
    let job = json!({"eventTime": "2024-05-01T08:30:00Z", "producer": "p", "job": {"namespace": "n", "name": "j"},
        "inputs": [{"namespace": "file", "name": "/data/x.csv"}]});
    take(&catalog, &job);
    assert_eq!(graph::artifacts_at(&catalog, "file:///data/x.csv").unwrap().len(), 1);
}

#[test]
fn errors_name_the_field() {
    let catalog = catalog();
    let wrong = |pointer: &str, value: Value| {
        let mut body = event("START", "2024-05-01T08:30:00Z");
        *body.pointer_mut(pointer).unwrap() = value;
        let error = accept(&catalog, &body).unwrap_err();
        assert_eq!(error.kind, crate::ErrorKind::Invalid);
        error.context
    };
    assert_eq!(
        wrong("/eventTime", json!("yesterday")),
        "eventTime: not a date and time with offset as RFC 3339 has them"
    );
    assert_eq!(wrong("/run/runId", json!("1")), "run.runId: not a UUID");
    assert_eq!(wrong("/inputs/0/name", json!("")), "inputs[0].name: is empty");
    assert_eq!(wrong("/job/namespace", json!(1)), "job.namespace: not a string");
    assert_eq!(wrong("/outputs", json!({})), "outputs: not an array");
    assert_eq!(
        wrong("/outputs/0/facets/columnLineage", json!(3)),
        "outputs[0].facets.columnLineage: not an object"
    );
    assert!(wrong("/eventType", json!("DONE")).starts_with("eventType: not one of"));
    assert_eq!(accept(&catalog, &json!([])).unwrap_err().context, "the event: not an object");
    assert!(accept(&catalog, &json!({"eventTime": "2024-05-01T08:30:00Z", "producer": "p"})).is_err());
    assert!(catalog.all::<Artifact>(AsOf::Now).unwrap().is_empty());
}
