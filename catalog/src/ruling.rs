//! What people decided of findings, ready to be asked while findings are read.

use std::collections::HashMap;

use crate::model::{DatasetId, Ruling};
use crate::{AsOf, Catalog, Result};

/// The rulings on one dataset or on all.
#[derive(Debug, Default)]
pub struct Rulings {
    by_place: HashMap<(String, String, String), bool>,
}

impl Rulings {
    /// All of them, as of a time.
    ///
    /// # Errors
    /// If the catalog cannot be read.
    pub fn load(catalog: &Catalog, as_of: AsOf) -> Result<Self> {
        let mut rulings = Self::default();
        for Ruling { dataset, feature, kind, confirmed, .. } in catalog.all::<Ruling>(as_of)? {
            rulings.by_place.insert((dataset.0, feature, kind), confirmed);
        }
        Ok(rulings)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_place.is_empty()
    }

    /// Whether somebody confirmed (`true`) or rejected a kind in a feature.
    pub fn of(&self, dataset: &DatasetId, feature: &str, kind: &str) -> Option<bool> {
        if self.is_empty() {
            return None;
        }
        self.by_place.get(&(dataset.0.clone(), feature.to_owned(), kind.to_owned())).copied()
    }

    /// Whether somebody rejected a kind in a feature.
    pub fn rejects(&self, dataset: &DatasetId, feature: &str, kind: &str) -> bool {
        self.of(dataset, feature, kind) == Some(false)
    }

    /// Features and kinds that were confirmed in a dataset, in order.
    pub fn confirmed<'r>(&'r self, dataset: &'r DatasetId) -> Vec<(&'r str, &'r str)> {
        self.decided(dataset, true)
    }

    /// Features and kinds that were rejected in a dataset, in order.
    pub fn rejected<'r>(&'r self, dataset: &'r DatasetId) -> Vec<(&'r str, &'r str)> {
        self.decided(dataset, false)
    }

    fn decided<'r>(&'r self, dataset: &'r DatasetId, how: bool) -> Vec<(&'r str, &'r str)> {
        let of_dataset =
            self.by_place.iter().filter(|((id, ..), confirmed)| *id == dataset.0 && **confirmed == how);
        let mut places: Vec<_> =
            of_dataset.map(|((_, feature, kind), _)| (feature.as_str(), kind.as_str())).collect();
        places.sort_unstable();
        places
    }
}
