use catalog::model::AnomalyKind;

use super::super::collect::{fixtures, read, read_within, rewrite};
use super::super::{Bounds, FormatError, Head, Removal, WHOLE, tree};
use super::FORMAT;
use crate::content::Content;

fn removal(units: &[u64]) -> Removal {
    Removal { units: [(String::new(), units.iter().copied().collect())].into() }
}

fn fixture(name: &str) -> Content {
    fixtures(&FORMAT, name).into_iter().next().unwrap().1
}

fn text(content: &Content) -> String {
    String::from_utf8(content.range(0, content.len() as usize).unwrap().to_vec()).unwrap()
}

fn cells(xml: &str) -> Vec<String> {
    let (seen, outcome) = read(&FORMAT, &xml.as_bytes().to_vec().into());
    outcome.unwrap();
    seen.cells.iter().map(|cell| format!("{} {}={}", cell.at.row, cell.path, cell.value)).collect()
}

#[test]
fn elements_that_repeat_are_rows_and_what_stands_around_them_is_the_last() {
    let (seen, outcome) = read(&FORMAT, &fixture("good-nested"));
    outcome.unwrap();
    let row = |row: u64| -> Vec<String> {
        let cells = seen.cells.iter().filter(|cell| cell.at.row == row);
        cells.map(|cell| format!("{}={}", cell.path, cell.value)).collect()
    };
    assert_eq!(
        row(1),
        [
            "@id=Raw(\"2\")",
            "name=Raw(\"Bo Élan\")",
            "mail@kind=Raw(\"home\")",
            "mail=Raw(\"bo@inbox.example\")",
            "phone=Raw(\"+4930000002\")",
            "phone=Raw(\"+4931000002\")",
            "note=Raw(\"<b>Bo Élan & co</b> a@b <\")",
        ]
    );
    assert_eq!(
        row(3),
        ["@by=Raw(\"ada@mail.example\")", "comment=Raw(\"three of them\")", "total=Raw(\"3\")"]
    );
    assert!(seen.cells.iter().all(|cell| (cell.at.unit == WHOLE) == (cell.at.row == 3)));
    assert_eq!((seen.rows, seen.anomalies.len()), (4, 0));
}

#[test]
fn rows_of_several_kinds_scalars_and_single_documents_have_names() {
    assert_eq!(
        cells("<db><c><m>a</m></c><c><m>b</m></c><o n='1'/><o n='2'/></db>"),
        ["0 c.m=Raw(\"a\")", "1 c.m=Raw(\"b\")", "2 o@n=Raw(\"1\")", "3 o@n=Raw(\"2\")"]
    );
    assert_eq!(cells("<s><m>a</m><m>b</m></s>"), ["0 m=Raw(\"a\")", "1 m=Raw(\"b\")"]);
    assert_eq!(
        cells("<p><n>a</n><q r='s'>t</q></p>"),
        ["0 n=Raw(\"a\")", "0 q@r=Raw(\"s\")", "0 q=Raw(\"t\")"]
    );
    // A list that came down to one is a list still.
    assert_eq!(cells("<l><p><a>1</a><b>2</b></p></l>"), cells("<l><p><a>1</a><b>2</b></p><p/></l>"));
    let lists = "<e><note>x</note><note>y</note><l><p><a>1</a></p><p><a>2</a></p></l></e>";
    assert_eq!(cells(lists)[..2], ["0 a=Raw(\"1\")", "1 a=Raw(\"2\")"]);
}

#[test]
fn an_element_goes_with_its_line_and_nothing_else_changes() {
    let content = fixture("good-nested");
    let before = text(&content);
    let start = before.find("<customer id=\"2\"").unwrap();
    let (after, done) = rewrite(&FORMAT, &content, &removal(&[start as u64])).unwrap();
    assert_eq!(done.removed, 1);
    let end = before.find("  <customer id=\"3\"").unwrap();
    assert_eq!(text(&after), format!("{}{}", &before[..start - 2], &before[end..]));
    let inline: Content = b"<a><b c='1'/><b>2</b></a>".to_vec().into();
    assert_eq!(text(&rewrite(&FORMAT, &inline, &removal(&[3])).unwrap().0), "<a><b>2</b></a>");
    assert_eq!(text(&rewrite(&FORMAT, &inline, &removal(&[3, 13])).unwrap().0), "<a></a>");
    for wrong in [4, 1000, WHOLE] {
        assert!(matches!(rewrite(&FORMAT, &inline, &removal(&[wrong])), Err(FormatError::Unsupported(_))));
    }
    assert!(rewrite(&FORMAT, &fixture("truncated-nested"), &removal(&[0])).is_err());
}

#[test]
fn charsets_give_the_same_cells_and_utf16_no_units() {
    let values = |name: &str| read(&FORMAT, &fixture(name)).0.multiset();
    assert_eq!(values("good-latin1"), values("good-nested"));
    assert_eq!(values("good-utf16"), values("good-nested"));
    let (wide, _) = read(&FORMAT, &fixture("good-utf16"));
    assert!(wide.cells.iter().all(|cell| cell.at.unit == WHOLE && cell.at.offset.is_none()));
}

#[test]
fn nothing_is_expanded_and_nobody_hides_behind_broken_markup() {
    let (seen, _) = read(&FORMAT, &fixture("hostile-laughs"));
    assert!(seen.cells.iter().map(|cell| cell.value.len()).sum::<usize>() < 2_000);
    assert_eq!(seen.values("b"), ["Raw(\"&l9;\")"; 2]);
    assert_eq!(read(&FORMAT, &fixture("hostile-external")).0.values("a"), ["Raw(\"&e;\")"]);
    for (name, kind) in
        [("hostile-deep", AnomalyKind::LimitReached), ("truncated-nested", AnomalyKind::Truncated)]
    {
        let (seen, outcome) = read(&FORMAT, &fixture(name));
        outcome.unwrap();
        assert_eq!(seen.anomalies.first().map(|(kind, _)| *kind), Some(kind), "{name}");
    }
    let (seen, _) = read(&FORMAT, &fixture("hostile-unclosed"));
    assert!(!seen.anomalies.is_empty());
    assert!(seen.cells.iter().any(|cell| cell.value.contains("ada@mail.example")));
    let small = Bounds { record_bytes_max: 100, ..Bounds::default() };
    let long: Content =
        format!("<a><b>{}</b><c>ada@mail.example</c></a>", "x".repeat(500)).into_bytes().into();
    let (seen, _) = read_within(&FORMAT, &long, &small);
    assert_eq!(seen.anomalies[0].0, AnomalyKind::LimitReached);
    assert!(seen.cells.iter().any(|cell| cell.value.contains("ada@mail.example")));
}

#[test]
fn packets_of_xmp_are_told_and_read_without_a_declaration() {
    let packet = "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x='adobe:ns:meta/'>\
                  <by>ada@mail.example</by></x:xmpmeta>\n<?xpacket end='w'?>";
    let told = tree::sniff(&Head::new(packet.as_bytes(), &[], true, "a"));
    assert_eq!((told.format.id, told.media_type), ("xml", "application/rdf+xml"));
    assert!(cells(packet).iter().any(|cell| cell.contains("ada@mail.example")), "{:?}", cells(packet));
}
