//! Recognisers of personal data: the table, its types and the map of the folder.
//!
//! Everything here is pure: text in, spans, verdicts or normal forms out. Each recogniser is one file and one row of
//! [`RECOGNISERS`]. `scan` runs the whole table over a text, `lookup` finds one identifier again, `column` weighs a
//! feature, `key` names the key columns. What becomes of a finding (digest, record, index) is for `stage` to say.

mod address;
mod card;
mod column;
mod crypto;
mod decode;
mod dob;
mod email;
mod geo;
mod header;
mod hits;
mod iban;
mod imei;
mod ip;
mod key;
mod known;
mod lookup;
mod mac;
mod name;
mod national_id;
mod outline;
mod passport;
mod phone;
mod scan;
mod secret;
mod text;
mod username;

#[cfg(test)]
mod tests;

pub use column::{ColumnFacts, ColumnTally, Shape, Verdict};
pub use hits::Hits;
pub use key::{is_key_name, key_name};
pub use known::Known;
pub use lookup::{
    each_normal_form, identifiers, index_form, matches, normal_forms, normalise, normalise_key,
};
pub use national_id::{is_of_scheme, national_schemes};
pub use outline::Outline;
pub use phone::set_default_regions;
pub use scan::{recognise, recognise_and_identify, recognise_one};

/// One kind of identifier or of personal data.
pub struct Recogniser {
    /// The usual infoType name, such as `EMAIL_ADDRESS`.
    pub kind: &'static str,
    /// What people type in `--id`, such as `email`.
    pub id_name: &'static str,
    /// Whether one value can name one person, so that it goes into the subject index.
    pub identifies: bool,
    /// Gives the spans in free text that are worth a finding, and, if the kind identifies, every candidate with its
    /// normal forms; linear time, never panics. Candidates are wider than spans on purpose: index and lookup both read
    /// them, so a value that lookup confirms has always been indexed, whatever the context made of its confidence.
    pub find: fn(&Outline<'_>, &mut Hits<'_>),
    /// Gives the canonical spelling of a value, or `None` when the value has not this form.
    pub normalise: fn(&str) -> Option<String>,
    /// Judges a whole column by its header and the shares of its cells.
    pub column: fn(&ColumnFacts<'_>) -> Option<f32>,
}

/// A place in a text that holds personal data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The recogniser's kind.
    pub kind: &'static str,
    /// What it is more exactly, such as `DE_STEUER_ID`.
    pub subtype: Option<&'static str>,
    /// From 0 to 1; nothing under 0.5 is reported.
    pub confidence: f32,
}

/// All recognisers, in the order in which ties are won.
pub static RECOGNISERS: &[&Recogniser] = &[
    &email::RECOGNISER,
    &iban::RECOGNISER,
    &crypto::RECOGNISER,
    &secret::RECOGNISER,
    &card::RECOGNISER,
    &imei::RECOGNISER,
    &national_id::RECOGNISER,
    &passport::RECOGNISER,
    &mac::RECOGNISER,
    &ip::RECOGNISER,
    &geo::RECOGNISER,
    &dob::RECOGNISER,
    &phone::RECOGNISER,
    &address::RECOGNISER,
    &name::RECOGNISER,
    &username::RECOGNISER,
];

/// Finds a recogniser by its kind or by the name that people type.
pub fn by_kind(kind_or_id_name: &str) -> Option<&'static Recogniser> {
    let wanted = kind_or_id_name.trim();
    RECOGNISERS
        .iter()
        .find(|r| r.kind.eq_ignore_ascii_case(wanted) || r.id_name.eq_ignore_ascii_case(wanted))
        .copied()
}
