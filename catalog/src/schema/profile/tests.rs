//! Tests of profiling: types of untyped text, counts, nesting, ids of schemas.

use std::borrow::Cow;

use super::*;
use crate::model::{Feature, FeatureType as T};

fn raw(text: &str) -> Value<'_> {
    Value::Raw(Cow::Borrowed(text))
}

fn text(text: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(text))
}

fn column(values: &[Value<'_>], declared: Option<T>) -> FeatureStatistics {
    let mut profiler = Profiler::new();
    let feature = profiler.feature(&FeaturePath::column("v"), declared);
    for value in values {
        profiler.row();
        profiler.cell(feature, value);
    }
    profiler.finish().features.remove(0)
}

fn csv(texts: &[&str]) -> FeatureStatistics {
    column(&texts.iter().map(|text| raw(text)).collect::<Vec<_>>(), None)
}

#[test]
fn untyped_text_gets_the_type_that_its_owner_means() {
    let cases: &[(&[&str], T)] = &[
        (&["1", "2", "-3"], T::Int),
        (&["0", "1", "1", "0"], T::Int),
        (&["1700000000", "1700000001"], T::Int),
        (&["1", "2.5", ""], T::Float),
        (&["1e5", "2"], T::Float),
        (&["01234", "99999"], T::String),
        (&["0049301234567", "49301234567"], T::String),
        (&["+49 30 1234567", "12345"], T::String),
        (&["1,234", "5,678"], T::String),
        (&["true", "False", "TRUE"], T::Bool),
        (&["true", "1"], T::String),
        (&["2024-01-02", "N/A", "2024-02-29"], T::Date),
        (&["2024-01-02", "2024-01-02T03:04:05+02:00"], T::Timestamp),
        (&["2024-01-02 03:04:05", "-"], T::Timestamp),
        (&["01/02/2024", "02/02/2024"], T::String),
        (&["10:30", "11:15"], T::String),
        (&["12345678901234567890123", "12345678901234567890124"], T::String),
        (&["12e45", "9a8b7", "00ff1"], T::String),
        (&["3e98", "2e14", "9e82"], T::String),
        (&["3e+98", "2.5e14", "1e5"], T::Float),
        (&["", "NULL", "\\N", "None"], T::Unknown),
        (&["1", "NA", "3"], T::Int),
        (&["DE", "NA", "FR"], T::String),
        (&["1.2.3.4", "10.0.0.1"], T::String),
    ];
    for (texts, expected) in cases {
        assert_eq!(csv(texts).kind, *expected, "{texts:?}");
    }
}

#[test]
fn few_bad_values_are_mistyped_and_many_make_it_text() {
    let mut texts: Vec<String> = (0..199).map(|number| number.to_string()).collect();
    texts.push("unknown".into());
    let refs: Vec<_> = texts.iter().map(String::as_str).collect();
    let statistics = csv(&refs);
    assert_eq!((statistics.kind, statistics.mistyped), (T::Int, 1));
    assert_eq!((statistics.min, statistics.max), (Some(0.0), Some(198.0)));
    let mut many = refs.clone();
    many.extend(["x", "y", "z"]);
    assert_eq!((csv(&many).kind, csv(&many).mistyped), (T::String, 0));
    for code in ["007", "A12", "X-9"] {
        let mut codes = refs[..199].to_vec();
        codes.push(code);
        assert_eq!(csv(&codes).kind, T::String, "{code} is no mistake");
    }
}

#[test]
fn declared_and_typed_values_keep_their_types() {
    let dates = [text("2024-01-02"), text("2024-01-03T00:00:00Z")];
    assert_eq!(column(&dates, None).kind, T::Timestamp, "JSON writes dates as strings");
    assert_eq!(column(&[text("2024-01-02"), text("soon")], None).kind, T::String);
    assert_eq!(column(&[text("1"), text("2")], None).kind, T::String, "a JSON string is no number");
    assert_eq!(column(&[Value::Int(1), Value::Float(2.5)], None).kind, T::Float);
    assert_eq!(column(&[Value::Int(1), text("x")], None).kind, T::String);
    assert_eq!(column(&[Value::Bool(true), Value::Null], None).kind, T::Bool);
    let declared = column(&[Value::Int(1), text("x")], Some(T::Int));
    assert_eq!((declared.kind, declared.mistyped), (T::Int, 1), "SQLite keeps what it likes");
    let dash = column(&[text("-"), text("")], None);
    assert_eq!((dash.values, dash.nulls), (2, 0), "typed strings are never null");
}

#[test]
fn counts_lengths_and_top_values_add_up() {
    let statistics = csv(&["open", "", "open", "äöü", "NA"]);
    assert_eq!((statistics.values, statistics.nulls, statistics.rows_present), (4, 1, 4));
    assert_eq!((statistics.distinct, statistics.valency), (3, (0, 1)));
    assert_eq!(statistics.mean_length, (4 + 4 + 3 + 2) as f64 / 4.0);
    assert_eq!(statistics.top[0], ("open".to_owned(), 2));
    let numbers: Vec<_> = (1..=1_000).map(Value::Int).collect();
    let statistics = column(&numbers, None);
    assert_eq!((statistics.mean, statistics.quantiles.len()), (Some(500.5), 7));
    assert!((statistics.quantiles[3] - 500.0).abs() < 10.0);
    assert!(statistics.top.is_empty(), "values that are all different have no top");
    let day = csv(&["1970-01-03", "1970-01-02"]);
    assert_eq!((day.min, day.max), (Some(1.0), Some(2.0)), "dates count days");
}

fn shape(features: &[Feature]) -> String {
    fn plain(kind: &T) -> String {
        match kind {
            T::Struct(fields) => format!("{{{}}}", shape(fields)),
            T::List(item) => format!("[{}]", plain(item)),
            other => other.name().to_owned(),
        }
    }
    features.iter().map(|f| format!("{}:{}", f.name, plain(&f.kind))).collect::<Vec<_>>().join(" ")
}

#[test]
fn nested_paths_become_a_tree() {
    let mut profiler = Profiler::new();
    let name = |name: &str| FeaturePath::column(name);
    let paths = [
        name("id"),
        name("user").field("name"),
        name("items").items().field("sku"),
        name("user").field("tags").items(),
        name("items").items().field("sizes").items(),
        name("grid").items().items(),
        name("user"),
    ];
    let numbers: Vec<_> = paths.iter().map(|path| profiler.feature(path, None)).collect();
    for row in 0..2 {
        profiler.row();
        profiler.cell(numbers[0], &Value::Int(row));
        profiler.cell(numbers[1], &text("x"));
        for item in ["a", "b", "c"] {
            profiler.cell(numbers[2], &text(item));
        }
        profiler.cell(numbers[4], &Value::Float(1.5));
        profiler.cell(numbers[5], &Value::Int(1));
    }
    profiler.row();
    profiler.cell(numbers[0], &Value::Int(3));
    profiler.cell(numbers[6], &Value::Null);
    let profile = profiler.finish();
    assert_eq!(
        shape(&profile.schema.features),
        "id:int user:{name:string tags:[string]} items:[{sku:string sizes:[float]}] grid:[[int]]"
    );
    assert_eq!(profile.features[2].valency, (0, 3));
    let presence: Vec<_> =
        profile.schema.features.iter().map(|f| (f.presence.min_fraction, f.presence.max_values)).collect();
    assert_eq!(presence[0], (1.0, 1));
    assert_eq!((presence[1].0, presence[2].1), (0.0, super::super::infer::UNBOUNDED));
    let leaves = super::super::infer::leaves(&profile.schema.features);
    let names: Vec<_> = leaves.iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(names, ["id", "user.name", "user.tags[]", "items[].sku", "items[].sizes[]", "grid[][]"]);
}

#[test]
fn rows_that_disagree_on_nesting_are_text_unless_nested_rows_are_more() {
    let kind = |plain: usize, nested: usize| {
        let mut profiler = Profiler::new();
        let own = profiler.feature(&FeaturePath::column("v"), None);
        let field = profiler.feature(&FeaturePath::column("v").field("x"), None);
        for row in 0..plain + nested {
            profiler.row();
            profiler.cell(if row < plain { own } else { field }, &Value::Int(1));
        }
        profiler.finish().schema.features[0].kind.name()
    };
    assert_eq!((kind(2, 1), kind(1, 2)), ("string", "struct"));
}

#[test]
fn a_schema_is_known_by_its_content_alone() {
    let schema = |rows: &[&[(&str, &str)]], header: &[&str]| {
        let mut profiler = Profiler::new();
        let numbers: Vec<_> =
            header.iter().map(|name| profiler.feature(&FeaturePath::column(*name), None)).collect();
        for row in rows {
            profiler.row();
            for (name, value) in *row {
                let place = header.iter().position(|head| head == name).unwrap();
                profiler.cell(numbers[place], &raw(value));
            }
        }
        profiler.finish()
    };
    let one = schema(&[&[("a", "1"), ("b", "x")], &[("a", "2"), ("b", "y")]], &["a", "b"]);
    let two = schema(&[&[("a", "7"), ("b", "z")]], &["a", "b"]);
    assert_eq!(one.schema.id, two.schema.id, "other values, same schema");
    assert_ne!(one.schema.id, schema(&[&[("a", "x"), ("b", "z")]], &["a", "b"]).schema.id);
    let swapped = schema(&[&[("b", "y"), ("a", "2")], &[("b", "x"), ("a", "1")]], &["b", "a"]);
    assert_eq!(one.rows_digest, swapped.rows_digest);
    assert_ne!(one.schema.id, swapped.schema.id, "order is part of a schema");
    let empty = schema(&[], &["a", "b"]);
    assert_eq!((empty.rows, shape(&empty.schema.features).as_str()), (0, "a:string b:string"));
}

#[test]
fn a_table_of_ten_thousand_columns_fits() {
    let mut profiler = Profiler::new();
    let numbers: Vec<_> =
        (0..10_000).map(|n| profiler.feature(&FeaturePath::column(format!("c{n}")), None)).collect();
    for row in 0..3 {
        profiler.row();
        for number in &numbers {
            profiler.cell(*number, &Value::Int(row));
        }
    }
    profiler.cell(usize::MAX, &Value::Int(1));
    let profile = profiler.finish();
    assert_eq!((profile.features.len(), profile.schema.features.len()), (10_000, 10_000));
    assert!(profile.features.iter().all(|feature| feature.distinct == 3));
}

#[test]
fn keys_without_end_are_bounded_but_digested() {
    let digest = |last: i64| {
        let mut profiler = Profiler::new();
        profiler.row();
        for n in 0..FEATURES_MAX + 3 {
            let feature = profiler.feature(&FeaturePath::column(format!("k{n}")), None);
            profiler.cell(feature, &Value::Int(if n < FEATURES_MAX + 2 { 1 } else { last }));
        }
        let profile = profiler.finish();
        assert_eq!((profile.features.len(), profile.features_left_out), (FEATURES_MAX, 3));
        profile.rows_digest
    };
    assert_ne!(digest(1), digest(2));
}
