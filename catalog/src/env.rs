//! The only doors to time, randomness and secrets, so that a test can hold them.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::model::{Timestamp, TokenDigest};
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

/// Turns normalised identifiers of data subjects into keyed digests, under a key kept outside the catalog.
///
/// HMAC-SHA-256 (RFC 2104, FIPS 180-4) over kind, a zero byte and the value, cut to 12 bytes: at 10^8
/// tokens the chance of any collision is below 10^-12, and lookups confirm in the bytes anyway.
#[derive(Clone)]
pub struct SubjectHasher {
    keyed: Hmac<Sha256>,
}

impl SubjectHasher {
    /// Takes the secret of the current key epoch.
    pub fn new(key: &[u8; 32]) -> Self {
        Self { keyed: Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length") }
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

    /// Digest of one normalised identifier.
    pub fn digest(&self, kind: &str, normal: &str) -> TokenDigest {
        let mut mac = self.keyed.clone();
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(normal.as_bytes());
        let full = mac.finalize().into_bytes();
        let mut digest = [0; 12];
        digest.copy_from_slice(&full[..12]);
        TokenDigest(digest)
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
