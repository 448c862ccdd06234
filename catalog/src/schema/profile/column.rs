//! One feature as its cells stream by: counts, type votes, sketches; bounded whatever the number of cells.
//!
//! How untyped text gets its type: every value votes by its [`Shape`]. Values that all agree decide; integers and
//! floats agree on float, dates and times on time. One code among them (`007`, `A12`) makes numbers a string: zip codes and
//! phone numbers lose by becoming numbers. If at least 99 % of the values agree, the rest is mistyped; else it is text.

use crate::model::{ColumnSketch, FeaturePath, FeatureStatistics, FeatureType, Value};
use crate::sketch::content::{ColumnSketcher, SketchKey};
use crate::sketch::distinct::Distinct;
use crate::sketch::frequent::Frequent;
use crate::sketch::quantile::{Moments, Quantiles, RANKS};
use crate::sketch::rows;
use crate::sketch::shape::{Number, Shape};

/// Share of values that must agree on a type where some do not.
const AGREEING_SHARE: f64 = 0.99;
/// Most values listed as frequent.
const TOP_VALUES: usize = 32;
/// After so many values a feature with mostly different ones is not counted value by value any longer.
const FREQUENT_TRIAL_VALUES: u64 = 512;
/// Registers, as a power of two, of the distinct sketches of precise and of other features.
const LG_REGISTERS: (u8, u8) = (12, 9);
const MICROS_A_DAY: f64 = 86_400e6;

/// What values say of their type.
#[derive(Clone, Copy, Debug, Default)]
struct Votes {
    bools: u64,
    ints: u64,
    floats: u64,
    dates: u64,
    times: u64,
    bytes: u64,
    /// Text, codes among it.
    texts: u64,
    /// Texts that say that the numbers beside them are codes too.
    codes: u64,
    /// The text `NA`, which votes for nothing unless the others are text.
    na: u64,
    /// Values of the format's own string type, which is never a number.
    typed_texts: u64,
}

/// A feature and what was seen of it.
#[derive(Clone, Debug)]
pub(super) struct Column {
    path: FeaturePath,
    declared: Option<FeatureType>,
    /// Stands for the path in digests of its cells.
    pub(super) seed: u64,
    nulls: u64,
    values: u64,
    votes: Votes,
    /// The last row that held a cell, and how many values it held.
    last_row: u64,
    last_values: u64,
    rows_present: u64,
    valency: (u64, u64),
    characters: u64,
    texts_measured: u64,
    distinct: Distinct,
    numbers: Moments,
    quantiles: Option<Box<Quantiles>>,
    times: Moments,
    frequent: Option<Box<Frequent>>,
    sketcher: Option<Box<ColumnSketcher>>,
}

impl Column {
    pub(super) fn new(
        path: FeaturePath,
        declared: Option<FeatureType>,
        precise: bool,
        sketched: bool,
    ) -> Self {
        let seed = rows::seed(&path);
        Self {
            path,
            declared,
            seed,
            nulls: 0,
            values: 0,
            votes: Votes::default(),
            last_row: 0,
            last_values: 0,
            rows_present: 0,
            valency: (u64::MAX, 0),
            characters: 0,
            texts_measured: 0,
            distinct: Distinct::with_precision(if precise { LG_REGISTERS.0 } else { LG_REGISTERS.1 }),
            numbers: Moments::default(),
            quantiles: None,
            times: Moments::default(),
            frequent: Some(Box::default()),
            sketcher: sketched.then(|| Box::new(ColumnSketcher::new())),
        }
    }

    /// Takes a cell of row `row`, counted from 1.
    pub(super) fn cell(
        &mut self,
        row: u64,
        value: &Value<'_>,
        shape: &Shape<'_>,
        digest: Option<u128>,
        salt: u64,
    ) {
        if row != self.last_row {
            self.close_row();
            self.last_row = row;
        }
        let untyped = matches!(value, Value::Raw(_));
        if matches!(value, Value::Null) || matches!(shape, Shape::Null) && !matches!(value, Value::Text(_)) {
            self.nulls += 1;
            return;
        }
        if untyped && matches!(shape, Shape::Na) {
            self.votes.na += 1;
            return;
        }
        self.values += 1;
        self.last_values += 1;
        self.vote(value, shape);
        if let Some(digest) = digest {
            self.distinct.add(digest as u64);
            if let Some(sketcher) = &mut self.sketcher {
                sketcher.value(digest, shape, salt);
            }
        }
        match value {
            Value::Raw(text) | Value::Text(text) => {
                self.characters +=
                    if text.is_ascii() { text.len() as u64 } else { text.chars().count() as u64 };
                self.texts_measured += 1;
                self.count(text);
            }
            Value::Bool(_) | Value::Int(_) | Value::UInt(_) => {
                if let (Some(_), Some(text)) = (&self.frequent, value.text()) {
                    self.count(&text);
                }
            }
            _ => self.frequent = None,
        }
    }

    fn vote(&mut self, value: &Value<'_>, shape: &Shape<'_>) {
        let typed_text = matches!(value, Value::Text(_));
        let votes = &mut self.votes;
        match (shape, value) {
            (Shape::Date(days), _) => {
                votes.dates += 1;
                self.times.add(f64::from(*days) * MICROS_A_DAY);
            }
            (Shape::Timestamp(micros), _) => {
                votes.times += 1;
                self.times.add(*micros as f64);
            }
            (_, Value::Text(_)) => {
                votes.texts += 1;
                votes.typed_texts += 1;
            }
            (_, Value::Bytes(_)) => votes.bytes += 1,
            (Shape::Bool(_), _) => votes.bools += 1,
            (Shape::Infinite(_), _) => votes.floats += 1,
            (Shape::Number(number), _) => {
                if let Value::Raw(text) = value
                    && is_key(text, number)
                {
                    votes.texts += 1;
                    votes.codes += 1;
                } else if number.fits_i64() || matches!(value, Value::UInt(_)) {
                    votes.ints += 1;
                } else {
                    votes.floats += 1;
                }
                self.numbers.add(number.value);
                self.quantiles.get_or_insert_default().add(number.value);
            }
            // Decimals beyond what a shape holds.
            (_, Value::Decimal(_)) => votes.floats += 1,
            (Shape::Padded(_), _) => {
                votes.texts += 1;
                votes.codes += 1;
            }
            (Shape::Text(text), _) => {
                votes.texts += 1;
                votes.codes += u64::from(is_code(text));
            }
            _ => votes.texts += 1,
        }
        if typed_text && !matches!(shape, Shape::Date(_) | Shape::Timestamp(_)) {
            self.times = Moments::default();
        }
    }

    /// Counts a value among the frequent ones, as long as that is worth it.
    fn count(&mut self, text: &str) {
        let Some(frequent) = &mut self.frequent else { return };
        frequent.add(text);
        // Inexact counts are of no use: only features of few values ever show them (see `withhold`).
        let mostly_different =
            self.values == FREQUENT_TRIAL_VALUES && self.distinct.estimate() > FREQUENT_TRIAL_VALUES / 4;
        if mostly_different || !frequent.is_exact() {
            self.frequent = None;
        }
    }

    fn close_row(&mut self) {
        if self.last_row == 0 {
            return;
        }
        self.rows_present += u64::from(self.last_values > 0);
        self.valency = (self.valency.0.min(self.last_values), self.valency.1.max(self.last_values));
        self.last_values = 0;
    }

    pub(super) fn finish(mut self, rows: u64, key: &SketchKey) -> (FeatureStatistics, Option<ColumnSketch>) {
        self.close_row();
        let (kind, mistyped) = match self.declared.take() {
            Some(declared) if declared != FeatureType::Unknown => {
                let mistyped = self.values - self.votes.fitting(&declared).min(self.values);
                (declared, mistyped)
            }
            _ => self.votes.decide(self.values),
        };
        let na_is_text = matches!(kind, FeatureType::String);
        let na = self.votes.na;
        self.values += if na_is_text { na } else { 0 };
        self.nulls += if na_is_text { 0 } else { na };
        if na_is_text && na > 0 {
            // Not followed row by row: whether `NA` is text is known only now.
            self.rows_present = (self.rows_present + na).min(rows);
            self.distinct.add(u64::MAX);
            self.characters += 2 * na;
            self.texts_measured += na;
            self.valency.1 = self.valency.1.max(1);
        }
        let lowest =
            if self.rows_present < rows { 0 } else { self.valency.0.max(u64::from(na_is_text && na > 0)) };
        let sketcher = self.sketcher.take();
        let mut statistics = FeatureStatistics {
            path: self.path,
            values: self.values,
            nulls: self.nulls,
            rows_present: self.rows_present,
            valency: (if rows == 0 { 0 } else { lowest }, self.valency.1),
            mistyped,
            distinct: self.distinct.estimate().min(self.values),
            mean_length: ratio(self.characters, self.texts_measured),
            withheld: false,
            min: None,
            max: None,
            mean: None,
            deviation: None,
            quantiles: Vec::new(),
            top: self.frequent.map_or_else(Vec::new, |frequent| frequent.top(TOP_VALUES)),
            kind,
        };
        let unit = if statistics.kind == FeatureType::Date { MICROS_A_DAY } else { 1.0 };
        match statistics.kind {
            FeatureType::Int | FeatureType::Float if self.numbers.count > 0 => {
                statistics.min = Some(self.numbers.min);
                statistics.max = Some(self.numbers.max);
                statistics.mean = Some(self.numbers.mean);
                statistics.deviation = Some(self.numbers.deviation());
                statistics.quantiles = self.quantiles.map_or_else(Vec::new, |mut sketch| sketch.at(&RANKS));
            }
            FeatureType::Date | FeatureType::Timestamp if self.times.count > 0 => {
                statistics.min = Some(self.times.min / unit);
                statistics.max = Some(self.times.max / unit);
            }
            _ => {}
        }
        let FeatureStatistics { values, distinct, .. } = statistics;
        let seal =
            |sketcher: Box<ColumnSketcher>| sketcher.seal(key, statistics.path.to_string(), values, distinct);
        let sketch = sketcher.map(seal);
        (statistics, sketch)
    }
}

impl Votes {
    /// The type that the values agree on, and how many of them do not fit it.
    fn decide(&self, values: u64) -> (FeatureType, u64) {
        if values == 0 {
            return (if self.na > 0 { FeatureType::String } else { FeatureType::Unknown }, 0);
        }
        let number = if self.floats > 0 { FeatureType::Float } else { FeatureType::Int };
        let time = if self.times > 0 { FeatureType::Timestamp } else { FeatureType::Date };
        let candidates = [
            (self.bools, FeatureType::Bool),
            (self.ints + self.floats, number),
            (self.dates + self.times, time),
            (self.bytes, FeatureType::Bytes),
        ];
        let (votes, kind) = candidates.into_iter().max_by_key(|(votes, _)| *votes).expect("there are four");
        let is_number = matches!(kind, FeatureType::Int | FeatureType::Float);
        // A format that tells strings from numbers means its strings, but writes dates as text.
        let decided = self.typed_texts > 0 || is_number && self.codes > 0;
        if votes == values || !decided && votes as f64 >= values as f64 * AGREEING_SHARE {
            (kind, values - votes)
        } else {
            (FeatureType::String, 0)
        }
    }

    /// How many values fit a declared type.
    fn fitting(&self, declared: &FeatureType) -> u64 {
        match declared {
            FeatureType::Bool => self.bools,
            FeatureType::Int => self.ints,
            FeatureType::Float => self.ints + self.floats,
            FeatureType::Date => self.dates,
            FeatureType::Timestamp => self.dates + self.times,
            _ => u64::MAX,
        }
    }
}

/// Whether what reads as a number is a key: twenty digits, or digits around an `e` (`3e98`), which a program that writes
/// a quantity of that size gives a point or a sign (`3e+98`).
fn is_key(text: &str, number: &Number) -> bool {
    let bare = || number.value.abs() >= 1e15 && !text.contains(['.', '+']);
    if number.integer { !number.fits_i64() } else { bare() }
}

/// Whether a text that is no number looks like a code beside numbers that may be codes: `A12`, `X-9`, but not `unknown` or `5 kg`.
fn is_code(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && !text.contains(char::is_whitespace)
}

fn ratio(sum: u64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { sum as f64 / count as f64 }
}
