//! Tests of the index over a small catalog.

mod facets;

use std::borrow::Cow;
use std::sync::Arc;

use super::*;
use crate::env::fixed;
use crate::model::{
    Anomaly, AnomalyKind, ArtifactId, BlobId, DatasetId, Dialect, ExecutionId, Feature, FeatureType, Finding,
    Part, PartitionKey, Presence, Principal, Searched, Source, SourceId, Timestamp,
};
use crate::schema::infer;
use crate::store::memory::MemoryStore;
use crate::{Catalog, Change};

fn source() -> Source {
    let url = "s3://lake-bucket/zone".to_owned();
    Source {
        id: SourceId::of(&url),
        url,
        added: Timestamp(0),
        schedule: None,
        grouped: None,
        recognised: None,
        index_key: None,
        tags_denied: false,
    }
}

fn columns(names: &[&str]) -> crate::model::Schema {
    let presence = Presence { min_fraction: 1.0, min_values: 1, max_values: 1 };
    let feature = |name: &&str| Feature {
        name: (*name).into(),
        kind: FeatureType::String,
        presence,
        domain: Vec::new(),
        not_in_environment: Vec::new(),
        semantic: None,
    };
    infer::schema(names.iter().map(feature).collect())
}

fn blob(path: &str, format: &str, size: u64, schema: Option<&crate::model::Schema>) -> BlobVersion {
    let source = source().id;
    BlobVersion {
        blob: BlobId::of(&source, path),
        source,
        path: path.into(),
        size,
        etag: None,
        store_version: None,
        modified: Timestamp(0),
        crawled: Timestamp(0),
        run: ExecutionId(1),
        artifact: ArtifactId(1),
        digest: None,
        parts: vec![Part {
            member: Vec::new(),
            format: format.into(),
            media_type: String::new(),
            confidence: 1.0,
            layers: if path.ends_with("gz") { vec!["gzip".into()] } else { Vec::new() },
            dialect: Dialect::default(),
            size,
            digest: None,
            rows: Some(size / 10),
            rows_digest: None,
            schema: schema.map(|schema| schema.id),
        }],
        anomalies: Vec::new(),
        searched: Searched::Full,
        table_log: None,
        depth: Default::default(),
    }
}

fn dataset(name: &str, root: &str, blobs: &[&BlobVersion], schema: &crate::model::Schema) -> Dataset {
    Dataset {
        id: DatasetId(format!("id-{name}")),
        source: source().id,
        name: name.into(),
        root: root.into(),
        format: blobs[0].root().format.clone(),
        compression: None,
        dialect: Dialect::default(),
        partition_keys: vec![PartitionKey { name: "year".into(), kind: FeatureType::Int }],
        blobs: blobs.iter().map(|blob| blob.blob).collect(),
        schema: Some(schema.id),
        rows: Some(100),
        bytes: blobs.iter().map(|blob| blob.size).sum(),
        context: None,
        anomalies: Vec::new(),
        corrected: false,
    }
}

fn finding(blob: BlobId, kind: &str) -> Findings {
    let finding = Finding {
        member: Vec::new(),
        feature: Some(crate::model::FeaturePath::column("email")),
        kind: kind.into(),
        confidence: 1.0,
        count: 1,
        why: String::new(),
    };
    Findings { blob, findings: vec![finding] }
}

fn put(catalog: &Catalog, changes: &[Change]) {
    catalog.commit(&Principal::system(), changes).unwrap();
}

fn filled() -> Catalog {
    let catalog = Catalog::open(Arc::new(MemoryStore::new()), fixed::env(1)).unwrap();
    let (people, items) = (columns(&["customerId", "email"]), columns(&["order_id", "sku"]));
    let customers = blob("crm/customers.csv.gz", "csv", 5_000, Some(&people));
    let mut orders = blob("raw/orderItems/year=2024/part-0.parquet", "parquet", 2_000_000, Some(&items));
    orders.anomalies.push(Anomaly {
        kind: AnomalyKind::Truncated,
        member: Vec::new(),
        feature: None,
        reason: String::new(),
    });
    let datasets = [
        dataset("customers", "crm/customers.csv.gz", &[&customers], &people),
        dataset("order_items", "raw/orderItems", &[&orders], &items),
    ];
    let mut changes = vec![
        Change::put(&source()).unwrap(),
        Change::put(&people).unwrap(),
        Change::put(&items).unwrap(),
        Change::put(&customers).unwrap(),
        Change::put(&orders).unwrap(),
        Change::put(&finding(customers.blob, "EMAIL_ADDRESS")).unwrap(),
    ];
    changes.extend(datasets.iter().map(|dataset| Change::put(dataset).unwrap()));
    put(&catalog, &changes);
    catalog
}

/// Takes every segment with an `@` for somebody.
fn hide(path: &str) -> Cow<'_, str> {
    let hide = |segment| if str::contains(segment, '@') { "***" } else { segment };
    path.split('/').map(hide).collect::<Vec<_>>().join("/").into()
}

fn names(index: &Index, query: &str) -> Vec<String> {
    let mut names: Vec<_> = index
        .search(query, 100, Sight::Full)
        .unwrap()
        .into_iter()
        .map(|hit| format!("{} {}", hit.kind, hit.name))
        .collect();
    names.sort();
    names
}

const CUSTOMERS: [&str; 2] = ["blob crm/customers.csv.gz", "dataset customers"];
const ORDERS: [&str; 2] = ["blob raw/orderItems/year=2024/part-0.parquet", "dataset order_items"];

#[test]
fn queries_find_what_they_say() {
    let directory = tempfile::tempdir().unwrap();
    let index = Index::open(&directory.path().join("search"), &filled(), hide).unwrap();
    let none: [&str; 0] = [];
    for (query, expected) in [
        ("customers", &CUSTOMERS[..]),
        ("cust", &CUSTOMERS),
        ("custmers", &CUSTOMERS),
        ("email", &CUSTOMERS),
        ("order items", &ORDERS),
        ("orderItems", &ORDERS),
        ("orderitems", &ORDERS),
        ("\"order items\"", &ORDERS),
        ("\"items order\"", &none),
        ("customers order", &none),
        ("customers OR order", &["blob crm/customers.csv.gz", ORDERS[0], CUSTOMERS[1], ORDERS[1]]),
        ("*", &["blob crm/customers.csv.gz", ORDERS[0], CUSTOMERS[1], ORDERS[1]]),
        ("-format:csv", &ORDERS),
        ("format:PARQUET is:dataset", &ORDERS[1..]),
        ("column:email", &CUSTOMERS),
        ("column:customerid", &CUSTOMERS),
        ("column:customer", &CUSTOMERS),
        ("column:mail", &none),
        ("column:year", &[CUSTOMERS[1], ORDERS[1]]),
        ("kind:EMAIL_ADDRESS", &CUSTOMERS),
        ("kind:email-address format:parquet", &none),
        ("kind:*", &CUSTOMERS),
        ("anomaly:truncated", &ORDERS[..1]),
        ("path:raw/orderItems", &ORDERS),
        ("path:raw/order*", &ORDERS),
        ("path:raw/items", &none),
        ("source:lake-bucket format:csv", &CUSTOMERS),
        ("layer:gzip", &CUSTOMERS[..1]),
        ("size:>1MB", &ORDERS),
        ("size:1k..10k", &CUSTOMERS),
        ("rows:<=500 is:blob", &CUSTOMERS[..1]),
    ] {
        assert_eq!(names(&index, query), expected, "{query}");
    }
    let best = &index.search("customers", 1, Sight::Full).unwrap()[0];
    assert_eq!(
        (best.kind.as_str(), best.id.as_str(), best.format.as_str()),
        ("dataset", "id-customers", "csv")
    );
    assert_eq!(index.search("*", 0, Sight::Full).unwrap(), []);
    assert_eq!(index.search("colour:red", 9, Sight::Full).unwrap_err().kind, crate::ErrorKind::Invalid);
}

#[test]
fn a_refresh_reads_only_what_changed() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = filled();
    let index = Index::open(directory.path(), &catalog, hide).unwrap();
    assert_eq!(index.refresh(&catalog).unwrap(), Refreshed::default());
    let orders = BlobId::of(&source().id, "raw/orderItems/year=2024/part-0.parquet");
    put(&catalog, &[Change::put(&finding(orders, "PHONE_NUMBER")).unwrap()]);
    let refreshed = index.refresh(&catalog).unwrap();
    assert_eq!(refreshed, Refreshed { written: 2, removed: 0, rebuilt: false });
    assert_eq!(names(&index, "kind:phone_number"), ORDERS, "findings reach the blob and its dataset");
    put(&catalog, &[Change::close::<BlobVersion>(&orders)]);
    assert_eq!(index.refresh(&catalog).unwrap(), Refreshed { written: 0, removed: 1, rebuilt: false });
    assert_eq!(names(&index, "order"), ORDERS[1..]);
    drop(index);
    let index = Index::open(directory.path(), &catalog, hide).unwrap();
    assert_eq!(index.refresh(&catalog).unwrap(), Refreshed::default(), "it remembers where it was");
    assert_eq!(names(&index, "order"), ORDERS[1..]);
}

fn grep(directory: &Path, word: &str) -> bool {
    fs::read_dir(directory).unwrap().any(|entry| {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(word.len()).any(|window| window == word.as_bytes())
    })
}

#[test]
fn after_a_purge_it_is_made_anew_and_holds_nothing_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = filled();
    let canary = blob("exports/canaryberg.csv", "csv", 10, None);
    put(&catalog, &[Change::put(&canary).unwrap()]);
    let index = Index::open(directory.path(), &catalog, hide).unwrap();
    assert!(grep(directory.path(), "canaryberg"));
    put(&catalog, &[Change::purge::<BlobVersion>(&canary.blob)]);
    assert!(index.refresh(&catalog).unwrap().rebuilt);
    assert!(!grep(directory.path(), "canaryberg"));
    assert_eq!(names(&index, "canaryberg"), Vec::<String>::new());
    assert_eq!(names(&index, "customers"), CUSTOMERS);
}

#[test]
fn what_is_missing_damaged_or_of_another_catalog_is_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = filled();
    let open = || names(&Index::open(directory.path(), &catalog, hide).unwrap(), "customers");
    assert_eq!(open(), CUSTOMERS);
    for entry in fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        // A lock has no content to damage.
        if path.extension().is_some_and(|extension| extension == "lock") {
            continue;
        }
        if !path.exists() {
            continue;
        }
        fs::write(&path, b"damaged").unwrap();
        assert_eq!(open(), CUSTOMERS, "{}", path.display());
    }
    fs::remove_dir_all(directory.path()).unwrap();
    assert_eq!(open(), CUSTOMERS);
    let empty = Catalog::open(Arc::new(MemoryStore::new()), fixed::env(1)).unwrap();
    assert_eq!(names(&Index::open(directory.path(), &empty, hide).unwrap(), "*"), Vec::<String>::new());
}
