//! Recognisers of personal data: the table, its types and the map of the folder.
//!
//! Everything here is pure: text in, spans, verdicts or normal forms out. Each recogniser is one file and one row of
//! [`RECOGNISERS`]. `scan` runs the whole table over a text, `lookup` finds one identifier again, `column` weighs a
//! feature, `key` names the key columns. What becomes of a finding (digest, record, index) is for `stage` to say.

use std::sync::LazyLock;

mod account;
mod address;
mod announced;
mod bic;
mod card;
mod checksum;
mod column;
mod crypto;
mod declared;
mod decode;
mod device;
mod dob;
mod email;
mod geo;
mod header;
mod hits;
mod iban;
mod icd;
mod imei;
mod ip;
mod key;
mod known;
mod licence;
mod life;
mod lookup;
mod mac;
mod name;
mod national_id;
mod outline;
mod passport;
mod path;
mod phone;
mod place;
mod plate;
mod scan;
mod secret;
mod special;
mod text;
mod username;
mod vin;

#[cfg(test)]
mod tests;

pub use column::{ColumnFacts, ColumnTally, Shape, Verdict};
pub use declared::{DECLARED_MAX, Declaration, declare};
pub use hits::Hits;
pub use key::{is_key_name, key_name};
pub use known::Known;
pub use lookup::{
    KEY, each_normal_form, identifiers, index_form, matches, normal_forms, normalise, normalise_key,
};
pub use national_id::{is_of_scheme, national_schemes};
pub use outline::Outline;
pub use path::{hide_persons, hide_persons_but, name_readings, name_spellings};
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
    /// Words behind which a value stands that nothing else tells.
    pub announced: Option<announced::Announced>,
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
    &vin::RECOGNISER,
    &licence::RECOGNISER,
    &plate::RECOGNISER,
    &account::RECOGNISER,
    &bic::RECOGNISER,
    &device::ADVERTISING,
    &device::DEVICE,
    &device::COOKIE,
    &device::USER_AGENT,
    &icd::RECOGNISER,
    &special::HEALTH,
    &special::RELIGION,
    &special::POLITICS,
    &special::UNION,
    &special::ORIENTATION,
    &special::ETHNICITY,
    &life::AGE,
    &life::GENDER,
    &place::CITY,
    &place::COUNTRY,
    &place::POSTAL_CODE,
];

/// For kinds that only a word before them or a column tells.
fn no_find(_: &Outline<'_>, _: &mut Hits<'_>) {}

/// The built-in rows, and behind them the declared ones.
static ALL: LazyLock<Vec<&'static Recogniser>> =
    LazyLock::new(|| RECOGNISERS.iter().chain(declared::rows()).copied().collect());

/// All rows: built in or declared in the configuration.
pub fn recognisers() -> &'static [&'static Recogniser] {
    &ALL
}

/// Digest of everything that decides which identifiers are read out of a text, and in which form: what was indexed under
/// another one may lack identifiers that lookup would confirm.
pub fn fingerprint() -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    for row in recognisers().iter().filter(|row| row.identifies) {
        hasher.update(row.kind.as_bytes()).update(&[0]);
    }
    hasher.update(declared::wording().as_bytes());
    for region in phone::regions() {
        hasher.update(region.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// Whether a name is a kind of ours or what people type for one.
fn is_built_in(name: &str) -> bool {
    RECOGNISERS.iter().any(|r| r.kind.eq_ignore_ascii_case(name) || r.id_name.eq_ignore_ascii_case(name))
}

/// Finds a recogniser by its kind or by the name that people type.
pub fn by_kind(kind_or_id_name: &str) -> Option<&'static Recogniser> {
    let wanted = kind_or_id_name.trim();
    recognisers()
        .iter()
        .find(|r| r.kind.eq_ignore_ascii_case(wanted) || r.id_name.eq_ignore_ascii_case(wanted))
        .copied()
}
