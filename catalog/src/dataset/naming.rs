//! Names of datasets: fit for SQL without quotes, unique, and kept while a dataset lives.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Dataset;

/// Longest name; identifiers of PostgreSQL end at 63 bytes.
const NAME_LENGTH_MAX: usize = 60;
/// Words that SQL keeps for itself and that tables are likely to be called.
const RESERVED: [&str; 38] = [
    "all", "analyze", "and", "any", "array", "as", "asc", "between", "by", "case", "cast", "check", "column",
    "create", "cross", "date", "default", "desc", "distinct", "end", "from", "group", "in", "index",
    "interval", "join", "left", "limit", "not", "null", "or", "order", "primary", "right", "select", "table",
    "user", "values",
];

/// Makes plain names unique and fit for SQL; equal ones take their folders' names in front, innermost first.
pub(super) fn settle(datasets: &mut [Dataset]) {
    // What people chose stands; of equal names the others give way.
    let chosen: Vec<bool> = datasets.iter().map(|dataset| dataset.corrected).collect();
    let clashes =
        |names: &[String]| -> Vec<usize> { clashes(names).into_iter().filter(|at| !chosen[*at]).collect() };
    let mut plain: Vec<String> = datasets.iter().map(|dataset| identifier(&dataset.name)).collect();
    for at in clashes(&plain) {
        if let Some(compression) = &datasets[at].compression {
            plain[at] = identifier(&format!("{}_{compression}", plain[at]));
        }
    }
    let folders: Vec<Vec<&str>> =
        datasets.iter().map(|dataset| parents(&dataset.root, &dataset.name)).collect();
    let mut depth = vec![0; datasets.len()];
    let mut names = plain.clone();
    for _ in 0..8 {
        let clashing = clashes(&names);
        if clashing.is_empty() {
            break;
        }
        for at in clashing {
            depth[at] += 1;
            let taken = folders[at].iter().rev().take(depth[at]).rev().copied().collect::<Vec<_>>().join("_");
            names[at] = identifier(&format!("{taken}_{}", plain[at]));
        }
    }
    for at in clashes(&names) {
        let dataset = &datasets[at];
        let suffix = &dataset.format;
        names[at] = identifier(&format!("{}_{suffix}", names[at]));
    }
    for at in clashes(&names) {
        names[at] = identifier(&format!("{}_{}", names[at], &datasets[at].id.0[..8]));
    }
    for (dataset, name) in datasets.iter_mut().zip(names) {
        dataset.name = name;
    }
}

/// Gives each dataset of a source the name that it has in the catalog already, and new ones a name that nobody has. What
/// people chose goes first: another dataset of the source that has that name gets a new one.
///
/// `current` are all datasets of the catalog, of other sources too; those of this source that are no longer there free
/// their names.
pub fn keep_names(datasets: &mut [Dataset], current: &[Dataset]) {
    let Some(source) = datasets.first().map(|dataset| dataset.source.clone()) else { return };
    let live: BTreeSet<_> = datasets.iter().map(|dataset| dataset.id.clone()).collect();
    let chosen = datasets.iter().filter(|dataset| dataset.corrected).map(|dataset| dataset.name.clone());
    let chosen: BTreeSet<String> = chosen.collect();
    let stays = |known: &&Dataset| {
        known.source != source
            || (live.contains(&known.id) && (known.corrected || !chosen.contains(&known.name)))
    };
    let kept: Vec<&Dataset> = current.iter().filter(stays).collect();
    let known: BTreeMap<_, _> = kept.iter().map(|dataset| (&dataset.id, &dataset.name)).collect();
    let mut taken: BTreeSet<String> = kept.iter().map(|dataset| dataset.name.clone()).collect();
    let (people_s, others): (Vec<_>, Vec<_>) = datasets.iter_mut().partition(|dataset| dataset.corrected);
    for dataset in people_s.into_iter().chain(others) {
        if let Some(name) = known.get(&dataset.id) {
            dataset.name = (*name).clone();
        } else {
            let plain = dataset.name.clone();
            let mut number = 1;
            while !taken.insert(dataset.name.clone()) {
                number += 1;
                dataset.name = format!("{plain}_{number}");
            }
        }
    }
}

/// A name that tells of nobody for a dataset that is called after somebody: the innermost folder that tells of nobody either, and
/// the beginning of the dataset's id. None if its name is no person's, or people chose it.
///
/// `path` is that of one of its blobs, and `shown` the same without the segments that tell of somebody.
pub fn name_of_nobody(dataset: &Dataset, path: &str, shown: &str) -> Option<String> {
    let segments = || path.split('/').zip(shown.split('/'));
    let is_named_after = |segment: &str| {
        let word = identifier(segment);
        word.contains(&dataset.name) || named_parts(segment).any(|part| dataset.name.contains(&part))
    };
    let is_personal = segments().any(|(segment, shown)| segment != shown && is_named_after(segment));
    if dataset.corrected || !is_personal {
        return None;
    }
    let folder = segments().filter(|(segment, shown)| segment == shown).last();
    let beginning = &dataset.id.0[..dataset.id.0.len().min(8)];
    Some(identifier(&format!("{}_{beginning}", folder.map_or("named", |(folder, _)| folder))))
}

/// A segment as it may stand in a dataset's name: whole, and without its endings.
fn named_parts(segment: &str) -> impl Iterator<Item = String> {
    let endings = segment.match_indices('.').map(|(place, _)| &segment[..place]);
    // What is shorter stands in too many names by chance.
    std::iter::once(segment).chain(endings).map(identifier).filter(|part| part.len() >= 4)
}

/// Positions of names that are not the only one.
fn clashes(names: &[String]) -> Vec<usize> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let reserved = |name: &str| RESERVED.contains(&name);
    let clash = |at: &usize| counts[names[*at].as_str()] > 1 || reserved(&names[*at]);
    (0..names.len()).filter(clash).collect()
}

/// Folders above what gave the name.
fn parents<'a>(root: &'a str, name: &str) -> Vec<&'a str> {
    let mut folders: Vec<&str> = root.split('/').filter(|folder| !folder.is_empty()).collect();
    if folders.last().is_some_and(|last| *last == name || last.contains('.')) {
        folders.pop();
    }
    folders
}

/// Lower-case letters, digits and underscores, not starting with a digit.
fn identifier(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            name.push(c);
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    let mut name = name.trim_matches('_').to_string();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert_str(0, "t_");
    }
    // The end of a long name tells more than its start.
    if name.len() > NAME_LENGTH_MAX {
        let tail = name[name.len() - NAME_LENGTH_MAX..].trim_start_matches('_').to_string();
        name =
            if tail.starts_with(|c: char| c.is_ascii_digit()) { format!("t_{}", &tail[2..]) } else { tail };
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DatasetId, Dialect, SourceId};

    #[test]
    fn a_dataset_is_called_after_nobody() {
        let named = |name: &str, corrected| Dataset {
            name: name.into(),
            id: DatasetId("0123456789abcdef".into()),
            corrected,
            source: SourceId("s".into()),
            root: "in".into(),
            format: "csv".into(),
            compression: None,
            dialect: Dialect::default(),
            partition_keys: Vec::new(),
            blobs: Vec::new(),
            schema: None,
            rows: None,
            bytes: 0,
            context: None,
            anomalies: Vec::new(),
        };
        let path = "in/exports/zoe.quist@mail.example.csv";
        let shown = "in/exports/***.csv";
        for name in [
            "zoe_quist_mail_example",
            "zoe_quist_mail_example_csv",
            "exports_zoe_quist_mail_example",
            "quist",
        ] {
            assert_eq!(
                name_of_nobody(&named(name, false), path, shown).as_deref(),
                Some("exports_01234567"),
                "{name}"
            );
        }
        assert_eq!(name_of_nobody(&named("zoe_quist_mail_example", true), path, shown), None);
        assert_eq!(
            name_of_nobody(&named("exports", false), path, shown),
            None,
            "a folder of many people's files"
        );
        assert_eq!(name_of_nobody(&named("exports", false), path, path), None);
        let alone = name_of_nobody(&named("zoe_quist", false), "zoe_quist.csv", "***.csv");
        assert_eq!(alone.as_deref(), Some("named_01234567"));
    }
}
