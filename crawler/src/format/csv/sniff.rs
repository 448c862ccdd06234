//! Tells delimited text from other text, and its dialect: the same number of fields in record after record, and columns of one type.

use std::collections::HashMap;

use catalog::model::Dialect;

use super::split;
use crate::content::Content;
use crate::format::charset::Charset;
use crate::format::lines::{Lines, Quoting};
use crate::format::{Head, Sniff};

/// Delimiters in the order in which ties are broken; 0x01 is Hive's.
const DELIMITERS: [char; 5] = [',', '\t', ';', '|', '\u{1}'];
/// Records looked at.
const RECORDS_MAX: usize = 200;
/// Lines before the first record, at most.
const PREAMBLE_MAX: usize = 20;
/// Words that name columns all over the world's exports.
const HEADER_WORDS: [&str; 36] = [
    "id",
    "name",
    "email",
    "mail",
    "phone",
    "date",
    "time",
    "timestamp",
    "type",
    "status",
    "code",
    "city",
    "country",
    "address",
    "street",
    "zip",
    "state",
    "amount",
    "price",
    "total",
    "count",
    "value",
    "key",
    "user",
    "customer",
    "order",
    "first",
    "last",
    "title",
    "description",
    "category",
    "created",
    "updated",
    "url",
    "number",
    "label",
];

/// How a head would read with one delimiter.
struct Candidate {
    delimiter: char,
    quote: Option<char>,
    preamble: usize,
    rows: Vec<Vec<String>>,
    confidence: f32,
}

/// What a cell looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Looks {
    Empty,
    Number,
    Date,
    Bool,
    Address,
    Text,
}

pub(super) fn sniff(head: &Head<'_>) -> Option<Sniff> {
    let charset = Charset::detect(head)?;
    let text = charset.decode_head(head);
    // JSON, XML and HTML have commas too.
    if text.trim_start().starts_with(['{', '<']) || text.trim().is_empty() {
        return None;
    }
    let extension = head.name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let named = extension.is_some_and(|extension| super::FORMAT.extensions.contains(&extension.as_str()));
    let candidates =
        DELIMITERS.into_iter().filter_map(|delimiter| candidate(&text, delimiter, head.complete, named));
    let best = candidates
        .reduce(|best, other| if other.confidence > best.confidence { other } else { best })
        .or_else(|| single_column(&text, head.complete, named))
        .or_else(|| ragged(&text, head.complete, named))?;
    let dialect = Dialect {
        delimiter: Some(best.delimiter),
        quote: best.quote,
        header: Some(has_header(&best.rows)),
        encoding: charset.name(),
        preamble_lines: (best.preamble > 0).then_some(best.preamble as u32),
    };
    Some(Sniff { confidence: best.confidence, dialect })
}

/// The records of a head, blank lines as no field at all.
fn records(text: &str, delimiter: char, quote: Option<char>, complete: bool) -> Vec<Vec<String>> {
    let content = Content::from(text.as_bytes().to_vec());
    let quoting = quote.map(|quote| Quoting { delimiter: delimiter as u8, quote: quote as u8 });
    let Ok(mut lines) = Lines::new(&content, Charset::Utf8, quoting, text.len()) else {
        return Vec::new();
    };
    let mut records = Vec::new();
    while let Ok(Some(piece)) = lines.next() {
        // A quote that the head's end leaves open is none that is astray.
        if records.len() >= RECORDS_MAX || (piece.stray_quote && !complete) {
            break;
        }
        let record = Charset::Utf8.decode(Charset::Utf8.without_line_end(piece.bytes));
        let fields = split(&record, delimiter, quote).into_iter().map(|field| field.text.into_owned());
        records.push(if record.is_empty() { Vec::new() } else { fields.collect() });
    }
    records
}

fn candidate(text: &str, delimiter: char, complete: bool, named: bool) -> Option<Candidate> {
    if !text.contains(delimiter) {
        return None;
    }
    let quote = match delimiter {
        '\u{1}' => None,
        _ if !text.contains('"') && is_single_quoted(text, delimiter) => Some('\''),
        _ => Some('"'),
    };
    let quoted = candidate_quoted(text, delimiter, quote, complete, named);
    if delimiter != '\t' || quote.is_none() || !text.contains('"') {
        return quoted;
    }
    // The media type has no quotes where tabs delimit, though spreadsheets write them: what makes the better table.
    let plain = candidate_quoted(text, delimiter, None, complete, named);
    match (quoted, plain) {
        (Some(quoted), Some(plain)) if plain.confidence > quoted.confidence => Some(plain),
        (quoted, plain) => quoted.or(plain),
    }
}

fn candidate_quoted(
    text: &str,
    delimiter: char,
    quote: Option<char>,
    complete: bool,
    named: bool,
) -> Option<Candidate> {
    let records = records(text, delimiter, quote, complete);
    let width = usual_width(&records)?;
    let preamble = preamble(&records, width);
    // Comments between records are no odd records where the name says that it is a table; code has comments too.
    let aside = |record: &Vec<String>| record.is_empty() || (named && is_comment(record, width));
    let rows: Vec<_> = records.into_iter().skip(preamble).filter(|record| !aside(record)).collect();
    let (all, usual) = (rows.len(), rows.iter().filter(|row| row.len() == width).count());
    let consistency = usual as f32 / all as f32;
    if consistency < if all < 10 { 0.75 } else { 0.8 } || (usual < 2 && !named) || is_markup(&rows, width) {
        return None;
    }
    let rows: Vec<_> = rows.into_iter().filter(|row| row.len() == width).collect();
    let typed = typed_share(&rows);
    // Cells may hold whole texts, under names of columns and in as many fields everywhere.
    let headed = named && usual == all && rows.len() > 1 && rows[0].iter().all(|field| is_name(field));
    if !headed && is_prose(&rows, width, typed) {
        return None;
    }
    let evidence =
        0.57 + 0.13 * (usual.min(10) as f32 / 10.0) + if width > 2 { 0.1 } else { 0.0 } + 0.15 * typed;
    let penalty = if preamble > 0 { 0.05 } else { 0.0 };
    Some(Candidate { delimiter, quote, preamble, rows, confidence: evidence * consistency - penalty })
}

/// A single column has no delimiter to show: only its name says that it is a table.
fn single_column(text: &str, complete: bool, named: bool) -> Option<Candidate> {
    let records = records(text, ',', Some('"'), complete);
    let rows: Vec<_> = records.into_iter().filter(|record| !record.is_empty()).collect();
    let words: usize = rows.iter().map(|row| row[0].split_whitespace().count()).sum();
    let short = rows.iter().all(|row| row.len() == 1 && row[0].len() <= 200);
    let tabular = named && !rows.is_empty() && short && words <= rows.len() * 3;
    tabular.then_some(Candidate { delimiter: ',', quote: Some('"'), preamble: 0, rows, confidence: 0.55 })
}

/// Records of any width, which only its name makes a table: the delimiter is the one that the first line has most of.
fn ragged(text: &str, complete: bool, named: bool) -> Option<Candidate> {
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'))?;
    let count = |delimiter: &char| first.matches(*delimiter).count();
    let delimiter = DELIMITERS.into_iter().max_by_key(|delimiter| (count(delimiter), *delimiter == ','))?;
    if !named || count(&delimiter) == 0 {
        return None;
    }
    let rows = records(text, delimiter, Some('"'), complete);
    let rows: Vec<_> = rows.into_iter().filter(|row| !row.is_empty()).collect();
    let width = rows.iter().map(Vec::len).max()?;
    let words: usize = rows.iter().flatten().map(|field| field.split_whitespace().count()).sum();
    let cells: usize = rows.iter().map(Vec::len).sum();
    let padded = |mut row: Vec<String>| {
        row.resize(width, String::new());
        row
    };
    let tabular = width * rows.len() <= 1 << 20 && words <= cells * 8;
    let rows = if tabular { rows.into_iter().map(padded).collect() } else { Vec::new() };
    tabular.then_some(Candidate { delimiter, quote: Some('"'), preamble: 0, rows, confidence: 0.56 })
}

fn is_single_quoted(text: &str, delimiter: char) -> bool {
    let lines = || text.lines().filter(|line| !line.is_empty()).take(RECORDS_MAX);
    let quoted = |line: &&str| {
        line.split(delimiter).any(|field| field.len() > 1 && field.starts_with('\'') && field.ends_with('\''))
    };
    lines().filter(quoted).count() * 2 > lines().count()
}

/// The number of fields that most records have, two at least.
fn usual_width(records: &[Vec<String>]) -> Option<usize> {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for record in records.iter().filter(|record| record.len() > 1) {
        *counts.entry(record.len()).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(width, count)| (*count, *width)).map(|(width, _)| width)
}

/// Lines before the first record: comments, titles, blank lines.
fn preamble(records: &[Vec<String>], width: usize) -> usize {
    let belongs = |record: &Vec<String>| {
        let comment = record.first().is_some_and(|field| field.starts_with('#'));
        record.len() == width
            && (!comment || record.iter().all(|field| is_name(field.trim_start_matches('#'))))
    };
    match records.iter().take(PREAMBLE_MAX + 1).position(belongs) {
        Some(first)
            if records[..first].iter().all(|record| record.len() != width || record[0].starts_with('#')) =>
        {
            first
        }
        _ => 0,
    }
}

/// A line that begins as comments do and is no record of the others' width.
fn is_comment(record: &[String], width: usize) -> bool {
    record.len() != width && record.first().is_some_and(|field| field.trim_start().starts_with('#'))
}

/// Tables of Markdown and code with a semicolon after each line have an empty first or last field everywhere.
fn is_markup(rows: &[Vec<String>], width: usize) -> bool {
    let everywhere =
        |place: usize| rows.iter().all(|row| row.get(place).is_none_or(|field| field.trim().is_empty()));
    (width == 2 && (everywhere(1) || everywhere(0))) || (everywhere(0) && everywhere(width - 1))
}

/// Sentences with the same number of commas by chance: a space after each comma, many words, no typed column.
fn is_prose(rows: &[Vec<String>], width: usize, typed: f32) -> bool {
    let cells = rows.len() * width;
    let words: usize = rows.iter().flatten().map(|field| field.split_whitespace().count()).sum();
    let spaced = rows.iter().flat_map(|row| &row[1..]).filter(|field| field.starts_with(' ')).count();
    let after_delimiter = rows.len() * (width - 1);
    typed == 0.0 && (words > cells * 8 || (spaced * 2 > after_delimiter && words > cells * 2))
}

/// Share of columns whose cells, header apart, are of one type that is not just text.
fn typed_share(rows: &[Vec<String>]) -> f32 {
    let body = if rows.len() > 1 { &rows[1..] } else { rows };
    let width = rows.first().map_or(0, Vec::len).max(1);
    (0..width).filter(|column| !matches!(column_looks(body, *column), Looks::Text | Looks::Empty)).count()
        as f32
        / width as f32
}

fn column_looks(rows: &[Vec<String>], column: usize) -> Looks {
    let mut counts: HashMap<Looks, usize> = HashMap::new();
    for row in rows {
        *counts.entry(looks(&row[column])).or_default() += 1;
    }
    counts.remove(&Looks::Empty);
    let all: usize = counts.values().sum();
    match counts.into_iter().max_by_key(|(_, count)| *count) {
        None => Looks::Empty,
        Some((looks, count)) if count * 10 >= all * 8 => looks,
        Some(_) => Looks::Text,
    }
}

fn looks(cell: &str) -> Looks {
    let cell = cell.trim();
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    let of = |allowed: &str| cell.chars().all(|letter| letter.is_ascii_digit() || allowed.contains(letter));
    match cell {
        "" | "NULL" | "null" | "\\N" | "NA" | "N/A" | "NaN" | "nan" | "None" => Looks::Empty,
        _ if matches!(cell.to_ascii_lowercase().as_str(), "true" | "false" | "yes" | "no" | "t" | "f") => {
            Looks::Bool
        }
        _ if digits > 0
            && of("+-.,eE")
            && cell.starts_with(|letter: char| letter.is_ascii_digit() || "+-.".contains(letter)) =>
        {
            if digits >= 6 && cell[1..].matches('-').count() == 2 { Looks::Date } else { Looks::Number }
        }
        _ if digits >= 4 && of("-/:. TZ+") => Looks::Date,
        // A sentence with an address in it is text.
        _ if cell.contains(char::is_whitespace) => Looks::Text,
        _ if cell.contains('@') || cell.starts_with("http") || is_hexadecimal(cell) => Looks::Address,
        _ => Looks::Text,
    }
}

/// Digests, UUIDs, addresses of networks.
fn is_hexadecimal(cell: &str) -> bool {
    cell.len() >= 8
        && cell.bytes().any(|byte| byte.is_ascii_digit())
        && cell.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'-' | b':' | b'.'))
}

/// Whether a cell could be the name of a column.
fn is_name(cell: &str) -> bool {
    let cell = cell.trim();
    cell.len() <= 64
        && cell.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
        && cell.chars().all(|letter| letter.is_alphanumeric() || " _-.:/()%#$[]".contains(letter))
        && cell.split_whitespace().count() <= 6
}

/// Whether the first row names the columns: it differs in kind from what stands under it.
pub(in crate::format) fn has_header(rows: &[Vec<String>]) -> bool {
    let Some((first, body)) = rows.split_first() else {
        return false;
    };
    let looks_first: Vec<_> = first.iter().map(|cell| looks(cell)).collect();
    let names = first.iter().filter(|cell| is_name(cell)).count();
    if body.is_empty() {
        return names == first.len() && looks_first.iter().all(|looks| *looks == Looks::Text);
    }
    let mut votes: f32 = 0.0;
    for (column, looks_here) in looks_first.iter().enumerate() {
        votes += vote(&first[column], *looks_here, body, column);
    }
    let words = first.iter().flat_map(|cell| cell.split(|letter: char| !letter.is_alphabetic()));
    if words.map(str::to_ascii_lowercase).any(|word| HEADER_WORDS.contains(&word.as_str())) {
        votes += 1.0;
    }
    if names + usize::from(first[0].is_empty()) == first.len() {
        votes += 0.5;
    }
    votes > 0.0
}

fn vote(name: &str, looks_here: Looks, body: &[Vec<String>], column: usize) -> f32 {
    let below = column_looks(body, column);
    match (looks_here, below) {
        (Looks::Empty, _) | (_, Looks::Empty) => 0.0,
        (Looks::Text, Looks::Text) => {
            let same = |row: &&Vec<String>| row[column] == name;
            let alike = body.iter().filter(|row| shape(&row[column]) == shape(name)).count();
            match body.iter().find(same) {
                Some(_) => -1.0,
                None if alike * 10 >= body.len() * 8 => -0.25,
                None => 0.1,
            }
        }
        (Looks::Text, _) => 1.0,
        (here, below) if here == below => -1.0,
        _ => -0.25,
    }
}

/// How a text is built, roughly.
fn shape(cell: &str) -> (bool, bool, bool) {
    let upper = cell.starts_with(char::is_uppercase);
    (upper, cell.contains(' '), cell.contains(|letter: char| letter.is_ascii_digit()))
}
