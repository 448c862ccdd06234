//! Arithmetic that the checksums share: digits, weights, dates, ISO 7064.

pub(super) fn d(b: u8) -> u32 {
    u32::from(b.wrapping_sub(b'0'))
}

pub(super) fn weighted(number: &[u8], weights: &[u32]) -> u32 {
    number.iter().zip(weights).map(|(b, w)| d(*b) * w).sum()
}

pub(super) fn two(number: &[u8], at: usize) -> u32 {
    d(number[at]) * 10 + d(number[at + 1])
}

pub(super) fn value(number: &[u8]) -> u64 {
    number.iter().fold(0, |sum, b| sum * 10 + u64::from(d(*b)))
}

/// Whether a day and a month exist; a year of two digits cannot tell leap years.
pub(super) fn date(day: u32, month: u32) -> bool {
    let last = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=last).contains(&day)
}

/// The same with the year known, so that 29 February is a date in leap years only.
pub(super) fn date_in(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    date(day, month) && (leap || (day, month) != (29, 2))
}

/// Nobody whose number we meet was born later. A fixed bound, since this code reads no clock.
pub(super) const YEAR_MAX: u32 = 2035;

/// The year of two digits that is no later than [`YEAR_MAX`].
pub(super) fn full_year(two_digits: u32) -> u32 {
    if two_digits > YEAR_MAX % 100 { 1900 + two_digits } else { 2000 + two_digits }
}

pub(super) fn all_same(number: &[u8]) -> bool {
    number.iter().all(|b| *b == number[0])
}

pub(in crate::recognise) fn mod_11_10(n: &[u8]) -> bool {
    let (last, head) = match n.split_last() {
        Some(parts) => parts,
        None => return false,
    };
    let product = head.iter().fold(10, |product, b| {
        let sum = (d(*b) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == d(*last)
}

/// Verhoeff's checksum over the dihedral group of order ten (1969), the check digit last.
pub(in crate::recognise) fn verhoeff(n: &[u8]) -> bool {
    const PERMUTE: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    let dihedral = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b - 5) % 5,
        (false, true) => 5 + (a + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    };
    n.iter().rev().enumerate().fold(0u8, |sum, (i, b)| dihedral(sum, PERMUTE[i % 8][d(*b) as usize])) == 0
}

/// The sum over the digits of weighted digits, as German insurers take it.
pub(super) fn crossed(digits: impl Iterator<Item = u32>, weights: &[u32]) -> u32 {
    let crosses = |product: u32| product / 10 + product % 10;
    digits.zip(weights).map(|(digit, weight)| crosses(digit * weight)).sum()
}
