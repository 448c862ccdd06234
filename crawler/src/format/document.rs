//! Documents that are packages of markup: word processing and slides of Office Open XML, OpenDocument, EPUB. Their text is a cell a
//! passage, properties are named, embedded files are read with them. A document is one unit: it is deleted as a whole, never
//! blacked out.

use catalog::model::{AnomalyKind, Dialect, FeaturePath, Value};

use super::arrow::RowsFn;
use super::magic::zipped;
use super::nested::Nest;
use super::package::Package;
use super::passages::{Taking, passages};
use super::{At, Bounds, Format, FormatError, Head, Sink, Sniff, WHOLE, locate_by_reading};
use crate::content::Content;

#[cfg(test)]
mod tests;

const fn document(
    id: &'static str,
    extensions: &'static [&'static str],
    sniff: fn(&Head<'_>) -> Option<Sniff>,
) -> Format {
    Format {
        id,
        media_type: "application/*",
        extensions,
        sniff,
        read: Some(read),
        rows: RowsFn::Cells,
        locate: Some(locate_by_reading),
        rewrite: None,
        container: None,
    }
}

/// WordprocessingML (ECMA-376-1 §17).
pub(super) static DOCX: Format =
    document("docx", &["docx", "docm", "dotx", "dotm"], |head| zipped(head, "docx"));
/// PresentationML (ECMA-376-1 §19).
pub(super) static PPTX: Format =
    document("pptx", &["pptx", "pptm", "ppsx", "ppsm", "potx", "potm"], |head| zipped(head, "pptx"));
/// OpenDocument 1.3: text, spreadsheets, slides, drawings.
pub(super) static OPEN_DOCUMENT: Format = document(
    "opendocument",
    &["odt", "ods", "odp", "odg", "odf", "odc", "ott", "ots", "otp", "otg"],
    |head| zipped(head, "opendocument"),
);
/// EPUB 3.3.
pub(super) static EPUB: Format = document("epub", &["epub"], |head| zipped(head, "epub"));

/// What documents say of themselves, under one name for all of them; every document has these features, so that all have one schema.
const FEATURES: [&str; 10] = [
    "text",
    "title",
    "creator",
    "last_modified_by",
    "subject",
    "description",
    "keywords",
    "company",
    "manager",
    "link",
];
/// Names in properties (ECMA-376-2 §11, Dublin Core, OpenDocument 1.3 part 3 §4.3) and theirs here.
const PROPERTIES: [(&str, &str); 13] = [
    ("title", "title"),
    ("creator", "creator"),
    ("initial-creator", "creator"),
    ("contributor", "creator"),
    ("lastModifiedBy", "last_modified_by"),
    ("printed-by", "last_modified_by"),
    ("subject", "subject"),
    ("description", "description"),
    ("keywords", "keywords"),
    ("keyword", "keywords"),
    ("Company", "company"),
    ("publisher", "company"),
    ("Manager", "manager"),
];
/// Settings and looks: nobody is in them.
const SETTINGS: [&str; 12] = [
    "[content_types].xml",
    "/theme/",
    "styles.xml",
    "settings.xml",
    "fonttable.xml",
    "/slidelayouts/",
    "mimetype",
    "meta-inf/manifest.xml",
    "layout-cache",
    "tablestyles.xml",
    "presprops.xml",
    "viewprops.xml",
];

static TAKING: Taking = Taking {
    skip: &["style", "script", "binData", "binary-data"],
    join: &[
        "p", "h", "h1", "h2", "h3", "h4", "h5", "h6", "li", "td", "th", "dt", "dd", "title", "text", "span",
    ],
    attribute: |element, attribute, value| {
        let is_of_someone =
            matches!(attribute, "author" | "initials" | "userId" | "userName" | "displayName");
        let is_link =
            matches!(attribute, "Target" | "href" | "alt" | "descr" | "tooltip" | "name" | "content");
        let is_address = value.contains('@') || value.contains("%40") || value.contains("://");
        let is_schema = value.starts_with("http://schemas.") || element == "Default" || element == "Override";
        is_of_someone || (!is_schema && (is_address || (is_link && value.contains(' '))))
    },
};

struct Reading<'a> {
    features: Vec<usize>,
    rows: u64,
    sink: &'a mut dyn Sink,
}

impl Reading<'_> {
    fn cell(&mut self, feature: &str, text: &str) {
        let place = FEATURES.iter().position(|known| *known == feature).unwrap_or(0);
        self.sink.row(self.rows);
        self.sink.cell(self.features[place], self.at(), Value::Text(text.into()));
        self.rows += 1;
    }

    fn at(&self) -> At {
        At { row: self.rows, unit: WHOLE, offset: None }
    }
}

fn read(content: &Content, _: &Dialect, bounds: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    let mut package = Package::open(content, bounds)?;
    let features = FEATURES.iter().map(|&name| sink.feature(&FeaturePath::column(name), None)).collect();
    let mut reading = Reading { features, rows: 0, sink };
    let mut nest = Nest::new("embedded", content, bounds);
    let mut is_limited = false;
    for place in 0..package.names().len() {
        let name = package.names()[place].clone();
        let lower = name.to_lowercase();
        if name.ends_with('/') || SETTINGS.iter().any(|part| lower.contains(part)) {
            continue;
        }
        if is_limited {
            break;
        }
        let member = match package.content(place) {
            Ok(member) => member,
            Err(error) => {
                reading.sink.anomaly(error.anomaly(), format!("a part of the document: {error}"));
                continue;
            }
        };
        let markup = [".xml", ".rels", ".xhtml", ".html", ".htm", ".opf", ".ncx", ".vml", ".svg"];
        if !markup.iter().any(|ending| lower.ends_with(ending)) {
            if !lower.ends_with(".bin") && !lower.ends_with(".odttf") && !member.is_empty() {
                let at = reading.at();
                reading.sink.row(reading.rows);
                nest.walk(&member, &name, at, reading.sink);
                reading.rows += 1;
            }
            continue;
        }
        let is_properties =
            lower.starts_with("docprops/") || lower.ends_with("meta.xml") || lower.ends_with(".opf");
        let read = passages(&member, &TAKING, bounds.record_bytes_max, &mut |passage| {
            is_limited = reading.rows >= bounds.rows_max;
            if is_limited {
                return Ok(false);
            }
            let known = PROPERTIES.iter().find(|(name, _)| is_properties && *name == passage.name);
            let is_link = passage.name.contains('@');
            let feature = known.map_or(if is_link { "link" } else { "text" }, |(_, feature)| *feature);
            reading.cell(feature, passage.text);
            Ok(true)
        });
        if let Err(error) = read {
            reading.sink.anomaly(error.anomaly(), format!("a part of the document: {error}"));
        }
    }
    if is_limited {
        let reason = format!("only the first {} passages of the document were read", reading.rows);
        reading.sink.anomaly(AnomalyKind::LimitReached, reason);
    }
    Ok(())
}
