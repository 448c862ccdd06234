//! Lookup through the index: every place, with its evidence, and the keys that the rows lead to.

use std::collections::BTreeMap;

use catalog::env::IndexHasher;
use catalog::model::{BlobVersion, Principal, Source};
use catalog::store::Store;
use catalog::{AsOf, Change};

use super::lake::{ADA, Setup, gzip};
use crate::erase::answer::FindAnswer;
use crate::erase::{FindOptions, Identifier, PlanOptions, find, plan};
use crate::pipeline::crawl;

async fn crawled() -> Setup {
    let customers: String = (1..60)
        .map(|n| {
            format!("C-{n:04},{},{}\n", if n == 17 { ADA.into() } else { format!("p{n}@x.example") }, n % 3)
        })
        .collect();
    let orders: String = (1..200).map(|n| format!("{n},C-{:04},{}\n", n % 60, n * 3)).collect();
    let contacts = format!(
        "[\n  {{\"name\": \"Ada\", \"mail\": \"{ADA}\"}},\n  {{\"name\": \"Bob\", \"mail\": \"bob@x.example\"}}\n]\n"
    );
    let setup = Setup::with(BTreeMap::from([
        ("crm/customers.csv", format!("customer_id,email,region_id\n{customers}").into_bytes()),
        ("sales/orders.csv.gz", gzip(format!("order_id,customer_id,cents\n{orders}").as_bytes())),
        ("contacts.json", contacts.into_bytes()),
        ("noise.csv", b"id,email\n1,a@x.example\n2,b@x.example\n3,c@x.example\n".to_vec()),
    ]));
    crawl(&setup.officer().ctx, &setup.lakes[0]).await.unwrap();
    setup
}

fn places(answer: &FindAnswer) -> Vec<(String, Option<String>, Option<u64>)> {
    answer.places.iter().map(|place| (place.path.clone(), place.column.clone(), place.row)).collect()
}

fn place(path: &str, column: &str, row: u64) -> (String, Option<String>, Option<u64>) {
    (path.into(), Some(column.into()), Some(row))
}

#[tokio::test]
async fn the_index_leads_to_every_place_and_reads_no_other_blob() {
    let setup = crawled().await;
    let answer = find(&setup.officer(), &setup.ada(), FindOptions::default()).await.unwrap();
    let mut expected = vec![place("contacts.json", "mail", 0), place("crm/customers.csv", "email", 16)];
    expected.sort();
    assert_eq!(places(&answer), expected);
    assert_eq!((answer.blobs_read, answer.not_searched.len()), (2, 0), "{:?}", answer.not_searched);
    assert!(answer.places.iter().all(|place| place.confirmed && !place.changed_since_crawl));
    let scanned = find(&setup.officer(), &setup.ada(), FindOptions { scan: true, ..FindOptions::default() })
        .await
        .unwrap();
    assert_eq!((places(&scanned), scanned.blobs_read), (expected, 4));

    let nobody = vec![Identifier::parse("email=nobody@x.example").unwrap()];
    assert!(find(&setup.officer(), &nobody, FindOptions::default()).await.unwrap().places.is_empty());
    setup.write("contacts.json", format!("[{{\"mail\": \"{ADA}\"}}]").as_bytes());
    let stale = find(&setup.officer(), &setup.ada(), FindOptions::default()).await.unwrap();
    assert!(stale.places.iter().any(|place| place.path == "contacts.json" && place.changed_since_crawl));
}

#[tokio::test]
async fn her_rows_lead_to_tables_that_never_mention_her() {
    let setup = crawled().await;
    let answer = find(&setup.officer(), &setup.ada(), FindOptions { expand: true, ..FindOptions::default() })
        .await
        .unwrap();
    let ids: Vec<_> = answer.expansions.iter().map(|one| (one.id.as_str(), one.hop)).collect();
    assert!(ids.contains(&("customer_id=C-0017", 1)), "{ids:?}");
    assert!(!ids.iter().any(|(id, _)| id.starts_with("region_id")), "a region is not hers: {ids:?}");
    let orders = answer
        .places
        .iter()
        .filter(|place| place.path == "sales/orders.csv.gz" && place.kind == "KEY:customer_id");
    assert_eq!(orders.count(), 4, "17, 77, 137 and 197");

    let both: Vec<_> =
        setup.ada().into_iter().chain([Identifier::parse("customer_id=C-0017").unwrap()]).collect();
    let planned = crate::erase::plan(&setup.officer(), &both, Default::default()).await.unwrap();
    let steps: Vec<_> =
        planned.steps.iter().map(|step| (step.path.as_deref().unwrap(), step.rows_removed)).collect();
    assert_eq!(steps, [("contacts.json", 1), ("crm/customers.csv", 1), ("sales/orders.csv.gz", 4)]);
}

#[tokio::test]
async fn keys_of_a_map_that_are_addresses_reach_no_catalog_and_still_lead_to_her() {
    let users = format!(
        "{{\"{ADA}\": {{\"city\": \"Turin\"}}, \"bob@x.example\": {{\"city\": \"Oslo\"}}, \"carl@x.example\": {{\"city\": \"Ulm\"}}}}\n"
    );
    let setup = Setup::with(BTreeMap::from([
        ("users.json", users.clone().into_bytes()),
        ("users.ndjson", users.repeat(3).into_bytes()),
        ("headless.csv", format!("{ADA},Turin,1\nbob@x.example,Oslo,2\ncarl@x.example,Ulm,3\n").into_bytes()),
    ]));
    crawl(&setup.officer().ctx, &setup.lakes[0]).await.unwrap();
    let entries = setup.store.scan(&[], &[255; 65], usize::MAX).unwrap();
    for bytes in entries.into_iter().flat_map(|(key, value)| [key, value]) {
        for value in [ADA, "bob@x.example"] {
            let found = bytes.windows(value.len()).any(|window| window == value.as_bytes());
            assert!(!found, "{value} in {}", String::from_utf8_lossy(&bytes));
        }
    }
    let answer = find(&setup.officer(), &setup.ada(), FindOptions::default()).await.unwrap();
    let paths: std::collections::BTreeSet<_> =
        answer.places.iter().map(|place| place.path.as_str()).collect();
    assert_eq!(paths.len(), 3, "{paths:?}");
}

/// As after a release or a configuration that recognises more: what is indexed lacks identifiers that lookup would confirm.
#[tokio::test]
async fn an_index_of_before_what_is_recognised_now_is_not_believed() {
    let setup = crawled().await;
    let officer = setup.officer();
    let catalog = &officer.ctx.catalog;
    let versions = catalog.all::<BlobVersion>(AsOf::Now).unwrap();
    let mut changes: Vec<_> = versions.iter().map(|version| Change::purge_tokens(version.artifact)).collect();
    for source in catalog.all::<Source>(AsOf::Now).unwrap() {
        changes.push(Change::put(&Source { recognised: None, ..source }).unwrap());
    }
    catalog.commit(&Principal::system(), &changes).unwrap();
    let answer = find(&officer, &setup.ada(), FindOptions::default()).await.unwrap();
    assert!(answer.places.is_empty());
    assert!(answer.not_searched[0].reason.contains("crawl it again"), "{:?}", answer.not_searched);
    let planned = plan(&officer, &setup.ada(), PlanOptions::default()).await.unwrap();
    assert_eq!(planned.steps.len(), 2, "the plan reads every blob instead");
    assert_eq!(crawl(&officer.ctx, &setup.lakes[0]).await.unwrap().read, 4);
    let answer = find(&officer, &setup.ada(), FindOptions::default()).await.unwrap();
    assert_eq!((answer.places.len(), answer.not_searched.len()), (2, 0));
}

fn epochs(setup: &Setup, keys: &[u32]) {
    let epochs = keys.iter().map(|epoch| IndexHasher::new(*epoch, &[*epoch as u8 + 40; 32])).collect();
    setup.officer().ctx.catalog.env().hasher.set_epochs(epochs).unwrap();
}

#[tokio::test]
async fn a_new_key_is_taken_over_crawl_by_crawl_and_an_old_one_can_go() {
    let setup = crawled().await;
    let officer = setup.officer();
    let look = async |as_of| {
        let options = FindOptions { as_of, ..FindOptions::default() };
        let answer = find(&officer, &setup.ada(), options).await.unwrap();
        (answer.places.len(), answer.not_searched)
    };
    assert_eq!(look(AsOf::Now).await, (2, Vec::new()));
    // As if the folder of keys had been lost: the key has the same number, and is another one.
    epochs(&setup, &[1]);
    let (places, unsearched) = look(AsOf::Now).await;
    assert!(places == 0 && unsearched[0].reason.contains("key"), "{unsearched:?}");
    let planned = plan(&officer, &setup.ada(), PlanOptions::default()).await.unwrap();
    assert_eq!(planned.steps.len(), 2, "the plan reads every blob instead");
    assert_eq!(crawl(&officer.ctx, &setup.lakes[0]).await.unwrap().read, 4, "a crawl indexes anew");
    assert_eq!(look(AsOf::Now).await, (2, Vec::new()));
    let then = AsOf::Time(officer.ctx.catalog.env().clock.now());

    epochs(&setup, &[1, 2]);
    assert_eq!(look(AsOf::Now).await, (2, Vec::new()), "both are read while crawls catch up");
    assert_eq!(crawl(&officer.ctx, &setup.lakes[0]).await.unwrap().read, 4);
    assert_eq!(crawl(&officer.ctx, &setup.lakes[0]).await.unwrap().read, 0, "once");
    epochs(&setup, &[2]);
    assert_eq!(look(AsOf::Now).await, (2, Vec::new()), "nothing leans on the old one");
    let (places, unsearched) = look(then).await;
    assert_eq!(places, 0, "its part of the index says nothing any more");
    assert!(unsearched.iter().any(|one| one.reason.contains("key")), "{unsearched:?}");
}
