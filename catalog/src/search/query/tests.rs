//! Tests of reading queries; what they find is tested with the index.

use super::super::document::schema;
use super::*;
use crate::error::Kind;

#[test]
fn terms_are_read_as_typed() {
    let term = |excluded, field: Option<&str>, text: &str, quoted| Typed {
        excluded,
        field: field.map(Into::into),
        text: text.into(),
        quoted,
    };
    let query = r#"orders  -format:csv path:"raw zone" -"old data" s3://bucket/x KIND:EMAIL_ADDRESS"#;
    assert_eq!(
        typed(query).unwrap(),
        [
            term(false, None, "orders", false),
            term(true, Some("format"), "csv", false),
            term(false, Some("path"), "raw zone", true),
            term(true, None, "old data", true),
            term(false, None, "s3://bucket/x", false),
            term(false, Some("kind"), "EMAIL_ADDRESS", false),
        ]
    );
}

#[test]
fn amounts_have_multiples() {
    for (text, expected) in [
        ("1500", 1_500),
        ("1.5k", 1_500),
        ("10MB", 10_000_000),
        ("4GiB", 4 << 30),
        ("0b", 0),
        ("2ti", 2 << 40),
    ] {
        assert_eq!(amount(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn bad_queries_have_one_line_that_helps() {
    let (_, fields) = schema();
    let long = "x".repeat(3_000);
    let many = "a ".repeat(100);
    for query in [
        "",
        "  ",
        "\"open",
        "colour:red",
        "format:",
        "size:big",
        "size:>",
        "rows:1..",
        "OR",
        "a OR",
        "---",
        "path:/",
        "format:\"\"",
        "-",
        &long,
        &many,
    ] {
        let error = parse(query, &fields, Sight::Full).unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{query}");
        let message = error.to_string();
        assert!(!message.contains('\n') && !message.contains("colour"), "{message}");
    }
    for query in [
        "*",
        "a OR b",
        "-format:csv",
        "size:10..20",
        "(x)",
        "a:\u{0}b",
        "x:y:z",
        "münchen*",
        "kind:person-name",
    ] {
        match parse(query, &fields, Sight::Full) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind, Kind::Invalid, "{query}"),
        }
    }
}
