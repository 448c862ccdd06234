use catalog::model::AnomalyKind;

use super::{DOCX, EPUB, OPEN_DOCUMENT, PPTX};
use crate::format::collect::{fixtures, read, read_within};
use crate::format::{Bounds, Format, WHOLE};

fn texts(format: &Format, name: &str) -> Vec<String> {
    let (document, outcome) = read(format, &fixtures(format, name).remove(0).1);
    outcome.unwrap();
    assert_eq!(document.anomalies, [], "{name}");
    assert!(document.cells.iter().all(|cell| cell.at.unit == WHOLE), "a document goes as a whole");
    document.cells.iter().map(|cell| format!("{}={}", cell.path, cell.value)).collect()
}

fn assert_holds(texts: &[String], wanted: &[&str]) {
    for wanted in wanted {
        assert!(texts.iter().any(|text| text.contains(wanted)), "{wanted}: {texts:#?}");
    }
}

#[test]
fn what_is_written_in_runs_is_one_text() {
    let letter = texts(&DOCX, "good-letter");
    assert_holds(
        &letter,
        &[
            "text=Text(\"Dear Ada, write to ada.berg@mail.example\")",
            "creator=Text(\"Dora Falk\")",
            "link=Text(\"mailto:bo@inbox.example\")",
            "link=Text(\"Dora Falk\")",
            "eve@inbox.example",
        ],
    );
    assert_holds(&texts(&PPTX, "good-slide"), &["text=Text(\"cy@mail.example\")"]);
    assert_holds(
        &texts(&OPEN_DOCUMENT, "good-text"),
        &["to eve@mail.example\\tnow", "creator=Text(\"Dora Falk\")"],
    );
    assert_holds(&texts(&EPUB, "good-book"), &["by bo@inbox.example", "title=Text(\"Lamps\")"]);
}

#[test]
fn a_broken_part_is_told_and_the_others_are_read() {
    let (letter, outcome) = read(&DOCX, &fixtures(&DOCX, "truncated-part").remove(0).1);
    outcome.unwrap();
    assert_eq!(letter.anomalies.len(), 1);
    assert!(letter.cells.iter().any(|cell| cell.value.contains("bo@inbox.example")));
}

#[test]
fn what_is_not_read_for_its_size_is_told() {
    let bounds = Bounds { rows_max: 2, ..Bounds::default() };
    for (name, bounds) in [("good-letter", &bounds), ("hostile-deep", &Bounds::default())] {
        let (letter, outcome) = read_within(&DOCX, &fixtures(&DOCX, name).remove(0).1, bounds);
        outcome.unwrap();
        let kinds: Vec<_> = letter.anomalies.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [AnomalyKind::LimitReached], "{name}");
        assert!(letter.rows <= bounds.rows_max);
    }
}
