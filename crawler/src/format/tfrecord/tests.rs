use catalog::model::AnomalyKind;

use super::{FORMAT, masked_crc32c};
use crate::format::collect::{fixtures, read};

fn cells(name: &str) -> (Vec<String>, Vec<AnomalyKind>) {
    let (records, outcome) = read(&FORMAT, &fixtures(&FORMAT, name).remove(0).1);
    outcome.unwrap();
    let cells = records.cells.iter().map(|cell| format!("{} {} {}", cell.at.unit, cell.path, cell.value));
    (cells.collect(), records.anomalies.iter().map(|anomaly| anomaly.0).collect())
}

#[test]
fn examples_are_rows_and_other_records_values() {
    let (people, anomalies) = cells("good-people");
    assert_eq!(anomalies, []);
    assert_eq!(
        people[..5],
        [
            "0 amount Float(2.5)",
            "0 id Int(1)",
            "0 mail Text(\"ada.berg@mail.example\")",
            "0 scores[] Int(7)",
            "0 scores[] Int(-8)",
        ]
    );
    assert_eq!(
        cells("good-lines").0,
        ["0 record Raw(\"first\")", "1 record Raw(\"second bo@inbox.example\")"]
    );
}

#[test]
fn a_record_that_is_cut_or_damaged_ends_the_reading() {
    assert_eq!(cells("truncated-people").1, [AnomalyKind::Truncated]);
    assert_eq!(cells("hostile-length").1, [AnomalyKind::Truncated]);
    assert_eq!(cells("hostile-second").1, [AnomalyKind::Corrupt]);
    // The check value of CRC-32C is 0xe3069283 (RFC 3720 appendix B.4 has others).
    assert_eq!(masked_crc32c(b"123456789"), 0xe306_9283_u32.rotate_right(15).wrapping_add(0xa282_ead8));
}
