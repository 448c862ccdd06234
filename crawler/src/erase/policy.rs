//! The policy of a desk: rules with their globs compiled, and which of them cover a blob.

use catalog::model::{BlobId, Dataset, Rule};
use catalog::store::record::Index;
use catalog::{Catalog, model::RuleMethod};
use globset::{GlobBuilder, GlobMatcher};

use crate::error::{Error, Result};
use crate::recognise::{self, KEY};
use crate::source::Lake;

/// What becomes of persons' data where, in the order in which rules are tried; without rules, rows are removed.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    rules: Vec<(Rule, Option<GlobMatcher>)>,
    /// What is done when a crawl meets an erased person again.
    pub replay: bool,
}

impl Policy {
    /// Compiles rules; kinds may be written as in `--id`.
    ///
    /// # Errors
    /// `Invalid` if a glob is none, or nobody knows the kind.
    pub fn new(rules: Vec<Rule>) -> Result<Self> {
        let rules = rules.into_iter().map(compiled).collect::<Result<_>>()?;
        Ok(Self { rules, replay: false })
    }

    /// Its rules, in their order.
    pub fn rules(&self) -> Vec<Rule> {
        self.rules.iter().map(|(rule, _)| rule.clone()).collect()
    }

    /// Whether it asks for anything but the removal of rows.
    pub fn is_empty(&self) -> bool {
        self.rules.iter().all(|(rule, _)| rule.method == RuleMethod::Remove)
    }

    /// The rules whose place covers a blob, in their order.
    ///
    /// # Errors
    /// What the catalog fails with.
    pub(super) fn covering(
        &self,
        catalog: &Catalog,
        lake: &Lake,
        path: &str,
        blob: BlobId,
    ) -> Result<Vec<Rule>> {
        let uri = lake.uri(path);
        let mut datasets: Option<Vec<String>> = None;
        let mut covering = Vec::new();
        for (rule, glob) in &self.rules {
            if glob.as_ref().is_some_and(|glob| !glob.is_match(path) && !glob.is_match(&uri)) {
                continue;
            }
            if let Some(dataset) = &rule.dataset {
                if datasets.is_none() {
                    let found = catalog.find::<Dataset>(Index::DatasetOfBlob, &blob.0)?;
                    datasets = Some(found.into_iter().map(|dataset| dataset.name).collect());
                }
                if !datasets.as_ref().is_some_and(|names| names.contains(dataset)) {
                    continue;
                }
            }
            covering.push(rule.clone());
        }
        Ok(covering)
    }
}

fn compiled(mut rule: Rule) -> Result<(Rule, Option<GlobMatcher>)> {
    const OPERATION: &str = "read erasure policy";
    let glob = rule.path.as_deref().map(|path| GlobBuilder::new(path).literal_separator(true).build());
    let glob = glob
        .transpose()
        .map_err(|error| Error::invalid(OPERATION, "key erasure.path is no glob").with_source(error))?;
    if let Some(typed) = &rule.kind {
        let known =
            recognise::by_kind(typed).filter(|known| known.identifies).map(|known| known.kind.to_owned());
        let key = || {
            let declared = typed.strip_prefix(KEY).unwrap_or(typed);
            recognise::is_key_name(declared).map(|key| format!("{KEY}{key}"))
        };
        let kind = known.or_else(key).ok_or_else(|| {
            let context = "key erasure.kind is no kind of identifier; write email, phone or a key column";
            Error::invalid(OPERATION, context)
        })?;
        rule.kind = Some(kind);
    }
    Ok((rule, glob.map(|glob| glob.compile_matcher())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(path: Option<&str>, kind: Option<&str>) -> Rule {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Rule { path: text(path), dataset: None, kind: text(kind), method: RuleMethod::Mask }
    }

    #[test]
    fn kinds_and_globs_are_checked_when_they_are_read() {
        let kinds =
            |kind| Policy::new(vec![rule(None, Some(kind))]).map(|policy| policy.rules()[0].kind.clone());
        assert_eq!(kinds("email").unwrap().as_deref(), Some("EMAIL_ADDRESS"));
        assert_eq!(kinds("customerId").unwrap().as_deref(), Some("KEY:customer_id"));
        assert!(kinds("colour").is_err() && kinds("name").is_err(), "a name identifies nobody");
        assert!(Policy::new(vec![rule(Some("a[b"), None)]).is_err());
    }
}
