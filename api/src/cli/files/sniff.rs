//! `headwater sniff`: what files are, by their first and last bytes.

use catalog::{Error, Result};
use crawler::content::Content;
use crawler::format::tree::{Sniffed, sniff_head};
use crawler::format::{HEAD_BYTES, TAIL_BYTES};
use serde_json::{Value, json};

use super::inputs::Inputs;
use crate::cli::render::{self, Column, Look};

const COLUMNS: &[Column] = &[
    ("path", "/path", Look::Plain),
    ("format", "/format", Look::Plain),
    ("media type", "/media_type", Look::Plain),
    ("layers", "/layers", Look::Plain),
    ("confidence", "/confidence", Look::Count),
    ("named otherwise", "/mislabelled", Look::Plain),
];

/// Encoded bytes read of a blob that is compressed: enough for a full head once its layers are off.
const ENCODED_HEAD_BYTES: usize = 4 * HEAD_BYTES;

/// Prints one line a file.
///
/// # Errors
/// If a file cannot be read.
pub(crate) async fn run(paths: Vec<String>, as_json: bool) -> Result<u8> {
    let mut rows = Vec::new();
    let looked = Inputs { paths }
        .each(&mut |path, content| {
            let row = row(path, content)?;
            if as_json {
                return render::write_stdout(format!("{row}\n").as_bytes());
            }
            rows.push(row);
            Ok(())
        })
        .await;
    if !rows.is_empty() {
        render::write_stdout(render::table(&rows, COLUMNS).as_bytes())?;
    }
    looked.map(|()| 0)
}

fn row(path: &str, content: &Content) -> Result<Value> {
    let failed = |error| Error::unavailable("read file", "").with_source(error);
    let head = content.range(0, ENCODED_HEAD_BYTES).map_err(failed)?;
    let tail = content.range(content.len().saturating_sub(TAIL_BYTES as u64), TAIL_BYTES).map_err(failed)?;
    let complete = head.len() as u64 == content.len();
    let Sniffed { format, media_type, confidence, dialect, layers, mislabelled } =
        sniff_head(&head, &tail, complete, path);
    let mut row = json!({
        "path": path,
        "format": format.id,
        "media_type": media_type,
        "layers": layers,
        "confidence": crate::ops::round(confidence),
    });
    if dialect != catalog::model::Dialect::default() {
        row["dialect"] = json!(dialect);
    }
    if mislabelled {
        row["mislabelled"] = json!(true);
    }
    Ok(row)
}
