//! Our checksums against python-stdnum's: ten thousand valid and ten thousand invalid numbers of each kind.

use std::collections::{BTreeMap, BTreeSet};

use crawler::recognise::{is_of_scheme, national_schemes, normalise};
use headwater_tests::peer;

/// Kinds that stdnum does not know, or knows by their form alone.
const NOT_THERE: [&str; 11] = [
    "AU_MEDICARE",
    "DE_KVNR",
    "DE_RVNR",
    "HU_TAJ",
    "HU_TAX_NUMBER",
    "LU_MATRICULE",
    "MT_ID",
    "RU_SNILS",
    "SG_NRIC",
    "UK_NINO",
    "US_MBI",
];

fn holds(kind: &str, number: &str) -> bool {
    is_of_scheme(kind, number).unwrap_or_else(|| normalise(kind, number).is_some())
}

#[test]
fn checksums_agree_with_python_stdnum_on_every_number() {
    let drawn = peer("checksums.py", ["10000"]).expect(0);
    let mut counts: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in drawn.stdout.lines() {
        let [kind, number, verdict] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let valid = verdict == "1";
        *counts.entry((kind, valid)).or_default() += 1;
        if holds(kind, number) != valid {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "{} differ, such as {:?}", wrong.len(), &wrong[..wrong.len().min(20)]);
    let few: Vec<_> = counts.iter().filter(|(_, count)| **count < 10_000).collect();
    assert!(few.is_empty(), "too few: {few:?}");
    let compared: BTreeSet<&str> = counts.keys().map(|(kind, _)| *kind).chain(NOT_THERE).collect();
    let forgotten: Vec<_> = national_schemes().filter(|scheme| !compared.contains(scheme)).collect();
    assert!(forgotten.is_empty(), "compared with nothing: {forgotten:?}");
}
