//! What an installation says of its processing of personal data, dataset by dataset: why it is kept, for how long, who else
//! gets it (GDPR Art. 5(1)(e) and 30(1)). Rules go by names of datasets; the first that fits counts.

use globset::GlobMatcher;

use crate::error::{Error, Result};
use crate::model::Timestamp;

/// Microseconds of a day.
const DAY_MICROS: i64 = 86_400_000_000;
/// Longest retention, in days: a thousand years.
const RETENTION_DAYS_MAX: u32 = 365_250;

/// What is said of the datasets that a name fits.
#[derive(Clone, Debug)]
pub struct Processing {
    dataset: GlobMatcher,
    /// Why the data is processed.
    pub purpose: Option<String>,
    /// How long a blob is kept after it was written.
    pub retention_days: Option<u32>,
    /// Who gets the data, beside what lineage shows.
    pub recipients: Vec<String>,
}

impl Processing {
    /// Takes what somebody wrote of the datasets whose name `dataset`, perhaps with wildcards, fits.
    ///
    /// # Errors
    /// `Invalid` with the key that is wrong.
    pub fn new(
        dataset: &str,
        purpose: Option<String>,
        retention_days: Option<u32>,
        recipients: Vec<String>,
    ) -> Result<Self> {
        let wrong = |reason: String| Error::invalid("read a rule of processing", reason);
        let glob = globset::Glob::new(dataset).map_err(|error| wrong(format!("dataset: {error}")))?;
        if retention_days.is_some_and(|days| days == 0 || days > RETENTION_DAYS_MAX) {
            return Err(wrong(format!("retention_days is 1 to {RETENTION_DAYS_MAX}")));
        }
        if purpose.is_none() && retention_days.is_none() && recipients.is_empty() {
            return Err(wrong("it says no purpose, no retention_days and no recipients".into()));
        }
        Ok(Self { dataset: glob.compile_matcher(), purpose, retention_days, recipients })
    }

    /// Whether something that was written then should be gone by now.
    pub fn is_past(&self, written: Timestamp, now: Timestamp) -> bool {
        let kept = |days: u32| written.0.saturating_add(i64::from(days) * DAY_MICROS);
        self.retention_days.is_some_and(|days| kept(days) < now.0)
    }
}

/// The rule of a dataset, if there is one.
pub fn of<'r>(rules: &'r [Processing], dataset: &str) -> Option<&'r Processing> {
    rules.iter().find(|rule| rule.dataset.is_match(dataset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits_counts_and_days_are_counted_from_writing() {
        let rule = |glob, days| Processing::new(glob, None, Some(days), Vec::new()).unwrap();
        let rules = [rule("crm_archive", 1), rule("crm_*", 30)];
        assert_eq!(of(&rules, "crm_archive").unwrap().retention_days, Some(1));
        let kept = of(&rules, "crm_eu").unwrap();
        assert_eq!(kept.retention_days, Some(30));
        assert!(of(&rules, "web").is_none());
        let written = Timestamp(5);
        assert!(!kept.is_past(written, Timestamp(5 + 30 * DAY_MICROS)));
        assert!(kept.is_past(written, Timestamp(6 + 30 * DAY_MICROS)));
        assert!(!kept.is_past(Timestamp(i64::MAX), Timestamp(i64::MAX)));
    }

    #[test]
    fn rules_that_say_nothing_or_nonsense_are_refused() {
        assert!(Processing::new("x", None, None, Vec::new()).is_err());
        assert!(Processing::new("x", None, Some(0), Vec::new()).is_err());
        assert!(Processing::new("[x", Some("billing".into()), None, Vec::new()).is_err());
    }
}
