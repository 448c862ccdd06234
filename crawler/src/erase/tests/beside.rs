//! What an object carries beside its bytes (user metadata, headers, tags) holds persons too: found by the index, taken away while
//! the bytes and all else beside them stay, in old versions as well, and told where it cannot be searched.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use object_store::{Attribute, Attributes};

use super::bucket::{Bucket, Carried, shared};
use super::lake::{ADA, Setup, lines_without};
use super::versions::{limits, within};
use crate::erase::{
    FindOptions, Identifier, PlanOptions, Policy, approve, certificate, dry_run, find, plan, run, verify,
};
use crate::pipeline::crawl;
use catalog::AsOf;
use catalog::model::{PlanId, Rule, RuleMethod, Source};

const OTHERS: &str = "id,email\n7,dora@x.example\n8,emil@x.example\n9,fred@x.example\n";

fn carrying(entries: &[(Attribute, &str)]) -> Attributes {
    entries.iter().map(|(name, value)| (name.clone(), (*value).to_owned())).collect()
}

fn metadata(name: &str) -> Attribute {
    Attribute::Metadata(name.to_owned().into())
}

/// The person in metadata, in a header, in tags, in rows and beside them at once, and beside old versions.
async fn filled() -> Arc<Bucket> {
    let bucket = shared();
    let hers = format!("attachment; filename=\"{ADA}.csv\"");
    let beside = carrying(&[
        (metadata("uploaded-by"), ADA),
        (metadata("origin"), "sample"),
        (Attribute::ContentDisposition, &hers),
        (Attribute::ContentType, "text/csv"),
    ]);
    let plain = carrying(&[(metadata("origin"), "sample"), (Attribute::ContentType, "text/csv")]);
    bucket.put_carrying("metadata.csv", OTHERS.as_bytes(), beside.clone(), "team=crm").await;
    bucket
        .put_carrying("tag.csv", OTHERS.as_bytes(), plain.clone(), "owner=ada%40mail.example&team=crm")
        .await;
    let rows = format!("{OTHERS}1,{ADA}\n");
    bucket
        .put_carrying("both.csv", rows.as_bytes(), beside.clone(), "owner=ada%40mail.example&team=crm")
        .await;
    bucket.put_carrying("old-tag.csv", b"id\n1\n", plain.clone(), "owner=ada%40mail.example&team=crm").await;
    bucket.put_carrying("old-tag.csv", b"id\n2\n", plain.clone(), "team=crm").await;
    bucket.put_carrying("old-metadata.csv", b"id\n1\n", beside, "team=crm").await;
    bucket.put_carrying("old-metadata.csv", b"id\n2\n", plain.clone(), "team=crm").await;
    bucket.put_carrying("shared.csv", rows.as_bytes(), plain.clone(), "team=crm").await;
    bucket.grant("shared.csv", &vec![("x-amz-grant-read", "id=\"auditors\"".to_owned())]);
    bucket.put_carrying("nobody.csv", OTHERS.as_bytes(), plain, "team=crm").await;
    bucket
}

async fn setup(single_put_bytes_max: u64) -> (Arc<Bucket>, Setup) {
    let bucket = filled().await;
    let limits = crate::source::guard::Limits { single_put_bytes_max, ..limits(0) };
    let setup = within(&bucket, bucket.clone(), limits);
    (bucket, setup)
}

fn of(carried: &Carried, path: &str, version: usize) -> (usize, Vec<String>) {
    let (attributes, tags) = &carried[&(path.to_owned(), version)];
    (attributes.len(), tags.iter().map(|(key, value)| format!("{key}={value}")).collect())
}

#[tokio::test]
async fn it_is_found_by_the_index_and_goes_while_all_else_stays() {
    let (bucket, setup) = setup(u64::MAX).await;
    crawl(&setup.officer().ctx, &setup.lakes[0]).await.unwrap();
    let answer = find(&setup.officer(), &setup.ada(), FindOptions::default()).await.unwrap();
    let mut found: Vec<_> = answer
        .places
        .iter()
        .map(|place| (&*place.path, place.place, place.column.as_deref().unwrap_or_default()))
        .collect();
    found.sort_unstable();
    let expected = [
        ("both.csv", "cell", "email"),
        ("both.csv", "header", "content-disposition"),
        ("both.csv", "tag", "owner"),
        ("both.csv", "user metadata", "uploaded-by"),
        ("metadata.csv", "header", "content-disposition"),
        ("metadata.csv", "user metadata", "uploaded-by"),
        ("shared.csv", "cell", "email"),
        ("tag.csv", "tag", "owner"),
    ];
    assert_eq!(found, expected);
    assert!((answer.blobs_read, answer.not_searched.len()) == (4, 0), "the index leads there: {answer:?}");

    let (before, carried) = (bucket.all_bytes().await, bucket.all_carried().await);
    let (id, hash) = setup.approved_plan().await;
    let rehearsed = dry_run(&setup.officer(), &id, &hash).await.unwrap();
    assert_eq!(rehearsed.would_stop, 0, "{rehearsed:?}");
    let ran = run(&setup.officer(), &id, &hash).await.unwrap();
    assert!(ran.refused.is_empty() && ran.failed.is_empty() && ran.open.is_empty(), "{ran:?}");
    let verified = verify(&setup.officer(), &id.0).await.unwrap();
    assert_eq!((verified.hits, verified.not_searched.len()), (0, 0), "{verified:?}");
    let document = certificate(&setup.officer(), &id.0).await.unwrap();
    assert!(
        document.contains("\"status\":\"complete\"") && document.contains("\"metadata_and_tags_removed\":3")
    );
    setup.expect_no_value(&[ADA]);

    let (after, now) = (bucket.all_bytes().await, bucket.all_carried().await);
    let latest = |path: &str| (path.to_owned(), true);
    for path in ["metadata.csv", "tag.csv", "old-tag.csv", "old-metadata.csv", "nobody.csv"] {
        assert_eq!(after[&latest(path)], before[&latest(path)], "{path}");
    }
    assert_eq!(after[&latest("both.csv")], [lines_without(&before[&latest("both.csv")][0], ADA)]);
    for (path, version) in
        [("metadata.csv", 0), ("tag.csv", 0), ("both.csv", 0), ("old-tag.csv", 0), ("nobody.csv", 0)]
    {
        assert_eq!(of(&now, path, version), (2, vec!["team=crm".to_owned()]), "{path}");
    }
    let shared = (3, vec!["team=crm".to_owned()]);
    assert_eq!(of(&now, "shared.csv", 0), shared, "its access list goes with the bytes");
    let [tagged] = &after[&("old-tag.csv".to_owned(), false)][..] else { panic!("it lost its tag alone") };
    assert_eq!(tagged, b"id\n1\n");
    assert!(!after.contains_key(&("old-metadata.csv".to_owned(), false)), "what it carries cannot change");
    assert_eq!(now[&("nobody.csv".to_owned(), 0)], carried[&("nobody.csv".to_owned(), 0)]);
    assert!(find(&setup.officer(), &setup.ada(), FindOptions::default()).await.unwrap().places.is_empty());
}

#[tokio::test]
async fn after_a_kill_at_any_write_the_end_is_the_same() {
    for single_put_bytes_max in [u64::MAX, 0] {
        let (bucket, undisturbed) = setup(single_put_bytes_max).await;
        let (id, hash) = undisturbed.approved_plan().await;
        let first = bucket.writes();
        run(&undisturbed.officer(), &id, &hash).await.unwrap();
        let writes = bucket.writes() - first;
        let expected = (bucket.all_bytes().await, bucket.all_carried().await);
        assert!(writes >= 7, "{writes}");
        for half_step in 2..2 * writes + 2 {
            let (bucket, setup) = setup(single_put_bytes_max).await;
            let (id, hash) = setup.approved_plan().await;
            bucket.dies_at(half_step);
            let disturbed = run(&setup.officer(), &id, &hash).await;
            bucket.dies_at(0);
            let setup = setup.reopened(half_step);
            let answer = run(&setup.officer(), &id, &hash).await.unwrap();
            let told = format!("half-step {half_step}: {disturbed:?}, then {answer:?}");
            assert!(
                answer.refused.is_empty() && answer.failed.is_empty() && answer.open.is_empty(),
                "{told}"
            );
            assert_eq!((bucket.all_bytes().await, bucket.all_carried().await), expected, "{told}");
            let verified = verify(&setup.officer(), &id.0).await.unwrap();
            assert_eq!((verified.hits, verified.not_searched.len()), (0, 0), "{told}: {verified:?}");
        }
    }
}

#[tokio::test]
async fn after_a_kill_at_any_commit_the_end_is_the_same() {
    let (bucket, undisturbed) = setup(u64::MAX).await;
    let (id, hash) = undisturbed.approved_plan().await;
    let first = undisturbed.store.commits();
    run(&undisturbed.officer(), &id, &hash).await.unwrap();
    let commits = undisturbed.store.commits() - first;
    let expected = (bucket.all_bytes().await, bucket.all_carried().await);
    assert!(commits > 20, "{commits}");
    for kill in 1..commits {
        let (bucket, setup) = setup(u64::MAX).await;
        let (id, hash) = setup.approved_plan().await;
        setup.store.fail_after(kill);
        let outcome = run(&setup.officer(), &id, &hash).await;
        let setup = setup.reopened(kill);
        let answer = run(&setup.officer(), &id, &hash).await.unwrap();
        assert!(answer.refused.is_empty() && answer.failed.is_empty(), "commit {kill}: {answer:?}");
        let now = (bucket.all_bytes().await, bucket.all_carried().await);
        assert_eq!(now, expected, "commit {kill}, then {outcome:?}");
    }
}

#[tokio::test]
async fn tags_that_the_store_denies_are_remembered_and_told_everywhere() {
    let (bucket, setup) = setup(u64::MAX).await;
    bucket.tags_denied.store(1, Ordering::SeqCst);
    let ctx = setup.officer().ctx;
    let denied = || {
        let source = setup.lakes[0].source_id();
        ctx.catalog.get::<Source>(&source, AsOf::Now).unwrap().unwrap().tags_denied
    };
    crawl(&ctx, &setup.lakes[0]).await.unwrap();
    assert!(denied());
    crawl(&ctx, &setup.lakes[0]).await.unwrap();
    assert!(denied(), "a crawl that reads nothing learns nothing");
    let answer = find(&setup.officer(), &setup.ada(), FindOptions::default()).await.unwrap();
    assert!(answer.places.iter().all(|place| place.place != "tag") && answer.places.len() == 6, "{answer:?}");
    let of_tags = |reasons: Vec<&str>| {
        reasons.iter().filter(|reason| reason.starts_with("tags were not searched")).count()
    };
    assert_eq!(of_tags(answer.not_searched.iter().map(|one| &*one.reason).collect()), 1, "{answer:?}");
    let planned = plan(&setup.officer(), &setup.ada(), PlanOptions::default()).await.unwrap();
    assert_eq!(of_tags(planned.not_searched.iter().map(|one| &*one.reason).collect()), 1, "{planned:?}");
    let verified = verify(&setup.officer(), &planned.plan).await.unwrap();
    let reasons: Vec<_> = verified.not_searched.iter().map(|one| &*one.reason).collect();
    assert!(reasons.len() == 1 && reasons[0].ends_with("objects and old versions: 9"), "{reasons:?}");

    // Once they may be read, what was crawled without them is crawled again.
    bucket.tags_denied.store(0, Ordering::SeqCst);
    bucket.put_carrying("new.csv", b"id\n3\n", Attributes::new(), "").await;
    crawl(&ctx, &setup.lakes[0]).await.unwrap();
    assert!(!denied());
    let report = crawl(&ctx, &setup.lakes[0]).await.unwrap();
    assert_eq!(report.read, 8, "all of it");
    let answer = find(&setup.officer(), &setup.ada(), FindOptions::default()).await.unwrap();
    assert_eq!((answer.places.len(), answer.not_searched.len()), (8, 0), "{answer:?}");
}

#[tokio::test]
async fn what_changed_beside_the_bytes_since_the_plan_is_refused() {
    let (bucket, setup) = setup(u64::MAX).await;
    let (id, hash) = setup.approved_plan().await;
    // The same bytes, so the same etag.
    let beside = carrying(&[(metadata("uploaded-by"), ADA), (metadata("reviewed-by"), ADA)]);
    bucket.put_carrying("metadata.csv", OTHERS.as_bytes(), beside, "").await;
    let ran = run(&setup.officer(), &id, &hash).await.unwrap();
    assert!(ran.refused.len() == 1 && ran.refused[0].reason.contains("beside its bytes"), "{ran:?}");
    assert!(of(&bucket.all_carried().await, "metadata.csv", 1).0 == 2, "nothing was changed");
}

#[tokio::test]
async fn a_policy_may_report_it_and_a_wrong_value_is_put_right_by_hand() {
    let (_, mut setup) = setup(u64::MAX).await;
    let rule = |path: &str, method| Rule { path: Some(path.into()), dataset: None, kind: None, method };
    setup.policy = Arc::new(
        Policy::new(vec![rule("**/tag.csv", RuleMethod::Report), rule("**", RuleMethod::Mask)]).unwrap(),
    );
    let planned = plan(&setup.officer(), &setup.ada(), PlanOptions::default()).await.unwrap();
    let method = |path: &str| {
        let steps = planned.steps.iter().filter(|step| step.path.as_deref() == Some(path));
        steps.map(|step| (step.method, step.beside.len())).collect::<Vec<_>>()
    };
    assert_eq!(method("tag.csv"), [("report", 0)]);
    assert_eq!(method("metadata.csv"), [("remove_metadata", 2)], "there is nothing to mask it with");
    let id = PlanId(planned.plan.clone());
    approve(&setup.approver(), &id, &planned.hash).await.unwrap();
    run(&setup.officer(), &id, &planned.hash).await.unwrap();
    let verified = verify(&setup.officer(), &id.0).await.unwrap();
    assert!(verified.hits == 1 && verified.places[0].place == "tag", "{verified:?}");
    let document = certificate(&setup.officer(), &id.0).await.unwrap();
    assert!(document.contains("\"status\":\"partial\""), "{document}");

    let (_, setup) = super::beside::setup(u64::MAX).await;
    let wrong = Identifier::parse(&format!("email={ADA}")).unwrap().rectified("ada@right.example").unwrap();
    let planned = plan(&setup.officer(), &[wrong], PlanOptions::default()).await.unwrap();
    let told = planned.steps.iter().filter(|step| step.path.as_deref() == Some("metadata.csv"));
    assert_eq!(told.map(|step| step.method).collect::<Vec<_>>(), ["report"]);
}
