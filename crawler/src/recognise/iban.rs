//! International bank account numbers: ISO 13616 form, length by country, ISO 7064 MOD 97-10.

use std::sync::LazyLock;

use super::text::{clean_after, clean_before, compact};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "IBAN_CODE",
    id_name: "iban",
    identifies: true,
    announced: None,
    find,
    normalise,
    column,
};

/// Country, and what the characters after the check digits are (`n` digits, `a` letters, `c` either), from the SWIFT IBAN
/// registry.
const BBANS: &str = "ADn8c12 AEn19 ALn8c16 ATn16 AZa4c20 BAn16 BEn12 BGa4n6c8 BHa4c14 BIn23 BRn23a1c1 BYc4n4c16 CHn5c12 CRn18 \
    CYn8c16 CZn20 DEn18 DJn23 DKn14 DOc4n20 EEn16 EGn25 ESn20 FIn14 FKa2n12 FOn14 FRn10c11n2 GBa4n14 GEa2n16 \
    GIa4c15 GLn14 GRn7c16 GTc24 HNa4n20 HRn17 HUn24 IEa4n14 ILn19 IQa4n15 ISn22 ITa1n10c12 JOa4n4c18 KWa4c22 \
    KZn3c13 LBn4c20 LCa4c24 LIn5c12 LTn16 LUn3c13 LVa4c13 LYn21 MCn10c11n2 MDc20 MEn18 MKn3c10n2 MNn16 MRn23 \
    MTa4n5c18 MUa4n19a3 NIa4n20 NLa4n10 NOn11 OMn3c16 PKa4c16 PLn24 PSa4c21 PTn21 QAa4c21 ROa4c16 RSn18 \
    RUn14c15 SAn2c18 SCa4n20a3 SDn14 SEn20 SIn15 SKn20 SMa1n10c12 SOn19 STn21 SVa4n20 TLn19 TNn20 TRn6c16 \
    UAn6c19 VAn18 VGa4n16 XKn16 YEa4n4c18";

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let mut past = 0;
    // The two check digits are the rarest mark of the four characters that open an IBAN.
    for run in outline.numbers().filter(|run| run.digit == run.start + 2) {
        if run.start < past {
            continue;
        }
        let Some((end, code)) = code_at(outline.text, run.start) else { continue };
        hits.span(Span::of(RECOGNISER.kind, run.start, end), || 0.99);
        hits.token(RECOGNISER.kind, run.start, end, &code);
        past = end;
    }
}

fn normalise(value: &str) -> Option<String> {
    let value = value.trim();
    let value = value.get(..4).filter(|p| p.eq_ignore_ascii_case("iban")).map_or(value, |_| &value[4..]);
    let code = compact(value.trim_start_matches([':', ' ']))?;
    (code.is_ascii() && length_of(code.get(..2)?)? == code.len() && is_valid(&code)).then_some(code)
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let share = facts.whole_share().max(facts.form_share());
    (share >= 0.3).then_some(0.8 + 0.19 * share)
}

fn code_at(text: &str, start: usize) -> Option<(usize, String)> {
    let head = text.as_bytes().get(start..start + 4)?;
    if !(head[0].is_ascii_alphabetic()
        && head[1].is_ascii_alphabetic()
        && head[2].is_ascii_digit()
        && head[3].is_ascii_digit())
    {
        return None;
    }
    if !clean_before(text, start) {
        return None;
    }
    let length = length_of(&text[start..start + 2].to_ascii_uppercase())?;
    let mut code = String::with_capacity(length);
    let mut gap = false;
    for (i, b) in text.as_bytes()[start..].iter().enumerate() {
        match b {
            b if b.is_ascii_alphanumeric() => {
                code.push(b.to_ascii_uppercase().into());
                gap = false;
            }
            b' ' | b'-' if !gap => gap = true,
            _ => return None,
        }
        if code.len() == length {
            let end = start + i + 1;
            return (clean_after(text, end) && is_valid(&code)).then_some((end, code));
        }
    }
    None
}

/// What each character after the check digits is, by the two letters of the country; empty where there is none.
static FORMS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut table = vec![Vec::new(); 26 * 26];
    for entry in BBANS.split_ascii_whitespace() {
        if let Some(place) = place_of(&entry[..2]) {
            table[place] = spelt_out(&entry[2..]);
        }
    }
    table
});

/// `n2a1` as `nna`.
fn spelt_out(structure: &str) -> Vec<u8> {
    let (mut form, mut class, mut count) = (Vec::new(), b'c', 0);
    for b in structure.bytes().chain([b'.']) {
        match b {
            b'0'..=b'9' => count = count * 10 + usize::from(b - b'0'),
            _ => {
                form.extend(std::iter::repeat_n(class, count));
                (class, count) = (b, 0);
            }
        }
    }
    form
}

fn place_of(country: &str) -> Option<usize> {
    let letter = |b: u8| b.is_ascii_uppercase().then(|| usize::from(b - b'A'));
    match country.as_bytes() {
        [a, b] => Some(letter(*a)? * 26 + letter(*b)?),
        _ => None,
    }
}

fn form_of(country: &str) -> Option<&'static [u8]> {
    place_of(country).map(|place| FORMS[place].as_slice()).filter(|form| !form.is_empty())
}

fn length_of(country: &str) -> Option<usize> {
    form_of(country).map(|form| 4 + form.len())
}

fn is_valid(code: &str) -> bool {
    if !code.bytes().all(|b| b.is_ascii_alphanumeric()) || !code[2..4].bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let fits = |(b, class): (u8, &u8)| match class {
        b'n' => b.is_ascii_digit(),
        b'a' => b.is_ascii_alphabetic(),
        _ => true,
    };
    if !form_of(&code[..2]).is_some_and(|form| code[4..].bytes().zip(form).all(fits)) {
        return false;
    }
    let rotated = code[4..].bytes().chain(code[..4].bytes());
    let remainder = rotated.fold(0u32, |sum, b| match b {
        b'0'..=b'9' => (sum * 10 + u32::from(b - b'0')) % 97,
        _ => (sum * 100 + u32::from(b - b'A') + 10) % 97,
    });
    remainder == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_form_of_its_country() {
        for code in
            ["BE71 0961 2345 6769", "FR14 2004 1010 0505 0001 3M02 606", "mt84malt011000012345mtlcast001s"]
        {
            assert!(normalise(code).is_some(), "{code}");
        }
        // The check digits of this end of a UUID are right by chance; account numbers of Belgium have digits only.
        assert_eq!(normalise("be06-936b6ff3cd4f"), None);
    }
}
