//! How many identifiers a principal may look up in an hour: whoever could try a million telephone numbers would not need to know
//! one. A bucket a principal (token bucket, RFC 2697's meter with one rate), in memory: a daemon that starts anew begins with
//! full ones, and every lookup stands in the audit log in any case.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use catalog::model::{Principal, Timestamp};
use catalog::{Error, ErrorKind, Result};

const HOUR_MICROS: f64 = 3_600e6;

/// Buckets of all principals.
#[derive(Debug)]
pub(crate) struct Throttle {
    per_hour: u32,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

impl Throttle {
    /// Lets so many through in an hour, and as many at once.
    pub(crate) fn new(per_hour: u32) -> Self {
        Self { per_hour, buckets: Mutex::default() }
    }

    /// Takes some identifiers out of a principal's bucket.
    ///
    /// # Errors
    /// `Limit` if it does not hold as many; then nothing is taken.
    pub(crate) fn take(&self, who: &Principal, identifiers: usize, now: Timestamp) -> Result<()> {
        let (size, wanted) = (f64::from(self.per_hour), identifiers as f64);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Bucket { left: size, at: now };
        let bucket = buckets.entry(who.name.clone()).or_insert(full);
        let since = now.0.saturating_sub(bucket.at.0).max(0) as f64;
        *bucket = Bucket { left: (bucket.left + since * size / HOUR_MICROS).min(size), at: now };
        if bucket.left < wanted {
            let context = format!(
                "more than {} identifiers an hour; wait, or raise limits.lookups_per_hour in the configuration",
                self.per_hour
            );
            return Err(Error::new(ErrorKind::Limit, "look up a person", context));
        }
        bucket.left -= wanted;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_emptied_and_fills_again_by_principal() {
        let who = |name: &str| Principal { name: name.into(), roles: Vec::new() };
        let (ann, bob) = (who("ann"), who("bob"));
        let throttle = Throttle::new(60);
        let minute = |minutes: i64| Timestamp(minutes * 60_000_000);
        throttle.take(&ann, 50, minute(0)).unwrap();
        assert_eq!(throttle.take(&ann, 20, minute(0)).unwrap_err().kind, ErrorKind::Limit);
        throttle.take(&ann, 10, minute(0)).unwrap();
        throttle.take(&bob, 60, minute(0)).unwrap();
        assert!(throttle.take(&ann, 6, minute(5)).is_err(), "five came back");
        throttle.take(&ann, 5, minute(5)).unwrap();
        throttle.take(&ann, 60, minute(600)).unwrap();
        assert!(throttle.take(&ann, 1, minute(600)).is_err(), "no more than full");
        assert!(throttle.take(&ann, 1, minute(0)).is_err(), "a clock that goes back gives nothing");
    }
}
