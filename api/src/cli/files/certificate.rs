//! `headwater erase certificate --verify`: whether a certificate is genuine, offline and without a catalog.

use std::path::Path;

use catalog::erasure::certificate::verify_certificate;
use catalog::{Error, ErrorKind, Result};
use serde_json::json;

use crate::cli::render::{self, Column, Look};
use crate::cli::say;

const COLUMNS: &[Column] = &[
    ("genuine", "/genuine", Look::Plain),
    ("request", "/request", Look::Plain),
    ("status", "/status", Look::Plain),
    ("issued", "/issued", Look::Time),
    ("key", "/key_id", Look::Plain),
    ("key is trusted", "/key_is_trusted", Look::Plain),
];

/// Verifies a file; exit 1 if it is not genuine.
///
/// # Errors
/// `NotFound` if there is no such file.
pub(crate) fn verify(file: &Path, key: Option<&str>, as_json: bool) -> Result<u8> {
    let document = std::fs::read_to_string(file).map_err(|error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Unavailable,
        };
        Error::new(kind, "verify certificate", "the file cannot be read").with_source(error)
    })?;
    let (row, code) = match verify_certificate(&document, key) {
        Ok(verified) => {
            let mut row = json!({"genuine": true});
            row["request"] = json!(verified.request);
            row["status"] = json!(verified.status);
            row["issued"] = json!(verified.issued);
            row["key_id"] = json!(verified.key_id);
            row["key_is_trusted"] = json!(verified.key_is_trusted);
            if !verified.key_is_trusted {
                say("it agrees with the key inside it; pass --key with the key that you trust");
            }
            (row, 0)
        }
        Err(error) if error.kind == ErrorKind::Corrupt => {
            say(&format!("not genuine: {}", error.context));
            (json!({"genuine": false, "reason": error.context}), crate::error::EXIT_NOTHING)
        }
        Err(error) => return Err(error),
    };
    let text = if as_json { format!("{row}\n") } else { render::sheet(&row, COLUMNS) };
    render::write_stdout(text.as_bytes())?;
    Ok(code)
}
