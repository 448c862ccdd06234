//! Progress of long work on stderr, for people at a terminal only: blobs, bytes, rate, time left.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use crawler::ctx::{Progress, Silent};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Somebody to hear of progress: a bar if a person watches, else nobody.
pub(crate) fn progress() -> Arc<dyn Progress> {
    let off = std::env::var("HEADWATER_PROGRESS").is_ok_and(|wish| wish == "off");
    if off || !std::io::stderr().is_terminal() {
        return Arc::new(Silent);
    }
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(8));
    let style = ProgressStyle::with_template(
        "{spinner} {pos}/{len} blobs {wide_bar} {msg} {elapsed_precise}, {eta} left",
    );
    // The template is ours; were it wrong, the plain style serves.
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(125));
    Arc::new(Bar { bar, bytes: std::sync::atomic::AtomicU64::new(0) })
}

struct Bar {
    bar: ProgressBar,
    bytes: std::sync::atomic::AtomicU64,
}

impl Progress for Bar {
    fn listed(&self, blobs: u64, _: u64) {
        self.bar.inc_length(blobs);
    }

    fn read(&self, blobs: u64, bytes: u64) {
        let total = self.bytes.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed) + bytes;
        let seconds = self.bar.elapsed().as_secs_f64().max(0.1);
        self.bar.inc(blobs);
        let rate = crate::view::bytes((total as f64 / seconds).round());
        self.bar.set_message(format!("{}, {rate}/s", crate::view::bytes(total as f64)));
    }

    fn done(&self, what: &str) {
        self.bar.println(format!("  {what}"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
