//! Key columns by name: `customer_id`, `customerId` and `CustomerID` are one key, whichever table they stand in.

use super::header::words;

/// What a key column ends with, in one word.
const ENDINGS: &[&str] =
    &["id", "key", "no", "nr", "num", "number", "code", "uuid", "guid", "pk", "sk", "fk", "ref"];
/// Endings that also name other things, so that only a word for a person before them makes a key.
const LOOSE_ENDINGS: &[&str] = &["no", "nr", "num", "number", "code", "ref"];
/// Words for a person, under which loose endings count.
#[rustfmt::skip]
const PEOPLE: &[&str] = &[
    "customer", "cust", "client", "user", "usr", "member", "account", "acct", "person", "people",
    "patient", "employee", "emp", "staff", "subscriber", "contact", "subject", "student", "guest",
    "driver", "buyer", "seller", "kunde", "kunden", "cliente",
];

/// Gives the normalised name of a key-like column, such as `customer_id`; a bare `id` needs its table, see [`key_name`].
pub fn is_key_name(header: &str) -> Option<String> {
    let mut words = words(header);
    if let [only] = words.as_slice() {
        words = split_fused(only);
    }
    let (ending, owner) = words.split_last()?;
    if owner.is_empty() || !ENDINGS.contains(&ending.as_str()) {
        return None;
    }
    let person = owner.iter().any(|w| PEOPLE.contains(&w.as_str()));
    if LOOSE_ENDINGS.contains(&ending.as_str()) && !person {
        return None;
    }
    let ending = if LOOSE_ENDINGS.contains(&ending.as_str())
        || matches!(ending.as_str(), "key" | "pk" | "sk" | "fk") && person
    {
        "id"
    } else {
        ending
    };
    let owner: Vec<&str> =
        owner.iter().map(String::as_str).filter(|w| !matches!(*w, "fk" | "dim" | "src" | "the")).collect();
    (!owner.is_empty()).then(|| format!("{}_{ending}", owner.join("_")))
}

/// Gives the normalised name of a key column of a table: `id` in `customers` is `customer_id`.
pub fn key_name(table: &str, header: &str) -> Option<String> {
    is_key_name(header).or_else(|| {
        let word = words(header);
        let bare =
            matches!(word.as_slice(), [w] if matches!(w.as_str(), "id" | "pk" | "key" | "uuid" | "guid"));
        let owner = words(table).pop().filter(|_| bare)?;
        Some(format!("{}_id", singular(&owner)))
    })
}

/// `customerid` and `userkey`, where no case or sign parts the words.
fn split_fused(word: &str) -> Vec<String> {
    let parts = PEOPLE.iter().find_map(|owner| {
        let ending = word.strip_prefix(owner)?;
        ENDINGS.contains(&ending).then(|| vec![(*owner).to_owned(), ending.to_owned()])
    });
    parts.unwrap_or_else(|| vec![word.to_owned()])
}

fn singular(word: &str) -> String {
    match word {
        "people" => "person".to_owned(),
        _ if word.ends_with("ies") && word.len() > 4 => format!("{}y", &word[..word.len() - 3]),
        _ if word.ends_with('s') && !word.ends_with("ss") && word.len() > 3 => {
            word[..word.len() - 1].to_owned()
        }
        _ => word.to_owned(),
    }
}
