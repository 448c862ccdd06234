//! One person erased from Delta tables, which delta-rs then reads and writes on.

use std::fs;

use headwater_tests::{Headwater, copy_folder, peer};

#[test]
fn a_delta_table_is_read_and_written_on_after_an_erasure() {
    let folder = tempfile::tempdir().unwrap();
    let (before, lake) = (folder.path().join("before"), folder.path().join("lake"));
    fs::create_dir(&before).unwrap();
    peer("delta.py", ["make".as_ref(), before.as_os_str()]).expect(0);
    copy_folder(&before, &lake);
    let headwater = Headwater::in_folder(folder.path());
    headwater.run(["crawl", lake.to_str().unwrap()]).expect(0);
    let planned =
        headwater.run(["erase", "plan", "--json", "--id", "email=ada@mail.example"]).expect(0).json();
    let (plan, hash) = (planned["plan"].as_str().unwrap(), planned["hash"].as_str().unwrap());
    let approver = headwater.token("approver", "bob");
    headwater.run_as(&approver, ["erase", "approve", plan, "--hash", hash]).expect(0);
    headwater.run(["erase", "run", plan, "--hash", hash]).expect(0);
    headwater.run(["erase", "verify", plan]).expect(0);
    let certificate = headwater.run(["erase", "certificate", plan, "--json"]).expect(0).stdout;
    assert!(certificate.contains("\"status\":\"complete\""), "{certificate}");
    let compared = ["check".as_ref(), before.as_os_str(), lake.as_os_str(), "ada@mail.example".as_ref()];
    peer("delta.py", compared).expect(0);
}
