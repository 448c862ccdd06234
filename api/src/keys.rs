//! The folder of keys, closed to others, and the file in it by which commands find a running daemon.
//!
//! The keys themselves are `crawler::erase::KeyRing`'s. Whoever has the catalog without this folder can link nothing
//! in it to a person.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use catalog::{Error, Result};

/// The folder of keys.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    folder: PathBuf,
}

impl Keys {
    /// Opens the folder, or makes it.
    ///
    /// # Errors
    /// `Unavailable` if it cannot be made, `Denied` if others may read it.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        make_private_folder(folder)?;
        refuse_if_shared(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where a running daemon says how to reach it.
    pub(crate) fn serve_file(&self) -> PathBuf {
        self.folder.join("serve.json")
    }
}

/// Writes a file, readable by its owner alone.
///
/// # Errors
/// What the file system says.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn make_private_folder(folder: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| Error::unavailable("make folder of keys", "").with_source(error))
}

#[cfg(unix)]
fn refuse_if_shared(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let about = |error| Error::unavailable("open folder of keys", "").with_source(error);
    let mode = fs::metadata(folder).map_err(about)?.permissions().mode();
    if mode & 0o077 != 0 {
        let context = format!("{} is open to others; run chmod 700 on it", folder.display());
        return Err(Error::denied("open folder of keys", context));
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_if_shared(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_folder_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lake.keys");
        let keys = Keys::open(&path).unwrap();
        write_private(&keys.serve_file(), b"{}").unwrap();
        assert_eq!(fs::metadata(keys.serve_file()).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(Keys::open(&path).unwrap_err().kind, catalog::ErrorKind::Denied);
    }
}
