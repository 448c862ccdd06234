//! Logs to stderr: level by `HEADWATER_LOG` (`warn` unless set), one JSON object a line with `HEADWATER_LOG_FORMAT=json`.
//!
//! Logs hold ids and counts, never values of blobs; evidence is the journal and the audit log, not this.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Starts logging for the whole process; a filter that cannot be read counts as `warn`.
pub(crate) fn start(default_level: &str) {
    // Dependencies may log request paths at debug and trace; those levels are ours alone.
    let own = std::env::var("HEADWATER_LOG").unwrap_or_else(|_| default_level.to_owned());
    let filter = EnvFilter::try_new(scoped(&own)).unwrap_or_else(|_| EnvFilter::new("warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let json = std::env::var("HEADWATER_LOG_FORMAT").is_ok_and(|format| format == "json");
    // A second start, in a test, keeps the first.
    let _ = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.with_ansi(std::io::stderr().is_terminal()).try_init()
    };
    // A panic's own message may quote the bytes that a reader fell over; where it happened may not.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a defect of ours: this task ended early");
    }));
}

/// A bare level is meant for our crates; others stay at `warn`.
fn scoped(filter: &str) -> String {
    if filter.parse::<tracing::Level>().is_err() {
        return filter.to_owned();
    }
    format!(
        "warn,headwater={filter},headwater_catalog={filter},headwater_crawler={filter},headwater_sql={filter},catalog={filter},crawler={filter},sql={filter}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_level_is_for_our_crates_only() {
        assert!(scoped("trace").starts_with("warn,headwater=trace,"));
        assert_eq!(scoped("hyper=debug"), "hyper=debug");
    }
}
