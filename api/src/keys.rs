//! The keys folder: secrets that must not lie with the catalog. Made on first use, readable by its owner alone.
//!
//! `subject.key` turns identifiers into tokens, `signing.key` signs certificates, `requests/` holds one key an open
//! erasure request. Whoever has the catalog without this folder can link nothing in it to a person.

use std::fs;
use std::io::{ErrorKind as Io, Read as _, Write as _};
use std::path::{Path, PathBuf};

use catalog::env::Entropy;
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

    /// The secret under which identifiers become tokens.
    ///
    /// # Errors
    /// `Corrupt` if the file is not a key.
    pub(crate) fn subject(&self, entropy: &dyn Entropy) -> Result<[u8; 32]> {
        self.key("subject.key", entropy)
    }

    /// The secret half of the key that signs certificates.
    ///
    /// # Errors
    /// `Corrupt` if the file is not a key.
    pub(crate) fn signing(&self, entropy: &dyn Entropy) -> Result<[u8; 32]> {
        self.key("signing.key", entropy)
    }

    /// Where the keys of open requests lie.
    pub(crate) fn requests(&self) -> PathBuf {
        self.folder.join("requests")
    }

    /// Where a running daemon says how to reach it.
    pub(crate) fn serve_file(&self) -> PathBuf {
        self.folder.join("serve.json")
    }

    fn key(&self, name: &str, entropy: &dyn Entropy) -> Result<[u8; 32]> {
        let path = self.folder.join(name);
        if let Some(key) = read_key(&path)? {
            return Ok(key);
        }
        let mut key = [0; 32];
        entropy.fill(&mut key);
        match write_new(&path, &key) {
            Ok(()) => Ok(key),
            // Another process made it between our look and our write: its key counts.
            Err(error) if error.kind() == Io::AlreadyExists => {
                read_key(&path)?.ok_or_else(|| Error::unavailable("make key", name))
            }
            Err(error) => Err(Error::unavailable("make key", name).with_source(error)),
        }
    }
}

fn read_key(path: &Path) -> Result<Option<[u8; 32]>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut bytes = Vec::new();
    match fs::File::open(path) {
        Ok(file) => {
            file.take(256)
                .read_to_end(&mut bytes)
                .map_err(|error| Error::unavailable("read key", &name).with_source(error))?;
        }
        Err(error) if error.kind() == Io::NotFound => return Ok(None),
        Err(error) => return Err(Error::unavailable("read key", &name).with_source(error)),
    }
    let damaged = || Error::corrupt("read key", format!("{name} is no key; restore it from its backup"));
    bytes.try_into().map(Some).map_err(|_| damaged())
}

/// Writes a file that must not be there yet, readable by its owner alone, durable on return.
fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // Complete under another name first: a kill in between must not leave half a key.
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    write_private(&draft, bytes)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    linked
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

#[cfg(test)]
mod tests {
    use super::*;
    use catalog::env::fixed::SeededEntropy;

    #[test]
    fn a_key_is_made_once_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(&folder.path().join("lake.keys")).unwrap();
        let entropy = SeededEntropy::new(1);
        let first = keys.subject(&entropy).unwrap();
        assert_eq!(keys.subject(&entropy).unwrap(), first);
        assert_ne!(keys.signing(&entropy).unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(keys.folder.join("subject.key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_key_is_not_replaced_by_a_fresh_one() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(&folder.path().join("lake.keys")).unwrap();
        fs::write(keys.folder.join("subject.key"), "short").unwrap();
        let error = keys.subject(&SeededEntropy::new(1)).unwrap_err();
        assert_eq!(error.kind, catalog::ErrorKind::Corrupt);
    }
}
