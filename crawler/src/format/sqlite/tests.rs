use catalog::model::AnomalyKind;

use super::super::collect::{assert_removal_law, fixtures, read, rewrite};
use super::super::{At, FormatError, Removal, Rewritten};
use super::*;

fn fixture(name: &str) -> Content {
    fixtures(&FORMAT, name).remove(0).1
}

fn bytes(content: &Content) -> Vec<u8> {
    content.range(0, content.len() as usize).unwrap().to_vec()
}

fn removal(table: &str, units: &[u64]) -> Removal {
    Removal { units: [(table.to_owned(), units.iter().copied().collect())].into() }
}

/// A database made by these statements.
fn database(statements: &str) -> Content {
    let file = tempfile::NamedTempFile::new().unwrap();
    Connection::open(file.path()).unwrap().execute_batch(statements).unwrap();
    std::fs::read(file.path()).unwrap().into()
}

#[test]
fn every_good_file_obeys_the_law_of_removal() {
    for (name, content) in fixtures(&FORMAT, "good-") {
        if name == "good-without-rowid.sqlite" {
            continue;
        }
        for nth in [1, 2, 7] {
            assert_removal_law(&FORMAT, &content, nth);
        }
    }
}

#[test]
fn tables_have_rows_units_and_types() {
    let (people, outcome) = read(&FORMAT, &fixture("good-people"));
    outcome.unwrap();
    let of = |table: &str| people.cells.iter().filter(|cell| cell.table == table).count();
    assert_eq!((of("people"), of("visits"), of("adults")), (40 * 5, 40 * 3, 0));
    assert_eq!(people.cells[5].at, At { row: 1, unit: 3, offset: None });
    assert!(people.cells.iter().any(|cell| cell.path == "note" && cell.value.starts_with("Bytes")));
    let (odd, _) = read(&FORMAT, &fixture("good-without-rowid"));
    let keys: Vec<_> = odd.cells.iter().filter(|cell| cell.table == "keys" && cell.path == "k").collect();
    assert!(keys.is_sorted_by_key(|cell| &cell.value) && keys[39].at.unit == 39);
    assert_eq!(odd.cells.iter().filter(|cell| cell.table == "odd \"name").count(), 120);
    let (text, _) = read(&FORMAT, &fixture("good-full-text"));
    assert!(
        text.cells.iter().all(|cell| cell.table == "notes"),
        "tables behind a full-text table are not told twice"
    );
}

#[test]
fn rows_without_rowid_go_by_their_key() {
    let before = fixture("good-without-rowid");
    let (after, counts) = rewrite(&FORMAT, &before, &removal("keys", &[0, 39])).unwrap();
    assert_eq!(counts, Rewritten { removed: 2, kept: 78 });
    let (before, after) = (read(&FORMAT, &before).0, read(&FORMAT, &after).0);
    assert_eq!(after.values("k")[..], before.values("k")[1..39]);
}

#[test]
fn a_removed_value_is_nowhere_in_the_file() {
    let before = database(
        "CREATE TABLE t (a TEXT, b TEXT); CREATE INDEX i ON t (a, b); CREATE VIRTUAL TABLE f USING fts5(b, content='t', content_rowid='rowid');
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
         INSERT INTO t SELECT 'canary' || i || '-', hex(randomblob(99)) || ' canary' || i || '-' FROM n;
         INSERT INTO f (f) VALUES ('rebuild'); CREATE TABLE gone AS SELECT * FROM t WHERE rowid = 77; DROP TABLE gone;
         DELETE FROM t WHERE rowid = 78; ANALYZE;",
    );
    let holds =
        |content: &Content, word: &str| memchr::memmem::find(&bytes(content), word.as_bytes()).is_some();
    assert!(holds(&before, "canary77-"));
    let (after, counts) = rewrite(&FORMAT, &before, &removal("t", &[77])).unwrap();
    assert_eq!(counts, Rewritten { removed: 1, kept: 498 });
    assert!(!holds(&after, "canary77-") && !holds(&after, "canary78-") && holds(&after, "canary79-"));
    let units = |content: &Content| {
        read(&FORMAT, content)
            .0
            .cells
            .iter()
            .map(|cell| cell.at.unit)
            .filter(|unit| *unit != 77)
            .collect::<Vec<_>>()
    };
    assert_eq!(units(&after), units(&before), "rowids stay");
}

#[test]
fn what_is_not_there_is_refused_and_a_trigger_cannot_save_a_row() {
    let before = fixture("good-people");
    assert!(matches!(rewrite(&FORMAT, &before, &removal("people", &[1])), Err(FormatError::Unsupported(_))));
    assert!(matches!(rewrite(&FORMAT, &before, &removal("nobody", &[0])), Err(FormatError::Unsupported(_))));
    let (after, _) = rewrite(&FORMAT, &fixture("hostile-schema"), &removal("t", &[1])).unwrap();
    assert_eq!(read(&FORMAT, &after).0.cells.iter().filter(|cell| cell.table == "t").count(), 0);
}

#[test]
fn bad_databases_say_what_is_wrong_and_end() {
    let (hostile, outcome) = read(&FORMAT, &fixture("hostile-schema"));
    outcome.unwrap();
    assert_eq!(hostile.multiset(), ["g/a=Text(\"y\")", "t/a=Text(\"x\")"]);
    let (truncated, outcome) = read(&FORMAT, &fixture("truncated-half"));
    assert!(outcome.is_err() || truncated.anomalies[0].0 == AnomalyKind::Truncated);
    let (damaged, outcome) = read(&FORMAT, &fixture("hostile-damaged-page"));
    assert!(outcome.is_err() || !damaged.anomalies.is_empty());
    let whole = bytes(&fixture("good-without-rowid"));
    for place in (0..whole.len()).step_by(97) {
        let mut flipped = whole.clone();
        flipped[place] ^= 0x55;
        let _ = read(&FORMAT, &flipped.clone().into());
        let _ = rewrite(&FORMAT, &flipped.into(), &removal("keys", &[3]));
    }
}

#[test]
fn a_database_that_writes_ahead_is_read_and_says_so() {
    let before =
        database("PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES ('x'), ('y');");
    let (rows, outcome) = read(&FORMAT, &before);
    outcome.unwrap();
    assert_eq!((rows.rows, rows.anomalies[0].0), (2, AnomalyKind::LimitReached));
    let (after, _) = rewrite(&FORMAT, &before, &removal("t", &[1])).unwrap();
    assert_eq!(bytes(&after)[JOURNAL_BYTES], [2, 2]);
}
