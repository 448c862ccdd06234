//! What a policy asks for, from plan to certificate: values replaced, blobs deleted, places reported; and wrong values put right.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalog::model::{PlanId, Rule, RuleMethod};

use super::lake::{ADA, Setup, gunzip, gzip, unzip, zip_of};
use crate::erase::{Identifier, PlanOptions, Policy, approve, certificate, plan, run, verify};

const CUSTOMERS: &str = "id,email,full_name,phone,amount\n\
    1,ada@mail.example,Ada Byron,+49 30 901820,12.50\n\
    2,bob@x.example,Bob Stone,+49 30 901821,7.25\n\
    3,carl@x.example,Carl Frost,+49 30 901822,9.99\n\
    4,dora@x.example,Dora Winter,+49 30 901823,1.00\n";

fn rule(path: &str, method: RuleMethod) -> Rule {
    Rule { path: Some(path.into()), dataset: None, kind: None, method }
}

fn orders() -> String {
    let line = |n: u32| {
        let email = if n.is_multiple_of(7) { ADA.to_uppercase() } else { format!("p{n}@x.example") };
        format!("{{\"order\": {n},\"email\":\"{email}\" , \"paid\":true}}\r\n")
    };
    (0..30).map(line).collect()
}

fn log() -> String {
    format!(
        "2026-01-01 10:00:00 INFO start\n2026-01-01 10:00:01 INFO login user={ADA} ip=10.1.2.3 ok\n\
         2026-01-01 10:00:02 INFO mail from bob@x.example to {ADA}\n"
    )
}

fn files() -> BTreeMap<&'static str, Vec<u8>> {
    BTreeMap::from([
        ("crm/customers.csv", CUSTOMERS.into()),
        ("sales/orders.ndjson.gz", gzip(orders().as_bytes())),
        ("logs/app.log", log().into_bytes()),
        (
            "profile/one.json",
            format!("{{\n  \"email\": \"{ADA}\",\n  \"theme\": \"dark\"\n}}\n").into_bytes(),
        ),
        ("backup/all.zip", zip_of(&[("customers.csv", CUSTOMERS.as_bytes()), ("readme.txt", b"hello\n")])),
    ])
}

/// Crawls, plans, approves, runs, verifies and certifies; gives the plan's steps by path and the certificate.
async fn through(setup: &Setup, ids: &[Identifier]) -> (BTreeMap<String, (String, Option<String>)>, String) {
    let desk = setup.officer();
    crate::pipeline::crawl(&desk.ctx, &setup.lakes[0]).await.unwrap();
    let answer = plan(&desk, ids, PlanOptions::default()).await.unwrap();
    let id = PlanId(answer.plan.clone());
    approve(&setup.approver(), &id, &answer.hash).await.unwrap();
    let ran = run(&desk, &id, &answer.hash).await.unwrap();
    assert!(ran.refused.is_empty() && ran.failed.is_empty() && ran.open.is_empty(), "{ran:?}");
    verify(&desk, &id.0).await.unwrap();
    let document = certificate(&desk, &id.0).await.unwrap();
    let steps = answer.steps.into_iter();
    (steps.map(|step| (step.path.unwrap(), (step.method.to_owned(), step.reason))).collect(), document)
}

fn under(files: BTreeMap<&str, Vec<u8>>, rules: Vec<Rule>) -> Setup {
    let mut setup = Setup::with(files);
    setup.policy = Arc::new(Policy::new(rules).unwrap());
    setup
}

#[tokio::test]
async fn masked_values_leave_every_row_and_every_other_byte() {
    let setup = under(files(), vec![rule("**", RuleMethod::Mask)]);
    let before = setup.bytes();
    let (steps, document) = through(&setup, &setup.ada()).await;
    assert!(steps.values().all(|(method, reason)| method == "mask" && reason.is_none()), "{steps:?}");
    let after = setup.bytes();
    let text = |name: &str| String::from_utf8(after[name].clone()).unwrap();
    let masked = CUSTOMERS.replace("ada@mail.example,Ada Byron,+49 30 901820", "***,***,***");
    assert_eq!(text("crm/customers.csv"), masked);
    assert_eq!(
        String::from_utf8(gunzip(&after["sales/orders.ndjson.gz"])).unwrap(),
        orders().replace(&ADA.to_uppercase(), "***")
    );
    // Alone in her line she loses her address of the internet too; beside Bob, only what is surely hers.
    let lines = log().replace(&format!("user={ADA} ip=10.1.2.3"), "user=*** ip=***").replace(ADA, "***");
    assert_eq!(text("logs/app.log"), lines);
    assert_eq!(text("profile/one.json"), "{\n  \"email\": \"***\",\n  \"theme\": \"dark\"\n}\n");
    let (old, new) = (unzip(&before["backup/all.zip"]), unzip(&after["backup/all.zip"]));
    assert_eq!(new["customers.csv"], masked.as_bytes());
    assert_eq!(new["readme.txt"], old["readme.txt"]);
    assert!(
        document.contains("\"status\":\"complete\"") && document.contains("\"method\":\"mask\""),
        "{document}"
    );
    setup.expect_no_value(&[ADA, "ADA@MAIL", "Ada Byron"]);
}

#[tokio::test]
async fn pseudonyms_join_across_files_and_spellings() {
    let setup = under(files(), vec![rule("**", RuleMethod::Pseudonymise)]);
    through(&setup, &setup.ada()).await;
    let after = setup.bytes();
    let customers = String::from_utf8(after["crm/customers.csv"].clone()).unwrap();
    let row: Vec<&str> = customers.lines().nth(1).unwrap().split(',').collect();
    assert!(row[1].starts_with("psn_") && row[2].starts_with("psn_") && row[1] != row[2], "{row:?}");
    assert_eq!((row[0], row[4]), ("1", "12.50"));
    let orders = String::from_utf8(gunzip(&after["sales/orders.ndjson.gz"])).unwrap();
    assert_eq!(orders.matches(row[1]).count(), 5, "the same pseudonym for another spelling");
    assert_eq!(String::from_utf8_lossy(&after["logs/app.log"]).matches(row[1]).count(), 2);
    let key = setup.officer().keys.pseudonym_key().unwrap();
    let hasher = catalog::env::SubjectHasher::new(&key);
    assert_eq!(
        row[1],
        format!("psn_{}", hex::encode(hasher.digest("EMAIL_ADDRESS", ADA).0)),
        "keyed, not guessable"
    );
}

#[tokio::test]
async fn what_cannot_be_replaced_goes_and_the_plan_says_why() {
    let yaml = format!("- email: {ADA}\n  n: 1\n- email: bob@x.example\n  n: 2\n");
    let made = tempfile::NamedTempFile::new().unwrap();
    let statements = format!(
        "CREATE TABLE t (email TEXT NOT NULL, n INT); INSERT INTO t VALUES ('{ADA}', 1), ('bob@x.example', 2);"
    );
    rusqlite::Connection::open(made.path()).unwrap().execute_batch(&statements).unwrap();
    let files = BTreeMap::from([
        ("a.yaml", yaml.into_bytes()),
        ("a.db", std::fs::read(made.path()).unwrap()),
        ("a.csv", CUSTOMERS.into()),
    ]);
    let setup = under(files, vec![rule("**", RuleMethod::Null)]);
    let (steps, _) = through(&setup, &setup.ada()).await;
    assert_eq!(steps["a.csv"].0, "null");
    for (name, why) in [("a.yaml", "cannot be replaced in yaml"), ("a.db", "constraint")] {
        let (method, reason) = &steps[name];
        assert_eq!(method, "remove_units", "{name}");
        assert!(reason.as_deref().unwrap().contains(why), "{name}: {reason:?}");
    }
    assert_eq!(setup.bytes()["a.yaml"], b"- email: bob@x.example\n  n: 2\n");
    let csv = CUSTOMERS.replace("ada@mail.example,Ada Byron,+49 30 901820", ",,");
    assert_eq!(setup.bytes()["a.csv"], csv.as_bytes());
}

#[tokio::test]
async fn blobs_go_whole_or_are_reported_where_the_policy_says_so() {
    let rules = vec![rule("sales/**", RuleMethod::DeleteBlob), rule("crm/*.csv", RuleMethod::Report)];
    let setup = under(files(), rules);
    let before = setup.bytes();
    let (steps, document) = through(&setup, &setup.ada()).await;
    assert_eq!(steps["sales/orders.ndjson.gz"].0, "delete_blob");
    assert!(
        steps["sales/orders.ndjson.gz"].1.as_deref().unwrap().contains("25 rows go with it"),
        "{steps:?}"
    );
    assert_eq!(steps["crm/customers.csv"].0, "report");
    assert_eq!(steps["logs/app.log"].0, "remove_units", "without a rule, rows go");
    let after = setup.bytes();
    assert!(!after.contains_key("sales/orders.ndjson.gz"));
    assert_eq!(after["crm/customers.csv"], before["crm/customers.csv"]);
    assert!(document.contains("\"status\":\"partial\""), "what was only reported is not done: {document}");
}

#[tokio::test]
async fn a_wrong_value_is_put_right_everywhere_and_nothing_else_changes() {
    let setup = under(files(), vec![rule("**", RuleMethod::Mask)]);
    let right = "ada.lovelace@mail.example";
    let ids = vec![setup.ada().remove(0).rectified(right).unwrap()];
    let (steps, document) = through(&setup, &ids).await;
    assert!(steps.values().all(|(method, _)| method == "rectify"), "no policy of erasure counts: {steps:?}");
    let after = setup.bytes();
    assert_eq!(after["crm/customers.csv"], CUSTOMERS.replace(ADA, right).as_bytes());
    assert_eq!(after["logs/app.log"], log().replace(ADA, right).as_bytes());
    let orders = orders().replace(&ADA.to_uppercase(), right);
    assert_eq!(gunzip(&after["sales/orders.ndjson.gz"]), orders.as_bytes());
    assert!(document.contains("\"status\":\"complete\""), "{document}");
}

#[tokio::test]
async fn a_wrong_value_that_cannot_be_replaced_is_reported_and_stays() {
    let yaml = format!("- email: {ADA}\n  n: 1\n- email: bob@x.example\n  n: 2\n");
    let setup = Setup::with(BTreeMap::from([("a.yaml", yaml.clone().into_bytes())]));
    let ids = vec![setup.ada().remove(0).rectified("other@mail.example").unwrap()];
    let (steps, document) = through(&setup, &ids).await;
    assert_eq!(steps["a.yaml"].0, "report");
    assert_eq!(setup.bytes()["a.yaml"], yaml.as_bytes());
    assert!(document.contains("\"status\":\"partial\""), "{document}");
    let same = setup.ada().remove(0).rectified("ADA@mail.example").unwrap_err();
    assert!(same.to_string().contains("same"), "{same}");
}
