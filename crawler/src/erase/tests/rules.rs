//! Who may, and what stops a plan or a step.

use std::collections::BTreeMap;

use catalog::model::{HoldScope, PlanId, RequestStatus, Role, StepState};

use super::lake::{ADA, Setup, lines_without};
use crate::erase::answer::StepLine;
use crate::erase::{
    FindOptions, Identifier, PlanOptions, approve, certificate, find, hold, lift, plan, run, show, verify,
};
use crate::error::Kind as ErrorKind;
use catalog::AsOf;

fn two_files() -> Setup {
    let rows = |who: &str| format!("id,email\n1,{who}\n2,bob@x.example\n3,carl@x.example\n").into_bytes();
    Setup::with(BTreeMap::from([
        ("a.csv", rows(ADA)),
        ("b/c.csv", rows(ADA)),
        ("d.csv", rows("zoe@x.example")),
    ]))
}

fn states(setup: &Setup, plan: &str) -> Vec<Option<StepState>> {
    let steps: Vec<StepLine> = show(&setup.officer(), plan, AsOf::Now).unwrap().steps;
    steps.into_iter().map(|step| step.state).collect()
}

#[tokio::test]
async fn a_run_needs_the_hash_and_somebody_elses_approval() {
    let setup = two_files();
    let answer = plan(&setup.officer(), &setup.ada(), PlanOptions::default()).await.unwrap();
    let id = PlanId(answer.plan.clone());
    let wrong = "0".repeat(64);
    let viewer = setup.desk("local:viewer", Role::Viewer);
    let kind = |error: crate::error::Error| error.kind;
    assert_eq!(
        find(&viewer, &setup.ada(), FindOptions::default()).await.map(drop).map_err(kind),
        Err(ErrorKind::Denied)
    );
    assert_eq!(
        plan(&viewer, &setup.ada(), PlanOptions::default()).await.map(drop).map_err(kind),
        Err(ErrorKind::Denied)
    );
    assert_eq!(
        run(&setup.officer(), &id, &answer.hash).await.map(drop).map_err(kind),
        Err(ErrorKind::Conflict)
    );
    let own = setup.desk("local:officer", Role::Approver);
    assert_eq!(approve(&own, &id, &answer.hash).await.map(drop).map_err(kind), Err(ErrorKind::Denied));
    assert_eq!(
        approve(&setup.approver(), &id, &wrong).await.map(drop).map_err(kind),
        Err(ErrorKind::Conflict)
    );
    approve(&setup.approver(), &id, &answer.hash).await.unwrap();
    assert_eq!(run(&setup.officer(), &id, &wrong).await.map(drop).map_err(kind), Err(ErrorKind::Conflict));
    assert_eq!(
        run(&setup.approver(), &id, &answer.hash).await.map(drop).map_err(kind),
        Err(ErrorKind::Denied)
    );
    assert_eq!(certificate(&setup.officer(), &id.0).await.map(drop).map_err(kind), Err(ErrorKind::Conflict));
    let refused = setup.refusals();
    for (who, action) in [
        ("local:viewer", "plan erasure"),
        ("local:officer", "run erasure plan"),
        ("local:officer", "approve erasure plan"),
        ("local:second", "approve erasure plan"),
        ("local:second", "run erasure plan"),
    ] {
        assert!(refused.contains(&(who.to_owned(), action.to_owned())), "{who} {action}: {refused:?}");
    }

    // Two weeks later the approval has expired.
    let setup = setup.reopened(15 * 24);
    assert_eq!(
        run(&setup.officer(), &id, &answer.hash).await.map(drop).map_err(kind),
        Err(ErrorKind::Denied)
    );
    assert_eq!(setup.bytes().len(), 3, "nothing was touched");
}

#[tokio::test]
async fn a_blob_that_changed_is_refused_and_planned_again() {
    let setup = two_files();
    let (id, hash) = setup.approved_plan().await;
    let appended = format!("id,email\n1,{ADA}\n2,bob@x.example\n3,carl@x.example\n4,new@x.example\n");
    setup.write("a.csv", appended.as_bytes());
    let answer = run(&setup.officer(), &id, &hash).await.unwrap();
    assert_eq!((answer.done, answer.refused.len()), (1, 1), "{answer:?}");
    assert_eq!(setup.bytes()["a.csv"], appended.as_bytes(), "a row that came meanwhile is not lost");
    verify(&setup.officer(), &id.0).await.unwrap();
    let refused = certificate(&setup.officer(), &id.0).await.unwrap_err();
    assert!(refused.to_string().contains("plan again"), "{refused}");

    let again = PlanOptions { request: Some(setup.request()), ..PlanOptions::default() };
    let second = plan(&setup.officer(), &[], again).await.unwrap();
    assert_eq!(second.steps.len(), 1, "what was done stays done");
    let superseded = run(&setup.officer(), &id, &hash).await.unwrap_err();
    assert_eq!(superseded.kind, ErrorKind::Conflict);
    let second_id = PlanId(second.plan);
    approve(&setup.approver(), &second_id, &second.hash).await.unwrap();
    run(&setup.officer(), &second_id, &second.hash).await.unwrap();
    assert_eq!(verify(&setup.officer(), &second_id.0).await.unwrap().hits, 0);
    certificate(&setup.officer(), &second_id.0).await.unwrap();
    assert_eq!(setup.bytes()["a.csv"], lines_without(appended.as_bytes(), ADA));
}

#[tokio::test]
async fn a_hold_stops_a_plan_and_even_an_approved_step() {
    let setup = two_files();
    let source = setup.lakes[0].source_id();
    let scope = HoldScope::Path { source, prefix: "b/".into() };
    let (id, hash) = setup.approved_plan().await;
    let name = hold(&setup.officer(), scope, "court order 7").await.unwrap();
    let answer = run(&setup.officer(), &id, &hash).await.unwrap();
    assert_eq!((answer.done, answer.refused.len()), (1, 1));
    assert!(answer.refused[0].reason.contains("court order 7"));

    let again = PlanOptions { request: Some(setup.request()), ..PlanOptions::default() };
    let second = plan(&setup.officer(), &[], again).await.unwrap();
    assert_eq!(second.steps.iter().map(|step| step.method).collect::<Vec<_>>(), ["report"]);
    let second_id = PlanId(second.plan);
    approve(&setup.approver(), &second_id, &second.hash).await.unwrap();
    run(&setup.officer(), &second_id, &second.hash).await.unwrap();
    assert_eq!(verify(&setup.officer(), &second_id.0).await.unwrap().hits, 1);
    let document = certificate(&setup.officer(), &second_id.0).await.unwrap();
    assert!(document.contains("\"status\":\"partial\"") && document.contains("court order 7"), "{document}");
    assert_eq!(
        show(&setup.officer(), &second_id.0, AsOf::Now).unwrap().request.status,
        RequestStatus::CertifiedInPart
    );
    lift(&setup.officer(), &name).await.unwrap();
    assert_eq!(lift(&setup.officer(), &name).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn two_overlapping_erasures_end_well() {
    let setup = two_files();
    let (ada, ada_hash) = setup.approved_plan().await;
    let bob = vec![Identifier::parse("email=bob@x.example").unwrap()];
    let planned = plan(&setup.officer(), &bob, PlanOptions::default()).await.unwrap();
    let bob_id = PlanId(planned.plan.clone());
    approve(&setup.approver(), &bob_id, &planned.hash).await.unwrap();
    assert_eq!(run(&setup.officer(), &ada, &ada_hash).await.unwrap().done, 2);
    let answer = run(&setup.officer(), &bob_id, &planned.hash).await.unwrap();
    assert_eq!((answer.done, answer.refused.len()), (1, 2), "only the blob that nobody touched");
    assert!(matches!(states(&setup, &planned.plan)[0], Some(StepState::Refused(_))));

    let again =
        PlanOptions { request: Some(catalog::model::RequestId(planned.request)), ..PlanOptions::default() };
    let second = plan(&setup.officer(), &[], again).await.unwrap();
    let id = PlanId(second.plan);
    approve(&setup.approver(), &id, &second.hash).await.unwrap();
    run(&setup.officer(), &id, &second.hash).await.unwrap();
    assert_eq!(verify(&setup.officer(), &id.0).await.unwrap().hits, 0);
    let left = b"id,email\n3,carl@x.example\n".to_vec();
    assert_eq!((&setup.bytes()["a.csv"], &setup.bytes()["b/c.csv"]), (&left, &left));
}
