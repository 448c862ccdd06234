//! Weighs a whole column: counts its cells as they stream by, then asks each recogniser for a verdict.
//! Holds counts and a few bits of hashes, never a value.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::national_id::schemes::SCHEMES;
use super::{Span, address, dob, header, name, national_id, passport, recognisers, username};

/// The shape of cells is read from this many non-empty cells, then from one in [`SAMPLE_STEP`].
const SAMPLE_FULL: u64 = 2048;
const SAMPLE_STEP: u64 = 32;
const DISTINCT_BITS: usize = 4096;
/// Longer cells are text, not values.
const CELL_BYTES_MAX: usize = 256;

/// What a column says about one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The recogniser's kind, or `FREE_TEXT_PII` for text that holds personal data here and there.
    pub kind: &'static str,
    /// From 0 to 1.
    pub confidence: f32,
    /// Cells seen.
    pub cells: u64,
    /// Cells that hold the kind.
    pub hits: u64,
    /// The reasons, without any value.
    pub why: String,
}

/// What a recogniser may know of a column.
pub struct ColumnFacts<'a> {
    /// The header in lower-case words.
    pub header_words: &'a [String],
    /// Cells seen.
    pub cells: u64,
    /// Cells that hold something.
    pub non_empty: u64,
    /// Cells that a span of this kind covers wholly.
    pub whole_cell_hits: u64,
    /// Cells that hold a span of this kind among other things.
    pub contained_hits: u64,
    /// Of the sampled cells, those that have the form of this kind.
    pub form_hits: u64,
    /// Counts over the sampled cells.
    pub shape: &'a Shape,
}

impl ColumnFacts<'_> {
    /// Share of the non-empty cells that a span covers wholly.
    pub fn whole_share(&self) -> f32 {
        share(self.whole_cell_hits, self.non_empty)
    }

    /// Share of the sampled cells that have the form of the kind, certain or not.
    pub fn form_share(&self) -> f32 {
        share(self.form_hits, self.shape.sampled)
    }

    /// Whether the header has one of the words; an entry of several words asks for them side by side.
    pub fn header_has(&self, words: &[&str]) -> bool {
        words.iter().any(|wanted| {
            let parts: Vec<&str> = wanted.split([' ', '-', '/', '.']).filter(|p| !p.is_empty()).collect();
            self.header_words.windows(parts.len().max(1)).any(|w| w.iter().zip(&parts).all(|(a, b)| a == b))
        })
    }
}

/// Counts over the sampled cells of a column.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Cells looked at.
    pub sampled: u64,
    /// Their characters.
    pub chars: u64,
    /// Cells of digits with punctuation of telephone numbers.
    pub punctuated: u64,
    /// Cells that are one decimal number with four decimals or more.
    pub decimal: u64,
    /// Cells that look like a person's name, and those that the dictionary confirms.
    pub name_like: u64,
    /// Of `name_like`, those with words known as names.
    pub name_known: u64,
    /// Cells of letters without a digit.
    pub worded: u64,
    /// Single words known as a given name or a surname.
    pub name_part: u64,
    /// Cells that look like a user name.
    pub username_like: u64,
    /// Cells that look like a postal address.
    pub address_like: u64,
    /// Cells that look like a passport number.
    pub passport_like: u64,
    /// Of `passport_like`, those that begin with letters.
    pub passport_lettered: u64,
    /// Cells that are a date without a time.
    pub dates: u64,
    /// Dates by decade, from 1900 on.
    pub decades: [u64; 16],
    /// Cells by national id scheme.
    pub scheme_hits: [u64; SCHEMES.len()],
    distinct: Box<[u64; DISTINCT_BITS / 64]>,
}

impl Shape {
    fn new() -> Self {
        Self {
            sampled: 0,
            chars: 0,
            punctuated: 0,
            decimal: 0,
            name_like: 0,
            name_known: 0,
            worded: 0,
            name_part: 0,
            username_like: 0,
            address_like: 0,
            passport_like: 0,
            passport_lettered: 0,
            dates: 0,
            decades: [0; 16],
            scheme_hits: [0; SCHEMES.len()],
            distinct: Box::new([0; DISTINCT_BITS / 64]),
        }
    }

    /// Share of sampled cells that a count makes up.
    pub fn share_of(&self, count: u64) -> f32 {
        share(count, self.sampled)
    }

    /// Share of cells of punctuated digits.
    pub fn punctuated_share(&self) -> f32 {
        self.share_of(self.punctuated)
    }

    /// Share of decimal numbers.
    pub fn decimal_share(&self) -> f32 {
        self.share_of(self.decimal)
    }

    /// Share of cells of letters without a digit.
    pub fn worded_share(&self) -> f32 {
        self.share_of(self.worded)
    }

    /// Average characters of a cell.
    pub fn chars_average(&self) -> f32 {
        share(self.chars, self.sampled)
    }

    /// Estimated share of distinct cells among the sampled (linear counting; saturates past some 15,000).
    pub fn distinct_share(&self) -> f32 {
        let set: u32 = self.distinct.iter().map(|w| w.count_ones()).sum();
        let clear = (DISTINCT_BITS as f32 - set as f32).max(1.0);
        let estimate = -(DISTINCT_BITS as f32) * (clear / DISTINCT_BITS as f32).ln();
        if self.sampled == 0 { 0.0 } else { (estimate / self.sampled as f32).min(1.0) }
    }

    /// The national number that most cells fit; of several the one that chance explains least.
    fn likeliest_scheme(&self) -> Option<(&'static str, u64)> {
        let rarity = |i: &usize| self.scheme_hits[*i] as f32 * (1.0 - SCHEMES[*i].chance);
        let best = (0..SCHEMES.len()).max_by(|a, b| rarity(a).total_cmp(&rarity(b)))?;
        (self.scheme_hits[best] > 0).then(|| (SCHEMES[best].subtype, self.scheme_hits[best]))
    }

    fn look(&mut self, cell: &str) {
        self.sampled += 1;
        self.chars += cell.chars().count() as u64;
        let mut hasher = DefaultHasher::new();
        cell.hash(&mut hasher);
        let bit = hasher.finish() as usize % DISTINCT_BITS;
        self.distinct[bit / 64] |= 1 << (bit % 64);
        if cell.len() > CELL_BYTES_MAX {
            return;
        }
        let digits = cell.bytes().filter(u8::is_ascii_digit).count();
        if digits > 0 {
            self.look_at_digits(cell, digits);
        } else {
            self.worded += u64::from(cell.chars().any(char::is_alphabetic));
            match name::cell(cell) {
                name::Cell::Full { known } => {
                    self.name_like += 1;
                    self.name_known += u64::from(known);
                }
                name::Cell::Part => self.name_part += 1,
                name::Cell::Other => {}
            }
        }
        self.username_like += u64::from(username::is_like(cell));
        self.address_like += u64::from(address::is_like(cell));
    }

    fn look_at_digits(&mut self, cell: &str, digits: usize) {
        let bytes = cell.as_bytes();
        let telephonic = digits >= 7 && bytes.iter().all(|b| b.is_ascii_digit() || b" +()-./".contains(b));
        self.punctuated += u64::from(telephonic && digits < bytes.len());
        let decimals = cell.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        self.decimal += u64::from(decimals >= 4 && cell.parse::<f64>().is_ok());
        self.passport_like += u64::from(passport::is_like(cell));
        self.passport_lettered += u64::from(passport::is_lettered(cell));
        if let Some(year) = dob::whole_date(cell) {
            self.dates += 1;
            self.decades[(year.saturating_sub(1900) / 10).min(15) as usize] += 1;
        }
        let fits = national_id::schemes_of(cell);
        for (i, hits) in self.scheme_hits.iter_mut().enumerate() {
            *hits += (fits >> i & 1) as u64;
        }
    }
}

fn share(part: u64, whole: u64) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

/// Tallies the cells of one feature as they stream by.
pub struct ColumnTally {
    header_words: Vec<String>,
    cells: u64,
    non_empty: u64,
    whole: Vec<u64>,
    contained: Vec<u64>,
    form: Vec<u64>,
    /// Cells of several words that hold any span.
    worded_hits: u64,
    shape: Shape,
}

impl ColumnTally {
    /// Begins a column.
    pub fn new(header: &str) -> Self {
        let none = vec![0; recognisers().len()];
        Self {
            header_words: header::words(header),
            cells: 0,
            non_empty: 0,
            whole: none.clone(),
            contained: none.clone(),
            form: none,
            worded_hits: 0,
            shape: Shape::new(),
        }
    }

    /// Counts one cell; `spans` are what `recognise` gave for its text.
    pub fn cell(&mut self, text: &str, spans: &[Span]) {
        self.cells += 1;
        let cell = text.trim();
        if is_empty(cell) {
            return;
        }
        self.non_empty += 1;
        let start = text.len() - text.trim_start().len();
        let mut inside = false;
        for (i, recogniser) in recognisers().iter().enumerate().filter(|_| !spans.is_empty()) {
            let mut of_kind = spans.iter().filter(|s| s.kind == recogniser.kind).peekable();
            if of_kind.peek().is_none() {
                continue;
            }
            let whole = of_kind.any(|s| s.start <= start && s.end >= start + cell.len());
            let counts = if whole { &mut self.whole } else { &mut self.contained };
            counts[i] += 1;
            inside |= !whole;
        }
        self.worded_hits += u64::from(inside && cell.split_whitespace().nth(3).is_some());
        if self.non_empty <= SAMPLE_FULL || self.non_empty.is_multiple_of(SAMPLE_STEP) {
            self.shape.look(cell);
            if cell.len() <= CELL_BYTES_MAX {
                for (i, recogniser) in recognisers().iter().enumerate() {
                    self.form[i] += u64::from((recogniser.normalise)(cell).is_some());
                }
            }
        }
    }

    /// Judges the column, the most confident kind first.
    pub fn verdicts(&self) -> Vec<Verdict> {
        let mut verdicts: Vec<Verdict> = (0..recognisers().len()).filter_map(|i| self.verdict(i)).collect();
        verdicts.extend(self.free_text());
        verdicts.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        verdicts
    }

    fn verdict(&self, i: usize) -> Option<Verdict> {
        let recogniser = recognisers()[i];
        let facts = ColumnFacts {
            header_words: &self.header_words,
            cells: self.cells,
            non_empty: self.non_empty,
            whole_cell_hits: self.whole[i],
            contained_hits: self.contained[i],
            form_hits: self.form[i],
            shape: &self.shape,
        };
        let confidence = (recogniser.column)(&facts).map(|c| c.clamp(0.0, 0.99)).filter(|c| *c >= 0.5);
        let scattered = self.contained[i] > 0 && share(self.contained[i], self.non_empty) >= 0.02;
        let hits = self.whole[i] + self.contained[i];
        let unnamed = (recogniser.column)(&ColumnFacts { header_words: &[], ..facts });
        let named = confidence.is_some_and(|c| unnamed.is_none_or(|without| without < c - 0.01));
        let mut why = format!(
            "{} of {} cells hold it whole, {} in part; {:.0} % of {} sampled have its form",
            self.whole[i],
            self.non_empty,
            self.contained[i],
            facts.form_share() * 100.0,
            self.shape.sampled,
        );
        if recogniser.kind == "NATIONAL_ID"
            && let Some((scheme, fits)) = self.shape.likeliest_scheme()
        {
            why.push_str(&format!("; {fits} fit {scheme}"));
        }
        why.push_str(if named { "; the column is named like it" } else { "" });
        let confidence = confidence.or_else(|| scattered.then_some(0.55))?;
        Some(Verdict { kind: recogniser.kind, confidence, cells: self.cells, hits, why })
    }

    /// Notes, messages and the like: cells of several words, some of which hold personal data.
    fn free_text(&self) -> Option<Verdict> {
        let wordy = self.shape.chars_average() >= 12.0;
        let enough = self.worded_hits >= 1 && share(self.worded_hits, self.non_empty) >= 0.02;
        let whole = self.whole.iter().max().copied().unwrap_or_default();
        let confidence = 0.7 + 0.25 * share(self.worded_hits, self.non_empty);
        (wordy && enough && whole < self.worded_hits.max(self.non_empty / 3)).then(|| Verdict {
            kind: "FREE_TEXT_PII",
            confidence,
            cells: self.cells,
            hits: self.worded_hits,
            why: format!(
                "{} of {} cells are text that holds personal data",
                self.worded_hits, self.non_empty
            ),
        })
    }
}

/// What stands for nothing in exports.
fn is_empty(cell: &str) -> bool {
    cell.is_empty()
        || (cell.len() <= 7
            && [
                "null", "none", "nil", "n/a", "na", "nan", "-", "--", "?", ".", "\\n", "unknown", "(null)",
                "#n/a",
            ]
            .iter()
            .any(|n| cell.eq_ignore_ascii_case(n)))
}
