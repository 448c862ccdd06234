use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use catalog::model::{Presence, Schema, SchemaId};
use catalog::schema::Profiler;

use super::super::collect::fixtures;
use super::super::{by_id, tree};
use super::*;

/// The schema that a crawl would infer.
struct Inferring(Profiler);

impl Sink for Inferring {
    fn table(&mut self, _: &str) {}
    fn feature(&mut self, path: &FeaturePath, kind: Option<FeatureType>) -> usize {
        self.0.feature(path, kind)
    }
    fn row(&mut self, _: u64) {
        self.0.row();
    }
    fn cell(&mut self, feature: usize, _: At, value: Value<'_>) {
        self.0.cell(feature, &value);
    }
    fn anomaly(&mut self, _: AnomalyKind, _: String) {}
}

fn inferred(format: &'static Format, content: &Content) -> Schema {
    let mut sink = Inferring(Profiler::new());
    format.read.unwrap()(content, &Dialect::default(), &Bounds::default(), &mut sink).unwrap();
    sink.0.finish().schema
}

fn all(format: &'static Format, content: &Content, schema: &SchemaRef) -> (Vec<RecordBatch>, Conformed) {
    let mut found = Vec::new();
    let dialect =
        Dialect { header: Some(true), delimiter: Some(','), quote: Some('"'), ..Dialect::default() };
    let conformed = batches(format, content, &dialect, "", schema, &Bounds::default(), &mut |batch| {
        found.push(batch);
        Ok(true)
    });
    (found, conformed.unwrap())
}

fn feature(name: &str, kind: FeatureType) -> Feature {
    let presence = Presence::default();
    Feature { name: name.into(), kind, presence, domain: vec![], not_in_environment: vec![], semantic: None }
}

fn schema(features: Vec<Feature>) -> SchemaRef {
    arrow_schema(&Schema { id: SchemaId([0; 16]), features, pinned: None })
}

#[test]
fn every_good_file_reads_under_its_own_inferred_schema_without_loss() {
    for id in ["json", "ndjson", "parquet"] {
        let format = by_id(id).unwrap();
        for (name, content) in fixtures(format, "good-") {
            let schema = inferred(format, &content);
            let (batches, conformed) = all(format, &content, &arrow_schema(&schema));
            assert_eq!(conformed.mistyped, 0, "{name}");
            assert_eq!(conformed.rows, batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>());
            assert!(conformed.rows > 0 || name.contains("no-rows"), "{name}");
        }
    }
}

#[test]
fn columns_that_are_missing_or_of_another_type_are_null() {
    let schema = schema(vec![
        feature("n", FeatureType::Int),
        feature("missing", FeatureType::Timestamp),
        feature("when", FeatureType::Date),
        feature("text", FeatureType::String),
    ]);
    let csv = "when,n,text\n2024-05-01,1,a\nsoon,x,\n,,\"\"\n".as_bytes().to_vec().into();
    let ndjson = b"{\"when\":\"2024-05-01\",\"n\":1,\"text\":\"a\"}\n{\"when\":\"soon\",\"n\":\"x\"}\n{\"n\":null,\"text\":\"\"}\n";
    for (format, content) in [("csv", csv), ("ndjson", Content::from(ndjson.to_vec()))] {
        let (batches, conformed) = all(by_id(format).unwrap(), &content, &schema);
        assert_eq!(conformed, Conformed { rows: 3, mistyped: 2 }, "{format}");
        let columns = batches[0].columns();
        assert_eq!(columns[0].as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [Some(1), None, None]);
        assert_eq!(columns[1].null_count(), 3);
        assert_eq!(columns[2].null_count(), 2);
        assert_eq!(columns[3].as_string::<i32>().iter().collect::<Vec<_>>(), [Some("a"), None, Some("")]);
    }
}

#[test]
fn nesting_survives_and_optional_fields_of_items_stay_apart() {
    let content = br#"[{"in":[{"a":1},{"b":2.5},{"a":3,"b":4}],"m":{"x":"y"}},{"in":null},{"in":[],"m":{}}]"#
        .to_vec()
        .into();
    let item = FeatureType::Struct(vec![feature("a", FeatureType::Int), feature("b", FeatureType::Float)]);
    let schema = schema(vec![
        feature("in", FeatureType::List(Box::new(item))),
        feature("m", FeatureType::Struct(vec![feature("x", FeatureType::String)])),
    ]);
    let (batches, conformed) = all(by_id("json").unwrap(), &content, &schema);
    assert_eq!(conformed, Conformed { rows: 3, mistyped: 0 });
    let list = batches[0].column(0).as_list::<i32>();
    assert_eq!((list.value_length(0), list.is_null(1), list.value_length(2)), (3, true, 0));
    let items = list.values().as_struct();
    assert_eq!(
        items.column(0).as_primitive::<Int64Type>().iter().collect::<Vec<_>>(),
        [Some(1), None, Some(3)]
    );
    assert_eq!(
        items.column(1).as_primitive::<Float64Type>().iter().collect::<Vec<_>>(),
        [None, Some(2.5), Some(4.0)]
    );
}

#[test]
fn tables_of_a_database_are_read_one_at_a_time() {
    let format = by_id("sqlite").unwrap();
    let (_, content) = fixtures(format, "good-people").remove(0);
    let schema = schema(vec![feature("person", FeatureType::Int), feature("note", FeatureType::String)]);
    let mut rows = 0;
    let conformed =
        batches(format, &content, &Dialect::default(), "visits", &schema, &Bounds::default(), &mut |batch| {
            rows += batch.num_rows();
            assert_eq!(batch.column(0).null_count() + batch.column(1).null_count(), 0);
            Ok(true)
        });
    assert_eq!((rows, conformed.unwrap().mistyped), (40, 0));
}

#[test]
fn reading_stops_when_no_more_is_wanted() {
    for id in ["json", "ndjson", "parquet", "csv"] {
        let format = by_id(id).unwrap();
        let content: Content = match id {
            "json" => format!("[{}]", vec!["{\"id\":1}"; 20_000].join(",")).into_bytes().into(),
            "ndjson" => "{\"id\":1}\n".repeat(20_000).into_bytes().into(),
            "csv" => format!("id\n{}", "1\n".repeat(20_000)).into_bytes().into(),
            _ => fixtures(format, "good-flat").remove(0).1,
        };
        let schema = schema(vec![feature("id", FeatureType::Int)]);
        let dialect = Dialect { header: Some(true), ..Dialect::default() };
        let mut calls = 0;
        batches(format, &content, &dialect, "", &schema, &Bounds::default(), &mut |_| {
            calls += 1;
            Ok(false)
        })
        .unwrap();
        assert_eq!(calls, 1, "{id}");
        let limited = Bounds { rows_max: 7, ..Bounds::default() };
        let conformed =
            batches(format, &content, &dialect, "", &schema, &limited, &mut |_| Ok(true)).unwrap();
        assert_eq!(conformed.rows, 7, "{id}");
    }
    assert!(tree::sniff_head(b"", &[], true, "x").format.read.is_none());
}
