//! No byte of a canary person in the catalog, the keys, the logs or the answers of people without the right.

use fixtures::people::people;
use fixtures::{CANARY_EMAIL, LakeOptions, write_lake};
use headwater_tests::{Daemon, Headwater, peer};

use crate::erase::erase;

const LAKE: LakeOptions = LakeOptions { seed: 11, people: 60, days: 3 };

/// Every spelling of every person's values that we would recognise in a file of ours.
fn canaries() -> Vec<Vec<u8>> {
    let values = people(LAKE.seed, LAKE.people).into_iter().flat_map(|person| {
        [
            person.email.clone(),
            person.email.to_uppercase(),
            person.phone.clone(),
            person.iban.clone(),
            person.name,
        ]
    });
    values.map(String::into_bytes).collect()
}

fn expect_no_canary(headwater: &Headwater, when: &str) {
    let canaries = canaries();
    for (path, bytes) in headwater.files() {
        for canary in &canaries {
            let found = bytes.windows(canary.len()).any(|window| window == canary.as_slice());
            assert!(!found, "{when}: {} holds {}", path.display(), String::from_utf8_lossy(canary));
        }
    }
    let log = headwater.logged();
    assert!(log.contains("crawl{run="), "the log was kept");
    expect_clean_log(&log, when);
}

fn expect_clean_log(log: &str, when: &str) {
    for canary in canaries() {
        let canary = String::from_utf8(canary).unwrap();
        assert!(!log.contains(&canary), "{when}: the log holds {canary}");
    }
}

#[test]
fn no_personal_value_is_written_by_crawl_find_or_erase() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    write_lake(&lake, LAKE).unwrap();
    let headwater = Headwater::in_folder(folder.path()).with("HEADWATER_LOG", "trace");
    let crawled = headwater.run(["crawl", lake.to_str().unwrap()]).expect(0);
    for canary in canaries() {
        let canary = String::from_utf8(canary).unwrap();
        assert!(!crawled.stdout.contains(&canary), "the summary holds {canary}");
    }
    expect_no_canary(&headwater, "after crawl");
    headwater.run(["subject", "find", "--json", "--id", &format!("email={CANARY_EMAIL}")]).expect(0);
    expect_no_canary(&headwater, "after find");
    erase(&headwater, lake.to_str().unwrap());
    expect_no_canary(&headwater, "after erase");
}

#[test]
fn no_personal_value_is_logged_counted_or_told_by_the_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    write_lake(&lake, LAKE).unwrap();
    let lake = lake.to_str().unwrap();
    let headwater = Headwater::in_folder(folder.path()).with("HEADWATER_LOG", "trace");
    headwater.run(["crawl", lake, "--json"]).expect(0);
    let roles = ["viewer", "steward", "privacy_officer", "approver"];
    let tokens = roles.map(|role| headwater.token(role, &format!("{role}-1")));
    let daemon = Daemon::start(&headwater, &[]);
    let arguments = [&daemon.url, lake, CANARY_EMAIL].into_iter().chain(tokens.iter().map(String::as_str));
    // The script looks at answers and metrics itself.
    peer("rest.py", arguments).expect(0);
    let log = daemon.end();
    assert!(log.contains("operation=\"subject_find\""), "the log was kept: {log}");
    expect_clean_log(&log, "after the daemon served");
    expect_no_canary(&headwater, "after the daemon served");
}
