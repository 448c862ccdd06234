use catalog::model::AnomalyKind;
use parquet::basic::Compression;
use parquet::file::reader::{FileReader, SerializedFileReader};
use roaring::RoaringTreemap;

use super::super::collect::{assert_removal_law, fixtures, read, rewrite, sniffed};
use super::super::{FormatError, Removal};
use super::*;

fn fixture(name: &str) -> Content {
    fixtures(&FORMAT, name).remove(0).1
}

fn removal(units: &[u64]) -> Removal {
    Removal { units: [(String::new(), units.iter().copied().collect::<RoaringTreemap>())].into() }
}

fn bytes(content: &Content) -> Vec<u8> {
    content.range(0, content.len() as usize).unwrap().to_vec()
}

#[test]
fn every_good_file_obeys_the_law_of_removal() {
    for (name, content) in fixtures(&FORMAT, "good-") {
        assert_eq!(sniffed(&FORMAT, &bytes(&content), &name), Some(0.99));
        for nth in [1, 2, 7, 60] {
            assert_removal_law(&FORMAT, &content, nth);
        }
    }
}

#[test]
fn cells_carry_declared_types_and_nested_paths() {
    let (flat, _) = read(&FORMAT, &fixture("good-flat"));
    assert_eq!(flat.rows, 60);
    assert_eq!(flat.values("paid")[3], "Decimal(\"0.75\")");
    assert_eq!(flat.values("born")[1], "Date(211)");
    assert_eq!(flat.values("seen")[0], "Timestamp(1714521600000000)");
    assert_eq!(flat.values("name")[0], "Null");
    let (nested, _) = read(&FORMAT, &fixture("good-nested"));
    let paths: Vec<_> = nested.features.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "id",
            "contact.email",
            "contact.phones[]",
            "items[].sku",
            "items[].price",
            "tags[].key",
            "tags[].value"
        ]
    );
    let (legacy, _) = read(&FORMAT, &fixture("good-int96"));
    assert_eq!(legacy.values("seen")[1], "Timestamp(1577840400000000)");
}

#[test]
fn rewriting_keeps_types_settings_and_untouched_row_groups() {
    for name in ["good-flat", "good-int96", "good-nested", "good-bloom"] {
        let before = fixture(name);
        let (after, counts) = rewrite(&FORMAT, &before, &removal(&[41])).unwrap();
        assert_eq!(counts.kept, 59);
        let (one, other) = (
            SerializedFileReader::new(before.clone()).unwrap(),
            SerializedFileReader::new(after.clone()).unwrap(),
        );
        let (one, other) = (one.metadata(), other.metadata());
        assert_eq!(one.file_metadata().schema_descr(), other.file_metadata().schema_descr());
        assert_eq!(one.file_metadata().key_value_metadata(), other.file_metadata().key_value_metadata());
        assert_eq!(one.file_metadata().created_by(), other.file_metadata().created_by());
        for (one, other) in one.row_groups().iter().zip(other.row_groups()) {
            assert_eq!(one.sorting_columns(), other.sorting_columns());
            for (one, other) in one.columns().iter().zip(other.columns()) {
                assert_eq!(codec(one.compression()), codec(other.compression()));
                // The writer knows no dictionaries of fixed-length bytes in pages of the first version.
                if one.column_type() != parquet::basic::Type::FIXED_LEN_BYTE_ARRAY {
                    assert_eq!(
                        one.dictionary_page_offset().is_some(),
                        other.dictionary_page_offset().is_some()
                    );
                }
                assert_eq!(one.statistics().is_some(), other.statistics().is_some());
                assert_eq!(one.bloom_filter_offset().is_some(), other.bloom_filter_offset().is_some());
                assert_eq!(one.offset_index_offset().is_some(), other.offset_index_offset().is_some());
            }
        }
        let (start, len) = one.row_group(0).column(0).byte_range();
        let (there, len_there) = other.row_group(0).column(0).byte_range();
        assert_eq!(
            before.range(start, len as usize).unwrap(),
            after.range(there, len_there as usize).unwrap()
        );
    }
}

fn codec(compression: Compression) -> String {
    compression.to_string().split('(').next().unwrap().to_owned()
}

#[test]
fn a_removed_value_is_nowhere_in_the_file() {
    // Row 19 of 60 is the largest of its row group's sort column and its dictionary's last entry.
    let before = fixture("good-bloom");
    let (after, _) = rewrite(&FORMAT, &before, &removal(&[19])).unwrap();
    let (cells, _) = read(&FORMAT, &before);
    let email = cells.values("email")[19].trim_start_matches("Text(\"").trim_end_matches("\")").to_owned();
    let holds = |content: &Content| memchr::memmem::find(&bytes(content), email.as_bytes()).is_some();
    assert!(holds(&before) && !holds(&after));
    let properties =
        parquet::file::properties::ReaderProperties::builder().set_read_bloom_filter(true).build();
    let options = parquet::file::serialized_reader::ReadOptionsBuilder::new()
        .with_reader_properties(properties)
        .build();
    let reader = SerializedFileReader::new_with_options(after, options).unwrap();
    let filter = reader.get_row_group(0).unwrap().get_column_bloom_filter(1).cloned().unwrap();
    assert!(!filter.check(&email.as_str()));
}

#[test]
fn rows_that_are_not_there_and_whole_files_are_refused() {
    let refused = rewrite(&FORMAT, &fixture("good-flat"), &removal(&[1, 60]));
    assert!(matches!(refused, Err(FormatError::Unsupported(_))));
}

#[test]
fn bad_files_say_what_is_wrong_and_damage_costs_its_row_group_only() {
    let outcome = |name: &str| read(&FORMAT, &fixture(name)).1.unwrap_err().anomaly();
    assert_eq!(outcome("truncated-no-footer"), AnomalyKind::Truncated);
    assert_eq!(outcome("truncated-footer"), AnomalyKind::Truncated);
    assert_eq!(outcome("hostile-encrypted"), AnomalyKind::Encrypted);
    assert_eq!(outcome("hostile-footer-length"), AnomalyKind::Truncated);
    let (damaged, outcome) = read(&FORMAT, &fixture("hostile-damaged-pages"));
    assert!(outcome.is_ok());
    assert_eq!(damaged.anomalies.len(), 1, "{:?}", damaged.anomalies);
    assert!(damaged.rows >= 40);
}

#[test]
fn any_byte_flipped_gives_an_answer() {
    let whole = bytes(&fixture("good-bloom"));
    for place in (0..whole.len()).step_by(11) {
        let mut flipped = whole.clone();
        flipped[place] ^= 0x55;
        let _ = read(&FORMAT, &flipped.clone().into());
        let _ = rewrite(&FORMAT, &flipped.into(), &removal(&[3]));
    }
}
