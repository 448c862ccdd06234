use super::{EML, MBOX};
use crate::content::Content;
use crate::format::collect::{assert_removal_law, fixtures, read, rewrite};
use crate::format::{Head, Removal, WHOLE, tree};

fn fixture(format: &crate::format::Format, name: &str) -> Content {
    fixtures(format, name).remove(0).1
}

#[test]
fn boxes_obey_the_law_of_removal_and_keep_every_other_byte() {
    for (_, content) in fixtures(&MBOX, "good-") {
        for nth in [1, 2] {
            assert_removal_law(&MBOX, &content, nth);
        }
    }
    let before = fixture(&MBOX, "good-box");
    let removal = Removal { units: [(String::new(), [1].into_iter().collect())].into() };
    let (after, counts) = rewrite(&MBOX, &before, &removal).unwrap();
    assert_eq!((counts.removed, counts.kept), (1, 2));
    let text = |content: &Content| {
        String::from_utf8_lossy(&content.range(0, content.len() as usize).unwrap()).into_owned()
    };
    let (before, after) = (text(&before), text(&after));
    let (first, rest) = before.split_once("From bo@").unwrap();
    let third = &rest[rest.find("From cy@").unwrap()..];
    assert_eq!(after, format!("{first}{third}"));
}

#[test]
fn a_whole_postmark_makes_a_box_of_messages_with_few_headers_or_none() {
    let told = |text: &str| tree::sniff(&Head::new(text.as_bytes(), &[], true, "")).format.id;
    assert_eq!(told("From bo@mail.example Mon May  6 07:08:10 2024\n\nSee you\n"), "mbox");
    assert_eq!(told("From bo@mail.example Mon May 6 07:08 +0200 2024\nComments: none\n\nSee you\n"), "mbox");
    for letter in
        ["From Monday 6 May 2024 on, at 07:08:10\n\nwe open later.\n", "From Oslo to Lyon\n\nby train\n"]
    {
        assert_ne!(told(letter), "mbox", "{letter}");
    }
}

#[test]
fn bodies_headers_and_attachments_are_decoded() {
    let (mail, outcome) = read(&EML, &fixture(&EML, "good-parts"));
    outcome.unwrap();
    assert_eq!(mail.anomalies, []);
    assert!(mail.cells.iter().all(|cell| cell.at.unit == WHOLE));
    let holds = |path: &str, part: &str| mail.values(path).iter().any(|value| value.contains(part));
    assert!(holds("subject", "Größe"), "{:?}", mail.values("subject"));
    assert!(holds("to[]", "Ada Berg <ada.berg@mail.example>"));
    assert!(
        holds("body[]", "naïve: eve.ström@mail.example"),
        "quoted-printable: {:?}",
        mail.values("body[]")
    );
    assert!(holds("body[]", "dora@mail.example"), "base64 and HTML: {:?}", mail.values("body[]"));
    assert!(holds("attachment[].email", "bo@inbox.example"), "a table in an attachment");
    assert!(holds("attachment[].from", "gio@mail.example"), "a message in a message");
    assert!(holds("attachment_name[]", "people.csv"));
}

#[test]
fn lines_that_only_look_like_postmarks_part_nothing() {
    let text = "From a@mail.example Mon May  6 07:08:10 2024\nFrom: a@mail.example\nTo: b@mail.example\nSubject: x\n\nFrom here on 20240506 10:00\nno\n\nFrom b@mail.example Mon May  6 07:08:10 2024\nFrom: b@mail.example\nSubject: y\n\nz\n";
    let mut rows = 0;
    super::spans(&Content::from(text.as_bytes().to_vec()), &mut |_, _| {
        rows += 1;
        Ok(())
    })
    .unwrap();
    // An unquoted line after an empty one cannot be told from a postmark if it is dated like one: writers quote it.
    assert_eq!(rows, 3);
}
