//! The person's rows, from every format and member, with other people's data masked where a row is shared.

use std::collections::BTreeMap;

use super::lake::{ADA, Setup, zip_of};
use crate::erase::{FindOptions, Rows, find};

#[tokio::test]
async fn the_rows_of_a_person_are_given_and_others_are_masked() {
    let customers =
        format!("id,email,phone,city\n1,{ADA},+49 30 901820,Turin\n2,bob@x.example,+49 30 901821,Oslo\n");
    let log = format!(
        "2026-01-01 10:00:00 INFO {ADA} sent a file to bob@x.example\n2026-01-01 10:00:01 INFO stop\n"
    );
    let archive = zip_of(&[("customers.csv", customers.as_bytes())]);
    let setup = Setup::with(BTreeMap::from([
        ("crm/customers.csv", customers.into_bytes()),
        ("logs/app.log", log.into_bytes()),
        ("backup/all.zip", archive),
    ]));
    crate::pipeline::crawl(&setup.officer().ctx, &setup.lakes[0]).await.unwrap();
    let options = FindOptions { rows: Some(Rows::MaskOthers), ..FindOptions::default() };
    let found = find(&setup.officer(), &setup.ada(), options).await.unwrap();
    let told: Vec<String> = found
        .rows
        .iter()
        .map(|row| {
            let values = row.values.iter().map(|(name, texts)| format!("{name}={}", texts.join("|")));
            format!(
                "{}!{} {} {}: {}",
                row.path,
                row.member,
                row.row,
                row.masked,
                values.collect::<Vec<_>>().join(" ")
            )
        })
        .collect();
    let customer = format!("id=1 email={ADA} phone=+49 30 901820 city=Turin");
    assert_eq!(
        told,
        [
            format!("backup/all.zip!customers.csv 0 0: {customer}"),
            format!("crm/customers.csv! 0 0: {customer}"),
            format!(
                "logs/app.log! 0 1: line=2026-01-01 10:00:00 INFO {ADA} sent a file to [EMAIL_ADDRESS of somebody else]"
            ),
        ]
    );
    let kept = FindOptions { rows: Some(Rows::KeepOthers), ..FindOptions::default() };
    let found = find(&setup.officer(), &setup.ada(), kept).await.unwrap();
    assert!(
        found.rows.iter().any(|row| row.values.iter().any(|(_, texts)| texts[0].contains("bob@x.example")))
    );
    let silent = find(&setup.officer(), &setup.ada(), FindOptions::default()).await.unwrap();
    assert!(silent.rows.is_empty(), "values come only where they are asked for");
}
