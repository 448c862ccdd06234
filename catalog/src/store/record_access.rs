//! How access tokens are kept.

use super::record::Record;
use crate::model::{AccessToken, Digest};

impl Record for AccessToken {
    const KIND: u8 = b'O';
    const NAME: &'static str = "access token";
    type Id = Digest;
    fn id(&self) -> Digest {
        self.digest
    }
    fn id_bytes(id: &Digest) -> Vec<u8> {
        id.0.to_vec()
    }
}
