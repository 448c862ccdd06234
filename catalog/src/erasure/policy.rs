//! What a policy asks of one part: the rules that cover its blob, against the kinds of identifiers found in it.

use crate::model::{How, Rule, RuleMethod};

/// What is done with what was found by identifiers of some kinds. Each kind takes the first rule that fits it, and the one that
/// leaves least of the person's data wins: a row is one thing, and cannot both stay and go.
pub fn method<'k>(rules: &[Rule], kinds: impl IntoIterator<Item = &'k str>) -> RuleMethod {
    kinds.into_iter().map(|kind| of_kind(rules, kind)).max().unwrap_or(RuleMethod::Remove)
}

fn of_kind(rules: &[Rule], kind: &str) -> RuleMethod {
    let fits = |rule: &&Rule| rule.kind.as_deref().is_none_or(|asked| asked == kind);
    rules.iter().find(fits).map_or(RuleMethod::Remove, |rule| rule.method)
}

/// How values are replaced, if a method does that.
pub fn how(method: RuleMethod) -> Option<How> {
    match method {
        RuleMethod::Pseudonymise => Some(How::Pseudonymise),
        RuleMethod::Mask => Some(How::Mask),
        RuleMethod::Null => Some(How::Null),
        RuleMethod::Report | RuleMethod::Remove | RuleMethod::DeleteBlob => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_its_first_rule_and_the_most_thorough_wins() {
        let rule = |kind: Option<&str>, method| Rule {
            path: None,
            dataset: None,
            kind: kind.map(str::to_owned),
            method,
        };
        let rules = [
            rule(Some("EMAIL_ADDRESS"), RuleMethod::Mask),
            rule(Some("EMAIL_ADDRESS"), RuleMethod::DeleteBlob),
            rule(Some("KEY:customer_id"), RuleMethod::Pseudonymise),
            rule(Some("IP_ADDRESS"), RuleMethod::Report),
        ];
        for (kinds, expected) in [
            (&["EMAIL_ADDRESS"][..], RuleMethod::Mask),
            (&["KEY:customer_id"], RuleMethod::Pseudonymise),
            (&["KEY:customer_id", "EMAIL_ADDRESS"], RuleMethod::Mask),
            (&["IP_ADDRESS", "KEY:customer_id"], RuleMethod::Pseudonymise),
            (&["IP_ADDRESS"], RuleMethod::Report),
            (&["PHONE_NUMBER", "EMAIL_ADDRESS"], RuleMethod::Remove),
            (&[], RuleMethod::Remove),
        ] {
            assert_eq!(method(&rules, kinds.iter().copied()), expected, "{kinds:?}");
        }
        assert_eq!(method(&[rule(None, RuleMethod::Null)], ["PHONE_NUMBER"]), RuleMethod::Null);
    }
}
