//! Addresses of crypto currencies: base58check (Bitcoin, Litecoin, Dogecoin, Tron), bech32 (BIP 173, BIP 350), Ethereum.

use sha2::{Digest, Sha256};

use super::text::{clean_after, clean_before};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "CRYPTO_ADDRESS",
    id_name: "crypto",
    identifies: true,
    announced: None,
    find,
    normalise,
    column,
};

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const BECH32_BYTES_MAX: usize = 90;
const WORD_BYTES_MIN: usize = 26;

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let text = outline.text;
    for run in outline.long(WORD_BYTES_MIN).filter(|run| run.end - run.start <= BECH32_BYTES_MAX) {
        if !clean_before(text, run.start) || !clean_after(text, run.end) {
            continue;
        }
        if let Some((subtype, normal)) = read(&text[run.start..run.end]) {
            hits.span(
                Span { subtype: Some(subtype), ..Span::of(RECOGNISER.kind, run.start, run.end) },
                || 0.97,
            );
            hits.token(RECOGNISER.kind, run.start, run.end, &normal);
        }
    }
}

fn normalise(value: &str) -> Option<String> {
    read(value.trim()).map(|(_, normal)| normal)
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let share = facts.whole_share().max(facts.form_share());
    (share >= 0.3).then_some(0.8 + 0.19 * share)
}

/// The currency and the normal form: mixed case says something in base58 and nothing in the others.
fn read(word: &str) -> Option<(&'static str, String)> {
    let bytes = word.as_bytes();
    if bytes.len() == 42 && bytes[0] == b'0' && bytes[1] | 32 == b'x' {
        return bytes[2..].iter().all(u8::is_ascii_hexdigit).then(|| ("ETH", word.to_ascii_lowercase()));
    }
    let lower = word.get(..4)?.to_ascii_lowercase();
    if lower.starts_with("bc1") || lower == "ltc1" {
        let subtype = if lower == "ltc1" { "LTC" } else { "BTC" };
        return is_bech32(word).then(|| (subtype, word.to_ascii_lowercase()));
    }
    if !matches!(bytes[0], b'1' | b'3' | b'L' | b'M' | b'D' | b'T') || !(26..=35).contains(&bytes.len()) {
        return None;
    }
    let subtype = match base58check(bytes)? {
        0x00 | 0x05 => "BTC",
        0x30 | 0x32 => "LTC",
        0x1e | 0x16 => "DOGE",
        0x41 => "TRX",
        _ => return None,
    };
    Some((subtype, word.to_owned()))
}

/// The version byte of 25 bytes whose last four are the head of a double SHA-256 of the others.
fn base58check(word: &[u8]) -> Option<u8> {
    let mut number = [0u8; 25];
    for c in word {
        let mut carry = BASE58.iter().position(|b| b == c)?;
        for byte in number.iter_mut().rev() {
            carry += usize::from(*byte) * 58;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        if carry != 0 {
            return None;
        }
    }
    let digest = Sha256::digest(Sha256::digest(&number[..21]));
    (digest[..4] == number[21..]).then_some(number[0])
}

fn is_bech32(word: &str) -> bool {
    if word.bytes().any(|b| b.is_ascii_uppercase()) && word.bytes().any(|b| b.is_ascii_lowercase()) {
        return false;
    }
    let lower = word.to_ascii_lowercase();
    let Some((prefix, data)) = lower.rsplit_once('1') else { return false };
    let values =
        prefix.bytes().map(|b| u32::from(b) >> 5).chain([0]).chain(prefix.bytes().map(|b| u32::from(b) & 31));
    let mut sum = 1u32;
    let mut step = |value: u32| {
        let top = sum >> 25;
        sum = ((sum & 0x01ff_ffff) << 5) ^ value;
        for (i, g) in [0x3b6a_57b2u32, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3].iter().enumerate()
        {
            if top >> i & 1 == 1 {
                sum ^= g;
            }
        }
    };
    values.for_each(&mut step);
    for c in data.bytes() {
        match BECH32.iter().position(|b| *b == c) {
            Some(value) => step(value as u32),
            None => return false,
        }
    }
    data.len() > 6 && (sum == 1 || sum == 0x2bc8_30a3)
}
