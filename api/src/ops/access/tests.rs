//! The list of who may ask what, pinned: a change of it is a change of this file, which somebody reads.

use serde_json::json;

use super::*;
use crate::routes::input::Input;
use crate::routes::table::ROUTES;

/// Every operation with the roles of which one is needed.
const LIST: &[(&str, &[Role])] = &[
    ("annotate", &[Role::Steward]),
    ("annotations", &[Role::Viewer]),
    ("audit", &[Role::PrivacyOfficer, Role::Approver, Role::Admin]),
    ("audit_verify", &[Role::PrivacyOfficer, Role::Approver, Role::Admin]),
    ("catalog_check", &[Role::Admin]),
    ("catalog_export", &[Role::Admin]),
    ("catalog_rewrite", &[Role::Admin]),
    ("crawl", &[Role::Steward]),
    ("dataset_show", &[Role::Viewer]),
    ("datasets", &[Role::Viewer]),
    ("erase_approve", &[Role::Approver]),
    ("erase_certificate", &[Role::PrivacyOfficer]),
    ("erase_dry_run", &[Role::PrivacyOfficer]),
    ("erase_extend", &[Role::PrivacyOfficer]),
    ("erase_hold", &[Role::PrivacyOfficer]),
    ("erase_holds", &[Role::PrivacyOfficer, Role::Approver]),
    ("erase_lift", &[Role::PrivacyOfficer, Role::Approver]),
    ("erase_list", &[Role::PrivacyOfficer, Role::Approver]),
    ("erase_plan", &[Role::PrivacyOfficer]),
    ("erase_refuse", &[Role::PrivacyOfficer]),
    ("erase_replay", &[Role::PrivacyOfficer]),
    ("erase_run", &[Role::PrivacyOfficer]),
    ("erase_show", &[Role::PrivacyOfficer, Role::Approver]),
    ("erase_verify", &[Role::PrivacyOfficer]),
    ("finding_rule", &[Role::Steward, Role::PrivacyOfficer]),
    ("findings", &[Role::Viewer]),
    ("key_destroy", &[Role::Admin]),
    ("key_list", &[Role::Admin]),
    ("key_rotate", &[Role::Admin]),
    ("lineage", &[Role::Viewer]),
    ("lineage_report", &[Role::Steward]),
    ("processing_record", &[Role::Viewer]),
    ("run_show", &[Role::Viewer]),
    ("runs", &[Role::Viewer]),
    ("schema_diff", &[Role::Viewer]),
    ("schema_pin", &[Role::Steward]),
    ("schema_show", &[Role::Viewer]),
    ("schema_validate", &[Role::Viewer]),
    ("schemas", &[Role::Viewer]),
    ("search", &[Role::Viewer]),
    ("search_facets", &[Role::Viewer]),
    ("search_suggest", &[Role::Viewer]),
    ("sql", &[Role::Analyst]),
    ("subject_find", &[Role::PrivacyOfficer]),
    ("subject_package", &[Role::PrivacyOfficer]),
    ("token_create", &[Role::Admin]),
    ("token_list", &[Role::Admin]),
    ("token_revoke", &[Role::Admin]),
];

/// One operation of each kind, as it travels.
fn operations() -> Vec<Operation> {
    let mut found = Vec::new();
    for (name, _) in LIST {
        let everything = [
            json!({"operation": name}),
            json!({"operation": name, "which": "x"}),
            json!({"operation": name, "which": "x", "reason": "x"}),
            json!({"operation": name, "which": "x", "ground": "archiving", "reason": "x"}),
            json!({"operation": name, "id": 1}),
            json!({"operation": name, "epoch": 1}),
            json!({"operation": name, "query": "x"}),
            json!({"operation": name, "query": {"query": "x"}}),
            json!({"operation": name, "ids": ["email=a@b.example"]}),
            json!({"operation": name, "plan": "x", "hash": "x"}),
            json!({"operation": name, "name": "x", "roles": []}),
            json!({"operation": name, "hold": "x"}),
            json!({"operation": name, "which": "x", "feature": "x", "kind": "x", "decision": "reject"}),
            json!({"operation": name, "which": "x", "saying": {}}),
            json!({"operation": name, "beginning": "x"}),
            json!({"operation": name, "ids": [], "reason": "x"}),
            json!({"operation": name, "path": "/x"}),
            json!({"operation": name, "event": {}}),
        ];
        let operation = everything.into_iter().find_map(|json| serde_json::from_value(json).ok());
        found.push(operation.unwrap_or_else(|| panic!("{name} is no operation any more")));
    }
    found
}

#[test]
fn the_list_is_the_one_that_people_agreed_on() {
    for (operation, (name, roles)) in operations().iter().zip(LIST) {
        assert_eq!((operation.name(), operation.roles()), (*name, *roles));
        let travelled = serde_json::to_value(operation).unwrap();
        assert_eq!(travelled["operation"], *name, "the name in JSON is the name in the audit log");
    }
}

#[test]
fn no_route_and_no_role_skips_approval() {
    // The one operation that changes the lake takes a plan and its hash; the desk refuses it without an approval.
    let changing: Vec<_> = LIST.iter().filter(|(name, _)| *name == "erase_run").collect();
    assert_eq!(changing.len(), 1);
    let plan_only: serde_json::Result<Operation> =
        serde_json::from_value(json!({"operation": "erase_run", "plan": "x"}));
    assert!(plan_only.is_err(), "a run without the hash is no operation");
    let admin = Principal { name: "token:admin".into(), roles: vec![Role::Admin] };
    let officer = Principal { name: "token:officer".into(), roles: vec![Role::PrivacyOfficer] };
    for operation in operations() {
        let name = operation.name();
        if name.starts_with("erase_") || name == "subject_find" {
            assert!(operation.admit(&admin).is_err(), "an admin has no privacy role: {name}");
        }
        assert_eq!(
            operation.admit(&officer).is_err(),
            name == "erase_approve" || !may(&officer, &operation),
            "{name}"
        );
    }
}

fn may(who: &Principal, operation: &Operation) -> bool {
    operation.roles().iter().any(|role| who.may(*role))
}

#[test]
fn every_operation_has_a_route_or_is_the_owners_own() {
    let body = json!({"dataset": "x", "thing": "x", "feature": "x", "kind": "x", "decision": "reject", "hash": "x", "ids": ["x"], "query": "x", "name": "x", "roles": ["viewer"], "reason": "x", "ground": "archiving"});
    let one = |name: &str| (name.to_owned(), "1".to_owned());
    let input = Input { path: [one("id")].into(), query: [one("q")].into(), body };
    let mut routed: Vec<_> = ROUTES.iter().map(|route| (route.operation)(&input).unwrap().name()).collect();
    routed.sort_unstable();
    routed.dedup();
    let without: Vec<_> = LIST.iter().map(|(name, _)| *name).filter(|name| !routed.contains(name)).collect();
    // OpenLineage has a route of its own outside the table; the others name files or are upkeep of the machine's owner.
    let expected = [
        "catalog_check",
        "catalog_export",
        "catalog_rewrite",
        "key_destroy",
        "key_list",
        "key_rotate",
        "lineage_report",
        "schema_diff",
    ];
    assert_eq!(without, expected);
}
