//! Passport numbers. They carry no checksum outside the machine-readable zone, so a word must announce them.

use std::sync::LazyLock;

use super::outline::Run;
use super::text::{Words, clean_after, clean_before, lower_before};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "PASSPORT",
    id_name: "passport",
    identifies: false,
    announced: None,
    find,
    normalise,
    column,
};

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "passport", "reisepass", "pass-nr", "passeport", "pasaporte", "passaporto", "passaporte", "paspoort",
    "paszport", "paszportu", "pas", "passi", "cestovní pas", "pașaport", "pasaport", "паспорт",
    "паспорта", "διαβατήριο", "护照", "护照号", "パスポート", "旅券", "여권", "여권번호",
];

static ANNOUNCING: LazyLock<Words> = LazyLock::new(|| Words::new(WORDS));

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let (text, Some(out)) = (outline.text, hits.spans()) else { return };
    for Run { start, end, .. } in outline.numbers() {
        if !is_like(&text[start..end]) || !clean_after(text, end) || !clean_before(text, start) {
            continue;
        }
        let before = lower_before(text, start, 32);
        let announced = ANNOUNCING.nearest(&before).is_some_and(|past| {
            let between = &before[past..];
            !between.bytes().any(|b| b.is_ascii_digit() || b == b',')
                && between.split_whitespace().count() <= 3
        });
        if announced {
            out.push(Span { start, end, kind: RECOGNISER.kind, subtype: None, confidence: 0.93 });
        }
    }
}

fn normalise(value: &str) -> Option<String> {
    let value = value.trim();
    is_like(value).then(|| value.to_ascii_uppercase())
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let share = facts.shape.share_of(facts.shape.passport_like);
    if share >= 0.6 && facts.header_has(WORDS) {
        return Some(0.95);
    }
    let document = facts.header_has(&[
        "doc id",
        "document id",
        "document no",
        "document number",
        "travel document",
        "doc no",
        "doc",
    ]);
    if document && share >= 0.8 {
        return Some(0.7);
    }
    // A letter or two and seven digits, nearly all distinct: also how some codes look, hence the low confidence.
    let lettered = facts.shape.share_of(facts.shape.passport_lettered);
    (lettered >= 0.9 && facts.shape.distinct_share() >= 0.8).then_some(0.55)
}

/// Six to nine characters, mostly digits, in upper case (ICAO Doc 9303 part 3 has nine).
pub(super) fn is_like(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    (7..=9).contains(&cell.len())
        && digits * 2 >= cell.len() - 1
        && digits >= 4
        && cell.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

/// A passport number with letters at its head, as no plain number has.
pub(super) fn is_lettered(cell: &str) -> bool {
    // Germany, for one, draws from digits and consonants only.
    let consonants = cell.bytes().any(|b| b.is_ascii_digit())
        && cell.bytes().all(|b| b.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(&b));
    (is_like(cell) || consonants)
        && cell.len() == 9
        && cell.bytes().next().is_some_and(|b| b.is_ascii_uppercase())
}
