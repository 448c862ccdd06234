use catalog::model::{AnomalyKind, FeatureType};

use super::super::collect::{assert_removal_law, fixtures, read, read_within, rewrite, sniffed};
use super::super::{Bounds, Format, FormatError, Removal};
use super::batches::Batches;
use super::{FILE, STREAM};
use crate::content::Content;

fn removal(units: &[u64]) -> Removal {
    Removal { units: [(String::new(), units.iter().copied().collect())].into() }
}

fn fixture(format: &Format, name: &str) -> Content {
    let all = fixtures(format, name);
    assert_eq!(all.len(), 1, "{name}");
    all.into_iter().next().unwrap().1
}

fn bytes(content: &Content) -> Vec<u8> {
    content.range(0, content.len() as usize).unwrap().to_vec()
}

fn holds(content: &Content, text: &str) -> bool {
    memchr::memmem::find(&bytes(content), text.as_bytes()).is_some()
}

/// Rows of each batch.
fn batch_rows(content: &Content) -> Vec<u64> {
    let mut batches = Batches::open(content).unwrap();
    std::iter::from_fn(|| batches.next().unwrap().map(|next| next.rows)).collect()
}

#[test]
fn good_content_is_sniffed_and_keeps_the_law_of_removal() {
    for format in [&FILE, &STREAM] {
        for (name, content) in fixtures(format, "good-") {
            assert!(sniffed(format, &bytes(&content), &name) >= Some(0.98), "{name}");
            for nth in [1, 2, 3, 7] {
                assert_removal_law(format, &content, nth);
            }
        }
    }
    assert_eq!(sniffed(&STREAM, &[0xff; 64], "a.arrows"), None);
}

#[test]
fn file_and_stream_give_the_same_cells_with_the_types_of_the_schema() {
    let (file, outcome) = read(&FILE, &fixture(&FILE, "good-flat"));
    outcome.unwrap();
    let (stream, outcome) = read(&STREAM, &fixture(&STREAM, "good-flat"));
    outcome.unwrap();
    assert_eq!(file.cells, stream.cells);
    assert_eq!(file.rows, 60);
    assert_eq!(
        file.features[..7].iter().map(|(name, kind)| (name.as_str(), kind.clone())).collect::<Vec<_>>(),
        [
            ("id", Some(FeatureType::Int)),
            ("name", Some(FeatureType::String)),
            ("email", Some(FeatureType::String)),
            ("score", Some(FeatureType::Float)),
            ("born", Some(FeatureType::Date)),
            ("wakes", Some(FeatureType::String)),
            ("seen", Some(FeatureType::Timestamp)),
        ]
    );
    let nested = read(&FILE, &fixture(&FILE, "good-nested")).0;
    let mails = |path: &str| nested.values(path).into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(mails("view").len(), 60);
    assert_eq!(mails("view"), mails("deep[].mails[]"));
    let coded = read(&FILE, &fixture(&FILE, "good-dictionary")).0;
    assert_eq!(coded.features[1], ("email".to_owned(), Some(FeatureType::String)));
    assert!(coded.values("email")[41].contains(".41@mail.example"));
}

#[test]
fn schema_metadata_compression_and_batches_stay() {
    let content = fixture(&FILE, "good-flat");
    let (after, done) = rewrite(&FILE, &content, &removal(&[3, 45])).unwrap();
    assert_eq!((done.removed, done.kept), (2, 58));
    assert_eq!((batch_rows(&content), batch_rows(&after)), (vec![20; 3], vec![19, 20, 19]));
    let settings = |content: &Content| {
        let mut batches = Batches::open(content).unwrap();
        batches.next().unwrap();
        (batches.schema.clone(), batches.version, batches.compression)
    };
    assert_eq!(settings(&content), settings(&after));
    assert_eq!(settings(&after).0.metadata()["made"], "by hand");
    let whole: Vec<u64> = (20..40).collect();
    let after = rewrite(&FILE, &content, &removal(&whole)).unwrap().0;
    assert_eq!(batch_rows(&after), [20, 20]);
    let error = rewrite(&FILE, &content, &removal(&[60])).unwrap_err();
    assert!(matches!(error, FormatError::Unsupported(_)));
}

#[test]
fn nothing_of_a_removed_row_is_left_in_dictionaries_and_views() {
    for (format, name) in [
        (&FILE, "good-dictionary"),
        (&STREAM, "good-replaced-dictionaries"),
        (&STREAM, "good-grown-dictionary"),
        (&STREAM, "good-flat"),
    ] {
        let content = fixture(format, name);
        let (before, _) = read(format, &content);
        let mail = before.cells.iter().find(|cell| cell.at.row == 12 && cell.path.contains("mail")).unwrap();
        let mail = mail.value.trim_start_matches("Text(\"").trim_end_matches("\")").to_owned();
        assert!(holds(&content, &mail), "{name}");
        let (after, _) = rewrite(format, &content, &removal(&[12])).unwrap();
        assert!(!holds(&after, &mail), "{name}");
        assert!(!holds(&after, &mail[..mail.len() - 5]), "{name}");
    }
    // Views share buffers with the rows around them; decoded here, since the file is compressed.
    let content = fixture(&FILE, "good-nested");
    let (after, _) = rewrite(&FILE, &content, &removal(&[12])).unwrap();
    let mut batches = Batches::open(&after).unwrap();
    let batch = batches.next().unwrap().unwrap().batch.unwrap();
    let views = arrow_array::cast::AsArray::as_string_view(batch.column_by_name("view").unwrap());
    let held: usize = views.data_buffers().iter().map(|buffer| buffer.len()).sum();
    assert_eq!(held, views.iter().flatten().map(str::len).filter(|len| *len > 12).sum::<usize>());
}

#[test]
fn what_is_cut_or_damaged_costs_its_own_rows() {
    let told = |format: &Format, name: &str| {
        let (seen, outcome) = read(format, &fixture(format, name));
        (seen.rows, seen.anomalies.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), outcome.is_ok())
    };
    let (rows, kinds, _) = told(&FILE, "truncated-no-footer");
    assert_eq!((rows, kinds), (40, vec![AnomalyKind::Truncated; 2]));
    assert_eq!(told(&STREAM, "truncated-batch"), (40, vec![AnomalyKind::Truncated], true));
    assert!(!told(&FILE, "truncated-schema").2);
    assert_eq!(told(&FILE, "hostile-footer-length"), (60, vec![AnomalyKind::Truncated], true));
    assert_eq!(told(&FILE, "hostile-decoded-length"), (40, vec![AnomalyKind::LimitReached], true));
    for (format, name) in [
        (&FILE, "truncated-no-footer"),
        (&FILE, "hostile-footer-length"),
        (&FILE, "hostile-decoded-length"),
        (&STREAM, "truncated-batch"),
    ] {
        assert!(rewrite(format, &fixture(format, name), &removal(&[0])).is_err(), "{name}");
    }
}

#[test]
fn rows_without_bytes_and_reads_beyond_bounds_are_stopped() {
    for name in ["hostile-rows", "hostile-nulls"] {
        let (seen, outcome) = read(&STREAM, &fixture(&STREAM, name));
        assert!(outcome.is_err() || !seen.anomalies.is_empty(), "{name}");
        assert!(seen.rows <= 1, "{name}: {}", seen.rows);
    }
    let few = Bounds { rows_max: 30, ..Bounds::default() };
    let (seen, _) = read_within(&FILE, &fixture(&FILE, "good-flat"), &few);
    assert_eq!((seen.rows, seen.anomalies[0].0), (30, AnomalyKind::LimitReached));
    let little = Bounds { decoded_bytes_max: 3_900, ..Bounds::default() };
    let (seen, _) = read_within(&FILE, &fixture(&FILE, "good-flat"), &little);
    assert_eq!((seen.rows, seen.anomalies[0].0), (20, AnomalyKind::LimitReached));
}
