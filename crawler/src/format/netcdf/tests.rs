use catalog::model::AnomalyKind;

use super::FORMAT;
use crate::format::collect::{fixtures, read};

#[test]
fn a_header_tells_dimensions_variables_and_who_made_it() {
    let (file, outcome) = read(&FORMAT, &fixtures(&FORMAT, "good-station").remove(0).1);
    outcome.unwrap();
    assert_eq!(file.anomalies, []);
    let texts: Vec<String> = file.cells.iter().map(|cell| cell.value.to_string()).collect();
    let facts: Vec<String> = texts.chunks(2).map(|pair| pair.join("=")).collect();
    let wanted = [
        "Text(\"version\")=Text(\"1\")",
        "Text(\"records\")=Text(\"0\")",
        "Text(\"dimension time\")=Text(\"3\")",
        "Text(\"author\")=Text(\"ada.berg@mail.example\")",
        "Text(\"temperature.units\")=Text(\"K\")",
        "Text(\"temperature.scale\")=Text(\"1 values of float\")",
        "Text(\"variable temperature\")=Text(\"float(time)\")",
    ];
    assert_eq!(facts, wanted);
}

#[test]
fn what_a_header_promises_is_not_believed() {
    let kinds = |name: &str| {
        let (file, outcome) = read(&FORMAT, &fixtures(&FORMAT, name).remove(0).1);
        outcome.unwrap();
        file.anomalies.iter().map(|anomaly| anomaly.0).collect::<Vec<_>>()
    };
    assert_eq!(kinds("truncated-station"), [AnomalyKind::Truncated]);
    assert_eq!(kinds("hostile-counts"), [AnomalyKind::Corrupt]);
}
