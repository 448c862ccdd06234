//! Who speaks: a bearer token, the owner of the machine's files by the secret in `serve.json`, or a session of the pages.
//!
//! Programs send their token with each request. A page's form is only taken from a page of ours: its session cookie
//! is `SameSite=Strict`, and each form carries the session's own guard (OWASP's synchroniser token).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};
use catalog::model::{Digest, Principal};
use catalog::{Catalog, Error, Result};

use crate::auth;

/// Name of the session's cookie.
const COOKIE: &str = "headwater_session";
/// How long a session lasts.
const SESSION_LASTS: Duration = Duration::from_secs(12 * 3_600);
/// Sessions kept at a time; the oldest goes first.
const SESSIONS_MAX: usize = 1_000;

/// Knows who speaks.
pub(crate) struct Guard {
    /// Digest of the secret in `serve.json`, and who holds it.
    local: (Digest, Principal),
    sessions: Mutex<HashMap<String, Session>>,
}

/// A person at a page.
#[derive(Clone)]
pub(crate) struct Session {
    /// The digest of the token that was given at login; looked up anew each time, so that a revoked one ends it.
    token: Digest,
    /// What forms must send back.
    pub(crate) form_guard: String,
    since: Instant,
}

impl Guard {
    /// Takes the local secret.
    pub(crate) fn new(local_secret: &str, local: Principal) -> Self {
        Self { local: (auth::digest_of(local_secret), local), sessions: Mutex::default() }
    }

    /// The principal behind a request's bearer token.
    ///
    /// # Errors
    /// `Denied` without one, or with one that does not count.
    pub(crate) fn bearer(&self, catalog: &Catalog, headers: &HeaderMap) -> Result<Principal> {
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let secret = value
            .and_then(|value| value.split_once(' '))
            .filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"));
        let (_, secret) =
            secret.ok_or_else(|| Error::denied("authenticate", "send a token: Authorization: Bearer …"))?;
        self.holder(catalog, auth::digest_of(secret.trim()))
    }

    fn holder(&self, catalog: &Catalog, digest: Digest) -> Result<Principal> {
        // Digests of 256-bit secrets: comparing them tells nothing about the secret by its time.
        if digest == self.local.0 {
            return Ok(self.local.1.clone());
        }
        auth::holder(catalog, &digest)
    }

    /// Begins a session for the holder of a token and gives its cookie.
    ///
    /// # Errors
    /// `Denied` for a token that does not count.
    pub(crate) fn log_in(&self, catalog: &Catalog, secret: &str, is_https: bool) -> Result<String> {
        let token = auth::digest_of(secret.trim());
        self.holder(catalog, token)?;
        let id = hex::encode(catalog.env().random::<32>());
        let form_guard = hex::encode(catalog.env().random::<16>());
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.since.elapsed() < SESSION_LASTS);
        if sessions.len() >= SESSIONS_MAX {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.since).map(|(id, _)| id.clone());
            oldest.and_then(|oldest| sessions.remove(&oldest));
        }
        sessions.insert(id.clone(), Session { token, form_guard, since: Instant::now() });
        let secure = if is_https { "; Secure" } else { "" };
        let lasts = SESSION_LASTS.as_secs();
        Ok(format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Strict; Max-Age={lasts}{secure}"))
    }

    /// Ends a session and gives the cookie that clears it.
    pub(crate) fn log_out(&self, headers: &HeaderMap) -> String {
        if let Some(id) = session_id(headers) {
            self.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        }
        format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
    }

    /// The person at a page, or the holder of a bearer token who reads pages.
    pub(crate) fn visitor(
        &self,
        catalog: &Catalog,
        headers: &HeaderMap,
    ) -> Option<(Principal, Option<Session>)> {
        if headers.contains_key(header::AUTHORIZATION) {
            return self.bearer(catalog, headers).ok().map(|who| (who, None));
        }
        let id = session_id(headers)?;
        let session = self.sessions.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()?;
        if session.since.elapsed() >= SESSION_LASTS {
            return None;
        }
        Some((self.holder(catalog, session.token).ok()?, Some(session)))
    }
}

fn session_id(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, id)| id.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use axum::http::HeaderValue;
    use catalog::env::fixed;
    use catalog::model::Role;
    use catalog::store::memory::MemoryStore;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn nobody_speaks_without_a_token_and_a_revoked_one_ends_its_sessions() {
        let catalog = Catalog::open(Arc::new(MemoryStore::new()), fixed::env(3)).unwrap();
        let guard = Guard::new("local-secret", Principal::system());
        assert!(guard.bearer(&catalog, &HeaderMap::new()).is_err());
        assert!(guard.bearer(&catalog, &headers(header::AUTHORIZATION, "Basic local-secret")).is_err());
        let local = guard.bearer(&catalog, &headers(header::AUTHORIZATION, "Bearer local-secret")).unwrap();
        assert_eq!(local.name, "system");

        let (secret, _) = auth::create(&catalog, &local, "eve", vec![Role::Viewer]).unwrap();
        let cookie = guard.log_in(&catalog, &secret, true).unwrap();
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Secure")
        );
        assert!(!cookie.contains(&secret));
        let cookie = headers(header::COOKIE, cookie.split(';').next().unwrap());
        let (who, session) = guard.visitor(&catalog, &cookie).unwrap();
        assert!(who.name == "token:eve" && session.is_some());
        auth::revoke(&catalog, &local, "eve").unwrap();
        assert!(guard.visitor(&catalog, &cookie).is_none());
        assert!(guard.log_in(&catalog, &secret, false).is_err());
    }
}
