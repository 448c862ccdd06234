//! Paths as typed → contents: files, folders (in order of their names), `-` for stdin, URLs of sources.

use std::fs::File;
use std::path::Path;

use catalog::{Error, Result};
use crawler::content::Content;
use crawler::source::{Lake, SourceOptions};
use futures::StreamExt as _;

use crate::cli::say;

/// Bytes that stdin may give.
const STDIN_BYTES_MAX: u64 = 64 << 30;

/// What to look at, and what came of it.
pub(crate) struct Inputs {
    /// Paths as typed.
    pub(crate) paths: Vec<String>,
}

/// Called with each content and its name.
pub(crate) type Look<'a> = &'a mut dyn FnMut(&str, &Content) -> Result<()>;

impl Inputs {
    /// Shows each content. One that cannot be read is told on stderr and counted; the others still come.
    ///
    /// # Errors
    /// `Unavailable` once all were shown, if some could not be read; else what `look` fails with.
    pub(crate) async fn each(&self, look: Look<'_>) -> Result<()> {
        let mut unreadable = 0_u64;
        for path in &self.paths {
            if path == "-" {
                let content = Content::spool(&mut std::io::stdin().lock(), STDIN_BYTES_MAX)
                    .map_err(|error| Error::unavailable("read stdin", "").with_source(error))?;
                look("-", &content)?;
            } else if path.contains("://") && !path.starts_with("file://") {
                unreadable += source(path, look).await?;
            } else {
                let path = path.strip_prefix("file://").unwrap_or(path);
                unreadable += files(Path::new(path), path, look)?;
            }
        }
        match unreadable {
            0 => Ok(()),
            count => Err(Error::unavailable("read files", format!("{count} could not be read"))),
        }
    }
}

fn files(path: &Path, name: &str, look: Look<'_>) -> Result<u64> {
    let failed = |error: std::io::Error| {
        say(&format!("cannot read {name}: {error}"));
        Ok(1)
    };
    // A symbolic link named by the caller is followed, one met in a folder is not: it could lead in circles.
    match std::fs::metadata(path) {
        Err(error) => failed(error),
        Ok(metadata) if metadata.is_dir() => folder(path, name, look),
        Ok(metadata) if !metadata.is_file() => {
            say(&format!("cannot read {name}: it is neither a file nor a folder; pipe it to -"));
            Ok(1)
        }
        Ok(_) => match File::open(path).and_then(Content::of_file) {
            Ok(content) => look(name, &content).map(|()| 0),
            Err(error) => failed(error),
        },
    }
}

fn folder(path: &Path, name: &str, look: Look<'_>) -> Result<u64> {
    let entries: std::io::Result<Vec<_>> = std::fs::read_dir(path).and_then(Iterator::collect);
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => {
            say(&format!("cannot read {name}: {error}"));
            return Ok(1);
        }
    };
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut unreadable = 0;
    for entry in entries {
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        let inner = entry.path();
        if is_link && inner.is_dir() {
            continue;
        }
        let inner_name = format!("{}/{}", name.trim_end_matches('/'), entry.file_name().to_string_lossy());
        unreadable += files(&inner, &inner_name, look)?;
    }
    Ok(unreadable)
}

async fn source(url: &str, look: Look<'_>) -> Result<u64> {
    let lake = Lake::open(url, &SourceOptions::default())?;
    let mut listing = lake.list();
    let mut unreadable = 0;
    while let Some(listed) = listing.next().await {
        let listed = listed?;
        let uri = lake.uri(&listed.path);
        match lake.fetch(&listed.path, None, None).await {
            Ok(fetched) => look(&uri, &fetched.content)?,
            Err(error) => {
                say(&format!("cannot read {uri}: {}", crate::error::chain(&error)));
                unreadable += 1;
            }
        }
    }
    Ok(unreadable)
}
