use catalog::model::AnomalyKind;

use super::super::collect::{fixtures, read, read_within, rewrite};
use super::super::{Bounds, FormatError, Removal, WHOLE};
use super::FORMAT;
use crate::content::Content;

fn removal(units: &[u64]) -> Removal {
    Removal { units: [(String::new(), units.iter().copied().collect())].into() }
}

fn fixture(name: &str) -> Content {
    fixtures(&FORMAT, name).into_iter().next().unwrap().1
}

fn text(content: &Content) -> String {
    String::from_utf8(content.range(0, content.len() as usize).unwrap().to_vec()).unwrap()
}

fn cells(yaml: &str) -> Vec<String> {
    let (seen, outcome) = read(&FORMAT, &yaml.as_bytes().to_vec().into());
    outcome.unwrap();
    seen.cells.iter().map(|cell| format!("{} {}={}", cell.at.row, cell.path, cell.value)).collect()
}

/// Without what begins with each of these texts.
fn without(yaml: &str, begins: &[&str]) -> String {
    let units: Vec<u64> = begins.iter().map(|begin| yaml.find(begin).unwrap() as u64).collect();
    let (after, done) = rewrite(&FORMAT, &yaml.as_bytes().to_vec().into(), &removal(&units)).unwrap();
    assert_eq!(done.removed, units.len() as u64);
    text(&after)
}

#[test]
fn elements_are_rows_with_the_units_of_the_innermost_mapping() {
    let content = fixture("good-people");
    let (seen, outcome) = read(&FORMAT, &content);
    outcome.unwrap();
    assert_eq!((seen.rows, seen.anomalies.len()), (6, 0));
    let place = |text_: &str| text(&content).find(text_).unwrap() as u64;
    let unit = |value: &str| seen.cells.iter().find(|cell| cell.value.contains(value)).unwrap().at.unit;
    for of_first in ["ada@mail", "hers", "within the first", "a, b", "no comment"] {
        assert_eq!(unit(of_first), place("id: 1"), "{of_first}");
    }
    assert_eq!(unit("\"v\""), place("{k: v}"));
    assert_eq!(unit("+4931000002"), place("id: 2"));
    assert_eq!(unit("eve@mail"), place("{id: 3"));
    assert_eq!(unit("of the second"), WHOLE);
    assert_eq!(seen.values("phones[]"), ["Text(\"+4930000002\")", "Raw(\"+4931000002\")"]);
}

#[test]
fn documents_envelopes_aliases_and_keys_that_are_data() {
    assert_eq!(
        cells("id: 1\n---\nid: 2\nok: yes\n...\n---\n'3'\n"),
        ["0 id=Raw(\"1\")", "1 id=Raw(\"2\")", "1 ok=Raw(\"yes\")", "2 value=Text(\"3\")"]
    );
    assert_eq!(
        cells("total: 2\nitems:\n- id: 1\n- id: 2\nnext: ~\n"),
        ["0 total=Raw(\"2\")", "0 id=Raw(\"1\")", "1 id=Raw(\"2\")", "1 next=Null"]
    );
    assert_eq!(
        cells("- m: &a ada@mail.example\n- m: *a\n  n: true\n"),
        ["0 m=Raw(\"ada@mail.example\")", "1 m=Raw(\"ada@mail.example\")", "1 n=Bool(true)"]
    );
    assert_eq!(
        cells("ada@mail.example: {n: 1}\n"),
        ["0 value[].key=Text(\"ada@mail.example\")", "0 value[].value.n=Raw(\"1\")"]
    );
}

#[test]
fn an_element_goes_with_its_lines_or_one_comma_and_nothing_else_changes() {
    assert_eq!(without("a:\n- b: 1\n- c: 2 # x\n\n# y\n- d: 3\n", &["c: 2"]), "a:\n- b: 1\n\n# y\n- d: 3\n");
    assert_eq!(without("- |\n  x\n- b: |\n    y\n- c\n", &["b: |"]), "- |\n  x\n- c\n");
    assert_eq!(without("- a: 1\r\n- b: 2", &["b: 2"]), "- a: 1\r\n");
    assert_eq!(without("- - a: 1\n  - b: 2\n- c\n", &["a: 1"]), "- - b: 2\n- c\n");
    assert_eq!(without("- - a: 1\n  - b: 2\n- c\n", &["a: 1", "b: 2"]), "-  []\n- c\n");
    assert_eq!(without("k:\n- a: 1\n- b: 2\nl: 3\n", &["a: 1", "b: 2"]), "k:\n []\nl: 3\n");
    assert_eq!(without("- a: |+\n    x\n\n", &["a: |"]), " []\n\n");
    assert_eq!(without("[{a: 1}, {b: 2} , x]", &["{a: 1}"]), "[{b: 2} , x]");
    assert_eq!(without("[{a: 1}, {b: 2} , x]", &["{b: 2}", "x]"]), "[{a: 1}]");
    assert_eq!(without("[ &q {a: 1},]", &["&q"]), "[ ]");
    assert_eq!(without("é: [ü, {a: ö}, 'ß']", &["{a"]), "é: [ü, 'ß']");
    assert_eq!(without("a: 1\n---\nb: 2\n--- # x\nc: 3\n", &["b: 2"]), "a: 1\n--- # x\nc: 3\n");
    assert_eq!(without("a: 1\n---\nb: 2\n", &["a: 1", "b: 2"]), "");
}

#[test]
fn what_cannot_go_alone_is_refused() {
    let refused = |yaml: &str, unit: u64| {
        matches!(
            rewrite(&FORMAT, &yaml.as_bytes().to_vec().into(), &removal(&[unit])),
            Err(FormatError::Unsupported(_))
        )
    };
    assert!(refused("- a: &m 1\n- b: *m\n", 2));
    assert!(!refused("- a: &m 1\n- b: *m\n", 12));
    assert!(refused("- a: 1\n", 3) && refused("- a: 1\n", 1000) && refused("- a: 1\n", WHOLE));
    assert!(rewrite(&FORMAT, &fixture("truncated-flow"), &removal(&[2])).is_err());
}

#[test]
fn charsets_and_line_ends_give_the_same_cells() {
    let values = |name: &str| -> Vec<String> {
        read(&FORMAT, &fixture(name)).0.multiset().iter().map(|cell| cell.replace("\\r", "")).collect()
    };
    for name in ["good-crlf", "good-latin1", "good-utf16"] {
        assert_eq!(values(name), values("good-people"), "{name}");
    }
    let (wide, _) = read(&FORMAT, &fixture("good-utf16"));
    assert!(wide.cells.iter().all(|cell| cell.at.unit == WHOLE && cell.at.offset.is_none()));
}

#[test]
fn nothing_is_expanded_and_nobody_hides_behind_broken_text() {
    let (laughs, _) = read(&FORMAT, &fixture("hostile-laughs"));
    assert!(laughs.cells.len() < 200, "{}", laughs.cells.len());
    for name in ["hostile-deep", "hostile-template", "hostile-nul", "truncated-flow"] {
        let (seen, outcome) = read(&FORMAT, &fixture(name));
        outcome.unwrap();
        assert!(seen.cells.iter().any(|cell| cell.value.contains("ada@mail.example")), "{name}");
        assert_eq!(seen.anomalies.is_empty(), name == "hostile-nul", "{name}");
    }
    let small = Bounds { record_bytes_max: 100, ..Bounds::default() };
    let long: Content = format!("a: {}\nb: ada@mail.example\n", "x".repeat(500)).into_bytes().into();
    let (seen, _) = read_within(&FORMAT, &long, &small);
    assert_eq!(seen.anomalies[0].0, AnomalyKind::LimitReached);
    assert!(seen.cells.iter().any(|cell| cell.value.contains("ada@mail.example")));
}

#[test]
fn odd_layouts_lose_what_is_asked_for_or_are_refused() {
    let layouts = [
        "? - a: 1\n: - b: 2\n",
        "k: !!seq\n- a: 1\n- b: 2\nl: 3\n",
        "k: &x\n  - a: 1\n  - b: 2\n",
        "- !t\n  a: 1\n- &y\n  b: 2\n-\n  c: 3\n-\n",
        "- a: 1 # [x, y]\n- b: '- z'\n  # - w\n- c: \"[,\\\n    -\"\n",
        "- [a: 1, b: 2]\n- [ [ {c: 1}, ], {d: 2}, ]\n",
        "--- [ {a: 1} ]\n--- |\n t\n... # x\n---\n- - - b: 1\n",
        "- >-\n  t\n\n- b: |2\n     x\n\n\n  # y\n- 'a\n\n  b'\n",
        "%TAG !e! tag:example,2000:\n---\na: !e!x 1\n...\n%TAG !e! tag:example,2000:\n---\nb: !e!x 2\n",
        "a:\n  - b:\n    - c: 1\n    - d: 2\n    e:\n    - f: 3\n  - g: 4",
    ];
    let mut refused = 0;
    for yaml in layouts {
        let content: Content = yaml.as_bytes().to_vec().into();
        let (seen, outcome) = read(&FORMAT, &content);
        outcome.unwrap();
        assert!(seen.anomalies.is_empty(), "{yaml}: {:?}", seen.anomalies);
        let units: std::collections::BTreeSet<u64> =
            seen.cells.iter().map(|cell| cell.at.unit).filter(|unit| *unit != WHOLE).collect();
        let alone = units.iter().map(|unit| vec![*unit]);
        for going in alone.chain([units.iter().copied().collect()]) {
            let (after, done) = match rewrite(&FORMAT, &content, &removal(&going)) {
                Err(FormatError::Unsupported(_)) => {
                    refused += 1;
                    continue;
                }
                other => other.unwrap_or_else(|error| panic!("{yaml}: {going:?}: {error}")),
            };
            assert_eq!(done.removed, going.len() as u64, "{yaml}");
            let (left, outcome) = read(&FORMAT, &after);
            outcome.unwrap();
            assert!(left.anomalies.is_empty(), "{yaml}: {going:?}");
            assert!(left.cells.len() < seen.cells.len(), "{yaml}: {going:?}");
        }
    }
    // A comment that would become text of the scalar before it, and directives of a document that goes.
    assert_eq!(refused, 3);
}
