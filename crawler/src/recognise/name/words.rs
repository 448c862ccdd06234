//! Word lists of names: given names and surnames of some eighty locales (see `data/NOTICE.txt`), and the hand-written
//! lists of words that only look like names.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use super::super::text::{Fnv, WordSet};
use super::cues::FIRM_AFTER;

const GIVEN: u8 = 1;
const SURNAME: u8 = 2;
const COMMON: u8 = 4;
const FIRM: u8 = 8;
const BRAND: u8 = 16;

/// Every word of the lists, with the lists that it is on.
static WORDS: LazyLock<HashMap<&'static str, u8, BuildHasherDefault<Fnv>>> = LazyLock::new(|| {
    let lists = [
        (GIVEN, include_str!("../data/given.txt")),
        (SURNAME, include_str!("../data/surname.txt")),
        (COMMON, COMMON_WORDS),
    ];
    let mut words: HashMap<&'static str, u8, _> = HashMap::default();
    for (list, text) in lists {
        text.split_ascii_whitespace().for_each(|word| *words.entry(word).or_default() |= list);
    }
    let firms = FIRM_AFTER.iter().map(|ending| ending.trim_matches([' ', '.']));
    firms.for_each(|word| *words.entry(word).or_default() |= FIRM);
    let brands = BRANDS.iter().map(|brand| brand.split(' ').next().unwrap_or_default());
    brands.for_each(|word| *words.entry(word).or_default() |= BRAND);
    words
});
static SURNAME_CJK: LazyLock<WordSet> =
    LazyLock::new(|| include_str!("../data/surname_cjk.txt").split_ascii_whitespace().collect());

/// Words that often open a sentence or a title and are names in some country only.
const COMMON_WORDS: &str = "the a an and or but if in on at to of for from by with as is are was were be been this that these those it its he she they \
    we you i my your our his her their not no yes please thanks thank hi hello hey dear regards best kind sincerely cheers team all any new old see \
    can could will would should may might must do does did done have has had get got let make made take use used set put call called customer client \
    user account order invoice payment ticket note notes email mail phone address name date time day week month year today tomorrow monday tuesday \
    wednesday thursday friday saturday sunday january february march april june july august september october november december page price \
    case story long short young small large big good bad great high low north south east west upper lower lake port fort \
    mount river hill park street road avenue lane court square house home office store shop bank church school university college hospital hotel \
    company group inc ltd llc corp gmbh plc sons brothers partners associates holdings international national global general central united states \
    kingdom america england germany france spain italy poland india china japan korea brazil mexico canada australia london paris berlin madrid rome \
    vienna dublin austin houston dallas boston chicago denver phoenix florence chelsea georgia virginia carolina dakota jersey york washington \
    release version build model product item part series edition report status data table file system server service test error info warn warning debug \
    contact sender receiver attn subject re fwd cc bcc date sent address street city state zip country passport card iban number total amount \
    pt mr mrs ms miss dr prof sir madam lord lady frau herr herrn señor señora monsieur madame signor signora pan pani hx bp dob id ip ref \
    guten tag hallo hola bonjour buongiorno goedemiddag hej hei merhaba olá bom dia bună ziua dzień dobry dobrý den mit freundlichen grüßen \
    cordialement bitte merci gracias saludos atentamente distinti saluti med vänliga hälsningar konto kontakt adres adresse pedido livraison \
    lieferung bestellung enviar skicka stuur spedire domicilio del cliente atendido por je jag jeg ich soy sono suis sunt olen ben ik heter \
    insert select update delete values into get post put export curl http https agent mozilla security social insurance identity holder \
    black white green red blue brown gold silver summer winter spring king queen prince duke star sun moon sky love \
    major dean bishop pope abbot page reader writer editor author authors copyright license licence software contributors notice warranty foundation ship machine learning deep en run code add rust remove create delete move copy multiple simultaneously \
    ce cette ces le la les un une des du der die das ein eine";

/// Brands that are spelt like a given name and a surname.
#[rustfmt::skip]
const BRANDS: &[&str] = &[
    "calvin klein", "ralph lauren", "tommy hilfiger", "hugo boss", "louis vuitton", "michael kors",
    "marc jacobs", "kate spade", "jimmy choo", "giorgio armani", "emporio armani", "paul smith",
    "ted baker", "karen millen", "laura ashley", "tom ford", "stella mccartney", "johnnie walker",
    "jack daniel", "jack daniels", "jim beam", "harley davidson", "aston martin", "rolls royce",
    "alfa romeo", "mary kay", "estee lauder", "elizabeth arden", "yves rocher", "yves saint",
    "christian dior", "pierre cardin", "jean paul", "dolce gabbana", "perry ellis", "kenneth cole",
    "eddie bauer", "abercrombie fitch", "bobbi brown", "wells fargo", "morgan stanley", "jp morgan",
    "charles schwab", "goldman sachs", "john deere", "ben jerry", "rolls-royce", "aunt jemima",
    "uncle ben", "betty crocker", "sara lee", "marie curie", "san francisco", "san diego", "san jose",
    "santa monica", "santa fe", "los angeles", "las vegas", "victoria beckham", "saint laurent",
    "daniel wellington", "fred perry", "carolina herrera", "jean paul gaultier",
];

/// What the lists say of a word.
pub(super) struct Known {
    pub given: bool,
    pub surname: bool,
    pub common: bool,
    /// What firms, places and things are called by.
    pub firm: bool,
    /// A brand begins with it.
    pub brand: bool,
}

/// Looks a lower-cased word up, also without a possessive or an apostrophe inside.
pub(super) fn look_up(word: &str) -> Known {
    let plain = lists_of(word);
    let parted = word.bytes().any(|b| matches!(b, b'\'' | b'-') || b == 0xE2);
    let has = |list: u8| plain & list != 0 || (parted && has_parts(word, list));
    let surname = has(SURNAME)
        || (word.len() > 4 && word.starts_with("mc") && lists_of(&word[2..]) & SURNAME != 0)
        || is_feminine(word);
    Known {
        given: has(GIVEN),
        surname,
        common: plain & COMMON != 0,
        firm: plain & FIRM != 0,
        brand: plain & BRAND != 0,
    }
}

fn lists_of(word: &str) -> u8 {
    WORDS.get(word).copied().unwrap_or(0)
}

fn has_parts(word: &str, list: u8) -> bool {
    let on = |part: &str| lists_of(part) & list != 0;
    match word.split_once(['\'', '’']) {
        Some((head, tail)) => tail.len() > 1 && (on(tail) || on(head)),
        None => word.contains('-') && word.split('-').all(|part| part.len() <= 1 || on(part)),
    }
}

/// Slavic surnames that women bear in a form of their own: Kowalska for Kowalski, Nováková for Novák, Петрова for Петров.
fn is_feminine(word: &str) -> bool {
    let surname = |word: &str| lists_of(word) & SURNAME != 0;
    if let Some(stem) = word.strip_suffix("ka").filter(|w| w.ends_with(['s', 'c']) || w.ends_with("dz")) {
        return surname(&format!("{stem}ki")) || surname(&format!("{stem}ky"));
    }
    let possessive = word.strip_suffix("ová").or_else(|| word.strip_suffix('а')).filter(|w| w.len() > 3);
    possessive.is_some_and(surname)
}

/// Whether two words, one behind the other, are a brand.
pub(super) fn is_brand(first: &str, second: &str) -> bool {
    BRANDS.iter().any(|brand| {
        brand.len() == first.len() + 1 + second.len()
            && brand
                .split_once(' ')
                .is_some_and(|(a, b)| a.eq_ignore_ascii_case(first) && b.eq_ignore_ascii_case(second))
    })
}

/// The length in bytes of the surname that a Han or Hangul name begins with.
pub(super) fn cjk_surname(name: &str) -> Option<usize> {
    let ends = name.char_indices().map(|(i, c)| i + c.len_utf8());
    ends.take(3).filter(|end| SURNAME_CJK.contains(&name[..*end])).last()
}
