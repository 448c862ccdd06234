//! How a person's decision on a finding is kept.

use super::record::Record;
use crate::model::{DatasetId, Ruling};

impl Record for Ruling {
    const KIND: u8 = b'R';
    const NAME: &'static str = "ruling";
    type Id = (DatasetId, String, String);
    fn id(&self) -> Self::Id {
        (self.dataset.clone(), self.feature.clone(), self.kind.clone())
    }
    fn id_bytes((dataset, feature, kind): &Self::Id) -> Vec<u8> {
        let digest = blake3::hash([dataset.0.as_str(), feature, kind].join("\u{1f}").as_bytes());
        digest.as_bytes()[..16].to_vec()
    }
}
