//! What stands beside a blob's bytes, searched for the same persons: user metadata, headers, tags; and words that are in no blob.

use catalog::model::{BesideEntry, FeaturePath};

use super::super::identifier::Identifier;
use super::{Found, Sought};
use crate::content::Content;
use crate::format::Bounds;
use crate::source::{Beside, Entry, EntryKind, Without};
use crate::stage::masked;

/// Something beside the bytes that holds the person.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundBeside {
    /// Number of the identifier.
    pub identifier: usize,
    /// What a plan calls it.
    pub entry: BesideEntry,
    /// What kind of thing it is.
    pub kind: EntryKind,
    /// Its name, as it is.
    pub name: String,
    /// Its value, as it is.
    pub value: String,
}

impl Sought {
    /// Searches a blob and all that it carries beside its bytes.
    pub fn search_all(
        &self,
        (content, beside): (&Content, &Beside),
        path: &str,
        bounds: &Bounds,
        rows_after: bool,
    ) -> Found {
        let mut found = self.search(content, path, bounds, rows_after);
        found.beside = self.beside(beside);
        found.not_searched.extend(beside.not_searched.map(str::to_owned));
        found
    }

    /// What holds somebody beside the bytes, in order.
    pub(in crate::erase) fn beside(&self, beside: &Beside) -> Vec<FoundBeside> {
        let found = |(number, entry): (usize, &Entry)| {
            let identifier = self.in_entry(entry)?;
            let name = self.told_name(entry);
            let told = BesideEntry { number: number as u32, tag: entry.kind == EntryKind::Tag, name };
            let (kind, name, value) = (entry.kind, entry.name.clone(), entry.value.clone());
            Some(FoundBeside { identifier, entry: told, kind, name, value })
        };
        beside.entries.iter().enumerate().filter_map(found).collect()
    }

    /// Whether words that stand in no blob hold one of the identifiers.
    pub(in crate::erase) fn in_words(&self, text: &str) -> bool {
        let mut found = Vec::new();
        self.wanted.in_cell(None, text, &mut found);
        let spelled = || self.raw.as_ref()?.find(&Content::from(text.as_bytes().to_vec())).ok();
        !found.is_empty() || self.in_name(text).is_some() || spelled().is_some_and(|hits| !hits.is_empty())
    }

    fn in_entry(&self, entry: &Entry) -> Option<usize> {
        let key = entry.key();
        let mut numbers = Vec::new();
        entry.texts().iter().enumerate().find_map(|(place, text)| {
            self.wanted.in_cell(key.as_deref().filter(|_| place == 0), text, &mut numbers);
            let as_name = || self.in_name(text);
            let spelled = || {
                let hits = self.raw.as_ref()?.find(&Content::from(text.as_bytes().to_vec())).ok()?;
                hits.first().map(|(identifier, _)| *identifier)
            };
            numbers.first().copied().or_else(as_name).or_else(spelled)
        })
    }

    /// What an entry is called where it is kept: nothing if its very name is personal.
    fn told_name(&self, entry: &Entry) -> Option<String> {
        let name = FeaturePath::column(&entry.name);
        let is_plain = !self.in_words(&entry.name) && masked(&name, &mut Vec::new()) == name;
        is_plain.then(|| format!("{} {}", entry.kind.place(), entry.name))
    }
}

impl FoundBeside {
    /// Its identifier.
    pub(in crate::erase) fn of<'s>(&self, sought: &'s Sought) -> &'s Identifier {
        &sought.identifiers()[self.identifier]
    }
}

/// Names of what goes.
pub(in crate::erase) fn without(found: &[FoundBeside]) -> Without {
    found.iter().map(|one| (one.kind, one.name.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: EntryKind, name: &str, value: &str) -> Entry {
        Entry { kind, name: name.into(), value: value.into() }
    }

    #[test]
    fn metadata_headers_and_tags_are_searched_as_cells_and_as_names() {
        use EntryKind::{Header, Metadata, Tag};
        let ids = ["email=ada@x.example", "customer_id=42"].map(|id| Identifier::parse(id).unwrap());
        let sought = Sought::new(ids.to_vec());
        let entries = vec![
            entry(Header, "content-disposition", "attachment; filename=\"ada@x.example.csv\"; size=7.5"),
            entry(Header, "content-type", "text/csv"),
            entry(Metadata, "ada@x.example", "yes"),
            entry(Metadata, "customer-id", "42"),
            entry(Metadata, "number", "42"),
            entry(Metadata, "uploaded-by", "=?UTF-8?Q?Ada_<ADA=40x.example>?="),
            entry(Tag, "link", "https://x.example/?who=ada%40x.example"),
            entry(Tag, "owner", "lady.ada@x.example"),
        ];
        let found = sought.beside(&Beside { entries, ..Beside::default() });
        let told: Vec<_> =
            found.iter().map(|one| (one.entry.number, one.identifier, one.entry.name.as_deref())).collect();
        let expected = [
            (0, 0, Some("header content-disposition")),
            (2, 0, None),
            (3, 1, Some("user metadata customer-id")),
            (5, 0, Some("user metadata uploaded-by")),
            (6, 0, Some("tag link")),
        ];
        assert_eq!(told, expected);
        assert_eq!(found.iter().filter(|one| one.entry.tag).count(), 1);
    }
}
