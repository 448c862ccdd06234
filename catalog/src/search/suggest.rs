//! What a query may go on with, read off the index's dictionaries: a bounded walk from the first term that begins as typed.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use tantivy::Searcher;
use tantivy::schema::Field;

use super::document::Fields;
use super::query::FIELD_NAMES;

/// Terms of one field and segment that are looked at; of a beginning that more terms share, the first ones.
const TERMS_MAX: usize = 4_096;
/// Suggestions that one question gives at most.
const SUGGESTIONS_MAX: usize = 100;
/// Longer ones are no beginnings.
const BEGINNING_CHARACTERS_MAX: usize = 80;

/// One way to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// What to write instead of the beginning.
    pub query: String,
    /// `dataset`, `field`, or the field whose value it is.
    pub of: &'static str,
    /// Things that have it, roughly: what went lately may still count.
    pub count: u64,
}

/// Suggests; of the last term if there are several.
pub(super) fn suggest(
    searcher: &Searcher,
    fields: &Fields,
    typed: &str,
    limit: usize,
) -> tantivy::Result<Vec<Suggestion>> {
    let limit = limit.clamp(1, SUGGESTIONS_MAX);
    let (before, last) = typed.rsplit_once(char::is_whitespace).unwrap_or(("", typed));
    if last.is_empty() || last.chars().count() > BEGINNING_CHARACTERS_MAX {
        return Ok(Vec::new());
    }
    let (minus, last) = last.strip_prefix('-').map_or(("", last), |rest| ("-", rest));
    let mut found = match last.split_once(':') {
        Some((name, value)) => of_field(searcher, fields, &name.to_lowercase(), value)?,
        None => of_word(searcher, fields, last)?,
    };
    found.truncate(limit);
    let before = before.trim_end();
    let space = if before.is_empty() { "" } else { " " };
    found.iter_mut().for_each(|one| one.query = format!("{before}{space}{minus}{}", one.query));
    Ok(found)
}

/// Values of a field.
fn of_field(
    searcher: &Searcher,
    fields: &Fields,
    name: &str,
    value: &str,
) -> tantivy::Result<Vec<Suggestion>> {
    let Some((of, field)) = valued(fields).into_iter().find(|(of, _)| *of == name) else {
        return Ok(Vec::new());
    };
    let terms = most_frequent(terms(searcher, field, value)?);
    let suggestion = |(term, count): (String, u64)| {
        let quoted = if term.contains(char::is_whitespace) { format!("\"{term}\"") } else { term };
        Suggestion { query: format!("{of}:{quoted}"), of, count }
    };
    Ok(terms.into_iter().map(suggestion).collect())
}

/// Names of datasets first, then fields, then words and values, the most frequent first.
fn of_word(searcher: &Searcher, fields: &Fields, word: &str) -> tantivy::Result<Vec<Suggestion>> {
    let mut found = Vec::new();
    for (name, count) in most_frequent(terms(searcher, fields.whole, word)?) {
        found.push(Suggestion { query: name, of: "dataset", count });
    }
    let beginning = word.to_lowercase();
    let names = FIELD_NAMES.iter().filter(|name| name.starts_with(&beginning));
    found.extend(names.map(|name| Suggestion { query: format!("{name}:"), of: "field", count: 0 }));
    let mut words: HashMap<String, (&'static str, u64)> = HashMap::new();
    for (of, field) in valued(fields) {
        for (term, count) in terms(searcher, field, word)? {
            let is_word = matches!(of, "name" | "path" | "column" | "source");
            let query = match (is_word, term.contains(char::is_whitespace)) {
                (true, _) => term,
                (false, true) => format!("{of}:\"{term}\""),
                (false, false) => format!("{of}:{term}"),
            };
            let known = words.entry(query).or_insert((of, 0));
            if count > known.1 {
                *known = (of, count);
            }
        }
    }
    let known: BTreeSet<String> = found.iter().map(|one| one.query.clone()).collect();
    let mut words: Vec<_> = words.into_iter().filter(|(query, _)| !known.contains(query)).collect();
    words.sort_by(|(one, (_, many)), (other, (_, more))| more.cmp(many).then_with(|| one.cmp(other)));
    found.extend(words.into_iter().map(|(query, (of, count))| Suggestion { query, of, count }));
    Ok(found)
}

/// Fields whose values are suggested.
fn valued(fields: &Fields) -> [(&'static str, Field); 11] {
    [
        ("name", fields.name),
        ("path", fields.path),
        ("column", fields.column),
        ("tag", fields.tag),
        ("owner", fields.owner),
        ("format", fields.format),
        ("layer", fields.layer),
        ("kind", fields.kind),
        ("anomaly", fields.anomaly),
        ("is", fields.what),
        ("source", fields.source),
    ]
}

/// Terms of a field that begin so, with how many things have them.
fn terms(searcher: &Searcher, field: Field, beginning: &str) -> tantivy::Result<HashMap<String, u64>> {
    let beginning = beginning.to_lowercase();
    let mut found: HashMap<String, u64> = HashMap::new();
    for segment in searcher.segment_readers() {
        let inverted = segment.inverted_index(field)?;
        let mut stream = inverted.terms().range().ge(beginning.as_bytes()).into_stream()?;
        for _ in 0..TERMS_MAX {
            if !stream.advance() || !stream.key().starts_with(beginning.as_bytes()) {
                break;
            }
            let count = u64::from(stream.value().doc_freq);
            if let Ok(term) = std::str::from_utf8(stream.key()) {
                *found.entry(term.to_owned()).or_default() += count;
            }
        }
    }
    Ok(found)
}

fn most_frequent(terms: HashMap<String, u64>) -> Vec<(String, u64)> {
    let mut terms: Vec<_> = terms.into_iter().collect();
    terms.sort_by(|(one, many), (other, more)| more.cmp(many).then_with(|| one.cmp(other)));
    terms
}
