//! Tests of cutting names into words.

use super::*;

#[test]
fn names_are_cut_where_people_see_words() {
    let cases: [(&str, &[&str]); 7] = [
        ("raw/orders-2024_01.parquet", &["raw", "orders", "2024", "01", "parquet"]),
        ("orderItems", &["order", "items"]),
        ("HTTPServerLog", &["http", "server", "log"]),
        ("ID", &["id"]),
        ("customers2024", &["customers2024"]),
        ("Äpfel/größenÜbersicht", &["äpfel", "größen", "übersicht"]),
        ("//..--", &[]),
    ];
    for (text, expected) in cases {
        assert_eq!(smallest(text), expected, "{text}");
    }
    let whole: Vec<_> = words("orderItems x").into_iter().map(|word| (word.text, word.position)).collect();
    let expected = [("orderitems", 0), ("order", 0), ("items", 1), ("x", 2)];
    assert_eq!(whole, expected.map(|(text, position)| (text.to_owned(), position)));
}

#[test]
fn texts_of_one_field_do_not_run_into_each_other() {
    let tokens = tokenized(["a b", "c"]).tokens;
    let places: Vec<_> = tokens.iter().map(|token| (token.text.as_str(), token.position)).collect();
    assert_eq!(places, [("a", 0), ("b", 1), ("c", 3)]);
}
