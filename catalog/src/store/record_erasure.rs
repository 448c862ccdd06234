//! How the nouns of the erasure line are kept.

use super::record::{Index, Record};
use crate::model::{
    Approval, Certificate, ErasureRequest, Hold, Plan, PlanId, RequestId, StepJournal, Suppression,
    TokenDigest, Verification,
};

/// The index value under which a plan's or a request's records are found.
fn of_request(id: &str) -> Vec<(Index, Vec<u8>)> {
    vec![(Index::OfRequest, id.as_bytes().to_vec())]
}

impl Record for ErasureRequest {
    const KIND: u8 = b'Q';
    const NAME: &'static str = "erasure request";
    type Id = RequestId;
    fn id(&self) -> RequestId {
        self.id.clone()
    }
    fn id_bytes(id: &RequestId) -> Vec<u8> {
        id.0.clone().into_bytes()
    }
}

impl Record for Plan {
    const KIND: u8 = b'P';
    const NAME: &'static str = "erasure plan";
    type Id = PlanId;
    fn id(&self) -> PlanId {
        self.id.clone()
    }
    fn id_bytes(id: &PlanId) -> Vec<u8> {
        id.0.clone().into_bytes()
    }
    fn indexes(&self) -> Vec<(Index, Vec<u8>)> {
        of_request(&self.request.0)
    }
}

impl Record for Approval {
    const KIND: u8 = b'V';
    const NAME: &'static str = "approval";
    type Id = PlanId;
    fn id(&self) -> PlanId {
        self.plan.clone()
    }
    fn id_bytes(id: &PlanId) -> Vec<u8> {
        id.0.clone().into_bytes()
    }
}

impl Record for StepJournal {
    const KIND: u8 = b'J';
    const NAME: &'static str = "step";
    type Id = (PlanId, u32);
    fn id(&self) -> Self::Id {
        (self.plan.clone(), self.number)
    }
    fn id_bytes((plan, number): &Self::Id) -> Vec<u8> {
        // Decimal with leading zeros: ids of one plan sort by number and hold no zero byte.
        format!("{}/{number:010}", plan.0).into_bytes()
    }
    fn indexes(&self) -> Vec<(Index, Vec<u8>)> {
        of_request(&self.plan.0)
    }
}

impl Record for Verification {
    const KIND: u8 = b'Y';
    const NAME: &'static str = "verification";
    type Id = RequestId;
    fn id(&self) -> RequestId {
        self.request.clone()
    }
    fn id_bytes(id: &RequestId) -> Vec<u8> {
        id.0.clone().into_bytes()
    }
}

impl Record for Certificate {
    const KIND: u8 = b'Z';
    const NAME: &'static str = "certificate";
    type Id = RequestId;
    fn id(&self) -> RequestId {
        self.request.clone()
    }
    fn id_bytes(id: &RequestId) -> Vec<u8> {
        id.0.clone().into_bytes()
    }
}

impl Record for Hold {
    const KIND: u8 = b'H';
    const NAME: &'static str = "hold";
    type Id = String;
    fn id(&self) -> String {
        self.id.clone()
    }
    fn id_bytes(id: &String) -> Vec<u8> {
        id.clone().into_bytes()
    }
}

impl Record for Suppression {
    const KIND: u8 = b'U';
    const NAME: &'static str = "suppression";
    type Id = TokenDigest;
    fn id(&self) -> TokenDigest {
        self.digest
    }
    fn id_bytes(id: &TokenDigest) -> Vec<u8> {
        id.0.to_vec()
    }
    fn indexes(&self) -> Vec<(Index, Vec<u8>)> {
        vec![(Index::Suppressed, self.digest.0.to_vec())]
    }
}
