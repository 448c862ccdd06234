use catalog::model::AnomalyKind;

use super::FORMAT;
use crate::content::Content;
use crate::format::collect::{assert_removal_law, fixtures, read, read_within, rewrite};
use crate::format::package::Package;
use crate::format::{Bounds, FormatError, Removal};

fn fixture(name: &str) -> Content {
    fixtures(&FORMAT, name).remove(0).1
}

fn member(content: &Content, name: &str) -> String {
    let mut package = Package::open(content, &Bounds::default()).unwrap();
    let member = package.optional(name).unwrap().unwrap_or_else(|| panic!("no {name}"));
    String::from_utf8(member.range(0, member.len() as usize).unwrap().to_vec()).unwrap()
}

fn removal(table: &str, units: &[u64]) -> Removal {
    Removal { units: [(table.to_owned(), units.iter().copied().collect())].into() }
}

#[test]
fn every_good_file_obeys_the_law_of_removal() {
    for (_, content) in fixtures(&FORMAT, "good-") {
        for nth in [1, 2, 3] {
            assert_removal_law(&FORMAT, &content, nth);
        }
    }
}

#[test]
fn rows_have_names_types_and_dates() {
    let (people, outcome) = read(&FORMAT, &fixture("good-people"));
    outcome.unwrap();
    let quoted = |path: &str| people.values(path).iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    assert_eq!(quoted("id"), ["Int(7)", "Int(8)", "Int(9)"]);
    assert_eq!(quoted("email")[2], "Text(\"cy@mail.example\")", "runs are one text");
    assert_eq!(quoted("score"), ["Float(3.5)", "Int(4)", "Bool(true)"]);
    assert_eq!(quoted("joined"), ["Date(19844)", "Timestamp(1714672800000000)", "Text(\"#N/A\")"]);
    assert_eq!(quoted("column_3@behind"), ["Text(\"sai\")"]);
    assert_eq!(quoted("string"), ["Text(\"left over: eve@mail.example\")"]);
    assert_eq!(quoted("text"), ["Text(\"call +46 70 174 06 05\")"], "a comment's runs are one text");
    assert_eq!(quoted("creator"), ["Text(\"Dora Falk\")"]);
    let units: Vec<_> =
        people.cells.iter().filter(|cell| cell.path == "id").map(|cell| cell.at.unit).collect();
    assert_eq!(units, [1, 2, 3]);
}

#[test]
fn dates_count_from_1904_where_the_workbook_says_so() {
    let (sheets, _) = read(&FORMAT, &fixture("good-two-sheets"));
    assert_eq!(sheets.values("joined")[0], format!("Date({})", 19_844 + 1462));
    assert!(sheets.cells.iter().any(|cell| cell.table == "B & C" && cell.value == "Text(\"x <y> &\")"));
}

#[test]
fn a_title_above_the_header_is_no_header() {
    let (report, _) = read(&FORMAT, &fixture("good-title-above"));
    assert_eq!(report.values("day").len(), 5, "four days and the title");
    assert_eq!(report.values("count"), ["Null", "Int(4)", "Int(5)", "Int(6)", "Int(7)"]);
}

#[test]
fn a_removed_row_takes_its_strings_and_formulas_along_and_nothing_else() {
    let before = fixture("good-people");
    let (after, counts) = rewrite(&FORMAT, &before, &removal("", &[1])).unwrap();
    assert_eq!((counts.removed, counts.kept), (1, 3));
    let strings = member(&after, "xl/sharedStrings.xml");
    assert!(!strings.contains("ada.berg") && !strings.contains("Ada Berg"));
    assert!(strings.contains("bo@inbox.example") && strings.matches("<si>").count() == 12, "numbers stay");
    let sheet = member(&after, "xl/worksheets/sheet1.xml");
    assert!(!sheet.contains("<row r=\"2\"") && sheet.contains("<row r=\"3\""));
    assert!(!sheet.contains("<f "), "the formula that others share is gone");
    assert!(sheet.contains("<v>4</v>"), "its last value is not");
    let package = Package::open(&after, &Bounds::default()).unwrap();
    assert_eq!(package.place("xl/calcChain.xml"), None);
    assert!(!member(&after, "xl/_rels/workbook.xml.rels").contains("calcChain"));
    assert!(!member(&after, "[Content_Types].xml").contains("calcChain"));
    for same in ["docProps/core.xml", "xl/comments1.xml", "xl/styles.xml", "xl/workbook.xml"] {
        assert_eq!(member(&after, same), member(&before, same));
    }
    assert!(
        member(&after, "xl/worksheets/_rels/sheet1.xml.rels").contains("mailto:ada"),
        "a unit of its own"
    );
}

#[test]
fn links_and_properties_are_emptied_in_place() {
    let before = fixture("good-people");
    let (people, _) = read(&FORMAT, &before);
    let units: Vec<u64> =
        people.cells.iter().filter(|cell| cell.table == "properties").map(|cell| cell.at.unit).collect();
    let (after, _) = rewrite(&FORMAT, &before, &removal("properties", &units)).unwrap();
    let (people, _) = read(&FORMAT, &after);
    assert!(people.cells.iter().all(|cell| cell.table.is_empty()));
    assert!(member(&after, "docProps/core.xml").contains("<dc:creator></dc:creator>"));
    assert!(member(&after, "xl/worksheets/_rels/sheet1.xml.rels").contains("Target=\"\" TargetMode"));
    assert_eq!(people.values("id").len(), 3);
}

#[test]
fn a_unit_that_is_not_there_is_refused() {
    for removal in [removal("", &[77]), removal("no such sheet", &[0]), removal("properties", &[5 << 40])] {
        let refused = rewrite(&FORMAT, &fixture("good-people"), &removal);
        assert!(matches!(refused, Err(FormatError::Unsupported(_))));
    }
}

#[test]
fn hostile_workbooks_say_what_was_not_read() {
    let bounds = Bounds { record_bytes_max: 1 << 20, ..Bounds::default() };
    for (name, kind) in [
        ("hostile-bomb", AnomalyKind::LimitReached),
        ("hostile-deep", AnomalyKind::LimitReached),
        ("hostile-wide", AnomalyKind::LimitReached),
        ("truncated-sheet", AnomalyKind::Corrupt),
    ] {
        let (read, outcome) = read_within(&FORMAT, &fixture(name), &bounds);
        outcome.unwrap();
        assert!(read.anomalies.iter().any(|(told, _)| *told == kind), "{name}: {:?}", read.anomalies);
    }
    let (laughs, _) = read(&FORMAT, &fixture("hostile-laughs"));
    assert_eq!(laughs.values("column_1"), ["Text(\"&i;\")"], "nothing is expanded");
}
