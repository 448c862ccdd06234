//! HTML as browsers take it, mistakes and all: text a passage, links and descriptions, and tables with a row a row and a column
//! for each heading. Nothing is built of it, so depth costs nothing. A page is one unit: it is deleted as a whole.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

use catalog::model::{AnomalyKind, Dialect, FeaturePath, Value};
use mail_parser::decoders::html::html_to_text;

use super::arrow::RowsFn;
use super::charset::Charset;
use super::magic::{beginning, certain};
use super::xml::parsable;
use super::{At, Bounds, Format, FormatError, Head, Sink, Sniff, WHOLE, locate_by_reading};
use crate::content::Content;

mod tag;
#[cfg(test)]
mod tests;

/// Pages and fragments of them.
pub(super) static FORMAT: Format = Format {
    id: "html",
    media_type: "text/html",
    extensions: &["html", "htm", "xhtml", "hta"],
    sniff,
    read: Some(read),
    rows: RowsFn::Cells,
    locate: Some(locate_by_reading),
    rewrite: None,
    container: None,
};

/// Columns of all tables of a page; what stands beyond is text.
const COLUMNS_MAX: usize = 1_000;
/// Tables within each other that are told apart.
const TABLES_MAX: usize = 16;
/// Letters of a heading that names a column.
const HEADING_MAX: usize = 80;
/// Pieces of a long text overlap by this much, so that no identifier is cut in both.
const OVERLAP_BYTES: usize = 512;
/// Elements within a line of text; all others end a passage.
const INLINE: [&str; 27] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "mark", "q", "s", "small", "span", "strong", "sub", "sup", "u", "var", "wbr",
];
/// Attributes that people read or follow.
const ATTRIBUTES: [&str; 10] =
    ["href", "src", "alt", "title", "content", "value", "placeholder", "aria-label", "cite", "action"];

fn sniff(head: &Head<'_>) -> Option<Sniff> {
    let text = beginning(head)?.to_ascii_lowercase();
    let tags =
        ["<!doctype html", "<html", "<head", "<body", "<title", "<table", "<div", "<script", "<h1", "<p>"];
    let xhtml = text.starts_with("<?xml") && text.contains("<html");
    if xhtml || tags.iter().any(|tag| text.starts_with(tag)) {
        return certain(true, 0.95);
    }
    // Templates and fragments: any element of HTML will do where the name says so.
    let elements = [
        "<html", "</a>", "</div>", "</p>", "</span>", "</li>", "</td>", "</h", "<br", "<meta", "<link", "{%",
        "{{",
    ];
    certain(
        head.is_named(&["html", "htm", "xhtml"]) && elements.iter().any(|element| text.contains(element)),
        0.94,
    )
}

fn read(content: &Content, _: &Dialect, bounds: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    let (content, charset, has_offsets) = parsable(content)?;
    let mut page = Page {
        charset,
        has_offsets,
        record_bytes_max: bounds.record_bytes_max,
        rows_max: bounds.rows_max,
        columns: BTreeMap::new(),
        row: 0,
        text: Vec::new(),
        text_at: 0,
        tables: Vec::new(),
        script: None,
        sink,
    };
    let mut input = BufReader::new(content);
    let mut position = 0;
    let mut piece = Vec::new();
    while page.row < page.rows_max {
        piece.clear();
        let end = page.next_piece(&mut input, &mut piece)?;
        if piece.is_empty() {
            page.flush();
            return Ok(());
        }
        page.take(&piece, position, end);
        position += piece.len() as u64;
    }
    let reason = format!("only the first {} passages were read", page.rows_max);
    page.sink.anomaly(AnomalyKind::LimitReached, reason);
    Ok(())
}

/// What a piece of the page is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Text,
    Tag,
}

/// A table that is open.
#[derive(Default)]
struct Table {
    /// Names of its columns, once its first row is over.
    names: Option<Vec<String>>,
    /// Texts of the row that is open.
    cells: Vec<(String, u64)>,
}

struct Page<'a> {
    charset: Charset,
    has_offsets: bool,
    record_bytes_max: usize,
    rows_max: u64,
    columns: BTreeMap<String, usize>,
    row: u64,
    /// Text since the last passage ended, with the tags in it, and where it began.
    text: Vec<u8>,
    text_at: u64,
    tables: Vec<Table>,
    /// The element whose content is no markup: a script or a style.
    script: Option<String>,
    sink: &'a mut dyn Sink,
}

impl Page<'_> {
    /// Reads up to the end of a tag or of the text before one, or as much of either as a record may have.
    fn next_piece(&self, input: &mut BufReader<Content>, piece: &mut Vec<u8>) -> Result<Piece, FormatError> {
        let most = self.record_bytes_max.max(1);
        let first = input.fill_buf()?.first().copied();
        let is_tag = first == Some(b'<');
        // Within scripts a bracket is mostly none: only the next one can end it.
        let in_script = self.script.is_some();
        let mut quote = None;
        loop {
            let buffer = input.fill_buf()?;
            if buffer.is_empty() || piece.len() >= most {
                return Ok(if is_tag { Piece::Tag } else { Piece::Text });
            }
            let mut taken = 0;
            let mut done = false;
            for byte in buffer.iter().take(most - piece.len()) {
                let at = piece.len() + taken + 1;
                if *byte == b'<' && (!is_tag || (in_script && at > 1)) {
                    done = true;
                    break;
                }
                taken += 1;
                match (*byte, quote) {
                    (b'"' | b'\'', None) if is_tag && !in_script && !piece.starts_with(b"<!") => {
                        quote = Some(*byte);
                    }
                    (byte, Some(open)) if byte == open => quote = None,
                    // A bracket within quotes is none, unless they were never closed on their line.
                    (b'>', None) if is_tag => {
                        done = true;
                        break;
                    }
                    (b'\n', Some(_)) => quote = None,
                    _ => {}
                }
            }
            piece.extend_from_slice(&buffer[..taken]);
            input.consume(taken);
            if done && !(is_tag && piece.starts_with(b"<!--") && !piece.ends_with(b"-->")) {
                return Ok(if is_tag { Piece::Tag } else { Piece::Text });
            }
        }
    }

    fn take(&mut self, piece: &[u8], position: u64, kind: Piece) {
        if kind == Piece::Text {
            self.add_text(piece, position);
            return;
        }
        let tag = tag::Tag::of(&self.charset.decode(piece));
        if let Some(script) = &self.script {
            if tag.closes && tag.name == *script {
                self.flush();
                self.script = None;
            } else {
                self.add_text(piece, position);
            }
            return;
        }
        if tag.name.is_empty() {
            if piece.starts_with(b"<!--") {
                // People hide in comments too.
                self.flush();
                let comment = self.charset.decode(piece).into_owned();
                self.cell("comment", comment.trim_start_matches("<!--").trim_end_matches("-->"), position);
            } else if !piece.starts_with(b"<!") && !piece.starts_with(b"<?") {
                self.add_text(b"&lt;", position);
                self.add_text(piece.get(1..).unwrap_or_default(), position);
            }
            return;
        }
        if !INLINE.contains(&tag.name.as_str()) {
            self.flush();
        } else if !self.text.is_empty() {
            self.text.extend_from_slice(piece);
        }
        for (name, value) in &tag.attributes {
            let person = value.contains('@') || value.contains("%40");
            if ATTRIBUTES.contains(&name.as_str()) || person {
                self.cell("attribute", &html_to_text(value), position);
            }
        }
        self.structure(&tag);
    }

    fn structure(&mut self, tag: &tag::Tag) {
        match (tag.name.as_str(), tag.closes) {
            ("script" | "style", false) if !tag.closes_itself => self.script = Some(tag.name.clone()),
            ("table", false) if self.tables.len() < TABLES_MAX => self.tables.push(Table::default()),
            ("table", true) => {
                self.end_row();
                self.tables.pop();
            }
            ("tr", _) => self.end_row(),
            ("td" | "th", false) => {
                if let Some(table) = self.tables.last_mut() {
                    table.cells.push((String::new(), 0));
                }
            }
            _ => {}
        }
    }

    fn add_text(&mut self, piece: &[u8], position: u64) {
        if self.text.is_empty() {
            self.text_at = position;
        }
        self.text.extend_from_slice(piece);
        if self.text.len() > self.record_bytes_max {
            let carried = self.text[self.text.len() - OVERLAP_BYTES.min(self.text.len())..].to_vec();
            self.flush();
            (self.text, self.text_at) = (carried, position);
            if self.text.len() > self.record_bytes_max {
                self.text.clear();
            }
        }
    }

    /// Ends a passage: it goes to the cell of a table that is open, else it is a row.
    fn flush(&mut self) {
        let (bytes, at) = (std::mem::take(&mut self.text), self.text_at);
        if bytes.trim_ascii().is_empty() {
            return;
        }
        let text = self.charset.decode(&bytes);
        if self.script.is_some() {
            // Pages carry whole records in them.
            let text = text.into_owned();
            return self.cell("script", &text, at);
        }
        let text = html_to_text(&text);
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let most = self.record_bytes_max;
        if let Some(cell) = self.tables.last_mut().and_then(|table| table.cells.last_mut())
            && cell.0.len() + text.len() <= most
        {
            if cell.0.is_empty() {
                cell.1 = at;
            } else {
                cell.0.push(' ');
            }
            cell.0.push_str(text);
            return;
        }
        self.cell("text", text, at);
    }

    fn end_row(&mut self) {
        let Some(table) = self.tables.last_mut() else { return };
        let cells = std::mem::take(&mut table.cells);
        if cells.is_empty() {
            return;
        }
        let name = |(place, (text, _)): (usize, &(String, u64))| match text.is_empty() {
            true => format!("column_{}", place + 1),
            false => text.chars().take(HEADING_MAX).collect(),
        };
        // The first row names the columns. It is handed on too: it may have been no heading.
        let names = table.names.get_or_insert_with(|| cells.iter().enumerate().map(name).collect()).clone();
        self.sink.row(self.row);
        for (place, (text, at)) in cells.into_iter().enumerate().filter(|(_, (text, _))| !text.is_empty()) {
            let name = names.get(place).cloned().unwrap_or_else(|| format!("column_{}", place + 1));
            self.put(&name, &text, at);
        }
        self.row += 1;
    }

    /// A row of one cell.
    fn cell(&mut self, name: &str, text: &str, at: u64) {
        if !text.trim().is_empty() {
            self.sink.row(self.row);
            self.put(name, text.trim(), at);
            self.row += 1;
        }
    }

    fn put(&mut self, name: &str, text: &str, offset: u64) {
        let known = self.columns.contains_key(name) || self.columns.len() < COLUMNS_MAX;
        let name = if known { name } else { "text" };
        let feature = match self.columns.get(name) {
            Some(feature) => *feature,
            None => {
                let feature = self.sink.feature(&FeaturePath::column(name), None);
                self.columns.insert(name.to_owned(), feature);
                feature
            }
        };
        let offset = self.has_offsets.then_some(offset);
        self.sink.cell(feature, At { row: self.row, unit: WHOLE, offset }, Value::Raw(text.into()));
    }
}
