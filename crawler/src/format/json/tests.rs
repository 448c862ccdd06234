use catalog::model::AnomalyKind;
use proptest::prelude::*;
use roaring::RoaringTreemap;

use super::super::collect::{Collected, fixtures, read as read_with, rewrite, sniffed};
use super::super::{FormatError, Removal, Rewritten};
use super::lexer::Lexer;
use super::*;

fn read(text: &str) -> Collected {
    let (collected, outcome) = read_with(&FORMAT, &text.as_bytes().to_vec().into());
    outcome.unwrap();
    collected
}

fn removal(units: &[u64]) -> Removal {
    Removal { units: [(String::new(), units.iter().copied().collect::<RoaringTreemap>())].into() }
}

fn without(text: &str, units: &[u64]) -> (String, Rewritten) {
    let (content, rewritten) = rewrite(&FORMAT, &text.as_bytes().to_vec().into(), &removal(units)).unwrap();
    (String::from_utf8(content.range(0, content.len() as usize).unwrap().to_vec()).unwrap(), rewritten)
}

/// Removes the units of all cells with a value.
fn without_value(text: &str, value: &str) -> String {
    let read = read(text);
    let units: Vec<_> =
        read.cells.iter().filter(|cell| cell.value.contains(value)).map(|cell| cell.at.unit).collect();
    assert!(!units.is_empty());
    without(text, &units).0
}

#[test]
fn an_element_goes_with_exactly_one_comma() {
    let cases = [
        ("[{\"a\":1},{\"a\":2},{\"a\":3}]", 1, "[{\"a\":2},{\"a\":3}]"),
        ("[{\"a\":1},{\"a\":2},{\"a\":3}]", 2, "[{\"a\":1},{\"a\":3}]"),
        ("[{\"a\":1},{\"a\":2},{\"a\":3}]", 3, "[{\"a\":1},{\"a\":2}]"),
        ("[\n  {\"a\": 1},\n  {\"a\": 2}\n]\n", 2, "[\n  {\"a\": 1}\n]\n"),
        ("[\n  {\"a\": 1} ,\n  {\"a\": 2}\n]\n", 1, "[\n  {\"a\": 2}\n]\n"),
        ("[\n  {\"a\": 1}\n]\n", 1, "[]\n"),
        (
            "{\"x\": [ {\"a\": 7} , {\"a\": 8} ], \"y\": \"}],[{\"}",
            7,
            "{\"x\": [ {\"a\": 8} ], \"y\": \"}],[{\"}",
        ),
        ("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", 2, "{\"a\":1}\n{\"a\":3}\n"),
        ("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", 3, "{\"a\":1}\n{\"a\":2}\n"),
        ("[[1,[2]],[3,4]]", 2, "[[3,4]]"),
        ("[1, 2, 3]", 2, "[1, 3]"),
    ];
    for (before, value, after) in cases {
        assert_eq!(without_value(before, &format!("Int({value})")), after, "{before}");
    }
}

#[test]
fn nested_elements_go_alone_or_with_what_holds_them() {
    let text = r#"[{"a":"x","in":[{"b":"y"},{"b":"z"}]},{"a":"w"}]"#;
    let (inner, outer) = (text.find(r#"{"b":"y"#).unwrap() as u64, 1);
    assert_eq!(without(text, &[inner]).0, r#"[{"a":"x","in":[{"b":"z"}]},{"a":"w"}]"#);
    let (both, counts) = without(text, &[outer, inner]);
    assert_eq!((both.as_str(), counts.removed), (r#"[{"a":"w"}]"#, 2));
}

#[test]
fn rows_are_elements_documents_or_what_an_envelope_holds() {
    assert_eq!(read(r#"[{"a":1},{"a":2}]"#).rows, 2);
    assert_eq!(read("{\"a\":1}\n\n{\"a\":2}{\"a\":3}").rows, 3);
    assert_eq!(read(r#"{"a":{"b":[1,2]}}"#).rows, 1);
    let envelope = read(r#"{"next":null,"data":[{"a":1},{"a":2}],"count":2}"#);
    assert_eq!(envelope.rows, 2);
    assert_eq!(envelope.cells.iter().map(|cell| cell.at.row).collect::<Vec<_>>(), [0, 0, 1, 1]);
    let record = read(r#"{"customer":"x","items":[{"a":1},{"a":2}]}"#);
    assert_eq!((record.rows, record.cells[0].at.unit), (1, WHOLE));
    assert_eq!(read(r#"{"data":[],"count":0}"#).rows, 1);
}

#[test]
fn values_keep_every_digit_and_letter() {
    let read = read(&String::from_utf8(bytes("good-array")).unwrap());
    assert_eq!(read.values("email")[..2], [r#"Text("ada@mail.example")"#, r#"Text("bela@mail.example")"#]);
    assert_eq!(read.values("big"), [r#"Decimal("123456789012345678901234567890")"#]);
    assert_eq!(read.values("ratio"), ["Float(0.1)"]);
    assert_eq!(read.values("exact"), [r#"Decimal("3.14159265358979323846")"#]);
    assert!(
        read.values("note")[0].contains("\\u{2028} is no newline, 😀 and \u{fffd} lone"),
        "{:?}",
        read.values("note")
    );
    assert_eq!(read.values("contacts[].kind").len(), 3);
    assert_eq!(read.values("id"), ["Int(1)", "Int(2)", "Int(3)", "Int(4)", "Int(4)"]);
}

fn bytes(name: &str) -> Vec<u8> {
    let content = fixtures(&FORMAT, name).remove(0).1;
    content.range(0, content.len() as usize).unwrap().to_vec()
}

#[test]
fn bad_documents_are_searched_to_their_end() {
    for (name, hidden, kind) in [
        ("truncated-array", "email", AnomalyKind::Truncated),
        ("hostile-comma", "hidden@mail.example", AnomalyKind::Corrupt),
        ("hostile-comma", "chidi@mail.example", AnomalyKind::Corrupt),
        ("hostile-deep-closed", "deep@mail.example", AnomalyKind::LimitReached),
        ("hostile-keys", "p399@mail.example", AnomalyKind::Empty),
    ] {
        let (read, outcome) = read_with(&FORMAT, &bytes(name).into());
        outcome.unwrap();
        assert!(read.cells.iter().any(|cell| cell.value.contains(hidden)), "{name}");
        assert!(kind == AnomalyKind::Empty || read.anomalies[0].0 == kind, "{name} {:?}", read.anomalies);
        assert!(
            read.features.iter().all(|(path, _)| !path.contains('@')),
            "names that are data are no paths"
        );
    }
    let error = rewrite(&FORMAT, &bytes("hostile-comma").into(), &removal(&[1])).unwrap_err();
    assert!(matches!(error, FormatError::Corrupt(_)));
    assert!(matches!(
        rewrite(&FORMAT, &b"[1,2]".to_vec().into(), &removal(&[1, 2])),
        Err(FormatError::Unsupported(_))
    ));
}

#[test]
fn formats_are_told_by_bytes_and_then_by_name() {
    use super::super::tree::sniff_head;
    let told = |bytes: &[u8], name: &str| sniff_head(bytes, &[], true, name).format.id;
    assert_eq!(told(b"{\"a\":1}", "x.json"), "json");
    assert_eq!(told(b"{\"a\":1}", "x.jsonl"), "ndjson");
    assert_eq!(told(b"{\"a\":1}", "x"), "json");
    assert_eq!(told(b"{\"a\":1}\n{\"a\":2}\n", "x.json"), "ndjson");
    assert_eq!(told(b"{\n\"a\":1}\n", "x.ndjson"), "json");
    assert_eq!(told(b"[\n{\"a\":1},\n{\"a\":2}\n]\n", "x"), "json");
    assert_eq!(told(b"{\"a\":1}\n{\"a\":2}\nnot json\n{\"a\":2}\n", "x"), "ndjson");
    assert_eq!(told(b"[INFO] started\n[INFO] stopped\n", "x"), "log");
    assert_eq!(told(b"{braces} in prose", "x"), "text");
    for (name, content) in fixtures(&FORMAT, "good-") {
        let bytes = content.range(0, content.len() as usize).unwrap();
        assert_eq!(told(&bytes, &name), "json", "{name}");
        assert!(sniffed(&FORMAT, &bytes, &name).is_some());
    }
}

fn record() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "[ -~é\"\\\\\u{2028}]{0,8}".prop_map(Into::into),
    ];
    let nested = leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            proptest::collection::hash_map("[a-c]{1,2}", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    });
    proptest::collection::hash_map("[a-d]", nested, 0..4)
        .prop_map(|map| serde_json::Value::Object(map.into_iter().collect()))
}

proptest! {
    #[test]
    fn any_array_without_some_elements_is_the_array_of_the_others(
        rows in proptest::collection::vec((record(), any::<bool>()), 0..6),
        pretty in any::<bool>(),
    ) {
        let all = serde_json::Value::Array(rows.iter().map(|(row, _)| row.clone()).collect());
        let text = if pretty { serde_json::to_string_pretty(&all) } else { serde_json::to_string(&all) }.unwrap();
        let mut lexer = Lexer::new(lexer::Slice::new(text.as_bytes()), 0);
        lexer.next().unwrap();
        let mut units = Vec::new();
        for (_, remove) in &rows {
            let token = lexer.next().unwrap();
            if *remove {
                units.push(lexer.start());
            }
            lexer.skip_rest(token).unwrap();
        }
        let (after, counts) = without(&text, &units);
        let kept: Vec<_> = rows.iter().filter(|(_, remove)| !remove).map(|(row, _)| row.clone()).collect();
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&after).unwrap(), serde_json::Value::Array(kept));
        prop_assert_eq!(counts.removed, units.len() as u64);
        prop_assert!(units.is_empty() == (after == text));
    }

    #[test]
    fn any_bytes_give_an_answer(bytes in "[\\[\\]{}:,\"\\\\u0-9a-d \\n]{0,80}") {
        let (read, outcome) = read_with(&FORMAT, &bytes.clone().into_bytes().into());
        prop_assert!(outcome.is_ok());
        let valid = serde_json::Deserializer::from_str(&bytes).into_iter::<serde::de::IgnoredAny>().all(|doc| doc.is_ok());
        prop_assert!(!valid || read.anomalies.is_empty(), "{} {:?}", bytes, read.anomalies);
        let _ = rewrite(&FORMAT, &bytes.into_bytes().into(), &removal(&[1]));
    }
}
