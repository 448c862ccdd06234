//! Tests of layers that have no magic, and of `.Z`.

use super::*;
use crate::format::tree::{sniff_head, walk};
use crate::format::{Bounds, tree};

fn plain() -> Vec<u8> {
    let row = |n: u32| format!("{n},person{n}@mail.example,{}\n", n.wrapping_mul(2_654_435_761) % 9973);
    ["id,email,amount\n".to_owned()].into_iter().chain((0..20_000).map(row)).collect::<String>().into_bytes()
}

fn layer(id: &str) -> &'static Layer {
    LAYERS.iter().chain(bare::BARE).find(|layer| layer.id == id).unwrap()
}

fn encoded(id: &str, original: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    (layer(id).encode)(original, plain.to_vec().into(), &mut out).unwrap();
    out
}

/// Layers and format as the whole blob tells them, and what went wrong.
fn told(bytes: &[u8], name: &str) -> (String, Vec<AnomalyKind>) {
    let (mut told, mut anomalies) = (String::new(), Vec::new());
    walk(&bytes.to_vec().into(), name, &Bounds::default(), &mut |visit| {
        match visit {
            tree::Visit::Part(node) => told = format!("{}:{}", node.layers.join("+"), node.format.id),
            tree::Visit::Anomaly(anomaly) => anomalies.push(anomaly.kind),
        }
        Ok(())
    })
    .unwrap();
    (told, anomalies)
}

/// Headers with settings other than the default ones.
const ORIGINALS: [(&str, &[u8]); 6] = [
    ("zlib", b"\x78\x9c"),
    ("zlib", b"\x78\x01"),
    ("brotli", b"\x0b"),
    ("brotli", b""),
    ("compress", b"\x1f\x9d\x90"),
    ("compress", b"\x1f\x9d\x0c"),
];

#[test]
fn what_was_encoded_is_told_without_a_name_and_decodes_again() {
    let plain = plain();
    for (id, original) in ORIGINALS {
        let stored = encoded(id, original, &plain);
        assert!(stored.len() < plain.len() * 2 / 3, "{id}: {} bytes", stored.len());
        assert_eq!(told(&stored, "part-0000"), (format!("{id}:csv"), Vec::new()), "{id}");
        let head = sniff_head(&stored[..HEAD_BYTES.min(stored.len() / 2)], &[], false, "part-0000");
        assert_eq!((head.layers.as_slice(), head.format.id), (&[id][..], "csv"), "{id}: by its head");
        let peeled = layer(id).peel(&stored.clone().into(), u64::MAX).unwrap();
        let mut back = Vec::new();
        peeled.content.clone().read_to_end(&mut back).unwrap();
        assert!(
            back == plain && peeled.anomaly.is_none() && peeled.trailing == 0,
            "{id}: {:?}",
            peeled.anomaly
        );
        if id == "compress" {
            assert_eq!(stored[..3], original[..3], "the widest code is the original's");
        }
    }
}

#[test]
fn short_texts_of_any_length_come_back_from_compress() {
    let text = plain();
    // Past 2,200 bytes codes grow; past some 200,000 the table of twelve bits has long been full.
    for length in (0..600).chain((2_000..2_400).step_by(7)).chain([200_000]) {
        for flags in [0x90, 0x10, 0x89, 0x8c] {
            let stored = encoded("compress", &[0x1f, 0x9d, flags], &text[..length]);
            let mut back = Vec::new();
            lzw::decode(&mut stored.as_slice()).unwrap().read_to_end(&mut back).unwrap();
            assert!(back == text[..length], "{length} bytes, flags {flags:x}");
        }
    }
}

#[test]
fn a_stream_of_the_original_program_is_read() {
    let read = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/formats/text/");
        let stored = std::fs::read(format!("{folder}{name}")).unwrap();
        assert_eq!(told(&stored, "words"), ("compress:text".to_owned(), Vec::new()), "{name}");
        let mut back = Vec::new();
        lzw::decode(&mut stored.as_slice()).unwrap().read_to_end(&mut back).unwrap();
        back
    };
    let words = read("good-words.txt.Z");
    assert_eq!((words.iter().filter(|byte| **byte == b'\n').count(), words.last()), (40, Some(&b'\n')));
    let changing = [b"abcdefgh".repeat(1500), b"0123456789".repeat(1500), b"zyxw".repeat(3000)].concat();
    assert!(read("good-table-thrown-away.txt.Z") == changing, "its table of ten bits is thrown away once");
}

#[test]
fn a_table_thrown_away_starts_anew() {
    // `compress` 4.2.4 itself throws its table away once it is full and stops paying; codes of nine bits by hand.
    let mut bits: Vec<u16> = vec![u16::from(b'a'), u16::from(b'b'), 256];
    bits.resize(8, 0); // the rest of the group is padding
    bits.extend([u16::from(b'c'), u16::from(b'd'), 257]);
    let mut stored = vec![0x1f, 0x9d, 0x90];
    let (mut held, mut value) = (0, 0_u32);
    for code in bits {
        value |= u32::from(code) << held;
        held += 9;
        while held >= 8 {
            stored.push(value as u8);
            value >>= 8;
            held -= 8;
        }
    }
    stored.push(value as u8);
    let mut back = Vec::new();
    lzw::decode(&mut stored.as_slice()).unwrap().read_to_end(&mut back).unwrap();
    assert_eq!(back, b"abcdcd");
}

#[test]
fn nothing_is_guessed_of_bytes_that_decode_to_nothing_known() {
    let mut seed = 7_u64;
    let mut noise = |count: usize| -> Vec<u8> {
        let mut byte = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 56) as u8
        };
        (0..count).map(|_| byte()).collect()
    };
    for length in (1..200).chain([4_096, 70_000]) {
        let mut bytes = noise(length);
        for start in [&b""[..], b"\x78\x9c", b"\x78\xda", b"\x0b", b"\x06", b"\x3b", b"\xa1"] {
            bytes.splice(..start.len().min(bytes.len()), start.iter().copied());
            let sniffed = sniff_head(&bytes, &[], true, "data.bin");
            let bare: Vec<_> = sniffed.layers.iter().filter(|id| ["zlib", "brotli"].contains(id)).collect();
            assert!(bare.is_empty(), "{length} bytes of noise are {bare:?}");
        }
    }
    // Noise in a layer stays unknown: that it decodes is not enough.
    let packed = encoded("zlib", b"\x78\x9c", &noise(50_000));
    assert_eq!(told(&packed, "blob").0, ":unknown");
}

#[test]
fn damage_is_told_once_the_layer_is_known() {
    for (id, original) in [("zlib", &b"\x78\x9c"[..]), ("brotli", b"\x0b")] {
        let stored = encoded(id, original, &plain());
        assert_eq!(told(&stored[..stored.len() - 40], "a").1, [AnomalyKind::Truncated], "{id}");
        let long = [&stored[..], b"trailing bytes"].concat();
        assert_eq!(told(&long, "a").1, [AnomalyKind::Corrupt], "{id}");
    }
    // `.Z` has no end mark: what tells a cut is bits that are left over, which every other cut leaves.
    let compressed = encoded("compress", b"\x1f\x9d\x90", &plain());
    let told_cuts =
        (1..=40).filter(|cut| told(&compressed[..compressed.len() - cut], "a").1 == [AnomalyKind::Truncated]);
    assert!(told_cuts.count() >= 20);
    let zlib = encoded("zlib", b"\x78\x9c", &plain());
    let mut wrong = zlib.clone();
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(told(&wrong, "a").1, [AnomalyKind::Corrupt], "the checksum is looked at");
}
