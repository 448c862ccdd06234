//! A store that keeps versions: old ones and delete markers go too, others stay, and a kill at any write changes nothing.

use std::sync::Arc;
use std::time::Duration;

use object_store::ObjectStore;

use super::bucket::{Bucket, shared};
use super::lake::{ADA, Setup, lines_without};
use crate::erase::{PlanOptions, approve, certificate, plan, run, verify};
use crate::source::guard::Limits;
use crate::source::{Lake, New, SourceOptions};
use catalog::model::PlanId;

fn rows(first: &str) -> String {
    format!("id,email\n1,{first}\n2,bob@x.example\n3,carl@x.example\n")
}

/// Three keys: with her in both versions, with her in the old one only, deleted with her in it; one named for her; one without her.
async fn setup() -> (Arc<Bucket>, Setup) {
    setup_putting(u64::MAX).await
}

/// The same, with what is larger than some bytes uploaded in parts.
async fn setup_putting(single_put_bytes_max: u64) -> (Arc<Bucket>, Setup) {
    let bucket = filled().await;
    let limits = Limits { single_put_bytes_max, ..limits(0) };
    let setup = within(&bucket, bucket.clone(), limits);
    (bucket, setup)
}

async fn filled() -> Arc<Bucket> {
    let bucket = shared();
    bucket.put("both.csv", rows(ADA).as_bytes()).await;
    bucket.put("both.csv", format!("{}4,{ADA}\n", rows(ADA)).as_bytes()).await;
    bucket.put("old.csv", rows(ADA).as_bytes()).await;
    bucket.put("old.csv", rows("dora@x.example").as_bytes()).await;
    bucket.put("deleted.csv", rows(ADA).as_bytes()).await;
    bucket.mark_deleted("deleted.csv").await;
    bucket.put("for/ada@mail.example.txt", b"hello\nyou\n").await;
    bucket.put("other.csv", rows("emil@x.example").as_bytes()).await;
    bucket.put("other.csv", rows("fred@x.example").as_bytes()).await;
    bucket
}

pub(super) fn limits(retries_max: u32) -> Limits {
    let (backoff, backoff_max) = (Duration::from_micros(10), Duration::from_micros(50));
    Limits { retries_max, backoff, backoff_max, ..Limits::default() }
}

pub(super) fn within(bucket: &Arc<Bucket>, store: Arc<dyn ObjectStore>, limits: Limits) -> Setup {
    let options = SourceOptions { limits, ..SourceOptions::default() };
    let lake = Lake::over("s3://lake", store, &options).unwrap().with_versions(bucket.clone());
    Setup::over(tempfile::tempdir().unwrap(), vec![lake])
}

#[tokio::test]
async fn old_versions_and_markers_go_and_others_stay() {
    let (bucket, setup) = setup().await;
    let before = bucket.all_bytes().await;
    let (id, hash) = setup.approved_plan().await;
    let answer = run(&setup.officer(), &id, &hash).await.unwrap();
    assert!(answer.refused.is_empty() && answer.failed.is_empty() && answer.open.is_empty(), "{answer:?}");
    let verified = verify(&setup.officer(), &id.0).await.unwrap();
    assert_eq!((verified.hits, verified.not_searched.len()), (0, 0), "{verified:?}");
    assert!(certificate(&setup.officer(), &id.0).await.unwrap().contains("\"status\":\"complete\""));

    let after = bucket.all_bytes().await;
    let key = |path: &str, latest| (path.to_owned(), latest);
    let current = &before[&key("both.csv", true)][0];
    assert_eq!(after[&key("both.csv", true)], [lines_without(current, ADA)]);
    assert!(!after.contains_key(&key("both.csv", false)), "neither the old version nor the one replaced");
    for untouched in [key("old.csv", true), key("other.csv", true), key("other.csv", false)] {
        assert_eq!(after[&untouched], before[&untouched]);
    }
    assert!(!after.contains_key(&key("old.csv", false)));
    assert!(
        !after.keys().any(|(path, _)| path.starts_with("for/") || path == "deleted.csv"),
        "{:?}",
        after.keys()
    );
}

#[tokio::test]
async fn a_lock_is_reported_and_the_certificate_says_so() {
    let (bucket, setup) = setup().await;
    *bucket.locked.lock().unwrap() = Some("v0".into());
    let answer = plan(&setup.officer(), &setup.ada(), PlanOptions::default()).await.unwrap();
    let locked: Vec<_> = answer.steps.iter().filter(|step| step.method == "report").collect();
    assert!(locked.len() == 1 && locked[0].reason.as_deref().unwrap().contains("legal hold"), "{locked:?}");
    let id = PlanId(answer.plan);
    approve(&setup.approver(), &id, &answer.hash).await.unwrap();
    run(&setup.officer(), &id, &answer.hash).await.unwrap();
    assert_eq!(verify(&setup.officer(), &id.0).await.unwrap().hits, 1);
    let document = certificate(&setup.officer(), &id.0).await.unwrap();
    assert!(document.contains("\"status\":\"partial\"") && document.contains("legal hold"), "{document}");
}

#[tokio::test]
async fn after_a_kill_at_any_write_the_end_is_that_of_an_undisturbed_run() {
    killed_at_any_write(u64::MAX).await;
}

#[tokio::test]
async fn so_it_is_where_blobs_go_up_in_parts_and_no_part_is_left_behind() {
    killed_at_any_write(0).await;
}

#[tokio::test]
async fn an_upload_in_parts_is_not_joined_over_what_somebody_else_wrote() {
    let (bucket, setup) = setup_putting(0).await;
    let lake = &setup.lakes[0];
    let old = lake.fetch("both.csv", None, None).await.unwrap().etag.unwrap();
    let upload = lake.begin_upload("both.csv", &old, &New::of(&b"ours, not".to_vec().into())).await.unwrap();
    bucket.put("both.csv", b"theirs").await;
    let error = lake
        .replace("both.csv", &old, &New::of(&b"ours".to_vec().into()), upload.as_deref())
        .await
        .unwrap_err();
    assert_eq!(error.kind, crate::error::Kind::Conflict);
    let now = lake.fetch("both.csv", None, None).await.unwrap();
    assert_eq!(now.content.range(0, 9).unwrap(), &b"theirs"[..]);
    assert!(lake.versioned().unwrap().uploads().await.unwrap().is_empty(), "ours is dropped");
}

async fn killed_at_any_write(single_put_bytes_max: u64) {
    let (bucket, undisturbed) = setup_putting(single_put_bytes_max).await;
    let (id, hash) = undisturbed.approved_plan().await;
    let first = bucket.writes();
    run(&undisturbed.officer(), &id, &hash).await.unwrap();
    let writes = bucket.writes() - first;
    let expected = bucket.all_bytes().await;
    assert!(writes >= 6, "{writes}");
    for half_step in 2..2 * writes + 2 {
        let (bucket, setup) = setup_putting(single_put_bytes_max).await;
        let (id, hash) = setup.approved_plan().await;
        bucket.dies_at(half_step);
        let disturbed = run(&setup.officer(), &id, &hash).await;
        bucket.dies_at(0);
        let setup = setup.reopened(half_step);
        let answer = run(&setup.officer(), &id, &hash).await.unwrap();
        let told = format!("half-step {half_step}: {disturbed:?}, then {answer:?}");
        assert!(answer.refused.is_empty() && answer.failed.is_empty() && answer.open.is_empty(), "{told}");
        assert_eq!(bucket.all_bytes().await, expected, "{told}");
        let verified = verify(&setup.officer(), &id.0).await.unwrap();
        assert_eq!((verified.hits, verified.not_searched.len()), (0, 0), "{told}: {verified:?}");
        certificate(&setup.officer(), &id.0).await.unwrap();
    }
}
