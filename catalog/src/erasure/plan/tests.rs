//! What the rules of [`super`] have to hold.

use super::*;
use crate::model::{
    BesideEntry, BlobId, How, Replacement, RequestStatus, RowsDigest, SubjectIdentifier, TokenDigest,
};

fn units(of: &[u64]) -> RoaringTreemap {
    of.iter().copied().collect()
}

pub(crate) fn part(member: &[&str], rows: u64, found: &[u64]) -> PartEvidence {
    PartEvidence {
        member: member.iter().map(|name| (*name).to_owned()).collect(),
        format: "csv".into(),
        can_rewrite: true,
        rows,
        units: BTreeMap::from([(String::new(), units(found))]),
        rows_removed: found.len() as u64,
        rows_after: BTreeMap::from([(String::new(), RowsDigest([9; 16]))]),
        kinds: ["EMAIL_ADDRESS".to_owned()].into(),
        ..PartEvidence::default()
    }
}

pub(crate) fn evidence(path: &str, parts: Vec<PartEvidence>) -> Evidence {
    let source = SourceId("lake".into());
    Evidence {
        blob: BlobId::of(&source, path),
        source,
        path: path.into(),
        etag: Some("e1".into()),
        store_version: Some("v3".into()),
        current: true,
        delete_marker: false,
        size: 100,
        path_names_subject: false,
        locked: None,
        parts,
        beside: Vec::new(),
        not_searched: Vec::new(),
        copies: Vec::new(),
        downstream: Vec::new(),
        rules: Vec::new(),
        transacts: false,
    }
}

pub(crate) fn request() -> ErasureRequest {
    ErasureRequest {
        id: crate::model::RequestId("request1".into()),
        requester: "local:officer".into(),
        received: Timestamp(0),
        due: Timestamp(1),
        legal_basis: "Art. 17(1)(b)".into(),
        identifiers: vec![SubjectIdentifier { kind: "EMAIL_ADDRESS".into(), digest: TokenDigest([1; 12]) }],
        sealed: Vec::new(),
        status: RequestStatus::Planned,
        plan: Some(PlanId("plan1".into())),
        kind: RequestKind::Erasure,
        extension: None,
        refusal: None,
        replays: None,
    }
}

/// Seals by writing backwards: enough to see what is sealed, and to open it.
pub(crate) fn seal(plain: &[u8]) -> String {
    hex::encode(plain.iter().rev().copied().collect::<Vec<_>>())
}

pub(crate) fn open(sealed: &str) -> Result<Vec<u8>> {
    Ok(hex::decode(sealed).unwrap().into_iter().rev().collect())
}

pub(crate) fn plan_of(evidence: &[Evidence], holds: &[Hold]) -> PlanBody {
    plan_for(&request(), evidence, holds)
}

pub(crate) fn plan_for(request: &ErasureRequest, evidence: &[Evidence], holds: &[Hold]) -> PlanBody {
    decide(&Input {
        id: PlanId("plan1".into()),
        request,
        by: "local:officer",
        created: Timestamp(2),
        sources: vec![SourceId("lake".into())],
        evidence,
        not_searched: Vec::new(),
        holds,
        seal: &seal,
        policy: Vec::new(),
    })
}

fn methods_of(evidence: &[Evidence]) -> Vec<(String, Option<u32>)> {
    plan_of(evidence, &[]).steps.iter().map(|step| (step.method.name().to_owned(), step.after)).collect()
}

fn only(evidence: Evidence) -> Method {
    let mut steps = plan_of(&[evidence], &[]).steps;
    assert_eq!(steps.len(), 1);
    steps.remove(0).method
}

#[test]
fn rows_go_and_others_stay() {
    let Method::RemoveUnits { parts, .. } = only(evidence("a.csv", vec![part(&[], 10, &[3, 7, 8])])) else {
        panic!("rows are removed")
    };
    assert_eq!(parts[0].units[""], "3 7-8");
    assert_eq!((parts[0].rows_removed, parts[0].rows_kept), (3, 7));
}

#[test]
fn a_blob_goes_where_nothing_of_it_would_stay() {
    let named = Evidence { path_names_subject: true, ..evidence("ada.csv", vec![part(&[], 4, &[])]) };
    assert!(matches!(only(named), Method::DeleteBlob { rows_lost: 4, .. }), "its path names the person");
    let all = evidence("a.csv", vec![part(&[], 2, &[0, 1])]);
    assert!(matches!(only(all), Method::RemoveUnits { .. }), "its header is nobody's");
    let one_unit = PartEvidence { rows_removed: 0, ..part(&[], 0, &[WHOLE]) };
    assert!(matches!(only(evidence("a.json", vec![one_unit])), Method::DeleteBlob { .. }));
    let rigid = PartEvidence { can_rewrite: false, ..part(&[], 9, &[1]) };
    assert!(matches!(only(evidence("a.x", vec![rigid])), Method::Report { .. }), "never a row of others");
    let shared = PartEvidence { can_rewrite: false, holds_others: true, elsewhere: 1, ..part(&[], 0, &[]) };
    assert!(matches!(only(evidence("a.bin", vec![shared])), Method::Report { .. }), "nor bytes of others");
}

#[test]
fn members_go_alone_or_with_their_container() {
    let zip = PartEvidence { format: "zip".into(), ..part(&[], 0, &[]) };
    let whole = PartEvidence { name_names_subject: true, ..part(&["ada.csv"], 1, &[0]) };
    let some = part(&["b.csv"], 5, &[2]);
    let Method::RemoveUnits { parts, .. } = only(evidence("x.zip", vec![zip.clone(), whole.clone(), some]))
    else {
        panic!("members are rewritten")
    };
    assert_eq!(parts.iter().map(|part| part.whole).collect::<Vec<_>>(), [true, false]);
    let all = evidence("x.zip", vec![zip, whole]);
    assert!(matches!(only(all), Method::DeleteBlob { .. }), "nothing else is in it");
}

#[test]
fn old_versions_wait_for_the_current_one_and_markers_for_all() {
    let current = evidence("a.csv", vec![part(&[], 10, &[3])]);
    let old =
        |version: &str| Evidence { current: false, store_version: Some(version.into()), ..current.clone() };
    let marker = Evidence { delete_marker: true, parts: vec![], ..old("m") };
    let step = |name: &str, after| (name.to_owned(), after);
    assert_eq!(
        methods_of(&[current.clone(), old("v2"), marker.clone()]),
        [step("remove_units", None), step("delete_version", Some(1))],
        "a marker whose path names nobody stays"
    );
    let named = |one: Evidence| Evidence { path_names_subject: true, ..one };
    assert_eq!(
        methods_of(&[named(current.clone()), named(old("v2")), named(marker.clone())]),
        [step("delete_blob", None), step("delete_version", Some(1)), step("delete_version", Some(2))]
    );
    let untouched = Evidence { parts: vec![part(&[], 3, &[])], ..old("v1") };
    assert_eq!(methods_of(&[untouched, marker]), [], "nor does it go where an old version would come back");
}

#[test]
fn holds_and_locks_are_reported() {
    let one = evidence("legal/a.csv", vec![part(&[], 10, &[3])]);
    let hold =
        |scope| Hold { id: "h".into(), scope, reason: "court".into(), by: "x".into(), at: Timestamp(0) };
    let below = HoldScope::Path { source: SourceId("lake".into()), prefix: "legal/".into() };
    for scope in [below, HoldScope::Subject(TokenDigest([1; 12]))] {
        let plan = plan_of(std::slice::from_ref(&one), &[hold(scope)]);
        assert!(matches!(&plan.steps[0].method, Method::Report { reason } if reason.contains("court")));
    }
    let other = hold(HoldScope::Subject(TokenDigest([2; 12])));
    assert!(plan_of(std::slice::from_ref(&one), &[other]).steps[0].method.acts());
    let locked = Evidence { locked: Some("object lock until 2030".into()), ..one };
    assert!(matches!(only(locked), Method::Report { .. }));
}

#[test]
fn names_of_the_person_are_sealed() {
    let zip = PartEvidence { format: "zip".into(), ..part(&[], 0, &[]) };
    let other = part(&["b.csv"], 5, &[]);
    let named = PartEvidence { name_names_subject: true, ..part(&["ada@x.example.csv"], 5, &[]) };
    let plan = plan_of(&[evidence("x.zip", vec![zip, named, other])], &[]);
    let text = freeze(&plan).unwrap().canonical;
    assert!(!text.contains("ada@"), "{text}");
    let Names::Sealed(sealed) = &plan.steps[0].names else { panic!("sealed") };
    let (path, members) = opened_names(&open(sealed).unwrap()).unwrap();
    assert_eq!((path.as_str(), members[0][0].as_str()), ("x.zip", "ada@x.example.csv"));
}

#[test]
fn a_plan_is_its_text_and_its_hash() {
    let body = plan_of(&[evidence("a.csv", vec![part(&[], u64::MAX >> 12, &[1, 1 << 60])])], &[]);
    let plan = freeze(&body).unwrap();
    assert_eq!(read(&plan).unwrap(), body, "large units survive JSON's numbers");
    assert_eq!(freeze(&body).unwrap().hash, plan.hash);
    let changed = Plan { canonical: plan.canonical.replace("a.csv", "b.csv"), ..plan };
    assert_eq!(read(&changed).unwrap_err().kind, crate::ErrorKind::Corrupt);
}

#[test]
fn units_are_text_and_back() {
    for of in [vec![], vec![0], vec![3, 7, 8, 9, 12], vec![u64::MAX - 1, u64::MAX]] {
        assert_eq!(parse_units(&units_text(&units(&of))).unwrap(), units(&of));
    }
    for wrong in ["x", "9-3", "-", "1-2-3"] {
        assert!(parse_units(wrong).is_err(), "{wrong}");
    }
}

fn rule(method: RuleMethod) -> Rule {
    Rule { path: None, dataset: None, kind: None, method }
}

fn replaced(how: How, found: &[u64]) -> PartEvidence {
    let replacement = Replacement {
        how,
        features: BTreeMap::new(),
        shared: BTreeMap::new(),
        rows: found.len() as u64,
        values: found.len() as u64,
    };
    PartEvidence { replacement: Some(replacement), rows_removed: 0, ..part(&[], 10, found) }
}

#[test]
fn a_policy_says_what_becomes_of_what_was_found() {
    let under = |method, part: PartEvidence| {
        only(Evidence { rules: vec![rule(method)], ..evidence("a.csv", vec![part]) })
    };
    let masked = under(RuleMethod::Mask, replaced(How::Mask, &[1]));
    assert_eq!(masked.name(), "mask");
    let Method::RemoveUnits { parts, .. } = masked else { panic!("values are replaced") };
    assert_eq!((parts[0].rows_removed, parts[0].rows_kept), (0, 10), "no row goes");
    let whole = PartEvidence { rows: 1, ..replaced(How::Null, &[WHOLE]) };
    assert_eq!(under(RuleMethod::Null, whole).name(), "null", "one document stays, without her values");
    let deleted = under(RuleMethod::DeleteBlob, part(&[], 10, &[1]));
    assert!(matches!(deleted, Method::DeleteBlob { rows_lost: 9, .. }), "{deleted:?}");
    assert_eq!(under(RuleMethod::Report, part(&[], 10, &[1])).name(), "report");
    let cannot = PartEvidence { not_replaced: Some("not in this format".into()), ..part(&[], 10, &[1]) };
    let Method::RemoveUnits { parts, .. } = under(RuleMethod::Mask, cannot) else {
        panic!("rows go instead")
    };
    assert_eq!(parts[0].instead.as_deref(), Some("not in this format"));
}

pub(crate) fn beside(number: u32, tag: bool) -> BesideEvidence {
    let entry = BesideEntry { number, tag, name: Some("owner".into()) };
    BesideEvidence { entry, kind: "EMAIL_ADDRESS".into() }
}

#[test]
fn what_stands_beside_the_bytes_goes_with_rows_or_alone() {
    let with = |evidence: Evidence, entries: &[(u32, bool)]| Evidence {
        beside: entries.iter().map(|(number, tag)| beside(*number, *tag)).collect(),
        ..evidence
    };
    let clean = || evidence("a.csv", vec![part(&[], 10, &[])]);
    let numbers = |method: &Method| match method {
        Method::RemoveUnits { parts, beside } => {
            (parts.len(), beside.iter().map(|one| one.number).collect::<Vec<_>>())
        }
        other => panic!("{other:?}"),
    };
    let alone = only(with(clean(), &[(2, false), (5, true)]));
    assert_eq!((alone.name(), alone.rewrites(), numbers(&alone)), ("remove_metadata", true, (0, vec![2, 5])));
    assert!(!only(with(clean(), &[(5, true)])).rewrites(), "a tag goes while the object stays");
    let rows = only(with(evidence("a.csv", vec![part(&[], 10, &[3])]), &[(2, false)]));
    assert_eq!((rows.name(), numbers(&rows)), ("remove_units", (1, vec![2])), "in one write");
    let rigid = PartEvidence { can_rewrite: false, ..part(&[], 9, &[1]) };
    let steps = plan_of(&[with(evidence("a.pdf", vec![rigid]), &[(0, false)])], &[]).steps;
    let names: Vec<_> = steps.iter().map(|step| step.method.name()).collect();
    assert_eq!(names, ["remove_metadata", "report"], "one does not wait for the other");
    let old = |entries| with(Evidence { current: false, ..clean() }, entries);
    assert_eq!(only(old(&[(0, true)])).name(), "remove_metadata", "an old version stays without the tag");
    assert_eq!(only(old(&[(0, true), (1, false)])).name(), "delete_version", "its metadata cannot change");
    let told = Evidence { rules: vec![rule(RuleMethod::Report)], ..with(clean(), &[(0, true)]) };
    assert_eq!(only(told).name(), "report");
    let gone = Evidence { rules: vec![rule(RuleMethod::DeleteBlob)], ..with(clean(), &[(0, true)]) };
    assert_eq!(only(gone).name(), "delete_blob");
    let request = ErasureRequest { kind: RequestKind::Rectification, ..request() };
    let steps = plan_for(&request, &[with(clean(), &[(0, true)])], &[]).steps;
    assert_eq!(steps[0].method.name(), "report", "nobody knows what should stand there");
}

#[test]
fn a_rectification_removes_nothing() {
    let request = ErasureRequest { kind: RequestKind::Rectification, ..request() };
    let methods = |evidence: Evidence| {
        let steps = plan_for(&request, &[evidence], &[]).steps;
        steps.iter().map(|step| step.method.name()).collect::<Vec<_>>()
    };
    assert_eq!(methods(evidence("a.csv", vec![replaced(How::Rectify, &[1])])), ["rectify"]);
    assert_eq!(methods(evidence("a.csv", vec![part(&[], 1, &[0])])), ["report"]);
    let named = Evidence { path_names_subject: true, ..evidence("a.csv", vec![part(&[], 1, &[])]) };
    assert_eq!(methods(named), ["report"]);
    let old = Evidence { current: false, ..evidence("a.csv", vec![replaced(How::Rectify, &[1])]) };
    assert_eq!(methods(old), ["delete_version"]);
}

#[test]
fn the_log_of_a_table_is_told_of_what_changes() {
    let file = |part: PartEvidence| Evidence { transacts: true, ..evidence("t/a.parquet", vec![part]) };
    let steps = |evidence: Evidence| plan_of(&[evidence], &[]).steps;
    assert!(steps(file(part(&[], 10, &[3])))[0].transacts);
    let named = Evidence { path_names_subject: true, ..file(part(&[], 10, &[])) };
    assert!(steps(named)[0].transacts, "a file that goes is removed from the table");
    let rigid = PartEvidence { can_rewrite: false, ..part(&[], 9, &[1]) };
    assert!(!steps(file(rigid))[0].transacts, "nothing is said of what is only reported");
}
