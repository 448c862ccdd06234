//! The whole line over folders of files: one person goes, everybody else's bytes stay, whatever happens on the way.

mod again;
mod around;
mod beside;
mod bucket;
mod engine;
mod faults;
mod find;
mod kill;
mod lake;
mod package;
mod policy;
mod rules;
mod said;
mod versions;

use std::collections::BTreeMap;

use lake::{ADA, Setup, gzip, lines_without, zip_of};

use super::*;
use catalog::model::Role;

fn files() -> BTreeMap<&'static str, Vec<u8>> {
    let customers =
        format!("id;email;city\r\n1;{ADA};Turin\r\n2;bob@x.example;Oslo\r\n3;\"carl@x.example\";\"a;b\"\r\n");
    let orders = (0..100).map(|n| {
        let email = if n % 33 == 0 { ADA.to_uppercase() } else { format!("p{n}@x.example") };
        format!("{{\"order\":{n},\"email\":\"{email}\",\"note\":\"caf\\u00e9 {n}\"}}\n")
    });
    let orders: String = orders.collect();
    let log = format!(
        "2026-01-01 10:00:00 INFO start\n2026-01-01 10:00:01 INFO login user={ADA} ok\n2026-01-01 10:00:02 INFO stop\n"
    );
    let others = "id,email\n7,dora@x.example\n8,emil@x.example\n9,fred@x.example\n";
    BTreeMap::from([
        ("crm/customers.csv", customers.clone().into_bytes()),
        ("crm/others.csv", others.into()),
        ("sales/orders.ndjson.gz", gzip(orders.as_bytes())),
        ("logs/app.log", log.into_bytes()),
        ("exports/ada@mail.example.csv", b"day,steps\n2026-01-01,9\n2026-01-02,12\n".to_vec()),
        (
            "backup/all.zip",
            zip_of(&[
                ("customers.csv", customers.as_bytes()),
                ("others.csv", others.as_bytes()),
                (&format!("{ADA}/a.txt"), b"hi\n"),
            ]),
        ),
    ])
}

#[tokio::test]
async fn one_person_goes_and_everybody_elses_bytes_stay() {
    let setup = Setup::with(files());
    let before = setup.bytes();
    let places = find(&setup.officer(), &setup.ada(), FindOptions { scan: true, ..FindOptions::default() })
        .await
        .unwrap();
    assert!(places.places.is_empty(), "nothing was crawled, so nothing is known");
    let (plan, hash) = setup.approved_plan().await;
    let answer = run(&setup.officer(), &plan, &hash).await.unwrap();
    assert!(answer.refused.is_empty() && answer.failed.is_empty() && answer.open.is_empty(), "{answer:?}");
    let verified = verify(&setup.officer(), &plan.0).await.unwrap();
    assert_eq!((verified.hits, verified.not_searched.len()), (0, 0), "{verified:?}");
    let document = certificate(&setup.officer(), &plan.0).await.unwrap();

    let after = setup.bytes();
    for name in ["crm/customers.csv", "logs/app.log"] {
        assert_eq!(after[name], lines_without(&before[name], ADA), "{name}");
    }
    assert_eq!(after["crm/others.csv"], before["crm/others.csv"]);
    assert!(!after.contains_key("exports/ada@mail.example.csv"), "its path names her");
    assert_eq!(
        lake::gunzip(&after["sales/orders.ndjson.gz"]),
        lines_without(&lake::gunzip(&before["sales/orders.ndjson.gz"]), ADA)
    );

    let (old, new) = (lake::unzip(&before["backup/all.zip"]), lake::unzip(&after["backup/all.zip"]));
    assert_eq!(new["customers.csv"], lines_without(&old["customers.csv"], ADA));
    assert_eq!(new["others.csv"], old["others.csv"]);
    assert_eq!((old.len(), new.len()), (3, 2), "the member that was named for her is gone");

    let public = public_key(&setup.officer()).unwrap();
    let verified = catalog::erasure::certificate::verify_certificate(&document, Some(&public)).unwrap();
    assert_eq!(verified.status, "complete");
    assert_eq!(certificate(&setup.officer(), &plan.0).await.unwrap(), document, "asked again, the same");
    assert!(
        setup.desk("local:x", Role::PrivacyOfficer).keys.request_key(&setup.request()).is_err(),
        "its key is gone"
    );
    setup.expect_no_value(&["ada@mail.example", "ADA@MAIL"]);
}

#[tokio::test]
async fn a_database_with_a_log_beside_it_is_left_alone() {
    let made = tempfile::NamedTempFile::new().unwrap();
    let statements =
        format!("CREATE TABLE t (email TEXT); INSERT INTO t VALUES ('{ADA}'), ('bob@x.example');");
    rusqlite::Connection::open(made.path()).unwrap().execute_batch(&statements).unwrap();
    let database = std::fs::read(made.path()).unwrap();
    let setup = Setup::with(BTreeMap::from([("a.db", database.clone()), ("a.db-wal", vec![7; 64])]));
    let (plan, hash) = setup.approved_plan().await;
    let answer = run(&setup.officer(), &plan, &hash).await.unwrap();
    assert_eq!((answer.failed.len(), answer.done), (1, 0), "{answer:?}");
    assert_eq!(setup.bytes()["a.db"], database);
}

#[tokio::test]
async fn a_file_named_for_her_that_went_before_is_forgotten_too() {
    let rows = format!("id,email\n1,{ADA}\n2,bob@x.example\n");
    let named = format!("exports/{ADA}/all.csv");
    let setup = Setup::with(BTreeMap::from([
        (named.as_str(), rows.clone().into_bytes()),
        ("a.csv", rows.into_bytes()),
    ]));
    crate::pipeline::crawl(&setup.officer().ctx, &setup.lakes[0]).await.unwrap();
    std::fs::remove_dir_all(setup.folder.path().join("lake/exports")).unwrap();
    crate::pipeline::crawl(&setup.officer().ctx, &setup.lakes[0]).await.unwrap();
    let (plan, hash) = setup.approved_plan().await;
    run(&setup.officer(), &plan, &hash).await.unwrap();
    assert_eq!(verify(&setup.officer(), &plan.0).await.unwrap().hits, 0, "no history names her");
    certificate(&setup.officer(), &plan.0).await.unwrap();
    setup.expect_no_value(&[ADA]);
}
