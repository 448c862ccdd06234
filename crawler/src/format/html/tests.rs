use super::FORMAT;
use super::tag::Tag;
use crate::format::collect::{fixtures, read};

#[test]
fn a_page_is_read_as_people_read_it() {
    let (page, outcome) = read(&FORMAT, &fixtures(&FORMAT, "good-staff").remove(0).1);
    outcome.unwrap();
    assert_eq!(page.anomalies, []);
    let cells: Vec<String> =
        page.cells.iter().map(|cell| format!("{} {} {}", cell.at.row, cell.path, cell.value)).collect();
    let wanted = [
        "text Raw(\"Staff\")",
        "attribute Raw(\"Ada Berg\")",
        "script Raw(\"p { color: red }\")",
        "comment Raw(\"by cy@mail.example\")",
        "attribute Raw(\"mailto:bo%40inbox.example\")",
        "text Raw(\"Write to Bo & co\")",
        "text Raw(\"or call\")",
        "script Raw(\"if (a<b) { load({\\\"mail\\\": \\\"dora@mail.example\\\"}); }\")",
        "name Raw(\"name\")",
        "mail Raw(\"mail\")",
        "name Raw(\"Ada Berg\")",
        "mail Raw(\"ada.berg@mail.example\")",
        "name Raw(\"Bo Élan\")",
        "mail Raw(\"bo@inbox.example\")",
        "column_3 Raw(\"more\")",
        "text Raw(\"a < b, c > d\")",
    ];
    let without_row: Vec<&str> =
        cells.iter().filter_map(|cell| cell.split_once(' ').map(|cell| cell.1)).collect();
    assert_eq!(without_row, wanted);
    let row = |text: &str| {
        cells.iter().find(|cell| cell.contains(text)).unwrap().split_once(' ').unwrap().0.to_owned()
    };
    assert_eq!(row("Bo Élan"), row("bo@inbox.example\""), "a row of a table is a row");
}

#[test]
fn tags_are_taken_apart_however_they_are_written() {
    let tag = Tag::of("<A HREF='x y' alt=z disabled title=\"a>b\" / >");
    let attribute = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!((tag.name.as_str(), tag.closes), ("a", false));
    assert_eq!(
        tag.attributes,
        [
            attribute("href", "x y"),
            attribute("alt", "z"),
            attribute("disabled", ""),
            attribute("title", "a>b")
        ]
    );
    assert!(Tag::of("</p>").closes);
    assert!(Tag::of("<br/>").closes_itself);
    for none in ["< b and c >", "<!-- x -->", "<?xml?>", "<>"] {
        assert_eq!(Tag::of(none), Tag::default(), "{none}");
    }
}
