use catalog::model::{AnomalyKind, Dialect, FeatureType};

use super::super::collect::{assert_removal_law, fixtures, read, read_within, rewrite, sniffed};
use super::super::{Bounds, FormatError, Removal};
use super::FORMAT;
use crate::content::Content;

fn removal(units: &[u64]) -> Removal {
    Removal { units: [(String::new(), units.iter().copied().collect())].into() }
}

fn fixture(name: &str) -> Content {
    let all = fixtures(&FORMAT, name);
    assert_eq!(all.len(), 1, "{name}");
    all.into_iter().next().unwrap().1
}

fn bytes(content: &Content) -> Vec<u8> {
    content.range(0, content.len() as usize).unwrap().to_vec()
}

/// Where each sync marker of the fixtures begins.
fn syncs(bytes: &[u8]) -> Vec<usize> {
    let marker: Vec<u8> = (0..16).collect();
    memchr::memmem::find_iter(bytes, &marker).collect()
}

#[test]
fn good_files_are_sniffed_and_keep_the_law_of_removal() {
    for (name, content) in fixtures(&FORMAT, "good-") {
        assert_eq!(sniffed(&FORMAT, &bytes(&content), &name), Some(0.99), "{name}");
        for nth in [1, 2, 3, 7] {
            assert_removal_law(&FORMAT, &content, nth);
        }
    }
}

#[test]
fn every_codec_gives_the_same_cells() {
    let cells = |codec: &str| read(&FORMAT, &fixture(&format!("good-{codec}"))).0.cells;
    let plain = cells("null.avro");
    assert_eq!(plain.iter().map(|cell| cell.at.row).max(), Some(19));
    for codec in ["deflate", "snappy", "zstandard", "bzip2", "xz"] {
        assert_eq!(cells(codec), plain, "{codec}");
    }
}

#[test]
fn types_of_the_schema_become_features_and_logical_types_values() {
    let (seen, outcome) = read(&FORMAT, &fixture("good-null.avro"));
    outcome.unwrap();
    let kind = |path: &str| seen.features.iter().find(|(name, _)| name == path).unwrap().1.clone();
    for (path, expected) in [
        ("id", Some(FeatureType::Int)),
        ("name", Some(FeatureType::String)),
        ("ratio", Some(FeatureType::Float)),
        ("photo", Some(FeatureType::Bytes)),
        ("tier", Some(FeatureType::String)),
        ("born", Some(FeatureType::Date)),
        ("left", Some(FeatureType::Timestamp)),
        ("paid", Some(FeatureType::Float)),
        ("contact.phones[]", Some(FeatureType::String)),
        ("labels[].key", Some(FeatureType::String)),
        ("labels[].value", Some(FeatureType::Int)),
        ("either", Some(FeatureType::String)),
        ("either[]", Some(FeatureType::Float)),
    ] {
        assert_eq!(kind(path), expected, "{path}");
    }
    let first = |path: &str| seen.values(path)[..2].join(" ");
    assert_eq!(first("name"), "Null Text(\"Ada\")");
    assert_eq!(first("born"), "Date(-300) Date(-89)");
    assert_eq!(first("wakes"), "Text(\"00:00:01\") Text(\"01:01:01.500\")");
    assert_eq!(first("left"), "Timestamp(-315619200000000) Null");
    assert_eq!(first("paid"), "Decimal(\"-5.00\") Decimal(\"-4.75\")");
    assert_eq!(first("ratio"), "Float(0.0) Float(0.125)");
    assert_eq!(
        first("key"),
        "Text(\"00000000-0000-0000-0000-000000000005\") Text(\"00000000-0000-0001-0000-000000000005\")"
    );
    // Row 8: a record within a record, both with two telephones.
    let phones = |path: &str| {
        let phones = seen.cells.iter().filter(|cell| cell.path == path && cell.at.row == 8);
        phones.map(|cell| cell.value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(phones("contact.phones[]"), ["Text(\"+4930000008\")"; 2]);
    assert_eq!(phones("contact.second.phones[]"), ["Text(\"+4930000008\")"; 2]);
    let chain = read(&FORMAT, &fixture("good-chain")).0;
    assert_eq!(chain.values("next.next.mail"), ["Text(\"a@mail.example\")"]);
    assert_eq!(read(&FORMAT, &fixture("good-scalars")).0.values("value[]").len(), 3);
}

#[test]
fn untouched_blocks_and_records_keep_their_bytes() {
    let content = fixture("good-deflate");
    let before = bytes(&content);
    let (after, done) = rewrite(&FORMAT, &content, &removal(&[0])).unwrap();
    assert_eq!((done.removed, done.kept), (1, 19));
    let after = bytes(&after);
    let (old, new) = (syncs(&before), syncs(&after));
    assert!(old.len() > 3);
    assert_eq!(before[..old[0] + 16], after[..new[0] + 16], "the header");
    assert_eq!(before[old[1]..], after[new[1]..], "blocks after the first");
    assert!(new[1] < old[1]);
    // Without compression the records that stay are there to be seen.
    let content = fixture("good-null.avro");
    let (before, after) = (bytes(&content), bytes(&rewrite(&FORMAT, &content, &removal(&[0])).unwrap().0));
    let second = memchr::memmem::find(&before, b".1@mail.example").unwrap();
    assert!(memchr::memmem::find(&after, &before[second..syncs(&before)[1]]).is_some());
    assert!(memchr::memmem::find(&before, b".0@mail.example").is_some());
    assert!(memchr::memmem::find(&after, b".0@mail.example").is_none());
}

#[test]
fn damage_costs_its_block_only_and_is_told() {
    let kinds = |name: &str| {
        let (seen, outcome) = read(&FORMAT, &fixture(name));
        let kinds: Vec<_> = seen.anomalies.iter().map(|(kind, _)| *kind).collect();
        (seen.rows, kinds, outcome.is_ok())
    };
    let (rows, anomalies, _) = kinds("hostile-damaged-block");
    assert!(rows > 6 && anomalies == [AnomalyKind::Corrupt], "{rows} {anomalies:?}");
    let (rows, anomalies, _) = kinds("hostile-lost-sync");
    assert!(rows > 6 && anomalies == [AnomalyKind::Corrupt], "{rows} {anomalies:?}");
    let (rows, anomalies, _) = kinds("truncated-block");
    assert!(rows > 3 && anomalies == [AnomalyKind::Truncated], "{rows} {anomalies:?}");
    assert!(!kinds("truncated-header").2);
    // A block that is damaged keeps its bytes; one that is lost cannot be kept.
    let content = fixture("hostile-damaged-block");
    let (after, _) = rewrite(&FORMAT, &content, &removal(&[0])).unwrap();
    let (before, after) = (bytes(&content), bytes(&after));
    assert_eq!(before[syncs(&before)[1]..], after[syncs(&after)[1]..]);
    for name in ["hostile-lost-sync", "truncated-block"] {
        assert!(rewrite(&FORMAT, &fixture(name), &removal(&[0])).is_err(), "{name}");
    }
    assert!(matches!(
        rewrite(&FORMAT, &fixture("good-chain"), &removal(&[7])),
        Err(FormatError::Unsupported(_))
    ));
}

#[test]
fn values_without_bytes_and_types_without_end_are_bounded() {
    for (name, rows_max) in [
        ("hostile-nulls", 1),
        ("hostile-empty-records", 2 << 20),
        ("hostile-chain", 1),
        ("hostile-length", 1),
        ("hostile-string", 1),
        ("hostile-self", 1),
        ("hostile-doubled", 1),
        ("hostile-snappy-length", 0),
    ] {
        let (seen, outcome) = read(&FORMAT, &fixture(name));
        assert!(outcome.is_err() || !seen.anomalies.is_empty(), "{name}");
        assert!(seen.rows <= rows_max, "{name}: {}", seen.rows);
        let mut trees = 0_u64;
        let _ = super::read::trees(&fixture(name), &Bounds::default(), &mut |_| {
            trees += 1;
            Ok(true)
        });
        assert!(trees <= rows_max, "{name}: {trees}");
        let _ = FORMAT.rewrite.unwrap()(
            &fixture(name),
            &Dialect::default(),
            &removal(&[0]),
            &mut std::io::sink(),
        );
    }
    let few = Bounds { rows_max: 3, ..Bounds::default() };
    let (seen, outcome) = read_within(&FORMAT, &fixture("good-xz"), &few);
    outcome.unwrap();
    assert_eq!((seen.rows, seen.anomalies[0].0), (3, AnomalyKind::LimitReached));
    let little = Bounds { decoded_bytes_max: 2_000, ..Bounds::default() };
    let (seen, _) = read_within(&FORMAT, &fixture("good-xz"), &little);
    assert!((1..20).contains(&seen.rows) && seen.anomalies[0].0 == AnomalyKind::LimitReached);
}
