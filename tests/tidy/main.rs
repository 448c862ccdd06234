//! Rules about the tree that a machine keeps: which crate may use which, how long a file is, one version of what
//! is heavy, licences, and where blobs may be written.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod dependencies;
mod files;

use std::path::{Path, PathBuf};

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Fails with all findings at once, so that one run shows them all.
fn expect_none(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}
