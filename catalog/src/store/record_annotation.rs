//! How what people say of things is kept.

use super::record::Record;
use crate::model::{Annotated, Annotation};

impl Record for Annotation {
    const KIND: u8 = b'N';
    const NAME: &'static str = "annotation";
    type Id = (Annotated, String);
    fn id(&self) -> Self::Id {
        (self.about.clone(), self.feature.clone())
    }
    fn id_bytes((about, feature): &Self::Id) -> Vec<u8> {
        let mut hasher = blake3::Hasher::new();
        match about {
            Annotated::Dataset(id) => hasher.update(b"d").update(id.0.as_bytes()),
            Annotated::Blob(id) => hasher.update(b"b").update(&id.0),
        };
        hasher.update(&[0x1f]).update(feature.as_bytes());
        hasher.finalize().as_bytes()[..16].to_vec()
    }
}
