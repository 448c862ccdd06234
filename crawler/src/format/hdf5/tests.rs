//! Tests over files that h5py wrote.

use super::FORMAT;
use crate::format::collect::{fixtures, read};

fn facts(name: &str) -> (Vec<String>, Vec<String>) {
    let (recording, outcome) = read(&FORMAT, &fixtures(&FORMAT, name).remove(0).1);
    outcome.unwrap();
    let plain = |text: String| text.trim_start_matches("Text(\"").trim_end_matches("\")").to_owned();
    let texts: Vec<String> = recording.cells.iter().map(|cell| plain(cell.value.to_string())).collect();
    let anomalies = recording.anomalies.iter().map(|anomaly| format!("{anomaly:?}")).collect();
    (texts.chunks(2).map(|pair| pair.join("=")).collect(), anomalies)
}

#[test]
fn names_types_shapes_attributes_and_texts_are_read_in_every_layout() {
    for name in ["good-oldest", "good-newest", "good-behind-oldest", "good-behind-newest"] {
        let (facts, anomalies) = facts(name);
        assert_eq!(anomalies, Vec::<String>::new(), "{name}");
        for expected in [
            "@title=Lämp of Ada Berg",
            "@mail=ada.berg@mail.example",
            "/run/one@operators=Bo Elan",
            "/run/one/weights=float32 [3, 4]",
            "/run/one/weights@unit=mg",
            // A link that leads to the names comes first.
            "/again=string [3]",
            "/again=Ada Berg",
            "/run/one/codes=B22",
            "/run/one/people={id int32, mail string} [2]",
            "/run/one/people.mail=dora@inbox.example",
        ] {
            assert!(facts.iter().any(|fact| fact == expected), "{name}: {expected} is not in {facts:#?}");
        }
        let again = facts.iter().filter(|fact| fact.ends_with("=Ada Berg")).count();
        assert_eq!(again, 1, "{name}: what links lead to is read once: {facts:#?}");
    }
}

#[test]
fn damage_is_told_and_costs_little() {
    for name in ["truncated-oldest", "truncated-newest", "hostile-oldest", "hostile-newest"] {
        let (_, anomalies) = facts(name);
        assert!(!anomalies.is_empty(), "{name}");
    }
}
