//! What a data subject is named by, as typed: `email=ada@mail.example`, `customer_id=C-1017`.

use std::fmt;

use catalog::env::Env;
use catalog::model::{SubjectIdentifier, TokenDigest};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::recognise::{self, KEY};

/// One identifier of a data subject. It is never recorded as it is, and `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifier {
    /// infoType name, or `KEY:<name>`.
    pub kind: String,
    /// The value as typed.
    pub value: String,
    /// Its normal forms, the likeliest first: a telephone number without its country has several.
    pub forms: Vec<String>,
    /// What is to stand there instead, if it is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier({})", self.kind)
    }
}

const OPERATION: &str = "read identifier";

impl Identifier {
    /// Reads `KIND=VALUE`.
    ///
    /// # Errors
    /// `Invalid`, with the form that was expected, and never with the value.
    pub fn parse(text: &str) -> Result<Self> {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            Error::invalid(OPERATION, "write KIND=VALUE, for instance email=ada@mail.example")
        })?;
        let (name, value) = (name.trim(), value.trim());
        if value.is_empty() {
            return Err(Error::invalid(OPERATION, format!("write a value after {name}=")));
        }
        let kind = kind_of(name)?;
        let forms = recognise::normal_forms(&kind, value);
        if forms.is_empty() {
            return Err(Error::invalid(OPERATION, format!("the value is no {name}{}", example(&kind))));
        }
        Ok(Self { kind, value: value.into(), forms, right: None })
    }

    /// The same, to be replaced by the right value.
    ///
    /// # Errors
    /// `Invalid` if that is no value of its kind, or says the same.
    pub fn rectified(self, right: &str) -> Result<Self> {
        let other = Self::parse(&format!("{}={right}", self.kind))?;
        if other.forms.iter().any(|form| self.forms.contains(form)) {
            return Err(Error::invalid(OPERATION, "the right value says the same as the wrong one"));
        }
        Ok(Self { right: Some(right.trim().into()), ..self })
    }

    /// The name of the key column, if it is a declared key.
    pub fn key(&self) -> Option<&str> {
        self.kind.strip_prefix(KEY)
    }

    /// Keyed digests of its normal forms: what requests, plans and holds name it by.
    pub fn digests(&self, env: &Env) -> Vec<TokenDigest> {
        self.forms.iter().map(|form| env.hasher.digest(&self.kind, form)).collect()
    }

    /// What the subject index knows it by, under every key that is there; which tells less: see [`recognise::index_form`].
    pub fn tokens(&self, env: &Env) -> Vec<TokenDigest> {
        let forms: Vec<&str> =
            self.forms.iter().map(|form| recognise::index_form(&self.kind, form)).collect();
        let epochs = env.hasher.epochs();
        epochs.iter().flat_map(|epoch| forms.iter().map(|form| epoch.digest(&self.kind, form))).collect()
    }

    /// What the suppression ledger knows it by: the same forms under the subject key, each with its tokens in the index.
    pub fn indexed(&self, env: &Env) -> Vec<(SubjectIdentifier, Vec<TokenDigest>)> {
        let mut forms: Vec<&str> =
            self.forms.iter().map(|form| recognise::index_form(&self.kind, form)).collect();
        forms.sort_unstable();
        forms.dedup();
        let epochs = env.hasher.epochs();
        let subject = |form: &str| {
            let digest = env.hasher.digest(&self.kind, form);
            let tokens = epochs.iter().map(|epoch| epoch.digest(&self.kind, form)).collect();
            (SubjectIdentifier { kind: self.kind.clone(), digest }, tokens)
        };
        forms.into_iter().map(subject).collect()
    }

    /// What the catalog may know of it, an entry a normal form.
    pub fn subjects(&self, env: &Env) -> Vec<SubjectIdentifier> {
        let subject = |digest| SubjectIdentifier { kind: self.kind.clone(), digest };
        self.digests(env).into_iter().map(subject).collect()
    }
}

fn kind_of(name: &str) -> Result<String> {
    if let Some(recogniser) = recognise::by_kind(name) {
        if recogniser.identifies {
            return Ok(recogniser.kind.into());
        }
        let context = format!("{name} alone does not identify a person; name an e-mail, a number or a key");
        return Err(Error::invalid(OPERATION, context));
    }
    let declared = name.strip_prefix(KEY).or_else(|| name.strip_prefix("key:"));
    let key = recognise::is_key_name(declared.unwrap_or(name)).or_else(|| declared.map(str::to_lowercase));
    key.filter(|key| !key.is_empty()).map(|key| format!("{KEY}{key}")).ok_or_else(|| {
        let known: Vec<_> =
            recognise::recognisers().iter().filter(|one| one.identifies).map(|one| one.id_name).collect();
        let known = known.join(", ");
        Error::invalid(OPERATION, format!("write one of {known}, or a key column such as customer_id"))
    })
}

fn example(kind: &str) -> &'static str {
    match kind {
        "EMAIL_ADDRESS" => "; write it as ada@mail.example",
        "PHONE_NUMBER" => "; write it with its country, as +49 30 123456",
        "IBAN_CODE" | "CREDIT_CARD_NUMBER" => "; its check digits are wrong",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_kinds_and_keys_and_says_what_it_expects() {
        let email = Identifier::parse("email= Ada@Mail.example").unwrap();
        assert_eq!((email.kind.as_str(), email.forms[0].as_str()), ("EMAIL_ADDRESS", "ada@mail.example"));
        assert_eq!(format!("{email:?}"), "Identifier(EMAIL_ADDRESS)");
        assert_eq!(Identifier::parse("EMAIL_ADDRESS=ada@mail.example").unwrap().kind, "EMAIL_ADDRESS");
        for key in ["customer_id=7", "customerId=7", "CustomerID=7", "KEY:customer_id=7"] {
            assert_eq!(Identifier::parse(key).unwrap().kind, "KEY:customer_id", "{key}");
        }
        for (wrong, expected) in [
            ("ada@mail.example", "KIND=VALUE"),
            ("email=", "after email="),
            ("email=nonsense", "is no email"),
            ("colour=red", "customer_id"),
            ("name=Ada", "does not identify"),
        ] {
            let error = Identifier::parse(wrong).unwrap_err().to_string();
            assert!(error.contains(expected), "{wrong}: {error}");
            assert!(!error.contains("nonsense") && !error.contains("red"), "{error}");
        }
    }
}
