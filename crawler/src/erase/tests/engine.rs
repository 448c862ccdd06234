//! Tables that only their own engine can change are left as they are, and the plan says what has to be run.

use std::collections::BTreeMap;

use super::lake::{ADA, Setup};
use crate::erase::{PlanOptions, approve, certificate, plan, run, verify};
use catalog::model::PlanId;

#[tokio::test]
async fn files_and_logs_of_iceberg_and_hudi_are_reported_and_no_row_of_others_is_lost() {
    let metadata = format!("{{\"format-version\": 2, \"properties\": {{\"owner\": \"{ADA}\"}}}}");
    // A column that names her is nothing that a plan may say.
    let data = format!("id,mail of {ADA},note\n1,{ADA},x\n2,bob@x.example,y\n3,carl@x.example,z\n");
    let manifest = format!("[{{\"file\": \"a.parquet\", \"min\": \"{ADA}\"}}]");
    let commit = format!(
        "[{{\"partition\": \"x\", \"record\": \"{ADA}\"}}, {{\"partition\": \"y\", \"record\": \"b\"}}]"
    );
    let table = format!("id,email\n1,{ADA}\n2,bob@x.example\n");
    let setup = Setup::with(BTreeMap::from([
        ("ice/t/metadata/v1.metadata.json", metadata.into_bytes()),
        ("ice/t/metadata/m0.json", manifest.clone().into_bytes()),
        ("ice/t/data/part-0.avro", data.into_bytes()),
        ("hudi/t/.hoodie/hoodie.properties", b"hoodie.table.name=t\n".to_vec()),
        ("hudi/t/.hoodie/20240101.commit", commit.into_bytes()),
        ("plain/metadata/m0.json", manifest.into_bytes()),
        ("plain/people.csv", table.into_bytes()),
    ]));
    let before = setup.bytes();
    let planned = plan(&setup.officer(), &setup.ada(), PlanOptions::default()).await.unwrap();
    let mut reported: Vec<_> = planned.steps.iter().filter(|step| step.method == "report").collect();
    reported.sort_by(|a, b| a.path.cmp(&b.path));
    let paths: Vec<_> = reported.iter().map(|step| step.path.as_deref().unwrap_or_default()).collect();
    assert_eq!(
        paths,
        [
            "hudi/t/.hoodie/20240101.commit",
            "ice/t/data/part-0.avro",
            "ice/t/metadata/m0.json",
            "ice/t/metadata/v1.metadata.json"
        ]
    );
    assert!(reported.iter().all(|step| step.reason.as_deref().unwrap().contains("needs its engine")));
    assert!(reported[0].reason.as_deref().unwrap().contains("run_clean"), "{:?}", reported[0]);
    assert!(!reported.iter().any(|step| step.reason.as_deref().unwrap().contains(ADA)));

    let id = PlanId(planned.plan);
    approve(&setup.approver(), &id, &planned.hash).await.unwrap();
    run(&setup.officer(), &id, &planned.hash).await.unwrap();
    assert_eq!(verify(&setup.officer(), &id.0).await.unwrap().hits, 4);
    let document = certificate(&setup.officer(), &id.0).await.unwrap();
    assert!(
        document.contains("\"status\":\"partial\"") && document.contains("needs its engine"),
        "{document}"
    );
    let after = setup.bytes();
    for (path, bytes) in &before {
        let is_table = !path.starts_with("plain/");
        assert_eq!(after.get(path) == Some(bytes), is_table, "{path}");
    }
}
