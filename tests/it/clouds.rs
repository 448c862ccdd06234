//! Google Cloud Storage and Azure Blob Storage against running servers: crawled, crawled again, and a person erased from them.

use std::fs;

use fixtures::{CANARY_EMAIL, LakeOptions, write_lake};
use headwater_tests::clouds::Cloud;
use headwater_tests::{Headwater, peer};
use serde_json::Value;

use crate::erase::erase;

const SMALL: LakeOptions = LakeOptions { seed: 7, people: 60, days: 3 };

fn crawl(headwater: &Headwater, url: &str) -> Value {
    headwater.run(["crawl", url, "--json"]).expect(0).json()
}

/// Crawls, changes, crawls again and erases, on any store.
fn line_over(cloud: &Cloud) {
    let folder = tempfile::tempdir().unwrap();
    let before = folder.path().join("before");
    write_lake(&before, SMALL).unwrap();
    cloud.ask("put", "lake", &before, &[]).expect(0);
    let mut headwater = Headwater::in_folder(folder.path());
    for (name, value) in cloud.environment() {
        headwater = headwater.with(name, value);
    }
    let url = cloud.url("lake");
    let first = crawl(&headwater, &url);
    let files = first["new"].as_u64().unwrap();
    assert!(files > 20 && first["listed"].as_u64() == Some(files), "{first}");
    let local = Headwater::in_folder(&folder.path().join("local"));
    crawl(&local, before.to_str().unwrap());
    let told = |headwater: &Headwater| {
        let mut rows = headwater.run(["datasets", "--json", "--files"]).expect(0).lines();
        rows.iter_mut().for_each(|row| {
            for key in ["id", "uri"] {
                row.as_object_mut().unwrap().remove(key);
            }
        });
        rows
    };
    assert_eq!(told(&headwater), told(&local), "what is said of a lake does not hang on the store");

    let again = crawl(&headwater, &url);
    assert_eq!(
        (&again["unchanged"], &again["new"], &again["changed"]),
        (&first["new"], &0.into(), &0.into())
    );
    fs::write(before.join("landing/added.csv"), "id,name\n1,a\n").unwrap();
    let mut customers = fs::read_to_string(before.join("landing/crm/customers.csv")).unwrap();
    customers.push_str(customers.lines().last().unwrap().to_owned().as_str());
    customers.push('\n');
    fs::write(before.join("landing/crm/customers.csv"), customers).unwrap();
    cloud.ask("put", "lake", &before, &["landing/added.csv", "landing/crm/customers.csv"]).expect(0);
    cloud.ask("delete", "lake", &before, &["backups/2024-05/customers.csv"]).expect(0);
    let changed = crawl(&headwater, &url);
    assert_eq!(
        (&changed["new"], &changed["changed"], &changed["deleted"]),
        (&1.into(), &1.into(), &1.into()),
        "{changed}"
    );

    cloud.ask("put", "lake", &before, &["backups/2024-05/customers.csv"]).expect(0);
    erase(&headwater, &url);
    let after = folder.path().join("after");
    cloud.ask("get", "lake", &after, &[]).expect(0);
    let (before, after) = (before.to_str().unwrap(), after.to_str().unwrap());
    peer("independent.py", ["compare", before, after, CANARY_EMAIL]).expect(0);
}

/// Somebody writes between the plan and its execution: that blob is left alone and told.
fn a_moved_blob_is_refused_on(cloud: &Cloud) {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    fs::create_dir(&lake).unwrap();
    let people = |last: &str| format!("id,email\n1,ada@mail.example\n2,bo@mail.example\n3,{last}\n");
    for name in ["one.csv", "two.csv"] {
        fs::write(lake.join(name), people("cy@mail.example")).unwrap();
    }
    cloud.ask("put", "moved", &lake, &[]).expect(0);
    let mut headwater = Headwater::in_folder(folder.path());
    for (name, value) in cloud.environment() {
        headwater = headwater.with(name, value);
    }
    crawl(&headwater, &cloud.url("moved"));
    let planned =
        headwater.run(["erase", "plan", "--json", "--id", "email=ada@mail.example"]).expect(0).json();
    let (plan, hash) = (planned["plan"].as_str().unwrap(), planned["hash"].as_str().unwrap());
    let approver = headwater.token("approver", "bob");
    headwater.run_as(&approver, ["erase", "approve", plan, "--hash", hash]).expect(0);
    fs::write(lake.join("two.csv"), people("dora@mail.example")).unwrap();
    cloud.ask("put", "moved", &lake, &["two.csv"]).expect(0);
    let run = headwater.run(["erase", "run", plan, "--hash", hash, "--json"]);
    assert_ne!(run.code, Some(0), "a step was refused: {run:?}");
    let after = folder.path().join("after");
    cloud.ask("get", "moved", &after, &[]).expect(0);
    let read = |name: &str| fs::read_to_string(after.join(name)).unwrap();
    assert_eq!(read("one.csv"), "id,email\n2,bo@mail.example\n3,cy@mail.example\n");
    assert_eq!(read("two.csv"), people("dora@mail.example"), "what nobody planned for stays");
}

#[test]
fn google_cloud_storage_from_crawl_to_certificate() {
    let cloud = Cloud::google();
    line_over(&cloud);
    a_moved_blob_is_refused_on(&cloud);
}

#[test]
fn azure_blob_storage_from_crawl_to_certificate() {
    let cloud = Cloud::azure();
    line_over(&cloud);
    a_moved_blob_is_refused_on(&cloud);
}

/// A folder behind a plain web server: its pages are its listing. Nothing can be changed there, and whoever asks is told.
#[test]
fn a_web_servers_listing_is_crawled_and_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (root, local) = (folder.path().join("www"), folder.path().join("local"));
    let lake = root.join("data/lake");
    write_lake(&lake, SMALL).unwrap();
    let odd = lake.join("landing/odd names & all");
    fs::create_dir_all(&odd).unwrap();
    fs::write(odd.join("50% café #1.csv"), "id,name\n1,a\n2,b\n").unwrap();
    let server = WebServer::start(&root);
    let headwater = Headwater::in_folder(folder.path());
    let url = format!("{}/data/lake", server.url);
    let first = crawl(&headwater, &url);
    let on_disk = Headwater::in_folder(&local);
    crawl(&on_disk, lake.to_str().unwrap());
    let files = |headwater: &Headwater| {
        let rows = headwater.run(["datasets", "--json", "--files"]).expect(0).lines();
        rows.iter().map(|row| (row["name"].clone(), row["files"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(files(&headwater), files(&on_disk));
    assert!(files(&headwater).iter().any(|(_, files)| files.to_string().contains("50% café #1.csv")));
    let again = crawl(&headwater, &url);
    assert_eq!((&again["unchanged"], &again["changed"]), (&first["new"], &0.into()), "{again}");
    fs::remove_dir_all(&odd).unwrap();
    let again = crawl(&headwater, &url);
    assert_eq!((&again["deleted"], &again["new"]), (&1.into(), &0.into()), "{again}");

    let id = format!("email={CANARY_EMAIL}");
    let places = headwater.run(["subject", "find", "--json", "--id", &id]).expect(0).lines();
    assert!(places.len() >= 12, "every trace is found, not only {}", places.len());
    let refused = headwater.run(["erase", "plan", "--json", "--id", &id]).expect(3);
    assert!(refused.stderr.contains("neither entity tag nor version"), "{}", refused.stderr);
}

/// Python's web server over a folder; it goes with the value.
struct WebServer {
    process: std::process::Child,
    url: String,
}

impl WebServer {
    fn start(folder: &std::path::Path) -> Self {
        let port = headwater_tests::free_port();
        let mut command = headwater_tests::peers("python");
        command
            .args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string(), "--directory"])
            .arg(folder);
        let quiet = std::process::Stdio::null;
        let process = command.stdout(quiet()).stderr(quiet()).spawn().unwrap();
        headwater_tests::wait_for_port(port);
        Self { process, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
