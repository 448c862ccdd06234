//! The line over a store in memory: what is recorded, what an incremental crawl reads, what a kill leaves behind.

mod corrected;
mod random;
mod regroup;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use catalog::env::fixed;
use catalog::lineage::graph;
use catalog::model::{
    AnomalyKind, ArtifactId, BlobVersion, Dataset, Depth, Digest, Execution, ExecutionState, Findings,
    Principal, Schema, Searched, Source, Statistics,
};
use catalog::store::memory::MemoryStore;
use catalog::{AsOf, Catalog, Change};
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};

use super::*;
use crate::error::Kind;
use crate::source::SourceOptions;
use crate::source::faulty::{Faults, Faulty};
use crate::source::guard::Limits;

const URL: &str = "memory://lake";

fn options() -> SourceOptions {
    let backoff = Duration::from_micros(10);
    let limits = Limits { backoff, backoff_max: backoff, retries_max: 20, ..Limits::default() };
    SourceOptions { limits, ..SourceOptions::default() }
}

fn ctx(store: Arc<MemoryStore>) -> Ctx {
    Ctx::new(Arc::new(Catalog::open(store, fixed::env(1)).unwrap()))
}

fn fresh() -> Ctx {
    ctx(Arc::new(MemoryStore::new()))
}

fn lake(store: &Arc<InMemory>) -> Lake {
    Lake::over(URL, store.clone(), &options()).unwrap()
}

async fn put(store: &InMemory, path: &str, bytes: &[u8]) {
    store.put(&path.into(), bytes.to_vec().into()).await.unwrap();
}

fn people(rows: usize) -> Vec<u8> {
    let row = |n: usize| format!("{n},p{n}.berg@mail.example,{}\n", ["DE", "FR"][n % 2]);
    let rows: String = (1..=rows).map(row).collect();
    format!("customer_id,email,country\n{rows}").into_bytes()
}

async fn sample() -> Arc<InMemory> {
    let store = Arc::new(InMemory::new());
    put(&store, "crm/customers.csv", &people(40)).await;
    put(&store, "orders/year=2024/part-0.csv", b"order_id,total\n1,9.5\n2,11.0\n3,12.5\n").await;
    put(&store, "orders/year=2025/part-0.csv", b"order_id,total\n4,1.5\n5,1.0\n6,2.5\n").await;
    put(&store, "orders/_SUCCESS", b"").await;
    put(&store, "logs/app.log", b"2024-05-01 12:00:00 INFO start\n2024-05-01 12:00:01 WARN stop\n").await;
    put(&store, "junk.bin", &[0, 159, 146, 150, 0, 1, 2, 255]).await;
    store
}

/// Tokens by the version that holds them.
fn tokens(catalog: &Catalog) -> BTreeMap<ArtifactId, BTreeSet<u64>> {
    let mut tokens = BTreeMap::<_, BTreeSet<u64>>::new();
    catalog
        .each_token(&mut |artifact, token| {
            tokens.entry(artifact).or_default().insert(token);
        })
        .unwrap();
    tokens
}

/// All current records of a source without ids, runs and times, by path.
fn state(catalog: &Catalog) -> String {
    let mut lines = Vec::new();
    let blobs: Vec<BlobVersion> = catalog.all(AsOf::Now).unwrap();
    let paths: BTreeMap<_, _> = blobs.iter().map(|blob| (blob.blob, blob.path.clone())).collect();
    for blob in &blobs {
        let BlobVersion { path, size, digest, parts, anomalies, searched, table_log, .. } = blob;
        lines.push(format!(
            "blob {path:?} {size} {digest:?} {parts:?} {anomalies:?} {searched:?} {table_log:?}"
        ));
    }
    for statistics in catalog.all::<Statistics>(AsOf::Now).unwrap() {
        let path = &paths[&statistics.blob];
        lines.push(format!(
            "statistics {path:?} {:?} {} {:?}",
            statistics.member, statistics.rows, statistics.features
        ));
    }
    for findings in catalog.all::<Findings>(AsOf::Now).unwrap() {
        lines.push(format!("findings {:?} {:?}", paths[&findings.blob], findings.findings));
    }
    let tokens = tokens(catalog);
    for blob in blobs.iter() {
        lines.push(format!("tokens {:?} {:?}", blob.path, tokens.get(&blob.artifact)));
    }
    for dataset in catalog.all::<Dataset>(AsOf::Now).unwrap() {
        let tied = graph::artifacts_of_context(catalog, dataset.context.unwrap()).unwrap();
        let tied: Vec<_> =
            blobs.iter().filter(|blob| tied.contains(&blob.artifact)).map(|blob| &blob.path).collect();
        // A dataset keeps the name that it got first, so names tell of history.
        let dataset = Dataset { context: None, name: String::new(), ..dataset };
        lines.push(format!("dataset {dataset:?} {tied:?}"));
    }
    lines.extend(edges(catalog, &blobs));
    lines.sort();
    lines.join("\n")
}

/// Inferred edges between current blobs.
fn edges(catalog: &Catalog, blobs: &[BlobVersion]) -> Vec<String> {
    let path = |artifact| blobs.iter().find(|blob| blob.artifact == artifact).map(|blob| &blob.path);
    let mut lines = Vec::new();
    for execution in catalog.all::<Execution>(AsOf::Now).unwrap() {
        let Some(kind) = execution.properties.get("kind") else { continue };
        let events = graph::events_of_execution(catalog, execution.id).unwrap();
        let mut ends: Vec<_> = events.iter().map(|event| (event.kind, path(event.artifact))).collect();
        ends.sort();
        if ends.iter().all(|(_, path)| path.is_some()) {
            lines.push(format!("edge {kind:?} {ends:?}"));
        }
    }
    lines
}

/// The first line in which two states part, so that a failure can be read.
fn parting(left: &Ctx, right: &Ctx) -> Option<(Option<String>, Option<String>)> {
    let (left, right) = (state(&left.catalog), state(&right.catalog));
    let mut right = right.lines().map(str::to_owned);
    let mut left = left.lines().map(str::to_owned);
    loop {
        match (left.next(), right.next()) {
            (None, None) => return None,
            (left, right) if left != right => return Some((left, right)),
            _ => {}
        }
    }
}

fn by_path(catalog: &Catalog) -> BTreeMap<String, BlobVersion> {
    let blobs: Vec<BlobVersion> = catalog.all(AsOf::Now).unwrap();
    blobs.into_iter().map(|blob| (blob.path.clone(), blob)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_pass_records_everything_and_no_personal_value() {
    let store = sample().await;
    let records = Arc::new(MemoryStore::new());
    let ctx = ctx(records.clone());
    let report = crawl(&ctx, &lake(&store)).await.unwrap();
    assert_eq!((report.listed, report.read, report.new), (6, 6, 6));
    let blobs = by_path(&ctx.catalog);
    let customers = &blobs["crm/customers.csv"];
    assert_eq!(customers.root().format, "csv");
    assert_eq!(customers.root().rows, Some(40));
    assert_eq!(customers.searched, Searched::Full);
    assert!(matches!(blobs["junk.bin"].searched, Searched::No(_)), "{:?}", blobs["junk.bin"]);
    let findings: Findings = ctx.catalog.get(&customers.blob, AsOf::Now).unwrap().unwrap();
    assert!(findings.findings.iter().any(|finding| finding.kind == "EMAIL_ADDRESS"));
    let hasher = &ctx.catalog.env().hasher.index();
    for (kind, normal) in [("EMAIL_ADDRESS", "p7.berg@mail.example"), ("KEY:customer_id", "7")] {
        let digest = hasher.digest(kind, normal);
        let found = ctx.catalog.blobs_with(&[digest], AsOf::Now).unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [customers.blob], "{kind}");
    }
    let datasets: Vec<Dataset> = ctx.catalog.all(AsOf::Now).unwrap();
    let orders = datasets.iter().find(|dataset| dataset.root.starts_with("orders")).unwrap();
    assert_eq!((orders.blobs.len(), orders.rows), (2, Some(6)));
    let of_customers = datasets.iter().find(|dataset| dataset.blobs == [customers.blob]).unwrap();
    let schema: Schema = ctx.catalog.get(&of_customers.schema.unwrap(), AsOf::Now).unwrap().unwrap();
    let email = schema.features.iter().find(|feature| feature.name == "email").unwrap();
    assert_eq!(email.semantic.as_deref(), Some("EMAIL_ADDRESS"));
    let dump = catalog::store::Store::scan(&*records, &[], &[255; 8], usize::MAX).unwrap();
    let needle = b"p7.berg";
    assert!(!dump.iter().any(|(_, value)| value.windows(needle.len()).any(|window| window == needle)));
    let run: Execution = ctx.catalog.get(&report.run.unwrap(), AsOf::Now).unwrap().unwrap();
    assert_eq!(run.state, ExecutionState::Complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_changed_is_read_again() {
    let (store, ctx) = (sample().await, fresh());
    crawl(&ctx, &lake(&store)).await.unwrap();
    let again = crawl(&ctx, &lake(&store)).await.unwrap();
    assert_eq!((again.listed, again.read, again.unchanged, again.bytes_read), (6, 0, 6, 0));
    put(&store, "crm/customers.csv", &people(41)).await;
    store.rename(&"logs/app.log".into(), &"logs/old.log".into()).await.unwrap();
    store.delete(&"junk.bin".into()).await.unwrap();
    let before = ctx.catalog.env().clock.now();
    let report = crawl(&ctx, &lake(&store)).await.unwrap();
    assert_eq!((report.read, report.changed, report.new, report.moved, report.deleted), (2, 1, 1, 1, 2));
    let blobs = by_path(&ctx.catalog);
    assert!(!blobs.contains_key("junk.bin") && blobs.contains_key("logs/old.log"));
    assert_eq!(blobs["crm/customers.csv"].root().rows, Some(41));
    let past: BlobVersion =
        ctx.catalog.get(&blobs["crm/customers.csv"].blob, AsOf::Time(before)).unwrap().unwrap();
    assert_eq!(past.root().rows, Some(40));
    let anew = fresh();
    crawl(&anew, &lake(&store)).await.unwrap();
    assert_eq!(parting(&ctx, &anew), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_log_changes_its_table_though_no_data_file_did() {
    let (store, ctx) = (Arc::new(InMemory::new()), fresh());
    let parquet =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/formats/parquet/good-flat.parquet"));
    let parquet = parquet.unwrap();
    for part in ["a", "b", "c"] {
        put(&store, &format!("t/part-{part}.parquet"), &parquet).await;
    }
    let commit = |version: u64| format!("t/_delta_log/{version:020}.json");
    let adds = "{\"add\":{\"path\":\"part-a.parquet\"}}\n{\"add\":{\"path\":\"part-b.parquet\"}}\n";
    put(&store, &commit(0), adds.as_bytes()).await;
    let files = |ctx: &Ctx| -> Vec<String> {
        let paths: BTreeMap<_, _> =
            by_path(&ctx.catalog).into_iter().map(|(path, blob)| (blob.blob, path)).collect();
        let datasets: Vec<Dataset> = ctx.catalog.all(AsOf::Now).unwrap();
        let tables = datasets.iter().filter(|dataset| dataset.format == "delta");
        tables.flat_map(|dataset| dataset.blobs.iter().map(|id| paths[id].clone())).collect()
    };
    crawl(&ctx, &lake(&store)).await.unwrap();
    assert_eq!(files(&ctx), ["t/part-a.parquet", "t/part-b.parquet"]);
    put(
        &store,
        &commit(1),
        b"{\"remove\":{\"path\":\"part-a.parquet\"}}\n{\"add\":{\"path\":\"part-c.parquet\"}}\n",
    )
    .await;
    let report = crawl(&ctx, &lake(&store)).await.unwrap();
    assert_eq!(report.read, 1);
    assert_eq!(files(&ctx), ["t/part-b.parquet", "t/part-c.parquet"]);
    let anew = fresh();
    crawl(&anew, &lake(&store)).await.unwrap();
    assert_eq!(parting(&ctx, &anew), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_are_read_again_once_identifiers_are_read_otherwise() {
    let (store, ctx) = (sample().await, fresh());
    crawl(&ctx, &lake(&store)).await.unwrap();
    assert_eq!(crawl(&ctx, &lake(&store)).await.unwrap().read, 0);
    let source = ctx.catalog.all::<Source>(AsOf::Now).unwrap().remove(0);
    let before = Source { recognised: Some(Digest([1; 32])), ..source };
    ctx.catalog.commit(&Principal::system(), &[Change::put(&before).unwrap()]).unwrap();
    let mut shallow = ctx.clone();
    shallow.depth = Depth::Head;
    assert_eq!(crawl(&shallow, &lake(&store)).await.unwrap().read, 0, "nothing is recorded less deeply");
    assert_eq!(crawl(&ctx, &lake(&store)).await.unwrap().read, 6);
    assert_eq!(crawl(&ctx, &lake(&store)).await.unwrap().read, 0);
    assert_eq!(parting(&ctx, &fresh_crawl(&store).await), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_keep_no_value_of_what_is_personal_beside_other_data() {
    let store = Arc::new(InMemory::new());
    let row = |n: usize| {
        let city = ["Paris", "Berlin", "Madrid"][n % 3];
        format!("{n},{},{city},{},{}\n", 18 + n % 60, ["m", "f"][n % 2], ["DE", "FR"][n % 2])
    };
    let rows: String = (0..240).map(row).collect();
    put(&store, "survey.csv", format!("row,age,city,gender,country\n{rows}").as_bytes()).await;
    let ctx = fresh_crawl(&store).await;
    let findings = ctx.catalog.all::<Findings>(AsOf::Now).unwrap();
    let found: BTreeSet<_> = findings[0].findings.iter().map(|finding| finding.kind.as_str()).collect();
    assert!(["AGE", "CITY", "GENDER", "COUNTRY"].iter().all(|kind| found.contains(kind)), "{found:?}");
    let statistics = ctx.catalog.all::<Statistics>(AsOf::Now).unwrap().remove(0);
    for feature in statistics.features {
        let name = feature.path.to_string();
        let is_bare = feature.min.is_none() && feature.mean.is_none() && feature.top.is_empty();
        assert_eq!(is_bare, ["age", "city", "gender"].contains(&name.as_str()), "{name}: {feature:?}");
    }
}

async fn fresh_crawl(store: &Arc<InMemory>) -> Ctx {
    let ctx = fresh();
    crawl(&ctx, &lake(store)).await.unwrap();
    ctx
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_killed_at_any_commit_is_made_good_by_the_next() {
    let store = sample().await;
    let undisturbed = fresh();
    crawl(&undisturbed, &lake(&store)).await.unwrap();
    for commits in 1.. {
        let records = Arc::new(MemoryStore::new());
        let ctx = ctx(records.clone());
        records.fail_after(commits);
        let killed = crawl(&ctx, &lake(&store)).await;
        records.fail_after(0);
        for blob in ctx.catalog.all::<BlobVersion>(AsOf::Now).unwrap() {
            let beside = |ctx: &Ctx| {
                let findings = ctx.catalog.get::<Findings>(&blob.blob, AsOf::Now).unwrap();
                let known = ctx.catalog.get::<BlobVersion>(&blob.blob, AsOf::Now).unwrap().unwrap();
                (findings, tokens(&ctx.catalog).remove(&known.artifact))
            };
            assert_eq!(beside(&ctx), beside(&undisturbed), "a blob is recorded whole or not at all");
        }
        crawl(&ctx, &lake(&store)).await.unwrap();
        assert_eq!(parting(&ctx, &undisturbed), None, "killed at commit {commits}");
        let runs: Vec<Execution> = ctx.catalog.all(AsOf::Now).unwrap();
        assert!(runs.iter().all(|run| run.state != ExecutionState::Running), "killed at commit {commits}");
        if killed.is_ok() {
            assert!(commits > 4, "commits were counted");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_store_is_asked_again() {
    let store = sample().await;
    let undisturbed = fresh();
    crawl(&undisturbed, &lake(&store)).await.unwrap();
    for seed in 0..10 {
        let faults = Faults { busy: 60, torn: 60, ..Faults::default() };
        let faulty: Arc<dyn ObjectStore> = Arc::new(Faulty::new(store.clone(), faults, seed));
        let (ctx, lake) = (fresh(), Lake::over(URL, faulty, &options()).unwrap());
        crawl(&ctx, &lake).await.unwrap();
        assert_eq!(parting(&ctx, &undisturbed), None, "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_vanishes_while_it_is_crawled_is_no_failure() {
    let store = sample().await;
    for seed in 0..10 {
        let faulty = Faulty::new(store.clone(), Faults { gone: 90, ..Faults::default() }, seed);
        let lake = Lake::over(URL, Arc::new(faulty), &options()).unwrap();
        let ctx = fresh();
        let report = crawl(&ctx, &lake).await.unwrap();
        assert_eq!(by_path(&ctx.catalog).len() as u64, report.read, "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_down_fails_the_crawl_and_loses_nothing() {
    let (store, ctx) = (sample().await, fresh());
    crawl(&ctx, &lake(&store)).await.unwrap();
    let before = state(&ctx.catalog);
    let down = Faulty::new(store.clone(), Faults { busy: 255, ..Faults::default() }, 3);
    let quick = SourceOptions { limits: Limits { retries_max: 0, ..options().limits }, ..options() };
    let error = crawl(&ctx, &Lake::over(URL, Arc::new(down), &quick).unwrap()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert_eq!(state(&ctx.catalog), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn erased_persons_who_come_back_raise_an_alarm() {
    use catalog::model::{Principal, RequestId, Suppression};
    let (store, ctx) = (sample().await, fresh());
    let suppression = Suppression {
        kind: "EMAIL_ADDRESS".into(),
        digest: ctx.catalog.env().hasher.digest("EMAIL_ADDRESS", "p7.berg@mail.example"),
        tokens: Vec::new(),
        request: RequestId("r".into()),
        since: ctx.catalog.env().clock.now(),
    };
    ctx.catalog.commit(&Principal::system(), &[catalog::Change::put(&suppression).unwrap()]).unwrap();
    let newer = vec![catalog::env::IndexHasher::new(9, &[9; 32])];
    ctx.catalog.env().hasher.set_epochs(newer).unwrap(); // keys of the index come and go, the ledger's stays
    let report = crawl(&ctx, &lake(&store)).await.unwrap();
    assert_eq!(report.anomalies["SUPPRESSED_SUBJECT"], 1);
    let customers = &by_path(&ctx.catalog)["crm/customers.csv"];
    assert_eq!(customers.anomalies[0].kind, AnomalyKind::SuppressedSubject);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_schema_is_kept_and_blobs_are_held_against_it() {
    use catalog::model::Principal;
    let (store, ctx) = (sample().await, fresh());
    crawl(&ctx, &lake(&store)).await.unwrap();
    let orders = |catalog: &Catalog| {
        let datasets: Vec<Dataset> = catalog.all(AsOf::Now).unwrap();
        datasets.into_iter().find(|dataset| dataset.root.starts_with("orders")).unwrap()
    };
    let id = orders(&ctx.catalog).schema.unwrap();
    let schema: Schema = ctx.catalog.get(&id, AsOf::Now).unwrap().unwrap();
    let pinned = Schema { pinned: Some(ctx.catalog.env().clock.now()), ..schema };
    ctx.catalog.commit(&Principal::system(), &[catalog::Change::put(&pinned).unwrap()]).unwrap();
    put(&store, "orders/year=2025/part-0.csv", b"order_id,total,extra\n4,x,1\n5,y,2\n6,z,3\n").await;
    crawl(&ctx, &lake(&store)).await.unwrap();
    assert_eq!(orders(&ctx.catalog).schema, Some(id));
    let kinds = |path: &str| -> Vec<AnomalyKind> {
        by_path(&ctx.catalog)[path].anomalies.iter().map(|anomaly| anomaly.kind).collect()
    };
    let changed = kinds("orders/year=2025/part-0.csv");
    assert!(changed.contains(&AnomalyKind::SchemaNewColumn), "{changed:?}");
    assert!(changed.contains(&AnomalyKind::UnexpectedDataType), "{changed:?}");
    assert_eq!(kinds("orders/year=2024/part-0.csv"), []);
    put(&store, "orders/year=2025/part-0.csv", b"order_id,total\n4,1.5\n5,1.0\n6,2.5\n").await;
    crawl(&ctx, &lake(&store)).await.unwrap();
    assert_eq!(kinds("orders/year=2025/part-0.csv"), []);
}

#[tokio::test]
async fn a_deeper_crawl_makes_good_what_a_shallow_one_left_out() {
    let store = sample().await;
    put(&store, "big.csv", &people(12_000)).await;
    let (ctx, lake) = (fresh(), lake(&store));
    let head = crawl(&ctx.clone().with_depth(Depth::Head), &lake).await.unwrap();
    assert_eq!((head.read, head.formats.get("csv")), (7, Some(&4)));
    let blobs: Vec<BlobVersion> = ctx.catalog.all(AsOf::Now).unwrap();
    assert!(
        blobs.iter().all(|blob| matches!(blob.searched, Searched::No(_)) && blob.root().schema.is_none())
    );

    let sample = crawl(&ctx.clone().with_depth(Depth::Sample), &lake).await.unwrap();
    assert_eq!((sample.read, sample.anomalies.get("LIMIT_REACHED")), (7, None), "a sample is no anomaly");
    let blobs: Vec<BlobVersion> = ctx.catalog.all(AsOf::Now).unwrap();
    let big = blobs.iter().find(|blob| blob.path == "big.csv").unwrap();
    assert!(big.root().schema.is_some() && big.root().rows.is_none() && big.searched != Searched::Full);
    let small = blobs.iter().find(|blob| blob.path == "crm/customers.csv").unwrap();
    assert!(small.root().rows == Some(40) && small.searched == Searched::Full);

    let full = crawl(&ctx, &lake).await.unwrap();
    assert_eq!(full.read, 7);
    let fresh = fresh();
    crawl(&fresh, &lake).await.unwrap();
    assert_eq!(state(&ctx.catalog), state(&fresh.catalog));
    assert_eq!(
        crawl(&ctx.clone().with_depth(Depth::Head), &lake).await.unwrap().read,
        0,
        "known better than that"
    );
}
