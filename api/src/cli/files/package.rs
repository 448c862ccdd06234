//! Writes a package of a person's data where its owner wants it: one archive, or a folder with what is in it.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use catalog::{Error, Result};
use crawler::erase::package::unzip;

use crate::ops::Answer;

const OPERATION: &str = "write package";

/// Refuses a place that is taken, before anything is looked up.
///
/// # Errors
/// `Conflict` if something is there.
pub(crate) fn check(out: &Path) -> Result<()> {
    match out.exists() {
        true => Err(Error::conflict(OPERATION, "something is there already; name another place")),
        false => Ok(()),
    }
}

/// Writes the answer's archive, readable by its owner alone, and takes it out of the answer.
///
/// # Errors
/// `Unavailable` if it cannot be written.
pub(crate) fn write(answer: &mut Answer, out: &Path) -> Result<()> {
    let failed = |error: std::io::Error| Error::unavailable(OPERATION, error.kind()).with_source(error);
    let Some(bytes) = answer.bytes.take() else { return Ok(()) };
    let archive = hex::decode(bytes).map_err(|error| Error::internal(OPERATION, "").with_source(error))?;
    if out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip")) {
        return create(out).and_then(|mut file| file.write_all(&archive)).map_err(failed);
    }
    fs::DirBuilder::new().mode(0o700).create(out).map_err(failed)?;
    for (name, bytes) in unzip(&archive)? {
        create(&out.join(name)).and_then(|mut file| file.write_all(&bytes)).map_err(failed)?;
    }
    Ok(())
}

fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
