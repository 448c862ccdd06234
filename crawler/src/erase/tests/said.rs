//! What people said of things goes with the person whom it names.

use std::collections::BTreeMap;

use catalog::annotation::Annotations;
use catalog::model::{Annotated, Annotation, BlobId, Principal, Timestamp};
use catalog::{AsOf, Change};

use super::lake::{ADA, Setup};
use crate::erase::{run, verify};

fn said(blob: u8, owner: &str, description: &str) -> Annotation {
    Annotation {
        about: Annotated::Blob(BlobId([blob; 20])),
        feature: String::new(),
        tags: ["kept".to_owned()].into(),
        owners: [owner.to_owned()].into(),
        description: description.to_owned(),
        by: "local:ann".into(),
        at: Timestamp(1),
    }
}

#[tokio::test]
async fn words_that_name_an_erased_person_go_with_their_history() {
    let rows = format!("id,email\n1,{ADA}\n2,bob@x.example\n").into_bytes();
    let setup = Setup::with(BTreeMap::from([("a.csv", rows)]));
    let (plan, hash) = setup.approved_plan().await;
    let catalog = &setup.officer().ctx.catalog;
    let put = |said: &Annotation| {
        catalog.commit(&Principal::system(), &[Change::put(said).unwrap()]).unwrap();
    };
    // As an earlier release, or one without a recogniser for it, may have taken it.
    put(&said(1, "crm", &format!("ask {} for it", ADA.to_uppercase())));
    put(&said(1, "crm", "ask the desk"));
    put(&said(2, ADA, "another"));
    put(&said(3, "crm", "untouched"));
    run(&setup.officer(), &plan, &hash).await.unwrap();

    let annotations = Annotations::load(catalog, AsOf::Now).unwrap();
    let left: Vec<_> = annotations.all().map(|said| (said.description.as_str(), said.owners.len())).collect();
    assert_eq!(left, [("ask the desk", 1), ("another", 0), ("untouched", 1)]);
    let history = catalog.history::<Annotation>(&(Annotated::Blob(BlobId([1; 20])), String::new())).unwrap();
    assert_eq!(history.len(), 1, "the version that named her is gone");
    setup.expect_no_value(&[ADA, &ADA.to_uppercase()]);
    verify(&setup.officer(), &plan.0).await.unwrap();
}
