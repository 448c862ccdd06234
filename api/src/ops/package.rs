//! What is held of a person, to hand over: a page to read, the records for a machine, and a manifest with their digests.

use askama::Template;
use catalog::erasure::audit;
use catalog::model::{BlobId, Dataset, Source};
use catalog::processing::{self, Processing};
use catalog::store::record::Index;
use catalog::{AsOf, Catalog, Change, Error, Result};
use crawler::erase::package::{PersonRow, zip_of};
use crawler::erase::{self, Desk, FindOptions, Identifier};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::Answer;
use super::people::value;

/// Records of one blob, member or table on the page.
struct Section {
    title: String,
    /// Where it came from, went, why it is kept and how long, as sentences.
    facts: Vec<String>,
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Template)]
#[template(path = "package.html")]
struct Page {
    made: String,
    kinds: String,
    records: usize,
    masked: u64,
    sections: Vec<Section>,
    /// Places that are no records: names of files, formats without rows.
    others: Vec<String>,
    unsearched: Vec<(String, String)>,
}

/// Finds the person and packs what was found.
///
/// # Errors
/// What the lookup fails with; `Limit` if there is more than one package holds.
pub(super) async fn make(
    desk: &Desk,
    rules: &[Processing],
    identifiers: &[Identifier],
    options: FindOptions,
) -> Result<Answer> {
    let found = erase::find(desk, identifiers, options).await?;
    let made = desk.ctx.catalog.env().clock.now();
    let kinds: Vec<&str> = identifiers.iter().map(|identifier| identifier.kind.as_str()).collect();
    let masked = found.rows.iter().map(|row| row.masked).sum();
    let page = Page {
        made: made.to_string(),
        kinds: kinds.join(", "),
        records: found.rows.len(),
        masked,
        sections: sections(&found.rows, &|row| facts(&desk.ctx.catalog, rules, row, &found.places))?,
        others: found.places.iter().filter(|place| place.place != "cell").map(described).collect(),
        unsearched: found.not_searched.iter().map(|one| (one.uri.clone(), one.reason.clone())).collect(),
    };
    let page = page.render().map_err(|error| Error::internal("make package", "").with_source(error))?;
    let files = [
        ("index.html", page.into_bytes()),
        ("data.ndjson", lines(&found.rows)?),
        ("places.ndjson", lines(&found.places)?),
    ];
    let digests: Vec<_> = files
        .iter()
        .map(|(name, bytes)| json!({"name": name, "bytes": bytes.len(), "sha256": hex::encode(Sha256::digest(bytes))}))
        .collect();
    let manifest = json!({
        "made": made.to_string(), "by": desk.by.name, "kinds": kinds, "records": found.rows.len(), "places": found.places.len(),
        "masked": masked, "files": digests, "not_searched": value(&found.not_searched)?, "expansions": value(&found.expansions)?,
    });
    let manifest = format!("{manifest:#}\n").into_bytes();
    let [page, data, places] = files;
    let archive = zip_of(&[page, data, places, ("manifest.json", manifest)])?;
    let outcome = format!("{} records, {} places, {masked} masked", found.rows.len(), found.places.len());
    let entry = Change::audit(audit::PACKAGE, kinds.join(" "), outcome.clone());
    desk.ctx.catalog.commit_durably(&desk.by, &[entry])?;
    let mut answer = Answer { bytes: Some(hex::encode(archive)), ..Answer::default() }.say(outcome);
    for one in &found.not_searched {
        answer = answer.say(format!("not searched: {}: {}", one.uri, one.reason));
    }
    Ok(if found.places.is_empty() { answer.nothing() } else { answer })
}

fn lines(rows: &[impl serde::Serialize]) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    for row in rows {
        text.extend_from_slice(value(row)?.to_string().as_bytes());
        text.push(b'\n');
    }
    Ok(text)
}

/// Records that stand together, under the names that any of them has.
fn sections(rows: &[PersonRow], facts: &dyn Fn(&PersonRow) -> Result<Vec<String>>) -> Result<Vec<Section>> {
    let mut sections: Vec<Section> = Vec::new();
    for row in rows {
        let parts = [row.uri.as_str(), row.member.as_str(), row.table.as_deref().unwrap_or_default()];
        let title = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" › ");
        if sections.last().is_none_or(|section| section.title != title) {
            sections.push(Section { title, facts: facts(row)?, names: Vec::new(), rows: Vec::new() });
        }
        let section = sections.last_mut().expect("one was pushed if there was none");
        for (name, _) in &row.values {
            if !section.names.contains(name) {
                section.names.push(name.clone());
            }
        }
        let cell = |name: &String| {
            let texts = row.values.iter().find(|(known, _)| known == name);
            texts.map_or_else(String::new, |(_, texts)| texts.join("\n"))
        };
        section.rows.push(section.names.iter().map(cell).collect());
    }
    for section in &mut sections {
        let width = section.names.len();
        section.rows.iter_mut().for_each(|row| row.resize(width, String::new()));
    }
    Ok(sections)
}

/// What Art. 15(1) asks to say of a record beside its content: purpose, recipients, time of storage, source.
fn facts(
    catalog: &Catalog,
    rules: &[Processing],
    row: &PersonRow,
    places: &[erase::answer::Place],
) -> Result<Vec<String>> {
    let mut facts = Vec::new();
    let place = places.iter().find(|place| place.uri == row.uri);
    if let Some(origin) = place.and_then(|place| place.origin.as_ref()) {
        facts.push(format!("It came from {origin}."));
    }
    let downstream = place.map(|place| place.downstream.as_slice()).unwrap_or_default();
    if !downstream.is_empty() {
        facts.push(format!("From it was made: {}.", downstream.join(", ")));
    }
    let sources: Vec<Source> = catalog.all(AsOf::Now)?;
    for source in sources {
        let blob = BlobId::of(&source.id, &row.path);
        let is_of_source = row.uri.starts_with(source.url.trim_end_matches('/'));
        let datasets = match is_of_source {
            true => catalog.find::<Dataset>(Index::DatasetOfBlob, &blob.0)?,
            false => Vec::new(),
        };
        let Some(rule) = datasets.first().and_then(|dataset| processing::of(rules, &dataset.name)) else {
            continue;
        };
        facts.extend(rule.purpose.as_ref().map(|purpose| format!("It is kept for: {purpose}.")));
        facts.extend(
            rule.retention_days.map(|days| format!("It is kept for {days} days after it was written.")),
        );
        if !rule.recipients.is_empty() {
            facts.push(format!("It is given to: {}.", rule.recipients.join(", ")));
        }
    }
    Ok(facts)
}

fn described(place: &erase::answer::Place) -> String {
    let member = if place.member.is_empty() { String::new() } else { format!(" › {}", place.member) };
    format!("{}{member}: in its {}", place.uri, place.place)
}
