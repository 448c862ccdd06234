//! Rehearsals, deadlines, refusals, and erased persons who come back.

use std::collections::BTreeMap;

use catalog::model::{ErasureRequest, Ground, PlanId, RequestId, RequestStatus};

use super::lake::{ADA, Setup, lines_without};
use crate::erase::{
    PlanOptions, approve, certificate, dry_run, extend, hold, list, plan, refuse, replay, run, show, verify,
};
use crate::error::Kind as ErrorKind;
use catalog::AsOf;

fn rows(who: &str) -> Vec<u8> {
    format!("id,email\n1,{who}\n2,bob@x.example\n3,carl@x.example\n").into_bytes()
}

fn two_files() -> Setup {
    Setup::with(BTreeMap::from([
        ("a.csv", rows(ADA)),
        ("b/c.csv", rows(ADA)),
        ("d.csv", rows("z@x.example")),
    ]))
}

#[tokio::test]
async fn a_dry_run_tells_what_a_run_would_do_and_leaves_no_trace() {
    let setup = two_files();
    let before = setup.bytes();
    let answer = plan(&setup.officer(), &setup.ada(), PlanOptions::default()).await.unwrap();
    let id = PlanId(answer.plan.clone());
    let commits = setup.store.commits();
    let dry = dry_run(&setup.officer(), &id, &answer.hash).await.unwrap();
    assert_eq!(setup.store.commits(), commits + 1, "one commit, of the audit entry");
    assert_eq!((dry.steps.len(), dry.would_stop, dry.rows_removed), (2, 0, 2), "{dry:?}");
    let left = lines_without(&rows(ADA), ADA).len() as u64;
    assert_eq!((dry.bytes_read, dry.bytes_written), (2 * rows(ADA).len() as u64, 2 * left));
    assert_eq!(setup.bytes(), before);
    let states = show(&setup.officer(), &id.0, AsOf::Now).unwrap().steps;
    assert!(states.iter().all(|step| step.state == Some(catalog::model::StepState::Planned)), "{states:?}");
    let wrong = dry_run(&setup.officer(), &id, &"0".repeat(64)).await.unwrap_err();
    assert_eq!(wrong.kind, ErrorKind::Conflict);
    assert_eq!(dry_run(&setup.approver(), &id, &answer.hash).await.unwrap_err().kind, ErrorKind::Denied);

    // What moved, and what is held, shows before anything is done.
    setup.write("a.csv", &rows("new@x.example"));
    let source = setup.lakes[0].source_id();
    let scope = catalog::model::HoldScope::Path { source, prefix: "b/".into() };
    hold(&setup.officer(), scope, "court order 7").await.unwrap();
    let dry = dry_run(&setup.officer(), &id, &answer.hash).await.unwrap();
    let outcomes: Vec<_> =
        dry.steps.iter().map(|step| (step.outcome, step.reason.clone().unwrap())).collect();
    assert!(outcomes[0].0 == "would be refused" && outcomes[0].1.contains("changed"), "{outcomes:?}");
    assert!(outcomes[1].0 == "would be refused" && outcomes[1].1.contains("court order 7"), "{outcomes:?}");
    assert_eq!(dry.would_stop, 2);
}

#[tokio::test]
async fn deadlines_are_extended_once_and_refusals_end_a_request() {
    let setup = two_files();
    let answer = plan(&setup.officer(), &setup.ada(), PlanOptions::default()).await.unwrap();
    let line = list(&setup.officer(), AsOf::Now).unwrap().remove(0);
    assert!(matches!(line.days_left, Some(27..=31)), "{line:?}");
    let denied = extend(&setup.approver(), &answer.request, "many blobs").await.unwrap_err();
    assert_eq!(denied.kind, ErrorKind::Denied);
    let line = extend(&setup.officer(), &answer.request, "many blobs").await.unwrap();
    assert!(matches!(line.days_left, Some(88..=92)), "{line:?}");
    assert_eq!(line.extension.unwrap().reason, "many blobs");

    let refused = refuse(&setup.officer(), &answer.plan, Ground::LegalObligation, "tax law").await.unwrap();
    assert_eq!((refused.status, refused.days_left), (RequestStatus::Refused, None));
    let id = PlanId(answer.plan.clone());
    let late = approve(&setup.approver(), &id, &answer.hash).await.unwrap_err();
    assert_eq!(late.kind, ErrorKind::Conflict);
    let ran = run(&setup.officer(), &id, &answer.hash).await.unwrap_err();
    assert_eq!(ran.kind, ErrorKind::Conflict);
    assert!(setup.officer().keys.request_key(&RequestId(answer.request.clone())).is_err(), "forgotten");
    let again = PlanOptions { request: Some(RequestId(answer.request)), ..PlanOptions::default() };
    assert_eq!(plan(&setup.officer(), &[], again).await.unwrap_err().kind, ErrorKind::Conflict);
    setup.expect_no_value(&["Ada Byron"]);
}

/// The month runs from the day on which the letter came.
#[tokio::test]
async fn a_request_counts_from_its_receipt() {
    let setup = two_files();
    let received: catalog::model::Timestamp = "2023-11-01".parse().unwrap();
    let options = PlanOptions { received: Some(received), ..PlanOptions::default() };
    let answer = plan(&setup.officer(), &setup.ada(), options).await.unwrap();
    assert_eq!(answer.due, "2023-12-01".parse().unwrap());
    let future = PlanOptions { received: Some("2030-01-01".parse().unwrap()), ..PlanOptions::default() };
    assert_eq!(plan(&setup.officer(), &setup.ada(), future).await.unwrap_err().kind, ErrorKind::Invalid);
}

#[tokio::test]
async fn whoever_comes_back_with_a_backup_is_planned_again() {
    let setup = two_files();
    let crawl = || async { crate::pipeline::crawl(&setup.officer().ctx, &setup.lakes[0]).await.unwrap() };
    crawl().await;
    let (id, hash) = setup.approved_plan().await;
    run(&setup.officer(), &id, &hash).await.unwrap();
    verify(&setup.officer(), &id.0).await.unwrap();
    certificate(&setup.officer(), &id.0).await.unwrap();
    let first = setup.request();
    let nobody = replay(&setup.officer(), true).await.unwrap();
    assert_eq!((nobody.erased, nobody.replayed.len(), nobody.blobs_read), (1, 0, 3), "{nobody:?}");

    // A backup is restored, one file before a crawl and one behind its back.
    setup.write("a.csv", &rows(ADA));
    crawl().await;
    setup.write("restored.csv", &rows(&ADA.to_uppercase()));
    let back = replay(&setup.officer(), false).await.unwrap();
    assert_eq!((back.replayed.len(), back.blobs_read), (1, 2), "what was not touched is not read: {back:?}");
    let replayed = &back.replayed[0];
    assert_eq!(
        (replayed.erased_by.as_str(), &replayed.kinds[..]),
        (&*first.0, &["EMAIL_ADDRESS".to_owned()][..])
    );
    let planned = replayed.plan.as_ref().unwrap();
    let paths: Vec<_> = planned.steps.iter().map(|step| step.path.clone().unwrap()).collect();
    assert_eq!(paths, ["a.csv", "restored.csv"]);

    let again = replay(&setup.officer(), false).await.unwrap();
    let second = again.replayed[0].plan.as_ref().unwrap();
    assert_eq!(second.request, planned.request, "asked twice, there is one request");
    let id = PlanId(second.plan.clone());
    approve(&setup.approver(), &id, &second.hash).await.unwrap();
    run(&setup.officer(), &id, &second.hash).await.unwrap();
    assert_eq!(verify(&setup.officer(), &id.0).await.unwrap().hits, 0);
    certificate(&setup.officer(), &id.0).await.unwrap();
    for name in ["a.csv", "restored.csv"] {
        assert_eq!(setup.bytes()[name], lines_without(&rows(ADA), ADA), "{name}");
    }
    let requests = setup.officer().ctx.catalog.all::<ErasureRequest>(catalog::AsOf::Now).unwrap();
    let replays: Vec<_> = requests.iter().filter_map(|request| request.replays.clone()).collect();
    assert_eq!(replays, [first]);
    setup.expect_no_value(&[ADA, "ADA@MAIL"]);
    assert_eq!(replay(&setup.approver(), false).await.unwrap_err().kind, ErrorKind::Denied);
}
