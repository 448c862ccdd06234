//! How the things that fit a query spread over the values that they have: counted off the index's columns, a block of
//! documents at a time, without reading a document.

use std::collections::HashMap;

use serde::Serialize;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, ColumnBlockAccessor, StrColumn};
use tantivy::query::Query;
use tantivy::{DocId, Score, Searcher, SegmentOrdinal, SegmentReader};

/// Values of one facet that a segment names; rarer ones are not counted.
const VALUES_MAX: usize = 1_000;

/// How many things fit, and how they spread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facets {
    /// All that fit.
    pub total: u64,
    /// By facet, the most frequent values first.
    pub counts: Vec<FacetCount>,
}

/// How many of the things have a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FacetCount {
    /// `format`, `tag`, `size` …
    pub facet: &'static str,
    /// The value, or what a range is called.
    pub value: String,
    /// Things that have it.
    pub count: u64,
    /// What to add to a query to see these alone.
    pub query: String,
}

/// Facets with their column, in the order in which they are told.
const TEXTS: [(&str, &str); 10] = [
    ("is", "is"),
    ("format", "format"),
    ("layer", "layer"),
    ("tag", "tag"),
    ("owner", "owner"),
    ("kind", "kind"),
    ("anomaly", "anomaly"),
    ("source", "store"),
    ("path", "folder"),
    ("column", "counted"),
];

/// Upper ends of sizes, not included, and what a query calls them.
const SIZES: [(u64, &str); 6] = [
    (1_000, "1kB"),
    (1_000_000, "1MB"),
    (10_000_000, "10MB"),
    (100_000_000, "100MB"),
    (1_000_000_000, "1GB"),
    (u64::MAX, ""),
];

/// Counts; `values` is how many of each facet are told.
pub(super) fn count(searcher: &Searcher, query: &dyn Query, values: usize) -> tantivy::Result<Facets> {
    let counted = searcher.search(query, &Counting)?;
    let mut facets = Facets { total: counted.total, counts: Vec::new() };
    for ((facet, _), by_value) in TEXTS.iter().zip(counted.texts) {
        let mut by_value: Vec<(String, u64)> = by_value.into_iter().collect();
        by_value.sort_by(|(one, many), (other, more)| more.cmp(many).then_with(|| one.cmp(other)));
        by_value.truncate(values);
        facets.counts.extend(by_value.into_iter().map(|(value, count)| FacetCount {
            facet,
            query: format!("{facet}:{}", quoted(&value)),
            value,
            count,
        }));
    }
    let mut low = "";
    for ((_, high), count) in SIZES.iter().zip(counted.sizes) {
        let query: Vec<_> = [("size:>=", low), ("size:<", high)]
            .iter()
            .filter(|(_, end)| !end.is_empty())
            .map(|(compare, end)| format!("{compare}{end}"))
            .collect();
        if count > 0 {
            let value = format!("{}..{high}", if low.is_empty() { "0" } else { low });
            facets.counts.push(FacetCount { facet: "size", value, count, query: query.join(" ") });
        }
        low = high;
    }
    let mut years: Vec<_> = counted.years.into_iter().collect();
    years.sort_unstable_by(|one, other| other.cmp(one));
    facets.counts.extend(years.into_iter().take(values).map(|(year, count)| FacetCount {
        facet: "modified",
        value: year.to_string(),
        count,
        query: format!("modified:{year}"),
    }));
    Ok(facets)
}

/// A value as a query takes it.
fn quoted(value: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && c != '"';
    if value.chars().all(plain) { value.to_owned() } else { format!("\"{}\"", value.replace('"', " ")) }
}

/// The calendar year of a second since 1970, UTC: Hinnant's `civil_from_days`, cut to years.
fn year(seconds: u64) -> i32 {
    let days = (seconds / 86_400) as i64 + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
    // Years begin in March here; from the tenth of its months on it is the next one to people.
    let month = (5 * of_year + 2) / 153;
    (era * 400 + of_era + i64::from(month >= 10)) as i32
}

/// Counts of one segment or of all.
#[derive(Default)]
struct Counted {
    total: u64,
    texts: Vec<HashMap<String, u64>>,
    sizes: [u64; SIZES.len()],
    years: HashMap<i32, u64>,
}

struct Counting;

impl Collector for Counting {
    type Fruit = Counted;
    type Child = Segment;

    fn for_segment(&self, _: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<Segment> {
        let columns = reader.fast_fields();
        let mut texts = Vec::with_capacity(TEXTS.len());
        for (_, column) in TEXTS {
            let column = columns.str(column)?;
            let counts = column.as_ref().map_or(0, |column| column.num_terms());
            texts.push((column, vec![0; counts]));
        }
        Ok(Segment {
            total: 0,
            texts,
            size: columns.u64("size")?,
            modified: columns.u64("modified")?,
            block: ColumnBlockAccessor::default(),
            sizes: [0; SIZES.len()],
            years: HashMap::new(),
            last: None,
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<Counted>) -> tantivy::Result<Counted> {
        let mut all = Counted { texts: vec![HashMap::new(); TEXTS.len()], ..Counted::default() };
        for segment in segments {
            all.total += segment.total;
            for (all, of_segment) in all.texts.iter_mut().zip(segment.texts) {
                of_segment.into_iter().for_each(|(value, count)| *all.entry(value).or_default() += count);
            }
            all.sizes.iter_mut().zip(segment.sizes).for_each(|(all, count)| *all += count);
            segment.years.into_iter().for_each(|(year, count)| *all.years.entry(year).or_default() += count);
        }
        Ok(all)
    }
}

/// Counts of one segment as they grow: of texts by their number in the segment's dictionary.
struct Segment {
    total: u64,
    texts: Vec<(Option<StrColumn>, Vec<u64>)>,
    size: Column<u64>,
    modified: Column<u64>,
    block: ColumnBlockAccessor<u64>,
    sizes: [u64; SIZES.len()],
    years: HashMap<i32, u64>,
    /// Day and year seen last: neighbours were often written together.
    last: Option<(u64, i32)>,
}

impl SegmentCollector for Segment {
    type Fruit = Counted;

    fn collect(&mut self, document: DocId, _: Score) {
        self.collect_block(&[document]);
    }

    fn collect_block(&mut self, documents: &[DocId]) {
        self.total += documents.len() as u64;
        for (column, counts) in &mut self.texts {
            let Some(column) = column else { continue };
            self.block.fetch_block(documents, column.ords());
            self.block.iter_vals().for_each(|number| counts[number as usize] += 1);
        }
        self.block.fetch_block(documents, &self.size);
        for size in self.block.iter_vals() {
            let place = SIZES.iter().position(|(end, _)| size < *end).unwrap_or(SIZES.len() - 1);
            self.sizes[place] += 1;
        }
        self.block.fetch_block(documents, &self.modified);
        for seconds in self.block.iter_vals() {
            let day = seconds / 86_400;
            let year = match self.last {
                Some((known, year)) if known == day => year,
                _ => year(seconds),
            };
            self.last = Some((day, year));
            *self.years.entry(year).or_default() += 1;
        }
    }

    fn harvest(self) -> Counted {
        let named = |(column, counts): (Option<StrColumn>, Vec<u64>)| {
            let mut some: Vec<(usize, u64)> =
                counts.into_iter().enumerate().filter(|(_, count)| *count > 0).collect();
            some.sort_unstable_by_key(|(number, count)| (u64::MAX - count, *number));
            some.truncate(VALUES_MAX);
            let Some(column) = column else { return HashMap::new() };
            let value = |(number, count): (usize, u64)| {
                let mut text = String::new();
                column.ord_to_str(number as u64, &mut text).ok()?.then_some((text, count))
            };
            some.into_iter().filter_map(value).collect()
        };
        Counted {
            total: self.total,
            texts: self.texts.into_iter().map(named).collect(),
            sizes: self.sizes,
            years: self.years,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_those_of_the_calendar() {
        let second = |text: &str| text.parse::<crate::model::Timestamp>().unwrap().seconds();
        for date in
            ["1970-01-01", "1999-12-31", "2000-02-29", "2024-02-29", "2024-12-31", "2025-01-01", "2100-03-01"]
        {
            assert_eq!(year(second(date)), date[..4].parse::<i32>().unwrap(), "{date}");
            assert_eq!(year(second(date) + 86_399), date[..4].parse::<i32>().unwrap(), "{date}");
        }
    }

    #[test]
    fn values_with_spaces_are_quoted() {
        assert_eq!(quoted("data platform"), "\"data platform\"");
        assert_eq!(quoted("s3://lake"), "s3://lake");
    }
}
