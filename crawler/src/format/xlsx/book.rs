//! The workbook: its sheets in order, how their numbers are shown, and which system its dates count by (ECMA-376-1 §18.2, §18.8).

use std::collections::HashMap;

use quick_xml::events::Event;

use crate::content::Content;
use crate::format::package::{Package, relationships_of, target};
use crate::format::xml::{Events, resolve};
use crate::format::{Bounds, FormatError};

/// Sheets that are read; the format's own writer allows far fewer.
const SHEETS_MAX: usize = 10_000;
/// Cell formats that are told apart (§18.8.10); the format's own writer stops at 64,000.
const STYLES_MAX: usize = 1 << 20;

/// What sheets are read with.
pub(super) struct Book {
    /// Worksheets: name and the number of their member.
    pub(super) sheets: Vec<(String, usize)>,
    /// By number of cell format.
    pub(super) styles: Vec<Shown>,
    /// Whether days count from 1904.
    pub(super) from_1904: bool,
    /// The member of shared strings.
    pub(super) strings: Option<usize>,
    /// The member of the order of calculation.
    pub(super) calculation: Option<usize>,
}

/// How a cell format shows a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Number,
    Date,
    Time,
    DateTime,
}

/// An element's attribute, by local name.
pub(super) fn attribute(element: &quick_xml::events::BytesStart<'_>, name: &str) -> Option<String> {
    element
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name.as_bytes())
        .map(|attribute| resolve(&String::from_utf8_lossy(&attribute.value)))
}

/// Calls back with each element's start; what is broken ends it.
fn elements(
    content: &Content,
    bounds: &Bounds,
    mut each: impl FnMut(&quick_xml::events::BytesStart<'_>),
) -> Result<(), FormatError> {
    let mut events = Events::new(content, bounds.record_bytes_max);
    loop {
        let next = events.next(|event, _, _| {
            if let Event::Start(element) | Event::Empty(element) = event {
                each(element);
            }
        });
        match next {
            Ok(Some(())) => {}
            Ok(None) => return Ok(()),
            Err(stop) => return Err(stop.error()),
        }
    }
}

struct Relationship {
    id: String,
    kind: String,
    part: String,
}

fn relationships(
    package: &mut Package,
    part: &str,
    bounds: &Bounds,
) -> Result<Vec<Relationship>, FormatError> {
    let Some(content) = package.optional(&relationships_of(part))? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    elements(&content, bounds, |element| {
        let external = attribute(element, "TargetMode").is_some_and(|mode| mode == "External");
        if element.local_name().as_ref() != b"Relationship" || external || found.len() > 4 * SHEETS_MAX {
            return;
        }
        let text = |name| attribute(element, name).unwrap_or_default();
        let kind = text("Type").rsplit('/').next().unwrap_or_default().to_owned();
        found.push(Relationship { id: text("Id"), kind, part: target(part, &text("Target")) });
    })?;
    Ok(found)
}

impl Book {
    pub(super) fn open(package: &mut Package, bounds: &Bounds) -> Result<Self, FormatError> {
        let roots = relationships(package, "", bounds).unwrap_or_default();
        let main = roots.into_iter().find(|root| root.kind == "officeDocument").map(|root| root.part);
        let main = main.unwrap_or_else(|| "xl/workbook.xml".to_owned());
        let content = package
            .optional(&main)?
            .ok_or_else(|| FormatError::Corrupt("the package holds no workbook".into()))?;
        let related = relationships(package, &main, bounds)?;
        let (mut listed, mut from_1904) = (Vec::new(), false);
        elements(&content, bounds, |element| match element.local_name().as_ref() {
            b"sheet" if listed.len() < SHEETS_MAX => {
                listed.push((
                    attribute(element, "name").unwrap_or_default(),
                    // Its own `sheetId` has another local name.
                    attribute(element, "id").unwrap_or_default(),
                ));
            }
            b"workbookPr" => {
                from_1904 = attribute(element, "date1904").is_some_and(|is| is == "1" || is == "true");
            }
            _ => {}
        })?;
        let part_of = |kind: &str| related.iter().find(|one| one.kind == kind).map(|one| one.part.as_str());
        let strings = package.place(part_of("sharedStrings").unwrap_or("xl/sharedStrings.xml"));
        let calculation = package.place(part_of("calcChain").unwrap_or("xl/calcChain.xml"));
        let mut sheets = Vec::new();
        for (name, id) in listed {
            let Some(relationship) = related.iter().find(|one| one.id == id) else { continue };
            if relationship.kind == "worksheet" {
                sheets.extend(package.place(&relationship.part).map(|place| (name, place)));
            }
        }
        let styles = part_of("styles").unwrap_or("xl/styles.xml").to_owned();
        let styles = match package.optional(&styles)? {
            Some(content) => styles_of(&content, bounds)?,
            None => Vec::new(),
        };
        Ok(Self { sheets, styles, from_1904, strings, calculation })
    }
}

fn styles_of(content: &Content, bounds: &Bounds) -> Result<Vec<Shown>, FormatError> {
    let mut own: HashMap<u32, Shown> = HashMap::new();
    let (mut styles, mut in_cell_formats) = (Vec::new(), false);
    elements(content, bounds, |element| {
        let number = |name| attribute(element, name).and_then(|text| text.trim().parse::<u32>().ok());
        match element.local_name().as_ref() {
            b"numFmt" if own.len() < STYLES_MAX => {
                let code = attribute(element, "formatCode").unwrap_or_default();
                own.extend(number("numFmtId").map(|id| (id, shown_by(&code))));
            }
            b"cellXfs" => in_cell_formats = true,
            b"cellStyles" | b"dxfs" | b"tableStyles" => in_cell_formats = false,
            b"xf" if in_cell_formats && styles.len() < STYLES_MAX => {
                let id = number("numFmtId").unwrap_or(0);
                styles.push(own.get(&id).copied().unwrap_or_else(|| shown_built_in(id)));
            }
            _ => {}
        }
    })?;
    Ok(styles)
}

/// Formats that need no code (§18.8.30), those of East Asian locales with them.
fn shown_built_in(id: u32) -> Shown {
    match id {
        14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => Shown::Date,
        18..=21 | 32..=35 | 45..=47 | 55 | 56 => Shown::Time,
        22 => Shown::DateTime,
        _ => Shown::Number,
    }
}

/// What a format's code shows: letters outside of quotes, escapes and brackets (§18.8.31).
fn shown_by(code: &str) -> Shown {
    // The first section is that of positive numbers, which dates are.
    let mut letters = code.chars();
    let (mut date, mut time, mut minutes) = (false, false, false);
    while let Some(letter) = letters.next() {
        match letter.to_ascii_lowercase() {
            ';' => break,
            '"' => while letters.next().is_some_and(|letter| letter != '"') {},
            '[' => {
                let inner: String = letters.by_ref().take_while(|letter| *letter != ']').collect();
                // An elapsed time is a number of hours, not a time of day.
                if matches!(inner.to_ascii_lowercase().as_str(), "h" | "hh" | "m" | "mm" | "s" | "ss") {
                    return Shown::Number;
                }
            }
            '\\' | '_' | '*' => {
                letters.next();
            }
            'y' | 'd' => date = true,
            'h' | 's' => time = true,
            'm' => minutes = true,
            '0' | '#' | '?' if !(date || time || minutes) => return Shown::Number,
            'g' if code[..].to_ascii_lowercase().starts_with("general") => return Shown::Number,
            _ => {}
        }
    }
    match (date || (minutes && !time), time) {
        (true, true) => Shown::DateTime,
        (true, false) => Shown::Date,
        (false, true) => Shown::Time,
        (false, false) => Shown::Number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_show_dates_times_and_numbers() {
        for (code, shown) in [
            ("yyyy-mm-dd", Shown::Date),
            ("d/m/yy h:mm", Shown::DateTime),
            ("[$-409]mmmm d, yyyy;@", Shown::Date),
            ("hh:mm:ss", Shown::Time),
            ("[h]:mm:ss", Shown::Number),
            ("General", Shown::Number),
            ("0.00", Shown::Number),
            ("#,##0 \"days\"", Shown::Number),
            ("\"day\" 0", Shown::Number),
            ("[Red]0;[Blue]-0", Shown::Number),
            ("mmm", Shown::Date),
        ] {
            assert_eq!(shown_by(code), shown, "{code}");
        }
    }
}
