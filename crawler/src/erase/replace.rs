//! Which values of a part are replaced, and by what. The plan says where and how; here each cell of those rows is decided, the
//! same way when the plan is made and when it is carried out.
//!
//! A row that is about the person alone loses all that is personal in it: her identifiers, what stands in features that are
//! personal as a whole (names, addresses, dates of birth, as the crawl found and people confirmed), and what recognisers
//! see in texts. A row that holds somebody else's identifier too (a message, a shared account) loses her own identifiers
//! only, since the rest may be the other's. Keys that the request does not name stay, so that other tables still join.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalog::env::SubjectHasher;
use catalog::erasure::plan::{parse_units, units_text};
use catalog::model::{
    AnomalyKind, Dialect, FeaturePath, FeatureType, How, PartRemoval, Replacement, RowsDigest, Value,
};
use roaring::RoaringTreemap;

use super::search::{FoundPart, Sought, key_of, table_around};
use super::{delta, rows};
use crate::content::{Content, Spool};
use crate::format::replace::{New, edits};
use crate::format::{At, Bounds, Format, FormatError, ReadFn, Rewritten, Sink};
use crate::recognise;

/// What stands in place of a masked text.
pub(super) const MASK: &str = "***";
/// What pseudonyms begin with, so that nobody takes one for a value.
const PSEUDONYM: &str = "psn_";

type Units = BTreeMap<String, RoaringTreemap>;

/// Decides cells of one part.
pub(super) struct Replacer {
    sought: Arc<Sought>,
    how: How,
    units: Units,
    shared: Units,
    features: BTreeMap<String, BTreeMap<String, String>>,
    key: [u8; 32],
    around: String,
}

/// A range of a text that is replaced: the number of the sought identifier, or the kind of what a recogniser saw.
struct Place {
    start: usize,
    end: usize,
    own: Option<usize>,
    kind: String,
}

impl Replacer {
    /// What a plan says of one part.
    pub(super) fn planned(
        sought: Arc<Sought>,
        removal: &PartRemoval,
        replacement: &Replacement,
        (path, member): (&str, &[String]),
        key: [u8; 32],
    ) -> Result<Self, String> {
        let units = |texts: &BTreeMap<String, String>| -> Result<Units, String> {
            let of_table = |(table, text): (&String, &String)| {
                Ok((table.clone(), parse_units(text).map_err(|error| error.to_string())?))
            };
            texts.iter().map(of_table).collect()
        };
        Ok(Self {
            sought,
            how: replacement.how,
            units: units(&removal.units)?,
            shared: units(&replacement.shared)?,
            features: replacement.features.clone(),
            key,
            around: table_around(path, member),
        })
    }

    /// Writes a part with its values replaced; gives how many changed, and in how many rows.
    pub(super) fn write(
        &self,
        format: &Format,
        (content, dialect, bounds): (&Content, &Dialect, &Bounds),
        out: &mut (dyn std::io::Write + Send),
    ) -> Result<(Rewritten, u64, u64), FormatError> {
        let (Some(read), Some(apply)) = (format.read, format.replace()) else {
            return Err(FormatError::Unsupported(format!("values cannot be replaced in {} yet", format.id)));
        };
        let edits = edits(read, content, dialect, bounds, &mut |table, path, at, value| {
            self.new_value(table, path, at, value)
        })?;
        let mut rows: Vec<(&str, u64)> =
            edits.iter().map(|edit| (edit.table.as_str(), edit.at.unit)).collect();
        rows.sort_unstable();
        rows.dedup();
        let (rows, values) = (rows.len() as u64, edits.len() as u64);
        Ok((apply(content, dialect, &edits, out)?, rows, values))
    }

    fn holds(units: &Units, table: &str, unit: u64) -> bool {
        units.get(table).is_some_and(|units| units.contains(unit))
    }

    /// What a cell becomes, if it changes.
    fn new_value(&self, table: &str, path: &FeaturePath, at: At, value: &Value<'_>) -> Option<New> {
        if !Self::holds(&self.units, table, at.unit) {
            return None;
        }
        let text = value.text()?;
        if let Some(kind) = self.features.get(table).and_then(|features| features.values().next())
            && kind == delta::STATISTICS
        {
            return self.in_log(path, &text);
        }
        let owner = if table.is_empty() { &self.around } else { table };
        let key = key_of(owner, path);
        let mut places: Vec<Place> = Vec::new();
        for (start, end, number) in self.sought.places(key.as_deref(), &text) {
            let kind = self.sought.identifiers()[number].kind.clone();
            places.push(Place { start, end, own: Some(number), kind });
        }
        let others_too = self.how == How::Rectify || Self::holds(&self.shared, table, at.unit);
        let is_line = *path == FeaturePath::column("line");
        if !others_too {
            let feature = self.features.get(table).and_then(|features| features.get(&path.to_string()));
            if let Some(kind) = feature.filter(|_| !is_line && !text.trim().is_empty()) {
                let own = places.first().and_then(|place| place.own);
                return Some(self.whole(value, &text, own, kind));
            }
            let mut spans = Vec::new();
            recognise::recognise(&text, &mut spans);
            places.extend(spans.into_iter().map(|span| Place {
                start: span.start,
                end: span.end,
                own: None,
                kind: span.kind.to_owned(),
            }));
        }
        let first = places.first()?;
        let is_whole = text[..first.start].trim().is_empty() && text[first.end..].trim().is_empty();
        if is_whole && !(self.how == How::Rectify && value_is_text(value)) && !is_line {
            return Some(self.whole(value, &text, first.own, &first.kind));
        }
        if self.how == How::Null && !is_line {
            return Some(New::Null);
        }
        Some(New::Text(self.spliced(&text, places)))
    }

    /// In the log of a table, statistics lose their bounds and what is told of commits is masked; the rest says which files there are.
    fn in_log(&self, path: &FeaturePath, text: &str) -> Option<New> {
        let name = path.to_string();
        let places = self.sought.places(None, text);
        if places.is_empty() {
            return None;
        }
        if name == delta::STATISTICS_FEATURE {
            return delta::without_bounds(text).map(New::Text);
        }
        let of_place = |(start, end, number): (usize, usize, usize)| Place {
            start,
            end,
            own: Some(number),
            kind: String::new(),
        };
        let places = places.into_iter().map(of_place).collect();
        name.starts_with("commitInfo").then(|| New::Text(self.spliced(text, places)))
    }

    /// The text with its places replaced; of those that lie over each other, the first and then the longest counts.
    fn spliced(&self, text: &str, mut places: Vec<Place>) -> String {
        places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end), place.own.is_none()));
        let (mut new, mut from) = (String::with_capacity(text.len()), 0);
        for place in places {
            if place.start < from {
                // The rest of what overlaps goes with the mark before it.
                from = from.max(place.end);
                continue;
            }
            new.push_str(&text[from..place.start]);
            let old = &text[place.start..place.end];
            match self.how {
                How::Rectify => new.push_str(self.right(place.own).unwrap_or(old)),
                How::Pseudonymise => new.push_str(&self.pseudonym(old, place.own, &place.kind)),
                How::Mask | How::Null => new.push_str(MASK),
            }
            from = place.end;
        }
        new.push_str(&text[from..]);
        new
    }

    /// What a cell becomes that is replaced as a whole.
    fn whole(&self, value: &Value<'_>, text: &str, own: Option<usize>, kind: &str) -> New {
        let is_text = value_is_text(value);
        match self.how {
            How::Null => New::Null,
            How::Mask if is_text && !reads_as_typed(value, text) => New::Text(MASK.into()),
            How::Mask => New::Null,
            How::Rectify => {
                let right = self.right(own).unwrap_or(text);
                match (value, right.parse::<i64>()) {
                    (Value::Int(_) | Value::UInt(_), Ok(number)) => New::Int(number),
                    _ => New::Text(right.to_owned()),
                }
            }
            How::Pseudonymise if is_number(text) => {
                let number = Self::number(&self.digest(text, own, kind));
                if is_text { New::Text(number.to_string()) } else { New::Int(number) }
            }
            How::Pseudonymise if is_text && !reads_as_typed(value, text) => {
                New::Text(self.pseudonym(text, own, kind))
            }
            How::Pseudonymise => New::Null,
        }
    }

    fn right(&self, own: Option<usize>) -> Option<&str> {
        self.sought.identifiers().get(own?)?.right.as_deref()
    }

    fn pseudonym(&self, text: &str, own: Option<usize>, kind: &str) -> String {
        let digest = self.digest(text, own, kind);
        match is_number(text) {
            true => Self::number(&digest).to_string(),
            false => format!("{PSEUDONYM}{}", hex::encode(digest)),
        }
    }

    /// A number of fifteen digits that begins with 9: other than any that counts up from 1 will reach.
    fn number(digest: &[u8; 12]) -> i64 {
        let bytes: [u8; 8] = digest[..8].try_into().expect("a digest has more than eight bytes");
        900_000_000_000_000 + (u64::from_be_bytes(bytes) % 100_000_000_000_000) as i64
    }

    /// HMAC-SHA-256 (RFC 2104) over kind and normal form, so that one value has one pseudonym in every table and spelling.
    fn digest(&self, text: &str, own: Option<usize>, kind: &str) -> [u8; 12] {
        let identifier = own.and_then(|own| self.sought.identifiers().get(own));
        let (kind, normal) = match identifier {
            Some(one) => (one.kind.clone(), one.forms.first().cloned().unwrap_or_default()),
            None => {
                let normal = recognise::normalise(kind, text);
                (kind.to_owned(), normal.unwrap_or_else(|| text.trim().to_lowercase()))
            }
        };
        SubjectHasher::new(&self.key).digest(&kind, &normal).0
    }
}

fn value_is_text(value: &Value<'_>) -> bool {
    matches!(value, Value::Text(_) | Value::Raw(_))
}

/// Whether a text is a whole number that 64 bits hold.
fn is_number(text: &str) -> bool {
    let text = text.trim();
    (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether readers may take a text for a number, a date or a time, so that letters in its place would break their schema.
fn reads_as_typed(value: &Value<'_>, text: &str) -> bool {
    let text = text.trim();
    let is_typed = |byte: u8| byte.is_ascii_digit() || b"-:./T Z+,eE".contains(&byte);
    matches!(value, Value::Raw(_))
        && text.bytes().all(is_typed)
        && text.trim_start_matches('-').starts_with(|first: char| first.is_ascii_digit())
}

/// What is asked for in one part.
pub(super) struct Asked<'a> {
    pub(super) how: How,
    /// Table → feature → kind, of those that are personal as a whole.
    pub(super) features: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) key: [u8; 32],
    pub(super) path: &'a str,
}

/// Replaces the values of a part into nowhere, to see whether that can be done and what it comes to.
///
/// # Errors
/// Why it cannot, for people, without a value.
pub(super) fn attempt(
    sought: &Arc<Sought>,
    part: &FoundPart,
    content: &Content,
    bounds: &Bounds,
    asked: Asked<'_>,
) -> Result<(Replacement, BTreeMap<String, RowsDigest>), String> {
    let (format, dialect) = (part.format, &part.dialect);
    let text = |error: FormatError| error.to_string();
    let Some(read) = format.read.filter(|_| format.replace().is_some()) else {
        return Err(format!("values cannot be replaced in {} yet", format.id));
    };
    let around = table_around(asked.path, &part.member);
    let shared = match asked.how {
        How::Rectify => Units::new(),
        _ => shared_units(sought, part, read, content, bounds, &around).map_err(text)?,
    };
    let Asked { how, features, key, path } = asked;
    let shared_text = shared.iter().map(|(table, units)| (table.clone(), units_text(units))).collect();
    let units = part.units.clone();
    let replacer =
        Replacer { sought: sought.clone(), how, units, shared, features: features.clone(), key, around };
    let mut spool = Spool::new(u64::MAX);
    let written = replacer.write(format, (content, dialect, bounds), &mut spool).map_err(text)?;
    let new = spool.finish().map_err(|error| format!("it cannot be written: {}", error.kind()))?;
    if sought.is_in(read, &new, dialect, bounds, (path, &part.member)).map_err(text)? {
        return Err("the value would still be there after it was replaced".into());
    }
    let none = Units::new();
    let rows_after = rows::digests(read, &new, dialect, bounds, &none).map_err(text)?;
    // Where units keep their numbers, everybody else's can be told from hers: they must be what they were.
    let others = |content: &Content| rows::digests(read, content, dialect, bounds, &part.units).map_err(text);
    if format.units_stay() && !rows::are_equal(&others(content)?, &others(&new)?) {
        return Err("rows of others would change".into());
    }
    let (_, rows, values) = written;
    Ok((Replacement { how, features, shared: shared_text, rows, values }, rows_after))
}

/// Units that hold an identifier of a kind that is sought and that is nobody's who is sought.
fn shared_units(
    sought: &Sought,
    part: &FoundPart,
    read: ReadFn,
    content: &Content,
    bounds: &Bounds,
    around: &str,
) -> Result<Units, FormatError> {
    let mut sharing = Sharing {
        sought,
        units: &part.units,
        around,
        table: String::new(),
        keys: Vec::new(),
        shared: Units::new(),
        spans: Vec::new(),
    };
    read(content, &part.dialect, bounds, &mut sharing)?;
    Ok(sharing.shared)
}

struct Sharing<'a> {
    sought: &'a Sought,
    units: &'a Units,
    around: &'a str,
    table: String,
    keys: Vec<Option<String>>,
    shared: Units,
    spans: Vec<recognise::Span>,
}

impl Sink for Sharing<'_> {
    fn table(&mut self, name: &str) {
        self.table = name.to_owned();
        self.keys.clear();
    }

    fn feature(&mut self, path: &FeaturePath, _: Option<FeatureType>) -> usize {
        self.keys.push(key_of(if self.table.is_empty() { self.around } else { &self.table }, path));
        self.keys.len() - 1
    }

    fn row(&mut self, _: u64) {}

    fn cell(&mut self, feature: usize, at: At, value: Value<'_>) {
        if !Replacer::holds(self.units, &self.table, at.unit) {
            return;
        }
        let Some(text) = value.text() else { return };
        self.spans.clear();
        recognise::recognise(&text, &mut self.spans);
        let of_another =
            |span: &recognise::Span| self.sought.holds(span.kind, &text[span.start..span.end]) == Some(false);
        let key = self.keys[feature].as_deref();
        let is_other_key = || self.sought.is_key_of_another(key, &text);
        if self.spans.iter().any(of_another) || is_other_key() {
            self.shared.entry(self.table.clone()).or_default().insert(at.unit);
        }
    }

    fn anomaly(&mut self, _: AnomalyKind, _: String) {}
}
