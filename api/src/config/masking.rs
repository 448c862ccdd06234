//! What the configuration says of masking: `[[mask]]`, rules of which the first that fits counts. What a rule may say is
//! checked by [`catalog::masking`]; here is what the file may look like.

use catalog::masking::{Policy, Rule, RuleText};
use catalog::{Error, Result};
use serde::Deserialize;

/// Rules of one policy.
const RULES_MAX: usize = 1_000;

/// A rule as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMask {
    /// infoType name.
    #[serde(default)]
    kind: Option<String>,
    /// `personal`, `indirect`, `special` or `secret`.
    #[serde(default)]
    category: Option<String>,
    /// Name of a dataset, perhaps with wildcards.
    #[serde(default)]
    dataset: Option<String>,
    /// A column, or the path of a feature in it.
    #[serde(default)]
    column: Option<String>,
    /// `show`, `partial`, `hash` or `null`.
    with: String,
}

/// The policy that rules make.
///
/// # Errors
/// `Invalid` with the rule and key that is wrong.
pub(crate) fn policy(typed: &[RawMask]) -> Result<Policy> {
    let wrong = |reason: String| Error::invalid("read configuration", reason);
    if typed.len() > RULES_MAX {
        return Err(wrong(format!("key mask: more than {RULES_MAX} rules")));
    }
    let mut rules = Vec::new();
    for (place, rule) in typed.iter().enumerate() {
        let text = RuleText {
            kind: rule.kind.as_deref(),
            category: rule.category.as_deref(),
            dataset: rule.dataset.as_deref(),
            feature: rule.column.as_deref(),
            with: &rule.with,
        };
        rules.push(
            Rule::parse(&text)
                .map_err(|error| wrong(format!("key mask, entry {}: {}", place + 1, error.context)))?,
        );
    }
    Ok(Policy::new(rules))
}
