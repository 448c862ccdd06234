//! A thousand faults between us and the store, by seeds: whatever was refused, lost, late, cut short or written by somebody else
//! in between, whoever repeats the command (and plans again where a step was refused) ends where an undisturbed run ends.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{Attribute, Attributes, ObjectStore, ObjectStoreExt};

use super::bucket::{Bucket, Carried, shared};
use super::lake::{ADA, Setup, gunzip, lines_without, unzip};
use super::versions::limits;
use crate::erase::answer::VerifyAnswer;
use crate::erase::{PlanOptions, approve, certificate, plan, run, verify};
use crate::error::{Kind as ErrorKind, Result};
use crate::source::faulty::{Dice, Faults, Faulty, FaultyVersions, Meddle};
use crate::source::guard::Limits;
use crate::source::{Lake, SourceOptions, Versions};
use catalog::model::{PlanId, RequestId};

/// Faults of all seeds together that have to have happened.
const FAULTS_MIN: u64 = 1_000;
/// Writes of somebody else during one erasure.
const FOREIGN_MAX: usize = 4;
/// Repeats of one command, and plans for one request, after which it counts as never ending.
const REPEATS_MAX: usize = 60;

const FAULTS: Faults =
    Faults { busy: 14, lost: 14, torn: 14, gone: 0, conflict: 24, late: 32, slow: 10, foreign: 0 };

/// What a lake lies in.
#[derive(Clone)]
enum Kind {
    /// A store that keeps versions, tags and uploads.
    Versioned(Arc<Bucket>),
    /// One that does not.
    Plain(Arc<InMemory>),
}

/// All bytes, by path and whether they are the current ones; and what stands beside them.
type State = (BTreeMap<(String, bool), Vec<Vec<u8>>>, Carried);

impl Kind {
    async fn filled(versioned: bool) -> Self {
        if !versioned {
            let store = InMemory::new();
            for (path, bytes) in super::files() {
                store.put(&path.into(), bytes.into()).await.unwrap();
            }
            return Self::Plain(Arc::new(store));
        }
        let bucket = shared();
        for (path, bytes) in super::files() {
            // An old version with the person in it, too.
            bucket.put_carrying(path, &bytes, Attributes::new(), "").await;
            bucket.put_carrying(path, &bytes, Attributes::new(), "team=crm").await;
        }
        let customers = &super::files()["crm/customers.csv"];
        bucket.put_carrying("deleted.csv", customers, Attributes::new(), "").await;
        bucket.mark_deleted("deleted.csv").await;
        let metadata =
            [(Attribute::Metadata("uploaded-by".into()), ADA), (Attribute::ContentType, "text/csv")];
        let metadata: Attributes =
            metadata.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        let others = &super::files()["crm/others.csv"];
        bucket.put_carrying("metadata.csv", others, metadata, "team=crm").await;
        let tags = "owner=ada%40mail.example&team=crm";
        bucket.put_carrying("tag.csv", others, Attributes::new(), tags).await;
        Self::Versioned(bucket)
    }

    fn store(&self) -> Arc<dyn ObjectStore> {
        match self {
            Self::Versioned(bucket) => bucket.clone(),
            Self::Plain(store) => store.clone(),
        }
    }

    async fn state(&self) -> State {
        match self {
            Self::Versioned(bucket) => (bucket.all_bytes().await, bucket.all_carried().await),
            Self::Plain(store) => {
                let mut all = BTreeMap::new();
                for path in super::files().keys() {
                    if let Ok(got) = store.get(&Path::from(*path)).await {
                        all.insert(((*path).to_owned(), true), vec![got.bytes().await.unwrap().to_vec()]);
                    }
                }
                (all, Carried::new())
            }
        }
    }

    /// A setup with this lake, behind faults if there are dice; and the door to what comes late.
    fn lake(&self, limits: Limits, dice: Option<&Arc<Dice>>) -> (Lake, Option<Arc<Faulty>>) {
        let options = SourceOptions { limits, ..SourceOptions::default() };
        let faulty = dice.map(|dice| Arc::new(Faulty::by(self.store(), dice.clone())));
        let store: Arc<dyn ObjectStore> = match &faulty {
            Some(faulty) => faulty.clone(),
            None => self.store(),
        };
        let lake = Lake::over("s3://lake", store, &options).unwrap();
        let lake = match (self, dice) {
            (Self::Plain(_), _) => lake,
            (Self::Versioned(bucket), None) => lake.with_versions(bucket.clone()),
            (Self::Versioned(bucket), Some(dice)) => {
                let versions: Arc<dyn Versions> = bucket.clone();
                lake.with_versions(Arc::new(FaultyVersions::by(versions, dice.clone())))
            }
        };
        (lake, faulty)
    }
}

/// Where the person stands in what is stored, layers and archives opened.
fn places_of_her(state: &State) -> Vec<String> {
    let holds = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase().contains(ADA);
    let mut places = Vec::new();
    for ((path, _), versions) in &state.0 {
        for bytes in versions {
            let opened = match path.rsplit_once('.') {
                Some((_, "gz")) => vec![gunzip(bytes)],
                Some((_, "zip")) => {
                    unzip(bytes).into_iter().flat_map(|(name, bytes)| [name.into(), bytes]).collect()
                }
                _ => vec![bytes.clone()],
            };
            if holds(path.as_bytes()) || opened.iter().any(|bytes| holds(bytes)) {
                places.push(path.clone());
            }
        }
    }
    let beside = state.1.iter().filter(|(_, (attributes, tags))| {
        attributes.iter().chain(tags).any(|(_, value)| holds(value.as_bytes()))
    });
    places.extend(beside.map(|((path, _), _)| format!("beside {path}")));
    places
}

/// Two states are the same; what differs is told by its place. An etag of bytes alone does not tell a write that changes metadata only
/// from its repeat, so a lost answer may leave one more version there: the same bytes, and nothing of the person.
fn expect_same(now: &State, expected: &State, told: &str) {
    let is_repeat = |path: &str, latest: bool| path == "metadata.csv" && !latest;
    let compared = |state: &State| {
        let mut bytes = state.0.clone();
        bytes.retain(|(path, latest), _| !is_repeat(path, *latest));
        bytes
    };
    let (now_bytes, expected_bytes) = (compared(now), compared(expected));
    assert!(now_bytes.keys().eq(expected_bytes.keys()), "{told}: {:?}", now_bytes.keys());
    for (place, bytes) in &now_bytes {
        assert!(*bytes == expected_bytes[place], "{told}: bytes of {place:?}");
    }
    for bytes in now.0.get(&("metadata.csv".to_owned(), false)).into_iter().flatten() {
        assert_eq!(*bytes, super::files()["crm/others.csv"], "{told}");
    }
    for ((path, version), carried) in &now.1 {
        let place = if path == "metadata.csv" { 0 } else { *version };
        assert_eq!(*carried, expected.1[&(path.clone(), place)], "{told}: beside {path}");
    }
}

/// Repeats what a store that does not answer broke off.
async fn again<T>(told: &str, command: impl AsyncFn() -> Result<T>) -> T {
    let mut last = String::new();
    for _ in 0..REPEATS_MAX {
        match command().await {
            Ok(answer) => return answer,
            Err(error) if matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Conflict) => {
                last = error.to_string()
            }
            Err(error) => panic!("{told}: {error}"),
        }
    }
    panic!("{told}: it never ends: {last}")
}

/// How an erasure went.
#[derive(Debug, Default)]
struct Course {
    runs: usize,
    refused: usize,
    plans: usize,
}

/// From plan to certificate, each command repeated until it ends, planned again while something is left. A `hasty` officer asks
/// for the certificate at once, whatever the verification said.
async fn erase(setup: &Setup, hasty: bool, others_write: &AtomicBool, told: &str) -> (Course, String) {
    let mut course = Course::default();
    let mut request: Option<RequestId> = None;
    while course.plans < REPEATS_MAX {
        course.plans += 1;
        others_write.store(true, Ordering::SeqCst);
        let identifiers = if request.is_some() { Vec::new() } else { setup.ada() };
        let options = PlanOptions { request: request.clone(), ..PlanOptions::default() };
        let planned = again(told, async || plan(&setup.officer(), &identifiers, options.clone()).await).await;
        request = Some(RequestId(planned.request.clone()));
        let id = PlanId(planned.plan);
        approve(&setup.approver(), &id, &planned.hash).await.unwrap();
        let answer = loop {
            course.runs += 1;
            let answer = run(&setup.officer(), &id, &planned.hash)
                .await
                .unwrap_or_else(|error| panic!("{told}: {error}"));
            assert!(answer.failed.is_empty(), "{told}: {answer:?}");
            if answer.open.is_empty() {
                break answer;
            }
            assert!(course.runs < REPEATS_MAX, "{told}: {answer:?}");
        };
        course.refused += answer.refused.len();
        // What somebody writes after it was looked at is no part of what a certificate says.
        others_write.store(false, Ordering::SeqCst);
        let verified = verified(setup, &id, hasty, told).await;
        let is_clean = verified.hits == 0 && verified.not_searched.is_empty();
        if is_clean || hasty {
            match certificate(&setup.officer(), &id.0).await {
                Ok(document) => return (course, document),
                Err(error) => assert_eq!(error.kind, ErrorKind::Conflict, "{told}: {error}"),
            }
        }
    }
    panic!("{told}: it never ends: {course:?}")
}

/// What a fresh look finds; repeated while it cannot read all, unless the officer is `hasty`.
async fn verified(setup: &Setup, plan: &PlanId, hasty: bool, told: &str) -> VerifyAnswer {
    for _ in 0..REPEATS_MAX {
        let verified = again(told, async || verify(&setup.officer(), &plan.0).await).await;
        if hasty || verified.not_searched.is_empty() {
            return verified;
        }
    }
    panic!("{told}: it never reads all")
}

fn limits_of(seed: u64) -> Limits {
    // Every other lake uploads all in parts.
    let single_put_bytes_max = if seed.is_multiple_of(2) { u64::MAX } else { 0 };
    Limits { single_put_bytes_max, ..limits(1 + (seed % 3) as u32) }
}

#[tokio::test]
async fn a_thousand_faults_change_nothing_in_the_end() {
    let mut happened: BTreeMap<&str, u64> = BTreeMap::new();
    for versioned in [true, false] {
        let calm = Kind::filled(versioned).await;
        let setup = Setup::over(tempfile::tempdir().unwrap(), vec![calm.lake(limits(0), None).0]);
        erase(&setup, false, &AtomicBool::default(), "undisturbed").await;
        let expected = calm.state().await;
        assert!(places_of_her(&expected).is_empty());
        let until = happened.values().sum::<u64>() + FAULTS_MIN / 2;
        for seed in 0.. {
            let lake = Kind::filled(versioned).await;
            let dice = Dice::new(FAULTS, seed, None);
            let (faulty, late) = lake.lake(limits_of(seed), Some(&dice));
            let setup = Setup::over(tempfile::tempdir().unwrap(), vec![faulty]);
            let told = format!("seed {seed}, versioned {versioned}");
            let (course, document) = erase(&setup, seed % 3 == 0, &AtomicBool::default(), &told).await;
            let told = format!("{told}, {course:?}");
            let complete = document.contains("\"status\":\"complete\"");
            let now = lake.state().await;
            assert!(!complete || places_of_her(&now).is_empty(), "{told}: {:?}", places_of_her(&now));
            if complete {
                late.unwrap().catch_up(true).await;
                expect_same(&lake.state().await, &expected, &told);
                setup.expect_no_value(&["ada@mail.example"]);
            }
            for (fault, count) in dice.happened() {
                *happened.entry(fault).or_default() += count;
            }
            if happened.values().sum::<u64>() > until {
                break;
            }
        }
    }
    let all: Vec<_> = happened.keys().copied().collect();
    assert_eq!(all, ["busy", "conflict", "late", "lost", "slow", "torn"], "{happened:?}");
}

/// What somebody else wrote: paths and bytes, the last write last.
type Foreign = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// Somebody else who adds a row to plain files: to what is there, or (as whoever read it long ago) to what was there before
/// the erasure, the person in it.
fn somebody_else(lake: &Kind, written: &Foreign, others_write: &Arc<AtomicBool>) -> Meddle {
    let (store, written, others_write) = (lake.store(), written.clone(), others_write.clone());
    Arc::new(move |path| {
        let (store, written, is_away) =
            (store.clone(), written.clone(), !others_write.load(Ordering::SeqCst));
        async move {
            let number = written.lock().unwrap().len();
            if is_away || number == FOREIGN_MAX {
                return;
            }
            let Some(before) = super::files().remove(&*path).filter(|_| path.starts_with("crm/")) else {
                return;
            };
            let Ok(got) = store.get(&Path::from(&*path)).await else { return };
            let there = got.bytes().await.unwrap().to_vec();
            let mut bytes = if number.is_multiple_of(2) { there } else { before };
            bytes.extend_from_slice(format!("{};guest{number}@x.example;Bern\r\n", bytes.len()).as_bytes());
            store.put(&Path::from(&*path), bytes.clone().into()).await.unwrap();
            written.lock().unwrap().push((path, bytes));
        }
        .boxed()
    })
}

#[tokio::test]
async fn what_somebody_else_writes_meanwhile_is_never_lost() {
    let (mut foreign, mut refused) = (0, 0);
    for versioned in [true, false] {
        for seed in 0..24 {
            let lake = Kind::filled(versioned).await;
            let (written, others_write) = (Foreign::default(), Arc::new(AtomicBool::default()));
            let faults = Faults { foreign: 12, ..FAULTS };
            let dice = Dice::new(faults, 1_000 + seed, Some(somebody_else(&lake, &written, &others_write)));
            let setup =
                Setup::over(tempfile::tempdir().unwrap(), vec![lake.lake(limits_of(seed), Some(&dice)).0]);
            let told = format!("seed {seed}, versioned {versioned}");
            let (course, document) = erase(&setup, false, &others_write, &told).await;
            let now = lake.state().await;
            assert!(document.contains("\"status\":\"complete\""), "{told}: {document}");
            let written = written.lock().unwrap().clone();
            for (path, bytes) in &written.iter().cloned().collect::<BTreeMap<_, _>>() {
                let expected = [lines_without(bytes, ADA)];
                assert_eq!(now.0[&(path.clone(), true)], expected, "{told}, {course:?}: {path}");
            }
            (foreign, refused) = (foreign + written.len(), refused + course.refused);
        }
    }
    assert!(foreign > 20 && refused > 5, "{foreign} files written by somebody else, {refused} steps refused");
}
