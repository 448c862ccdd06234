//! The daemon: tokens and roles, the REST API, OpenLineage from an unchanged client, and the command line through it.

use fixtures::{CANARY_EMAIL, LakeOptions, write_lake};
use headwater_tests::{Daemon, Headwater, peer};

#[test]
fn the_daemon_serves_programs_pipelines_and_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    write_lake(&lake, LakeOptions { seed: 9, people: 40, days: 3 }).unwrap();
    let lake = lake.to_str().unwrap();
    let headwater = Headwater::in_folder(folder.path());
    headwater.run(["crawl", lake, "--json"]).expect(0);
    let tokens: Vec<String> = ["viewer", "steward", "privacy_officer", "approver"]
        .iter()
        .map(|role| headwater.token(role, &format!("{role}-1")))
        .collect();
    let daemon = Daemon::start(&headwater, &[]);
    let arguments = [&daemon.url, lake, CANARY_EMAIL].into_iter().chain(tokens.iter().map(String::as_str));
    let checked = peer("rest.py", arguments).expect(0);
    assert!(checked.stdout.contains("all answered"), "{}", checked.stdout);

    // The directory is locked by the daemon; the command line asks it instead.
    let datasets = headwater.run(["datasets", "--json"]).expect(0).lines();
    assert!(datasets.len() > 5, "{datasets:?}");
    drop(daemon);
    assert_eq!(
        headwater.run(["datasets", "--json"]).expect(0).lines(),
        datasets,
        "down again, it opens the directory"
    );
}
