//! Tests of telling schemas apart.

use super::*;
use crate::schema::infer;
use crate::schema::merge::tests::feature;
use FeatureType as T;

#[test]
fn changes_read_well_and_say_what_breaks() {
    let old = infer::schema(vec![
        feature("id", T::Int),
        feature("zip", T::Int),
        feature("gone", T::Date),
        feature("user", T::Struct(vec![feature("age", T::Int)])),
        feature("tags", T::List(Box::new(T::Int))),
        Feature { domain: vec!["a".into(), "b".into()], ..feature("state", T::String) },
    ]);
    let mut state = Feature { domain: vec!["b".into(), "c".into()], ..feature("state", T::String) };
    state.presence.max_values = UNBOUNDED;
    state.semantic = Some("US_STATE".into());
    let mut id = feature("id", T::Int);
    id.presence = Presence { min_fraction: 0.0, min_values: 0, max_values: 1 };
    let new = infer::schema(vec![
        id,
        feature("zip", T::String),
        feature("user", T::Struct(vec![feature("age", T::Float), feature("mail", T::String)])),
        feature("tags", T::List(Box::new(T::String))),
        state,
    ]);
    let lines: Vec<_> = diff(&old, &new).iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "id: in at least 100 % → 0 % of rows (breaking)",
            "zip: type int → string (breaking)",
            "user.age: type int → float (breaking)",
            "user.mail: added, string",
            "tags[]: type int → string (breaking)",
            "state: 1 to 1 → 1 or more values a row (breaking)",
            "state: domain gained 1 and lost 1 values (breaking)",
            "state: means nothing → US_STATE",
            "gone: removed, was date (breaking)",
        ]
    );
    assert_eq!(diff(&old, &old), []);
    let json = serde_json::to_string(&diff(&old, &new)[1]).unwrap();
    assert_eq!(json, r#"{"feature":"zip","change":"type","from":"int","to":"string","breaking":true}"#);
    let narrowing = diff(&new, &old);
    assert!(!narrowing[1].breaking, "a reader of strings reads digits: {}", narrowing[1]);
}
