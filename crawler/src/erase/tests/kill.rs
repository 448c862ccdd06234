//! Killed at every commit of run, verification and certificate, enumerated: after a restart the end is the same.

use super::files;
use super::lake::Setup;
use crate::erase::{certificate, run, show, verify};
use crate::error::Result;
use catalog::AsOf;
use catalog::model::PlanId;

/// The rest of the line from wherever it stands.
async fn finish(setup: &Setup, plan: &PlanId, hash: &str) -> Result<String> {
    let desk = setup.officer();
    if !show(&desk, &plan.0, AsOf::Now)?.certified {
        run(&desk, plan, hash).await?;
        verify(&desk, &plan.0).await?;
    }
    certificate(&desk, &plan.0).await
}

#[tokio::test]
async fn after_a_kill_at_any_commit_the_end_is_that_of_an_undisturbed_run() {
    let undisturbed = Setup::with(files());
    let (plan, hash) = undisturbed.approved_plan().await;
    let first = undisturbed.store.commits();
    finish(&undisturbed, &plan, &hash).await.unwrap();
    let commits = undisturbed.store.commits() - first;
    assert!(commits > 20, "{commits}");
    for kill in 1..commits {
        let setup = Setup::with(files());
        let (plan, hash) = setup.approved_plan().await;
        setup.store.fail_after(kill);
        let outcome = finish(&setup, &plan, &hash).await;
        let setup = setup.reopened(kill);
        let document =
            finish(&setup, &plan, &hash).await.unwrap_or_else(|error| panic!("commit {kill}: {error}"));
        assert_eq!(setup.bytes(), undisturbed.bytes(), "commit {kill}, then {outcome:?}");
        assert!(document.contains("\"status\":\"complete\""), "commit {kill}: {document}");
        setup.expect_no_value(&["ada@mail.example"]);
    }
}

#[tokio::test]
async fn a_crawl_between_a_kill_and_the_repeat_makes_nobody_known_for_ever() {
    let lake = Setup::with(files());
    let crawled = async |setup: &Setup| crate::pipeline::crawl(&setup.officer().ctx, &setup.lakes[0]).await;
    crawled(&lake).await.unwrap();
    let (plan, hash) = lake.approved_plan().await;
    let first = lake.store.commits();
    run(&lake.officer(), &plan, &hash).await.unwrap();
    let commits = lake.store.commits() - first;
    for kill in 1..commits {
        let setup = Setup::with(files());
        crawled(&setup).await.unwrap();
        let (plan, hash) = setup.approved_plan().await;
        setup.store.fail_after(kill);
        let outcome = run(&setup.officer(), &plan, &hash).await;
        let setup = setup.reopened(kill);
        crawled(&setup).await.unwrap();
        run(&setup.officer(), &plan, &hash).await.unwrap();
        let verified = verify(&setup.officer(), &plan.0).await.unwrap();
        assert_eq!(
            (verified.hits, verified.not_searched.len()),
            (0, 0),
            "commit {kill}, then {outcome:?}: {verified:?}"
        );
        setup.expect_no_value(&["ada@mail.example"]);
    }
}
