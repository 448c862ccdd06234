//! The folder of keys: everything secret, apart from the catalog and its backups, mode 0600.
//!
//! | file | what | ends |
//! |---|---|---|
//! | `pseudonym.key` | HMAC key of pseudonyms that stand in the lake in place of values | when the owner destroys it |
//! | `subject.key` | HMAC key of requests, holds and the suppression ledger | never |
//! | `index.N.key` | HMAC key of the subject index in epoch N | when the owner destroys it; the newest stays |
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

use catalog::env::{Entropy, IndexHasher};
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

    /// The subject key.
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

    /// The keys of the subject index, by epoch, the newest last; the first is made if there is none.
    ///
    /// # Errors
    /// `Corrupt` if a file is damaged.
    pub fn index_epochs(&self) -> Result<Vec<IndexHasher>> {
        let mut numbers = self.epoch_numbers()?;
        if numbers.is_empty() {
            self.read_or_make(&epoch_file(1))?;
            numbers.push(1);
        }
        let mut epochs = Vec::with_capacity(numbers.len());
        for number in numbers {
            let path = self.folder.join(epoch_file(number));
            match read(&path)? {
                // A kill came between the two halves of a destruction.
                Some(key) if key == [0; KEY_BYTES] => {
                    destroy(&path).map_err(|error| failed("destroy an index key", error))?;
                }
                key => epochs.extend(key.map(|key| IndexHasher::new(number, &key))),
            }
        }
        match epochs.is_empty() {
            true => Err(Error::corrupt("read the index keys", "there is none; restore the folder of keys")),
            false => Ok(epochs),
        }
    }

    /// Makes the key of the next epoch and gives its number: from when on it is used is the caller's to say.
    ///
    /// # Errors
    /// `Unavailable` if it cannot be written.
    pub fn make_epoch(&self) -> Result<u32> {
        let next = self.index_epochs()?.last().map_or(1, |newest| newest.key.epoch + 1);
        self.read_or_make(&epoch_file(next))?;
        Ok(next)
    }

    /// Destroys the key of an epoch: what was indexed under it says nothing any more. One that is gone already is no error.
    ///
    /// # Errors
    /// `Conflict` if it is the newest, `Unavailable` if the file cannot be overwritten.
    pub fn destroy_epoch(&self, epoch: u32) -> Result<()> {
        const OPERATION: &str = "destroy an index key";
        if self.index_epochs()?.last().is_some_and(|newest| newest.key.epoch <= epoch) {
            return Err(Error::conflict(OPERATION, "it is the newest; make the next one first"));
        }
        destroy(&self.folder.join(epoch_file(epoch))).map_err(|error| failed(OPERATION, error))
    }

    fn epoch_numbers(&self) -> Result<Vec<u32>> {
        let listed = fs::read_dir(&self.folder).map_err(|error| failed("list the folder of keys", error))?;
        let mut numbers = Vec::new();
        for entry in listed {
            let name = entry.map_err(|error| failed("list the folder of keys", error))?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("index.")?.strip_suffix(".key"));
            numbers.extend(number.and_then(|number| number.parse::<u32>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Whether there is a subject key; a catalog with a ledger and no such key knows nobody in it.
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

fn epoch_file(number: u32) -> String {
    format!("index.{number}.key")
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
        let epochs =
            || -> Vec<u32> { ring().index_epochs().unwrap().iter().map(|one| one.key.epoch).collect() };
        assert_eq!(epochs(), [1]);
        assert_eq!(first.destroy_epoch(1).unwrap_err().kind, crate::error::Kind::Conflict);
        assert_eq!((first.make_epoch().unwrap(), first.make_epoch().unwrap()), (2, 3));
        first.destroy_epoch(2).unwrap();
        first.destroy_epoch(2).unwrap();
        assert_eq!(epochs(), [1, 3]);
        let killed = folder.path().join("keys/index.1.key");
        fs::write(&killed, [0; KEY_BYTES]).unwrap(); // overwritten, and then came the kill
        assert_eq!(epochs(), [3]);
        assert!(!killed.exists());
        fs::write(folder.path().join("keys/subject.key"), b"short").unwrap();
        assert_eq!(ring().subject_key().unwrap_err().kind, crate::error::Kind::Corrupt);
    }
}
