//! Checksums by name, for recognisers that people declare: each over the digits of a value, whatever stands between them.

use super::text::{digits, luhn};

/// Whether the digits of a value hold.
pub(super) type Checksum = fn(&str) -> bool;

static CHECKSUMS: [(&str, Checksum); 5] = [
    ("luhn", |value| luhn(digits(value).as_bytes())),
    ("mod97", mod97),
    ("mod11_10", |value| super::national_id::mod_11_10(digits(value).as_bytes())),
    ("mod11_2", mod11_2),
    ("verhoeff", |value| super::national_id::verhoeff(digits(value).as_bytes())),
];

pub(super) fn named(name: &str) -> Option<Checksum> {
    CHECKSUMS.iter().find(|(known, _)| *known == name).map(|(_, checksum)| *checksum)
}

pub(super) fn names() -> Vec<&'static str> {
    CHECKSUMS.iter().map(|(name, _)| *name).collect()
}

/// ISO 7064 MOD 97-10: the number leaves one; letters count from ten on, as in an IBAN.
fn mod97(value: &str) -> bool {
    let place = |c: char| c.to_digit(36).map(u64::from);
    let rest = value
        .chars()
        .filter_map(place)
        .fold(0, |rest, digit| (if digit > 9 { rest * 100 } else { rest * 10 } + digit) % 97);
    rest == 1
}

/// ISO 7064 MOD 11-2: the last sign may be an X for ten.
fn mod11_2(value: &str) -> bool {
    let signs: Vec<u32> = value
        .chars()
        .filter_map(|c| if matches!(c, 'X' | 'x') { Some(10) } else { c.to_digit(10) })
        .collect();
    let sum = signs.iter().fold(0, |sum, sign| (sum * 2 + sign) % 11);
    !signs.is_empty() && sum == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_hold_and_changed_ones_do_not() {
        for (name, value, changed) in [
            ("luhn", "7992-7398-713", "7992-7398-714"),
            ("mod97", "3214282912345698765432161182", "3214282912345698765432161183"),
            ("mod11_10", "36574261809", "36574261808"),
            ("mod11_2", "0000-0002-1825-0097", "0000-0002-1825-0098"),
            ("verhoeff", "2363", "2364"),
        ] {
            let holds = named(name).expect("a name of the list");
            assert!(holds(value) && !holds(changed), "{name}");
        }
        assert!(named("crc32").is_none());
    }
}
