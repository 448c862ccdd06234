//! Tests of what statistics may keep.

use std::borrow::Cow;

use super::*;
use crate::model::Value;
use crate::schema::Profiler;

/// Statistics of one column of untyped text, after withholding; `personal` says whether it was found to be.
fn kept(personal: bool, values: impl IntoIterator<Item = String>) -> FeatureStatistics {
    kept_of("v", personal, values)
}

fn kept_of(name: &str, personal: bool, values: impl IntoIterator<Item = String>) -> FeatureStatistics {
    let mut profiler = Profiler::new();
    let feature = profiler.feature(&FeaturePath::column(name), None);
    for value in values {
        profiler.row();
        profiler.cell(feature, &Value::Raw(Cow::Owned(value)));
    }
    let mut features = profiler.finish().features;
    withhold(&mut features, &|_| personal);
    features.remove(0)
}

fn repeated(values: &[&str], times: usize) -> Vec<String> {
    values.iter().flat_map(|value| vec![(*value).to_owned(); times]).collect()
}

fn is_bare(feature: &FeatureStatistics) -> bool {
    feature.top.is_empty()
        && (feature.min, feature.max) == (None, None)
        && (feature.mean, feature.deviation) == (None, None)
        && feature.quantiles.is_empty()
}

#[test]
fn a_personal_feature_keeps_counts_and_shapes_only() {
    let feature = kept(true, repeated(&["1", "2", "3"], 50));
    assert!(is_bare(&feature) && feature.withheld);
    assert_eq!((feature.values, feature.distinct), (150, 3));
}

#[test]
fn categories_of_a_crowd_stay() {
    for values in
        [&["open", "closed"][..], &["DE", "FR"], &["True", "False"], &["404", "200"], &["card-present"]]
    {
        let feature = kept(false, repeated(values, 10));
        assert_eq!(feature.top.len(), values.len(), "{values:?}");
    }
}

#[test]
fn what_may_be_a_persons_goes_though_no_recogniser_found_it() {
    for values in [
        &["Berg", "Meier"][..],
        &["Ada Berg"],
        &["ada.berg"],
        &["ada@mail.example"],
        &["4915112345678"],
        &["10115-1234"],
        &["open", "a text that is far too long to be a category"],
        &["müller"],
    ] {
        assert!(kept(false, repeated(values, 10)).top.is_empty(), "{values:?}");
    }
    for name in ["user_handle", "createdBy", "Owner"] {
        assert!(kept_of(name, false, repeated(&["adaberg"], 100)).top.is_empty(), "{name}");
    }
    assert_eq!(kept_of("standby", false, repeated(&["on"], 100)).top.len(), 1);
    let mut rare = repeated(&["open"], 100);
    rare.push("adaberg".into());
    assert!(kept(false, rare).top.is_empty(), "one rare value hides the list");
    let handles: Vec<_> = (0..33).map(|n| format!("h{n}")).collect();
    let handles: Vec<_> = handles.iter().map(String::as_str).collect();
    assert!(kept(false, repeated(&handles, 10)).top.is_empty(), "too many to be categories");
}

#[test]
fn numbers_keep_their_range_unless_they_may_be_ids_or_few() {
    let quantities = kept(false, (0..500).map(|n| n.to_string()));
    assert_eq!((quantities.min, quantities.max), (Some(0.0), Some(499.0)));
    let amounts = kept(false, (0..500).map(|n| format!("{}.25", n * 10_000)));
    assert_eq!(amounts.max, Some(4_990_000.25), "fractions are no ids");
    let phones = kept(false, (0..500).map(|n| format!("49151{:07}", n * 17)));
    assert!(phones.min.is_none() && phones.max.is_none() && phones.quantiles.is_empty());
    assert!(phones.mean.is_some(), "a mean of many is nobody's");
    let customers = kept(false, (0..500).map(|n| format!("{}", 4_711_000 + n % 25)));
    assert!(customers.min.is_none() && customers.quantiles.is_empty(), "few customers are customers");
    assert!(is_bare(&kept(false, (0..4).map(|n| format!("{}", n + 3)))), "four numbers are four rows");
    assert!(is_bare(&kept(false, vec!["4915112345678".to_owned(); 40])), "one number is not a range");
    assert!(kept(false, (0..90).map(|n| format!("n{n}"))).min.is_none(), "text has no range");
    let days = kept(false, (1..=28).map(|day| format!("2024-01-{day:02}")));
    assert_eq!(days.min, Some(19_723.0));
    let born = kept_of("dateOfBirth", false, (1..=28).map(|day| format!("1984-01-{day:02}")));
    assert!(born.min.is_none() && born.max.is_none(), "the oldest is somebody");
}
