//! Numbers of the other continents.

use super::digits::{all_same, d, date_in, full_year, two, value, verhoeff, weighted};
use crate::recognise::text::luhn;

/// Social Security Administration: no area 000, 666 or 9xx, no group 00, no serial 0000; some printed in adverts.
pub(in crate::recognise::national_id) fn us_ssn(n: &[u8]) -> bool {
    let area = &n[..3];
    let advertised: [&[u8]; 3] = [b"078051120", b"219099999", b"457555462"];
    area != b"000"
        && area != b"666"
        && n[0] != b'9'
        && &n[3..5] != b"00"
        && &n[5..] != b"0000"
        && !advertised.contains(&n)
        && !all_same(n)
}

pub(in crate::recognise::national_id) fn br_cpf(n: &[u8]) -> bool {
    let digit = |upto: usize| {
        let sum: u32 = n[..upto].iter().enumerate().map(|(i, b)| d(*b) * (upto as u32 + 1 - i as u32)).sum();
        sum * 10 % 11 % 10
    };
    digit(9) == d(n[9]) && digit(10) == d(n[10]) && !all_same(n)
}

/// GB 11643-1999: region, date of birth, order, ISO 7064 MOD 11-2.
pub(in crate::recognise::national_id) fn cn_ric(n: &[u8]) -> bool {
    let sum = weighted(n, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    let region =
        matches!(two(n, 0), 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91);
    region
        && matches!(two(n, 6), 18..=20)
        && date_in(two(n, 6) * 100 + two(n, 8), two(n, 10), two(n, 12))
        && b"10X98765432"[(sum % 11) as usize] == n[17]
}

pub(in crate::recognise::national_id) fn tr_tckn(n: &[u8]) -> bool {
    let odd: u32 = [0, 2, 4, 6, 8].iter().map(|i| d(n[*i])).sum();
    let even: u32 = [1, 3, 5, 7].iter().map(|i| d(n[*i])).sum();
    let sum: u32 = n[..10].iter().map(|b| d(*b)).sum();
    n[0] != b'0' && (odd * 7 + 100 - even) % 10 == d(n[9]) && sum % 10 == d(n[10])
}

/// The check digit holds for numbers given before October 2020; later ones end at random and are not told apart.
pub(in crate::recognise::national_id) fn kr_rrn(n: &[u8]) -> bool {
    let century = match n[6] {
        b'1' | b'2' | b'5' | b'6' => 1900,
        b'3' | b'4' | b'7' | b'8' => 2000,
        _ => 1800,
    };
    let check = (11 - weighted(n, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10;
    date_in(century + two(n, 0), two(n, 2), two(n, 4)) && two(n, 7) <= 96 && check == d(n[12])
}

/// UIDAI: Verhoeff's checksum; never begins with 0 or 1.
pub(in crate::recognise::national_id) fn in_aadhaar(n: &[u8]) -> bool {
    verhoeff(n) && n[0] >= b'2'
}

/// The fourth letter is the kind of holder; the fifth begins the surname.
pub(in crate::recognise::national_id) fn in_pan(n: &[u8]) -> bool {
    b"ABCFGHJLPTK".contains(&n[3]) && &n[5..9] != b"0000"
}

pub(in crate::recognise::national_id) fn ca_sin(n: &[u8]) -> bool {
    !matches!(n[0], b'0' | b'8') && luhn(n) && !all_same(n)
}

pub(in crate::recognise::national_id) fn za_id(n: &[u8]) -> bool {
    date_in(full_year(two(n, 0)), two(n, 2), two(n, 4)) && matches!(n[10], b'0' | b'1') && luhn(n)
}

pub(in crate::recognise::national_id) fn sg_nric(n: &[u8]) -> bool {
    let sum = weighted(&n[1..8], &[2, 7, 6, 5, 4, 3, 2])
        + match n[0] {
            b'T' | b'G' => 4,
            b'M' => 3,
            _ => 0,
        };
    let letters: &[u8; 11] = match n[0] {
        b'S' | b'T' => b"JZIHGFEDCBA",
        b'F' | b'G' => b"XWUTRQPNMLK",
        b'M' => b"KLJNPQRTUWX",
        _ => return false,
    };
    let at = (sum % 11) as usize;
    letters[if n[0] == b'M' { 10 - at } else { at }] == n[8]
}

/// Mexico's states, and NE for those born abroad.
const STATES: &[u8] = b"ASBCBSCCCHCLCMCSDFDGGRGTHGJCMCMNMSNENLNTOCPLQRQTSLSPSRTCTLTSVZYNZS";

/// RENAPO's annex of four letters that no number begins with.
fn is_rude(n: &[u8]) -> bool {
    const RUDE: &str = "BACA BAKA BUEI BUEY CACA CACO CAGA CAGO CAKA CAKO COGE COGI COJA COJE COJI COJO COLA CULO FALO \
        FETO GETA GUEI GUEY JETA JOTO KACA KACO KAGA KAGO KAKA KAKO KOGE KOGI KOJA KOJE KOJI KOJO KOLA KULO LILO LOCA \
        LOCO LOKA LOKO MAME MAMO MEAR MEAS MEON MIAR MION MOCO MOKO MULA MULO NACA NACO PEDA PEDO PENE PIPI PITO POPO \
        PUTA PUTO QULO RATA ROBA ROBE ROBO RUIN SENO TETA VACA VAGA VAGO VAKA VUEI VUEY WUEI WUEY";
    RUDE.split(' ').any(|word| n.starts_with(word.as_bytes()))
}

pub(in crate::recognise::national_id) fn mx_curp(n: &[u8]) -> bool {
    let place = |b: u8| match b {
        b'0'..=b'9' => d(b),
        b'A'..=b'N' => u32::from(b - b'A') + 10,
        _ => u32::from(b - b'A') + 11,
    };
    let sum: u32 = n[..17].iter().enumerate().map(|(i, b)| place(*b) * (18 - i as u32)).sum();
    let century = if n[16].is_ascii_digit() { 1900 } else { 2000 };
    date_in(century + two(n, 4), two(n, 6), two(n, 8))
        && matches!(n[10], b'H' | b'M' | b'X')
        && STATES.chunks(2).any(|state| state == &n[11..13])
        && !is_rude(n)
        && (10 - sum % 10) % 10 == d(n[17])
}

pub(in crate::recognise::national_id) fn cl_rut(n: &[u8]) -> bool {
    let check = 11 - weighted(n, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let sign = match check {
        11 => b'0',
        10 => b'K',
        other => b'0' + other as u8,
    };
    sign == n[8]
}

pub(in crate::recognise::national_id) fn au_tfn(n: &[u8]) -> bool {
    weighted(n, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11) && !all_same(n)
}

pub(in crate::recognise::national_id) fn il_id(n: &[u8]) -> bool {
    luhn(n) && !all_same(n)
}

pub(in crate::recognise::national_id) fn jp_my_number(n: &[u8]) -> bool {
    let remainder = weighted(n, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    (if remainder <= 1 { 0 } else { 11 - remainder }) == d(n[11]) && !all_same(n)
}

/// IRS: an area of 9xx and the groups that were given out.
pub(in crate::recognise::national_id) fn us_itin(n: &[u8]) -> bool {
    n[0] == b'9' && matches!(two(n, 3), 70..=88 | 90..=92 | 94..=99)
}

/// CMS: the beneficiary number of Medicare, whose letters leave out those that look like digits.
pub(in crate::recognise::national_id) fn us_mbi(n: &[u8]) -> bool {
    n[0] != b'0' && !n.iter().any(|b| b"SLOIBZ".contains(b))
}

/// British Columbia's health number begins with 9; modulus 11 over the eight digits behind it.
pub(in crate::recognise::national_id) fn ca_bc_phn(n: &[u8]) -> bool {
    let sum: u32 = n[1..9].iter().zip([2, 4, 8, 5, 10, 9, 7, 3]).map(|(b, w)| d(*b) * w % 11).sum();
    // Eleven minus the sum, counted round; ten is no digit.
    n[0] == b'9' && (242 - sum) % 11 == d(n[9])
}

/// Services Australia: the ninth digit checks, the tenth counts the cards.
pub(in crate::recognise::national_id) fn au_medicare(n: &[u8]) -> bool {
    let check = weighted(n, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10;
    matches!(n[0], b'2'..=b'6') && check == d(n[8]) && n[9] != b'0'
}

/// Election Commission of India: three letters of the constituency, Luhn over the number behind them.
pub(in crate::recognise::national_id) fn in_epic(n: &[u8]) -> bool {
    luhn(&n[3..])
}

pub(in crate::recognise::national_id) fn za_tax_number(n: &[u8]) -> bool {
    matches!(n[0], b'0'..=b'3' | b'9') && luhn(n) && !all_same(n)
}

/// SAT: four letters of the name, a date, two characters that tell namesakes apart, modulus 11.
pub(in crate::recognise::national_id) fn mx_rfc(n: &[u8]) -> bool {
    let place = |b: u8| match b {
        b'0'..=b'9' => d(b),
        b'A'..=b'N' => u32::from(b - b'A') + 10,
        _ => u32::from(b - b'A') + 11,
    };
    let sum: u32 = n[..12].iter().enumerate().map(|(i, b)| place(*b) * (13 - i as u32)).sum();
    let check = match (1100 - sum % 11) % 11 {
        10 => b'A',
        digit => b'0' + digit as u8,
    };
    date_in(2000 + two(n, 4), two(n, 6), two(n, 8))
        && matches!(n[10], b'1'..=b'9' | b'A'..=b'V')
        && matches!(n[11], b'1'..=b'9' | b'A'..=b'Z')
        && check == n[12]
}

/// The heads of numbers given to persons.
pub(in crate::recognise::national_id) fn ar_cuit(n: &[u8]) -> bool {
    let check = 11 - weighted(n, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let check = match check {
        11 => 0,
        10 => 9,
        other => other,
    };
    matches!(two(n, 0), 20 | 23 | 24 | 27) && check == d(n[10])
}

pub(in crate::recognise::national_id) fn nz_ird(n: &[u8]) -> bool {
    let modulus = |weights: [u32; 8]| (11 - weighted(n, &weights) % 11) % 11;
    let first = modulus([3, 2, 7, 6, 5, 4, 3, 2]);
    let check = if first == 10 { modulus([7, 4, 3, 2, 5, 2, 7, 6]) } else { first };
    (10_000_001..150_000_000).contains(&value(n)) && check == d(n[8])
}

pub(in crate::recognise::national_id) fn th_pin(n: &[u8]) -> bool {
    let sum = weighted(n, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    matches!(n[0], b'1'..=b'8') && (11 - sum % 11) % 10 == d(n[12])
}
