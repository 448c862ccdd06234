//! Word lists of names: given names and surnames of some eighty locales (see `data/NOTICE.txt`), and the hand-written
//! lists of words that only look like names.

use std::collections::HashSet;
use std::sync::LazyLock;

type Words = LazyLock<HashSet<&'static str>>;

static GIVEN: Words = LazyLock::new(|| include_str!("../data/given.txt").split_ascii_whitespace().collect());
static SURNAME: Words =
    LazyLock::new(|| include_str!("../data/surname.txt").split_ascii_whitespace().collect());
static SURNAME_CJK: Words =
    LazyLock::new(|| include_str!("../data/surname_cjk.txt").split_ascii_whitespace().collect());
static COMMON: Words = LazyLock::new(|| COMMON_WORDS.split_ascii_whitespace().collect());

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
    major dean bishop pope abbot page reader writer editor author authors copyright license licence software contributors notice warranty foundation ship machine learning deep";

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

/// A lower-cased word, also without a possessive or an apostrophe inside.
fn has(words: &HashSet<&'static str>, word: &str) -> bool {
    if words.contains(word) {
        return true;
    }
    match word.split_once(['\'', '’']) {
        Some((head, tail)) => tail.len() > 1 && (words.contains(tail) || words.contains(head)),
        None => word.contains('-') && word.split('-').all(|part| part.len() <= 1 || words.contains(part)),
    }
}

pub(super) fn is_given(word: &str) -> bool {
    has(&GIVEN, word)
}

pub(super) fn is_surname(word: &str) -> bool {
    has(&SURNAME, word)
        || (word.len() > 4 && word.starts_with("mc") && has(&SURNAME, &word[2..]))
        || is_feminine(word)
}

/// Slavic surnames that women bear in a form of their own: Kowalska for Kowalski, Nováková for Novák, Петрова for Петров.
fn is_feminine(word: &str) -> bool {
    let adjective =
        word.strip_suffix('a').filter(|w| w.ends_with("sk") || w.ends_with("ck") || w.ends_with("dzk"));
    let possessive = word.strip_suffix("ová").or_else(|| word.strip_suffix('а')).filter(|w| w.len() > 3);
    adjective.is_some_and(|w| {
        SURNAME.contains(format!("{w}i").as_str()) || SURNAME.contains(format!("{w}y").as_str())
    }) || possessive.is_some_and(|w| SURNAME.contains(w))
}

pub(super) fn is_common(word: &str) -> bool {
    COMMON.contains(word)
}

pub(super) fn is_brand(two_words: &str) -> bool {
    BRANDS.contains(&two_words)
}

/// The length in bytes of the surname that a Han or Hangul name begins with.
pub(super) fn cjk_surname(name: &str) -> Option<usize> {
    let ends = name.char_indices().map(|(i, c)| i + c.len_utf8());
    ends.take(3).filter(|end| SURNAME_CJK.contains(&name[..*end])).last()
}
