//! Help, exit codes, JSON shapes and refusals.

use std::fs;

use fixtures::{CANARY_EMAIL, LakeOptions, write_lake};
use headwater_tests::Headwater;

const COMMANDS: [&[&str]; 20] = [
    &["key", "destroy"],
    &["annotate"],
    &["sniff"],
    &["scan"],
    &["crawl"],
    &["datasets"],
    &["lineage"],
    &["search"],
    &["sql"],
    &["schema", "infer"],
    &["schema", "validate"],
    &["subject", "find"],
    &["subject", "package"],
    &["erase", "plan"],
    &["erase", "approve"],
    &["erase", "run"],
    &["erase", "certificate"],
    &["serve"],
    &["token", "create"],
    &["catalog", "export"],
];

#[test]
fn every_command_has_help_with_an_example() {
    let folder = tempfile::tempdir().unwrap();
    let headwater = Headwater::in_folder(folder.path());
    for command in COMMANDS {
        let help = headwater.run(command.iter().chain(&["--help"])).expect(0).stdout;
        assert!(help.contains("Example") && help.contains("headwater "), "{command:?}:\n{help}");
    }
}

#[test]
fn wrong_use_is_told_apart_from_failure_and_from_nothing_found() {
    let folder = tempfile::tempdir().unwrap();
    let headwater = Headwater::in_folder(folder.path());
    headwater.run(["no-such-command"]).expect(2);
    headwater.run(["subject", "find", "--id", "email=not an address"]).expect(2);
    headwater.run(["subject", "find", "--id", "email=nobody@nowhere.example"]).expect(1);
    headwater.run(["erase", "show", "no-such-plan"]).expect(3);
    headwater.run(["crawl", "/no/such/folder"]).expect(3);
    let config = folder.path().join("headwater.toml");
    fs::write(&config, "crawl_intervall = 3\n").unwrap();
    let answer = headwater.run(["datasets", "--config", config.to_str().unwrap()]).expect(2);
    assert!(
        answer.stderr.contains("crawl_intervall") && answer.stderr.contains("headwater.toml"),
        "{}",
        answer.stderr
    );
}

#[test]
fn nobody_looks_up_more_identifiers_than_the_configuration_lets() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("headwater.toml");
    fs::write(&config, "[limits]\nlookups_per_hour = 2\n").unwrap();
    let headwater = Headwater::in_folder(folder.path()).with("HEADWATER_CONFIG", config.to_str().unwrap());
    let ids = ["a", "b", "c"].map(|name| format!("email={name}@nowhere.example"));
    let find = |ids: &[String]| {
        let ids = ids.iter().flat_map(|id| ["--id", id]);
        headwater.run(["subject", "find"].into_iter().chain(ids))
    };
    find(&ids[..2]).expect(1);
    let refused = find(&ids).expect(3);
    assert!(refused.stderr.contains("lookups_per_hour"), "{}", refused.stderr);
    let log = headwater.run(["audit", "list", "--json"]).expect(0).stdout;
    assert!(log.contains("3 identifiers") && log.contains("refused"), "{log}");
}

#[test]
fn json_answers_have_the_shapes_that_programs_rely_on() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    write_lake(&lake, LakeOptions { seed: 3, people: 40, days: 3 }).unwrap();
    let lake = lake.to_str().unwrap();
    let headwater = Headwater::in_folder(folder.path());
    let has = |line: &serde_json::Value, keys: &[&str]| {
        for key in keys {
            assert!(line.get(key).is_some(), "{key} is missing in {line}");
        }
    };
    let file = format!("{lake}/landing/crm/customers.csv");
    let gz = format!("{lake}/exports/partner/customers.ndjson.gz");
    let sniffed = headwater.run(["sniff", "--json", &file, &gz]).expect(0).lines();
    has(&sniffed[0], &["path", "format", "media_type", "layers", "confidence"]);
    assert_eq!((sniffed[0]["format"].as_str(), sniffed[1]["format"].as_str()), (Some("csv"), Some("ndjson")));
    let scanned = headwater.run(["scan", "--json", &file]).expect(0).lines();
    has(&scanned[0], &["path", "kind", "row", "confidence"]);

    headwater.run(["crawl", lake, "--json"]).expect(0);
    let datasets = headwater.run(["datasets", "--json", "--files"]).expect(0).lines();
    let orders =
        datasets.iter().find(|dataset| dataset["root"] == "raw/orders").expect("orders are one dataset");
    has(orders, &["root", "format", "compression", "partition_keys", "csv", "blobs", "schema", "files"]);
    assert_eq!(orders["partition_keys"], serde_json::json!(["year", "month", "day"]));
    assert_eq!(orders["files"].as_array().map(Vec::len), Some(3));
    assert_eq!(orders["csv"], serde_json::json!({"delimiter": ",", "header": true}));
    let edges = headwater.run(["lineage", "--json"]).expect(0).lines();
    has(&edges[0], &["from", "to", "kind", "direction_known", "reported_by", "confidence", "evidence"]);
    let edge = |from: &str, to: &str| edges.iter().any(|edge| edge["from"] == from && edge["to"] == to);
    assert!(edge("landing/crm/customers.csv", "backups/2024-05/customers.csv"), "a copy is seen");
    headwater.run(["search", "--json", "customers"]).expect(0);
    let total =
        headwater.run(["sql", "--json", "select count(*) as n from headwater.blobs"]).expect(0).lines();
    assert!(total[0]["n"].as_i64() > Some(20), "{total:?}");
}

#[test]
fn a_package_holds_the_persons_records_and_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    write_lake(&lake, LakeOptions { seed: 4, people: 40, days: 3 }).unwrap();
    let headwater = Headwater::in_folder(folder.path());
    headwater.run(["crawl", lake.to_str().unwrap(), "--json"]).expect(0);
    let id = format!("email={CANARY_EMAIL}");
    let out = folder.path().join("package");
    let package = ["subject", "package", "--id", &id, "--expand", "--out", out.to_str().unwrap()];
    let made = headwater.run(package).expect(0);
    assert!(made.stdout.is_empty() && made.stderr.contains("records"), "{made:?}");
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&read("manifest.json")).unwrap();
    let records = read("data.ndjson");
    assert_eq!(manifest["records"].as_u64(), Some(records.lines().count() as u64));
    assert!(records.lines().count() >= 12, "{manifest}");
    for file in manifest["files"].as_array().unwrap() {
        let bytes = fs::read(out.join(file["name"].as_str().unwrap())).unwrap();
        assert_eq!(file["bytes"].as_u64(), Some(bytes.len() as u64));
    }
    let others = fixtures::people::people(4, 40).into_iter().map(|person| person.email);
    let others: Vec<_> = others.filter(|email| email != CANARY_EMAIL && records.contains(email)).collect();
    assert!(others.is_empty(), "other people's addresses are in it: {others:?}");
    let page = read("index.html");
    assert!(page.contains(CANARY_EMAIL) && page.contains("The data that is held about you"));
    headwater.run(package).expect(3);
    let nobody = folder.path().join("nobody.zip");
    let nobody =
        ["subject", "package", "--id", "email=nobody@nowhere.example", "--out", nobody.to_str().unwrap()];
    headwater.run(nobody).expect(1);
}
