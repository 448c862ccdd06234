//! How old a person is and of which sex. Neither tells a person by itself.

use std::sync::LazyLock;

use super::announced::{Announced, Value};
use super::text::{WordSet, clean_after, clean_before, lower};
use super::{ColumnFacts, Hits, Outline, Recogniser, Span, no_find};

pub(super) static AGE: Recogniser = Recogniser {
    kind: "AGE",
    id_name: "age",
    identifies: false,
    announced: Some(Announced { words: AGED, value: age_value }),
    find: find_age,
    normalise: |value| Some(value.trim()).filter(|value| is_age(value)).map(str::to_owned),
    column: age_column,
};

pub(super) static GENDER: Recogniser = Recogniser {
    kind: "GENDER",
    id_name: "gender",
    identifies: false,
    announced: None,
    find: no_find,
    normalise: |value| Some(lower(value.trim()).into_owned()).filter(|value| SEXES.contains(value.as_str())),
    column: gender_column,
};

const AGED: &[&str] = &[
    "aged",
    "patient age",
    "age",
    "alter",
    "im alter von",
    "âge",
    "âgé de",
    "âgée de",
    "edad",
    "età",
    "idade",
    "leeftijd",
];
/// What stands behind a number of years; the blank or dash before is skipped.
const YEARS: &[&str] = &[
    "years old",
    "year old",
    "year-old",
    "years-old",
    "yrs old",
    "y/o",
    "yo male",
    "yo female",
    "y.o.",
    "jahre alt",
    "ans",
    "años de edad",
    "anni di età",
    "jaar oud",
    "лет от роду",
];
#[rustfmt::skip]
const AGE_HEADERS: &[&str] = &[
    "age", "ages", "age years", "alter", "lebensalter", "âge", "edad", "età", "eta", "idade", "leeftijd", "wiek", "ålder", "alder", "ikä",
    "věk", "vek", "vârsta", "életkor", "возраст", "yaş", "年龄", "年齢", "나이",
];
#[rustfmt::skip]
const SEX_HEADERS: &[&str] = &[
    "sex", "gender", "gender code", "geschlecht", "sexe", "genre", "sexo", "género", "genero", "sesso", "genere", "gênero", "geslacht", "kön",
    "køn", "kjønn", "sukupuoli", "płeć", "plec", "pohlaví", "pohlavie", "nem", "пол", "cinsiyet", "性别", "性別", "성별", "anrede", "salutation",
];
/// Answers in the languages of the headers, small; the letters count under a header only.
#[rustfmt::skip]
const ANSWERS: &[&str] = &[
    "m", "f", "w", "d", "x", "h", "k", "n", "u", "male", "female", "man", "woman", "men", "women", "boy", "girl", "non-binary", "nonbinary", "diverse",
    "other", "unknown", "männlich", "weiblich", "divers", "mann", "frau", "herr", "homme", "femme", "masculin", "féminin", "hombre", "mujer",
    "masculino", "femenino", "feminino", "varón", "maschio", "femmina", "uomo", "donna", "vrouw", "kvinna", "kvinde", "kvinne", "mand", "nainen",
    "mies", "kobieta", "mężczyzna", "muž", "žena", "férfi", "nő", "мужской", "женский", "муж", "жен", "м", "ж", "erkek", "kadın", "男", "女", "男性", "女性",
    "남", "여", "남성", "여성", "transgender", "trans", "mr", "mrs", "ms", "mr.", "mrs.", "ms.", "miss",
];
static SEXES: LazyLock<WordSet> = LazyLock::new(|| ANSWERS.iter().copied().collect());

fn is_age(value: &str) -> bool {
    let number = value.strip_suffix(".0").unwrap_or(value);
    (1..=3).contains(&number.len()) && number.parse::<u8>().is_ok_and(|age| age <= 120)
}

/// `aged 45`, `Alter: 45`: no unit but years may follow.
fn age_value(text: &str, start: usize) -> Option<Value> {
    let digits = text[start..].bytes().take_while(u8::is_ascii_digit).count();
    let end = start + digits;
    let rest = text[end..].trim_start();
    let ends = rest.is_empty()
        || rest.starts_with([',', ';', ')', '"', '}', ']'])
        || rest.starts_with(['.', '\n', '|'])
        || [
            "years", "yrs", "y", "jahre", "ans", "años", "anni", "anos", "and", "from", "came", "or", "with",
            "who",
        ]
        .iter()
        .any(|word| rest.strip_prefix(word).is_some_and(|after| !after.starts_with(char::is_alphanumeric)));
    // `age = 3.5`, `age: 10-20` and `max-age=300` are no person's.
    let broken = text[end..].starts_with(['-', '–', '%', '/'])
        || text[end..].strip_prefix('.').is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()));
    (digits == 2 && ends && !broken).then_some(Value { end, subtype: None, confidence: 0.7 })
}

/// `45 years old`, `45-year-old`.
fn find_age(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let (text, Some(out)) = (outline.text, hits.spans()) else { return };
    for run in outline.numbers().filter(|run| run.digit == run.start && run.end - run.start <= 3) {
        let rest = &text[run.end..];
        let rest = rest.strip_prefix([' ', '-', '\u{A0}']).unwrap_or(rest);
        // Words that count years of other things are told from `45 ans` by their being alone.
        let told = YEARS.iter().find(|unit| {
            rest.get(..unit.len()).is_some_and(|head| head.eq_ignore_ascii_case(unit))
                && clean_after(rest, unit.len())
        });
        let of_person = told
            .is_some_and(|unit| *unit != "ans" || text[..run.start].trim_end().ends_with(['é', 'e', ',']));
        if of_person && is_age(&text[run.start..run.end]) && clean_before(text, run.start) {
            out.push(Span { confidence: 0.7, ..Span::of(AGE.kind, run.start, run.end) });
        }
    }
}

fn age_column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let other = facts.header_has(&[
        "account", "max", "cache", "days", "day", "months", "hours", "minutes", "seconds", "ms", "group",
        "page", "min",
    ]);
    (facts.header_has(AGE_HEADERS) && !other && facts.form_share() >= 0.9).then_some(0.8)
}

fn gender_column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let share = facts.form_share();
    // Whole words alone tell; letters need the header.
    let worded = share >= 0.9 && facts.shape.chars_average() >= 3.5 && facts.shape.distinct_share() < 0.2;
    if facts.header_has(SEX_HEADERS) && share >= 0.6 { Some(0.85) } else { worded.then_some(0.65) }
}
