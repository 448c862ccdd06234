//! Tests over pickles of every protocol that tells itself.

use super::{FORMAT, unescaped};
use crate::format::collect::{fixtures, read};

fn facts(name: &str) -> Vec<String> {
    let (recording, outcome) = read(&FORMAT, &fixtures(&FORMAT, name).remove(0).1);
    outcome.unwrap();
    assert_eq!(recording.anomalies, [], "{name}");
    let plain = |text: String| text.trim_start_matches("Text(\"").trim_end_matches("\")").to_owned();
    let texts: Vec<String> = recording.cells.iter().map(|cell| plain(cell.value.to_string())).collect();
    texts.chunks(2).map(|pair| pair.join("=")).collect()
}

#[test]
fn texts_and_globals_are_read_and_nothing_is_run() {
    for name in
        ["good-protocol-2", "good-protocol-3", "good-protocol-4", "good-protocol-5", "good-legacy-torch"]
    {
        let facts = facts(name);
        for expected in ["text=Ada Berg", "text=ada.berg@mail.example", "text=Lämp"] {
            assert!(facts.iter().any(|fact| fact == expected), "{name}: {expected} is not in {facts:#?}");
        }
    }
    let globals = facts("good-global");
    assert!(globals.contains(&"global=os.system".to_owned()), "{globals:?}");
}

#[test]
fn lines_of_the_oldest_protocol_are_unescaped() {
    assert_eq!(unescaped("'L\\xe4mp\\n'"), "L\u{e4}mp\\n");
    assert_eq!(unescaped("L\\u00e4mp \\"), "Lämp \\");
    assert_eq!(unescaped("\\U0010ffff\\u12"), "\u{10ffff}\\u12");
}
