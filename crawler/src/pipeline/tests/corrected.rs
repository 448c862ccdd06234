//! Corrections of a grouping hold from the next crawl on, and for as long as they stand.

use catalog::dataset::{Correction, Grouping};

use super::*;

fn names(ctx: &Ctx) -> Vec<String> {
    let datasets: Vec<Dataset> = ctx.catalog.all(AsOf::Now).unwrap();
    let mut names: Vec<String> =
        datasets.iter().map(|dataset| format!("{} {}", dataset.name, dataset.blobs.len())).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_correction_holds_over_crawls_until_it_is_taken_back() {
    let store = sample().await;
    let ctx = fresh();
    crawl(&ctx, &lake(&store)).await.unwrap();
    let before = names(&ctx);
    assert!(before.contains(&"orders 2".to_string()), "{before:?}");
    let correction = |glob: &str, to| Correction { paths: vec![glob.into()], to };
    let corrections = vec![
        correction("logs/**", Grouping::None),
        correction("orders/**", Grouping::EachFile),
        correction("crm/*", Grouping::One("people".into())),
    ];
    let options = SourceOptions { corrections, ..options() };
    let corrected = Lake::over(URL, store.clone(), &options).unwrap();
    crawl(&ctx, &corrected).await.unwrap();
    let after = names(&ctx);
    assert!(after.contains(&"people 1".to_string()), "{after:?}");
    assert_eq!(after.iter().filter(|name| name.contains("part_0")).count(), 2, "{after:?}");
    assert!(!after.iter().any(|name| name.starts_with("app")), "{after:?}");
    put(&store, "crm/more.csv", &people(3)).await;
    crawl(&ctx, &corrected).await.unwrap();
    assert!(names(&ctx).contains(&"people 2".to_string()), "{:?}", names(&ctx));
    store.delete(&"crm/more.csv".into()).await.unwrap();
    crawl(&ctx, &lake(&store)).await.unwrap();
    assert_eq!(names(&ctx), before);
}
