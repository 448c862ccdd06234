//! What the rules of [`super`] have to hold.

use super::*;
use crate::erasure::approve;
use crate::erasure::plan::tests::{evidence, part, plan_of, request};
use crate::erasure::plan::{PartEvidence, freeze};
use crate::model::{BlobId, Names, NotSearched, Principal, Role, SourceId};

struct Case {
    request: ErasureRequest,
    plan: Plan,
    approval: Approval,
    journal: Vec<StepJournal>,
    verification: Verification,
}

fn case() -> Case {
    let rigid = PartEvidence { can_rewrite: false, ..part(&[], 9, &[1]) };
    let found = [evidence("a.csv", vec![part(&[], 10, &[3])]), evidence("b.x", vec![rigid])];
    let body = plan_of(&found, &[]);
    let plan = freeze(&body).unwrap();
    let mut journal = journal::begin(&body, Timestamp(3));
    journal.iter_mut().for_each(|entry| entry.state = StepState::Done);
    let approver = Principal { name: "local:second".into(), roles: vec![Role::Approver] };
    let approval = approve::approve(&plan, &body, &request(), plan.hash, &approver, Timestamp(3)).unwrap();
    let verification = Verification {
        request: request().id,
        by: "local:officer".into(),
        started: Timestamp(5),
        ended: Timestamp(6),
        blobs: 2,
        old_versions: 0,
        bytes: 200,
        catalog_records: 9,
        hits: Vec::new(),
        not_searched: Vec::new(),
    };
    Case { request: request(), plan, approval, journal, verification }
}

fn hit(path: &str) -> VerificationHit {
    let source = SourceId("lake".into());
    VerificationHit {
        blob: Some(BlobId::of(&source, path)),
        source: Some(source),
        names: Names::Clear { path: path.into(), members: Vec::new() },
        store_version: None,
        kind: "EMAIL_ADDRESS".into(),
        place: "cell".into(),
        count: 1,
    }
}

fn issue_of(case: &Case) -> Result<(Certificate, RequestStatus)> {
    issue(&Input {
        request: &case.request,
        identifiers: &[("EMAIL_ADDRESS".into(), "ada@x.example".into())],
        plan: &case.plan,
        approval: &case.approval,
        journal: &case.journal,
        verification: &case.verification,
        audit_head: (4, Digest([4; 32])),
        issued: Timestamp(7),
        issued_by: "local:officer",
        salt: &[8; 32],
        signing_key: &[9; 32],
    })
}

#[test]
fn holds_no_value_and_verifies_until_a_byte_changes() {
    let (certificate, status) = issue_of(&case()).unwrap();
    assert_eq!(status, RequestStatus::CertifiedInPart, "one blob could only be reported");
    let document = certificate.document;
    for secret in ["ada@", "a.csv", &BlobId::of(&SourceId("lake".into()), "a.csv").to_string()] {
        assert!(!document.contains(secret), "{secret} in {document}");
    }
    let public = hex::encode(SigningKey::from_bytes(&[9; 32]).verifying_key().to_bytes());
    let verified = verify_certificate(&document, Some(&public)).unwrap();
    assert_eq!((verified.status.as_str(), verified.key_is_trusted), ("partial", true));
    assert!(!verify_certificate(&document, None).unwrap().key_is_trusted);
    assert!(verify_certificate(&document, Some(&"0".repeat(64))).is_err(), "another key");
    for place in (0..document.len()).step_by(13) {
        let mut changed = document.clone().into_bytes();
        changed[place] ^= 1;
        let Ok(changed) = String::from_utf8(changed) else { continue };
        assert!(verify_certificate(&changed, Some(&public)).is_err(), "byte {place}");
    }
}

#[test]
fn refuses_what_would_not_be_true() {
    let refuse = |expected: &str, change: &dyn Fn(&mut Case)| {
        let mut case = case();
        change(&mut case);
        let error = issue_of(&case).unwrap_err();
        assert!(error.to_string().contains(expected), "{expected}: {error}");
    };
    refuse("steps are open", &|case| case.journal[0].state = StepState::Replaced);
    refuse("steps are open", &|case| case.journal.clear());
    refuse("plan again", &|case| case.journal[0].state = StepState::Refused("moved".into()));
    refuse("verify again", &|case| case.journal[0].at = Timestamp(5));
    refuse("in 1 places", &|case| case.verification.hits.push(hit("a.csv")));
    refuse("in 1 places", &|case| case.verification.hits.push(hit("new.csv")));
    refuse("not the one that was approved", &|case| case.approval.hash = Digest([0; 32]));
    refuse("certified already", &|case| case.request.status = RequestStatus::Certified);
}

#[test]
fn says_what_was_not_done_and_not_searched() {
    let mut partial = case();
    partial.verification.hits.push(hit("b.x"));
    let names = Names::Clear { path: "c".into(), members: vec![] };
    let unread = NotSearched {
        source: SourceId("lake".into()),
        blob: BlobId([3; 20]),
        names,
        store_version: None,
        reason: "encrypted".into(),
    };
    partial.verification.not_searched.push(unread);
    let document: Value = serde_json::from_str(&issue_of(&partial).unwrap().0.document).unwrap();
    let certificate = &document["certificate"];
    assert_eq!(certificate["verification"]["hits"], 1);
    assert!(certificate["not_done"][0]["reason"].as_str().unwrap().contains("rows of others"));
    assert_eq!(certificate["not_searched"][0]["reason"], "encrypted");
}
