//! Bad input and bad luck as users meet them: a clear anomaly or error each, nothing lost, nothing half done.

use std::fs;
use std::path::Path;

use fixtures::{CANARY_EMAIL, LakeOptions, write_lake};
use headwater_tests::{Flaky, Headwater, Moto, peer};

use crate::erase::erase;

const LAKE: LakeOptions = LakeOptions { seed: 21, people: 40, days: 3 };

#[test]
fn bad_blobs_are_anomalies_and_stop_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    let expected = peer("bad_blobs.py", [&lake]).expect(0).json();
    let config = folder.path().join("headwater.toml");
    fs::write(&config, "[limits]\ndecoded_bytes_max = 268435456\nmembers_max = 1000\n").unwrap();
    let headwater = Headwater::in_folder(folder.path()).with("HEADWATER_CONFIG", config.to_str().unwrap());
    let crawled = headwater.run(["crawl", lake.to_str().unwrap(), "--json"]).expect(0).json();
    assert_eq!(crawled["read"].as_u64(), Some(expected.as_object().unwrap().len() as u64), "{crawled}");
    let anomalies =
        headwater.run(["sql", "--json", "select path, kind, reason from headwater.anomalies"]).expect(0);
    let anomalies = anomalies.lines();
    for (path, kind) in expected.as_object().unwrap() {
        let of_path: Vec<_> = anomalies.iter().filter(|anomaly| anomaly["path"] == path.as_str()).collect();
        match kind.as_str() {
            None => assert!(of_path.is_empty(), "{path} is whole: {of_path:?}"),
            Some(kind) => {
                let named = of_path.iter().find(|anomaly| anomaly["kind"] == kind);
                let named = named.unwrap_or_else(|| panic!("{path} is {kind}: {of_path:?}"));
                assert!(named["reason"].as_str().is_some_and(|reason| reason.len() > 8), "{named}");
            }
        }
    }
    let rows =
        headwater.run(["sql", "--json", "select path, rows from headwater.blobs where path like 'good/%'"]);
    assert!(
        rows.expect(0).lines().iter().all(|row| row["rows"] == 500),
        "good blobs beside bad ones are read whole"
    );
}

#[test]
fn a_store_that_fails_now_and_then_changes_nothing_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    write_lake(&lake, LAKE).unwrap();
    let moto = Moto::start();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    peer("bucket.py", [&moto.endpoint, "lake", &text(&lake)]).expect(0);
    let flaky = Flaky::before(&moto);
    let mut headwater = Headwater::in_folder(folder.path());
    for (name, value) in moto.environment() {
        let value = if name == "AWS_ENDPOINT_URL" { flaky.url.as_str() } else { value };
        headwater = headwater.with(name, value);
    }
    erase(&headwater, "s3://lake/");
    drop(flaky);
    let after = folder.path().join("after");
    peer("independent.py", ["s3", &moto.endpoint, "lake", &text(&after)]).expect(0);
    peer("independent.py", ["hits", &text(&after), CANARY_EMAIL]).expect(0);
    let now = text(&after.join("current"));
    peer("independent.py", ["compare", &text(&lake), &now, CANARY_EMAIL]).expect(0);
}

#[test]
fn a_store_that_is_down_is_an_error_that_says_so_and_the_record_stays() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    write_lake(&lake, LAKE).unwrap();
    let moto = Moto::start();
    peer("bucket.py", [&moto.endpoint, "lake", lake.to_str().unwrap()]).expect(0);
    let mut headwater = Headwater::in_folder(folder.path());
    for (name, value) in moto.environment() {
        headwater = headwater.with(name, value);
    }
    headwater.run(["crawl", "s3://lake/", "--json"]).expect(0);
    let known = headwater.run(["datasets", "--json", "--files"]).expect(0).stdout;
    drop(moto);
    let down = headwater.run(["crawl", "s3://lake/"]).expect(3);
    assert!(down.stderr.contains("list"), "{}", down.stderr);
    assert_eq!(
        headwater.run(["datasets", "--json", "--files"]).expect(0).stdout,
        known,
        "nothing was taken for deleted"
    );
    let found = headwater.run(["subject", "find", "--id", &format!("email={CANARY_EMAIL}")]);
    assert!(found.stderr.contains("not searched"), "what could not be read is told: {}", found.stderr);
}

#[test]
fn a_missing_right_and_a_stale_plan_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    write_lake(&lake, LAKE).unwrap();
    let headwater = Headwater::in_folder(folder.path());
    headwater.run(["crawl", lake.to_str().unwrap(), "--json"]).expect(0);
    let id = format!("email={CANARY_EMAIL}");
    let viewer = headwater.token("viewer", "vera");
    for command in
        [&["subject", "find", "--id", &id][..], &["erase", "plan", "--id", &id], &["sql", "select 1"]]
    {
        let refused = headwater.run_as(&viewer, command).expect(3);
        assert!(refused.stdout.is_empty() && !refused.stderr.contains(CANARY_EMAIL), "{}", refused.stderr);
    }
    headwater.run_as(&viewer, ["datasets"]).expect(0);
    headwater.run_as("hwt_no_such_token", ["datasets"]).expect(3);

    let planned = headwater.run(["erase", "plan", "--json", "--id", &id]).expect(0).json();
    let (request, plan, hash) =
        (&planned["request"], planned["plan"].as_str().unwrap(), planned["hash"].as_str().unwrap());
    let again =
        headwater.run(["erase", "plan", "--json", "--request", request.as_str().unwrap()]).expect(0).json();
    let approver = headwater.token("approver", "bob");
    headwater.run_as(&approver, ["erase", "approve", plan, "--hash", hash]).expect(3);
    headwater.run(["erase", "run", plan, "--hash", hash]).expect(3);
    let (plan, hash) = (again["plan"].as_str().unwrap(), again["hash"].as_str().unwrap());
    headwater.run_as(&approver, ["erase", "approve", plan, "--hash", hash]).expect(0);

    // A hold stops an approved plan, and lets it go on once it is lifted and planned anew.
    let under = format!("{}/landing", lake.to_str().unwrap());
    let held = headwater
        .run(["erase", "hold", "--under", &under, "--reason", "court order 7", "--json"])
        .expect(0)
        .json();
    let ran = headwater.run(["erase", "run", plan, "--hash", hash]);
    assert!(ran.code == Some(1) && ran.stderr.contains("court order 7"), "{ran:?}");
    assert_eq!(headwater.run(["erase", "holds", "--json"]).expect(0).lines().len(), 1);
    headwater.run(["erase", "lift", held["hold"].as_str().unwrap()]).expect(0);
    let last =
        headwater.run(["erase", "plan", "--json", "--request", request.as_str().unwrap()]).expect(0).json();
    let (plan, hash) = (last["plan"].as_str().unwrap(), last["hash"].as_str().unwrap());
    headwater.run_as(&approver, ["erase", "approve", plan, "--hash", hash]).expect(0);
    headwater.run(["erase", "run", plan, "--hash", hash]).expect(0);
    headwater.run(["erase", "verify", plan]).expect(0);
    headwater.run(["erase", "certificate", plan, "--json"]).expect(0);
}
