//! Tests of reading text as numbers, dates and times.

use std::borrow::Cow;

use proptest::prelude::*;

use super::*;

fn raw(text: &str) -> Shape<'_> {
    Shape::of_text(text)
}

#[test]
fn texts_are_what_they_mean() {
    use Shape::*;
    let kinds = |texts: &[&str], test: fn(&Shape<'_>) -> bool| {
        for text in texts {
            assert!(test(&raw(text)), "{text:?} is {:?}", raw(text));
        }
    };
    kinds(&["", "NULL", "null", "N/A", "NaN", "\\N", "None", "-"], |shape| matches!(shape, Null));
    kinds(&["0", "1", "-0", "42", " 7 ", "1700000000"], |shape| matches!(shape, Number(n) if n.integer));
    kinds(&["1e5", "0.5", ".5", "5.", "-1.50", "1E-7"], |shape| matches!(shape, Number(n) if !n.integer));
    kinds(&["007", "01234", "00", "-01", "00.5"], |shape| matches!(shape, Padded(_)));
    kinds(
        &[
            "1,234",
            "+49 170 1234567",
            "12e4567",
            "1.2.3",
            "5%",
            "$5",
            "1-2",
            "٣",
            "1_000",
            "0x1F",
            "e5",
            ".",
            "yes",
            "2024-13-01",
            "2023-02-29",
            "2024-01-02x",
            "2024-01-02 25:00",
            "12345678901234567890123",
            " ",
            "1e",
            "--1",
        ],
        |shape| matches!(shape, Text(_)),
    );
    kinds(&["true", "True", "FALSE"], |shape| matches!(shape, Bool(_)));
    kinds(&["2024-02-29", "1969-12-31", "0001-01-01"], |shape| matches!(shape, Date(_)));
}

#[test]
fn points_in_time_agree_whatever_their_spelling() {
    let expected = Shape::Timestamp(1_704_164_645_000_000);
    for text in [
        "2024-01-02T03:04:05Z",
        "2024-01-02 03:04:05",
        "2024-01-02T03:04:05.000",
        "2024-01-02 03:04:05.000000000+00:00",
        "2024-01-02T05:04:05+02",
        "2024-01-01T22:34:05-0430",
        "2024-01-02 03:04:05 UTC",
    ] {
        assert_eq!(raw(text), expected, "{text}");
    }
    assert_eq!(raw("2024-01-02T03:04"), Shape::Timestamp(1_704_164_640_000_000));
    assert_eq!(raw("1969-12-31T23:59:59.5"), Shape::Timestamp(-500_000));
    assert_eq!(raw("1970-01-02"), Shape::Date(1));
}

#[test]
fn equal_numbers_are_equal() {
    let parts = |shape: Shape<'_>| match shape {
        Shape::Number(n) => (n.negative, n.mantissa, n.exponent),
        other => panic!("{other:?}"),
    };
    for texts in
        [&["1.5", "1.50", "15e-1", "0.15E1"][..], &["1500", "1.5e3", "1500.0"], &["0", "-0.0", "0e9"]]
    {
        for text in texts {
            assert_eq!(parts(raw(text)), parts(raw(texts[0])), "{text}");
        }
    }
    assert_eq!(parts(raw("0.10000000000000001")), parts(Shape::of(&Value::Float(0.1))), "C's %.17g");
    assert_ne!(parts(raw("9007199254740993")), parts(raw("9007199254740992")));
}

proptest! {
    #[test]
    fn doubles_agree_with_their_text(value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
        for text in [value.to_string(), format!("{value:e}")] {
            let (Shape::Number(text_number), Shape::Number(number)) =
                (Shape::of_text(&text), Shape::of(&Value::Float(value))) else {
                // Integral doubles beyond 2^64 are written as digits that no integer holds: the documented limit.
                prop_assert!(value.abs() >= 1.8e19);
                continue;
            };
            if value.abs() < 9e15 || text.contains('e') {
                prop_assert_eq!((text_number.mantissa, text_number.exponent), (number.mantissa, number.exponent));
            }
        }
    }

    #[test]
    fn integers_agree_with_their_text(value: i64) {
        let (text, typed) = (value.to_string(), Value::Int(value));
        prop_assert_eq!(Shape::of_text(&text), Shape::of(&typed));
    }

    #[test]
    fn dates_agree_with_their_calendar(days in -700_000..2_900_000i32) {
        let value = Value::Date(days);
        let text = value.text().unwrap();
        prop_assert_eq!(Shape::of_text(&text), Shape::Date(days));
    }

    #[test]
    fn times_agree_with_their_text(micros in -62_000_000_000_000_000..250_000_000_000_000_000i64) {
        let text = Value::Timestamp(micros).text().unwrap().into_owned();
        prop_assert_eq!(Shape::of_text(&text), Shape::Timestamp(micros));
    }

    #[test]
    fn no_text_panics(text in "[-+.eE0-9:TZ ]{0,30}|\\PC{0,40}") {
        let _ = Shape::of(&Value::Raw(Cow::Borrowed(&text)));
    }
}
