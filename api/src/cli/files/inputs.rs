//! Paths as typed → contents: files, folders (in order of their names), `-` for stdin, URLs of sources.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
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

/// Something to look at.
pub(crate) enum Input<'a> {
    /// A file that is there, or was a moment ago.
    File(&'a Path),
    /// What is at hand already.
    Content(&'a Content),
    /// Nothing: it cannot be read, for a reason.
    Unreadable(String),
}

/// Called with each input and its name.
pub(crate) type Take<'a> = &'a mut dyn FnMut(&str, Input<'_>) -> Result<()>;

impl Inputs {
    /// Shows each content. One that cannot be read is told on stderr and counted; the others still come.
    ///
    /// # Errors
    /// `Unavailable` once all were shown, if some could not be read; else what `look` fails with.
    pub(crate) async fn each(&self, look: Look<'_>) -> Result<()> {
        let mut unreadable = 0_u64;
        let mut failed = |name: &str, why: &str| {
            say(&format!("cannot read {name}: {why}"));
            unreadable += 1;
        };
        let mut take = |name: &str, input: Input<'_>| match input {
            Input::Content(content) => look(name, content),
            Input::Unreadable(why) => {
                failed(name, &why);
                Ok(())
            }
            Input::File(path) => match File::open(path).and_then(Content::of_file) {
                Ok(content) => look(name, &content),
                Err(error) => {
                    failed(name, &error.to_string());
                    Ok(())
                }
            },
        };
        self.all(&mut take).await?;
        told(unreadable)
    }

    /// Gives all inputs in order, files without a look at what they hold.
    ///
    /// # Errors
    /// If stdin fails or a source cannot be listed; else what `take` fails with.
    pub(crate) async fn all(&self, take: Take<'_>) -> Result<()> {
        for path in &self.paths {
            if path == "-" {
                let content = Content::spool(&mut io::stdin().lock(), STDIN_BYTES_MAX)
                    .map_err(|error| Error::unavailable("read stdin", "").with_source(error))?;
                take("-", Input::Content(&content))?;
            } else if path.contains("://") && !path.starts_with("file://") {
                source(path, take).await?;
            } else {
                let path = path.strip_prefix("file://").unwrap_or(path);
                files(Path::new(path), path, take)?;
            }
        }
        Ok(())
    }
}

/// The error for so many inputs that could not be read, if any.
///
/// # Errors
/// `Unavailable` if there were.
pub(crate) fn told(unreadable: u64) -> Result<()> {
    match unreadable {
        0 => Ok(()),
        count => Err(Error::unavailable("read files", format!("{count} could not be read"))),
    }
}

/// Gives the files of a list, a name a line, or ended by zero bytes as `find -print0` does it. `-` is a list from stdin.
///
/// # Errors
/// If the list cannot be read; else what `take` fails with.
pub(crate) fn listed(list: &str, take: Take<'_>) -> Result<()> {
    let failed = |error| Error::unavailable("read the list of files", list).with_source(error);
    let mut list: Box<dyn BufRead> = match list {
        "-" => Box::new(io::stdin().lock()),
        path => Box::new(BufReader::new(File::open(path).map_err(failed)?)),
    };
    let end = if list.fill_buf().map_err(failed)?.contains(&0) { 0 } else { b'\n' };
    for name in list.split(end) {
        let name = name.map_err(failed)?;
        if !name.is_empty() {
            files(Path::new(OsStr::from_bytes(&name)), &String::from_utf8_lossy(&name), take)?;
        }
    }
    Ok(())
}

fn files(path: &Path, name: &str, take: Take<'_>) -> Result<()> {
    // A symbolic link named by the caller is followed, one met in a folder is not: it could lead in circles.
    match std::fs::metadata(path) {
        Err(error) => take(name, Input::Unreadable(error.to_string())),
        Ok(metadata) if metadata.is_dir() => folder(path, name, take),
        Ok(metadata) if !metadata.is_file() => {
            let why = "it is neither a file nor a folder; pipe it to -";
            take(name, Input::Unreadable(why.to_owned()))
        }
        Ok(_) => take(name, Input::File(path)),
    }
}

fn folder(path: &Path, name: &str, take: Take<'_>) -> Result<()> {
    let entries: io::Result<Vec<_>> = std::fs::read_dir(path).and_then(Iterator::collect);
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => return take(name, Input::Unreadable(error.to_string())),
    };
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        let inner = entry.path();
        if is_link && inner.is_dir() {
            continue;
        }
        let inner_name = format!("{}/{}", name.trim_end_matches('/'), entry.file_name().to_string_lossy());
        files(&inner, &inner_name, take)?;
    }
    Ok(())
}

async fn source(url: &str, take: Take<'_>) -> Result<()> {
    let lake = Lake::open(url, &SourceOptions::default())?;
    let mut listing = lake.list();
    while let Some(listed) = listing.next().await {
        let listed = listed?;
        let uri = lake.uri(&listed.path);
        match lake.fetch(&listed.path, None, None).await {
            Ok(fetched) => take(&uri, Input::Content(&fetched.content))?,
            Err(error) => take(&uri, Input::Unreadable(crate::error::chain(&error)))?,
        }
    }
    Ok(())
}
