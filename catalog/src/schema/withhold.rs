//! Takes out of statistics what may tell of a person, before they are recorded.
//!
//! Features found personal keep counts and shapes only. Of all others a value may stay only if it speaks for a crowd:
//! the recognisers may have missed a column of handles, surnames or customer numbers. What stays is decided to leak
//! nothing even then, and to keep what an analyst asks for first: categories, ranges of quantities, spans of time.

use crate::model::{FeaturePath, FeatureStatistics, FeatureType};

/// Every value listed stands in at least so many rows (k-anonymity's usual smallest k).
const ROWS_A_VALUE_MIN: u64 = 5;
/// A feature with more different values is no category.
const CATEGORIES_MAX: usize = 32;
/// Longer texts are sentences, addresses or names, not categories.
const CATEGORY_CHARACTERS_MAX: usize = 24;
/// Integers from seven digits on may be phone numbers, accounts or customers.
const IDENTIFIER_MIN: f64 = 1e6;
/// Numbers of so few values are values of single rows, their mean included.
const NUMBERS_MIN: u64 = 20;

/// Words of a feature's name after which its values may be people, even few and frequent ones.
const WORDS_OF_PEOPLE: &[&str] = &[
    "account",
    "agent",
    "alias",
    "assignee",
    "author",
    "buyer",
    "by",
    "city",
    "client",
    "contact",
    "creator",
    "customer",
    "driver",
    "employee",
    "family",
    "first",
    "guest",
    "handle",
    "host",
    "last",
    "login",
    "mail",
    "manager",
    "member",
    "name",
    "nick",
    "nickname",
    "operator",
    "owner",
    "passenger",
    "patient",
    "person",
    "player",
    "recipient",
    "rep",
    "reporter",
    "sender",
    "signer",
    "student",
    "subscriber",
    "surname",
    "teacher",
    "uid",
    "user",
    "username",
    "visitor",
];

/// Words of a feature's name after which even its extremes are two people's: a date of birth, a salary, a place.
const WORDS_OF_LIVES: &[&str] = &[
    "birth",
    "birthdate",
    "birthday",
    "born",
    "death",
    "dob",
    "geo",
    "geburtsdatum",
    "income",
    "lat",
    "latitude",
    "lng",
    "lon",
    "longitude",
    "phone",
    "salary",
    "ssn",
    "tax",
    "wage",
];

/// Strips values of personal features, and what is no crowd's from the others.
pub fn withhold(features: &mut [FeatureStatistics], personal: &dyn Fn(&FeaturePath) -> bool) {
    for feature in features {
        if personal(&feature.path) {
            feature.withheld = true;
            strip_range(feature);
            feature.mean = None;
            feature.deviation = None;
            feature.top.clear();
            continue;
        }
        if !may_list(feature) {
            feature.top.clear();
        }
        if !matches!(
            feature.kind,
            FeatureType::Int | FeatureType::Float | FeatureType::Date | FeatureType::Timestamp
        ) || feature.values < NUMBERS_MIN
            || feature.distinct < 2
        {
            strip_range(feature);
            feature.mean = None;
            feature.deviation = None;
        } else if may_identify(feature) {
            strip_range(feature);
        }
    }
}

fn strip_range(feature: &mut FeatureStatistics) {
    feature.min = None;
    feature.max = None;
    feature.quantiles.clear();
}

/// Whether the frequent values are all of the values, few, each of a crowd, and categories by their looks. All or none:
/// a list without its rare values would still say that the others are there, and to whom they belong.
fn may_list(feature: &FeatureStatistics) -> bool {
    let listed: u64 = feature.top.iter().map(|(_, count)| count).sum();
    !names_one_of(&feature.path, WORDS_OF_PEOPLE)
        && feature.top.len() <= CATEGORIES_MAX
        && listed == feature.values
        && feature.top.iter().all(|(value, count)| *count >= ROWS_A_VALUE_MIN && looks_like_category(value))
}

/// A category is one short word of a machine: `open`, `DE`, `card-present`, `4`, `true`. Not: what holds an `@`, blanks or many
/// digits, and what is capitalised like a name (`Berg`, `Ada`), since surnames and cities look alike.
fn looks_like_category(value: &str) -> bool {
    let characters = value.chars().count();
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/');
    let mut letters = value.chars().filter(char::is_ascii_alphabetic);
    let name_like = letters.next().is_some_and(|first| first.is_ascii_uppercase())
        && letters.any(|letter| letter.is_ascii_lowercase())
        && !matches!(value, "True" | "False" | "Yes" | "No" | "None" | "Unknown" | "Other");
    (1..=CATEGORY_CHARACTERS_MAX).contains(&characters)
        && value.chars().all(allowed)
        && digits <= 4
        && !name_like
}

/// Whether the feature's name, or that of what it is nested in, holds one of some words.
fn names_one_of(path: &FeaturePath, words: &[&str]) -> bool {
    path.to_string()
        .split(|c: char| !c.is_alphanumeric())
        .flat_map(camel_words)
        .any(|word| words.contains(&word.to_ascii_lowercase().as_str()))
}

/// The words of `camelCase`: cut before a capital that follows a small letter.
fn camel_words(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let cuts =
        (1..bytes.len()).filter(|at| bytes[at - 1].is_ascii_lowercase() && bytes[*at].is_ascii_uppercase());
    let mut words = Vec::new();
    let mut start = 0;
    for cut in cuts.chain([text.len()]) {
        words.push(&text[start..cut]);
        start = cut;
    }
    words
}

/// Whether the extremes of a number or date may be somebody's: by its name, or a large and whole number. Sums in cents and counts of bytes go the
/// same way; telling them from account numbers by their spread would be a guess.
fn may_identify(feature: &FeatureStatistics) -> bool {
    let (Some(min), Some(max)) = (feature.min, feature.max) else { return false };
    if names_one_of(&feature.path, WORDS_OF_LIVES) {
        return true;
    }
    let number = matches!(feature.kind, FeatureType::Int | FeatureType::Float);
    let whole = min.fract() == 0.0 && max.fract() == 0.0;
    number && whole && max.abs().max(min.abs()) >= IDENTIFIER_MIN
}

#[cfg(test)]
mod tests;
