//! Names of persons: whole columns by header, shape and dictionary; in text by dictionary and by what stands around.
//!
//! `words` holds the dictionaries, `chain` finds names in spaced scripts, `unspaced` in Han, kana and Hangul. There is no
//! model here: a name of unknown words with nothing around it that announces a person is missed.

mod chain;
mod cues;
mod unspaced;
mod words;

use super::outline::WIDE;
use super::{ColumnFacts, Hits, Outline, Recogniser};

pub(super) static RECOGNISER: Recogniser = Recogniser {
    kind: "PERSON_NAME",
    id_name: "name",
    identifies: false,
    announced: None,
    find,
    normalise,
    column,
};

#[rustfmt::skip]
const HEADER_FULL: &[&str] = &[
    "name", "fullname", "full name", "customer", "client", "patient", "employee", "person", "contact",
    "kontakt", "kunde", "cliente", "nombre", "nome", "nom", "naam", "namn", "navn", "nimi", "imię",
    "imie", "jméno", "jmeno", "nume", "isim", "ad soyad", "имя", "фио", "όνομα", "姓名", "名前", "氏名", "이름",
    "성명", "owner", "holder", "cardholder", "author", "recipient", "passenger", "guest", "member",
    "student", "teacher", "doctor", "agent", "manager", "beneficiary", "signatory", "applicant",
    "vorname", "nachname", "displayname", "buyer", "seller", "user", "employee name",
];
#[rustfmt::skip]
const HEADER_PART: &[&str] = &[
    "firstname", "first name", "fname", "given name", "givenname", "forename", "middle name",
    "middlename", "lastname", "last name", "lname", "surname", "family name", "familyname", "vorname",
    "nachname", "familienname", "prénom", "prenom", "nom", "nombre", "apellido", "apellidos", "cognome",
    "nome", "sobrenome", "voornaam", "achternaam", "förnamn", "efternamn", "fornavn", "etternavn",
    "etunimi", "sukunimi", "imię", "nazwisko", "jméno", "příjmení", "prenume", "isim", "soyad", "soyadı",
    "имя", "фамилия", "отчество", "姓", "名", "maiden name", "nickname",
];
/// Other things have names as well.
#[rustfmt::skip]
const HEADER_OTHER: &[&str] = &[
    "product", "file", "company", "firm", "server", "host", "domain", "table", "column", "field", "event",
    "brand", "model", "country", "city", "state", "region", "store", "shop", "supplier", "vendor", "bank",
    "department", "project", "team", "category", "song", "movie", "book", "title", "street",
    "organisation", "organization", "school", "hotel", "job", "app", "service", "metric", "class",
    "species", "type", "status", "count", "segment", "tier", "plan", "game",
];

fn find(outline: &Outline<'_>, hits: &mut Hits<'_>) {
    let Some(out) = hits.spans() else { return };
    chain::find(outline.text, out);
    if outline.classes & WIDE != 0 && outline.text.bytes().any(|b| b >= 0xE3) {
        unspaced::find(outline.text, out);
    }
}

/// Lower case, single blanks, given name first.
fn normalise(value: &str) -> Option<String> {
    let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
    if !matches!(cell(&value), Cell::Full { .. }) {
        return None;
    }
    let ordered = match value.split_once(',') {
        Some((surname, given)) => format!("{} {}", given.trim(), surname.trim()),
        None => value,
    };
    Some(ordered.to_lowercase())
}

fn column(facts: &ColumnFacts<'_>) -> Option<f32> {
    let shape = facts.shape;
    let (like, known, part) =
        (shape.share_of(shape.name_like), shape.share_of(shape.name_known), shape.share_of(shape.name_part));
    let other = facts.header_has(HEADER_OTHER);
    let distinct = shape.distinct_share();
    if facts.header_has(HEADER_PART) && !other && part + like >= 0.5 {
        return Some(0.93);
    }
    if facts.header_has(HEADER_FULL) && !other && like >= 0.5 && known >= 0.25 && distinct >= 0.1 {
        return Some(0.95);
    }
    // Without a header to trust, most cells must be confirmed by the dictionary and few may repeat.
    (!other && known >= 0.6 && distinct >= 0.3).then_some(0.6 + 0.3 * known)
}

/// What the dictionary and the shape say of a cell.
pub(super) enum Cell {
    /// Two words or more in the order of a name; `known` if they are in the dictionaries.
    Full {
        known: bool,
    },
    /// One word that is a given name or a surname.
    Part,
    Other,
}

pub(super) fn cell(cell: &str) -> Cell {
    let cell = cell.trim();
    if cell.len() > 64 || cell.bytes().any(|b| b.is_ascii_digit() || b"@/\\_:;|#<>{}[]=&+*\"".contains(&b)) {
        return Cell::Other;
    }
    if let Some(known) = unspaced::whole(cell) {
        return if known { Cell::Full { known } } else { Cell::Other };
    }
    let words: Vec<&str> = cell.split_whitespace().collect();
    let capitalised =
        words.iter().all(|w| w.chars().next().is_some_and(|c| c.is_uppercase()) || chain::is_particle(w));
    if !capitalised || !(1..=5).contains(&words.len()) {
        return Cell::Other;
    }
    if let [only] = words.as_slice() {
        return if is_known(&chain::lower(only)) { Cell::Part } else { Cell::Other };
    }
    match chain::score_whole(cell) {
        Some(score) => Cell::Full { known: score >= chain::KNOWN },
        None => Cell::Other,
    }
}

/// Whether a lower-case word is a given name or a surname somewhere.
pub(super) fn is_known(word: &str) -> bool {
    let known = words::look_up(word);
    known.given || known.surname
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&str> {
        let mut spans = Vec::new();
        super::super::recognise_one(&RECOGNISER, text, &mut spans);
        spans.iter().map(|s| &text[s.start..s.end]).collect()
    }

    #[test]
    fn names_are_found_by_what_stands_around() {
        for (text, expected) in [
            ("Dear Agata, thank you", "Agata"),
            ("Pt KOWALSKA, Anna, seen today", "KOWALSKA, Anna"),
            ("Bel Jan de Vries op dinsdag", "Jan de Vries"),
            ("mein Name ist Hans-Peter Schmidt.", "Hans-Peter Schmidt"),
            ("меня зовут Анна Петрова, пишу вам", "Анна Петрова"),
            ("x;N. Unknownson;n@mail.example;7", "N. Unknownson"),
            ("{\"first_name\":\"Aisha\"}", "Aisha"),
            ("您好，我叫王小明。", "王小明"),
            ("小林 陽一と申します", "小林 陽一"),
            ("안녕하세요, 김윤서입니다.", "김윤서"),
        ] {
            assert_eq!(names(text), [expected], "{text}");
        }
    }

    #[test]
    fn firms_streets_and_brands_are_no_people() {
        for text in [
            "between Miller, Gomez and Peters",
            "Wilson and Sons, Henry Group, Russell Ltd",
            "at 1303 Rice Springs Apt. 436, Lake Davidchester",
            "a Calvin Klein tee for the Georgia store",
            "Please Contact Customer Support Monday Through Friday",
            "General Electric and Morgan Stanley attended",
        ] {
            assert_eq!(names(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_normal_form_has_the_given_name_first() {
        assert_eq!(normalise("Doe, Jane").as_deref(), Some("jane doe"));
        assert_eq!(normalise(" Jane  Doe ").as_deref(), Some("jane doe"));
        assert_eq!(normalise("jane@doe.example"), None);
    }
}
