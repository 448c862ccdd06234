//! Mobile device numbers (3GPP TS 23.003): fifteen digits, a type allocation code and a Luhn digit.

use super::card::is_joined;
use super::text::{NEGATIVE, clean_after, compact, has_word, lower_before, luhn};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "IMEI_HARDWARE_ID",
    id_name: "imei",
    identifies: true,
    announced: None,
    find,
    normalise,
    column,
};

const WORDS: [&str; 5] = ["imei", "imeisv", "device", "handset", "meid"];

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let text = outline.text;
    each(outline, |start, end, number| {
        hits.span(Span::of(RECOGNISER.kind, start, end), || {
            let before = lower_before(text, start, 24);
            match has_word(&before, &WORDS) {
                true => 0.98,
                false if NEGATIVE.any(&before) || is_joined(text, start, end) => 0.3,
                false => 0.7,
            }
        });
        hits.token(RECOGNISER.kind, start, end, number);
    });
}

fn normalise(value: &str) -> Option<String> {
    compact(value.trim()).filter(|n| is_imei(n.as_bytes()))
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let share = facts.whole_share().max(facts.form_share());
    let named = facts.header_has(&["imei", "device", "handset"]);
    (share >= 0.8 || (named && share >= 0.4)).then_some(0.7 + 0.28 * share)
}

fn each(outline: &Outline<'_>, mut visit: impl FnMut(usize, usize, &str)) {
    let (text, bytes) = (outline.text, outline.text.as_bytes());
    outline.each_number_start(15, |start| {
        if !bytes[start].is_ascii_digit() {
            return;
        }
        let (mut number, mut end) = (String::with_capacity(15), start);
        while end < bytes.len() && number.len() < 15 {
            match bytes[end] {
                b'0'..=b'9' => number.push(char::from(bytes[end])),
                b'-' | b' ' if matches!(number.len(), 2 | 8 | 14) && bytes[end - 1].is_ascii_digit() => {}
                _ => return,
            }
            end += 1;
        }
        if clean_after(text, end) && is_imei(number.as_bytes()) {
            visit(start, end, &number);
        }
    });
}

/// The reporting bodies that allocate type codes: 01, 35, 86, 91, 99 and a few older ones.
fn is_imei(number: &[u8]) -> bool {
    number.len() == 15
        && number.iter().all(u8::is_ascii_digit)
        && matches!(&number[..2], b"01" | b"35" | b"44" | b"45" | b"49" | b"86" | b"91" | b"98" | b"99")
        && luhn(number)
}
