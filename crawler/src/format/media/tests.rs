use super::{AUDIO, VIDEO};
use crate::format::Format;
use crate::format::collect::{fixtures, read};

fn facts(format: &Format, name: &str) -> Vec<String> {
    let (recording, outcome) = read(format, &fixtures(format, name).remove(0).1);
    outcome.unwrap();
    assert_eq!(recording.anomalies, [], "{name}");
    let texts: Vec<String> = recording.cells.iter().map(|cell| cell.value.to_string()).collect();
    texts.chunks(2).map(|pair| pair.join("=")).collect()
}

#[test]
fn tags_tell_who_made_a_recording() {
    let artist = "Text(\"TrackArtist\")=Text(\"Ada Berg\")".to_owned();
    let mail = "Text(\"Comment\")=Text(\"ada.berg@mail.example\")".to_owned();
    for name in ["good-tagged.mp3", "good-tagged.flac", "good-tagged.wav"] {
        let facts = facts(&AUDIO, name);
        assert!(facts.contains(&artist) && facts.contains(&mail), "{name}: {facts:?}");
    }
    assert!(facts(&VIDEO, "good-tagged.mp4").contains(&artist));
    assert_eq!(facts(&VIDEO, "good-matroska"), Vec::<String>::new());
}
