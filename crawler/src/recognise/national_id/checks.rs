//! Checksums and rules of national id numbers, each over the digits and upper-case letters of its form.

use super::super::text::luhn;

fn d(b: u8) -> u32 {
    u32::from(b.wrapping_sub(b'0'))
}

fn weighted(number: &[u8], weights: &[u32]) -> u32 {
    number.iter().zip(weights).map(|(b, w)| d(*b) * w).sum()
}

fn two(number: &[u8], at: usize) -> u32 {
    d(number[at]) * 10 + d(number[at + 1])
}

fn value(number: &[u8]) -> u64 {
    number.iter().fold(0, |sum, b| sum * 10 + u64::from(d(*b)))
}

/// Whether a day and a month exist; a year of two digits cannot tell leap years.
fn date(day: u32, month: u32) -> bool {
    let last = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=last).contains(&day)
}

/// The same with the year known, so that 29 February is a date in leap years only.
fn date_in(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    date(day, month) && (leap || (day, month) != (29, 2))
}

/// Nobody whose number we meet was born later. A fixed bound, since this code reads no clock.
const YEAR_MAX: u32 = 2035;

fn all_same(number: &[u8]) -> bool {
    number.iter().all(|b| *b == number[0])
}

/// Section 139b AO: no leading zero; one digit of the first ten comes two or three times; ISO 7064 MOD 11,10.
pub(super) fn de_steuer_id(n: &[u8]) -> bool {
    let mut counts = [0u8; 10];
    n[..10].iter().for_each(|b| counts[d(*b) as usize] += 1);
    let repeated = counts.iter().filter(|c| **c > 1).count() == 1 && counts.iter().all(|c| *c <= 3);
    n[0] != b'0' && repeated && mod_11_10(n)
}

fn mod_11_10(n: &[u8]) -> bool {
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

/// Prefixes that HMRC does not allocate (NIM39110).
pub(super) fn uk_nino(n: &[u8]) -> bool {
    let never = [b'D', b'F', b'I', b'Q', b'U', b'V'];
    let refused: [&[u8]; 7] = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];
    !never.contains(&n[0])
        && !never.contains(&n[1])
        && n[1] != b'O'
        && !refused.contains(&&n[..2])
        && matches!(n[8], b'A'..=b'D')
}

pub(super) fn uk_nhs(n: &[u8]) -> bool {
    let check = (11 - weighted(n, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    check == d(n[9]) && !all_same(n)
}

/// Social Security Administration: no area 000, 666 or 9xx, no group 00, no serial 0000; some printed in adverts.
pub(super) fn us_ssn(n: &[u8]) -> bool {
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

const DNI_LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

pub(super) fn es_dni(n: &[u8]) -> bool {
    DNI_LETTERS[(value(&n[..8]) % 23) as usize] == n[8]
}

pub(super) fn es_nie(n: &[u8]) -> bool {
    let Some(first) = [b'X', b'Y', b'Z'].iter().position(|b| *b == n[0]) else { return false };
    DNI_LETTERS[((first as u64 * 10_000_000 + value(&n[1..8])) % 23) as usize] == n[8]
}

/// INSEE: sex, year, month, department (2A and 2B for Corsica), commune, order, 97 minus the rest modulo 97.
pub(super) fn fr_nir(n: &[u8]) -> bool {
    let sex = matches!(n[0], b'1'..=b'4' | b'7' | b'8');
    let month = n[3].is_ascii_digit()
        && n[4].is_ascii_digit()
        && matches!(two(n, 3), 1..=12 | 20 | 30..=42 | 50..=99);
    let corsica = match (n[5], n[6]) {
        (b'2', b'A') => 1_000_000,
        (b'2', b'B') => 2_000_000,
        (a, b) if a.is_ascii_digit() && b.is_ascii_digit() => 0,
        _ => return false,
    };
    let mut plain = n[..13].to_vec();
    if corsica > 0 {
        plain[6] = b'0';
    }
    let body = value(&plain) - corsica;
    sex && month && 97 - body % 97 == value(&n[13..])
}

/// DM 23/12/1976: letters may stand for digits (omocodia), the last is a sum over odd and even places.
pub(super) fn it_codice_fiscale(n: &[u8]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let place = |b: u8| if b.is_ascii_digit() { d(b) } else { u32::from(b - b'A') };
    let digit = |b: u8| b.is_ascii_digit() || matches!(b, b'L'..=b'N' | b'P'..=b'V');
    let numeric = [6, 7, 9, 10, 12, 13, 14].iter().all(|i| digit(n[*i]));
    let month = b"ABCDEHLMPRST".contains(&n[8]);
    let sum: u32 = n[..15]
        .iter()
        .enumerate()
        .map(|(i, b)| if i % 2 == 0 { ODD[place(*b) as usize] } else { place(*b) })
        .sum();
    numeric && month && sum % 26 == u32::from(n[15] - b'A')
}

/// The month carries the century: +80 1800s, +20 2000s, +40 2100s, +60 2200s.
pub(super) fn pl_pesel(n: &[u8]) -> bool {
    date(two(n, 4), two(n, 2) % 20)
        && (weighted(n, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) + d(n[10])).is_multiple_of(10)
}

pub(super) fn nl_bsn(n: &[u8]) -> bool {
    let sum = weighted(n, &[9, 8, 7, 6, 5, 4, 3, 2]);
    (sum + 110 - d(n[8])).is_multiple_of(11) && !all_same(n) && &n[..3] != b"000"
}

/// The day may be raised by 60 (samordningsnummer).
pub(super) fn se_personnummer(n: &[u8]) -> bool {
    let day = two(n, 4);
    date(if day > 60 { day - 60 } else { day }, two(n, 2)) && luhn(n)
}

pub(super) fn se_personnummer12(n: &[u8]) -> bool {
    matches!(two(n, 0), 18..=20) && se_personnummer(&n[2..])
}

pub(super) fn br_cpf(n: &[u8]) -> bool {
    let digit = |upto: usize| {
        let sum: u32 = n[..upto].iter().enumerate().map(|(i, b)| d(*b) * (upto as u32 + 1 - i as u32)).sum();
        sum * 10 % 11 % 10
    };
    digit(9) == d(n[9]) && digit(10) == d(n[10]) && !all_same(n)
}

/// GB 11643-1999: region, date of birth, order, ISO 7064 MOD 11-2.
pub(super) fn cn_ric(n: &[u8]) -> bool {
    let sum = weighted(n, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    let region =
        matches!(two(n, 0), 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91);
    region
        && matches!(two(n, 6), 18..=20)
        && date(two(n, 12), two(n, 10))
        && b"10X98765432"[(sum % 11) as usize] == n[17]
}

pub(super) fn tr_tckn(n: &[u8]) -> bool {
    let odd: u32 = [0, 2, 4, 6, 8].iter().map(|i| d(n[*i])).sum();
    let even: u32 = [1, 3, 5, 7].iter().map(|i| d(n[*i])).sum();
    let sum: u32 = n[..10].iter().map(|b| d(*b)).sum();
    n[0] != b'0' && (odd * 7 + 100 - even) % 10 == d(n[9]) && sum % 10 == d(n[10])
}

pub(super) fn ro_cnp(n: &[u8]) -> bool {
    let check = weighted(n, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    let county = matches!(two(n, 7), 1..=48 | 51 | 52 | 70 | 80..=83);
    n[0] != b'0' && county && date(two(n, 5), two(n, 3)) && (if check == 10 { 1 } else { check }) == d(n[12])
}

/// The modulus was given up in 2007, so a valid date is all that can be asked.
pub(super) fn dk_cpr(n: &[u8]) -> bool {
    let year = two(n, 4);
    let century = match n[6] {
        b'5'..=b'8' if year >= 58 => 1800,
        b'0'..=b'3' => 1900,
        b'4' | b'9' if year >= 37 => 1900,
        _ => 2000,
    };
    date_in(century + year, two(n, 2), two(n, 0)) && century + year <= YEAR_MAX
}

/// DVV: date, a sign for the century, individual number, control character. The sign is a separator here.
pub(super) fn fi_hetu(n: &[u8]) -> bool {
    let body = value(&n[..9]);
    date(two(n, 0), two(n, 2)) && b"0123456789ABCDEFHJKLMNPRSTUVWXY"[(body % 31) as usize] == n[9]
}

/// The form with a letter for the century (A to F since 2000, U to Y before).
pub(super) fn fi_hetu_letter(n: &[u8]) -> bool {
    matches!(n[6], b'A'..=b'F' | b'U'..=b'Y') && fi_hetu(&[&n[..6], &n[7..]].concat())
}

/// Act 133/2000: women +50 in the month, overflow +20; ten digits divide by eleven.
pub(super) fn cz_rc(n: &[u8]) -> bool {
    let month = two(n, 2) % 50;
    let month = if month > 20 { month - 20 } else { month };
    let check = value(&n[..9]) % 11 % 10;
    date(two(n, 4), month) && check == u64::from(d(n[9]))
}

/// The check digit holds for numbers given before October 2020; later ones end at random and are not told apart.
pub(super) fn kr_rrn(n: &[u8]) -> bool {
    let century = match n[6] {
        b'1' | b'2' | b'5' | b'6' => 1900,
        b'3' | b'4' | b'7' | b'8' => 2000,
        _ => 1800,
    };
    let check = (11 - weighted(n, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10;
    date_in(century + two(n, 0), two(n, 2), two(n, 4)) && two(n, 7) <= 96 && check == d(n[12])
}

/// UIDAI: Verhoeff's checksum; never begins with 0 or 1.
pub(super) fn in_aadhaar(n: &[u8]) -> bool {
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
    let sum =
        n.iter().rev().enumerate().fold(0u8, |sum, (i, b)| dihedral(sum, PERMUTE[i % 8][d(*b) as usize]));
    sum == 0 && n[0] >= b'2'
}

/// The fourth letter is the kind of holder; the fifth begins the surname.
pub(super) fn in_pan(n: &[u8]) -> bool {
    b"ABCFGHJLPTK".contains(&n[3]) && &n[5..9] != b"0000"
}

/// The month is 0 where the date of birth is not known well, and the day then counts on.
pub(super) fn be_national(n: &[u8]) -> bool {
    two(n, 2) <= 12 && be_check(n)
}

/// The number of people who are not in the register: month raised by 20 or 40.
pub(super) fn be_bis(n: &[u8]) -> bool {
    matches!(two(n, 2), 20..=32 | 40..=52) && be_check(n)
}

fn be_check(n: &[u8]) -> bool {
    let check = value(&n[9..]);
    let before = 97 - value(&n[..9]) % 97 == check;
    let after = 97 - (2_000_000_000 + value(&n[..9])) % 97 == check;
    value(n) > 0 && (before || (after && 2000 + two(n, 0) <= YEAR_MAX))
}

pub(super) fn ch_ahv(n: &[u8]) -> bool {
    n.starts_with(b"756") && weighted(n, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

pub(super) fn at_svnr(n: &[u8]) -> bool {
    let check = weighted(n, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11;
    n[0] != b'0' && check == d(n[3])
}

pub(super) fn pt_nif(n: &[u8]) -> bool {
    let check = (11 - weighted(n, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10;
    n[0] != b'0' && check == d(n[8])
}

pub(super) fn bg_egn(n: &[u8]) -> bool {
    let month = two(n, 2);
    let month = if month > 40 {
        month - 40
    } else if month > 20 {
        month - 20
    } else {
        month
    };
    date(two(n, 4), month) && weighted(n, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == d(n[9])
}

pub(super) fn hr_oib(n: &[u8]) -> bool {
    mod_11_10(n)
}

/// Estonia and Lithuania share the form.
pub(super) fn ee_isikukood(n: &[u8]) -> bool {
    let first = weighted(n, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let check = if first < 10 { first } else { weighted(n, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10 };
    matches!(n[0], b'1'..=b'8') && date(two(n, 5), two(n, 3)) && check == d(n[10])
}

pub(super) fn no_fodselsnummer(n: &[u8]) -> bool {
    let day = two(n, 0);
    let first = (11 - weighted(n, &[3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11) % 11;
    let second = (11 - weighted(n, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    date(if day > 40 { day - 40 } else { day }, two(n, 2) % 40) && first == d(n[9]) && second == d(n[10])
}

pub(super) fn ca_sin(n: &[u8]) -> bool {
    !matches!(n[0], b'0' | b'8') && luhn(n) && !all_same(n)
}

pub(super) fn za_id(n: &[u8]) -> bool {
    date(two(n, 4), two(n, 2)) && matches!(n[10], b'0' | b'1') && luhn(n)
}

pub(super) fn sg_nric(n: &[u8]) -> bool {
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

pub(super) fn mx_curp(n: &[u8]) -> bool {
    let place = |b: u8| match b {
        b'0'..=b'9' => d(b),
        b'A'..=b'N' => u32::from(b - b'A') + 10,
        _ => u32::from(b - b'A') + 11,
    };
    let sum: u32 = n[..17].iter().enumerate().map(|(i, b)| place(*b) * (18 - i as u32)).sum();
    date(two(n, 8), two(n, 6)) && matches!(n[10], b'H' | b'M' | b'X') && (10 - sum % 10) % 10 == d(n[17])
}

pub(super) fn cl_rut(n: &[u8]) -> bool {
    let check = 11 - weighted(n, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let sign = match check {
        11 => b'0',
        10 => b'K',
        other => b'0' + other as u8,
    };
    sign == n[8]
}

pub(super) fn au_tfn(n: &[u8]) -> bool {
    weighted(n, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11) && !all_same(n)
}

pub(super) fn ie_pps(n: &[u8]) -> bool {
    let sum = weighted(n, &[8, 7, 6, 5, 4, 3, 2]);
    b"WABCDEFGHIJKLMNOPQRSTUV"[(sum % 23) as usize] == n[7]
}

pub(super) fn il_id(n: &[u8]) -> bool {
    luhn(n) && !all_same(n)
}

pub(super) fn jp_my_number(n: &[u8]) -> bool {
    let remainder = weighted(n, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    (if remainder <= 1 { 0 } else { 11 - remainder }) == d(n[11]) && !all_same(n)
}

pub(super) fn gr_amka(n: &[u8]) -> bool {
    date(two(n, 0), two(n, 2)) && luhn(n)
}

pub(super) fn ru_snils(n: &[u8]) -> bool {
    let sum = weighted(n, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100;
    sum == two(n, 9) && value(&n[..9]) > 1_001_998
}

pub(super) fn ru_inn(n: &[u8]) -> bool {
    let first = weighted(n, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
    let second = weighted(n, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
    first == d(n[10]) && second == d(n[11]) && !all_same(n)
}
