//! Every read can be asked as of a past time.

use std::fs;

use fixtures::{CANARY_EMAIL, LakeOptions, write_lake};
use headwater_tests::{Headwater, Moto, peer};

/// Reads of the record, each with what it answers before anything changes.
fn reads() -> Vec<Vec<String>> {
    let find = format!("email={CANARY_EMAIL}");
    let reads: [&[&str]; 13] = [
        &["datasets", "--json", "--files"],
        &["schema", "show", "--json"],
        &["schema", "show", "crm_customers", "--json"],
        &["lineage", "--json"],
        &["lineage", "landing/crm/customers.csv", "--down", "--json"],
        &["runs", "--json"],
        &["search", "--json", "customers"],
        &["search", "--json", "--limit", "1000", "column:email"],
        &["sql", "--json", "select path, size, format from headwater.blobs order by path"],
        &["sql", "--json", "select name, rows from headwater.datasets order by name"],
        &["subject", "find", "--json", "--id", &find],
        &["erase", "list", "--json"],
        &["erase", "holds", "--json"],
    ];
    reads.iter().map(|read| read.iter().map(|word| (*word).to_owned()).collect()).collect()
}

fn sorted(answer: &headwater_tests::Answer) -> Vec<String> {
    // How well a hit fits depends on what else is in an index, and its place in the list on nothing else.
    let line = |mut line: serde_json::Value| {
        line.as_object_mut().map(|fields| fields.remove("score"));
        line.to_string()
    };
    let mut lines: Vec<String> = answer.lines().into_iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn every_read_answers_as_of_a_past_time() {
    let folder = tempfile::tempdir().unwrap();
    let (older, newer) = (folder.path().join("older"), folder.path().join("newer"));
    write_lake(&older, LakeOptions { seed: 5, people: 40, days: 3 }).unwrap();
    write_lake(&newer, LakeOptions { seed: 5, people: 44, days: 4 }).unwrap();
    fs::write(newer.join("landing/crm/customers.csv"), "other,columns\n1,2\n").unwrap();
    let moto = Moto::start();
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let mut headwater = Headwater::in_folder(folder.path());
    for (name, value) in moto.environment() {
        headwater = headwater.with(name, value);
    }
    // A bucket that keeps versions can be read as it was; the second upload comes after the first crawl.
    peer("bucket.py", [&moto.endpoint, "lake", &text(&older)]).expect(0);
    headwater.run(["crawl", "s3://lake/", "--json"]).expect(0);
    headwater.run(["erase", "hold", "--under", "s3://lake/raw", "--reason", "a dispute"]).expect(0);
    let find = format!("email={CANARY_EMAIL}");
    let planned = headwater.run(["erase", "plan", "--json", "--id", &find]).expect(0).json();
    let request = planned["request"].as_str().unwrap();
    let then = jiff::Timestamp::now().to_string();
    let before: Vec<Vec<String>> =
        reads().iter().map(|read| sorted(&headwater.run(read).expect(0))).collect();
    peer("bucket.py", [&moto.endpoint, "lake", &text(&newer)]).expect(0);
    headwater.run(["crawl", "s3://lake/", "--json"]).expect(0);
    let hold = headwater.run(["erase", "holds", "--json"]).expect(0).lines()[0]["id"].clone();
    headwater.run(["erase", "lift", hold.as_str().unwrap()]).expect(0);
    headwater.run(["erase", "plan", "--json", "--id", &find, "--request", request]).expect(0);

    let mut changed = 0;
    for (read, before) in reads().iter().zip(&before) {
        let now = sorted(&headwater.run(read));
        changed += usize::from(now != *before);
        let past = read.iter().map(String::as_str).chain(["--as-of", &then]);
        assert_eq!(sorted(&headwater.run(past).expect(0)), *before, "{read:?}");
    }
    assert!(changed >= 9, "the second crawl changed what most reads say, {changed} of them");
    let count = ["sql", "--json", "select count(*) as n from crm_customers"];
    let past = count.iter().copied().chain(["--as-of", then.as_str()]);
    assert_eq!(headwater.run(past).expect(0).lines()[0]["n"], 40, "the old version's rows");
    assert_ne!(headwater.run(count).code, Some(2));
}
