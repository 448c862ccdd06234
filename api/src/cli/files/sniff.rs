//! `headwater sniff`: what files are, by their first and last bytes. Many are looked at at a time, and told in order.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use catalog::Result;
use crawler::content::Content;
use crawler::format::tree::{Sniffed, sniff_head};
use crawler::format::{HEAD_BYTES, TAIL_BYTES};
use serde_json::{Value, json};

use super::inputs::{Input, Inputs, listed, told};
use crate::cli::render::{self, Column, Look};
use crate::cli::say;

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

/// Files that wait before they are looked at together.
const BATCH_FILES: usize = 2_048;
/// Files that a thread takes at a time.
const CHUNK_FILES: usize = 32;

/// Prints one line a file.
///
/// # Errors
/// If a file cannot be read.
pub(crate) async fn run(paths: Vec<String>, list: Option<String>, as_json: bool) -> Result<u8> {
    let mut batch = Batch { as_json, ..Batch::default() };
    let named = Inputs { paths }.all(&mut |name, input| batch.take(name, input)).await;
    let named = named.and_then(|()| match &list {
        Some(list) => listed(list, &mut |name, input| batch.take(name, input)),
        None => Ok(()),
    });
    // What was found before something went wrong is told all the same.
    let looked = batch.look();
    if !batch.rows.is_empty() {
        render::write_stdout(render::table(&batch.rows, COLUMNS).as_bytes())?;
    }
    named.and(looked)?;
    told(batch.unreadable).map(|()| 0)
}

/// Files that are looked at together, and what came of those before them.
#[derive(Default)]
struct Batch {
    as_json: bool,
    waiting: Vec<(String, PathBuf)>,
    rows: Vec<Value>,
    unreadable: u64,
}

impl Batch {
    fn take(&mut self, name: &str, input: Input<'_>) -> Result<()> {
        match input {
            Input::File(path) => {
                self.waiting.push((name.to_owned(), path.to_owned()));
                if self.waiting.len() < BATCH_FILES { Ok(()) } else { self.look() }
            }
            Input::Content(content) => {
                self.look()?;
                let mut line = Vec::new();
                self.tell(name, row(name, content), &mut line);
                render::write_stdout(&line)
            }
            Input::Unreadable(why) => {
                self.look()?;
                self.cannot_read(name, &why);
                Ok(())
            }
        }
    }

    /// Looks at what waits, on all processors, and tells of it in order.
    fn look(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let mut lines = Vec::new();
        for (told, (name, _)) in look_at(&waiting).into_iter().zip(&waiting) {
            self.tell(name, told, &mut lines);
        }
        render::write_stdout(&lines)
    }

    fn tell(&mut self, name: &str, told: std::io::Result<Value>, lines: &mut Vec<u8>) {
        match told {
            Ok(row) if self.as_json => lines.extend_from_slice(format!("{row}\n").as_bytes()),
            Ok(row) => self.rows.push(row),
            Err(error) => self.cannot_read(name, &error.to_string()),
        }
    }

    fn cannot_read(&mut self, name: &str, why: &str) {
        say(&format!("cannot read {name}: {why}"));
        self.unreadable += 1;
    }
}

/// What each of some files is, in their order.
fn look_at(files: &[(String, PathBuf)]) -> Vec<std::io::Result<Value>> {
    let chunks: Vec<&[(String, PathBuf)]> = files.chunks(CHUNK_FILES).collect();
    let next = AtomicUsize::new(0);
    let look = || {
        let mut told = Vec::new();
        while let Some((number, chunk)) = next_of(&next, &chunks) {
            let row = |(name, path): &(String, PathBuf)| row(name, &Content::of_file(File::open(path)?)?);
            told.push((number, chunk.iter().map(row).collect::<Vec<_>>()));
        }
        told
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(chunks.len());
    let mut told: Vec<(usize, Vec<std::io::Result<Value>>)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(look)).collect();
        let mut told = look();
        for other in others {
            match other.join() {
                Ok(of_other) => told.extend(of_other),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        told
    });
    told.sort_by_key(|(number, _)| *number);
    told.into_iter().flat_map(|(_, told)| told).collect()
}

fn next_of<'a, T>(next: &AtomicUsize, all: &[&'a [T]]) -> Option<(usize, &'a [T])> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    all.get(number).map(|chunk| (number, *chunk))
}

fn row(path: &str, content: &Content) -> std::io::Result<Value> {
    let head = content.range(0, ENCODED_HEAD_BYTES)?;
    let complete = head.len() as u64 == content.len();
    let tail = match complete {
        true => head.slice(head.len().saturating_sub(TAIL_BYTES)..),
        false => content.range(content.len().saturating_sub(TAIL_BYTES as u64), TAIL_BYTES)?,
    };
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
