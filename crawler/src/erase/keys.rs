//! The folder of keys: everything secret, apart from the catalog and its backups, mode 0600.
//!
//! | file | what | ends |
//! |---|---|---|
//! | `subject.key` | HMAC key of the subject index and the suppression ledger | never |
//! | `pseudonym.key` | HMAC key of pseudonyms that stand in the lake in place of values | when the owner destroys it |
//! | `signing.key` | Ed25519 secret key of certificates | never |
//! | `requests/ID.key` | seals one request's identifiers and names | once certified |
//! | `requests/ID.salt` | salt of one certificate's commitments | when the owner destroys it |
//!
//! Each is 32 random bytes, made on first use and synced before it is used: what is sealed under a key that a power
//! cut took away would be lost. A destroyed key is overwritten and unlinked; on a medium that keeps old blocks, put
//! the folder on an encrypted volume (NIST SP 800-88 rev. 1, cryptographic erase).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use catalog::env::Entropy;
use catalog::erasure::seal::SealKey;
use catalog::model::RequestId;

use crate::error::{Error, Result};

/// Bytes of every key.
pub const KEY_BYTES: usize = 32;

/// The opened folder of keys.
#[derive(Clone)]
pub struct KeyRing {
    folder: PathBuf,
    entropy: Arc<dyn Entropy>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyRing")
    }
}

impl KeyRing {
    /// Opens the folder, which is made if it is not there.
    ///
    /// # Errors
    /// `Unavailable` or `Denied` if it cannot be made.
    pub fn open(folder: &Path, entropy: Arc<dyn Entropy>) -> Result<Self> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.join("requests"));
        made.map_err(|error| failed("make the folder of keys", error))?;
        Ok(Self { folder: folder.to_owned(), entropy })
    }

    /// The key of the subject index.
    ///
    /// # Errors
    /// `Corrupt` if the file is damaged.
    pub fn subject_key(&self) -> Result<[u8; KEY_BYTES]> {
        self.read_or_make("subject.key")
    }

    /// The key of pseudonyms: while it is there, whoever holds it can tell which pseudonym a known value has (Art. 4(5) GDPR).
    ///
    /// # Errors
    /// `Corrupt` if the file is damaged.
    pub fn pseudonym_key(&self) -> Result<[u8; KEY_BYTES]> {
        self.read_or_make("pseudonym.key")
    }

    /// Whether there is a key of the subject index; a catalog with tokens and no such key finds nobody.
    pub fn has_subject_key(&self) -> bool {
        self.folder.join("subject.key").exists()
    }

    /// The secret key that signs certificates.
    ///
    /// # Errors
    /// `Corrupt` if the file is damaged.
    pub fn signing_key(&self) -> Result<[u8; KEY_BYTES]> {
        self.read_or_make("signing.key")
    }

    /// The key of a request, made if it is a new one.
    ///
    /// # Errors
    /// `Corrupt` if the file is damaged.
    pub fn make_request_key(&self, id: &RequestId) -> Result<SealKey> {
        Ok(SealKey::new(&self.read_or_make(&name_of(id, "key")?)?, id.clone()))
    }

    /// The key of a request.
    ///
    /// # Errors
    /// `NotFound` once it was destroyed.
    pub fn request_key(&self, id: &RequestId) -> Result<SealKey> {
        let key = read(&self.folder.join(name_of(id, "key")?))?;
        let gone = || Error::not_found("open a request", format!("the key of request {id} was destroyed"));
        Ok(SealKey::new(&key.ok_or_else(gone)?, id.clone()))
    }

    /// The salt of a certificate, made if it is a new one.
    ///
    /// # Errors
    /// `Corrupt` if the file is damaged.
    pub fn salt(&self, id: &RequestId) -> Result<[u8; KEY_BYTES]> {
        self.read_or_make(&name_of(id, "salt")?)
    }

    /// Destroys the key of a request; one that is gone already is no error.
    ///
    /// # Errors
    /// `Unavailable` if the file cannot be overwritten.
    pub fn destroy_request_key(&self, id: &RequestId) -> Result<()> {
        destroy(&self.folder.join(name_of(id, "key")?)).map_err(|e| failed("destroy a request's key", e))
    }

    /// Destroys the salt of a certificate, after which nobody can show what its commitments are of.
    ///
    /// # Errors
    /// `Unavailable` if the file cannot be overwritten.
    pub fn destroy_salt(&self, id: &RequestId) -> Result<()> {
        destroy(&self.folder.join(name_of(id, "salt")?)).map_err(|e| failed("destroy a salt", e))
    }

    fn read_or_make(&self, name: &str) -> Result<[u8; KEY_BYTES]> {
        let path = self.folder.join(name);
        if let Some(key) = read(&path)? {
            return Ok(key);
        }
        let mut key = [0; KEY_BYTES];
        self.entropy.fill(&mut key);
        match make(&path, &key) {
            Ok(()) => Ok(key),
            // Somebody else made it first: theirs counts.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                read(&path)?.ok_or_else(|| Error::unavailable("make a key", "it vanished; try again"))
            }
            Err(error) => Err(failed("make a key", error)),
        }
    }
}

/// A request's file; ids come from outside and must not lead out of the folder.
fn name_of(id: &RequestId, ending: &str) -> Result<String> {
    if id.0.is_empty() || !id.0.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Error::invalid("open a request", "that is no id of a request"));
    }
    Ok(format!("requests/{id}.{ending}"))
}

fn failed(operation: &'static str, error: io::Error) -> Error {
    crate::error::of_file(operation, error)
}

fn read(path: &Path) -> Result<Option<[u8; KEY_BYTES]>> {
    let damaged = || Error::corrupt("read a key", "a key file is damaged; restore the folder of keys");
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes.try_into().map_err(|_| damaged())?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read a key", error)),
    }
}

/// Written beside its place and linked there, so that a kill leaves a whole key or none.
fn make(path: &Path, key: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".key-").tempfile_in(folder)?; // mode 0600
    file.write_all(key)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

fn destroy(path: &Path) -> io::Result<()> {
    let mut file = match OpenOptions::new().write(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    file.write_all(&[0; KEY_BYTES])?;
    file.sync_all()?;
    fs::remove_file(path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use catalog::env::fixed::SeededEntropy;

    #[test]
    fn keys_are_made_once_kept_private_and_destroyed_for_good() {
        let folder = tempfile::tempdir().unwrap();
        let ring = || KeyRing::open(&folder.path().join("keys"), Arc::new(SeededEntropy::new(1))).unwrap();
        let first = ring();
        let key = first.subject_key().unwrap();
        assert_eq!(ring().subject_key().unwrap(), key);
        assert_ne!(first.signing_key().unwrap(), key);
        let id = RequestId("abc123".into());
        assert_eq!(first.request_key(&id).unwrap_err().kind, crate::error::Kind::NotFound);
        first.make_request_key(&id).unwrap();
        let file = folder.path().join("keys/requests/abc123.key");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        first.destroy_request_key(&id).unwrap();
        first.destroy_request_key(&id).unwrap();
        assert!(!file.exists() && first.request_key(&id).is_err());
        assert!(first.request_key(&RequestId("../subject".into())).is_err());
        fs::write(folder.path().join("keys/subject.key"), b"short").unwrap();
        assert_eq!(ring().subject_key().unwrap_err().kind, crate::error::Kind::Corrupt);
    }
}
