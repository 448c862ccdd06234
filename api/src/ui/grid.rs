//! Tables of pages: rows of answers in the columns that people read, with links where one leads on.

use serde_json::Value;

use super::said::of_column;
use crate::view::{Column, Look};

/// A table as the template draws it.
pub(crate) struct Grid {
    /// Titles.
    pub(crate) heads: Vec<Head>,
    /// Cells.
    pub(crate) rows: Vec<Vec<Cell>>,
    /// What stands there if there are no rows.
    pub(crate) none: &'static str,
}

/// A title.
pub(crate) struct Head {
    pub(crate) title: &'static str,
    pub(crate) number: bool,
}

/// A cell.
pub(crate) struct Cell {
    pub(crate) text: String,
    /// Where it leads; empty for nowhere.
    pub(crate) href: String,
    pub(crate) number: bool,
}

/// Where the first column of a row leads.
pub(crate) type Link = fn(&Value) -> Option<String>;

/// Leads nowhere.
pub(crate) const NO_LINK: Link = |_| None;

impl Grid {
    /// A table of some rows.
    pub(crate) fn of(rows: &[Value], columns: &[Column], link: Link, none: &'static str) -> Self {
        let head = |(title, _, look): &Column| Head { title, number: look.is_number() };
        let row = |row: &Value| {
            let mut href = link(row).unwrap_or_default();
            let cell = |(_, place, look): &Column| Cell {
                text: look.text(row.pointer(place).unwrap_or(&Value::Null)),
                href: std::mem::take(&mut href),
                number: look.is_number(),
            };
            columns.iter().map(cell).collect()
        };
        Self { heads: columns.iter().map(head).collect(), rows: rows.iter().map(row).collect(), none }
    }
}

/// Names and texts of a row, those that are there.
pub(crate) fn facts(row: &Value, columns: &[Column]) -> Vec<(&'static str, String)> {
    let fact = |(title, place, look): &Column| {
        let text = look.text(row.pointer(place)?);
        (!text.is_empty()).then_some((*title, text))
    };
    columns.iter().filter_map(fact).collect()
}

/// A path of ours with an id in it, escaped.
pub(crate) fn path(prefix: &str, id: &str) -> String {
    let mut path = prefix.to_owned();
    path.extend(url::form_urlencoded::byte_serialize(id.as_bytes()));
    path.replace('+', "%20")
}

/// A feature of a dataset as its page draws it.
pub(crate) struct FeatureView {
    pub(crate) name: String,
    pub(crate) kind: String,
    /// Share of rows that hold a value.
    pub(crate) percent: u64,
    /// The same as a width of the bar.
    pub(crate) bar: u64,
    pub(crate) values: u64,
    pub(crate) distinct: u64,
    pub(crate) withheld: bool,
    pub(crate) range: String,
    pub(crate) personal: String,
    /// What people say of it.
    pub(crate) said: String,
}

/// Features of a dataset's row, with what was found in each.
pub(crate) fn features(dataset: &Value) -> Vec<FeatureView> {
    let empty = Vec::new();
    let findings = dataset["findings"].as_array().unwrap_or(&empty);
    let view = |feature: &Value| {
        let name = Look::Plain.text(&feature["name"]);
        let count = |key: &str| feature[key].as_u64().unwrap_or(0);
        let (values, nulls) = (count("values"), count("nulls"));
        let share = if values + nulls == 0 { 0.0 } else { values as f64 / (values + nulls) as f64 };
        let number = |key: &str| Look::Count.text(&feature[key]);
        let range = match (number("min"), number("max")) {
            (min, max) if min.is_empty() && max.is_empty() => String::new(),
            (min, max) => format!("{min} … {max}"),
        };
        let kinds = findings.iter().filter(|finding| finding["feature"] == feature["name"]);
        let personal = kinds.map(|finding| Look::Plain.text(&finding["kind"])).collect::<Vec<_>>().join(", ");
        FeatureView {
            said: of_column(dataset, &name),
            name,
            kind: Look::Plain.text(&feature["type"]),
            percent: (share * 100.0).round() as u64,
            bar: (share * 80.0).round() as u64,
            values,
            distinct: count("distinct_at_least"),
            withheld: feature["withheld"] == true,
            range,
            personal,
        }
    };
    dataset["features"].as_array().unwrap_or(&empty).iter().map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_personal_range_is_not_drawn_and_names_are_escaped_in_links() {
        let dataset = json!({
            "features": [{"name": "age", "type": "int", "values": 3, "nulls": 1, "distinct_at_least": 3, "withheld": true}],
            "findings": [{"feature": "age", "kind": "AGE", "count": 3}],
        });
        let features = features(&dataset);
        assert_eq!((features[0].percent, features[0].bar, features[0].withheld), (75, 60, true));
        assert!(features[0].range.is_empty() && features[0].personal == "AGE");
        assert_eq!(path("/ui/datasets/", "a b/\"c"), "/ui/datasets/a%20b%2F%22c");
    }
}
