//! Who stands in the names of folders and files. A listing gives the same names again and again (days, parts), so what was seen in
//! one is kept for a while: recognising costs more than all else that a look at a small file does.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use catalog::model::Finding;

use super::read::kinds_of;
use super::token::{Keyed, Settled, Tokens};
use crate::recognise::{name_spellings, recognise};

/// Names kept at a time; once they are so many, all are dropped and those that come again are kept anew.
const NAMES_MAX: usize = 16 << 10;
/// Bytes of a name that is kept.
const NAME_BYTES_MAX: usize = 128;

/// What was seen in names.
#[derive(Debug, Default)]
pub(super) struct Names(Mutex<HashMap<Box<str>, Arc<Named>>>);

#[derive(Debug)]
struct Named {
    met: Settled,
    kinds: Vec<(&'static str, f32)>,
}

impl Names {
    /// Identifiers in a path, and kinds of personal data, each once with how sure.
    pub(super) fn in_path(&self, keyed: &Keyed, path: &str) -> (Settled, Vec<Finding>) {
        let (mut tokens, mut kinds) = (Tokens::default(), BTreeMap::<&str, f32>::new());
        for name in path.split('/') {
            let named = self.of(keyed, name);
            tokens.add_settled(&named.met);
            for (kind, confidence) in &named.kinds {
                let surest = kinds.entry(kind).or_default();
                *surest = surest.max(*confidence);
            }
        }
        let finding = |(kind, confidence): (&str, f32)| Finding {
            member: Vec::new(),
            feature: None,
            kind: kind.to_owned(),
            confidence,
            count: 1,
            why: "in its path".to_owned(),
        };
        (tokens.finish(), kinds.into_iter().map(finding).collect())
    }

    fn of(&self, keyed: &Keyed, name: &str) -> Arc<Named> {
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return known.clone();
        }
        let (mut tokens, mut spans) = (Tokens::default(), Vec::new());
        tokens.add_name(keyed, name);
        name_spellings(name).for_each(|spelling| recognise(spelling, &mut spans));
        let named = Arc::new(Named { met: tokens.finish(), kinds: kinds_of(&spans) });
        if name.len() <= NAME_BYTES_MAX {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= NAMES_MAX {
                kept.clear();
            }
            kept.insert(name.into(), named.clone());
        }
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_comes_again_says_what_it_said() {
        let keyed = Keyed::new(&catalog::env::fixed::env(1).hasher, Arc::default());
        let names = Names::default();
        let path = "exports/2024-05-01/ada@mail.example.csv.gz";
        let first = names.in_path(&keyed, path);
        assert_eq!(first.1.iter().map(|finding| &*finding.kind).collect::<Vec<_>>(), ["EMAIL_ADDRESS"]);
        let mut tokens = Tokens::default();
        tokens.add_name(&keyed, path);
        assert_eq!(first.0, tokens.finish(), "the index keeps of it what lookup reads in it");
        for number in 0..2 * NAMES_MAX {
            names.of(&keyed, &format!("{number}"));
        }
        assert!(names.0.lock().unwrap().len() <= NAMES_MAX);
        assert_eq!(names.in_path(&keyed, path), first);
    }
}
