use super::{AUDIO, VIDEO};
use crate::format::Format;
use crate::format::collect::{fixtures, read};

/// Fields of a recording, and what is said of what was not read.
fn told(format: &Format, name: &str) -> (Vec<String>, Vec<String>) {
    let bytes = fixtures(format, name).into_iter().find(|(file, _)| file.starts_with(name)).unwrap().1;
    let (recording, outcome) = read(format, &bytes);
    outcome.unwrap();
    let texts: Vec<String> = recording.cells.iter().map(|cell| cell.value.to_string()).collect();
    let plain = |text: &String| text.trim_start_matches("Text(\"").trim_end_matches("\")").to_owned();
    let fields = texts.chunks(2).map(|pair| format!("{}={}", plain(&pair[0]), plain(&pair[1]))).collect();
    (fields, recording.anomalies.iter().map(|anomaly| format!("{anomaly:?}")).collect())
}

fn facts(format: &Format, name: &str) -> Vec<String> {
    let (fields, anomalies) = told(format, name);
    assert_eq!(anomalies, Vec::<String>::new(), "{name}");
    fields
}

#[track_caller]
fn expect(fields: &[String], expected: &[&str]) {
    for field in expected {
        assert!(fields.iter().any(|known| known == field), "{field} is not in {fields:#?}");
    }
}

#[test]
fn tags_tell_who_made_a_recording() {
    expect(&facts(&AUDIO, "good-tagged.mp3"), &["TPE1=Ada Berg", "COMM=ada.berg@mail.example"]);
    expect(&facts(&AUDIO, "good-tagged.flac"), &["ARTIST=Ada Berg", "COMMENT=ada.berg@mail.example"]);
    expect(&facts(&AUDIO, "good-tagged.wav"), &["IART=Ada Berg", "ICMT=ada.berg@mail.example"]);
    expect(&facts(&VIDEO, "good-tagged.mp4"), &["\u{a9}ART=Ada Berg"]);
}

#[test]
fn fields_of_peoples_own_are_read_too() {
    let own = facts(&AUDIO, "good-own-tags.mp3");
    let home = "home=https://ada.example/ada.berg@mail.example";
    let expected = ["Recorded for=Bo Elan", home, "POPM=ada.berg@mail.example", "desk=case 4711 of Ada Berg"];
    expect(&own, &expected);
    let flac = facts(&AUDIO, "good-own-tags.flac");
    expect(&flac, &["RECORDED FOR=Bo Elan", "DESK=ada.berg@mail.example"]);
    let expected = [
        "com.apple.iTunes:Recorded for=Bo Elan",
        "\u{a9}xyz=+52.5200+013.4050/",
        "com.apple.quicktime.author=ada.berg@mail.example",
    ];
    expect(&facts(&VIDEO, "good-own-tags.mp4"), &expected);
}

#[test]
fn bytes_in_tags_are_told_and_not_counted_as_read() {
    let (fields, anomalies) = told(&AUDIO, "good-bytes-in-tags.mp3");
    expect(&fields, &["Recorded for=Bo Elan"]);
    assert!(anomalies.len() == 1 && anomalies[0].contains("bytes were not read"), "{anomalies:?}");
}

#[test]
fn films_tell_titles_tags_chapters_and_tracks() {
    let expected =
        ["Title=Lämp of Ada Berg", "TrackName=Voice of Bo", "ARTIST=Ada Berg", "EMAIL=ada.berg@mail.example"];
    let film = facts(&VIDEO, "good-tagged.mkv");
    expect(&film, &expected);
    expect(&film, &["Chapter=Bo arrives"]);
    expect(&facts(&VIDEO, "good-live.webm"), &expected);
    let avi = facts(&VIDEO, "good-tagged.avi");
    expect(&avi, &["strn=Camera of Bo", "IART=Ada Berg", "ICMT=ada.berg@mail.example"]);
}

#[test]
fn attachments_and_subtitles_are_told_as_unread() {
    let (fields, anomalies) = told(&VIDEO, "good-attached.mkv");
    expect(&fields, &["FileName=letter.txt"]);
    let all = anomalies.join(" ");
    assert!(all.contains("files attached") && all.contains("subtitles"), "{all}");
}
