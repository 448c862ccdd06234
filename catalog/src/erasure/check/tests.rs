//! What the rules of [`super`] have to hold.

use std::collections::BTreeMap;

use super::*;
use crate::erasure::plan::tests::{beside, evidence, open, part, plan_of};
use crate::erasure::plan::{freeze, units_text};
use crate::model::{BesideEntry, Timestamp, TokenDigest};

fn found() -> Vec<Evidence> {
    let zip = PartEvidence { format: "zip".into(), ..part(&[], 0, &[]) };
    let named = PartEvidence { name_names_subject: true, ..part(&["ada.csv"], 5, &[]) };
    let current = Evidence {
        beside: vec![beside(2, false), beside(4, true)],
        ..evidence("b.csv", vec![part(&[], 10, &[3])])
    };
    let old = Evidence { current: false, store_version: Some("v1".into()), ..current.clone() };
    vec![
        evidence("a.zip", vec![zip, named, part(&["b.csv"], 5, &[1, 2])]),
        current,
        old,
        Evidence { path_names_subject: true, ..evidence("ada.csv", vec![part(&[], 3, &[])]) },
    ]
}

fn violations(change: impl FnOnce(&mut PlanBody), evidence: &[Evidence], holds: &[Hold]) -> Vec<String> {
    let mut body = plan_of(&found(), &[]);
    change(&mut body);
    let plan = freeze(&body).unwrap();
    check(&plan, evidence, holds, &open).unwrap().into_iter().map(|violation| violation.reason).collect()
}

#[test]
fn what_the_planner_makes_is_right() {
    assert_eq!(violations(|_| {}, &found(), &[]), Vec::<String>::new());
}

#[test]
fn each_rule_sees_its_own_wrong() {
    let see = |expected: &str, change: &dyn Fn(&mut PlanBody)| {
        let reasons = violations(change, &found(), &[]);
        assert!(reasons.iter().any(|reason| reason.contains(expected)), "{expected}: {reasons:?}");
    };
    let removal = |body: &mut PlanBody, change: &dyn Fn(&mut PartRemoval)| {
        let Method::RemoveUnits { parts, .. } = &mut body.steps[1].method else { panic!("a rewrite") };
        change(&mut parts[0]);
    };
    see("no step is about it", &|body| drop(body.steps.remove(1)));
    see("a confirmed place stays", &|body| removal(body, &|part| part.units.clear()));
    see("person was not found", &|body| {
        removal(body, &|part| {
            part.units = BTreeMap::from([(String::new(), units_text(&[3, 4].into_iter().collect()))]);
        });
    });
    let of_beside = |body: &mut PlanBody, change: &dyn Fn(&mut Vec<BesideEntry>)| {
        let Method::RemoveUnits { beside, .. } = &mut body.steps[1].method else { panic!("a rewrite") };
        change(beside);
    };
    see("beside its bytes stays", &|body| of_beside(body, &|beside| drop(beside.pop())));
    see("does not hold the person", &|body| of_beside(body, &|beside| beside[0].number = 3));
    see("rows of others", &|body| removal(body, &|part| part.whole = true));
    see("do not add up", &|body| removal(body, &|part| part.rows_kept = 3));
    see("other bytes", &|body| body.steps[1].etag = Some("e2".into()));
    see("another blob's", &|body| {
        body.steps[1].names = Names::Clear { path: "c.csv".into(), members: vec![vec![]] };
    });
    see("nothing was found", &|body| body.steps[1].store_version = Some("v9".into()));
    see("out of order", &|body| body.steps[2].after = Some(4));
    see("readers still get", &|body| {
        body.steps[1].method = Method::DeleteVersion { reason: String::new() };
    });
    see("how many rows", &|body| {
        body.steps[3].method = Method::DeleteBlob { reason: String::new(), rows_lost: 0 };
    });
}

#[test]
fn holds_and_copies_count_even_if_they_came_later() {
    let hold = Hold {
        id: "h1".into(),
        scope: HoldScope::Subject(TokenDigest([1; 12])),
        reason: "court".into(),
        by: "x".into(),
        at: Timestamp(0),
    };
    assert!(violations(|_| {}, &found(), &[hold])[0].contains("h1"));
    let mut evidence = found();
    evidence[1].copies = vec![BlobId([5; 20])];
    assert!(violations(|_| {}, &evidence, &[])[0].contains("is a copy"));
}

#[test]
fn a_changed_text_is_no_plan() {
    let mut plan = freeze(&plan_of(&found(), &[])).unwrap();
    plan.canonical = plan.canonical.replace("b.csv", "c.csv");
    assert!(check(&plan, &found(), &[], &open).is_err());
}

#[test]
fn the_policy_is_judged_apart_from_the_planner() {
    let rule = |method| crate::model::Rule { path: None, dataset: None, kind: None, method };
    let hit = part(&[], 10, &[3]);
    let plain = evidence("a.csv", vec![hit.clone()]);
    let under = |method, evidence: &Evidence| Evidence { rules: vec![rule(method)], ..evidence.clone() };
    let reasons = |planned: &Evidence, judged: &Evidence| -> Vec<String> {
        let plan = freeze(&plan_of(std::slice::from_ref(planned), &[])).unwrap();
        let found = check(&plan, std::slice::from_ref(judged), &[], &open).unwrap();
        found.into_iter().map(|violation| violation.reason).collect()
    };
    for method in [RuleMethod::Report, RuleMethod::DeleteBlob, RuleMethod::Remove] {
        let asked = under(method, &plain);
        assert_eq!(reasons(&asked, &asked), Vec::<String>::new(), "{method:?}");
    }
    let see = |planned: &Evidence, judged: &Evidence, expected: &str| {
        let reasons = reasons(planned, judged);
        assert!(reasons.iter().any(|reason| reason.contains(expected)), "{expected}: {reasons:?}");
    };
    see(&plain, &under(RuleMethod::Report, &plain), "report only");
    see(&plain, &under(RuleMethod::DeleteBlob, &plain), "asks to delete");
    see(&plain, &under(RuleMethod::Mask, &plain), "does not say why");
    let told = PartEvidence { not_replaced: Some("no such way".into()), ..hit };
    let told = under(RuleMethod::Mask, &evidence("a.csv", vec![told]));
    assert_eq!(reasons(&told, &told), Vec::<String>::new());
}
