//! Tests of what people say, of facets and of suggestions.

use super::*;
use crate::model::{Annotated, Annotation};
use crate::search::FacetCount;

fn said(about: Annotated, feature: &str, tag: &str, owner: &str, description: &str) -> Annotation {
    let some = |text: &str| if text.is_empty() { Default::default() } else { [text.to_owned()].into() };
    Annotation {
        about,
        feature: feature.into(),
        tags: some(tag),
        owners: some(owner),
        description: description.into(),
        by: "ann".into(),
        at: Timestamp(0),
    }
}

fn orders_blob() -> BlobId {
    BlobId::of(&source().id, "raw/orderItems/year=2024/part-0.parquet")
}

fn annotated() -> Catalog {
    let catalog = filled();
    let customers = || Annotated::Dataset(DatasetId("id-customers".into()));
    let annotations = [
        said(customers(), "", "gold", "Data Platform", "Everybody who ever bought"),
        said(customers(), "email", "contact", "", "where receipts go"),
        said(Annotated::Blob(orders_blob()), "", "frozen", "", ""),
    ];
    put(&catalog, &annotations.map(|said| Change::put(&said).unwrap()));
    catalog
}

#[test]
fn what_people_say_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let index = Index::open(directory.path(), &annotated(), hide).unwrap();
    let none: [&str; 0] = [];
    for (query, expected) in [
        ("gold", &CUSTOMERS[1..]),
        ("tag:GOLD", &CUSTOMERS[1..]),
        ("tag:contact", &CUSTOMERS[1..]),
        ("tag:*", &[ORDERS[0], CUSTOMERS[1]]),
        ("-tag:* is:dataset", &ORDERS[1..]),
        ("owner:\"data platform\"", &CUSTOMERS[1..]),
        ("bought", &CUSTOMERS[1..]),
        ("description:\"receipts go\"", &CUSTOMERS[1..]),
        ("description:\"go receipts\"", &none),
        ("id:id-customers", &CUSTOMERS[1..]),
        ("id:id-c*", &CUSTOMERS[1..]),
        (&format!("id:{}", orders_blob()), &ORDERS[..1]),
    ] {
        assert_eq!(names(&index, query), expected, "{query}");
    }
}

#[test]
fn a_refresh_hears_of_what_people_say_and_take_back() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = annotated();
    let index = Index::open(directory.path(), &catalog, hide).unwrap();
    let about = Annotated::Dataset(DatasetId("id-order_items".into()));
    put(&catalog, &[Change::put(&said(about, "sku", "stock", "", "")).unwrap()]);
    assert_eq!(index.refresh(&catalog).unwrap(), Refreshed { written: 1, removed: 0, rebuilt: false });
    assert_eq!(names(&index, "tag:stock"), ORDERS[1..]);
    put(&catalog, &[Change::put(&said(Annotated::Blob(orders_blob()), "", "", "", "")).unwrap()]);
    index.refresh(&catalog).unwrap();
    assert_eq!(names(&index, "tag:frozen"), Vec::<String>::new());
}

#[test]
fn times_are_asked_by_year_month_day_and_second() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = filled();
    let mut old = blob("old.csv", "csv", 5, None);
    old.modified = "2023-12-31T23:59:59Z".parse().unwrap();
    put(&catalog, &[Change::put(&old).unwrap()]);
    let index = Index::open(directory.path(), &catalog, hide).unwrap();
    for (query, is_found) in [
        ("modified:2023", true),
        ("modified:2023-12", true),
        ("modified:2023-12-31", true),
        ("modified:>=2023-12-31T23:59:59Z", true),
        ("modified:2022..2023-12", true),
        ("modified:<=2023", true),
        ("modified:>2023", false),
        ("modified:<2023-12-31", false),
        ("modified:2024", false),
        ("modified:2023-11", false),
    ] {
        assert_eq!(names(&index, &format!("path:old {query}")).len(), usize::from(is_found), "{query}");
    }
    for wrong in ["modified:soon", "modified:2023-13", "modified:9999", "modified:2023-1", "modified:>"] {
        let asked = index.search(wrong, 9, Sight::Full);
        assert!(asked.is_ok() || asked.unwrap_err().kind == crate::ErrorKind::Invalid, "{wrong}");
    }
    assert!(index.search("modified:soon", 9, Sight::Full).is_err());
}

fn count<'f>(counts: &'f [FacetCount], facet: &str, value: &str) -> Option<&'f FacetCount> {
    counts.iter().find(|count| count.facet == facet && count.value == value)
}

#[test]
fn facets_count_what_fits_and_their_queries_find_as_many() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = annotated();
    let index = Index::open(directory.path(), &catalog, hide).unwrap();
    let facets = index.facets("*", 20, Sight::Full).unwrap();
    assert_eq!(facets.total, 4);
    let expected = [
        ("is", "blob", 2),
        ("is", "dataset", 2),
        ("format", "csv", 2),
        ("format", "parquet", 2),
        ("layer", "gzip", 1),
        ("tag", "contact", 1),
        ("owner", "data platform", 1),
        ("kind", "email_address", 2),
        ("anomaly", "truncated", 1),
        ("source", "s3://lake-bucket/zone", 4),
        ("path", "crm", 2),
        ("path", "raw", 2),
        ("column", "sku", 1),
        ("size", "1kB..1MB", 2),
        ("size", "1MB..10MB", 2),
        ("modified", "1970", 2),
    ];
    for (facet, value, expected) in expected {
        let count = count(&facets.counts, facet, value);
        assert_eq!(count.map(|count| count.count), Some(expected), "{facet} {value}: {facets:?}");
    }
    for count in facets.counts.iter().filter(|count| count.facet != "column") {
        assert_eq!(names(&index, &count.query).len() as u64, count.count, "{count:?}");
    }
    let facets = index.facets("format:csv is:dataset", 20, Sight::Full).unwrap();
    assert_eq!((facets.total, count(&facets.counts, "format", "parquet")), (1, None));
    // What is gone is not counted, though its document may still lie in the index.
    put(&catalog, &[Change::close::<BlobVersion>(&orders_blob())]);
    index.refresh(&catalog).unwrap();
    let facets = index.facets("*", 20, Sight::Full).unwrap();
    assert_eq!((facets.total, count(&facets.counts, "anomaly", "truncated")), (3, None));
}

#[test]
fn suggestions_go_on_from_what_was_typed() {
    let directory = tempfile::tempdir().unwrap();
    let index = Index::open(directory.path(), &annotated(), hide).unwrap();
    let suggest = |typed: &str| -> Vec<String> {
        index.suggest(typed, 8).unwrap().into_iter().map(|one| one.query).collect()
    };
    assert_eq!(suggest("order")[0], "order_items", "names of datasets come first");
    assert!(suggest("for").contains(&"format:".to_owned()));
    assert_eq!(suggest("format:"), ["format:csv", "format:parquet"]);
    assert_eq!(suggest("raw -FORMAT:pa"), ["raw -format:parquet"]);
    assert_eq!(suggest("owner:d"), ["owner:\"data platform\""]);
    assert!(suggest("go").contains(&"tag:gold".to_owned()));
    for nothing in ["", "zzz", "colour:r", "size:1", "orders "] {
        assert_eq!(suggest(nothing), Vec::<String>::new(), "{nothing}");
    }
    assert_eq!(index.suggest("o", 1).unwrap().len(), 1);
}

#[test]
fn a_path_that_names_somebody_is_found_when_typed_and_told_to_nobody() {
    let catalog = filled();
    let people = columns(&["v", "w"]);
    let named = blob("exports/zoe.quist@mail.example", "csv", 10, Some(&people));
    let mut findings = finding(named.blob, "EMAIL_ADDRESS");
    findings.findings[0].feature = None;
    let dataset = dataset("exports_01", &named.path, &[&named], &people);
    let changes = [Change::put(&people), Change::put(&named), Change::put(&findings), Change::put(&dataset)];
    put(&catalog, &changes.map(Result::unwrap));
    let directory = tempfile::tempdir().unwrap();
    let index = Index::open(directory.path(), &catalog, hide).unwrap();
    for query in ["quist", "path:zoe", "name:zoe", "\"zoe quist\""] {
        let found = names(&index, query);
        assert!(found.iter().any(|name| name == "dataset exports_01"), "{query}: {found:?}");
        let unseen = index.search(query, 9, Sight::WithoutPersons).unwrap();
        assert_eq!(unseen, [], "{query}: who may not see a name must not find out by asking");
        assert_eq!(index.facets(query, 9, Sight::WithoutPersons).unwrap().total, 0, "{query}");
    }
    assert_eq!(index.search("path:exports", 9, Sight::WithoutPersons).unwrap().len(), 2);
    for typed in ["zoe", "qui", "path:zo", "name:zoe"] {
        let told = index.suggest(typed, 10).unwrap();
        assert!(told.is_empty(), "{typed}: {told:?}");
    }
    let counted = index.facets("*", 100, Sight::Full).unwrap();
    assert!(counted.counts.iter().all(|count| !count.value.contains("quist")), "{counted:?}");
}
