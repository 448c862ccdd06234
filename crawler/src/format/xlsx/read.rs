//! Cells of sheets, and the passages of every other member.

use catalog::model::{AnomalyKind, Dialect, FeaturePath, Value};
use roaring::RoaringTreemap;

use super::book::{Book, Shown};
use super::sheet::{self, Cell, Row};
use super::strings::Strings;
use super::{PROPERTIES, STRING_UNITS, TAKING, property_unit};
use crate::content::Content;
use crate::format::csv::has_header;
use crate::format::json::cells::number;
use crate::format::package::Package;
use crate::format::passages::passages;
use crate::format::{At, Bounds, FormatError, Sink};

/// Rows that tell whether one of them names the columns.
const HEAD_ROWS: usize = 50;
/// Bytes of them that are held.
const HEAD_BYTES: usize = 4 << 20;
/// Names of properties that are features of their own.
const PROPERTY_NAMES_MAX: usize = 200;
/// Days from 1900-01-00, as the format counts, to the Unix epoch; it takes 1900 for a leap year (ECMA-376-1 §18.17.4.1).
const EPOCH_1900: f64 = 25_569.0;
const EPOCH_1904: f64 = 24_107.0;

pub(super) fn read(
    content: &Content,
    _: &Dialect,
    bounds: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    let mut reading = Reading::open(content, bounds)?;
    for place in 0..reading.book.sheets.len() {
        reading.sheet(place, sink);
    }
    reading.properties(sink);
    Ok(())
}

/// Reads one sheet.
pub(super) fn read_table(
    content: &Content,
    bounds: &Bounds,
    table: &str,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    let mut reading = Reading::open(content, bounds)?;
    if table == PROPERTIES {
        reading.properties(sink);
        return Ok(());
    }
    for place in 0..reading.book.sheets.len() {
        if reading.book.table(place) == table {
            reading.sheet(place, sink);
        }
    }
    Ok(())
}

impl Book {
    /// The table of a sheet: its name; none if it is the only one.
    pub(super) fn table(&self, place: usize) -> &str {
        if self.sheets.len() == 1 { "" } else { &self.sheets[place].0 }
    }
}

struct Reading {
    package: Package,
    book: Book,
    strings: Strings,
    bounds: Bounds,
    /// Strings that some cell shows.
    shown: RoaringTreemap,
}

impl Reading {
    fn open(content: &Content, bounds: &Bounds) -> Result<Self, FormatError> {
        let mut package = Package::open(content, bounds)?;
        let book = Book::open(&mut package, bounds)?;
        let strings = match book.strings {
            Some(place) => Strings::read(&package.content(place)?, bounds)?,
            None => Strings::none(),
        };
        Ok(Self { package, book, strings, bounds: *bounds, shown: RoaringTreemap::new() })
    }

    /// Reads a sheet; what is wrong with it costs its own rest only.
    fn sheet(&mut self, place: usize, sink: &mut dyn Sink) {
        let (_, member) = self.book.sheets[place];
        let table = self.book.table(place).to_owned();
        if !table.is_empty() {
            sink.table(&table);
        }
        let read = self.package.content(member).and_then(|content| {
            let mut cells = Cells::new(self, sink);
            sheet::rows(&content, cells.bounds.record_bytes_max, &mut |row| cells.take(row))?;
            cells.finish()
        });
        if let Err(error) = read {
            sink.anomaly(error.anomaly(), format!("a sheet cannot be read to its end: {error}"));
        }
    }

    /// Everything outside of rows: properties, comments, links, caches of charts and pivots, strings that no cell shows.
    fn properties(&mut self, sink: &mut dyn Sink) {
        let mut properties = Properties { features: Vec::new(), rows: 0, declared: false };
        for number in (0..self.strings.len()).filter(|number| !self.shown.contains(*number)) {
            if let Ok(Some((text, spoken))) = self.strings.get(number) {
                properties.cell("string", &text, STRING_UNITS | number, sink);
                properties.cell("string", &spoken, STRING_UNITS | number, sink);
            }
        }
        for place in 0..self.package.names().len() {
            if !self.is_searched(place) {
                continue;
            }
            let read = self.package.content(place).and_then(|content| {
                passages(&content, &TAKING, self.bounds.record_bytes_max, &mut |passage| {
                    let unit = property_unit(place, passage.ranges[0].0);
                    properties.cell(passage.name, passage.text, unit, sink);
                    Ok(true)
                })
            });
            if let Err(error) = read {
                sink.anomaly(error.anomaly(), format!("a part of the workbook cannot be read: {error}"));
            }
        }
    }

    /// Whether a member holds text that no sheet's rows show.
    fn is_searched(&self, place: usize) -> bool {
        let name = self.package.names()[place].to_lowercase();
        let markup = [".xml", ".rels", ".vml"].iter().any(|ending| name.ends_with(ending));
        let known = name.starts_with("xl/theme/") || name.starts_with("[content_types]");
        let apart = [self.book.strings, self.book.calculation].contains(&Some(place))
            || name == "xl/styles.xml"
            || name == "xl/metadata.xml";
        markup && !known && !apart
    }
}

/// Passages as rows of the table of properties.
struct Properties {
    features: Vec<(String, usize)>,
    rows: u64,
    declared: bool,
}

impl Properties {
    fn cell(&mut self, name: &str, text: &str, unit: u64, sink: &mut dyn Sink) {
        if text.trim().is_empty() {
            return;
        }
        if !self.declared {
            sink.table(PROPERTIES);
            self.declared = true;
        }
        let full = self.features.len() >= PROPERTY_NAMES_MAX;
        let known = |name: &str| self.features.iter().find(|(known, _)| known == name).map(|known| known.1);
        let feature = match known(name) {
            Some(feature) => feature,
            None if full => 0,
            None => {
                let feature = sink.feature(&FeaturePath::column(name), None);
                self.features.push((name.to_owned(), feature));
                feature
            }
        };
        sink.row(self.rows);
        sink.cell(feature, At { row: self.rows, unit, offset: None }, Value::Text(text.into()));
        self.rows += 1;
    }
}

/// A row's values by column, and what stands behind them: how a text is spoken, formulas that quote something.
struct Valued {
    ordinal: u64,
    values: Vec<(usize, Value<'static>)>,
    behind: Vec<(usize, String)>,
}

struct Cells<'a> {
    strings: &'a Strings,
    shown: &'a mut RoaringTreemap,
    styles: &'a [Shown],
    from_1904: bool,
    bounds: Bounds,
    sink: &'a mut dyn Sink,
    /// Rows that wait for the header to be told; `None` once it is.
    head: Option<Vec<Valued>>,
    head_bytes: usize,
    /// Names by column; columns without one are numbered.
    names: Vec<String>,
    features: Vec<Option<usize>>,
    behind: Vec<Option<usize>>,
    rows: u64,
    beyond: u64,
}

impl<'a> Cells<'a> {
    fn new(reading: &'a mut Reading, sink: &'a mut dyn Sink) -> Self {
        Self {
            strings: &reading.strings,
            shown: &mut reading.shown,
            styles: &reading.book.styles,
            from_1904: reading.book.from_1904,
            bounds: reading.bounds,
            sink,
            head: Some(Vec::new()),
            head_bytes: 0,
            names: Vec::new(),
            features: Vec::new(),
            behind: Vec::new(),
            rows: 0,
            beyond: 0,
        }
    }

    fn take(&mut self, row: Row) -> Result<bool, FormatError> {
        self.beyond += row.beyond;
        let mut valued = Valued { ordinal: row.ordinal, values: Vec::new(), behind: Vec::new() };
        for cell in row.cells {
            self.head_bytes += cell.text.len();
            if cell.formula_text.contains('"') {
                valued.behind.push((cell.column, cell.formula_text.clone()));
            }
            let value = self.value(&cell, &mut valued.behind)?;
            if value != Value::Null {
                valued.values.push((cell.column, value));
            }
        }
        if valued.values.is_empty() && valued.behind.is_empty() {
            return Ok(true);
        }
        let Some(head) = &mut self.head else { return Ok(self.emit(&valued)) };
        head.push(valued);
        if head.len() < HEAD_ROWS && self.head_bytes < HEAD_BYTES { Ok(true) } else { Ok(self.begin()) }
    }

    fn finish(mut self) -> Result<(), FormatError> {
        self.begin();
        if self.beyond > 0 {
            let reason = format!("{} cells beyond the last column of a sheet were left out", self.beyond);
            self.sink.anomaly(AnomalyKind::LimitReached, reason);
        }
        Ok(())
    }

    /// Tells the header among the first rows, and hands on the others.
    fn begin(&mut self) -> bool {
        let Some(mut head) = self.head.take() else { return true };
        if let Some(place) = header(&head) {
            let names = head.remove(place);
            for (column, name) in &names.values {
                self.names.resize((column + 1).max(self.names.len()), String::new());
                let name = name.text().unwrap_or_default().trim().to_owned();
                self.names[*column] = name;
            }
            for column in 0..self.names.len() {
                self.feature(column);
            }
        }
        head.iter().all(|row| self.emit(row))
    }

    fn feature(&mut self, column: usize) -> usize {
        self.features.resize((column + 1).max(self.features.len()), None);
        if let Some(feature) = self.features[column] {
            return feature;
        }
        let name = self.names.get(column).filter(|name| !name.is_empty());
        let twice = |name: &String| self.names[..column].contains(name);
        let name = match name {
            Some(name) if twice(name) => format!("{name}_{}", column + 1),
            Some(name) => name.clone(),
            None => format!("column_{}", column + 1),
        };
        let feature = self.sink.feature(&FeaturePath::column(&name), None);
        self.features[column] = Some(feature);
        feature
    }

    fn emit(&mut self, row: &Valued) -> bool {
        if self.rows >= self.bounds.rows_max {
            let reason = format!("only the first {} rows of a sheet were read", self.rows);
            self.sink.anomaly(AnomalyKind::LimitReached, reason);
            return false;
        }
        self.sink.row(self.rows);
        let at = At { row: self.rows, unit: row.ordinal, offset: None };
        let mut next = 0;
        for (column, value) in &row.values {
            for missing in next..(*column).min(self.names.len()) {
                let feature = self.feature(missing);
                self.sink.cell(feature, at, Value::Null);
            }
            let feature = self.feature(*column);
            self.sink.cell(feature, at, value.clone());
            next = column + 1;
        }
        for missing in next..self.names.len() {
            let feature = self.feature(missing);
            self.sink.cell(feature, at, Value::Null);
        }
        for (column, text) in &row.behind {
            let feature = self.feature_behind(*column);
            self.sink.cell(feature, at, Value::Text(text.into()));
        }
        self.rows += 1;
        true
    }

    fn feature_behind(&mut self, column: usize) -> usize {
        self.behind.resize((column + 1).max(self.behind.len()), None);
        let sink = &mut *self.sink;
        *self.behind[column].get_or_insert_with(|| {
            let name = format!("column_{}@behind", column + 1);
            sink.feature(&FeaturePath::column(&name), None)
        })
    }

    /// What a cell shows (ECMA-376-1 §18.18.11).
    fn value(
        &mut self,
        cell: &Cell,
        behind: &mut Vec<(usize, String)>,
    ) -> Result<Value<'static>, FormatError> {
        let text = cell.text.as_str();
        if text.is_empty() {
            return Ok(Value::Null);
        }
        Ok(match cell.kind.as_str() {
            "s" => {
                let Ok(number) = text.trim().parse::<u64>() else { return Ok(Value::Null) };
                self.shown.insert(number);
                let Some((string, spoken)) = self.strings.get(number)? else { return Ok(Value::Null) };
                if !spoken.is_empty() {
                    behind.push((cell.column, spoken));
                }
                if string.is_empty() { Value::Null } else { Value::Text(string.into()) }
            }
            "inlineStr" | "str" | "e" => Value::Text(text.to_owned().into()),
            "b" => Value::Bool(matches!(text.trim(), "1" | "true")),
            "d" => iso(text.trim()),
            _ => self.number(text.trim(), cell.style),
        })
    }

    fn number(&self, text: &str, style: usize) -> Value<'static> {
        let shown = self.styles.get(style).copied().unwrap_or(Shown::Number);
        let serial = text.parse::<f64>().ok().filter(|serial| serial.is_finite());
        match (shown, serial) {
            (Shown::Number, _) | (_, None) => owned(number(text)),
            (shown, Some(serial)) => {
                moment(serial, shown, self.from_1904).unwrap_or_else(|| owned(number(text)))
            }
        }
    }
}

fn owned(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Decimal(text) => Value::Text(text.into_owned().into()),
        Value::Float(float) if float.fract() == 0.0 && float.abs() < 9e15 => Value::Int(float as i64),
        Value::Float(float) => Value::Float(float),
        Value::Int(int) => Value::Int(int),
        Value::UInt(int) => Value::UInt(int),
        _ => Value::Null,
    }
}

/// A date written out.
fn iso(text: &str) -> Value<'static> {
    let epoch = jiff::civil::date(1970, 1, 1);
    let days = |date: jiff::civil::Date| (date - epoch).get_days();
    let text_value = || Value::Text(text.to_owned().into());
    match text.parse::<jiff::civil::DateTime>() {
        Ok(at) if !text.contains('T') => Value::Date(days(at.date())),
        Ok(at) => {
            let zoned = at.to_zoned(jiff::tz::TimeZone::UTC);
            zoned.map_or_else(|_| text_value(), |at| Value::Timestamp(at.timestamp().as_microsecond()))
        }
        Err(_) => text_value(),
    }
}

/// A serial number as what its format shows, to the millisecond, which is what the format's own writer keeps.
fn moment(serial: f64, shown: Shown, from_1904: bool) -> Option<Value<'static>> {
    if !(0.0..2_958_466.0).contains(&serial) {
        return None;
    }
    let days = match from_1904 {
        true => serial - EPOCH_1904,
        false if serial < 60.0 => serial + 1.0 - EPOCH_1900,
        false => serial - EPOCH_1900,
    };
    let millis = (days * 86_400_000.0).round() as i64;
    let of_day = millis.rem_euclid(86_400_000);
    Some(match shown {
        Shown::Time if serial < 1.0 => {
            let (seconds, rest) = (of_day / 1000, of_day % 1000);
            let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
            let fraction = if rest > 0 { format!(".{rest:03}") } else { String::new() };
            Value::Text(format!("{hours:02}:{minutes:02}:{seconds:02}{fraction}").into())
        }
        Shown::Date if of_day == 0 => Value::Date(i32::try_from(millis / 86_400_000).ok()?),
        _ => Value::Timestamp(millis * 1000),
    })
}

/// Which of the first rows names the columns: the first that is as wide as the others, if it differs from what stands under it.
fn header(head: &[Valued]) -> Option<usize> {
    let widest = head.iter().map(|row| row.values.len()).max()?;
    let first = head.iter().position(|row| row.values.len() * 10 >= widest * 6)?;
    if !head[first].values.iter().all(|(_, value)| matches!(value, Value::Text(_))) {
        return None;
    }
    let columns: Vec<usize> = head[first].values.iter().map(|(column, _)| *column).collect();
    let cell = |row: &Valued, column: &usize| {
        let found = row.values.iter().find(|(at, _)| at == column);
        found.and_then(|(_, value)| value.text()).unwrap_or_default().into_owned()
    };
    let texts: Vec<Vec<String>> =
        head[first..].iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect();
    has_header(&texts).then_some(first)
}
