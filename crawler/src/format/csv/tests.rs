use catalog::model::AnomalyKind;
use roaring::RoaringTreemap;

use super::*;
use crate::format::tree::tests::Rows;
use crate::format::{Head, lines};

fn sniffed(bytes: &[u8], name: &str) -> Option<Dialect> {
    let head = Head::new(bytes, &[], true, name);
    let best = crate::format::tree::sniff(&head);
    (best.format.id == "csv").then_some(best.dialect)
}

fn rows(bytes: &[u8], dialect: &Dialect) -> Rows {
    let mut rows = Rows::default();
    read(&bytes.to_vec().into(), dialect, &Bounds::default(), &mut rows).unwrap();
    rows
}

fn without(bytes: &[u8], dialect: &Dialect, units: &[u64]) -> Vec<u8> {
    let units: RoaringTreemap = units.iter().copied().collect();
    let removal = Removal { units: [(String::new(), units)].into() };
    let mut out = Vec::new();
    rewrite(&bytes.to_vec().into(), dialect, &removal, &mut out).unwrap();
    out
}

/// Delimiter, header, lines before it; `None` for what is no table.
type Told = Option<(char, bool, u32)>;

/// Text, its name, and what must be told of it: delimiter, header, lines before it; or that it is no table.
const SNIFFED: &[(&str, &str, Told)] = &[
    ("id,name\n1,Ada\n2,Bob\n", "a", Some((',', true, 0))),
    ("1,Ada,2.5\n2,Bob,3.5\n", "a.csv", Some((',', false, 0))),
    ("id;price\n1;2,50\n2;3,75\n", "a.csv", Some((';', true, 0))),
    ("id\tnote\n1\ta, b\n2\tc\n", "a.txt", Some(('\t', true, 0))),
    ("name|city\nAda|Rome\nBob|Oslo\n", "a", Some(('|', true, 0))),
    ("1\u{1}x\u{1}2.0\n2\u{1}y\u{1}3.0\n", "000000_0", Some(('\u{1}', false, 0))),
    ("# made by hand\n# on Monday\nid,name\n1,Ada\n2,Bob\n", "a.csv", Some((',', true, 2))),
    ("# made by hand\na;b\n# a remark\n1;3\n6;7\n# another\n", "a.csv", Some((';', true, 1))),
    (
        "# to be cleaned\nid,name,people\n1,Britain,67\n2,France,n/a,look it up\n5\n",
        "a.csv",
        Some((',', true, 0)),
    ),
    (
        "text,label\n\"One of ten and more words that stand in a cell\",good\n\"And so on, and on, and on, to the end of the line\",bad\n",
        "a.csv",
        Some((',', true, 0)),
    ),
    ("# a remark\nx = f(a, b)\n# another\ny = g(c)\n# a third, and last\n", "a", None),
    ("Report of May\n\nid,name,amount\n1,Ada,3\n2,Bob,4\n3,Cy,5\n", "a.csv", Some((',', true, 2))),
    ("email\nada@mail.example\nbob@mail.example\n", "a.csv", Some((',', true, 0))),
    ("id,name\n", "a.csv", Some((',', true, 0))),
    ("'id','note'\n'1','a, b'\n'2','c'\n", "a.csv", Some((',', true, 0))),
    ("email\nada@mail.example\nbob@mail.example\n", "a", None),
    ("Dear Ada, thank you.\nWe met, we spoke, we left.\nSee you, Bob\n", "a.txt", None),
    ("2024-01-01 10:00:00,123 INFO started\n2024-01-01 10:00:01,456 WARN slow, very\n", "app.log", None),
    ("{\"a\":1,\"b\":2}\n{\"a\":3,\"b\":4}\n", "a.csv", None),
    ("let a = 1;\nlet b = 2;\nlet c = 3;\n", "a.rs", None),
    ("| a | b |\n|---|---|\n| 1 | 2 |\n", "a.md", None),
];

#[test]
fn a_quote_between_tabs_is_a_letter_unless_it_makes_the_better_table() {
    let quote = |text: &str| sniffed(text.as_bytes(), "a.tsv").unwrap().quote;
    assert_eq!(quote("1\t\"Ada\t2.5\n2\tBob\t3.5\n3\tCy 6\"\t4.5\n"), None);
    assert_eq!(quote("id\tnote\n1\t\"two\nlines\"\n2\t\"a\tb\"\n"), Some('"'));
    assert_eq!(quote("id\tnote\n1\ta\n2\tb\n"), Some('"'));
}

#[test]
fn dialects_are_told() {
    for (text, name, expected) in SNIFFED {
        let told = sniffed(text.as_bytes(), name);
        let told = told.map(|dialect| {
            (dialect.delimiter.unwrap(), dialect.header.unwrap(), dialect.preamble_lines.unwrap_or(0))
        });
        assert_eq!(told, *expected, "{text:?} named {name}");
    }
}

#[test]
fn records_are_read_with_their_offsets_and_removed_as_bytes() {
    let text = b"\xef\xbb\xbfid,note\r\n1,\"a \"\"b\"\"\r\nc\"\r\n\r\n2,\r\n3,d,e";
    let dialect = sniffed(text, "a.csv").unwrap();
    let read = rows(text, &dialect);
    let cells: Vec<_> =
        read.cells.iter().map(|(unit, name, text)| (*unit, name.as_str(), text.as_str())).collect();
    let expected = [
        (0, "id", "1"),
        (0, "note", "a \"b\"\r\nc"),
        (1, "id", "2"),
        (1, "note", "NULL"),
        (2, "id", "3"),
        (2, "note", "d"),
        (2, "column_3", "e"),
    ];
    assert_eq!(cells, expected);
    assert_eq!(read.anomalies, [AnomalyKind::MalformedRecords]);
    assert_eq!(without(text, &dialect, &[]), text);
    assert_eq!(without(text, &dialect, &[0, 2]), b"\xef\xbb\xbfid,note\r\n\r\n2,\r\n");
    assert_eq!(without(text, &dialect, &[1]), b"\xef\xbb\xbfid,note\r\n1,\"a \"\"b\"\"\r\nc\"\r\n\r\n3,d,e");
}

#[test]
fn utf_16_and_latin_1_are_read_and_keep_their_bytes() {
    let text = "id,name\n1,Zoë\n2,Bob\n3,\"a\nb\"\n";
    let wide: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let narrow: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
    for (bytes, width, mark) in [(wide, 2, 2), (narrow, 1, 0)] {
        let dialect = sniffed(&bytes, "a.csv").unwrap();
        let read = rows(&bytes, &dialect);
        assert_eq!(read.cells[1], (0, "name".to_owned(), "Zoë".to_owned()), "{dialect:?}");
        assert_eq!(read.cells[5].2, "a\nb");
        let (start, end) = (mark + 14 * width, mark + 20 * width);
        assert_eq!(without(&bytes, &dialect, &[1]), [&bytes[..start], &bytes[end..]].concat());
    }
}

#[test]
fn a_stray_quote_costs_its_record_alone() {
    let text = b"id,note\n1,\"open\n2,b\n3,c\n";
    let dialect = Dialect { header: Some(true), quote: Some('"'), ..Dialect::default() };
    let read = rows(text, &dialect);
    assert_eq!(read.cells.iter().map(|cell| cell.0).max(), Some(2));
    assert_eq!(read.anomalies, [AnomalyKind::MalformedRecords]);
    assert_eq!(without(text, &dialect, &[0]), b"id,note\n2,b\n3,c\n");
}

#[test]
fn an_overlong_record_is_searched_in_pieces_and_removed_whole() {
    let long = format!("id,note\n1,{}needle{}\n2,b\n", "x".repeat(200_000), "y".repeat(200_000));
    let dialect = Dialect { header: Some(true), ..Dialect::default() };
    let mut read_rows = Rows::default();
    let bounds = Bounds { record_bytes_max: 1 << 12, ..Bounds::default() };
    read(&long.clone().into_bytes().into(), &dialect, &bounds, &mut read_rows).unwrap();
    assert!(read_rows.cells.iter().any(|cell| cell.0 == 0 && cell.2.contains("needle")));
    assert_eq!(read_rows.anomalies, [AnomalyKind::LimitReached]);
    assert_eq!(read_rows.cells.last().unwrap().0, 1);
    assert_eq!(without(long.as_bytes(), &dialect, &[0]), b"id,note\n2,b\n");
}

#[test]
fn where_records_end_does_not_depend_on_how_they_are_read() {
    let text: String =
        (0..3_000).map(|row| format!("{row},\"a,\n\"\"{row}\"\"\",{}\n", "z".repeat(row % 97))).collect();
    let content = Content::from(text.into_bytes());
    let quoting = Some(Quoting { delimiter: b',', quote: b'"' });
    let ends = |piece_bytes_max| {
        let mut lines = lines::Lines::new(&content, Charset::Utf8, quoting, piece_bytes_max).unwrap();
        let mut ends = Vec::new();
        while let Some(piece) = lines.next().unwrap() {
            ends.extend(piece.last.then_some(piece.offset + piece.bytes.len() as u64));
        }
        ends
    };
    assert_eq!(ends(64).len(), 3_000);
    assert_eq!(ends(64), ends(1 << 20));
}
