//! What principals without the right see in place of personal data: rules, of which the first that fits counts, and what
//! counts where none does.
//!
//! A kind that is personal by itself, special or secret is hidden. One that is personal only beside other data is hidden in
//! tables of persons (see [`tells_of_persons`]): a city is nobody's in a table of shops. Where several kinds meet in one
//! feature, the strictest treatment of them counts.

use globset::GlobMatcher;

use crate::error::{Error, Result};
use crate::model::Category;

/// What becomes of a value, the strictest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Treatment {
    /// It is shown.
    Show,
    /// Part of it is shown: the domain of an address, the last few characters, the year of a date.
    Partial,
    /// A keyed digest stands for it: equal values stay equal, and nobody without the key can try values out.
    Hash,
    /// It reads as null.
    Null,
}

impl Treatment {
    /// The treatment of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "show" => Self::Show,
            "partial" => Self::Partial,
            "hash" => Self::Hash,
            "null" => Self::Null,
            _ => return None,
        })
    }
}

/// One rule of a policy. What it does not name fits everything.
#[derive(Clone, Debug)]
pub struct Rule {
    kind: Option<String>,
    category: Option<Category>,
    dataset: Option<GlobMatcher>,
    feature: Option<String>,
    with: Treatment,
}

/// A rule as somebody wrote it.
#[derive(Clone, Debug, Default)]
pub struct RuleText<'t> {
    /// infoType name.
    pub kind: Option<&'t str>,
    /// `personal`, `indirect`, `special` or `secret`.
    pub category: Option<&'t str>,
    /// Name of a dataset, perhaps with wildcards.
    pub dataset: Option<&'t str>,
    /// A feature's path as it is shown.
    pub feature: Option<&'t str>,
    /// `show`, `partial`, `hash` or `null`.
    pub with: &'t str,
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// `Invalid` with the key that is wrong.
    pub fn parse(text: &RuleText<'_>) -> Result<Self> {
        let wrong = |reason: String| Error::invalid("read a masking rule", reason);
        let with = Treatment::named(text.with)
            .ok_or_else(|| wrong(format!("with: {:?} is none of show, partial, hash, null", text.with)))?;
        let category = match text.category {
            None => None,
            Some(name) => Some(Category::named(name).ok_or_else(|| {
                wrong(format!("category: {name:?} is none of personal, indirect, special, secret"))
            })?),
        };
        let dataset = match text.dataset {
            None => None,
            Some(glob) => Some(globset::Glob::new(glob).map_err(|error| wrong(format!("dataset: {error}")))?),
        };
        if text.kind.is_none() && text.category.is_none() && text.feature.is_none() && text.dataset.is_none()
        {
            return Err(wrong("it names no kind, category, dataset or feature".into()));
        }
        Ok(Self {
            kind: text.kind.map(str::to_ascii_uppercase),
            category,
            dataset: dataset.map(|glob| glob.compile_matcher()),
            feature: text.feature.map(str::to_owned),
            with,
        })
    }

    fn fits(&self, dataset: &str, feature: &str, kind: &str) -> bool {
        self.kind.as_deref().is_none_or(|wanted| wanted == kind)
            && self.category.is_none_or(|wanted| wanted == Category::of(kind))
            && self.fits_place(dataset, feature)
    }

    fn fits_place(&self, dataset: &str, feature: &str) -> bool {
        self.dataset.as_ref().is_none_or(|glob| glob.is_match(dataset))
            && self.feature.as_deref().is_none_or(|wanted| wanted == feature)
    }
}

/// All rules of an installation, in their order.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    rules: Vec<Rule>,
}

impl Policy {
    /// Takes rules, the first that fits to count.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    /// What becomes of a kind in a feature. `of_persons` says whether the table tells of persons.
    pub fn treatment(&self, dataset: &str, feature: &str, kind: &str, of_persons: bool) -> Treatment {
        match self.rules.iter().find(|rule| rule.fits(dataset, feature, kind)) {
            Some(rule) => rule.with,
            None if Category::of(kind) == Category::Indirect && !of_persons => Treatment::Show,
            None => Treatment::Null,
        }
    }

    /// What becomes of a feature in which nothing need have been found: what a rule says that names the feature and no kind.
    pub fn of_feature(&self, dataset: &str, feature: &str) -> Option<Treatment> {
        let fits = |rule: &&Rule| {
            rule.feature.is_some()
                && rule.kind.is_none()
                && rule.category.is_none()
                && rule.fits_place(dataset, feature)
        };
        self.rules.iter().find(fits).map(|rule| rule.with)
    }
}

/// Whether a kind says that a table's rows are of persons, so that what is personal only beside other data is so in them.
pub fn tells_of_persons(kind: &str) -> bool {
    matches!(Category::of(kind), Category::Personal | Category::Special) || matches!(kind, "AGE" | "GENDER")
}

/// A text with all but a little of it hidden: of an e-mail address the domain, else a quarter of the characters, four at most,
/// at the end.
pub fn partial(text: &str) -> String {
    const HIDDEN: &str = "***";
    let text = text.trim();
    if let Some((local, domain)) = text.split_once('@')
        && !local.is_empty()
        && domain.contains('.')
        && !text.contains(char::is_whitespace)
        && !domain.contains('@')
    {
        return format!("{HIDDEN}@{domain}");
    }
    let length = text.chars().count();
    let shown = (length / 4).min(4);
    HIDDEN.chars().chain(text.chars().skip(length - shown)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: RuleText<'_>) -> Rule {
        Rule::parse(&text).unwrap()
    }

    #[test]
    fn the_first_rule_that_fits_counts() {
        let policy = Policy::new(vec![
            rule(RuleText {
                feature: Some("email"),
                dataset: Some("crm*"),
                with: "hash",
                ..RuleText::default()
            }),
            rule(RuleText { kind: Some("email_address"), with: "partial", ..RuleText::default() }),
            rule(RuleText { category: Some("indirect"), with: "show", ..RuleText::default() }),
        ]);
        let of = |dataset, feature, kind| policy.treatment(dataset, feature, kind, true);
        assert_eq!(of("crm_eu", "email", "EMAIL_ADDRESS"), Treatment::Hash);
        assert_eq!(of("web", "email", "EMAIL_ADDRESS"), Treatment::Partial);
        assert_eq!(of("web", "town", "CITY"), Treatment::Show);
        assert_eq!(of("web", "iban", "IBAN_CODE"), Treatment::Null);
        assert_eq!(policy.of_feature("crm_eu", "email"), Some(Treatment::Hash));
        assert_eq!(policy.of_feature("web", "email"), None);
    }

    #[test]
    fn indirect_kinds_are_hidden_in_tables_of_persons_alone() {
        let policy = Policy::default();
        assert_eq!(policy.treatment("d", "c", "CITY", false), Treatment::Show);
        assert_eq!(policy.treatment("d", "c", "CITY", true), Treatment::Null);
        assert_eq!(policy.treatment("d", "c", "PERSON_NAME", false), Treatment::Null);
        for (kind, tells) in [("EMAIL_ADDRESS", true), ("AGE", true), ("RELIGION", true), ("CITY", false)] {
            assert_eq!(tells_of_persons(kind), tells, "{kind}");
        }
        assert!(!tells_of_persons("AUTH_TOKEN"), "a door's key is of no person");
    }

    #[test]
    fn a_part_of_a_text_is_little_of_it() {
        for (text, shown) in [
            ("ada@mail.example", "***@mail.example"),
            ("4111111111111111", "***1111"),
            ("Berg", "***g"),
            ("Ada", "***"),
            ("", "***"),
            ("write to ada@mail.example now", "*** now"),
            ("@@", "***"),
            ("äöüßäöüß", "***üß"),
        ] {
            assert_eq!(partial(text), shown, "{text}");
        }
    }

    #[test]
    fn rules_that_say_nothing_are_refused() {
        let parse = |text: RuleText<'_>| Rule::parse(&text).map(drop).unwrap_err().to_string();
        assert!(parse(RuleText { with: "null", ..RuleText::default() }).contains("names no kind"));
        assert!(parse(RuleText { kind: Some("AGE"), with: "blank", ..RuleText::default() }).contains("with"));
        let dataset = RuleText { dataset: Some("[a"), with: "null", ..RuleText::default() };
        assert!(parse(dataset).contains("dataset"));
        let category = RuleText { category: Some("odd"), with: "null", ..RuleText::default() };
        assert!(parse(category).contains("category"));
    }
}
