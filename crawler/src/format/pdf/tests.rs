use catalog::model::AnomalyKind;
use lopdf::{Dictionary, Document, Object, Stream};

use super::{FORMAT, decoded};
use crate::content::Content;
use crate::format::WHOLE;
use crate::format::collect::{fixtures, read};

#[test]
fn pages_properties_notes_and_links_are_read() {
    let (letter, outcome) = read(&FORMAT, &fixtures(&FORMAT, "good-letter").remove(0).1);
    outcome.unwrap();
    assert_eq!(letter.anomalies, []);
    assert!(letter.cells.iter().all(|cell| cell.at.unit == WHOLE), "a document goes as a whole");
    let cells: Vec<String> =
        letter.cells.iter().map(|cell| format!("{}={}", cell.path, cell.value)).collect();
    let wanted = [
        "ada.berg@mail.example",
        "Bo Berg",
        "text=Text(\"Cy\")",
        "link=Text(\"mailto:bo@inbox.example\")",
        "author=Text(\"Ada Berg\")",
        "title=Text(\"Lämp\")",
        "Dora Falk",
    ];
    for wanted in wanted {
        assert!(cells.iter().any(|cell| cell.contains(wanted)), "{wanted}: {cells:#?}");
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    let kinds = |name: &str| {
        let (document, outcome) = read(&FORMAT, &fixtures(&FORMAT, name).remove(0).1);
        outcome.unwrap();
        document.anomalies.iter().map(|anomaly| anomaly.0).collect::<Vec<_>>()
    };
    assert_eq!(kinds("hostile-encrypted"), [AnomalyKind::Encrypted]);
    assert_eq!(kinds("hostile-bomb"), [AnomalyKind::Corrupt], "more in a stream than is unpacked");
    assert_eq!(kinds("hostile-noise"), [AnomalyKind::Corrupt]);
}

#[test]
fn texts_are_decoded_by_their_marks() {
    assert_eq!(decoded(b"\xfe\xff\0A\0b"), "Ab");
    assert_eq!(decoded(b"\xff\xfeA\0b\0"), "Ab");
    assert_eq!(decoded(b"\xef\xbb\xbf\xc3\xa9"), "é");
    assert_eq!(decoded(b"caf\xe9"), "café");
}

#[test]
fn attached_files_are_told() {
    let (_, letter) = fixtures(&FORMAT, "good-letter").remove(0);
    let mut document = Document::load_mem(&letter.range(0, letter.len() as usize).unwrap()).unwrap();
    let mut entries = Dictionary::new();
    entries.set("Type", Object::Name(b"EmbeddedFile".to_vec()));
    document.add_object(Stream::new(entries, b"ada.berg@mail.example".to_vec()));
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    let (letter, outcome) = read(&FORMAT, &Content::from(bytes));
    outcome.unwrap();
    assert!(letter.anomalies[0].1.contains("files attached"), "{:?}", letter.anomalies);
}
