//! Numbers of Europe.

use super::digits::{
    YEAR_MAX, all_same, crossed, d, date, date_in, full_year, mod_11_10, two, value, verhoeff, weighted,
};
use crate::recognise::text::luhn;

/// Section 139b AO: no leading zero; one digit of the first ten comes two or three times; ISO 7064 MOD 11,10.
pub(in crate::recognise::national_id) fn de_steuer_id(n: &[u8]) -> bool {
    let mut counts = [0u8; 10];
    n[..10].iter().for_each(|b| counts[d(*b) as usize] += 1);
    let repeated = counts.iter().filter(|c| **c > 1).count() == 1 && counts.iter().all(|c| *c <= 3);
    n[0] != b'0' && repeated && mod_11_10(n)
}

/// Prefixes that HMRC does not allocate (NIM39110).
pub(in crate::recognise::national_id) fn uk_nino(n: &[u8]) -> bool {
    let never = [b'D', b'F', b'I', b'Q', b'U', b'V'];
    let refused: [&[u8]; 7] = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];
    !never.contains(&n[0])
        && !never.contains(&n[1])
        && n[1] != b'O'
        && !refused.contains(&&n[..2])
        && matches!(n[8], b'A'..=b'D')
}

pub(in crate::recognise::national_id) fn uk_nhs(n: &[u8]) -> bool {
    let check = (11 - weighted(n, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    check == d(n[9]) && !all_same(n)
}

const DNI_LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

pub(in crate::recognise::national_id) fn es_dni(n: &[u8]) -> bool {
    DNI_LETTERS[(value(&n[..8]) % 23) as usize] == n[8]
}

pub(in crate::recognise::national_id) fn es_nie(n: &[u8]) -> bool {
    let Some(first) = [b'X', b'Y', b'Z'].iter().position(|b| *b == n[0]) else { return false };
    DNI_LETTERS[((first as u64 * 10_000_000 + value(&n[1..8])) % 23) as usize] == n[8]
}

/// INSEE: sex, year, month, department (2A and 2B for Corsica), commune, order, 97 minus the rest modulo 97.
pub(in crate::recognise::national_id) fn fr_nir(n: &[u8]) -> bool {
    let sex = matches!(n[0], b'1'..=b'4' | b'7' | b'8');
    sex && matches!(two(n, 3), 1..=12 | 20 | 30..=42 | 50..=99) && fr_nir_checked(n)
}

/// The checksum alone, whatever sex and month say.
pub(in crate::recognise::national_id) fn fr_nir_checked(n: &[u8]) -> bool {
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
    97 - body % 97 == value(&n[13..])
}

/// DM 23/12/1976: letters may stand for digits (omocodia), the last is a sum over odd and even places.
pub(in crate::recognise::national_id) fn it_codice_fiscale(n: &[u8]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let place = |b: u8| if b.is_ascii_digit() { d(b) } else { u32::from(b - b'A') };
    let digit = |b: u8| b.is_ascii_digit() || matches!(b, b'L'..=b'N' | b'P'..=b'V');
    let numeric = [6, 7, 9, 10, 12, 13, 14].iter().all(|i| digit(n[*i]));
    let sum: u32 = n[..15]
        .iter()
        .enumerate()
        .map(|(i, b)| if i % 2 == 0 { ODD[place(*b) as usize] } else { place(*b) })
        .sum();
    numeric && sum % 26 == u32::from(n[15] - b'A') && it_date(n)
}

/// Year, letter of the month, day, raised by 40 for women; digits may be written as letters.
fn it_date(n: &[u8]) -> bool {
    let digit = |b: u8| {
        if b.is_ascii_digit() { d(b) } else { b"LMNPQRSTUV".iter().position(|l| *l == b).unwrap_or(0) as u32 }
    };
    let year = digit(n[6]) * 10 + digit(n[7]);
    let day = (digit(n[9]) * 10 + digit(n[10])) % 40;
    let month = b"ABCDEHLMPRST".iter().position(|month| *month == n[8]);
    month.is_some_and(|month| date_in(if year < 20 { 2000 } else { 1900 } + year, month as u32 + 1, day))
}

/// The month carries the century: +80 1800s, +20 2000s, +40 2100s, +60 2200s.
pub(in crate::recognise::national_id) fn pl_pesel(n: &[u8]) -> bool {
    let century = [1900, 2000, 2100, 2200, 1800][(two(n, 2) / 20) as usize];
    date_in(century + two(n, 0), two(n, 2) % 20, two(n, 4))
        && (weighted(n, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) + d(n[10])).is_multiple_of(10)
}

pub(in crate::recognise::national_id) fn nl_bsn(n: &[u8]) -> bool {
    let sum = weighted(n, &[9, 8, 7, 6, 5, 4, 3, 2]);
    (sum + 110 - d(n[8])).is_multiple_of(11) && !all_same(n)
}

/// The day may be raised by 60 (samordningsnummer).
pub(in crate::recognise::national_id) fn se_personnummer(n: &[u8]) -> bool {
    let day = two(n, 4);
    date_in(full_year(two(n, 0)), two(n, 2), if day > 60 { day - 60 } else { day }) && luhn(n)
}

pub(in crate::recognise::national_id) fn se_personnummer12(n: &[u8]) -> bool {
    matches!(two(n, 0), 18..=20) && se_personnummer12_checked(n)
}

/// The checksum and the date alone, whatever the century.
pub(in crate::recognise::national_id) fn se_personnummer12_checked(n: &[u8]) -> bool {
    let (year, day) = (two(n, 0) * 100 + two(n, 2), two(n, 6));
    year > 0 && date_in(year, two(n, 4), if day > 60 { day - 60 } else { day }) && luhn(&n[2..])
}

pub(in crate::recognise::national_id) fn ro_cnp(n: &[u8]) -> bool {
    let check = weighted(n, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    let century = match n[0] {
        b'3' | b'4' => 1800,
        b'5' | b'6' => 2000,
        _ => 1900,
    };
    let county = matches!(two(n, 7), 1..=48 | 51 | 52 | 70 | 80..=83);
    n[0] != b'0'
        && county
        && date_in(century + two(n, 1), two(n, 3), two(n, 5))
        && (if check == 10 { 1 } else { check }) == d(n[12])
}

/// The modulus was given up in 2007, so a valid date is all that can be asked.
pub(in crate::recognise::national_id) fn dk_cpr(n: &[u8]) -> bool {
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
pub(in crate::recognise::national_id) fn fi_hetu(n: &[u8]) -> bool {
    fi_hetu_of(n, 1900)
}

/// The form with a letter for the century (A to F since 2000, U to Y before).
pub(in crate::recognise::national_id) fn fi_hetu_letter(n: &[u8]) -> bool {
    let century = match n[6] {
        b'A'..=b'F' => 2000,
        b'U'..=b'Y' => 1900,
        _ => return false,
    };
    fi_hetu_of(&[&n[..6], &n[7..]].concat(), century)
}

/// Individual numbers from 900 on are for the time being, and 000 and 001 are not given.
fn fi_hetu_of(n: &[u8], century: u32) -> bool {
    let check = b"0123456789ABCDEFHJKLMNPRSTUVWXY"[(value(&n[..9]) % 31) as usize];
    let born = date_in(century + two(n, 4), two(n, 2), two(n, 0));
    born && (2..900).contains(&value(&n[6..9])) && check == n[9]
}

/// Act 133/2000: women +50 in the month, overflow +20; ten digits divide by eleven.
pub(in crate::recognise::national_id) fn cz_rc(n: &[u8]) -> bool {
    let year = two(n, 0);
    let check = value(&n[..9]) % 11 % 10;
    date_in(if year < 54 { 2000 } else { 1900 } + year, two(n, 2) % 50 % 20, two(n, 4))
        && check == u64::from(d(n[9]))
}

/// The month is 0 where the date of birth is not known well, and the day then counts on.
pub(in crate::recognise::national_id) fn be_national(n: &[u8]) -> bool {
    two(n, 2) <= 12 && be_check(n)
}

/// The number of people who are not in the register: month raised by 20 or 40.
pub(in crate::recognise::national_id) fn be_bis(n: &[u8]) -> bool {
    matches!(two(n, 2), 20..=32 | 40..=52) && be_check(n)
}

fn be_check(n: &[u8]) -> bool {
    let check = value(&n[9..]);
    let before = 97 - value(&n[..9]) % 97 == check;
    let after = 97 - (2_000_000_000 + value(&n[..9])) % 97 == check;
    value(n) > 0 && (before || (after && 2000 + two(n, 0) <= YEAR_MAX))
}

pub(in crate::recognise::national_id) fn ch_ahv(n: &[u8]) -> bool {
    n.starts_with(b"756") && weighted(n, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

pub(in crate::recognise::national_id) fn at_svnr(n: &[u8]) -> bool {
    let check = weighted(n, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11;
    n[0] != b'0' && check == d(n[3])
}

pub(in crate::recognise::national_id) fn pt_nif(n: &[u8]) -> bool {
    let check = (11 - weighted(n, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10;
    n[0] != b'0' && check == d(n[8])
}

pub(in crate::recognise::national_id) fn bg_egn(n: &[u8]) -> bool {
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

pub(in crate::recognise::national_id) fn hr_oib(n: &[u8]) -> bool {
    mod_11_10(n)
}

/// The first digit is sex and century.
pub(in crate::recognise::national_id) fn ee_isikukood(n: &[u8]) -> bool {
    let century = match n[0] {
        b'1' | b'2' => 1800,
        b'3' | b'4' => 1900,
        b'5' | b'6' => 2000,
        b'7' | b'8' => 2100,
        _ => return false,
    };
    date_in(century + two(n, 1), two(n, 3), two(n, 5)) && isikukood_check(n) == d(n[10])
}

fn isikukood_check(n: &[u8]) -> u32 {
    let first = weighted(n, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    if first < 10 { first } else { weighted(n, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10 }
}

/// Skatteetaten: the individual number tells the century; the day is raised by 40 for those who stay for a time, the
/// month for numbers that hospitals give.
pub(in crate::recognise::national_id) fn no_fodselsnummer(n: &[u8]) -> bool {
    let first = (11 - weighted(n, &[3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11) % 11;
    let second = (11 - weighted(n, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    let (day, month, year) = (two(n, 0), two(n, 2), two(n, 4));
    let century = match value(&n[6..9]) {
        0..500 => 1900,
        500..750 if year >= 54 => 1800,
        500..1000 if year < 40 => 2000,
        900..1000 => 1900,
        _ => return false,
    };
    let lowered = |number: u32| if number > 40 { number - 40 } else { number };
    day < 80
        && date_in(century + year, lowered(month), lowered(day))
        && century + year <= YEAR_MAX
        && first == d(n[9])
        && second == d(n[10])
}

pub(in crate::recognise::national_id) fn ie_pps(n: &[u8]) -> bool {
    let sum = weighted(n, &[8, 7, 6, 5, 4, 3, 2]);
    b"WABCDEFGHIJKLMNOPQRSTUV"[(sum % 23) as usize] == n[7]
}

pub(in crate::recognise::national_id) fn gr_amka(n: &[u8]) -> bool {
    [1900, 2000].iter().any(|century| date_in(century + two(n, 4), two(n, 2), two(n, 0))) && luhn(n)
}

pub(in crate::recognise::national_id) fn ru_snils(n: &[u8]) -> bool {
    let sum = weighted(n, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100;
    sum == two(n, 9) && value(&n[..9]) > 1_001_998
}

pub(in crate::recognise::national_id) fn ru_inn(n: &[u8]) -> bool {
    let first = weighted(n, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
    let second = weighted(n, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
    first == d(n[10]) && second == d(n[11]) && !all_same(n)
}

/// The first two digits are the tax office's, of which there are some forty.
pub(in crate::recognise::national_id) fn at_tax_number(n: &[u8]) -> bool {
    let office = matches!(two(n, 0),
        3 | 4 | 6..=10 | 12 | 15 | 16 | 18 | 22 | 23 | 29 | 33 | 38 | 41 | 46 | 51..=54 | 57 | 59 | 61 | 65 | 67..=69
        | 71 | 72 | 81..=84 | 90 | 91 | 93 | 97 | 98);
    office && luhn(n)
}

/// The number of foreigners (LNCh).
pub(in crate::recognise::national_id) fn bg_pnf(n: &[u8]) -> bool {
    weighted(n, &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 == d(n[9]) && !all_same(n)
}

/// Digits at odd places count by a table; the letter is the sum modulo 26.
pub(in crate::recognise::national_id) fn cy_tin(n: &[u8]) -> bool {
    const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let sum: u32 =
        n[..8].iter().enumerate().map(|(i, b)| if i % 2 == 0 { ODD[d(*b) as usize] } else { d(*b) }).sum();
    &n[..2] != b"12" && sum % 26 == u32::from(n[8] - b'A')
}

/// Numbers of nine digits were given until 1953 and have no check digit.
pub(in crate::recognise::national_id) fn cz_rc_old(n: &[u8]) -> bool {
    let (year, month) = (two(n, 0), two(n, 2) % 50 % 20);
    (year <= 53 || year >= 80) && date_in(if year >= 80 { 1800 } else { 1900 } + year, month, two(n, 4))
}

/// Pension insurance: area, date of birth, first letter of the name at birth as its place in the alphabet, serial.
pub(in crate::recognise::national_id) fn de_rvnr(n: &[u8]) -> bool {
    let letter = u32::from(n[8] - b'A') + 1;
    let digits = n[..8].iter().map(|b| d(*b)).chain([letter / 10, letter % 10]).chain([d(n[9]), d(n[10])]);
    let day = two(n, 2);
    date(if day > 50 { day - 50 } else { day }, two(n, 4))
        && crossed(digits, &[2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]) % 10 == d(n[11])
}

/// Section 290 SGB V: a letter as its place in the alphabet and eight digits, weighted by one and two.
pub(in crate::recognise::national_id) fn de_kvnr(n: &[u8]) -> bool {
    let letter = u32::from(n[0] - b'A') + 1;
    let digits = [letter / 10, letter % 10].into_iter().chain(n[1..9].iter().map(|b| d(*b)));
    crossed(digits, &[1, 2, 1, 2, 1, 2, 1, 2, 1, 2]) % 10 == d(n[9])
}

pub(in crate::recognise::national_id) fn fr_spi(n: &[u8]) -> bool {
    matches!(n[0], b'0'..=b'3') && value(&n[..10]) % 511 == value(&n[10..]) && !all_same(n)
}

pub(in crate::recognise::national_id) fn gr_afm(n: &[u8]) -> bool {
    weighted(n, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == d(n[8]) && !all_same(n)
}

/// Act XX of 1996: 8, days since 1867, serial, a sum over places modulo 11.
pub(in crate::recognise::national_id) fn hu_tax_number(n: &[u8]) -> bool {
    n[0] == b'8' && weighted(n, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 == d(n[9])
}

/// The number of health insurance.
pub(in crate::recognise::national_id) fn hu_taj(n: &[u8]) -> bool {
    weighted(n, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == d(n[8]) && !all_same(n)
}

/// A second letter counts nine times its place since 2013; W, T and X of older numbers count nothing.
pub(in crate::recognise::national_id) fn ie_pps_two(n: &[u8]) -> bool {
    let second = match n[8] {
        b'A' => 9,
        b'B' => 18,
        b'H' => 72,
        b'W' | b'T' | b'X' => 0,
        _ => return false,
    };
    let sum = weighted(n, &[8, 7, 6, 5, 4, 3, 2]) + second;
    b"WABCDEFGHIJKLMNOPQRSTUV"[(sum % 23) as usize] == n[7]
}

/// Persons only: the day of an organisation is raised by 40.
pub(in crate::recognise::national_id) fn is_kennitala(n: &[u8]) -> bool {
    let century = match n[9] {
        b'9' => 1900,
        b'0' => 2000,
        _ => return false,
    };
    date_in(century + two(n, 4), two(n, 2), two(n, 0))
        && weighted(n, &[3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// As Estonia's; a 9 in front says that the date of birth is not known.
pub(in crate::recognise::national_id) fn lt_asmens_kodas(n: &[u8]) -> bool {
    n[0] == b'9' && isikukood_check(n) == d(n[10]) || ee_isikukood(n)
}

/// Thirteen digits since 2014: date, serial, Luhn over the eleven, Verhoeff over the eleven.
pub(in crate::recognise::national_id) fn lu_matricule(n: &[u8]) -> bool {
    let by_verhoeff = [&n[..11], &n[12..]].concat();
    matches!(two(n, 0), 18..=20)
        && date_in(two(n, 0) * 100 + two(n, 2), two(n, 4), two(n, 6))
        && luhn(&n[..12])
        && verhoeff(&by_verhoeff)
}

/// A date of birth, and behind it the century from 1800 on, or, since July 2017, 32 and no date.
pub(in crate::recognise::national_id) fn lv_personas_kods(n: &[u8]) -> bool {
    let check = (1 + weighted(n, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11 % 10;
    let born = n[0] <= b'3' && date_in(1800 + 100 * d(n[6]) + two(n, 4), two(n, 2), two(n, 0));
    (n.starts_with(b"32") || born) && check == d(n[10])
}

/// Identity card: seven digits and the letter of the register; no check digit.
pub(in crate::recognise::national_id) fn mt_id(n: &[u8]) -> bool {
    matches!(n[7], b'M' | b'G' | b'A' | b'P' | b'L' | b'H' | b'B' | b'Z') && value(&n[..7]) > 0
}

pub(in crate::recognise::national_id) fn pl_nip(n: &[u8]) -> bool {
    weighted(n, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == d(n[9]) && !all_same(n)
}

/// Identity card: Luhn over digits and letters, each letter as ten and its place.
pub(in crate::recognise::national_id) fn pt_cartao_cidadao(n: &[u8]) -> bool {
    let place = |b: u8| if b.is_ascii_digit() { d(b) } else { u32::from(b - b'A') + 10 };
    let sum: u32 = n
        .iter()
        .enumerate()
        .map(|(i, b)| match place(*b) * if i % 2 == 0 { 2 } else { 1 } {
            doubled if i % 2 == 0 && doubled > 9 => doubled - 9,
            other => other,
        })
        .sum();
    sum.is_multiple_of(10)
}

pub(in crate::recognise::national_id) fn si_davcna(n: &[u8]) -> bool {
    let check = 11 - weighted(n, &[8, 7, 6, 5, 4, 3, 2]) % 11;
    n[0] != b'0' && check != 11 && check % 10 == d(n[7])
}

/// The personal number of former Yugoslavia; the year has three digits.
pub(in crate::recognise::national_id) fn si_emso(n: &[u8]) -> bool {
    let year = value(&n[4..7]) as u32;
    let check = (11 - weighted(n, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10;
    date_in(if year < 800 { 2000 } else { 1000 } + year, two(n, 2), two(n, 0)) && check == d(n[12])
}

pub(in crate::recognise::national_id) fn ua_rntrc(n: &[u8]) -> bool {
    // The first weight is minus one.
    let sum = weighted(n, &[10, 5, 7, 9, 4, 6, 10, 5, 7]);
    sum % 11 % 10 == d(n[9]) && !all_same(n)
}

/// HMRC: the check digit stands first.
pub(in crate::recognise::national_id) fn uk_utr(n: &[u8]) -> bool {
    let rest = weighted(&n[1..], &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
    n[0] == b"21987654321"[rest as usize] && !all_same(n)
}
