//! What one search sees in bytes, cells and names.

use super::*;

fn found(id: &str, path: &str, text: &str) -> (Found, Sought) {
    let sought = Sought::new(vec![Identifier::parse(id).unwrap()]);
    let found = sought.search(&text.as_bytes().to_vec().into(), path, &Bounds::default(), true);
    (found, sought)
}

#[test]
fn keys_count_only_in_columns_of_their_name() {
    let table = "id,customer_id,amount\n7,9,42\n9,7,7\n";
    let (found, _) = found("customer_id=7", "sales/orders.csv", table);
    let cells: Vec<_> =
        found.parts[0].cells.iter().map(|cell| (cell.feature.to_string(), cell.at.row)).collect();
    assert_eq!(cells, [("customer_id".to_owned(), 1)], "neither a bare id of orders nor an amount");
}

#[test]
fn a_bare_id_belongs_to_the_table_around_it() {
    let table = "id,name\n7,x\n8,y\n9,z\n";
    assert!(found("customer_id=7", "crm/customers.csv", table).0.has_hits());
    assert!(!found("customer_id=7", "crm/orders.csv", table).0.has_hits());
}

#[test]
fn names_of_files_folders_and_partitions_can_name_her() {
    let (_, sought) = found("email=ada@mail.example", "a.csv", "");
    for name in
        ["exports/ada@mail.example.csv", "email=ada@mail.example/part-0.csv", "ADA@mail.example/x.tar.gz"]
    {
        assert!(sought.in_name(name).is_some(), "{name}");
    }
    for name in ["exports/ada.csv", "lady.ada@mail.example.csv", "mail.example/a.csv"] {
        assert!(sought.in_name(name).is_none(), "{name}");
    }
    let (_, sought) = found("customer_id=7", "a.csv", "");
    assert!(sought.in_name("orders/customer_id=7/part-0.csv").is_some());
    assert!(sought.in_name("orders/customer_id=77/7.csv").is_none());
}

#[test]
fn what_no_cell_explains_is_seen_in_the_bytes() {
    let (found, _) = found("email=ada@mail.example", "a.csv", "id,ada@mail.example\n1,2\n3,4\n5,6\n");
    assert_eq!(found.parts[0].bytes.len(), 1, "her address is a column's name");
    assert!(found.parts[0].units.is_empty());
}

#[test]
fn rows_that_stay_are_digested_without_hers() {
    let with = "id,email\n1,ada@mail.example\n2,b@x.example\n3,c@x.example\n";
    let without = "id,email\n2,b@x.example\n3,c@x.example\n";
    let (hers, _) = found("email=ada@mail.example", "a.csv", with);
    let (others, _) = found("email=b@x.example", "a.csv", with);
    let read = hers.parts[0].format.read.unwrap();
    let expected = rows::digests(
        read,
        &without.as_bytes().to_vec().into(),
        &hers.parts[0].dialect,
        &Bounds::default(),
        &BTreeMap::new(),
    );
    assert!(rows::are_equal(&hers.parts[0].rows_after, &expected.unwrap()));
    assert!(!rows::are_equal(&hers.parts[0].rows_after, &others.parts[0].rows_after));
    assert!(rows::are_equal(&BTreeMap::from([("t".to_owned(), RowsDigest::EMPTY)]), &BTreeMap::new()));
}

#[test]
fn what_nobody_can_split_goes_whole_only_if_it_is_hers_alone() {
    let sought = Sought::new(vec![Identifier::parse("email=ada@x.example").unwrap()]);
    let search = |path: &str, bytes: &[u8]| {
        let mut found = sought.search(&bytes.to_vec().into(), path, &Bounds::default(), false);
        found.parts.remove(0)
    };
    let hers = search("a.bin", b"\x00\x01\xff\xfe\x00 ada@x.example \x00\x02\xff");
    assert!(hers.format.read.is_none() && !hers.holds_others && !hers.units.is_empty());
    let shared = search("a.bin", b"\x00\x01\xff\xfe\x00 ada@x.example \x00\x02\xff bob@x.example \x00");
    assert!(shared.holds_others && shared.units.is_empty() && shared.has_hits());
    let log = search("a.db-wal", b"\x00\x01\xff\xfe\x00 ada@x.example \x00\x02\xff");
    assert!(log.holds_others, "a log holds rows of anybody");
}

#[test]
fn the_name_in_a_gzip_header_is_seen() {
    let sought = Sought::new(vec![Identifier::parse("email=ada@x.example").unwrap()]);
    let mut encoder = flate2::GzBuilder::new()
        .filename("ada@x.example.csv")
        .write(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, b"day,steps\n1,2\n").unwrap();
    let stored = encoder.finish().unwrap();
    let found = sought.search(&stored.into(), "a.csv.gz", &Bounds::default(), false);
    assert!(found.has_hits());
}
