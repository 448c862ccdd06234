//! Tests of digests of rows: what is equal over formats, and what is not.

use std::borrow::Cow;

use proptest::prelude::*;

use super::*;

fn raw(text: &str) -> Value<'_> {
    Value::Raw(Cow::Borrowed(text))
}

fn text(text: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(text))
}

fn digest(rows: &[Vec<(&str, Value<'_>)>]) -> RowsDigest {
    let mut hasher = RowsHasher::new();
    for row in rows {
        for (name, value) in row {
            hasher.cell(&FeaturePath::column(*name), value);
        }
        hasher.end_row();
    }
    hasher.finish()
}

fn one(value: Value<'_>) -> RowsDigest {
    digest(&[vec![("v", value)]])
}

#[test]
fn a_conversion_keeps_the_digest() {
    let csv = digest(&[
        vec![
            ("id", raw("1")),
            ("price", raw("1.50")),
            ("on", raw("True")),
            ("at", raw("2024-01-02 03:04:05")),
            ("note", raw("")),
        ],
        vec![
            ("id", raw("2")),
            ("price", raw("")),
            ("on", raw("false")),
            ("at", raw("2024-01-02 00:00:00")),
            ("note", raw("007")),
        ],
    ]);
    let parquet = digest(&[
        vec![
            ("note", text("007")),
            ("at", Value::Date(19_724)),
            ("id", Value::Int(2)),
            ("on", Value::Bool(false)),
        ],
        vec![
            ("at", Value::Timestamp(1_704_164_645_000_000)),
            ("id", Value::Int(1)),
            ("on", Value::Bool(true)),
            ("price", Value::Float(1.5)),
            ("note", Value::Null),
        ],
    ]);
    assert_eq!(csv, parquet);
    let json = digest(&[
        vec![
            ("id", Value::Int(1)),
            ("price", Value::Decimal("1.500".into())),
            ("on", Value::Int(1)),
            ("at", text("2024-01-02T03:04:05Z")),
        ],
        vec![
            ("id", Value::UInt(2)),
            ("on", Value::Int(0)),
            ("at", text("2024-01-02")),
            ("note", text("007")),
        ],
    ]);
    assert_eq!(csv, json);
}

#[test]
fn what_differs_differs() {
    assert_ne!(one(Value::Int(7)), one(raw("007")), "a leading zero has a meaning");
    assert_ne!(one(raw("07")), one(raw("007")));
    assert_ne!(one(Value::Int(7)), one(Value::Int(70)));
    assert_ne!(one(Value::Int(7)), one(Value::Int(-7)));
    assert_ne!(one(text("a")), one(text("a ")), "blanks of text count");
    assert_ne!(one(Value::Int(1)), digest(&[vec![("w", Value::Int(1))]]), "the feature counts");
    assert_ne!(one(Value::Null), RowsDigest::EMPTY, "an empty row is a row");
    let rows = |left: &'static str, right: &'static str| {
        digest(&[vec![("a", text(left))], vec![("a", text(right))]])
    };
    assert_ne!(rows("x", "x"), rows("x", "y"), "a multiset, not a set");
    let swapped = |a: &'static str, b: &'static str| vec![("a", text(a)), ("b", text(b))];
    assert_ne!(
        digest(&[swapped("1x", "2x"), swapped("3x", "4x")]),
        digest(&[swapped("1x", "4x"), swapped("3x", "2x")]),
        "cells belong to their rows"
    );
}

proptest! {
    #[test]
    fn order_is_nothing_and_removal_subtracts(
        rows in prop::collection::vec(prop::collection::vec("[a-z0-9.]{0,4}", 3), 0..20),
        keep in prop::collection::vec(any::<bool>(), 20),
    ) {
        let of = |rows: Vec<&Vec<String>>, backwards: bool| {
            let mut hasher = RowsHasher::new();
            for row in rows {
                let mut cells: Vec<_> = row.iter().enumerate().collect();
                if backwards {
                    cells.reverse();
                }
                for (column, cell) in cells {
                    hasher.cell(&FeaturePath::column(format!("c{column}")), &raw(cell));
                }
                hasher.end_row();
            }
            hasher.finish()
        };
        let all = of(rows.iter().collect(), false);
        prop_assert_eq!(all, of(rows.iter().rev().collect(), true));
        let (kept, removed): (Vec<_>, Vec<_>) = rows.iter().zip(&keep).partition(|(_, keep)| **keep);
        let part = |rows: Vec<(&Vec<String>, &bool)>| of(rows.into_iter().map(|(row, _)| row).collect(), false);
        let (kept, removed) = (part(kept), part(removed));
        prop_assert_eq!(all - removed, kept);
        prop_assert_eq!(kept + removed, all);
    }
}
