//! Real kills (SIGKILL) of the binary at points spread over a crawl and over an erasure; what was begun is then
//! finished by repeating the command, and the end must be that of an undisturbed run.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use fixtures::{CANARY_EMAIL, LakeOptions, write_lake};
use headwater_tests::{Headwater, copy_folder, peer};

const LAKE: LakeOptions = LakeOptions { seed: 5, people: 40, days: 3 };
/// Kills a test, spread evenly over the time that an undisturbed run takes.
const KILLS: u32 = 18;

/// Starts a command and kills it after some time, unless it ended before.
fn run_and_kill(headwater: &Headwater, arguments: &[&str], after: Duration) {
    let mut command = headwater.command(arguments);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + after;
    while Instant::now() < until && process.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    process.kill().ok();
    process.wait().unwrap();
}

/// What the catalog says of a lake, in an order of its own.
fn state(headwater: &Headwater) -> Vec<String> {
    let mut lines = Vec::new();
    for command in [&["datasets", "--json", "--files"][..], &["lineage", "--json"]] {
        lines.extend(headwater.run(command).expect(0).stdout.lines().map(String::from));
    }
    let blobs = "select path, size, format, digest from headwater.blobs";
    lines.extend(headwater.run(["sql", "--json", blobs]).expect(0).stdout.lines().map(String::from));
    lines.sort();
    lines
}

fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().map(Result::unwrap) {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => {
                    files.push((path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(path).unwrap()))
                }
            }
        }
    }
    files.sort();
    files
}

#[test]
fn a_crawl_killed_anywhere_goes_on_to_the_same_catalog() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    write_lake(&lake, LAKE).unwrap();
    let crawl = ["crawl", lake.to_str().unwrap(), "--json"];
    let undisturbed = Headwater::in_folder(&folder.path().join("undisturbed"));
    std::fs::create_dir(folder.path().join("undisturbed")).unwrap();
    let started = Instant::now();
    undisturbed.run(crawl).expect(0);
    let took = started.elapsed();
    let expected = state(&undisturbed);
    for kill in 0..KILLS {
        let own = folder.path().join(format!("kill{kill}"));
        std::fs::create_dir(&own).unwrap();
        let headwater = Headwater::in_folder(&own);
        run_and_kill(&headwater, &crawl, took * kill / KILLS);
        headwater.run(crawl).expect(0);
        assert_eq!(state(&headwater), expected, "killed after {:?}", took * kill / KILLS);
        headwater.run(["catalog", "check"]).expect(0);
    }
}

#[test]
fn an_erasure_killed_anywhere_goes_on_to_the_same_end() {
    let folder = tempfile::tempdir().unwrap();
    let (before, lake) = (folder.path().join("before"), folder.path().join("lake"));
    write_lake(&before, LAKE).unwrap();
    let id = format!("email={CANARY_EMAIL}");
    let prepare = |name: &str| {
        let own = folder.path().join(name);
        std::fs::create_dir(&own).unwrap();
        std::fs::remove_dir_all(&lake).ok();
        copy_folder(&before, &lake);
        let headwater = Headwater::in_folder(&own);
        headwater.run(["crawl", lake.to_str().unwrap(), "--json"]).expect(0);
        let planned = headwater.run(["erase", "plan", "--json", "--id", &id]).expect(0).json();
        let text = |key: &str| planned[key].as_str().unwrap().to_owned();
        let (plan, hash) = (text("plan"), text("hash"));
        let approver = headwater.token("approver", "bob");
        headwater.run_as(&approver, ["erase", "approve", &plan, "--hash", &hash]).expect(0);
        (headwater, plan, hash)
    };
    let (headwater, plan, hash) = prepare("undisturbed");
    let started = Instant::now();
    headwater.run(["erase", "run", &plan, "--hash", &hash]).expect(0);
    let took = started.elapsed();
    let expected = contents(&lake);
    for kill in 0..KILLS {
        let (headwater, plan, hash) = prepare(&format!("kill{kill}"));
        let run = ["erase", "run", &plan, "--hash", &hash];
        run_and_kill(&headwater, &run, took * kill / KILLS);
        headwater.run(run).expect(0);
        assert!(contents(&lake) == expected, "killed after {:?}: another end", took * kill / KILLS);
        headwater.run(["erase", "verify", &plan]).expect(0);
        headwater.run(["catalog", "check"]).expect(0);
        headwater.run(["erase", "certificate", &plan, "--json"]).expect(0);
    }
    let compared = ["compare".as_ref(), before.as_os_str(), lake.as_os_str(), CANARY_EMAIL.as_ref()];
    peer("independent.py", compared).expect(0);
}
