use catalog::model::AnomalyKind;

use super::{FIELDS_MAX, FORMAT, METADATA_BYTES_MAX};
use crate::format::collect::{fixtures, read};

#[test]
fn every_kind_of_metadata_is_a_cell() {
    for (name, wanted) in [
        (
            "good-everything",
            &[
                "ada.berg@mail.example",
                "Dora Falk",
                "cy@mail.example",
                "Eve Moe",
                "Hana Iversen",
                "gio@mail.example",
            ][..],
        ),
        (
            "good-texts",
            &["Ada Berg", "bo@inbox.example", "dora@mail.example", "Eve Moe", "ada.berg@mail.example"],
        ),
        ("good-exif", &["ada.berg@mail.example", "(c) Bo"]),
        ("good-chunks", &["Dora Falk", "cy@mail.example"]),
    ] {
        let (image, outcome) = read(&FORMAT, &fixtures(&FORMAT, name).remove(0).1);
        outcome.unwrap();
        assert_eq!(image.anomalies, [], "{name}");
        for wanted in wanted {
            assert!(
                image.cells.iter().any(|cell| cell.value.contains(wanted)),
                "{name}: {wanted}: {:#?}",
                image.cells
            );
        }
        assert_eq!(image.values("latitude").first(), Some(&"Text(\"-33.510000\")"), "{name}");
        assert_eq!(image.values("longitude").first(), Some(&"Text(\"18.250000\")"), "{name}");
    }
}

#[test]
fn an_image_without_metadata_has_no_features() {
    let (image, outcome) = read(&FORMAT, &fixtures(&FORMAT, "good-gray").remove(0).1);
    outcome.unwrap();
    assert!(image.features.is_empty() && image.anomalies.is_empty());
}

#[test]
fn what_is_not_read_for_its_size_is_told() {
    let (bomb, outcome) = read(&FORMAT, &fixtures(&FORMAT, "hostile-bomb").remove(0).1);
    outcome.unwrap();
    assert_eq!(bomb.anomalies.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [AnomalyKind::LimitReached]);
    assert!(bomb.cells.iter().all(|cell| cell.value.len() < METADATA_BYTES_MAX + 16));

    let mut comments = b"\xff\xd8".to_vec();
    for _ in 0..=FIELDS_MAX {
        comments.extend_from_slice(b"\xff\xfe\0\x06lamp");
    }
    comments.extend_from_slice(b"\xff\xda\0\x02\xff\xd9");
    let (image, outcome) = read(&FORMAT, &comments.into());
    outcome.unwrap();
    assert_eq!(
        image.anomalies.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
        [AnomalyKind::LimitReached]
    );
    assert_eq!(image.cells.len(), FIELDS_MAX);
}

#[test]
fn texts_behind_many_chunks_of_pixels_are_read() {
    let chunk = |name: &[u8], body: &[u8]| [&(body.len() as u32).to_be_bytes(), name, body, b"crc."].concat();
    let mut image = [b"\x89PNG\r\n\x1a\n".as_slice(), &chunk(b"IHDR", &[0; 13])].concat();
    for _ in 0..20_000 {
        image.extend(chunk(b"IDAT", b"px"));
    }
    image.extend(chunk(b"tEXt", b"Author\0Ada Berg"));
    image.extend(chunk(b"IEND", b""));
    let (image, outcome) = read(&FORMAT, &image.into());
    outcome.unwrap();
    assert_eq!(image.anomalies, []);
    assert_eq!(image.values("artist"), ["Text(\"Ada Berg\")"]);
}
