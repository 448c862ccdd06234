//! Edits change their values and no other byte.

use catalog::model::{Dialect, FeaturePath, Value};

use super::{New, edits};
use crate::content::{Content, Spool};
use crate::format::tree::sniff_head;
use crate::format::{At, Bounds, FormatError};

/// Replaces every value of a column that is `old`.
fn replaced(bytes: &[u8], name: &str, old: &str, new: &New) -> Result<Vec<u8>, FormatError> {
    let sniffed = sniff_head(bytes, bytes, true, name);
    let (format, dialect) = (sniffed.format, sniffed.dialect);
    let content = Content::from(bytes.to_vec());
    let mut test = |_: &str, _: &FeaturePath, _: At, value: &Value<'_>| {
        (value.text().as_deref() == Some(old)).then(|| new.clone())
    };
    let edits = edits(format.read.unwrap(), &content, &dialect, &Bounds::default(), &mut test)?;
    assert!(!edits.is_empty(), "{} has no such value", format.id);
    let mut spool = Spool::new(u64::MAX);
    format.replace().unwrap()(&content, &dialect, &edits, &mut spool)?;
    Ok(spool.finish()?.range(0, usize::MAX).unwrap().to_vec())
}

fn text(text: &str) -> New {
    New::Text(text.into())
}

fn check(name: &str, before: &[u8], old: &str, new: &New, after: &[u8]) {
    let found = replaced(before, name, old, new).unwrap();
    assert_eq!(String::from_utf8_lossy(&found), String::from_utf8_lossy(after), "{name}");
    assert_eq!(found, after, "{name}");
}

#[test]
fn fields_keep_their_quotes_and_records_their_line_ends() {
    let before = b"\xef\xbb\xbfid;mail;note\r\n1;a@x.example;\"x;y\"\r\n\r\n2;\"a@x.example\";b\r\n3;c@x.example;\"q\"\"q\"";
    let after = b"\xef\xbb\xbfid;mail;note\r\n1;***;\"x;y\"\r\n\r\n2;\"***\";b\r\n3;c@x.example;\"q\"\"q\"";
    check("a.csv", before, "a@x.example", &text("***"), after);
    let null = b"\xef\xbb\xbfid;mail;note\r\n1;;\"x;y\"\r\n\r\n2;;b\r\n3;c@x.example;\"q\"\"q\"";
    check("a.csv", before, "a@x.example", &New::Null, null);
    let quoted = b"\xef\xbb\xbfid;mail;note\r\n1;\"k;\"\"l\";\"x;y\"\r\n\r\n2;\"k;\"\"l\";b\r\n3;c@x.example;\"q\"\"q\"";
    check("a.csv", before, "a@x.example", &text("k;\"l"), quoted);
    let doubled = b"\xef\xbb\xbfid;mail;note\r\n1;a@x.example;\"x;y\"\r\n\r\n2;\"a@x.example\";b\r\n3;c@x.example;\"z\"";
    check("a.csv", before, "q\"q", &text("z"), doubled);
}

#[test]
fn letters_outside_of_ascii_stay_as_they_are_spelled() {
    // Windows-1252 beside UTF-8.
    check(
        "a.csv",
        b"id,name\n1,Ren\xe9\n2,J\xfcrgen\n3,Bo\n",
        "Bo",
        &text("***"),
        b"id,name\n1,Ren\xe9\n2,J\xfcrgen\n3,***\n",
    );
    check(
        "a.csv",
        b"id,name\n1,Ren\xe9\n2,J\xfcrgen\n3,Bo\n",
        "J\u{fc}rgen",
        &text("Ren\u{e9}"),
        b"id,name\n1,Ren\xe9\n2,Ren\xe9\n3,Bo\n",
    );
    let utf16 = |text: &str| {
        [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<u8>>()
    };
    check(
        "a.csv",
        &utf16("id,name\r\n1,Ren\u{e9}\r\n2,J\u{fc}rgen\r\n"),
        "Ren\u{e9}",
        &text("***"),
        &utf16("id,name\r\n1,***\r\n2,J\u{fc}rgen\r\n"),
    );
    let refused = replaced(b"id,name\n1,Ren\xe9\n2,Bo\n", "a.csv", "Ren\u{e9}", &text("\u{4e2d}"));
    assert!(matches!(refused, Err(FormatError::Unsupported(_))), "no such letter in that charset");
}

#[test]
fn json_keeps_its_layout_and_escapes() {
    let before = "{\n  \"who\": \"a\\u0040x\",  \"n\" : 1.50,\n  \"t\":[ \"a@x\" ,\"caf\\u00e9\\u2028\"],\"o\":{\"k\":true}}\n";
    let after = "{\n  \"who\": \"***\",  \"n\" : 1.50,\n  \"t\":[ \"***\" ,\"caf\\u00e9\\u2028\"],\"o\":{\"k\":true}}\n";
    check("a.json", before.as_bytes(), "a@x", &text("***"), after.as_bytes());
    let after = before.replace("1.50", "null");
    check("a.json", before.as_bytes(), "1.5", &New::Null, after.as_bytes());
    let lines =
        b"{\"id\":7,\"m\":\"a@x\"}\r\n\r\n{\"id\":8,\"m\":\"b@x\"}\r\n{broken a@x\r\n{\"id\":70,\"m\":null}";
    check("a.ndjson", lines, "7", &New::Int(9), &lines.replace_all(b"\"id\":7,", b"\"id\":9,"));
    check(
        "a.ndjson",
        lines,
        "{broken a@x",
        &text("{broken ***"),
        &lines.replace_all(b"broken a@x", b"broken ***"),
    );
    let long = format!("{{\"m\":\"{}\",\"n\":1}}\n{{\"m\":\"b\",\"n\":2}}\n", "y".repeat(100_000));
    let shorter = "{\"m\":\"z\",\"n\":1}\n{\"m\":\"b\",\"n\":2}\n";
    check("a.ndjson", long.as_bytes(), &"y".repeat(100_000), &text("z"), shorter.as_bytes());
}

trait ReplaceAll {
    fn replace_all(&self, old: &[u8], new: &[u8]) -> Vec<u8>;
}

impl ReplaceAll for [u8] {
    fn replace_all(&self, old: &[u8], new: &[u8]) -> Vec<u8> {
        let place = self.windows(old.len()).position(|window| window == old).unwrap();
        [&self[..place], new, &self[place + old.len()..]].concat()
    }
}

#[test]
fn lines_keep_their_ends() {
    let log = b"2026-01-01 10:00:00 INFO start\r\n2026-01-01 10:00:01 INFO login a@x\n2026-01-01 10:00:02 INFO stop";
    let after = b"2026-01-01 10:00:00 INFO start\r\nmasked\n2026-01-01 10:00:02 INFO stop";
    check("a.log", log, "2026-01-01 10:00:01 INFO login a@x", &text("masked"), after);
}

#[test]
fn a_database_keeps_its_rows_and_refuses_what_a_constraint_forbids() {
    let made = tempfile::NamedTempFile::new().unwrap();
    let statements = "CREATE TABLE t (id INTEGER PRIMARY KEY, mail TEXT NOT NULL UNIQUE, n INT);
                      CREATE INDEX i ON t (mail);
                      INSERT INTO t VALUES (3, 'a@x.example', 1), (9, 'b@x.example', 2);";
    rusqlite::Connection::open(made.path()).unwrap().execute_batch(statements).unwrap();
    let before = std::fs::read(made.path()).unwrap();
    let after = replaced(&before, "a.db", "a@x.example", &text("psn_1")).unwrap();
    assert!(!after.windows(11).any(|window| window == b"a@x.example"), "neither in pages nor in the index");
    std::fs::write(made.path(), &after).unwrap();
    let connection = rusqlite::Connection::open(made.path()).unwrap();
    let rows: Vec<(i64, String, i64)> = connection
        .prepare("SELECT id, mail, n FROM t ORDER BY id")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows, [(3, "psn_1".into(), 1), (9, "b@x.example".into(), 2)]);
    assert!(matches!(replaced(&before, "a.db", "a@x.example", &New::Null), Err(FormatError::Unsupported(_))));
    assert!(matches!(
        replaced(&before, "a.db", "a@x.example", &text("b@x.example")),
        Err(FormatError::Unsupported(_))
    ));
}

#[test]
fn bytes_that_are_not_what_was_read_are_refused() {
    let content = Content::from(b"id,mail\n1,a@x\n2,b@x\n3,c@x\n".to_vec());
    let dialect = Dialect { delimiter: Some(','), header: Some(true), ..Dialect::default() };
    let format = crate::format::by_id("csv").unwrap();
    let mut test = |_: &str, _: &FeaturePath, _: At, value: &Value<'_>| {
        (value.text().as_deref() == Some("b@x")).then_some(New::Null)
    };
    let edits = edits(format.read.unwrap(), &content, &dialect, &Bounds::default(), &mut test).unwrap();
    let apply = format.replace().unwrap();
    for moved in
        [&b"id,mail\n1,a@x\n2,B@x\n3,c@x\n"[..], b"id,mail\n0,z@x\n1,a@x\n2,b@x\n", b"id,mail\n1,a@x\n"]
    {
        let mut out = Vec::new();
        assert!(apply(&Content::from(moved.to_vec()), &dialect, &edits, &mut out).is_err());
    }
}
