use super::*;
use crate::recognise::{identifiers, recognise};

#[test]
fn no_recogniser_takes_a_small_number_for_an_identifier() {
    let whole = (0..1_000_000_u32).step_by(1_013).map(|number| number.to_string());
    let decimal =
        (0..1_000_000_u32).step_by(10_007).map(|number| format!("-{}.{:02}", number / 100, number % 100));
    for text in whole.chain(decimal) {
        assert!(is_small_number(&text), "{text}");
        let (mut spans, mut found) = (Vec::new(), Vec::new());
        recognise(&text, &mut spans);
        identifiers(&text, &spans, &mut found);
        assert!(spans.is_empty() && found.is_empty(), "{text}: {spans:?} {found:?}");
    }
    for text in ["", "1234567", "1.1.1.1", "12a", "52.52000", "+49", "--1"] {
        assert!(!is_small_number(text), "{text}");
    }
}

#[test]
fn a_file_tells_the_table_that_it_holds() {
    let cases = [
        ("crm/customers.csv", "customers"),
        ("customers/dt=2024-05-01/part-00000.snappy.parquet", "customers"),
        ("customers/2024/05/data_3.json", "customers"),
        ("exports/users_2024.csv.gz", "users"),
        ("00001", "00001"),
    ];
    for (path, table) in cases {
        let expected = table.trim_end_matches(|c: char| !c.is_alphabetic());
        assert_eq!(table_name(path), expected, "{path}");
    }
}
