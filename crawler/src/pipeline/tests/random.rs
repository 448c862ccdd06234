//! Whatever happens to a lake between crawls, an incremental crawl leaves what a full one would.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Write(u8, u8),
    Delete(u8),
    Rename(u8, u8),
    Crawl,
}

fn steps(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0..15_u8, 0..11_u8).prop_map(|(path, content)| Step::Write(path, content)),
        2 => (0..15_u8).prop_map(Step::Delete),
        2 => (0..15_u8, 0..15_u8).prop_map(|(from, to)| Step::Rename(from, to)),
        2 => Just(Step::Crawl),
    ];
    proptest::collection::vec(step, count)
}

fn path(number: u8) -> String {
    match number % 5 {
        4 => format!("t/_delta_log/{:020}.json", number / 5),
        0 => format!("events/dt=2024-05-0{}/part-0.csv", number / 5 + 1),
        1 => format!("crm/people_{}.csv", number / 5),
        2 => format!("logs/app.log.{}", number / 5),
        _ => format!("t/part-{}", number / 5),
    }
}

fn content(number: u8) -> Vec<u8> {
    match number {
        0 => people(12),
        1 => people(13),
        2 => b"id,kind,at\n1,open,2024-05-01\n2,shut,2024-05-02\n".to_vec(),
        3 => b"id,kind,at,size\n1,open,2024-05-01,5\n2,shut,2024-05-02,6\n".to_vec(),
        4 => b"2024-05-01 12:00:00 INFO a\n2024-05-01 12:00:01 WARN b\n".to_vec(),
        5 => Vec::new(),
        6 => b"a,b\n1,\"torn".to_vec(),
        7 => vec![0, 1, 2, 200, 255, 0],
        8 => b"{\"add\":{\"path\":\"part-0\"}}\n{\"remove\":{\"path\":\"part-1\"}}\n".to_vec(),
        9 => b"{\"add\":{\"path\":\"part-1\"}}\n".to_vec(),
        _ => b"Dear Ada Berg, write to ada.berg@mail.example.\n".to_vec(),
    }
}

async fn apply(store: &Arc<InMemory>, ctx: &Ctx, there: &mut BTreeSet<u8>, step: &Step) {
    match step {
        Step::Write(at, what) => {
            put(store, &path(*at), &content(*what)).await;
            there.insert(*at);
        }
        Step::Delete(at) => {
            if there.remove(at) {
                store.delete(&path(*at).as_str().into()).await.unwrap();
            }
        }
        Step::Rename(from, to) => {
            if from != to && there.remove(from) {
                store.rename(&path(*from).as_str().into(), &path(*to).as_str().into()).await.unwrap();
                there.insert(*to);
            }
        }
        Step::Crawl => {
            crawl(ctx, &lake(store)).await.unwrap();
        }
    }
}

/// The blob that copies were told to come from is overwritten: the copies must then be told of each other.
#[tokio::test(flavor = "multi_thread")]
async fn copies_of_what_is_overwritten_are_linked_anew() {
    let (store, ctx, mut there) = (Arc::new(InMemory::new()), fresh(), BTreeSet::new());
    let steps = [
        Step::Write(2, 1),
        Step::Write(0, 1),
        Step::Write(6, 1),
        Step::Crawl,
        Step::Write(2, 2),
        Step::Crawl,
    ];
    for step in &steps {
        apply(&store, &ctx, &mut there, step).await;
    }
    let anew = fresh();
    crawl(&anew, &lake(&store)).await.unwrap();
    assert_eq!(parting(&ctx, &anew), None);
}

/// Where a store that was crawled between changes parts from one that is crawled afresh after all of them.
fn parted(steps: &[Step]) -> Option<(Option<String>, Option<String>)> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (store, ctx, mut there) = (Arc::new(InMemory::new()), fresh(), BTreeSet::new());
        for step in steps.iter().chain([&Step::Crawl]) {
            apply(&store, &ctx, &mut there, step).await;
        }
        let anew = fresh();
        crawl(&anew, &lake(&store)).await.unwrap();
        parting(&ctx, &anew)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn incremental_crawls_end_where_a_full_one_does(steps in steps(1..20)) {
        prop_assert_eq!(parted(&steps), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_thousand_changes_end_where_a_full_crawl_does(steps in steps(1_000..1_001)) {
        prop_assert_eq!(parted(&steps), None);
    }
}
