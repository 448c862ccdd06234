//! Sealing: personal values that must outlive a process lie in the catalog only as ciphertext, under a key of their own
//! request that lies elsewhere. Destroying the key destroys them, in every copy and backup of the catalog at once.
//!
//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): its 24-byte nonce may be random. The request's id is bound in as
//! associated data, so that ciphertext of one request does not open in another. Where keys lie: `crawler::erase::keys`.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::env::Env;
use crate::error::{Error, Result};
use crate::model::RequestId;

const NONCE_BYTES: usize = 24;

/// The key of one request.
#[derive(Clone)]
pub struct SealKey {
    cipher: XChaCha20Poly1305,
    request: RequestId,
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealKey({})", self.request)
    }
}

impl SealKey {
    /// Takes the bytes of a request's key.
    pub fn new(key: &[u8; 32], request: RequestId) -> Self {
        Self { cipher: XChaCha20Poly1305::new(&(*key).into()), request }
    }

    /// Nonce and ciphertext.
    pub fn seal(&self, env: &Env, plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = env.random();
        let payload = Payload { msg: plain, aad: self.request.0.as_bytes() };
        let sealed =
            self.cipher.encrypt(&XNonce::from(nonce), payload).expect("a message of this size can be sealed");
        [&nonce[..], &sealed].concat()
    }

    /// The plain bytes.
    ///
    /// # Errors
    /// `Corrupt` if this key did not seal these bytes, or not for this request.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>> {
        let failed = || Error::corrupt("open what was sealed", format!("request {}", self.request));
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(failed)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| failed())?;
        let payload = Payload { msg: sealed, aad: self.request.0.as_bytes() };
        self.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| failed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_with_its_key_and_request_only() {
        let env = crate::env::fixed::env(1);
        let key = |byte, id: &str| SealKey::new(&[byte; 32], RequestId(id.into()));
        let sealed = key(1, "a").seal(&env, b"ada@x.example");
        assert_eq!(key(1, "a").open(&sealed).unwrap(), b"ada@x.example");
        assert_ne!(sealed, key(1, "a").seal(&env, b"ada@x.example"), "a nonce is never used twice");
        assert!(key(2, "a").open(&sealed).is_err(), "another key");
        assert!(key(1, "b").open(&sealed).is_err(), "another request");
        for end in 0..sealed.len() {
            assert!(key(1, "a").open(&sealed[..end]).is_err(), "cut to {end} bytes");
        }
    }
}
