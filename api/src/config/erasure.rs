//! What the configuration says of erasures: `[[erasure]]`, and `on_return` for erased persons who come back.

use catalog::model::{Rule, RuleMethod};
use catalog::{Error, Result};
use crawler::erase::Policy;
use serde::Deserialize;

/// A rule as typed; of several that cover a blob, the first counts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawErasure {
    /// Glob of paths or URIs: `*` stays within a folder, `**` does not.
    #[serde(default)]
    pub(crate) path: Option<String>,
    /// Name of a dataset.
    #[serde(default)]
    pub(crate) dataset: Option<String>,
    /// Kind of the identifier by which the person is found, as in `--id`.
    #[serde(default)]
    pub(crate) kind: Option<String>,
    /// `remove`, `null`, `mask`, `pseudonymise`, `delete_blob` or `report`.
    pub(crate) method: String,
}

/// What was typed, as a policy.
///
/// # Errors
/// `Invalid` with the key that is wrong.
pub(crate) fn policy(typed: Vec<RawErasure>, on_return: Option<&str>) -> Result<Policy> {
    let wrong = |reason: String| Error::invalid("read configuration", reason);
    let mut rules = Vec::new();
    for RawErasure { path, dataset, kind, method } in typed {
        let method = match method.as_str() {
            "remove" => RuleMethod::Remove,
            "null" => RuleMethod::Null,
            "mask" => RuleMethod::Mask,
            "pseudonymise" => RuleMethod::Pseudonymise,
            "delete_blob" => RuleMethod::DeleteBlob,
            "report" => RuleMethod::Report,
            other => {
                let ways = "remove, null, mask, pseudonymise, delete_blob or report";
                return Err(wrong(format!("key erasure.method: {other:?} is none of {ways}")));
            }
        };
        rules.push(Rule { path, dataset, kind, method });
    }
    let mut policy = Policy::new(rules)?;
    policy.replay = match on_return {
        None | Some("alarm") => false,
        Some("plan") => true,
        Some(other) => return Err(wrong(format!("key on_return: {other:?} is neither alarm nor plan"))),
    };
    Ok(policy)
}
