use catalog::model::AnomalyKind;

use super::FORMAT;
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
            "author Raw(\"Ada Berg\")",
            "title Raw(\"Lämp\")",
            "text Raw(\"Dear Bo Élan, write to ada.berg@mail.example\")",
            "link Raw(\"HYPERLINK \\\"mailto:cy@mail.example\\\"\")",
            "text Raw(\"Cy\")",
            "text Raw(\"Жанна 😀 and {so} on\")",
        ]
    );
}

#[test]
fn damage_is_said_and_what_is_there_is_read() {
    assert_eq!(cells("truncated-letter").1, [AnomalyKind::Truncated]);
    assert_eq!(cells("hostile-deep").1, [AnomalyKind::LimitReached]);
    assert_eq!(cells("hostile-binary"), (Vec::new(), vec![AnomalyKind::Truncated]));
}
