//! Words that count like numbers do: months, and codes of languages, countries and regions of the world.

/// Names of months and their usual short forms in the languages of most lakes that we have seen: English, German,
/// French, Spanish, Italian, Portuguese, Dutch, with and without their accents.
const MONTHS: &str = "jan january januar janvier janv enero ene gennaio gen janeiro januari \
    feb february februar fevrier février fevr févr febrero febbraio fevereiro fev februari \
    mar march märz maerz mrz mär mars marzo março marco maart mrt \
    apr april avril avr abril abr aprile \
    may mai mayo maggio mag maio mei \
    jun june juni juin junio giugno giu junho \
    jul july juli juillet juil julio luglio lug julho \
    aug august août aout agosto ago augustus \
    sep sept september septembre septiembre settembre set setembro \
    oct october okt oktober octobre octubre ottobre ott outubro out \
    nov november novembre noviembre novembro \
    dec december dez dezember déc décembre decembre dic diciembre dicembre dezembro";

/// Codes of languages (ISO 639-1).
const LANGUAGES: &str = "af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id \
    is it ja ka kk km kn ko lo lt lv mk ml mn mr ms my nb ne nl no pa pl pt ro ru si sk sl sq sr sv sw ta te th tl \
    tr uk ur uz vi zh zu";

/// Codes of countries (ISO 3166-1) beyond those that are a language's too.
const COUNTRIES: &str = "ae at au br ch cl cn co cz dk ec eg gb gr hk ie il in jp ke kr kw lu ma mx ng nz pe ph pk \
    qa rs sa se sg sn tn tw ua us uy ve vn za";

/// Short names of the world's regions.
const REGIONS: &str = "apac emea amer latam anz mena dach benelux nordics row";

fn is_among(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|known| known == word)
}

/// Whether a word in lower case is the name of a month.
pub(super) fn is_month(word: &str) -> bool {
    is_among(MONTHS, word)
}

/// Whether a word in lower case is the code of a language.
pub(super) fn is_language(word: &str) -> bool {
    is_among(LANGUAGES, word)
}

/// Whether a word in lower case is the code of a language, a country or a region of the world.
pub(super) fn is_place(word: &str) -> bool {
    match word.len() {
        2 => is_language(word) || is_among(COUNTRIES, word),
        3..=7 => is_among(REGIONS, word),
        _ => false,
    }
}
