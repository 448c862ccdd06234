//! Tokens: making them, knowing their holder, ending them. A secret is 256 random bits, shown once, kept as SHA-256.

use catalog::model::{AccessToken, Digest, Principal, Role};
use catalog::{AsOf, Catalog, Change, Error, Result};
use sha2::{Digest as _, Sha256};

/// What a secret begins with, so that scanners of leaked secrets know one of ours.
const SECRET_PREFIX: &str = "hwt_";

/// All roles and their names.
pub(crate) const ROLES: [(&str, Role); 6] = [
    ("viewer", Role::Viewer),
    ("analyst", Role::Analyst),
    ("steward", Role::Steward),
    ("privacy-officer", Role::PrivacyOfficer),
    ("approver", Role::Approver),
    ("admin", Role::Admin),
];

/// The name of a role.
pub(crate) fn role_name(role: Role) -> &'static str {
    ROLES.iter().find(|(_, known)| *known == role).map_or("viewer", |(name, _)| name)
}

/// The role of a name, as typed.
///
/// # Errors
/// A message that lists the roles.
pub(crate) fn parse_role(name: &str) -> std::result::Result<Role, String> {
    let plain = name.replace('_', "-").to_lowercase();
    let found = ROLES.iter().find(|(known, _)| *known == plain).map(|(_, role)| *role);
    found.ok_or_else(|| format!("roles are {}", ROLES.map(|(name, _)| name).join(", ")))
}

/// The digest by which a secret is known.
pub(crate) fn digest_of(secret: &str) -> Digest {
    Digest(Sha256::digest(secret.as_bytes()).into())
}

/// A fresh secret.
pub(crate) fn new_secret(env: &catalog::Env) -> String {
    format!("{SECRET_PREFIX}{}", hex::encode(env.random::<32>()))
}

/// Makes a token and returns its secret, which is kept nowhere.
///
/// # Errors
/// `Invalid` for a name that others could mistake.
pub(crate) fn create(
    catalog: &Catalog,
    by: &Principal,
    name: &str,
    roles: Vec<Role>,
) -> Result<(String, AccessToken)> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.@+".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
        let context = "a name has up to 64 letters, digits, and - _ . @ +";
        return Err(Error::invalid("create token", context));
    }
    if roles.is_empty() {
        return Err(Error::invalid("create token", "it needs a role"));
    }
    let secret = new_secret(catalog.env());
    let token = AccessToken {
        digest: digest_of(&secret),
        name: name.to_owned(),
        roles,
        created: catalog.env().clock.now(),
        created_by: by.name.clone(),
        revoked: None,
    };
    catalog
        .commit_durably(by, &[Change::put(&token)?, Change::audit("create token", token.short_id(), "ok")])?;
    // A token is used at once, often by another process.
    catalog.flush()?;
    Ok((secret, token))
}

/// The principal behind a secret.
///
/// # Errors
/// `Denied` if there is no such token or it was revoked; the two are not told apart.
pub(crate) fn authenticate(catalog: &Catalog, secret: &str) -> Result<Principal> {
    holder(catalog, &digest_of(secret.trim()))
}

/// The principal behind a secret's digest.
///
/// # Errors
/// `Denied` if there is no such token or it was revoked.
pub(crate) fn holder(catalog: &Catalog, digest: &Digest) -> Result<Principal> {
    let token: Option<AccessToken> = catalog.get(digest, AsOf::Now)?;
    match token.filter(|token| token.revoked.is_none()) {
        Some(token) => Ok(Principal { name: format!("token:{}", token.name), roles: token.roles }),
        None => Err(Error::denied("authenticate", "the token is unknown or revoked")),
    }
}

/// Ends all tokens of a name, or the one with a short id, and returns them.
///
/// # Errors
/// `NotFound` if none is in force.
pub(crate) fn revoke(catalog: &Catalog, by: &Principal, which: &str) -> Result<Vec<AccessToken>> {
    let now = catalog.env().clock.now();
    let mut ended = Vec::new();
    let mut changes = Vec::new();
    for mut token in catalog.all::<AccessToken>(AsOf::Now)? {
        if token.revoked.is_some() || (token.name != which && token.short_id() != which) {
            continue;
        }
        token.revoked = Some(now);
        changes.push(Change::put(&token)?);
        changes.push(Change::audit("revoke token", token.short_id(), "ok"));
        ended.push(token);
    }
    if ended.is_empty() {
        return Err(Error::not_found(
            "revoke token",
            "no such token is in force; see `headwater token list`",
        ));
    }
    catalog.commit_durably(by, &changes)?;
    catalog.flush()?;
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use catalog::env::fixed;
    use catalog::store::memory::MemoryStore;

    #[test]
    fn a_token_counts_until_it_is_revoked_and_its_secret_is_kept_nowhere() {
        let catalog = Catalog::open(Arc::new(MemoryStore::default()), fixed::env(1)).unwrap();
        let admin = Principal::system();
        let (secret, token) = create(&catalog, &admin, "bob", vec![Role::Approver]).unwrap();
        let bob = authenticate(&catalog, &secret).unwrap();
        assert_eq!(
            (bob.name.as_str(), bob.may(Role::Approver), bob.may(Role::Admin)),
            ("token:bob", true, false)
        );
        assert!(!format!("{token:?}").contains(&secret));
        assert!(authenticate(&catalog, "hwt_guess").is_err());
        revoke(&catalog, &admin, "bob").unwrap();
        assert!(authenticate(&catalog, &secret).is_err());
        assert!(revoke(&catalog, &admin, "bob").is_err(), "there is none left to end");
        assert_eq!(catalog.audit(1, 10).unwrap().len(), 2);
    }

    #[test]
    fn names_that_mislead_and_roles_that_are_none_are_refused() {
        let catalog = Catalog::open(Arc::new(MemoryStore::default()), fixed::env(1)).unwrap();
        for name in ["", "local:root", "a b", "a\u{200b}"] {
            assert!(create(&catalog, &Principal::system(), name, vec![Role::Viewer]).is_err(), "{name:?}");
        }
        assert_eq!(parse_role("privacy_officer"), Ok(Role::PrivacyOfficer));
        assert!(parse_role("root").unwrap_err().contains("viewer"));
    }
}
