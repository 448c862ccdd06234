//! Feature names that are personal themselves, such as the keys of a JSON map by e-mail address, or the first record of
//! a table without a header. Such a name must reach no schema, no statistic and no index, so it is put as `*`: all
//! keys of one map are then one feature, which is also what a reader of the schema wants to see.

use catalog::model::{Category, FeaturePath, Segment};

use crate::recognise::{Span, recognise};

/// What stands for a personal name.
pub(super) const MASK: &str = "*";

/// The path without personal names; the same path if there are none.
pub(crate) fn masked(path: &FeaturePath, spans: &mut Vec<Span>) -> FeaturePath {
    let segments = path.0.iter().map(|segment| match segment {
        Segment::Name(name) if is_personal(name, spans) => Segment::Name(MASK.to_owned()),
        segment => segment.clone(),
    });
    FeaturePath(segments.collect())
}

fn is_personal(name: &str, spans: &mut Vec<Span>) -> bool {
    spans.clear();
    recognise(name, spans);
    // Words such as `aged 45` name nobody.
    spans.iter().any(|span| Category::of(span.kind) != Category::Indirect)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(names: &[&str]) -> String {
        let path = FeaturePath(names.iter().map(|name| Segment::Name((*name).to_owned())).collect());
        masked(&path, &mut Vec::new()).to_string()
    }

    #[test]
    fn personal_names_are_masked_and_others_stay() {
        assert_eq!(mask(&["users", "ada@mail.example", "city"]), "users.*.city");
        assert_eq!(mask(&["DE89370400440532013000"]), "*");
        for plain in
            ["email", "customer_id", "2024-05-01", "column_17", "address.street", "q1 2024", "50%", "v1.2.3"]
        {
            assert_eq!(mask(&[plain]), plain);
        }
    }
}
