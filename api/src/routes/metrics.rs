//! What Prometheus reads: requests by operation and outcome, their time, commits. Labels are names of ours, never values.

use std::time::Duration;

use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

use catalog::{Error, Result};

/// Counters of the daemon.
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    commits: IntGauge,
}

impl Metrics {
    /// Registers all of them.
    ///
    /// # Errors
    /// `Internal` if two have one name, which is a defect.
    pub(crate) fn new() -> Result<Self> {
        Self::registered().map_err(|error| Error::internal("register metrics", "").with_source(error))
    }

    fn registered() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("headwater_requests_total", "Operations asked for over HTTP, by how they ended."),
            &["operation", "outcome"],
        )?;
        let seconds = HistogramVec::new(
            HistogramOpts::new("headwater_request_seconds", "Time that operations took.")
                .buckets(vec![0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 600.0]),
            &["operation"],
        )?;
        let commits = IntGauge::new("headwater_catalog_commits", "Commits in the catalog's journal.")?;
        let version = Opts::new("headwater_build_info", "1, with the version as a label.")
            .const_label("version", env!("CARGO_PKG_VERSION"));
        let version = IntGauge::with_opts(version)?;
        version.set(1);
        registry.register(Box::new(version))?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        registry.register(Box::new(commits.clone()))?;
        Ok(Self { registry, requests, seconds, commits })
    }

    /// Counts an operation: its name, `ok` or an error's code, and its time.
    pub(crate) fn asked(&self, operation: &str, outcome: &str, took: Duration) {
        self.requests.with_label_values(&[operation, outcome]).inc();
        self.seconds.with_label_values(&[operation]).observe(took.as_secs_f64());
    }

    /// All of them as text.
    ///
    /// # Errors
    /// `Internal` if they cannot be written.
    pub(crate) fn text(&self, commits: u64) -> Result<String> {
        self.commits.set(i64::try_from(commits).unwrap_or(i64::MAX));
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .map_err(|error| Error::internal("write metrics", "").with_source(error))?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}
