//! Identifiers compiled for one look at a cell: however many people are sought, a text is read once, and the recognisers run
//! only around what may be one of them ([`Known`]). A thousand people in one request cost a cell what one person costs.

use std::collections::HashMap;

use super::identifier::Identifier;
use crate::recognise::{self, Known};

/// Normal form → numbers of the identifiers that it may stand for.
type Forms = HashMap<String, Vec<usize>>;

/// Identifiers by kind and normal form.
pub(super) struct Wanted {
    /// What any text may hold.
    known: Known,
    /// By place in `known`: the kind, and the numbers of the identifiers that the form may stand for, in order.
    places: Vec<(String, Vec<usize>)>,
    /// Key columns by their normalised name.
    keys: Vec<(String, Forms)>,
}

impl Wanted {
    pub(super) fn new(identifiers: &[Identifier]) -> Self {
        let mut keys: Vec<(String, Forms)> = Vec::new();
        let mut forms: Vec<(&str, &str)> = Vec::new();
        let mut places: Vec<(String, Vec<usize>)> = Vec::new();
        let mut met: HashMap<(&str, &str), usize> = HashMap::new();
        for (number, identifier) in identifiers.iter().enumerate() {
            for form in &identifier.forms {
                let numbers = match identifier.key() {
                    Some(key) => of_key(&mut keys, key).entry(form.clone()).or_default(),
                    None => {
                        let kind = identifier.kind.as_str();
                        let place = *met.entry((kind, form)).or_insert_with(|| {
                            forms.push((kind, form));
                            places.push((kind.to_owned(), Vec::new()));
                            places.len() - 1
                        });
                        &mut places[place].1
                    }
                };
                if numbers.last() != Some(&number) {
                    numbers.push(number);
                }
            }
        }
        Self { known: Known::new(forms), places, keys }
    }

    /// Whether cells of a column with this key name, if it has one, can hold anybody.
    pub(super) fn tests(&self, key: Option<&str>) -> bool {
        !self.places.is_empty() || self.keys.iter().any(|(name, _)| Some(name.as_str()) == key)
    }

    /// Puts the numbers of all identifiers that a cell holds into `found`, each once, in order.
    pub(super) fn in_cell(&self, key: Option<&str>, text: &str, found: &mut Vec<usize>) {
        found.clear();
        if !self.places.is_empty() {
            self.known.find(text, |place, _, _| found.extend(&self.places[place].1));
        }
        let of_key = key.and_then(|key| self.keys.iter().find(|(name, _)| name == key));
        if let Some((_, forms)) = of_key {
            let form = recognise::normalise_key(text);
            found.extend(form.and_then(|form| forms.get(form)).into_iter().flatten());
        }
        found.sort_unstable();
        found.dedup();
    }

    /// Byte ranges of a cell that hold somebody, with the number of the identifier, in order; several may lie over each other.
    pub(super) fn places(&self, key: Option<&str>, text: &str) -> Vec<(usize, usize, usize)> {
        let mut found = Vec::new();
        if !self.places.is_empty() {
            self.known.find(text, |place, start, end| found.push((start, end, self.places[place].1[0])));
        }
        let of_key = key.and_then(|key| self.keys.iter().find(|(name, _)| name == key));
        let form = recognise::normalise_key(text);
        if let Some(numbers) = of_key.and_then(|(_, forms)| forms.get(form?)) {
            let start = text.len() - text.trim_start().len();
            found.push((start, start + text.trim().len(), numbers[0]));
        }
        found.sort_unstable();
        found
    }

    /// Whether a key column is one of those that are sought.
    pub(super) fn is_sought_key(&self, key: &str) -> bool {
        self.keys.iter().any(|(name, _)| name == key)
    }

    /// Whether a text holds one of the identifiers of a kind; `None` if none of that kind is sought.
    pub(super) fn holds(&self, kind: &str, text: &str) -> Option<bool> {
        self.places.iter().find(|(known, _)| known == kind)?;
        let mut holds = false;
        self.known.find(text, |place, _, _| holds |= self.places[place].0 == kind);
        Some(holds)
    }
}

fn of_key<'k>(keys: &'k mut Vec<(String, Forms)>, key: &str) -> &'k mut Forms {
    let place = keys.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
        keys.push((key.to_owned(), Forms::new()));
        keys.len() - 1
    });
    &mut keys[place].1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(ids: &[&str], key: Option<&str>, text: &str) -> Vec<usize> {
        let ids: Vec<_> = ids.iter().map(|id| Identifier::parse(id).unwrap()).collect();
        let mut found = Vec::new();
        Wanted::new(&ids).in_cell(key, text, &mut found);
        found
    }

    #[test]
    fn one_look_finds_all_who_are_in_a_text() {
        let ids = ["email=a@x.example", "customer_id=7", "email=b@x.example", "customer_id=0", "user_id=7"];
        assert_eq!(found(&ids, None, "from B@x.example to a@x.example"), [0, 2]);
        assert_eq!(found(&ids, None, "7"), [] as [usize; 0], "a number counts in its own column only");
        assert_eq!(found(&ids, Some("customer_id"), "7"), [1]);
        assert_eq!(found(&ids, Some("customer_id"), "0"), [3]);
        assert_eq!(found(&ids, Some("user_id"), " 7.0 "), [4]);
        assert_eq!(found(&["email=a@x.example", "email=A@x.example"], None, "a@x.example"), [0, 1]);
    }

    #[test]
    fn agrees_with_the_look_for_one() {
        for (id, texts) in [
            (
                "email=ada@x.example",
                &["Ada@X.example", "<ada@x.example>", "xada@x.example", "ada%40x.example", ""][..],
            ),
            ("phone=+49 30 901820", &["+4930901820", "(030) 901820", "call +49-30-901820 now", "030"][..]),
        ] {
            let identifier = Identifier::parse(id).unwrap();
            for text in texts {
                let mut spans = Vec::new();
                for form in &identifier.forms {
                    recognise::matches(&identifier.kind, form, text, &mut spans);
                }
                assert_eq!(!found(&[id], None, text).is_empty(), !spans.is_empty(), "{id} in {text}");
            }
        }
    }
}
