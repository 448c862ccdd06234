use catalog::model::AnomalyKind;

use super::FORMAT;
use crate::format::collect::{fixtures, read};

/// `row column value` of each cell, and what was wrong.
fn cells(name: &str) -> (Vec<String>, Vec<AnomalyKind>) {
    let (array, outcome) = read(&FORMAT, &fixtures(&FORMAT, name).remove(0).1);
    outcome.unwrap();
    let cells = array.cells.iter().map(|cell| format!("{} {} {}", cell.at.row, cell.path, cell.value));
    (cells.collect(), array.anomalies.iter().map(|anomaly| anomaly.0).collect())
}

#[test]
fn each_place_and_each_field_is_a_column() {
    let (matrix, anomalies) = cells("good-matrix");
    assert_eq!(anomalies, []);
    assert_eq!(matrix[..3], ["0 value_0 Float(1.0)", "0 value_1 Float(2.5)", "1 value_0 Float(-3.0)"]);
    assert_eq!(matrix.len(), 6);
    let (people, anomalies) = cells("good-people");
    assert_eq!(anomalies, []);
    assert_eq!(
        people[6..12],
        [
            "1 id Int(2)",
            "1 mail Text(\"bo@inbox.example\")",
            "1 name Text(\"Bo Élan\")",
            "1 amount Float(-1.0)",
            "1 pair_0 Int(7)",
            "1 pair_1 Int(8)",
        ]
    );
    assert_eq!(cells("good-scalar").0, ["0 value Bool(true)"]);
}

#[test]
fn shapes_that_no_file_has_are_refused() {
    assert_eq!(cells("truncated-matrix").1, [AnomalyKind::Truncated]);
    assert_eq!(cells("truncated-header").1, [AnomalyKind::Truncated]);
    assert_eq!(cells("hostile-shape").1, [AnomalyKind::Corrupt]);
    assert_eq!(cells("hostile-wide").1, [AnomalyKind::LimitReached, AnomalyKind::LimitReached]);
    assert_eq!(cells("hostile-empty-rows"), (Vec::new(), Vec::new()));
    assert_eq!(cells("hostile-pickled").1, [AnomalyKind::Corrupt]);
    assert_eq!(cells("hostile-columns").1, [AnomalyKind::Corrupt]);
}
