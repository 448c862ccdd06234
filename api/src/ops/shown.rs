//! Names in answers as the principal may see them: paths, columns and names of members that tell of somebody are hidden from
//! those without the right to personal data, whatever operation they stand in the answer of.
//!
//! It goes by the names themselves and not by what the crawl recorded, so that names which pipelines report are hidden too.

use catalog::model::{Dataset, DatasetId, Principal, Role, Ruling};
use catalog::search::Sight;
use catalog::{AsOf, Catalog, Result};
use crawler::recognise::hide_persons_but;
use serde_json::Value;

use super::{Answer, Operation};

/// What people of the house are called, and what stewards wrote: no names of things in the lake.
const SAID_BY_PEOPLE: [&str; 6] = ["owner", "owners", "tags", "description", "by", "requester"];

impl Operation {
    /// Whether its answer shows names of things in the lake to people who may have no right to personal data.
    pub(super) fn shows_names(&self) -> bool {
        matches!(
            self,
            Self::Crawl { .. }
                | Self::Search { .. }
                | Self::SearchFacets { .. }
                | Self::SearchSuggest { .. }
                | Self::Annotations { .. }
                | Self::Annotate { .. }
                | Self::Datasets { .. }
                | Self::DatasetShow { .. }
                | Self::Findings { .. }
                | Self::FindingRule { .. }
                | Self::ProcessingRecord { .. }
                | Self::Schemas { .. }
                | Self::SchemaShow { .. }
                | Self::SchemaDiff { .. }
                | Self::SchemaValidate { .. }
                | Self::SchemaPin { .. }
                | Self::Runs { .. }
                | Self::RunShow { .. }
        )
    }
}

/// Whether somebody may see names that tell of persons.
fn may_see(who: &Principal) -> bool {
    who.may(Role::PrivacyOfficer)
}

/// What a principal's searches look at.
pub(super) fn sight(who: &Principal) -> Sight {
    if may_see(who) { Sight::Full } else { Sight::WithoutPersons }
}

/// How names are shown to one principal.
pub(super) struct Names {
    hides: bool,
    /// Places whose names somebody called a false alarm of a kind: the root of a dataset, and the kind.
    false_alarms: Vec<(String, String)>,
}

/// How names are shown to a principal.
///
/// # Errors
/// If the catalog cannot be read.
pub(super) fn names(catalog: &Catalog, who: &Principal, as_of: AsOf) -> Result<Names> {
    let mut names = Names { hides: !may_see(who), false_alarms: Vec::new() };
    if names.hides {
        let rejected = |ruling: &Ruling| !ruling.confirmed && ruling.feature.is_empty();
        for ruling in catalog.all::<Ruling>(as_of)?.into_iter().filter(rejected) {
            let id: DatasetId = ruling.dataset;
            if let Some(dataset) = catalog.get::<Dataset>(&id, as_of)? {
                names.false_alarms.push((dataset.root, ruling.kind));
            }
        }
    }
    Ok(names)
}

impl Names {
    /// Hides persons in a name.
    pub(super) fn show(&self, name: &mut String) {
        if !self.hides || !name.bytes().any(|byte| byte.is_ascii_alphanumeric() || byte >= 0x80) {
            return;
        }
        let lies_in = |root: &str| root.is_empty() || name.contains(root);
        let is_false_alarm =
            |kind: &str| self.false_alarms.iter().any(|(root, known)| known == kind && lies_in(root));
        let shown = hide_persons_but(name, &is_false_alarm);
        if shown != name.as_str() {
            *name = shown.into_owned();
        }
    }

    /// Hides persons in a sentence: in the whole, and in each of its words, which may be a path with a stop behind it.
    fn show_within(&self, message: &mut String) {
        self.show(message);
        let mut shown = String::with_capacity(message.len());
        for word in message.split_inclusive(char::is_whitespace) {
            let name = word.trim_end_matches(|char: char| char.is_whitespace() || ":,;.".contains(char));
            let mut hidden = name.to_owned();
            self.show(&mut hidden);
            shown.push_str(&hidden);
            shown.push_str(&word[name.len()..]);
        }
        *message = shown;
    }

    fn show_all(&self, value: &mut Value) {
        match value {
            Value::String(name) => self.show(name),
            Value::Array(values) => values.iter_mut().for_each(|value| self.show_all(value)),
            Value::Object(fields) => {
                for (key, value) in fields {
                    if !SAID_BY_PEOPLE.contains(&key.as_str()) {
                        self.show_all(value);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// An answer with persons hidden in all names that it shows.
///
/// # Errors
/// If the catalog cannot be read.
pub(super) fn without_persons(mut answer: Answer, catalog: &Catalog, who: &Principal) -> Result<Answer> {
    let names = names(catalog, who, AsOf::Now)?;
    if names.hides {
        answer.rows.iter_mut().for_each(|row| names.show_all(row));
        answer.messages.iter_mut().for_each(|message| names.show_within(message));
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn a_path_in_a_sentence_is_hidden_and_the_sentence_stays() {
        let shown = |hides, message: &str| {
            let mut message = message.to_owned();
            Names { hides, false_alarms: Vec::new() }.show_within(&mut message);
            message
        };
        let told = "2 blobs failed: exports/zoe.quist@mail.example.csv, logs/a.log: is  gone.";
        assert_eq!(shown(true, told), "2 blobs failed: exports/***.csv, logs/a.log: is  gone.");
        assert_eq!(shown(false, told), told);
    }
}
