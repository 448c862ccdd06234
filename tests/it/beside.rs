//! User metadata, headers and tags on real servers of S3, Azure and Google Cloud Storage: found, taken away while all else stays, and told where the store denies them.

use headwater_tests::clouds::Cloud;
use headwater_tests::{Flaky, Headwater, Moto, peer};
use serde_json::Value;

const EMAIL: &str = "zoe@mail.example";

fn lake(moto: &Moto, endpoint: &str) -> (tempfile::TempDir, Headwater) {
    peer("beside.py", ["make", &moto.endpoint, "lake", EMAIL]).expect(0);
    let folder = tempfile::tempdir().unwrap();
    let mut headwater = Headwater::in_folder(folder.path());
    for (name, value) in moto.environment() {
        let value = if name == "AWS_ENDPOINT_URL" { endpoint } else { value };
        headwater = headwater.with(name, value);
    }
    headwater.run(["crawl", "s3://lake/", "--json"]).expect(0);
    (folder, headwater)
}

fn places(headwater: &Headwater) -> Vec<(String, String, String)> {
    let found = headwater.run(["subject", "find", "--json", "--id", &format!("email={EMAIL}")]).expect(0);
    let text = |place: &Value, key: &str| place[key].as_str().unwrap_or_default().to_owned();
    let told = |place: &Value| (text(place, "path"), text(place, "place"), text(place, "column"));
    let mut places: Vec<_> = found.lines().iter().map(told).collect();
    places.sort();
    places
}

/// From plan to verification; gives the plan and what the verification said.
fn erase(headwater: &Headwater) -> (String, Value) {
    let id = format!("email={EMAIL}");
    let planned = headwater.run(["erase", "plan", "--json", "--id", &id]).expect(0).json();
    let (plan, hash) = (planned["plan"].as_str().unwrap(), planned["hash"].as_str().unwrap());
    let approver = headwater.token("approver", "bob");
    headwater.run_as(&approver, ["erase", "approve", plan, "--hash", hash]).expect(0);
    headwater.run(["erase", "run", plan, "--hash", hash, "--dry-run"]).expect(0);
    headwater.run(["erase", "run", plan, "--hash", hash]).expect(0);
    (plan.to_owned(), headwater.run(["erase", "verify", plan, "--json"]).json())
}

#[test]
fn a_person_goes_from_metadata_headers_and_tags_and_all_else_stays() {
    let moto = Moto::start();
    let (folder, headwater) = lake(&moto, &moto.endpoint);
    let expected = [
        ("all.csv", "cell", "email"),
        ("all.csv", "tag", "owner"),
        ("all.csv", "user metadata", "uploaded-by"),
        ("disposition.csv", "header", "content-disposition"),
        ("elsewhere.csv", "cell", "email"),
        ("encoded.csv", "user metadata", "by"),
        ("kept.csv", "cell", "email"),
        ("metadata.csv", "user metadata", "uploaded-by"),
        ("redirect.csv", "header", "x-amz-website-redirect-location"),
        ("shared.csv", "cell", "email"),
        ("tagged.csv", "tag", "owner"),
    ];
    let expected = expected.map(|(path, place, column)| (path.into(), place.into(), column.into()));
    assert_eq!(places(&headwater), expected);
    let query = "SELECT kind FROM headwater.findings WHERE path = 'disposition.csv' AND feature IS NULL";
    let found = headwater.run(["sql", query, "--json"]).expect(0).lines();
    assert!(found.iter().any(|row| row["kind"] == "EMAIL_ADDRESS"), "under a file name's endings: {found:?}");
    let (plan, verified) = erase(&headwater);
    assert_eq!(
        (&verified["hits"], verified["not_searched"].as_array().unwrap().len()),
        (&0.into(), 0),
        "{verified}"
    );
    let certificate = headwater.run(["erase", "certificate", &plan, "--json"]).expect(0).stdout;
    assert!(certificate.contains("\"status\":\"complete\""), "{certificate}");
    peer("beside.py", ["check", &moto.endpoint, "lake", EMAIL]).expect(0);
    headwater.run(["subject", "find", "--id", &format!("email={EMAIL}")]).expect(1);
    for (path, bytes) in headwater.files() {
        let holds = bytes.windows(EMAIL.len()).any(|window| window == EMAIL.as_bytes());
        assert!(!holds, "{} in {}", EMAIL, path.display());
    }
    drop(folder);
}

fn metadata_and_headers_go_while_the_bytes_stay(cloud: &Cloud, kind: &str, name: &str, unsearched: &str) {
    peer("beside.py", [&format!("{kind}-make"), &cloud.endpoint, "carried", EMAIL]).expect(0);
    let folder = tempfile::tempdir().unwrap();
    let mut headwater = Headwater::in_folder(folder.path());
    for (name, value) in cloud.environment() {
        headwater = headwater.with(name, value);
    }
    headwater.run(["crawl", &cloud.url("carried"), "--json"]).expect(0);
    let expected = [
        ("disposition.csv", "header", "content-disposition"),
        ("metadata.csv", "user metadata", name),
        ("rows.csv", "cell", "email"),
        ("rows.csv", "user metadata", name),
    ];
    let expected = expected.map(|(path, place, column)| (path.into(), place.into(), column.into()));
    assert_eq!(places(&headwater), expected);
    let (_, verified) = erase(&headwater);
    assert_eq!(verified["hits"], 0, "{verified}");
    assert!(verified["not_searched"].to_string().contains(unsearched), "{verified}");
    peer("beside.py", [&format!("{kind}-check"), &cloud.endpoint, "carried", EMAIL]).expect(0);
}

#[test]
fn metadata_on_azure() {
    metadata_and_headers_go_while_the_bytes_stay(&Cloud::azure(), "azure", "uploaded_by", "index tags");
}

#[test]
fn metadata_on_google_cloud_storage() {
    metadata_and_headers_go_while_the_bytes_stay(&Cloud::google(), "gcs", "by", "contexts of objects");
}

#[test]
fn a_store_that_denies_tags_is_crawled_and_every_answer_says_so() {
    let moto = Moto::start();
    let denying = Flaky::denying_tags(&moto);
    let (_folder, headwater) = lake(&moto, &denying.url);
    let id = format!("email={EMAIL}");
    let found = headwater.run(["subject", "find", "--json", "--id", &id]).expect(0);
    assert!(found.stderr.matches("tags were not searched").count() == 1, "{}", found.stderr);
    assert!(places(&headwater).iter().all(|(_, place, _)| place != "tag"));
    let planned = headwater.run(["erase", "plan", "--json", "--id", &id]).expect(0).json();
    let of_tags = |answer: &Value| {
        let reasons = answer["not_searched"].as_array().unwrap().iter();
        reasons.filter(|one| one["reason"].as_str().unwrap().starts_with("tags were not searched")).count()
    };
    assert_eq!(of_tags(&planned), 1, "{planned}");
    let verified = headwater.run(["erase", "verify", planned["plan"].as_str().unwrap(), "--json"]).json();
    assert_eq!(of_tags(&verified), 1, "{verified}");
}
