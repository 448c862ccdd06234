//! The rows in which a person stands, for the person (GDPR Art. 15 and 20): values and all, with other people's left out.
//!
//! A row belongs to the person unless it holds somebody else's identifier of a kind that the person was named by: then it
//! is shared, and of what is personal in it only the person's own identifiers stay. Of a row of her own, what texts and columns
//! such as `manager` say of others goes (Art. 15(4)): names, numbers and addresses that stand nowhere else in the row. What is
//! masked says so.

use std::collections::{BTreeMap, HashSet};
use std::io::{Cursor, Read, Write};

use catalog::model::{AnomalyKind, Category, FeaturePath, FeatureType, Value};
use serde::Serialize;
use zip::write::SimpleFileOptions;

use super::search::{Found, FoundPart, Sought, holds};
use crate::content::Content;
use crate::error::{Error, Result};
use crate::format::tree::{Visit, walk};
use crate::format::{At, Bounds, Sink};
use crate::recognise::{self, Span};

/// Bytes of values that one package holds.
pub(super) const VALUES_BYTES_MAX: usize = 64 << 20;
/// Bytes of one value; longer ones are cut, which is marked.
const VALUE_BYTES_MAX: usize = 256 << 10;

/// One record of the person, as it stands in the lake.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PersonRow {
    /// Path relative to the source's URL.
    pub path: String,
    /// Full URI.
    pub uri: String,
    /// Member path joined with `!/`; empty for the blob itself.
    pub member: String,
    /// Table of a database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Row, from 0.
    pub row: u64,
    /// Feature → its values in the record, as text, in their order.
    pub values: Vec<(String, Vec<String>)>,
    /// Places of others that were masked in it.
    pub masked: u64,
}

impl PersonRow {
    /// Where it stands: one row a place.
    pub(super) fn place(&self) -> (&str, &str, Option<&str>, u64) {
        (&self.uri, &self.member, self.table.as_deref(), self.row)
    }
}

/// The rows of one blob in which the person stands; `uri` is left to whoever knows the lake.
pub(super) fn rows(
    sought: &Sought,
    found: &Found,
    content: &Content,
    path: &str,
    bounds: &Bounds,
    keep_others: bool,
) -> Vec<PersonRow> {
    let mut rows = Vec::new();
    // What cannot be read was reported by the search that found these rows.
    let _unread = walk(content, path, bounds, &mut |visit| {
        let Visit::Part(node) = visit else { return Ok(()) };
        let part = found.parts.iter().find(|part| part.member == node.member && !part.cells.is_empty());
        if let (Some(part), Some(read)) = (part, node.format.read) {
            let mut taking =
                Taking { part, table: String::new(), names: Vec::new(), rows: BTreeMap::new(), bytes: 0 };
            read(node.content, node.dialect, bounds, &mut taking)?;
            rows.extend(taking.rows.into_iter().map(|((table, _), mut row)| {
                row.path = path.to_owned();
                row.member = node.member.join("!/");
                row.table = (!table.is_empty()).then_some(table);
                if !keep_others {
                    mask_others(sought, &mut row);
                }
                row
            }));
        }
        Ok(())
    });
    rows
}

/// Takes the cells of found units as they stream by.
struct Taking<'a> {
    part: &'a FoundPart,
    table: String,
    names: Vec<String>,
    /// By table and unit.
    rows: BTreeMap<(String, u64), PersonRow>,
    bytes: usize,
}

impl Sink for Taking<'_> {
    fn table(&mut self, name: &str) {
        self.table = name.to_owned();
        self.names.clear();
    }

    fn feature(&mut self, path: &FeaturePath, _: Option<FeatureType>) -> usize {
        self.names.push(path.to_string());
        self.names.len() - 1
    }

    fn row(&mut self, _: u64) {}

    fn cell(&mut self, feature: usize, at: At, value: Value<'_>) {
        let is_found = self.part.units.get(&self.table).is_some_and(|units| units.contains(at.unit));
        let Some(text) = value.text().filter(|_| is_found && self.bytes <= VALUES_BYTES_MAX) else { return };
        let text = cut(&text);
        self.bytes += text.len();
        let row = self.rows.entry((self.table.clone(), at.unit)).or_insert_with(|| PersonRow {
            path: String::new(),
            uri: String::new(),
            member: String::new(),
            table: None,
            row: at.row,
            values: Vec::new(),
            masked: 0,
        });
        let name = &self.names[feature];
        match row.values.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(text),
            None => row.values.push((name.clone(), vec![text])),
        }
    }

    fn anomaly(&mut self, _: AnomalyKind, _: String) {}
}

fn cut(text: &str) -> String {
    if text.len() <= VALUE_BYTES_MAX {
        return text.to_owned();
    }
    let mut end = VALUE_BYTES_MAX;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{} [cut: {} bytes in all]", &text[..end], text.len())
}

/// Masks what is other people's in a shared row.
fn mask_others(sought: &Sought, row: &mut PersonRow) {
    let identifiers = sought.identifiers();
    let is_own = |span: &Span, text: &str| {
        let found = &text[span.start..span.end];
        identifiers.iter().any(|identifier| identifier.kind == span.kind && holds(identifier, found))
    };
    let is_asked = |span: &Span| identifiers.iter().any(|identifier| identifier.kind == span.kind);
    let spans: Vec<Vec<Vec<Span>>> =
        row.values.iter().map(|(_, texts)| texts.iter().map(|text| spans_of(text)).collect()).collect();
    let mut each = row.values.iter().zip(&spans).flat_map(|((_, texts), spans)| texts.iter().zip(spans));
    let is_shared = each.any(|(text, spans)| spans.iter().any(|span| is_asked(span) && !is_own(span, text)));
    let own = Own::of(row, &spans);
    for ((name, texts), spans) in row.values.iter_mut().zip(&spans) {
        let is_of_others = names_others(name);
        for (text, spans) in texts.iter_mut().zip(spans) {
            let is_told = |span: &Span| {
                is_shared
                    || ((is_of_others || is_prose(text)) && is_of_a_person(span) && !own.has(span, text))
            };
            let others: Vec<&Span> =
                spans.iter().filter(|span| !is_own(span, text) && is_told(span)).collect();
            for span in others.iter().rev() {
                text.replace_range(span.start..span.end, &format!("[{} of somebody else]", span.kind));
            }
            row.masked += others.len() as u64;
        }
    }
}

/// What a row says of the person herself, outside of texts and of columns about others.
#[derive(Default)]
struct Own {
    /// Words of short cells: her name among them.
    words: HashSet<String>,
    /// Kind and normal form of cells that hold nothing else.
    values: HashSet<(&'static str, String)>,
}

impl Own {
    fn of(row: &PersonRow, spans: &[Vec<Vec<Span>>]) -> Self {
        let mut own = Self::default();
        for ((name, texts), spans) in row.values.iter().zip(spans) {
            for (text, spans) in texts.iter().zip(spans) {
                if names_others(name) || is_prose(text) {
                    continue;
                }
                own.words.extend(words(text));
                for span in spans {
                    let found = &text[span.start..span.end];
                    own.values.extend(recognise::normalise(span.kind, found).map(|form| (span.kind, form)));
                }
            }
        }
        own
    }

    /// Whether a span says what the row says of her elsewhere; of a name, each word must.
    fn has(&self, span: &Span, text: &str) -> bool {
        let found = &text[span.start..span.end];
        match recognise::normalise(span.kind, found).filter(|_| span.kind != NAME) {
            Some(form) => self.values.contains(&(span.kind, form)),
            None => words(found).all(|word| self.words.contains(&word)),
        }
    }
}

const NAME: &str = "PERSON_NAME";
/// From so many words on, a cell is a text.
const PROSE_WORDS: usize = 4;

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

fn is_prose(text: &str) -> bool {
    text.split_whitespace().nth(PROSE_WORDS - 1).is_some() && text.chars().any(char::is_alphabetic)
}

fn is_of_a_person(span: &Span) -> bool {
    matches!(Category::of(span.kind), Category::Personal | Category::Special)
}

/// Whether a column's name says that it is of somebody who is not the row's person.
fn names_others(column: &str) -> bool {
    const OTHERS: [&str; 20] = [
        "manager",
        "supervisor",
        "boss",
        "spouse",
        "partner",
        "husband",
        "wife",
        "parent",
        "mother",
        "father",
        "child",
        "guardian",
        "emergency",
        "referrer",
        "referred",
        "beneficiary",
        "assignee",
        "assigned",
        "agent",
        "colleague",
    ];
    let mut lower = String::with_capacity(column.len() + 4);
    let mut before = None;
    for c in column.chars() {
        if c.is_uppercase() && before.is_some_and(char::is_lowercase) {
            lower.push('_');
        }
        lower.extend(c.to_lowercase());
        before = Some(c);
    }
    words(&lower.replace('_', " ")).any(|word| OTHERS.contains(&word.as_str()))
}

/// Spans in order, none over another.
fn spans_of(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    recognise::recognise(text, &mut spans);
    spans
}

/// Files as one ZIP archive.
///
/// # Errors
/// `Internal` if the archive cannot be written, which is a defect.
pub fn zip_of(files: &[(&str, Vec<u8>)]) -> Result<Vec<u8>> {
    let failed = |error: zip::result::ZipError| Error::internal("make package", "").with_source(error);
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, SimpleFileOptions::default().unix_permissions(0o600)).map_err(failed)?;
        archive.write_all(bytes).map_err(|error| failed(error.into()))?;
    }
    Ok(archive.finish().map_err(failed)?.into_inner())
}

/// The files of an archive that `zip_of` made.
///
/// # Errors
/// `Corrupt` if it is none.
pub fn unzip(archive: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let failed = |error: zip::result::ZipError| Error::corrupt("open package", "").with_source(error);
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).map_err(failed)?;
    let mut files = Vec::new();
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| failed(error.into()))?;
        files.push((file.name().to_owned(), bytes));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erase::Identifier;

    fn row(values: &[(&str, &str)]) -> PersonRow {
        let values =
            values.iter().map(|(name, text)| ((*name).to_owned(), vec![(*text).to_owned()])).collect();
        PersonRow {
            path: "a".into(),
            uri: "a".into(),
            member: String::new(),
            table: None,
            row: 0,
            values,
            masked: 0,
        }
    }

    fn masked(values: &[(&str, &str)]) -> Vec<String> {
        let sought = Sought::new(vec![Identifier::parse("email=ada@mail.example").unwrap()]);
        let mut row = row(values);
        mask_others(&sought, &mut row);
        row.values.into_iter().flat_map(|(_, texts)| texts).collect()
    }

    #[test]
    fn a_row_of_the_person_alone_stays_whole() {
        let row = [("email", "Ada@mail.example"), ("phone", "+49 30 901820"), ("city", "Turin")];
        assert_eq!(masked(&row), ["Ada@mail.example", "+49 30 901820", "Turin"]);
    }

    #[test]
    fn of_a_shared_row_only_the_persons_own_identifiers_stay() {
        let shared =
            [("text", "ada@mail.example wrote to bob@x.example about order 17"), ("phone", "+49 30 901820")];
        let expected = [
            "ada@mail.example wrote to [EMAIL_ADDRESS of somebody else] about order 17",
            "[PHONE_NUMBER of somebody else]",
        ];
        assert_eq!(masked(&shared), expected);
    }

    #[test]
    fn what_texts_and_columns_say_of_others_goes() {
        let own = [
            ("name", "Ada Berg"),
            ("email", "ada@mail.example"),
            ("phone", "+49 30 901820"),
            ("note", "Mrs Ada Berg (+49 30 901820) asked Mr Bob Stone, +49 40 123456, to write to her"),
            ("managerEmail", "carl@x.example"),
            ("team", "north"),
        ];
        let expected = [
            "Ada Berg",
            "ada@mail.example",
            "+49 30 901820",
            "Mrs Ada Berg (+49 30 901820) asked Mr [PERSON_NAME of somebody else], [PHONE_NUMBER of somebody else], to write to her",
            "[EMAIL_ADDRESS of somebody else]",
            "north",
        ];
        let mut found = masked(&own[..4]);
        found.extend(masked(&[("email", "ada@mail.example"), ("team", "north")]).into_iter().skip(1));
        let whole = masked(&own);
        assert_eq!(found[..4], expected[..4]);
        // With an address of somebody else the row is shared, and her telephone number could be either's.
        assert_eq!(whole[4..], expected[4..]);
    }

    #[test]
    fn columns_of_others_are_told_by_their_names() {
        for (column, is) in [
            ("manager_phone", true),
            ("emergencyContact", true),
            ("Referred By", true),
            ("management_fee", false),
            ("agency", false),
            ("contact", false),
        ] {
            assert_eq!(names_others(column), is, "{column}");
        }
    }

    #[test]
    fn long_values_are_cut_at_a_character_and_say_so() {
        let text = cut(&"é".repeat(VALUE_BYTES_MAX));
        assert!(text.len() < VALUE_BYTES_MAX + 64 && text.ends_with("bytes in all]"));
    }
}
