//! What holds for all recognisers together: agreement of index and lookup, no panic, and tables of examples.

use proptest::prelude::*;

use super::*;

mod breadth;

fn kinds(text: &str) -> Vec<(&'static str, &str)> {
    let mut spans = Vec::new();
    recognise(text, &mut spans);
    spans.iter().map(|s| (s.kind, &text[s.start..s.end])).collect()
}

fn found(kind: &str, value: &str, text: &str) -> Vec<String> {
    let normal = normalise(kind, value).expect("a value of the kind");
    let mut places = Vec::new();
    matches(kind, &normal, text, &mut places);
    places.iter().map(|(start, end)| text[*start..*end].to_owned()).collect()
}

#[test]
fn each_kind_is_found_in_its_usual_spelling() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("write to Jo.Doe+x@Mail.example.com, or call", &[("EMAIL_ADDRESS", "Jo.Doe+x@Mail.example.com")]),
        ("GET /p?email=a%40b.example&x=1", &[("EMAIL_ADDRESS", "a%40b.example")]),
        (r#"{"m":"a\u0040b.example"}"#, &[("EMAIL_ADDRESS", r"a\u0040b.example")]),
        ("account DE89 3704 0044 0532 0130 00, thanks", &[("IBAN_CODE", "DE89 3704 0044 0532 0130 00")]),
        ("card 4111-1111-1111-1111", &[("CREDIT_CARD_NUMBER", "4111-1111-1111-1111")]),
        (
            "seen from 10.1.2.3:443 and 2001:db8::1f",
            &[("IP_ADDRESS", "10.1.2.3"), ("IP_ADDRESS", "2001:db8::1f")],
        ),
        ("link 00:1a:2b:3c:4d:5e up", &[("MAC_ADDRESS", "00:1a:2b:3c:4d:5e")]),
        ("call +49 (0)30 123456 now", &[("PHONE_NUMBER", "+49 (0)30 123456")]),
        ("SSN 078-05-1121", &[("NATIONAL_ID", "078-05-1121")]),
        ("Sehr geehrte Frau Erika Mustermann,", &[("PERSON_NAME", "Erika Mustermann")]),
        (
            "pay 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
            &[("CRYPTO_ADDRESS", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2")],
        ),
        (
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            &[("CRYPTO_ADDRESS", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq")],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(kinds(text), *expected, "{text}");
    }
}

#[test]
fn numbers_of_things_raise_no_alarm() {
    for text in [
        "order 4111111111111112 and ISBN 9782864390633",
        "PN 4168-3524-4856, SKU 945-31-3061X, 1629065614537",
        "ref 2f32875f-ba26-7f70-4f34-e86572e48a11 sha c748b5fb6be400ca2389ea61f99cb86d6f923752",
        "Release 3.1.98 at 2023-03-04T23:20:03+00:00, version 1.2.3.4",
        "std::fs::read and a::b at 12:30:45",
        "@2x logo@2x.png pkg@1.2.3 Ben & Jerry's, Calvin Klein tee, Tesla Model 3",
        "https://user:pass@host.example/x",
    ] {
        assert_eq!(kinds(text), [], "{text}");
    }
}

#[test]
fn lookup_finds_every_spelling() {
    let cases = [
        ("email", "Jane.Doe@Example.com", "x <JANE.DOE@example.COM> y", "JANE.DOE@example.COM"),
        ("email", "jane@example.com", "/u?email=jane%40example.com", "jane%40example.com"),
        ("email", "jane@example.com", r#""jane\u0040example.com""#, r"jane\u0040example.com"),
        ("email", "jane@example.com", "ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ"),
        ("phone", "+49 30 1234567", "Tel. 030/1234567.", "030/1234567"),
        ("phone", "+49 30 1234567", "49301234567", "49301234567"),
        ("phone", "+49301234567", "0049 30 1234567", "0049 30 1234567"),
        ("phone", "+1 201 555 0123", "(201) 555-0123", "(201) 555-0123"),
        ("phone", "+12015550123", "2015550123", "2015550123"),
        ("iban", "DE89370400440532013000", "DE89-3704-0044-0532-0130-00", "DE89-3704-0044-0532-0130-00"),
        ("card", "4111 1111 1111 1111", "x 4111-1111-1111-1111 y", "4111-1111-1111-1111"),
        ("national_id", "529.982.247-25", "cpf 52998224725", "52998224725"),
        ("ip", "2001:DB8:0:0::1", "2001:db8::1", "2001:db8::1"),
        ("ip", "::ffff:10.0.0.1", "from 10.0.0.1,", "10.0.0.1"),
        ("mac", "00-1A-2B-3C-4D-5E", "001a.2b3c.4d5e", "001a.2b3c.4d5e"),
    ];
    for (kind, value, text, place) in cases {
        assert_eq!(found(kind, value, text), [place], "{kind} in {text}");
    }
}

#[test]
fn a_national_telephone_number_stands_for_several_countries() {
    let forms = normal_forms("phone", "030 1234567");
    assert!(forms.contains(&"+49301234567".to_owned()), "{forms:?}");
    assert!(forms.len() > 1, "other plans have this number too: {forms:?}");
}

#[test]
fn keys_are_named_alike_in_every_spelling() {
    for header in [
        "customer_id",
        "customerId",
        "CustomerID",
        "CUSTOMER-ID",
        "customerid",
        "customer_key",
        "cust.customer_no",
    ] {
        assert!(is_key_name(header).is_some_and(|k| k.ends_with("customer_id")), "{header}");
    }
    assert_eq!(is_key_name("id"), None);
    assert_eq!(is_key_name("country_code"), None);
    assert_eq!(is_key_name("paid"), None);
    assert_eq!(key_name("raw_customers", "id").as_deref(), Some("customer_id"));
}

#[test]
fn columns_are_judged_by_cells_more_than_by_headers() {
    let judge = |header: &str, cells: &[&str]| {
        let mut tally = ColumnTally::new(header);
        let mut spans = Vec::new();
        for cell in cells.iter().cycle().take(60) {
            spans.clear();
            recognise(cell, &mut spans);
            tally.cell(cell, &spans);
        }
        tally.verdicts().first().map(|v| v.kind)
    };
    assert_eq!(judge("email_template", &["2021-12-03T23:50:57+00:00"]), None);
    assert_eq!(judge("c7", &["a@b.example", "null", "x.y@z.example"]), Some("EMAIL_ADDRESS"));
    assert_eq!(judge("bsn", &["111222333", "123456782"]), Some("NATIONAL_ID"));
    assert_eq!(judge("tel", &["612 35 76 05", "810 13 46 11"]), Some("PHONE_NUMBER"));
    assert_eq!(judge("vorname", &["Anna", "Karl", "Lena"]), Some("PERSON_NAME"));
    assert_eq!(judge("product", &["Rose quartz", "Tesla Model 3"]), None);
    assert_eq!(judge("amount", &["100.25", "19.90"]), None);
    assert_eq!(judge("ts_ms", &["1710716564820", "1526997483992"]), None);
}

#[test]
fn every_row_of_the_table_is_whole() {
    for recogniser in RECOGNISERS {
        assert!(std::ptr::eq(by_kind(recogniser.id_name).expect("by name"), *recogniser));
        assert!(std::ptr::eq(by_kind(recogniser.kind).expect("by kind"), *recogniser));
        assert_eq!((recogniser.normalise)(""), None);
    }
    assert!(by_kind("shoe_size").is_none());
}

/// Pieces of identifiers, punctuation and other scripts, so that random text comes near to what recognisers look for.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-9]{1,16}",
        "[A-Za-z]{1,8}",
        "[ .,:;@+()/=%\\\\\"'\\-\n]{1,3}",
        "\\PC{1,3}",
        Just("a@b.example".to_owned()),
        Just("%40".to_owned()),
        Just("\\u0040".to_owned()),
        Just("+49 30 1234567".to_owned()),
        Just("DE89 3704 0044 0532 0130 00".to_owned()),
        Just("4111-1111-1111-1111".to_owned()),
        Just("529.982.247-25".to_owned()),
        Just("2001:db8::1".to_owned()),
        Just("Dear Anna Berg".to_owned()),
        Just("我是阎伟".to_owned()),
        Just("né(e) le 1969-03-08".to_owned()),
        Just("password=".to_owned()),
        Just("Address: ".to_owned()),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_survived_and_spans_are_ordered(text in soup()) {
        let mut spans = Vec::new();
        recognise(&text, &mut spans);
        let mut past = 0;
        for span in &spans {
            prop_assert!(span.start >= past && span.end > span.start && span.end <= text.len());
            prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
            past = span.end;
        }
        let mut tally = ColumnTally::new(&text);
        tally.cell(&text, &spans);
        tally.verdicts();
        RECOGNISERS.iter().for_each(|r| { (r.normalise)(&text); });
    }

    #[test]
    fn what_the_index_holds_lookup_confirms(text in soup()) {
        let mut tokens = Vec::new();
        identifiers(&text, &[], &mut tokens);
        for (kind, normal) in tokens {
            let mut places = Vec::new();
            matches(kind, &normal, &text, &mut places);
            prop_assert!(!places.is_empty(), "{kind}");
        }
    }

    #[test]
    fn all_readings_of_a_number_are_one_entry_a_national_number(digits in "0?[1-9][0-9]{7,9}") {
        let forms = normal_forms("PHONE_NUMBER", &digits);
        let indexed: std::collections::BTreeSet<&str> = forms.iter().map(|form| index_form("PHONE_NUMBER", form)).collect();
        // As it stands, without its trunk prefix, and behind a calling code that it may begin with.
        prop_assert!(indexed.len() <= 4, "{forms:?}");
        prop_assert!(indexed.iter().all(|form| digits.ends_with(form)), "{forms:?}");
    }

    #[test]
    fn a_scan_for_many_finds_what_lookup_finds(text in soup(), other in soup()) {
        let mut tokens = Vec::new();
        identifiers(&text, &[], &mut tokens);
        identifiers(&other, &[], &mut tokens);
        tokens.sort();
        tokens.dedup();
        let mut found = Vec::new();
        let known = Known::new(tokens.iter().map(|(kind, normal)| (*kind, normal.as_str())));
        known.find(&text, |place, start, end| found.push((place, start, end)));
        let mut expected = Vec::new();
        for (place, (kind, normal)) in tokens.iter().enumerate() {
            let mut places = Vec::new();
            matches(kind, normal, &text, &mut places);
            expected.extend(places.into_iter().map(|(start, end)| (place, start, end)));
        }
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_found_identifier_is_indexed(text in soup()) {
        let (mut spans, mut tokens) = (Vec::new(), Vec::new());
        recognise(&text, &mut spans);
        identifiers(&text, &spans, &mut tokens);
        for span in spans.iter().filter(|s| by_kind(s.kind).is_some_and(|r| r.identifies)) {
            prop_assert!(tokens.iter().any(|(kind, _)| *kind == span.kind), "{}", span.kind);
        }
    }
}
