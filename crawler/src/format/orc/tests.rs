use catalog::model::{AnomalyKind, FeatureType};

use super::super::collect::{Collected, assert_removal_law, fixtures, read, read_within, rewrite, sniffed};
use super::super::{Bounds, FormatError, Removal, Rewritten};
use super::FORMAT;
use super::chunks::{Codec, Kind, Stream};
use super::encode::{IntsOut, Out};
use super::runs::{Bools, Ints, Runs};
use crate::content::Content;

fn fixture(name: &str) -> Content {
    let all = fixtures(&FORMAT, name);
    assert_eq!(all.len(), 1, "{name}");
    all.into_iter().next().unwrap().1
}

fn good(name: &str) -> Collected {
    let (read, outcome) = read(&FORMAT, &fixture(name));
    outcome.unwrap();
    assert_eq!(read.anomalies, [], "{name}");
    read
}

fn stream(bytes: &[u8]) -> Stream {
    let codec = Codec::new(0, None).unwrap();
    Stream::new(&Content::from(bytes.to_vec()), 0, bytes.len() as u64, codec)
}

fn ints(bytes: &[u8], second: bool, signed: bool, count: usize) -> Vec<i64> {
    let mut ints = Ints::new(stream(bytes), second, signed);
    let values = (0..count).map(|_| ints.next().unwrap()).collect();
    assert!(ints.next().is_err(), "there is more than was asked for");
    values
}

#[test]
fn runs_are_those_of_the_specification() {
    let mut runs = Runs::new(stream(&[0x61, 0x00, 0xfe, 0x44, 0x45]));
    let bytes: Vec<u8> = (0..102).map(|_| runs.next().unwrap()).collect();
    assert_eq!(bytes, [vec![0; 100], vec![0x44, 0x45]].concat());
    let mut bools = Bools::new(stream(&[0xff, 0x80]));
    let bits: Vec<bool> = (0..8).map(|_| bools.next().unwrap()).collect();
    assert_eq!(bits, [true, false, false, false, false, false, false, false]);

    assert_eq!(ints(&[0x61, 0x00, 0x07], false, false, 100), vec![7; 100]);
    assert_eq!(ints(&[0x61, 0xff, 0x64], false, false, 100), (1..=100).rev().collect::<Vec<_>>());
    assert_eq!(ints(&[0xfb, 0x02, 0x03, 0x06, 0x07, 0x0b], false, false, 5), [2, 3, 6, 7, 11]);

    assert_eq!(ints(&[0x0a, 0x27, 0x10], true, false, 5), [10_000; 5]);
    let direct = [0x5e, 0x03, 0x5c, 0xa1, 0xab, 0x1e, 0xde, 0xad, 0xbe, 0xef];
    assert_eq!(ints(&direct, true, false, 4), [23_713, 43_806, 57_005, 48_879]);
    let delta = [0xc6, 0x09, 0x02, 0x02, 0x22, 0x42, 0x42, 0x46];
    assert_eq!(ints(&delta, true, false, 10), [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]);
    let patched = [
        0x8e, 0x13, 0x2b, 0x21, 0x07, 0xd0, 0x1e, 0x00, 0x14, 0x70, 0x28, 0x32, 0x3c, 0x46, 0x50, 0x5a, 0x64,
        0x6e, 0x78, 0x82, 0x8c, 0x96, 0xa0, 0xaa, 0xb4, 0xbe, 0xfc, 0xe8,
    ];
    let expected: Vec<i64> =
        [2_030, 2_000, 2_020, 1_000_000].into_iter().chain((2_040..=2_190).step_by(10)).collect();
    assert_eq!(ints(&patched, true, false, 20), expected);
}

#[test]
fn an_lzo_chunk_is_decoded() {
    let text = "ada.berg@mail.example ".repeat(40);
    let packed = lzokay_native::compress(text.as_bytes()).unwrap();
    let mut chunk = ((packed.len() as u32) << 1).to_le_bytes()[..3].to_vec();
    chunk.extend(&packed);
    let codec = Codec { kind: Kind::Lzo, block: 1 << 16 };
    let mut stream = Stream::new(&Content::from(chunk.clone()), 0, chunk.len() as u64, codec);
    let mut out = Vec::new();
    stream.take(text.len(), &mut out).unwrap();
    assert_eq!(out, text.as_bytes());
}

#[test]
fn scalars_of_every_codec_and_version_are_what_was_written() {
    for name in [
        "good-scalars-uncompressed",
        "good-scalars-zlib",
        "good-scalars-snappy",
        "good-scalars-lz4",
        "good-scalars-zstd",
        "good-dictionary",
        "good-version",
        "good-stripes",
    ] {
        let read = good(name);
        let rows = if name == "good-stripes" { 48 } else { 40 };
        assert_eq!(read.rows, rows, "{name}");
        let column = |path: &str, every: i64, value: &dyn Fn(i64) -> String| {
            let expected: Vec<String> = (0..rows as i64)
                .map(|i| if i % every == every - 1 { "Null".to_owned() } else { value(i) })
                .collect();
            assert_eq!(read.values(path), expected, "{name} {path}");
        };
        column("id", 99, &|i| format!("Int({})", i + 1));
        column("email", 5, &|i| format!("Text(\"person{i}@mail.example\")"));
        column("city", 5, &|i| format!("Text({:?})", ["Malmö", "Köln", "Zürich"][i as usize % 3]));
        column("active", 5, &|i| format!("Bool({})", i % 3 == 0));
        column("level", 5, &|i| format!("Int({})", i % 7 - 3));
        column("small", 5, &|i| format!("Int({})", if i % 2 == 0 { i * 100 } else { -i * 100 }));
        column("count", 5, &|i| format!("Int({})", i * i * 1_000));
        column("outlier", 99, &|i| {
            format!("Int({})", if i % 16 == 0 { 1_000_000_000_000_000 + i } else { i * 3 % 11 })
        });
        column("ratio", 5, &|i| format!("Float({:?})", i as f64 / 4.0));
        column("amount", 5, &|i| format!("Float({:?})", i as f64 * 1.5 - 7.0));
        column("price", 5, &|i| {
            let cents = i * 125 - 300;
            let sign = if cents < 0 { "-" } else { "" };
            format!("Decimal(\"{sign}{}.{:02}\")", cents.abs() / 100, cents.abs() % 100)
        });
        column("day", 5, &|i| format!("Date({})", i - 12));
        column("at", 5, &|i| format!("Timestamp({})", 1_420_070_398_000_000 + i * 1_125_000));
        column("instant", 5, &|i| format!("Timestamp({})", -9_500_000 + i * 1_000_000));
        column("token", 5, &|i| format!("Bytes([{i}, 255, 0])"));
        let kinds: Vec<_> = read.features.iter().filter_map(|(_, kind)| kind.clone()).collect();
        assert_eq!(
            kinds[..4],
            [FeatureType::Int, FeatureType::String, FeatureType::String, FeatureType::Bool]
        );
        assert_eq!(
            kinds[11..],
            [FeatureType::Date, FeatureType::Timestamp, FeatureType::Timestamp, FeatureType::Bytes]
        );
    }
}

#[test]
fn what_nests_has_the_cells_of_its_items() {
    let read = good("good-nested");
    assert_eq!(read.rows, 24);
    let expected: Vec<String> =
        (0..24).filter(|i| i % 4 != 3).map(|i| format!("Text(\"n{i}@mail.example\")")).collect();
    assert_eq!(read.values("contact.email"), expected);
    let expected: Vec<String> = (0..24)
        .filter(|i| i % 5 != 4)
        .flat_map(|i| (0..i % 4).map(move |n| format!("Text(\"+49 30 {i:05}{n}\")")))
        .collect();
    assert_eq!(read.values("phones[].number"), expected);
    let expected: Vec<String> = (0..24)
        .flat_map(|i| [vec![i, i + 1], vec![], vec![i * 2]].into_iter().take(i % 4).flatten())
        .map(|score| format!("Int({score})"))
        .collect();
    assert_eq!(read.values("scores[][]"), expected);
    let expected: Vec<String> =
        (0..24).flat_map(|i| (0..i % 3).map(move |n| format!("Text(\"v{i}{n}\")"))).collect();
    assert_eq!(read.values("labels[].value"), expected);
}

fn removal(units: &[u64]) -> Removal {
    Removal { units: [(String::new(), units.iter().copied().collect())].into() }
}

fn bytes(content: &Content) -> Vec<u8> {
    content.range(0, content.len() as usize).unwrap().to_vec()
}

#[test]
fn rows_go_and_nothing_else_does() {
    for (name, content) in fixtures(&FORMAT, "good-") {
        for nth in [1, 2, 3, 7] {
            assert_removal_law(&FORMAT, &content, nth);
        }
        let refused = rewrite(&FORMAT, &content, &removal(&[1_000]));
        assert!(matches!(refused, Err(FormatError::Unsupported(_))), "{name}");
    }
}

#[test]
fn neither_values_nor_statistics_nor_dictionaries_hold_what_was_removed() {
    for name in ["good-stripes", "good-version", "good-scalars-uncompressed"] {
        let content = fixture(name);
        let (out, _) = rewrite(&FORMAT, &content, &removal(&[0, 17])).unwrap();
        let (before, out) = (bytes(&content), bytes(&out));
        for gone in ["person0@mail", "person17@mail"] {
            assert!(memchr::memmem::find(&before, gone.as_bytes()).is_some(), "{name}: {gone}");
            assert!(memchr::memmem::find(&out, gone.as_bytes()).is_none(), "{name}: {gone}");
        }
    }
}

#[test]
fn stripes_that_keep_their_rows_keep_their_bytes() {
    let content = fixture("good-stripes");
    let units: Vec<u64> = (16..32).chain([40]).collect();
    let (out, rewritten) = rewrite(&FORMAT, &content, &removal(&units)).unwrap();
    assert_eq!(rewritten, Rewritten { removed: 17, kept: 31 });
    let (before, after) = (super::tail::open(&content).unwrap(), super::tail::open(&out).unwrap());
    assert_eq!(after.stripes.iter().map(|stripe| stripe.rows).collect::<Vec<_>>(), [16, 15]);
    let (first, same) = (before.stripes[0], after.stripes[0]);
    assert_eq!(
        bytes(&content)[first.offset as usize..first.end() as usize],
        bytes(&out)[same.offset as usize..same.end() as usize]
    );
    assert_eq!(after.footer.number(6), 31);
    assert_eq!(after.postscript.number(2), before.postscript.number(2));
}

#[test]
fn encoded_runs_are_decoded_to_what_they_were() {
    let mut values: Vec<i64> = (0..700).map(|i| i * i % 97 - 40).collect();
    values.extend([7; 5]);
    values.extend([i64::MIN, i64::MAX, 0, -1, 1 << 40]);
    values.extend([3; 1_200]);
    values.extend((0..600).map(|i| 5 - i * 3));
    for second in [false, true] {
        for signed in [false, true] {
            let mut out = IntsOut::new(second, signed);
            values.iter().for_each(|value| out.push(*value));
            assert_eq!(ints(&Out::Ints(out).finish(), second, signed, values.len()), values);
        }
    }
    let mut out = IntsOut::new(true, false);
    [10_000; 5].into_iter().for_each(|value| out.push(value));
    assert_eq!(Out::Ints(out).finish(), [0x0a, 0x27, 0x10], "as the specification has it");
}

#[test]
fn what_is_damaged_is_said_and_costs_little() {
    let (_, outcome) = read(&FORMAT, &fixture("truncated-tail"));
    assert!(matches!(outcome, Err(FormatError::Truncated(_) | FormatError::Corrupt(_))), "{outcome:?}");
    let (_, outcome) = read(&FORMAT, &fixture("hostile-lengths"));
    assert!(matches!(outcome, Err(FormatError::Corrupt(_))), "{outcome:?}");
    let (read, outcome) = read(&FORMAT, &fixture("hostile-rows"));
    outcome.unwrap();
    assert_eq!(read.anomalies.len(), 1, "{:?}", read.anomalies);
    assert_eq!(read.anomalies[0].0, AnomalyKind::LimitReached);
    // A stripe that is damaged costs its own rows.
    let content = fixture("good-stripes");
    let mut bytes = content.range(0, content.len() as usize).unwrap().to_vec();
    let tail = super::tail::open(&content).unwrap();
    assert_eq!(tail.stripes.iter().map(|stripe| stripe.rows).collect::<Vec<_>>(), [16, 16, 16]);
    let second = tail.stripes[1];
    bytes[second.offset as usize..second.end() as usize].fill(0xff);
    let (read, outcome) = super::super::collect::read(&FORMAT, &bytes.into());
    outcome.unwrap();
    assert_eq!((read.rows, read.anomalies.len()), (32, 1));
    assert_eq!(read.cells.last().unwrap().at.row, 47, "rows keep their numbers");
}

#[test]
fn bounds_are_kept_and_said() {
    let content = fixture("good-stripes");
    let (read, outcome) = read_within(&FORMAT, &content, &Bounds { rows_max: 20, ..Bounds::default() });
    outcome.unwrap();
    assert_eq!(read.rows, 20);
    assert_eq!(read.anomalies, [(AnomalyKind::LimitReached, "only the first 20 rows were read".to_owned())]);
    let (read, _) = read_within(&FORMAT, &content, &Bounds { decoded_bytes_max: 64, ..Bounds::default() });
    assert_eq!((read.rows, read.anomalies.len()), (0, 1));
}

#[test]
fn three_letters_alone_are_no_orc() {
    assert_eq!(sniffed(&FORMAT, b"ORCID,name\n0000-0001,Ada\n", "people.csv"), None);
    let content = fixture("good-nested");
    let bytes = content.range(0, content.len() as usize).unwrap();
    assert_eq!(sniffed(&FORMAT, &bytes, "a"), Some(0.99));
    assert_eq!(sniffed(&FORMAT, &bytes[..600], "a"), Some(0.95));
}
