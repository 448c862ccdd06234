//! What people say of things: tags, owners and descriptions of datasets, blobs and their columns. Written by stewards,
//! noted in the audit log, kept with its history, found by search.

use std::collections::HashMap;

use catalog::annotation::{
    Annotations, DESCRIPTION_CHARACTERS_MAX, NAME_CHARACTERS_MAX, OWNERS_MAX, TAGS_MAX,
};
use catalog::model::{
    Annotated, Annotation, BlobId, BlobVersion, Category, Dataset, Principal, Source, SourceId, Timestamp,
};
use catalog::{AsOf, Catalog, Change, Error, ErrorKind, Result};
use crawler::recognise::recognise;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::datasets::{find, source_urls, uri};
use super::{Answer, Paging};

const OPERATION: &str = "annotate";

/// What is to be said of a thing from now on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Saying {
    /// Tags to add.
    pub(crate) tags: Vec<String>,
    /// Tags to take away.
    pub(crate) untag: Vec<String>,
    /// Owners to add.
    pub(crate) owners: Vec<String>,
    /// Owners to take away.
    pub(crate) disown: Vec<String>,
    /// The description; an empty one takes it away, none leaves it.
    pub(crate) description: Option<String>,
}

/// A thing with its name for people.
struct Thing {
    about: Annotated,
    kind: &'static str,
    name: String,
    uri: String,
}

/// Everything that is said, or what is said of one thing, or all that was ever said of it.
pub(super) fn list(
    catalog: &Catalog,
    (which, column): (Option<&str>, Option<&str>),
    history: bool,
    as_of: AsOf,
    paging: &Paging,
) -> Result<Answer> {
    let mut rows = Vec::new();
    let urls = source_urls(catalog, as_of)?;
    let fits = |said: &Annotation| column.is_none_or(|column| said.feature == column);
    match which {
        None => {
            let annotations = Annotations::load(catalog, as_of)?;
            for said in annotations.all().filter(|said| fits(said)) {
                rows.push(row(&named(catalog, &said.about, as_of, &urls)?, said));
            }
        }
        Some(which) => {
            let thing = thing(catalog, which, as_of)?;
            let annotations = Annotations::load(catalog, as_of)?;
            for said in annotations.of(&thing.about).iter().filter(|said| fits(said)) {
                rows.push(row(&thing, said));
            }
            if history {
                rows = versions(catalog, &thing, column.unwrap_or_default())?;
            }
        }
    }
    let answer = paging.cut(rows)?;
    Ok(match (answer.rows.is_empty(), which) {
        (true, Some(_)) => answer.say("nobody said anything of it; see `headwater annotate --help`"),
        (true, None) => answer.say("nobody said anything yet: headwater annotate THING --tag TAG"),
        _ => answer,
    })
}

/// All that was said of a thing or of one of its columns, newest first.
fn versions(catalog: &Catalog, thing: &Thing, column: &str) -> Result<Vec<Value>> {
    let history = catalog.history::<Annotation>(&(thing.about.clone(), column.to_owned()))?;
    Ok(history.into_iter().filter_map(|(_, said)| said).map(|said| row(thing, &said)).collect())
}

/// Says something of a thing.
///
/// # Errors
/// `NotFound` if there is no such thing or column, `Invalid` for what may not be said, personal data above all.
pub(super) fn say(
    catalog: &Catalog,
    who: &Principal,
    (which, column): (&str, &str),
    saying: &Saying,
) -> Result<Answer> {
    let thing = thing(catalog, which, AsOf::Now)?;
    if !column.is_empty() {
        check_column(catalog, &thing, column)?;
    }
    let id = (thing.about.clone(), column.to_owned());
    let known = catalog.get::<Annotation>(&id, AsOf::Now)?;
    let now = catalog.env().clock.now();
    let mut said = known.clone().unwrap_or_else(|| nothing(&thing.about, column));
    change(&mut said, saying)?;
    if known.as_ref() == Some(&said) || (known.is_none() && said.is_empty()) {
        return Ok(Answer::one(row(&thing, &said)).say("that is what was said already"));
    }
    (said.by, said.at) = (who.name.clone(), now);
    let of = match &thing.about {
        Annotated::Dataset(id) => format!("dataset {id}"),
        Annotated::Blob(id) => format!("blob {id}"),
    };
    let audit = Change::audit(OPERATION, of, "ok");
    catalog.commit_durably(who, &[Change::put(&said)?, audit])?;
    Ok(Answer::one(row(&thing, &said)))
}

fn nothing(about: &Annotated, column: &str) -> Annotation {
    Annotation {
        about: about.clone(),
        feature: column.to_owned(),
        tags: Default::default(),
        owners: Default::default(),
        description: String::new(),
        by: String::new(),
        at: Timestamp(0),
    }
}

fn change(said: &mut Annotation, saying: &Saying) -> Result<()> {
    for tag in &saying.untag {
        said.tags.remove(&tag_of(tag)?);
    }
    for tag in &saying.tags {
        impersonal("tag", tag)?;
        said.tags.insert(tag_of(tag)?);
    }
    for owner in &saying.disown {
        said.owners.retain(|known| !known.eq_ignore_ascii_case(owner.trim()));
    }
    for owner in &saying.owners {
        impersonal("owner", owner)?;
        said.owners.insert(name_of("owner", owner)?);
    }
    if let Some(text) = &saying.description {
        let text = text.trim();
        if text.chars().count() > DESCRIPTION_CHARACTERS_MAX {
            let reason = format!("a description has at most {DESCRIPTION_CHARACTERS_MAX} characters");
            return Err(Error::invalid(OPERATION, reason));
        }
        impersonal("description", text)?;
        said.description = text.to_owned();
    }
    if said.tags.len() > TAGS_MAX || said.owners.len() > OWNERS_MAX {
        let reason = format!("a thing has at most {TAGS_MAX} tags and {OWNERS_MAX} owners");
        return Err(Error::invalid(OPERATION, reason));
    }
    Ok(())
}

/// A tag as it is kept: small letters, `-` between words.
fn tag_of(tag: &str) -> Result<String> {
    let words: Vec<_> = tag.split_whitespace().map(str::to_lowercase).collect();
    name_of("tag", &words.join("-"))
}

fn name_of(what: &str, text: &str) -> Result<String> {
    let text = text.trim();
    let count = text.chars().count();
    if count == 0 || count > NAME_CHARACTERS_MAX || text.chars().any(|c| c.is_control() || c == '"') {
        let reason = format!("a {what} has 1 to {NAME_CHARACTERS_MAX} characters, without quotation marks");
        return Err(Error::invalid(OPERATION, reason));
    }
    Ok(text.to_owned())
}

/// Refuses what the recognisers take for personal: the catalog keeps no such value, and this one would stand in it for
/// everybody to read. The reason names the kind and the place, never the value.
fn impersonal(what: &str, text: &str) -> Result<()> {
    let mut spans = Vec::new();
    recognise(text, &mut spans);
    let personal = |category| matches!(category, Category::Personal | Category::Secret);
    match spans.iter().find(|span| personal(Category::of(span.kind))) {
        None => Ok(()),
        Some(span) => {
            let (kind, at) = (span.kind, text[..span.start].chars().count() + 1);
            let reason = format!(
                "the {what} reads like {kind} from character {at} on; the catalog keeps no personal values: name a team or a role"
            );
            Err(Error::invalid(OPERATION, reason))
        }
    }
}

/// A column must be one of the thing's, as `datasets` and `schema show` name it.
fn check_column(catalog: &Catalog, thing: &Thing, column: &str) -> Result<()> {
    let mut schemas = Vec::new();
    match &thing.about {
        Annotated::Dataset(id) => {
            let dataset = catalog.get::<Dataset>(id, AsOf::Now)?;
            if dataset.iter().flat_map(|known| &known.partition_keys).any(|key| key.name == column) {
                return Ok(());
            }
            schemas.extend(dataset.and_then(|dataset| dataset.schema));
        }
        Annotated::Blob(id) => {
            let blob = catalog.get::<BlobVersion>(id, AsOf::Now)?;
            schemas.extend(blob.into_iter().flat_map(|blob| blob.parts).filter_map(|part| part.schema));
        }
    }
    for id in schemas {
        let schema = catalog.get::<catalog::model::Schema>(&id, AsOf::Now)?;
        if schema.is_some_and(|schema| schema.features.iter().any(|feature| has(feature, column))) {
            return Ok(());
        }
    }
    Err(Error::not_found(OPERATION, "it has no such column; see `headwater schema show`"))
}

/// Whether a feature or one below it has a path: `address.city`, `items.sku`.
fn has(feature: &catalog::model::Feature, path: &str) -> bool {
    use catalog::model::FeatureType;
    let Some(rest) = path.strip_prefix(feature.name.as_str()) else { return false };
    let rest = rest.strip_prefix("[]").unwrap_or(rest);
    let Some(rest) = rest.strip_prefix('.') else { return rest.is_empty() };
    let mut kind = &feature.kind;
    while let FeatureType::List(items) = kind {
        kind = items;
    }
    matches!(kind, FeatureType::Struct(fields) if fields.iter().any(|field| has(field, rest)))
}

/// The dataset of a name, root or id, or the blob of a URI, path or id.
fn thing(catalog: &Catalog, which: &str, as_of: AsOf) -> Result<Thing> {
    let urls = source_urls(catalog, as_of)?;
    match find(catalog, which, as_of) {
        Ok(dataset) => return named(catalog, &Annotated::Dataset(dataset.id), as_of, &urls),
        Err(error) if error.kind == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut found = Vec::new();
    if let Ok(id) = which.parse::<BlobId>() {
        found.extend(catalog.get::<BlobVersion>(&id, as_of)?);
    }
    for source in catalog.all::<Source>(as_of)? {
        let base = source.url.trim_end_matches('/');
        let folder = base.strip_prefix("file://").unwrap_or(base);
        let below = |base: &str| which.strip_prefix(base).and_then(|rest| rest.strip_prefix('/'));
        let path = below(base).or_else(|| below(folder)).unwrap_or(which);
        found.extend(catalog.get::<BlobVersion>(&BlobId::of(&source.id, path), as_of)?);
    }
    match found.as_slice() {
        [blob] => named(catalog, &Annotated::Blob(blob.blob), as_of, &urls),
        [] => Err(Error::not_found(
            OPERATION,
            "there is neither a dataset nor a blob of this name; see `headwater search`",
        )),
        several => {
            let uris: Vec<_> =
                several.iter().take(3).map(|blob| uri(&urls, &blob.source, &blob.path)).collect();
            Err(Error::conflict(
                OPERATION,
                format!("several sources have it; ask by URI: {}", uris.join(", ")),
            ))
        }
    }
}

fn named(
    catalog: &Catalog,
    about: &Annotated,
    as_of: AsOf,
    urls: &HashMap<SourceId, String>,
) -> Result<Thing> {
    let about = about.clone();
    Ok(match &about {
        Annotated::Dataset(id) => match catalog.get::<Dataset>(id, as_of)? {
            Some(dataset) => {
                let uri = uri(urls, &dataset.source, &dataset.root);
                Thing { about, kind: "dataset", name: dataset.name, uri }
            }
            None => Thing { kind: "dataset", name: format!("{id} (gone)"), uri: String::new(), about },
        },
        Annotated::Blob(id) => match catalog.get::<BlobVersion>(id, as_of)? {
            Some(blob) => {
                let uri = uri(urls, &blob.source, &blob.path);
                Thing { about, kind: "blob", name: blob.path, uri }
            }
            None => Thing { kind: "blob", name: format!("{id} (gone)"), uri: String::new(), about },
        },
    })
}

fn row(thing: &Thing, said: &Annotation) -> Value {
    let mut row = json!({"kind": thing.kind, "name": thing.name, "uri": thing.uri, "column": said.feature});
    put(&mut row, said);
    row["by"] = json!(said.by);
    row["at"] = json!(said.at);
    row
}

/// Writes what is said into the row of a thing or a column.
fn put(row: &mut Value, said: &Annotation) {
    row["tags"] = json!(said.tags);
    row["owners"] = json!(said.owners);
    row["description"] = json!(said.description);
}

/// Adds what is said of a thing and its columns to its row, if anything is.
pub(super) fn add(row: &mut Value, annotations: &[Annotation]) {
    let mut columns = Vec::new();
    for said in annotations {
        if said.feature.is_empty() {
            put(row, said);
        } else {
            let mut column = json!({"name": said.feature});
            put(&mut column, said);
            columns.push(column);
        }
    }
    if !columns.is_empty() {
        row["columns"] = Value::Array(columns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_like_a_person_is_refused_without_being_told() {
        for text in [
            "ask ada.lovelace@example.org",
            "card 4111 1111 1111 1111",
            "call +49 30 901820 about it",
            "iban DE89370400440532013000",
        ] {
            let error = impersonal("description", text).unwrap_err();
            let value = text.split(' ').nth(1).unwrap();
            assert!(error.kind == ErrorKind::Invalid && !error.to_string().contains(value), "{error}");
        }
        for text in [
            "Orders of the web shop, one row an item, loaded nightly at 03:00 from the ERP",
            "Raw sensor readings 2019-2024, 5 Hz; units in column unit",
            "PII: contains e-mail addresses and phone numbers of customers in Germany",
            "deprecated, use orders_v2 (ticket DATA-1234) instead",
            "data-platform",
            "team:payments",
            "Owned by Finance Controlling. Refreshed every Monday.",
            "gold",
            "retention:7y",
            "Patient visits by ward; ICD-10 codes in column dx",
        ] {
            assert!(impersonal("description", text).is_ok(), "{text}: {:?}", impersonal("description", text));
        }
    }

    #[test]
    fn tags_are_small_words_and_sayings_add_up() {
        let mut said = nothing(&Annotated::Blob(BlobId([0; 20])), "");
        let add = Saying { tags: vec!["Gold Layer".into(), "eu".into()], ..Saying::default() };
        change(&mut said, &add).unwrap();
        let take = Saying { untag: vec!["EU".into()], description: Some(" x ".into()), ..Saying::default() };
        change(&mut said, &take).unwrap();
        assert_eq!(
            (said.tags.iter().next().unwrap().as_str(), said.description.as_str()),
            ("gold-layer", "x")
        );
        assert_eq!(said.tags.len(), 1);
        let many = Saying { tags: (0..=TAGS_MAX).map(|n| format!("t{n}")).collect(), ..Saying::default() };
        assert!(change(&mut said, &many).is_err());
        assert!(tag_of(" ").is_err() && tag_of("a\"b").is_err());
    }
}
