use catalog::model::AnomalyKind;

use super::FORMAT;
use crate::content::Content;
use crate::format::collect::{fixtures, read};

fn cells(name: &str) -> (Vec<String>, Vec<AnomalyKind>) {
    let (document, outcome) = read(&FORMAT, &fixtures(&FORMAT, name).remove(0).1);
    outcome.unwrap();
    let cells = document.cells.iter().map(|cell| format!("{} {}", cell.path, cell.value));
    (cells.collect(), document.anomalies.iter().map(|anomaly| anomaly.0).collect())
}

#[test]
fn paragraphs_properties_and_links_are_text() {
    let (letter, anomalies) = cells("good-letter");
    assert_eq!(anomalies, []);
    assert_eq!(
        letter,
        [
            "author Text(\"Ada Berg\")",
            "title Text(\"Lämp\")",
            "text Text(\"Dear Bo Élan, write to ada.berg@mail.example\")",
            "link Text(\"HYPERLINK \\\"mailto:cy@mail.example\\\"\")",
            "text Text(\"Cy\")",
            "text Text(\"Жанна 😀 and {so} on\")",
        ]
    );
}

#[test]
fn damage_is_said_and_what_is_there_is_read() {
    assert_eq!(cells("truncated-letter").1, [AnomalyKind::Truncated]);
    assert_eq!(cells("hostile-deep").1, [AnomalyKind::LimitReached]);
    assert_eq!(cells("hostile-binary"), (Vec::new(), vec![AnomalyKind::Truncated]));
}

#[test]
fn objects_that_are_passed_over_are_told() {
    let bytes = br"{\rtf1 Dear Bo{\object\objemb{\*\objdata 0105000002}}}";
    let (document, outcome) = read(&FORMAT, &Content::from(bytes.to_vec()));
    outcome.unwrap();
    assert_eq!(document.cells.len(), 1);
    assert!(document.anomalies[0].1.contains("objects of other programs"), "{:?}", document.anomalies);
}
