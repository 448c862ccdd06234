//! Numbering plans: which digits are a number of which country, from libphonenumber's metadata.
//!
//! The crate `phonenumber` parses with a shared, locked cache of patterns; here its metadata is compiled once into one
//! automaton a country calling code and one for all default regions, so that a candidate costs one or two matches.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{LazyLock, OnceLock};

use phonenumber::metadata::DATABASE;
use regex::{Regex, RegexBuilder};
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};

/// Regions in which a number without a country code is read unless the configuration says otherwise.
#[rustfmt::skip]
const DEFAULT_REGIONS: &[&str] = &[
    "US", "GB", "DE", "FR", "ES", "IT", "NL", "BE", "AT", "CH", "PL", "SE", "DK", "NO", "FI", "PT", "IE",
    "CZ", "SK", "HU", "RO", "BG", "GR", "HR", "TR", "RU", "UA", "IN", "CN", "JP", "KR", "BR", "MX", "AU",
    "NZ", "ZA", "IL", "SG",
];

/// Regions where people often leave the trunk prefix out, or where mobile numbers have none.
const TRUNK_OPTIONAL: &[&str] = &["US", "CN", "IN", "BR", "TR", "RU", "MX", "AR", "CO", "UA", "KR"];

const AUTOMATON_BYTES_MAX: usize = 16 << 20;

static CHOSEN: OnceLock<Vec<String>> = OnceLock::new();

/// Sets the regions (ISO 3166 codes) in which a number without a country code is read. Holds for the whole process
/// and only before the first number is read, since index and lookup must read alike; gives whether it took effect.
pub fn set_default_regions(regions: Vec<String>) -> bool {
    CHOSEN.set(regions.into_iter().map(|r| r.to_ascii_uppercase()).collect()).is_ok()
}

/// The regions in which a number without a country code is read.
pub(in crate::recognise) fn regions() -> &'static [String] {
    CHOSEN.get_or_init(|| DEFAULT_REGIONS.iter().map(|r| (*r).to_owned()).collect())
}

struct Region {
    code: u16,
    trunk: String,
    trunk_optional: bool,
}

struct National {
    regions: Vec<Region>,
    automaton: Automaton,
    /// The different trunk prefixes, each once.
    trunks: Vec<String>,
}

static NATIONAL: LazyLock<National> = LazyLock::new(|| {
    let chosen = self::regions();
    let (mut regions, mut patterns, mut trunks) = (Vec::new(), Vec::new(), Vec::new());
    for id in chosen {
        let Some(meta) = DATABASE.by_id(id.as_str()) else { continue };
        let trunk = meta.national_prefix().unwrap_or_default().to_owned();
        if !trunk.is_empty() && !trunks.contains(&trunk) {
            trunks.push(trunk.clone());
        }
        let trunk_optional = trunk.is_empty() || TRUNK_OPTIONAL.contains(&id.as_str());
        regions.push(Region { code: meta.country_code(), trunk, trunk_optional });
        patterns.push(valid_pattern(meta));
    }
    National { regions, automaton: Automaton::new(&patterns), trunks }
});

/// All regions' patterns in one automaton, so that a number is read once whatever their count.
struct Automaton(dense::DFA<Vec<u32>>);

impl Automaton {
    fn new(patterns: &[String]) -> Self {
        let built = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .match_kind(MatchKind::All)
                    .start_kind(StartKind::Anchored)
                    .dfa_size_limit(Some(AUTOMATON_BYTES_MAX))
                    .determinize_size_limit(Some(AUTOMATON_BYTES_MAX)),
            )
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .build_many(patterns);
        Self(built.expect("libphonenumber's patterns are regular and small"))
    }

    /// The places of the patterns that the whole number is of.
    fn matches(&self, digits: &str) -> impl Iterator<Item = usize> + '_ {
        let whole = Input::new("").anchored(Anchored::Yes);
        let mut state = self.0.start_state_forward(&whole).expect("no byte makes this automaton give up");
        for digit in digits.bytes() {
            state = self.0.next_state(state, digit);
            if self.0.is_dead_state(state) {
                break;
            }
        }
        state = self.0.next_eoi_state(state);
        let count = if self.0.is_match_state(state) { self.0.match_len(state) } else { 0 };
        (0..count).map(move |i| self.0.match_pattern(state, i).as_usize())
    }
}

/// One pattern a calling code, compiled when first met.
static INTERNATIONAL: LazyLock<Vec<OnceLock<Option<Regex>>>> =
    LazyLock::new(|| (0..1000).map(|_| OnceLock::new()).collect());

/// What a valid national number of a region looks like: the union over the kinds of service, which is narrower than
/// the general pattern.
fn valid_pattern(meta: &phonenumber::Metadata) -> String {
    let descriptors = meta.descriptors();
    let kinds = [
        descriptors.fixed_line(),
        descriptors.mobile(),
        descriptors.toll_free(),
        descriptors.premium_rate(),
        descriptors.shared_cost(),
        descriptors.personal_number(),
        descriptors.voip(),
        descriptors.pager(),
        descriptors.uan(),
    ];
    let patterns: Vec<&str> = kinds.iter().flatten().map(|d| d.national_number().as_str()).collect();
    let strip = |p: &str| p.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    format!("^(?:{})$", patterns.iter().map(|p| strip(p)).collect::<Vec<_>>().join("|"))
}

fn pattern_of_code(code: u16) -> Option<&'static Regex> {
    INTERNATIONAL
        .get(usize::from(code))?
        .get_or_init(|| {
            let metas = DATABASE.by_code(&code)?;
            let patterns: Vec<String> = metas.iter().map(|m| valid_pattern(m)).collect();
            RegexBuilder::new(&patterns.join("|")).size_limit(AUTOMATON_BYTES_MAX).unicode(false).build().ok()
        })
        .as_ref()
}

/// Numbers whose readings are remembered a thread; a power of two.
const REMEMBERED: usize = 64;

/// The readings of one number as it was written.
struct Remembered {
    digits: String,
    plus: bool,
    readings: Rc<[String]>,
}

thread_local! {
    /// Finding, judging and indexing a number ask for its readings one after the other; all but the first are answered from here.
    static MEMORY: RefCell<Vec<Option<Remembered>>> = RefCell::new((0..REMEMBERED).map(|_| None).collect());
}

/// Every E.164 form that the digits may stand for; none if they can be no telephone number.
pub(super) fn readings(digits: &str, plus: bool) -> Rc<[String]> {
    let hash =
        digits.bytes().fold(usize::from(plus), |hash, digit| hash.wrapping_mul(31) + usize::from(digit));
    let place = (hash ^ (hash >> 7)) % REMEMBERED;
    let known = MEMORY.with_borrow(|memory| {
        let met = memory[place].as_ref().filter(|met| met.plus == plus && met.digits == digits);
        met.map(|met| Rc::clone(&met.readings))
    });
    known.unwrap_or_else(|| {
        let mut all = Vec::new();
        each_reading(digits, plus, &mut |e164| all.push(e164.to_owned()));
        let readings: Rc<[String]> = all.into();
        let met = Remembered { digits: digits.to_owned(), plus, readings: Rc::clone(&readings) };
        MEMORY.with_borrow_mut(|memory| memory[place] = Some(met));
        readings
    })
}

/// Gives every E.164 form that the digits may stand for: with a plus or a double zero the country is written; without,
/// the country may be written bare (`49301234567`, as columns of integers have it) or be any default region.
fn each_reading(digits: &str, plus: bool, sink: &mut dyn FnMut(&str)) {
    if plus {
        if let Some(e164) = international(digits, true) {
            sink(&e164);
        }
        return;
    }
    if let Some(abroad) = digits.strip_prefix("00") {
        if let Some(e164) = international(abroad, false) {
            sink(&e164);
        }
        return;
    }
    let bare =
        if digits.len() >= 10 && !digits.starts_with('0') { international(digits, false) } else { None };
    if let Some(e164) = &bare {
        sink(e164);
    }
    national(digits, &mut |e164| {
        if bare.as_deref() != Some(e164) {
            sink(e164);
        }
    });
}

/// The digits of an E.164 number behind its calling code, which no other code begins with (ITU-T E.164 annex D).
pub(in crate::recognise) fn national_part(e164: &str) -> &str {
    let digits = e164.strip_prefix('+').unwrap_or(e164);
    let is_code = |length: &usize| {
        digits
            .get(..*length)
            .and_then(|code| code.parse::<u16>().ok())
            .is_some_and(|code| pattern_of_code(code).is_some())
    };
    (1..=3).find(is_code).map_or(digits, |length| &digits[length..])
}

fn international(digits: &str, lenient: bool) -> Option<String> {
    // No country's code begins with a zero.
    if digits.starts_with('0') {
        return None;
    }
    let code_length = (1..=3).find(|n| {
        digits.get(..*n).and_then(|c| c.parse::<u16>().ok()).is_some_and(|c| pattern_of_code(c).is_some())
    })?;
    let (code, number) = digits.split_at(code_length);
    let pattern = pattern_of_code(code.parse().ok()?)?;
    if pattern.is_match(number) {
        return Some(format!("+{digits}"));
    }
    // `+49 030 …`: a trunk zero that nobody dials from abroad.
    let untrunked = number.strip_prefix('0').filter(|n| pattern.is_match(n));
    if let Some(number) = untrunked {
        return Some(format!("+{code}{number}"));
    }
    // Behind a plus people mean a telephone number even when its plan is newer than our metadata.
    (lenient && (8..=15).contains(&digits.len())).then(|| format!("+{digits}"))
}

fn national(digits: &str, sink: &mut dyn FnMut(&str)) {
    if !(6..=13).contains(&digits.len()) {
        return;
    }
    let plans = &*NATIONAL;
    let mut give = |number: &str, region: &Region| {
        let e164 = format!("+{}{number}", region.code);
        sink(&e164);
    };
    for i in plans.automaton.matches(digits) {
        if plans.regions[i].trunk_optional {
            give(digits, &plans.regions[i]);
        }
    }
    for trunk in &plans.trunks {
        let Some(number) = digits.strip_prefix(trunk.as_str()) else { continue };
        for i in plans.automaton.matches(number) {
            if plans.regions[i].trunk == *trunk {
                give(number, &plans.regions[i]);
            }
        }
    }
}
