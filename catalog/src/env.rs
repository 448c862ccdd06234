//! The only doors to time, randomness and secrets, so that a test can hold them.

use std::sync::{Arc, PoisonError, RwLock};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::{Error, Result};
use crate::model::{IndexKey, Timestamp, TokenDigest};
use crate::sketch::content::SketchKey;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Microseconds since the Unix epoch, UTC.
    fn now(&self) -> Timestamp;
}

/// Gives unpredictable bytes.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// Turns normalised identifiers of data subjects into keyed digests, under keys kept outside the catalog.
///
/// HMAC-SHA-256 (RFC 2104, FIPS 180-4) over kind, a zero byte and the value, cut to 12 bytes: at 10^8
/// tokens the chance of any collision is below 10^-12, and lookups confirm in the bytes anyway.
///
/// There are two sorts of keys. The subject key stays: requests, holds and the ledger of erased persons, which nobody could make
/// anew, are under it. The subject index, which a crawl makes anew, is under keys of *epochs*, so that they can be changed and destroyed.
#[derive(Clone)]
pub struct SubjectHasher {
    keyed: Hmac<Sha256>,
    /// Keys of the subject index, the newest last; never empty.
    epochs: Arc<RwLock<Vec<IndexHasher>>>,
}

/// Digests of one epoch of the subject index.
#[derive(Clone)]
pub struct IndexHasher {
    /// Which key it has.
    pub key: IndexKey,
    keyed: Hmac<Sha256>,
}

impl IndexHasher {
    /// Takes the secret of an epoch.
    pub fn new(epoch: u32, key: &[u8; 32]) -> Self {
        let keyed = keyed(key);
        let mut check = keyed.clone();
        check.update(b"\0headwater index key");
        let check = check.finalize().into_bytes();
        let check = u32::from_be_bytes([check[0], check[1], check[2], check[3]]);
        Self { key: IndexKey { epoch, check }, keyed }
    }

    /// What the index knows a normalised identifier by.
    pub fn digest(&self, kind: &str, normal: &str) -> TokenDigest {
        digest(&self.keyed, kind, normal)
    }
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn digest(keyed: &Hmac<Sha256>, kind: &str, normal: &str) -> TokenDigest {
    let mut mac = keyed.clone();
    mac.update(kind.as_bytes());
    mac.update(&[0]);
    mac.update(normal.as_bytes());
    let full = mac.finalize().into_bytes();
    let mut digest = [0; 12];
    digest.copy_from_slice(&full[..12]);
    TokenDigest(digest)
}

impl SubjectHasher {
    /// Takes the subject key. Until [`Self::set_epochs`] says otherwise, the index has one epoch, whose key is made of it.
    pub fn new(key: &[u8; 32]) -> Self {
        let keyed = keyed(key);
        let mut first = keyed.clone();
        first.update(b"\0headwater index");
        let first = IndexHasher::new(1, &first.finalize().into_bytes().into());
        Self { keyed, epochs: Arc::new(RwLock::new(vec![first])) }
    }

    /// Puts the epochs of the index in force, for everybody who holds this hasher; the newest one last.
    ///
    /// # Errors
    /// `Invalid` if there are none, or not in order.
    pub fn set_epochs(&self, epochs: Vec<IndexHasher>) -> Result<()> {
        if epochs.is_empty() || !epochs.is_sorted_by(|one, next| one.key.epoch < next.key.epoch) {
            return Err(Error::invalid("take index keys", "epochs come in order, and there is at least one"));
        }
        *self.epochs.write().unwrap_or_else(PoisonError::into_inner) = epochs;
        Ok(())
    }

    /// The epoch under which crawls index now.
    pub fn index(&self) -> IndexHasher {
        let epochs = self.epochs.read().unwrap_or_else(PoisonError::into_inner);
        epochs.last().expect("there is always an epoch").clone()
    }

    /// All epochs whose keys are there, the newest last.
    pub fn epochs(&self) -> Vec<IndexHasher> {
        self.epochs.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The secret of sketches, which cannot be told from any token.
    pub fn sketch_key(&self) -> SketchKey {
        let mut mac = self.keyed.clone();
        mac.update(b"\0headwater sketch");
        SketchKey::new(mac.finalize().into_bytes().into())
    }

    /// What stands for a value that is not shown: 12 bytes, of another domain than every token.
    pub fn pseudonym(&self, value: &str) -> [u8; 12] {
        let mut mac = self.keyed.clone();
        mac.update(b"\0headwater pseudonym\0");
        mac.update(value.as_bytes());
        let full = mac.finalize().into_bytes();
        let mut pseudonym = [0; 12];
        pseudonym.copy_from_slice(&full[..12]);
        pseudonym
    }

    /// Digest of one normalised identifier under the subject key: what requests, holds and the ledger name it by.
    pub fn digest(&self, kind: &str, normal: &str) -> TokenDigest {
        digest(&self.keyed, kind, normal)
    }
}

/// What the catalog needs from outside.
#[derive(Clone)]
pub struct Env {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The keyed digester.
    pub hasher: SubjectHasher,
}

impl Env {
    /// `N` random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A time-ordered random name for things that people refer to: twelve characters of Crockford's alphabet.
    pub fn name(&self) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let seconds = (self.clock.now().0 / 1_000_000) as u64 & 0x3fff_ffff;
        let mixed = (seconds << 30) | (u64::from_be_bytes(self.random::<8>()) & 0x3fff_ffff);
        (0..12).rev().map(|place| ALPHABET[(mixed >> (place * 5)) as usize & 31] as char).collect()
    }
}

/// A clock and entropy that repeat themselves from a seed, for tests and simulation.
pub mod fixed {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    use super::{Clock, Entropy, Env, SubjectHasher};
    use crate::model::Timestamp;

    /// Ticks one millisecond a call.
    pub struct TickingClock(AtomicI64);

    impl TickingClock {
        /// Starts at a given number of microseconds since the epoch.
        pub fn new(start_micros: i64) -> Self {
            Self(AtomicI64::new(start_micros))
        }
    }

    impl Clock for TickingClock {
        fn now(&self) -> Timestamp {
            Timestamp(self.0.fetch_add(1_000, Ordering::SeqCst))
        }
    }

    /// A counter hashed: unpredictable to nobody, equal on every run.
    pub struct SeededEntropy {
        seed: u64,
        calls: AtomicU64,
    }

    impl SeededEntropy {
        /// Starts from a seed.
        pub fn new(seed: u64) -> Self {
            Self { seed, calls: AtomicU64::new(0) }
        }
    }

    impl Entropy for SeededEntropy {
        fn fill(&self, buffer: &mut [u8]) {
            let call = self.calls.fetch_add(1, Ordering::SeqCst);
            let mut hasher = blake3::Hasher::new();
            hasher.update(&self.seed.to_be_bytes());
            hasher.update(&call.to_be_bytes());
            hasher.finalize_xof().fill(buffer);
        }
    }

    /// An environment for tests, decided by its seed alone.
    pub fn env(seed: u64) -> Env {
        Env {
            clock: Arc::new(TickingClock::new(1_700_000_000_000_000)),
            entropy: Arc::new(SeededEntropy::new(seed)),
            hasher: SubjectHasher::new(&[7; 32]),
        }
    }
}
