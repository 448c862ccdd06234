//! What a value is, whatever format it came from: the one reading of text that types columns and digests rows.
//!
//! Texts and typed values meet here: `1.50` in a CSV, `1.5` in JSON and a double in Parquet are one number;
//! `007` is no number but text with a meaningful zero; `2024-01-02 03:04:05+00` is a point in time.

use crate::model::Value;

const MICROS_A_SECOND: i64 = 1_000_000;
const MICROS_A_DAY: i64 = 86_400 * MICROS_A_SECOND;
/// Decimal numbers with so many significant digits pass through a double and back unchanged (IEEE 754, C's DBL_DIG).
const EXACT_DIGITS: u32 = 15;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape<'a> {
    /// Nothing: null, not a number, empty, or text that spells it (`NULL`, `N/A`, `\N`, `None`, `-`).
    Null,
    /// The text `NA`: nothing among numbers, Namibia among country codes.
    Na,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Plus (true) or minus infinity.
    Infinite(bool),
    /// Days since the epoch.
    Date(i32),
    /// Microseconds since the epoch, UTC.
    Timestamp(i64),
    /// Digits with leading zeros: a code, not a number.
    Padded(&'a str),
    /// Any other text.
    Text(&'a str),
    /// Bytes that are not text.
    Binary(&'a [u8]),
}

/// A number as sign, digits and power of ten, without trailing zeros: equal numbers are equal here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// Below zero.
    pub negative: bool,
    /// Its significant digits.
    pub mantissa: u64,
    /// The power of ten that they are multiplied with.
    pub exponent: i16,
    /// Written as an integer: no point, no exponent.
    pub integer: bool,
    /// Nearest double.
    pub value: f64,
}

impl Number {
    fn new(negative: bool, mut mantissa: u64, mut exponent: i32, integer: bool, value: f64) -> Self {
        if mantissa == 0 {
            return Self { negative: false, mantissa: 0, exponent: 0, integer, value: 0.0 };
        }
        while mantissa.is_multiple_of(10) {
            mantissa /= 10;
            exponent += 1;
        }
        Self { negative, mantissa, exponent: exponent as i16, integer, value }
    }

    fn integer(negative: bool, magnitude: u64) -> Self {
        let value = if negative { -(magnitude as f64) } else { magnitude as f64 };
        Self::new(negative, magnitude, 0, true, value)
    }

    /// Takes the shortest digits that read back as the same double.
    fn double(value: f64) -> Self {
        let mut buffer = ryu::Buffer::new();
        let digits = scan_number(buffer.format_finite(value).as_bytes());
        let digits = digits.expect("the shortest digits of a finite double are a number");
        Self::new(digits.negative, digits.mantissa, digits.exponent, false, value)
    }

    /// Whether it is an integer that 64 bits with a sign hold.
    pub fn fits_i64(&self) -> bool {
        self.integer && (self.value < 9.2e18 && self.value > -9.2e18)
    }
}

impl<'a> Shape<'a> {
    /// The shape of a value.
    pub fn of(value: &'a Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Number(Number::integer(*value < 0, value.unsigned_abs())),
            Value::UInt(value) => Self::Number(Number::integer(false, *value)),
            Value::Float(value) if value.is_nan() => Self::Null,
            Value::Float(value) if value.is_infinite() => Self::Infinite(*value > 0.0),
            Value::Float(value) => Self::Number(Number::double(*value)),
            Value::Decimal(text) | Value::Text(text) | Value::Raw(text) => Self::of_text(text),
            Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Self::of_text(text),
                Err(_) => Self::Binary(bytes),
            },
            Value::Date(days) => Self::Date(*days),
            Value::Timestamp(micros) => Self::Timestamp(*micros),
        }
    }

    /// The shape of a text; blanks around it matter only if it is nothing but text.
    pub fn of_text(text: &'a str) -> Self {
        let trimmed = text.trim_ascii();
        let bytes = trimmed.as_bytes();
        let Some(first) = bytes.first() else {
            return if text.is_empty() { Self::Null } else { Self::Text(text) };
        };
        match first {
            b'0'..=b'9' | b'-' | b'.' => of_digits(trimmed),
            b'a'..=b'z' | b'A'..=b'Z' | b'\\' | b'+' | b'#' | b'<' if bytes.len() <= 9 => of_word(trimmed),
            _ => None,
        }
        .unwrap_or(Self::Text(text))
    }
}

fn of_word(text: &str) -> Option<Shape<'_>> {
    Some(match text {
        "true" | "True" | "TRUE" => Shape::Bool(true),
        "false" | "False" | "FALSE" => Shape::Bool(false),
        "NULL" | "null" | "Null" | "N/A" | "n/a" | "NaN" | "nan" | "\\N" | "None" | "#N/A" | "<NA>" => {
            Shape::Null
        }
        "NA" => Shape::Na,
        "inf" | "+inf" | "Inf" | "Infinity" | "+Infinity" => Shape::Infinite(true),
        _ => return None,
    })
}

fn of_digits(text: &str) -> Option<Shape<'_>> {
    let bytes = text.as_bytes();
    if bytes.len() >= 10 && bytes[4] == b'-' && bytes[7] == b'-' {
        return of_time(bytes);
    }
    if bytes[0] == b'-' {
        match text {
            "-" => return Some(Shape::Null),
            "-inf" | "-Inf" | "-Infinity" => return Some(Shape::Infinite(false)),
            _ => {}
        }
    }
    let digits = scan_number(bytes)?;
    if digits.padded {
        return Some(Shape::Padded(text));
    }
    if digits.integer {
        return (!digits.overflow).then(|| Shape::Number(Number::integer(digits.negative, digits.mantissa)));
    }
    let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
    if value == 0.0 && digits.mantissa != 0 {
        return None; // too small for a double: more likely an id such as 12e-99999
    }
    let exact = !digits.overflow && digits.mantissa < 10u64.pow(EXACT_DIGITS);
    Some(Shape::Number(if exact {
        Number::new(digits.negative, digits.mantissa, digits.exponent, false, value)
    } else {
        Number::double(value)
    }))
}

/// A decimal number taken apart.
struct Digits {
    negative: bool,
    mantissa: u64,
    exponent: i32,
    integer: bool,
    /// Zeros lead its digits.
    padded: bool,
    /// The mantissa does not hold all of its digits.
    overflow: bool,
}

/// Takes `-?digits[.digits][e[+-]digits]`, at least one digit before the exponent; nothing else.
fn scan_number(bytes: &[u8]) -> Option<Digits> {
    let negative = bytes.first() == Some(&b'-');
    let mut rest = &bytes[usize::from(negative)..];
    let padded = rest.len() > 1 && rest[0] == b'0' && rest[1].is_ascii_digit();
    let mut digits = Digits { negative, mantissa: 0, exponent: 0, integer: true, padded, overflow: false };
    let whole = take_digits(&mut rest, &mut digits);
    let mut fraction = 0;
    if rest.first() == Some(&b'.') {
        rest = &rest[1..];
        digits.integer = false;
        fraction = take_digits(&mut rest, &mut digits);
        digits.exponent = -i32::try_from(fraction).ok()?;
    }
    if whole + fraction == 0 {
        return None;
    }
    if matches!(rest.first(), Some(b'e' | b'E')) {
        rest = &rest[1..];
        digits.integer = false;
        let minus = rest.first() == Some(&b'-');
        rest = &rest[usize::from(matches!(rest.first(), Some(b'-' | b'+')))..];
        let power = std::str::from_utf8(rest).ok().filter(|text| (1..=3).contains(&text.len()))?;
        let power: i32 = power.bytes().all(|byte| byte.is_ascii_digit()).then(|| power.parse().ok())??;
        digits.exponent += if minus { -power } else { power };
        rest = &[];
    }
    (rest.is_empty() && digits.exponent.abs() < 4_096).then_some(digits)
}

fn take_digits(rest: &mut &[u8], digits: &mut Digits) -> usize {
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    for byte in &rest[..count] {
        let next = digits.mantissa.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(byte - b'0')));
        match next {
            Some(next) if !digits.overflow => digits.mantissa = next,
            _ => digits.overflow = true,
        }
    }
    *rest = &rest[count..];
    count
}

/// ISO 8601 calendar dates, and points in time after RFC 3339 with the liberties that lakes take:
/// a blank for the `T`, no seconds, any number of fractional digits (cut to microseconds), `+02`, `+0200`, ` UTC`, no zone (read as UTC).
fn of_time<'a>(bytes: &[u8]) -> Option<Shape<'a>> {
    let (year, month, day) = (number(&bytes[..4])?, number(&bytes[5..7])?, number(&bytes[8..10])?);
    let days = days_of(year, month, day)?;
    if bytes.len() == 10 {
        return Some(Shape::Date(days));
    }
    let rest = matches!(bytes[10], b'T' | b't' | b' ').then_some(&bytes[11..])?;
    if rest.len() < 5 || rest[2] != b':' {
        return None;
    }
    let (hour, minute) = (number(&rest[..2])?, number(&rest[3..5])?);
    let mut rest = &rest[5..];
    let (mut second, mut micros) = (0, 0);
    if rest.first() == Some(&b':') {
        second = number(rest.get(1..3)?)?;
        rest = &rest[3..];
        if let [b'.' | b',', fraction @ ..] = rest {
            let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            micros = (0..6).fold(0, |sum, place| {
                sum * 10 + if place < count { i64::from(fraction[place] - b'0') } else { 0 }
            });
            rest = (count > 0).then_some(&fraction[count..])?;
        }
    }
    let offset = zone_seconds(rest)?;
    // A leap second reads as the first of the next minute, as POSIX has it.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second) - offset;
    Some(Shape::Timestamp(i64::from(days) * MICROS_A_DAY + seconds * MICROS_A_SECOND + micros))
}

fn zone_seconds(zone: &[u8]) -> Option<i64> {
    let zone = zone.strip_prefix(b" ").unwrap_or(zone);
    match zone {
        [] | b"Z" | b"z" | b"UTC" | b"GMT" => return Some(0),
        _ => {}
    }
    let sign = match zone[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = match zone.len() {
        3 => (&zone[1..3], &b"00"[..]),
        5 => (&zone[1..3], &zone[3..5]),
        6 if zone[3] == b':' => (&zone[1..3], &zone[4..6]),
        _ => return None,
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 18 && minutes <= 59).then(|| sign * i64::from(hours * 3_600 + minutes * 60))
}

fn number(digits: &[u8]) -> Option<i32> {
    digits.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i32::from(byte - b'0')))
}

/// Days from the epoch to a date of the proleptic Gregorian calendar, if there is such a date.
fn days_of(year: i32, month: i32, day: i32) -> Option<i32> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year < 1 || day < 1 || day > last {
        return None;
    }
    // Counted from 1 March of year 0, so that the leap day is a year's last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    Some(year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468)
}

#[cfg(test)]
mod tests;
