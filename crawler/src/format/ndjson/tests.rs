use catalog::model::AnomalyKind;

use super::super::collect::{
    assert_removal_law, fixtures, read as read_with, read_within, rewrite as rewrite_with,
};
use super::super::tree::sniff_head;
use super::*;

fn fixture(name: &str) -> Content {
    fixtures(&FORMAT, name).remove(0).1
}

#[test]
fn every_good_file_obeys_the_law_of_removal() {
    for (name, content) in fixtures(&FORMAT, "good-") {
        let bytes = content.range(0, content.len() as usize).unwrap();
        assert_eq!(sniff_head(&bytes, &[], true, &name).format.id, "ndjson", "{name}");
        for nth in [1, 2, 5] {
            assert_removal_law(&FORMAT, &content, nth);
        }
    }
}

#[test]
fn lines_go_byte_for_byte() {
    let content = fixture("good-crlf");
    let bytes = content.range(0, content.len() as usize).unwrap().to_vec();
    let removal = Removal { units: [(String::new(), [0, 3].into_iter().collect())].into() };
    let (after, counts) = rewrite_with(&FORMAT, &content, &removal).unwrap();
    // The third row is followed by a blank line, which is no row and stays.
    let text = String::from_utf8(bytes).unwrap();
    let expected = text.replacen("{\"id\":1,\"email\":\"p1@mail.example\"}\r\n", "", 1).replacen(
        "{\"id\":5,\"email\":\"p5@mail.example\"}\r\n",
        "",
        1,
    );
    assert_eq!(after.range(0, after.len() as usize).unwrap(), expected.as_bytes());
    assert_eq!((counts.removed, counts.kept), (2, 11));
}

#[test]
fn a_line_separator_in_a_string_ends_no_line() {
    let (read, _) = read_with(&FORMAT, &fixture("good-separator"));
    assert_eq!(read.rows, 3);
    assert_eq!(read.values("a")[0], "Text(\"one\\u{2028}line\")");
    assert_eq!(read.values("value[]"), ["Int(1)", "Int(2)"]);
}

#[test]
fn malformed_and_overlong_lines_are_searched_as_text() {
    let (read, outcome) = read_with(&FORMAT, &fixture("hostile-lines"));
    outcome.unwrap();
    assert_eq!(read.values("line")[0], "Raw(\"hidden@mail.example not json\")");
    assert_eq!(read.anomalies[0].0, AnomalyKind::MalformedRecords);
    assert!(read.anomalies[0].1.starts_with("4 lines"), "{:?}", read.anomalies);
    assert_eq!(read.values("a").len(), 1, "bytes that are not UTF-8 are letters nobody knows");

    let long = format!("{{\"a\":\"{}p1@mail.example\"}}\n{{\"a\":\"b\"}}\n", "x".repeat(5_000));
    let bounds = Bounds { record_bytes_max: 1_024, ..Bounds::default() };
    let (read, _) = read_within(&FORMAT, &long.into_bytes().into(), &bounds);
    assert!(read.values("line").iter().any(|text| text.contains("p1@mail.example")));
    assert_eq!(
        (read.rows, read.values("a"), read.anomalies[0].0),
        (2, vec!["Text(\"b\")"], AnomalyKind::LimitReached)
    );

    let (read, _) = read_with(&FORMAT, &fixture("truncated-line"));
    assert_eq!(read.values("line"), ["Raw(\"{\\\"id\\\":3,\\\"email\\\":\\\"p3@mail.exa\")"]);
}
