//! Layouts of lakes as data: each case names its blobs and the datasets that must come out.

use proptest::prelude::*;

use super::*;
use crate::model::{AnomalyKind, Feature, FeatureType, Presence, SchemaId};

mod companies;
mod corrected;
mod fellows;

/// A blob of a case: path, format, columns, layers, anomalies.
struct Blob {
    path: String,
    format: String,
    layers: Vec<String>,
    dialect: Dialect,
    schema: Option<Schema>,
    anomalies: Vec<Anomaly>,
}

/// Reads `path format columns`, columns with commas or `-` for none, `name{a|b}` for one with fields; `+gzip` behind the
/// format is a layer, `!Kind` an anomaly.
fn blob(line: &str) -> Blob {
    let mut words = line.split_whitespace();
    let path = words.next().unwrap().to_string();
    let format = words.next().unwrap_or("csv");
    let columns = words.next().unwrap_or("id,at,amount");
    let (format, anomaly) = format.split_once('!').map_or((format, None), |(f, a)| (f, Some(a)));
    let (format, layer) = format.split_once('+').map_or((format, None), |(f, l)| (f, Some(l)));
    let plain = |name: &str, kind| Feature {
        name: name.into(),
        kind,
        presence: Presence::default(),
        domain: Vec::new(),
        not_in_environment: Vec::new(),
        semantic: None,
    };
    let feature = |name: &str| match name.strip_suffix('}').and_then(|name| name.split_once('{')) {
        Some((name, fields)) => {
            let fields = fields.split('|').map(|field| plain(field, FeatureType::String));
            plain(name, FeatureType::Struct(fields.collect()))
        }
        None => plain(name, FeatureType::String),
    };
    let schema = (columns != "-").then(|| Schema {
        id: SchemaId([0; 16]),
        features: columns.split(',').map(feature).collect(),
        pinned: None,
    });
    let kind = |name| match name {
        "Empty" => AnomalyKind::Empty,
        "Mislabelled" => AnomalyKind::Mislabelled,
        "Truncated" => AnomalyKind::Truncated,
        _ => AnomalyKind::Corrupt,
    };
    let found = |name| Anomaly { kind: kind(name), member: Vec::new(), feature: None, reason: String::new() };
    Blob {
        path,
        format: format.into(),
        layers: layer.map(str::to_string).into_iter().collect(),
        dialect: Dialect::default(),
        schema,
        anomalies: anomaly.map(found).into_iter().collect(),
    }
}

fn grouped(blobs: &[Blob]) -> Vec<Dataset> {
    grouped_with(blobs, &Corrections::default())
}

fn grouped_with(blobs: &[Blob], corrections: &Corrections) -> Vec<Dataset> {
    let source = SourceId("s".into());
    let looks: Vec<Look<'_>> = blobs
        .iter()
        .map(|blob| Look {
            format: &blob.format,
            layers: &blob.layers,
            dialect: &blob.dialect,
            schema: blob.schema.as_ref(),
        })
        .collect();
    let facts: Vec<BlobFacts<'_>> = blobs
        .iter()
        .zip(&looks)
        .map(|(blob, look)| BlobFacts {
            blob: BlobId::of(&source, &blob.path),
            path: &blob.path,
            size: 100,
            modified: Timestamp(0),
            look,
            anomalies: &blob.anomalies,
            table_log: None,
        })
        .collect();
    group(&source, &facts, corrections)
}

/// Groups the lines and says what came out: `root [keys] name: count`.
fn outcome(lines: &str) -> Vec<String> {
    outcome_with(lines, &Corrections::default())
}

fn outcome_with(lines: &str, corrections: &Corrections) -> Vec<String> {
    let blobs: Vec<Blob> = lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(blob).collect();
    let say = |dataset: &Dataset| {
        let key = |key: &crate::model::PartitionKey| format!("{}:{}", key.name, key.kind.name());
        let keys: Vec<String> = dataset.partition_keys.iter().map(key).collect();
        format!("{} [{}] {}: {}", dataset.root, keys.join(" "), dataset.name, dataset.blobs.len())
    };
    let mut said: Vec<String> = grouped_with(&blobs, corrections).iter().map(say).collect();
    said.sort();
    said
}

#[test]
fn hive_partitions_are_one_table_whatever_their_part_names() {
    let found = outcome(
        "lake/claims/region=eu/dt=2024-01-01/part-00000-82c8af50-a328-4a6f-8c51-aee715247251.c000.snappy.parquet parquet
         lake/claims/region=eu/dt=2024-01-02/1c642842-7189-45be-be06-936b6ff3cd4f.parquet parquet
         lake/claims/region=us/dt=__HIVE_DEFAULT_PARTITION__/000000_0 parquet
         lake/claims/_SUCCESS unknown -
         lake/claims/region=eu/dt=2024-01-01/.part-00000.crc unknown -
         lake/claims/_temporary/0/part-00001.parquet parquet",
    );
    assert_eq!(found, ["lake/claims [region:string dt:date] claims: 3"]);
}

#[test]
fn date_folders_in_several_forms_are_partitions() {
    let found = outcome(
        "web/hits/2024/05/01/batch-npugdb.json ndjson
         web/hits/2024/05/02/hits-8x44k9.json ndjson
         web/hits/2024/05/03/batch-qmwuye.json ndjson
         pos/20240501/x.csv
         pos/20240502/x.csv
         erp/dt=2024-05-01/x.csv
         erp/dt=2024-05-02/x.csv
         iot/2024-05-01-13/readings.csv
         iot/2024-05-01-14/readings.csv",
    );
    assert_eq!(
        found,
        [
            "erp [dt:date] erp_x: 2",
            "iot [hour:string] readings: 2",
            "pos [date:date] pos_x: 2",
            "web/hits [year:int month:int day:int] hits: 3",
        ]
    );
}

#[test]
fn letters_before_the_parts_of_a_date_say_which_they_are() {
    let found = outcome(
        "pos/y2024/m05/d01/part-0.csv
         pos/y2024/m05/d02/part-0.csv
         pos/y2024/m06/d01/part-0.csv
         m05/part-0.csv",
    );
    assert_eq!(found, ["m05/part-0.csv [] m05: 1", "pos [year:int month:int day:int] pos: 3"]);
}

#[test]
fn keys_that_came_later_and_names_that_repeat_their_folder_keep_a_table_whole() {
    let found = outcome(
        "a/dt=2024-05-01/part-0.csv
         a/dt=2024-05-02/part-0.csv
         a/dt=2024-05-03/hour=01/part-0.csv
         b/us-east-1/2024/05/01/trail_us-east-1_20240501.csv
         b/eu-west-1/2024/05/01/trail_eu-west-1_20240501.csv
         b/ap-south-1/2024/05/02/trail_ap-south-1_20240502.csv
         c/2024/05-01/part-0.csv
         c/2024/05-02/part-0.csv
         d/LOAD00000001.csv
         d/20240501-120000123.csv",
    );
    assert_eq!(
        found,
        [
            "a [dt:date hour:int] a: 3",
            "b [folder:string year:int month:int day:int] trail: 3",
            "c [year:int date:string] c: 2",
            "d [] d: 2",
        ]
    );
}

#[test]
fn query_ids_and_numbers_in_parentheses_count_parts() {
    let found = outcome(
        "a/20240501_120000_00042_xkqra_1c642842-7189-45be-be06-936b6ff3cd4f.json ndjson
         a/20240502_130000_00007_y3a6e_38fb31cf-8778-42d0-8293-9796450601f5.json ndjson
         b/leads%(1).csv
         b/leads%(2).csv
         b/leads.csv.part",
    );
    assert_eq!(found, ["a [] a: 2", "b [] leads: 2"]);
}

#[test]
fn tenants_with_folders_for_their_tables_are_partitions() {
    let found = outcome(
        "in/acme/orders/part-0.csv
         in/acme/people/part-0.csv csv id,name,mail
         in/zenith/orders/part-0.csv
         in/zenith/people/part-0.csv csv id,name,mail
         in/orion/orders/part-0.csv
         in/orion/people/part-0.csv csv id,name,mail
         wh/stock/data/part-0.csv
         wh/sales/data/part-0.csv
         wh/costs/data/part-0.csv",
    );
    assert_eq!(
        found,
        [
            "in [folder:string] orders: 3",
            "in [folder:string] people: 3",
            "wh/costs/data/part-0.csv [] costs: 1",
            "wh/sales/data/part-0.csv [] sales: 1",
            "wh/stock/data/part-0.csv [] stock: 1",
        ]
    );
}

#[test]
fn tables_beside_each_other_in_date_folders_stay_apart() {
    let found = outcome(
        "in/2024/05/01/orders.csv csv id,customer,total
         in/2024/05/01/customers.csv csv id,name,email
         in/2024/05/02/orders.csv csv id,customer,total
         in/2024/05/02/customers.csv csv id,name,email
         in/2024/05/03/orders_eu.csv csv id,customer,total
         in/2024/05/04/orders_eu.csv csv id,customer,total",
    );
    assert_eq!(
        found,
        ["in [year:int month:int day:int] customers: 2", "in [year:int month:int day:int] orders: 4"]
    );
}

#[test]
fn flat_families_are_told_apart_by_their_names() {
    let found = outcome(
        "drop/sales_2023.csv
         drop/sales_2024.csv
         drop/customers.csv csv id,name,email
         drop/stock-2024-05-01.csv
         drop/stock-2024-05-02.csv
         drop/extract_v1.csv
         drop/extract_v2.csv
         drop/report-jan-2024.csv
         drop/report-feb-2024.csv
         drop/table1.csv csv a,b,c
         drop/table2.csv csv x,y,z",
    );
    assert_eq!(
        found,
        [
            "drop [] extract_v: 2",
            "drop [] report: 2",
            "drop [] sales: 2",
            "drop [] stock: 2",
            "drop/customers.csv [] customers: 1",
            "drop/table1.csv [] table1: 1",
            "drop/table2.csv [] table2: 1",
        ]
    );
}

#[test]
fn numbered_and_guid_named_parts_are_one_dataset_with_or_without_extension() {
    let found = outcome(
        "a/part-00000.orc orc -
         a/part-00001.orc orc -
         b/000000_0 parquet
         b/000001_0 parquet
         c/employees_0000_part_00 csv+gzip
         c/employees_0001_part_00 csv+gzip
         d/1c642842-7189-45be-be06-936b6ff3cd4f.json ndjson
         d/38fb31cf-8778-42d0-8293-9796450601f5.json ndjson
         e/2024/part-0.csv
         e/2024/part-1.csv",
    );
    assert_eq!(found, ["a [] a: 2", "b [] b: 2", "c [] employees_part: 2", "d [] d: 2", "e/2024 [] e: 2"]);
}

#[test]
fn sibling_folders_with_one_schema_are_tables_and_tenants_are_partitions() {
    let found = outcome(
        "silver/invoices/000000_0 parquet
         silver/invoices/000001_0 parquet
         silver/products/000000_0 parquet
         silver/quotes/000000_0 parquet
         tenants/acme/refunds.csv csv id,amount
         tenants/zenith/refunds.csv csv id,amount
         tenants/orion/refunds.csv csv id,amount
         runs/x1/train.csv csv f1,f2
         runs/x2/train.csv csv f1,f2
         runs/x3/train.csv csv f1,f2
         zones/raw/orders.csv csv id,total
         zones/silver/orders.csv csv id,total
         zones/gold/orders.csv csv id,total",
    );
    assert_eq!(found.len(), 10, "{found:#?}");
    assert!(found.contains(&"silver/invoices [] invoices: 2".to_string()), "{found:#?}");
    assert!(found.contains(&"tenants [folder:string] refunds: 3".to_string()), "{found:#?}");
}

#[test]
fn rolled_logs_are_one_dataset_and_compressed_twins_are_two() {
    let found = outcome(
        "logs/app.log text -
         logs/app.log.1 text -
         logs/app.log.2.gz text+gzip -
         logs/app-2024-05-01.log text -
         logs/audit.log text -
         cold/orders.csv csv
         cold/orders.csv.gz csv+gzip
         old/sales_2022.csv.gz csv+gzip
         old/sales_2023.csv csv",
    );
    assert_eq!(
        found,
        [
            "cold/orders.csv [] orders: 1",
            "cold/orders.csv.gz [] orders_gz: 1",
            "logs [] app: 4",
            "logs/audit.log [] audit: 1",
            "old [] sales: 2",
        ]
    );
}

#[test]
fn formats_and_schemas_split_a_folder_but_drift_does_not() {
    let found = outcome(
        "mix/part-0.csv csv id,name,email
         mix/part-1.csv csv id,name,email,phone
         mix/part-2.csv csv id,name,email,phone,city
         mix/part-3.csv csv sensor,celsius,at
         mix/part-4.csv csv sensor,celsius,at
         mix/part-5.json ndjson id,name,email",
    );
    let counts: Vec<&str> = found.iter().filter_map(|line| line.rsplit(' ').next()).collect();
    assert_eq!(counts, ["3", "2", "1"], "{found:#?}");
}

#[test]
fn what_is_broken_or_serves_others_belongs_to_none() {
    let found = outcome(
        "sftp/good.csv csv
         sftp/empty.csv unknown!Empty -
         sftp/bad.parquet parquet!Corrupt -
         sftp/cut.parquet parquet!Truncated -
         sftp/cut.csv csv!Truncated
         sftp/cut.json json!Truncated
         sftp/cut.csv.gz csv+gzip!Truncated
         sftp/download.csv html!Mislabelled -
         sftp/good.csv.sha256 text -
         sftp/README.md text -
         sftp/.DS_Store unknown -
         sftp/upload.csv.tmp csv
         sftp/x_$folder$ unknown -
         sftp/good.done text -",
    );
    assert_eq!(found, ["sftp/cut.csv [] cut: 1", "sftp/good.csv [] good: 1"]);
}

#[test]
fn tables_with_logs_are_known_by_them() {
    let found = outcome(
        "t/loans/_delta_log/00000000000000000000.json json -
         t/loans/dt=2024-01-01/part-00000-61fba176-cfb1-4aab-8653-f9b695a2e3cb-c000.snappy.parquet parquet
         t/loans/dt=2024-01-02/part-00000-62a13537-bbfa-4128-9a95-3eb92c5240a6-c000.snappy.parquet parquet
         t/surveys/metadata/v1.metadata.json json a,b
         t/surveys/metadata/snap-1-1-19170e50.avro avro a,b
         t/surveys/data/00000-0-bce5b708-ac94-4577-b02a-a3ed475a5ada.parquet parquet
         t/events/.hoodie/hoodie.properties text -
         t/events/p=0/19517b3d-c52d-4d4a-8fb5-30769c9fe34b-0_0-1-0_20240101000000000.parquet parquet
         t/events/p=0/19517b3d-c52d-4d4a-8fb5-30769c9fe34b-0_0-2-0_20240102000000000.parquet parquet",
    );
    assert_eq!(
        found,
        ["t/events [p:int] events: 1", "t/loans [dt:date] loans: 2", "t/surveys [] surveys: 1"]
    );
}

#[test]
fn names_are_unique_fit_for_sql_and_kept() {
    let blobs: Vec<Blob> = ["a/order.csv", "b/Größe 1 (new).csv", "b/x.csv", "c/x.csv", "2024.csv"]
        .map(blob_at)
        .into_iter()
        .collect();
    let mut datasets = grouped(&blobs);
    let names: std::collections::BTreeSet<&str> =
        datasets.iter().map(|dataset| dataset.name.as_str()).collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["a_order", "b_x", "c_x", "gr_e_1_new", "t_2024"]);

    let mut current = vec![datasets[0].clone()];
    current[0].name = "chosen".into();
    current.push(Dataset {
        id: crate::model::DatasetId("other".into()),
        source: SourceId("t".into()),
        name: "c_x".into(),
        ..datasets[0].clone()
    });
    let first = datasets[0].id.clone();
    keep_names(&mut datasets, &current);
    assert_eq!(datasets.iter().find(|dataset| dataset.id == first).unwrap().name, "chosen");
    assert!(datasets.iter().any(|dataset| dataset.name == "c_x_2"));
}

fn blob_at(path: &str) -> Blob {
    Blob { path: path.into(), ..blob("x csv") }
}

#[test]
fn partition_values_come_from_the_path() {
    let path = "lake/2024/05/01/x.csv";
    let blobs: Vec<Blob> = [path, "lake/2024/05/02/x.csv"].map(blob_at).into_iter().collect();
    let datasets = grouped(&blobs);
    let texts = |dataset: &Dataset, path| -> Vec<String> {
        partition_values(dataset, path).into_iter().map(|value| value.unwrap_or("null".into())).collect()
    };
    assert_eq!(texts(&datasets[0], path), ["2024", "05", "01"]);
    let blobs: Vec<Blob> =
        ["k/city=S%C3%A3o%20Paulo/20240501/x.csv", "k/city=__HIVE_DEFAULT_PARTITION__/20240502/x.csv"]
            .map(blob_at)
            .into_iter()
            .collect();
    let datasets = grouped(&blobs);
    assert_eq!(texts(&datasets[0], &blobs[0].path), ["São Paulo", "2024-05-01"]);
    assert_eq!(texts(&datasets[0], &blobs[1].path), ["null", "2024-05-02"]);
}

#[test]
fn ids_stay_while_partitions_come() {
    let one = grouped(&["a/dt=1/x.csv"].map(blob_at));
    let two = grouped(&["a/dt=1/x.csv", "a/dt=2/y.csv"].map(blob_at));
    assert_eq!(one[0].id, two[0].id);
}

proptest! {
    /// Every blob lands in one dataset at most, ids and names are unique, and order does not matter.
    #[test]
    fn grouping_is_order_free(
        picks in prop::collection::vec((0..6usize, 0..7usize, 0..4usize, 0..3usize), 1..40),
        seed in 0..1000usize,
    ) {
        const FOLDERS: [&str; 6] = ["a", "a/dt=1", "a/dt=2", "b/2024/01/01", "b/2024/01/02", "c/x7"];
        const NAMES: [&str; 7] =
            ["x.csv", "x.csv.gz", "part-0.csv", "part-1.csv", "s_2023.csv", "s_2024.csv", "r62q4p7.csv"];
        const COLUMNS: [&str; 4] = ["a,b,c", "a,b,c,d", "x,y,z", "-"];
        const FORMATS: [&str; 3] = ["csv", "ndjson", "csv+gzip"];
        let mut lines: std::collections::BTreeMap<String, String> = Default::default();
        for (folder, name, columns, format) in picks {
            let path = format!("{}/{}", FOLDERS[folder], NAMES[name]);
            lines.insert(path.clone(), format!("{path} {} {}", FORMATS[format], COLUMNS[columns]));
        }
        let mut blobs: Vec<Blob> = lines.values().map(|line| blob(line)).collect();
        let straight = grouped(&blobs);
        blobs.reverse();
        let turn = seed % blobs.len();
        blobs.rotate_left(turn);
        prop_assert_eq!(&straight, &grouped(&blobs));
        let mut members: Vec<BlobId> = straight.iter().flat_map(|dataset| dataset.blobs.clone()).collect();
        let all = members.len();
        members.sort();
        members.dedup();
        prop_assert_eq!(all, members.len());
        prop_assert_eq!(all, blobs.len());
        for key in [|dataset: &Dataset| dataset.name.clone(), |dataset: &Dataset| dataset.id.0.clone()] {
            let distinct: std::collections::BTreeSet<String> = straight.iter().map(key).collect();
            prop_assert_eq!(distinct.len(), straight.len());
        }
    }
}
