//! Grouping is left out where nothing that it goes by has changed, and done where anything has, whoever changed it.

use catalog::Change;
use catalog::dataset::{Correction, Grouping};
use catalog::model::{Dataset, Grouped, Principal, Source};

use super::*;

fn grouped(ctx: &Ctx) -> Grouped {
    let sources: Vec<Source> = ctx.catalog.all(AsOf::Now).unwrap();
    sources[0].grouped.clone().expect("a crawl was linked")
}

fn datasets(ctx: &Ctx) -> Vec<Dataset> {
    ctx.catalog.all(AsOf::Now).unwrap()
}

fn commit(ctx: &Ctx, change: Change) {
    ctx.catalog.commit(&Principal::system(), &[change]).unwrap();
}

#[tokio::test]
async fn what_did_not_change_is_not_grouped_again() {
    let store = sample().await;
    let ctx = fresh();
    let first = crawl(&ctx, &lake(&store)).await.unwrap();
    let (before, known) = (grouped(&ctx), datasets(&ctx));
    let second = crawl(&ctx, &lake(&store)).await.unwrap();
    assert_eq!(grouped(&ctx), before);
    assert_eq!((second.datasets, second.edges), (first.datasets, first.edges));

    commit(&ctx, Change::close::<Dataset>(&known[0].id));
    crawl(&ctx, &lake(&store)).await.unwrap();
    assert_eq!(datasets(&ctx), known, "what another lost comes back");

    let blob = known.iter().find(|dataset| dataset.name == "customers").unwrap().blobs[0];
    store.delete(&"crm/customers.csv".into()).await.unwrap();
    commit(&ctx, Change::purge::<BlobVersion>(&blob));
    let report = crawl(&ctx, &lake(&store)).await.unwrap();
    assert_eq!((report.read, report.deleted), (0, 0));
    assert!(datasets(&ctx).iter().all(|dataset| !dataset.blobs.contains(&blob)), "of an erased blob");
}

#[tokio::test]
async fn another_correction_groups_again_and_the_same_one_does_not() {
    let store = sample().await;
    let ctx = fresh();
    let with = |name: &str| {
        let to = Grouping::One(name.into());
        let corrections = vec![Correction { paths: vec!["orders/**".into()], to }];
        Lake::over(URL, store.clone(), &SourceOptions { corrections, ..options() }).unwrap()
    };
    crawl(&ctx, &with("sales")).await.unwrap();
    let before = grouped(&ctx);
    crawl(&ctx, &with("sales")).await.unwrap();
    assert_eq!(grouped(&ctx), before);
    crawl(&ctx, &with("shop")).await.unwrap();
    assert_ne!(grouped(&ctx).corrections, before.corrections);
    assert!(datasets(&ctx).iter().any(|dataset| dataset.name == "shop"));
}
