//! What people type, and what it asks of the index.
//!
//! Words must all occur, in names, paths, columns, formats or kinds; the beginning of a word will do, and one wrong letter
//! in a longer one. `"quoted words"` stand side by side. `field:value` asks one field (`format layer anomaly kind is
//! tag owner description column path name source id`), `size:>1000`, `rows:10..1k` a number, `modified:>2024-05` a time. `-` before a term excludes it, `OR` stands
//! between alternatives, `*` ends a word that may go on, alone it is everything.

use std::ops::Bound;

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, FuzzyTermQuery, Occur, PhrasePrefixQuery,
    PhraseQuery, Query, RangeQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use crate::error::{Error, Result};
use crate::model::{BlobVersion, Dataset, Timestamp};
use crate::store::record::Record as _;

use super::Sight;
use super::document::Fields;
use super::words::smallest;

const QUERY_CHARACTERS_MAX: usize = 2_000;
const TERMS_MAX: usize = 64;
/// Fields that a query may ask, as suggestions name them.
pub(super) const FIELD_NAMES: [&str; 16] = [
    "anomaly",
    "column",
    "description",
    "format",
    "id",
    "is",
    "kind",
    "layer",
    "modified",
    "name",
    "owner",
    "path",
    "rows",
    "size",
    "source",
    "tag",
];
/// Shorter words must be spelled right: one wrong letter of four is another word.
const FUZZY_CHARACTERS_MIN: usize = 5;

/// One term as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Typed {
    excluded: bool,
    field: Option<String>,
    text: String,
    quoted: bool,
}

/// Turns a query as typed into one of the index.
///
/// # Errors
/// `Invalid`, in one line, if it cannot be read.
pub(super) fn parse(text: &str, fields: &Fields, sight: Sight) -> Result<Box<dyn Query>> {
    if text.chars().count() > QUERY_CHARACTERS_MAX {
        return Err(invalid(format!("the query is longer than {QUERY_CHARACTERS_MAX} characters")));
    }
    let asked = Asked { fields, named: (sight == Sight::Full).then_some(fields.named) };
    let terms = typed(text)?;
    if terms.len() > TERMS_MAX {
        return Err(invalid(format!("the query has more than {TERMS_MAX} terms")));
    }
    let is_or = |term: &Typed| !term.quoted && term.field.is_none() && term.text == "OR";
    let mut alternatives = Vec::new();
    for group in terms.split(is_or) {
        if group.is_empty() {
            let reason = if terms.is_empty() {
                "the query is empty; `*` is everything"
            } else {
                "`OR` needs a term on both sides"
            };
            return Err(invalid(reason));
        }
        let clauses: Vec<_> = group.iter().map(|term| clause(term, &asked)).collect::<Result<_>>()?;
        alternatives.push((Occur::Should, all_of(clauses)));
    }
    if alternatives.len() == 1 {
        return Ok(alternatives.remove(0).1);
    }
    Ok(Box::new(BooleanQuery::new(alternatives)))
}

/// What is only excluded is excluded from everything.
fn all_of(mut clauses: Vec<(Occur, Box<dyn Query>)>) -> Box<dyn Query> {
    if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
        clauses.push((Occur::Must, Box::new(AllQuery)));
    }
    Box::new(BooleanQuery::new(clauses))
}

fn invalid(reason: impl std::fmt::Display) -> Error {
    Error::invalid("search", reason)
}

fn typed(text: &str) -> Result<Vec<Typed>> {
    let mut terms = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let mut term = Typed { excluded: false, field: None, text: String::new(), quoted: false };
        if let Some(after) = rest.strip_prefix('-').filter(|after| !after.starts_with(char::is_whitespace)) {
            term.excluded = true;
            rest = after;
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == ':' || c == '"').unwrap_or(rest.len());
        // The colon of a URL is none of ours.
        if rest[end..].starts_with(':') && !rest[end..].starts_with("://") {
            term.field = Some(rest[..end].to_lowercase());
            rest = &rest[end + 1..];
        }
        if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').ok_or_else(|| invalid("a quotation mark is not closed"))?;
            term.text = quoted[..end].to_owned();
            term.quoted = true;
            rest = &quoted[end + 1..];
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            term.text = rest[..end].to_owned();
            rest = &rest[end..];
        }
        if term.text.trim().is_empty() {
            let reason = if term.field.is_some() {
                "a field has no value, as in `format:csv`"
            } else {
                "a term is empty"
            };
            return Err(invalid(reason));
        }
        terms.push(term);
        rest = rest.trim_start();
    }
    Ok(terms)
}

/// The fields that may be asked.
struct Asked<'a> {
    fields: &'a Fields,
    /// That of names and paths which tell of somebody, for those who may see them.
    named: Option<Field>,
}

fn clause(term: &Typed, asked: &Asked<'_>) -> Result<(Occur, Box<dyn Query>)> {
    let fields = asked.fields;
    let occur = if term.excluded { Occur::MustNot } else { Occur::Must };
    let query = match term.field.as_deref() {
        None => anywhere(term, asked)?,
        Some("format") => exact(fields.format, &term.text),
        Some("layer" | "compression") => exact(fields.layer, &term.text),
        Some("is" | "type") => exact(fields.what, &term.text),
        Some("kind") => exact(fields.kind, &term.text.replace([' ', '-'], "_")),
        Some("anomaly") => exact(fields.anomaly, &term.text.replace([' ', '-'], "_")),
        Some("id") => of_id(fields.key, &term.text),
        Some("tag") => exact(fields.tag, &term.text),
        Some("owner") => exact(fields.owner, &term.text),
        Some("description" | "about") => within(fields.description, term)?,
        Some("modified" | "time") => time(fields.modified, &term.text)?,
        Some("column" | "feature") => within(fields.column, term)?,
        Some("path" | "root") => either(fields.path, asked.named, term)?,
        Some("name") => either(fields.name, asked.named, term)?,
        Some("source") => within(fields.source, term)?,
        Some("size" | "bytes") => range(fields.size, &term.text)?,
        Some("rows") => range(fields.rows, &term.text)?,
        Some(_) => {
            let names = FIELD_NAMES.join(", ");
            return Err(invalid(format!("there is no such field; fields are {names}")));
        }
    };
    Ok((occur, query))
}

fn word(field: Field, text: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::WithFreqs))
}

fn begins(field: Field, text: &str) -> Box<dyn Query> {
    Box::new(FuzzyTermQuery::new_prefix(Term::from_field_text(field, text), 0, true))
}

fn boosted(query: Box<dyn Query>, boost: f32) -> (Occur, Box<dyn Query>) {
    (Occur::Should, Box::new(BoostQuery::new(query, boost)))
}

/// A whole value of a field, small and great letters alike.
fn exact(field: Field, text: &str) -> Box<dyn Query> {
    let text = text.to_lowercase();
    // `kind:*` finds what has any.
    let query = match text.strip_suffix('*') {
        Some(beginning) => begins(field, beginning),
        None => word(field, &text),
    };
    Box::new(ConstScoreQuery::new(query, 1.0))
}

/// Words side by side within one field.
fn within(field: Field, term: &Typed) -> Result<Box<dyn Query>> {
    let goes_on = !term.quoted && term.text.ends_with('*');
    let words = smallest(&term.text);
    let terms: Vec<_> = words.iter().map(|word| Term::from_field_text(field, word)).collect();
    Ok(match (words.as_slice(), goes_on) {
        ([], _) => return Err(invalid("a field has no word to look for")),
        ([only], true) => begins(field, only),
        // A name written in one (`orderitems`) finds `orderItems` too: the whole stands beside its parts.
        ([only], false) => word(field, only),
        (_, true) => Box::new(PhrasePrefixQuery::new(terms)),
        (_, false) => Box::new(PhraseQuery::new(terms)),
    })
}

/// Words side by side within one field or another.
fn either(one: Field, other: Option<Field>, term: &Typed) -> Result<Box<dyn Query>> {
    let fields = std::iter::once(one).chain(other);
    let each = fields.map(|field| Ok((Occur::Should, within(field, term)?)));
    Ok(Box::new(BooleanQuery::new(each.collect::<Result<_>>()?)))
}

/// Words wherever they occur; better where they name the thing than where they are one of its columns.
fn anywhere(term: &Typed, asked: &Asked<'_>) -> Result<Box<dyn Query>> {
    let fields = asked.fields;
    let mut places =
        vec![(fields.name, 3.0), (fields.path, 2.0), (fields.column, 1.0), (fields.description, 1.0)];
    places.extend(asked.named.map(|named| (named, 2.0)));
    if term.text == "*" {
        return Ok(Box::new(AllQuery));
    }
    if term.quoted {
        let phrases = places.iter().map(|(field, boost)| Ok(boosted(within(*field, term)?, *boost)));
        return Ok(Box::new(BooleanQuery::new(phrases.collect::<Result<_>>()?)));
    }
    let words = smallest(&term.text);
    if words.is_empty() {
        return Err(invalid("a term has no letter and no digit"));
    }
    let whole = term.text.trim_end_matches('*').to_lowercase();
    let mut each = Vec::new();
    for text in &words {
        let mut anywhere = Vec::new();
        for &(field, boost) in &places {
            anywhere.push(boosted(word(field, text), boost));
            anywhere.push(boosted(begins(field, text), boost * 0.3));
            if text.chars().count() >= FUZZY_CHARACTERS_MIN {
                let near = FuzzyTermQuery::new(Term::from_field_text(field, text), 1, true);
                anywhere.push(boosted(Box::new(near), boost * 0.1));
            }
        }
        for field in [fields.format, fields.kind, fields.anomaly, fields.layer, fields.tag, fields.owner] {
            anywhere.push(boosted(word(field, &whole), 1.0));
        }
        each.push((Occur::Must, Box::new(BooleanQuery::new(anywhere)) as Box<dyn Query>));
    }
    Ok(Box::new(BooleanQuery::new(each)))
}

/// `>1k`, `>=10`, `<5M`, `<=7`, `10..20` (both ends included) or one number.
fn range(field: Field, text: &str) -> Result<Box<dyn Query>> {
    let (low, high) = if let Some(number) = text.strip_prefix(">=") {
        (Bound::Included(amount(number)?), Bound::Unbounded)
    } else if let Some(number) = text.strip_prefix("<=") {
        (Bound::Unbounded, Bound::Included(amount(number)?))
    } else if let Some(number) = text.strip_prefix('>') {
        (Bound::Excluded(amount(number)?), Bound::Unbounded)
    } else if let Some(number) = text.strip_prefix('<') {
        (Bound::Unbounded, Bound::Excluded(amount(number)?))
    } else if let Some((low, high)) = text.split_once("..") {
        (Bound::Included(amount(low)?), Bound::Included(amount(high)?))
    } else {
        let number = amount(text)?;
        (Bound::Included(number), Bound::Included(number))
    };
    let term = |bound: Bound<u64>| bound.map(|number| Term::from_field_u64(field, number));
    Ok(Box::new(ConstScoreQuery::new(Box::new(RangeQuery::new(term(low), term(high))), 1.0)))
}

/// A thing by its id: a dataset's as it is, a blob's in hex. `id:*` would be everything.
fn of_id(key: Field, text: &str) -> Box<dyn Query> {
    let text = text.to_lowercase();
    let (id, goes_on) = text.strip_suffix('*').map_or((text.as_str(), false), |beginning| (beginning, true));
    let keys = [
        format!("{}{id}", BlobVersion::KIND as char),
        format!("{}{}", Dataset::KIND as char, hex::encode(id)),
    ];
    let asked = |text: String| if goes_on { begins(key, &text) } else { word(key, &text) };
    let either = keys.map(|text| (Occur::Should, asked(text)));
    Box::new(ConstScoreQuery::new(Box::new(BooleanQuery::new(either.into())), 1.0))
}

/// `2024`, `2024-05`, `2024-05-01` or a point in time, alone or compared as [`range`] does: `>=2024-05`, `2023..2024`.
fn time(field: Field, text: &str) -> Result<Box<dyn Query>> {
    let (low, high) = if let Some(from) = text.strip_prefix(">=") {
        (Bound::Included(span(from)?.0), Bound::Unbounded)
    } else if let Some(until) = text.strip_prefix("<=") {
        (Bound::Unbounded, Bound::Excluded(span(until)?.1))
    } else if let Some(after) = text.strip_prefix('>') {
        (Bound::Included(span(after)?.1), Bound::Unbounded)
    } else if let Some(before) = text.strip_prefix('<') {
        (Bound::Unbounded, Bound::Excluded(span(before)?.0))
    } else {
        let (from, until) = text.split_once("..").unwrap_or((text, text));
        (Bound::Included(span(from)?.0), Bound::Excluded(span(until)?.1))
    };
    let term = |bound: Bound<u64>| bound.map(|seconds| Term::from_field_u64(field, seconds));
    Ok(Box::new(ConstScoreQuery::new(Box::new(RangeQuery::new(term(low), term(high))), 1.0)))
}

/// The first second of a year, month, day or second, and the first one after it.
fn span(text: &str) -> Result<(u64, u64)> {
    let wrong = || {
        invalid("a time is expected, as in `modified:2024`, `modified:>2024-05-01`, `modified:2023..2024-06`")
    };
    let second = |text: &str| Ok(text.parse::<Timestamp>().map_err(|_| wrong())?.seconds());
    let numbers: Vec<&str> = text.split('-').collect();
    let number = |text: &str| text.parse::<u32>().map_err(|_| wrong());
    match numbers.as_slice() {
        [year] if year.len() == 4 => {
            Ok((second(&format!("{year}-01-01"))?, second(&format!("{:04}-01-01", number(year)? + 1))?))
        }
        [year, month] if year.len() == 4 && month.len() == 2 => {
            let next = match number(month)? {
                12 => format!("{:04}-01-01", number(year)? + 1),
                month => format!("{year}-{:02}-01", month + 1),
            };
            Ok((second(&format!("{year}-{month}-01"))?, second(&next)?))
        }
        _ => {
            let first = second(text)?;
            let is_day = text.len() == "2024-05-01".len();
            Ok((first, first + if is_day { 86_400 } else { 1 }))
        }
    }
}

/// A number with an optional decimal or binary multiple: `1500`, `1.5k`, `10MB`, `4GiB`.
fn amount(text: &str) -> Result<u64> {
    let wrong = || invalid("a number is expected, as in `size:>1000`, `size:<1.5GB`, `rows:10..20`");
    let text = text.trim().to_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().map_err(|_| wrong())?;
    let factor: f64 = match text[digits..].trim_end_matches('b') {
        "" => 1.0,
        "k" => 1e3,
        "m" => 1e6,
        "g" => 1e9,
        "t" => 1e12,
        "ki" => 1024.0,
        "mi" => 1024.0 * 1024.0,
        "gi" => 1024.0 * 1024.0 * 1024.0,
        "ti" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return Err(wrong()),
    };
    Ok((number * factor) as u64)
}

#[cfg(test)]
mod tests;
