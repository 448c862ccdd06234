//! One person erased from the sample lake, on files and on S3, checked by other people's tools.

use std::fs;
use std::path::Path;

use fixtures::{CANARY_EMAIL, LakeOptions, write_lake};
use headwater_tests::{Headwater, Moto, copy_folder, peer};

const SMALL: LakeOptions = LakeOptions { seed: 7, people: 60, days: 3 };

/// Takes a request from crawl to certificate and gives the certificate.
pub(crate) fn erase(headwater: &Headwater, lake: &str) -> String {
    headwater.run(["crawl", lake, "--json"]).expect(0);
    let id = format!("email={CANARY_EMAIL}");
    let places = headwater.run(["subject", "find", "--json", "--id", &id]).expect(0).lines();
    assert!(places.len() >= 12, "every trace is found, not only {}", places.len());
    assert!(places.iter().all(|place| place["confirmed"] == true), "a lookup confirms in the bytes");

    let planned = headwater.run(["erase", "plan", "--json", "--id", &id]).expect(0).json();
    let (plan, hash) = (planned["plan"].as_str().unwrap(), planned["hash"].as_str().unwrap());
    let own = headwater.run(["erase", "approve", plan, "--hash", hash]).expect(3);
    assert!(
        own.stderr.contains("somebody else"),
        "an own approval is refused with a way out: {}",
        own.stderr
    );
    headwater.run(["erase", "run", plan, "--hash", hash]).expect(3);
    let approver = headwater.token("approver", "bob");
    headwater.run_as(&approver, ["erase", "approve", plan, "--hash", &"0".repeat(64)]).expect(3);
    headwater.run_as(&approver, ["erase", "approve", plan, "--hash", hash]).expect(0);
    headwater.run(["erase", "run", plan, "--hash", hash]).expect(0);
    headwater.run(["erase", "verify", plan]).expect(0);
    headwater.run(["erase", "certificate", plan, "--json"]).expect(0).stdout
}

fn check_certificate(certificate: &str, folder: &Path) {
    let file = folder.join("certificate.json");
    let check = || peer("verify_certificate.py", [&file]);
    fs::write(&file, certificate).unwrap();
    check().expect(0);
    Headwater::in_folder(folder).run(["erase", "certificate", "--verify", file.to_str().unwrap()]).expect(0);
    // One byte changed in every line that holds a value: each change must be noticed.
    let place = certificate.find("\"plan_hash\"").unwrap() + 20;
    let mut forged = certificate.as_bytes().to_vec();
    forged[place] = if forged[place] == b'0' { b'1' } else { b'0' };
    fs::write(&file, forged).unwrap();
    assert_ne!(check().code, Some(0), "a changed byte breaks the signature");
    Headwater::in_folder(folder).run(["erase", "certificate", "--verify", file.to_str().unwrap()]).expect(1);
}

#[test]
fn a_person_is_erased_from_files_and_everybody_else_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (before, lake) = (folder.path().join("before"), folder.path().join("lake"));
    write_lake(&before, SMALL).unwrap();
    copy_folder(&before, &lake);
    let headwater = Headwater::in_folder(folder.path());
    let certificate = erase(&headwater, lake.to_str().unwrap());
    peer("independent.py", ["compare".as_ref(), before.as_os_str(), lake.as_os_str(), CANARY_EMAIL.as_ref()])
        .expect(0);
    check_certificate(&certificate, folder.path());
    let id = format!("email={CANARY_EMAIL}");
    headwater.run(["subject", "find", "--id", &id]).expect(1);

    // She comes back with a restored file: the next crawl raises an alarm.
    fs::copy(before.join("landing/crm/customers.csv"), lake.join("landing/crm/restored.csv")).unwrap();
    let again = headwater.run(["crawl", lake.to_str().unwrap(), "--json"]).expect(0);
    assert!(again.stdout.contains("SUPPRESSED_SUBJECT"), "{}", again.stdout);
}

#[test]
fn a_person_is_erased_from_s3_with_all_old_versions() {
    erase_from_s3("");
}

#[test]
fn so_is_it_where_objects_go_up_in_parts() {
    erase_from_s3(
        "[[source]]\nurl = \"s3://lake/\"\nlimits = { single_put_bytes_max = 500, bytes_in_flight_max = 20000 }\n",
    );
}

fn erase_from_s3(configuration: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (older, newer) = (folder.path().join("older"), folder.path().join("newer"));
    write_lake(&older, SMALL).unwrap();
    write_lake(&newer, LakeOptions { people: 62, ..SMALL }).unwrap();
    let moto = Moto::start();
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let uploaded = peer("bucket.py", [&moto.endpoint, "lake", &path(&older), &path(&newer)]).expect(0).json();
    let config = folder.path().join("headwater.toml");
    fs::write(&config, configuration).unwrap();
    let mut headwater = Headwater::in_folder(folder.path()).with("HEADWATER_CONFIG", &path(&config));
    for (name, value) in moto.environment() {
        headwater = headwater.with(name, value);
    }
    let certificate = erase(&headwater, "s3://lake/");
    check_certificate(&certificate, folder.path());

    let after = folder.path().join("after");
    peer("independent.py", ["s3", &moto.endpoint, "lake", &path(&after)]).expect(0);
    peer("independent.py", ["hits", &path(&after), CANARY_EMAIL]).expect(0);
    let now = path(&after.join("current"));
    peer("independent.py", ["compare", &path(&newer), &now, CANARY_EMAIL]).expect(0);
    let etags: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("after.json")).unwrap()).unwrap();
    let in_parts = etags.as_object().unwrap().values().any(|etag| etag.as_str().unwrap().contains('-'));
    assert_eq!(in_parts, !configuration.is_empty(), "{etags}");
    peer("independent.py", ["beside", &moto.endpoint, "lake"]).expect(0);
    for (key, etag) in uploaded.as_object().unwrap() {
        let same_bytes =
            fs::read(newer.join(key)).unwrap() == fs::read(after.join("current").join(key)).unwrap();
        assert_eq!(etags[key] == *etag, same_bytes, "{key}: an untouched object keeps its etag");
    }
}

/// Every layout of Parquet that pyarrow can write, checked by pyarrow: null structs, lists of structs, row groups of one person
/// alone, all codecs, both page versions, Bloom filters, page indexes, checksums, INT96, decimals.
#[test]
fn parquet_of_every_layout_keeps_its_rows_and_settings() {
    let folder = tempfile::tempdir().unwrap();
    let (before, lake) = (folder.path().join("before"), folder.path().join("lake"));
    fs::create_dir(&before).unwrap();
    peer("parquet_erasure.py", ["make".as_ref(), before.as_os_str()]).expect(0);
    copy_folder(&before, &lake);
    let headwater = Headwater::in_folder(folder.path());
    headwater.run(["crawl", lake.to_str().unwrap(), "--json"]).expect(0);
    let planned = headwater.run(["erase", "plan", "--json", "--id", "customer_id=C-0007"]).expect(0).json();
    let (plan, hash) = (planned["plan"].as_str().unwrap(), planned["hash"].as_str().unwrap());
    let approver = headwater.token("approver", "bob");
    headwater.run_as(&approver, ["erase", "approve", plan, "--hash", hash]).expect(0);
    headwater.run(["erase", "run", plan, "--hash", hash]).expect(0);
    headwater.run(["erase", "verify", plan]).expect(0);
    let compared = ["check".as_ref(), before.as_os_str(), lake.as_os_str(), "C-0007".as_ref()];
    peer("parquet_erasure.py", compared).expect(0);
}
