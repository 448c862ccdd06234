//! Tokens: made, listed, ended.

use catalog::model::{AccessToken, Principal, Role};
use catalog::{AsOf, Catalog, Result};
use serde_json::{Value, json};

use super::Answer;
use crate::auth;

pub(super) fn create(catalog: &Catalog, who: &Principal, name: &str, roles: Vec<Role>) -> Result<Answer> {
    let (secret, token) = auth::create(catalog, who, name, roles)?;
    let mut row = row(&token);
    row["token"] = Value::String(secret.clone());
    let mut answer = Answer::one(row);
    answer.text = Some(secret);
    Ok(answer.say(format!(
        "token {} for {}; it is shown this once, so keep it now",
        token.short_id(),
        token.name
    )))
}

pub(super) fn list(catalog: &Catalog) -> Result<Answer> {
    let mut tokens: Vec<AccessToken> = catalog.all(AsOf::Now)?;
    tokens.sort_by_key(|token| (token.created, token.digest));
    Ok(Answer::rows(tokens.iter().map(row).collect()))
}

pub(super) fn revoke(catalog: &Catalog, who: &Principal, which: &str) -> Result<Answer> {
    let ended = auth::revoke(catalog, who, which)?;
    Ok(Answer::rows(ended.iter().map(row).collect()))
}

fn row(token: &AccessToken) -> Value {
    let roles: Vec<_> = token.roles.iter().map(|role| auth::role_name(*role)).collect();
    json!({
        "id": token.short_id(),
        "name": token.name,
        "roles": roles,
        "created": token.created,
        "created_by": token.created_by,
        "revoked": token.revoked,
    })
}
