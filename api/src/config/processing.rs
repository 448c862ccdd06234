//! What the configuration says of why personal data is kept, how long, and who gets it: `[[processing]]`.

use catalog::processing::Processing;
use catalog::{Error, Result};
use serde::Deserialize;

/// What is said of some datasets, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawProcessing {
    /// Name of a dataset, perhaps with wildcards.
    dataset: String,
    /// Why the data is processed.
    #[serde(default)]
    purpose: Option<String>,
    /// Days after which a blob should be gone.
    #[serde(default)]
    retention_days: Option<u32>,
    /// Who gets the data, beside what lineage shows.
    #[serde(default)]
    recipients: Vec<String>,
}

/// The rules as they stand.
///
/// # Errors
/// `Invalid` with the entry and key that is wrong.
pub(crate) fn rules(typed: &[RawProcessing]) -> Result<Vec<Processing>> {
    let rule = |(place, typed): (usize, &RawProcessing)| {
        let RawProcessing { dataset, purpose, retention_days, recipients } = typed.clone();
        Processing::new(&dataset, purpose, retention_days, recipients).map_err(|error| {
            let context = format!("key processing, entry {}: {}", place + 1, error.context);
            Error::invalid("read configuration", context)
        })
    };
    typed.iter().enumerate().map(rule).collect()
}
