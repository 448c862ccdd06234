//! The way from a command to the catalog: opened here, or asked through the daemon that holds the directory.
//!
//! sled takes an exclusive lock. While `headwater serve` holds it, `serve.json` in the folder of keys (mode 0600) says
//! where that daemon listens and under which secret the owner of these files may speak to it.

use std::sync::Arc;
use std::time::Duration;

use catalog::model::Principal;
use catalog::{Error, Result};

use super::progress::progress;
use crate::auth;
use crate::compose::{App, OpenError, local_principal};
use crate::config::Config;
use crate::error::kind_of;
use crate::keys::Keys;
use crate::ops::{Answer, Operation};
use crate::reach::{ErrorBody, Reach};

/// How long a command waits for another one to let go of the catalog.
const LOCK_WAIT_SECS: u64 = 10;
/// How often it looks.
const LOCK_LOOK_MILLIS: u64 = 100;

/// The catalog, near or far.
pub(crate) enum Door {
    /// Opened by this process.
    Here { app: Arc<App>, who: Principal },
    /// Held by a daemon.
    There { client: reqwest::Client, reach: Reach },
}

impl Door {
    /// Opens the catalog, or finds the daemon that holds it; `secret` makes this command speak as another principal.
    ///
    /// # Errors
    /// `Conflict` if another command holds it for long, `Denied` for a secret that is no token's.
    pub(crate) async fn open(config: &Config, secret: Option<String>) -> Result<Self> {
        let looks = LOCK_WAIT_SECS * 1_000 / LOCK_LOOK_MILLIS;
        for _ in 0..looks {
            let keys = match App::open(config.clone(), progress()) {
                Ok(app) => return Self::here(app, secret),
                Err(OpenError::Failed(error)) => return Err(error),
                Err(OpenError::Locked(keys)) => keys,
            };
            if let Some(there) = Self::there(&keys, &secret).await {
                return Ok(there);
            }
            tokio::time::sleep(Duration::from_millis(LOCK_LOOK_MILLIS)).await;
        }
        let context =
            "another headwater command holds it; wait for its end, or run `headwater serve` to share it";
        Err(Error::conflict("open catalog", context))
    }

    fn here(app: App, secret: Option<String>) -> Result<Self> {
        let who = match secret {
            Some(secret) => auth::authenticate(&app.catalog, &secret)?,
            None => local_principal(),
        };
        Ok(Self::Here { app: Arc::new(app), who })
    }

    /// The daemon of `serve.json`, if it answers; one that was killed leaves its file behind.
    async fn there(keys: &Keys, secret: &Option<String>) -> Option<Self> {
        let mut reach: Reach = serde_json::from_slice(&std::fs::read(keys.serve_file()).ok()?).ok()?;
        // It is on this machine: a proxy must see neither secret nor answers.
        let client = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(Duration::from_secs(LOCK_WAIT_SECS))
            .build()
            .ok()?;
        client.get(format!("{}/healthz", reach.url)).send().await.ok()?.error_for_status().ok()?;
        if let Some(secret) = secret {
            reach.secret = secret.clone();
        }
        Some(Self::There { client, reach })
    }

    /// Asks.
    ///
    /// # Errors
    /// What the operation fails with, here or there.
    pub(crate) async fn ask(&self, operation: Operation) -> Result<Answer> {
        match self {
            Self::Here { app, who } => operation.run(app, who).await,
            Self::There { client, reach } => ask_daemon(client, reach, &operation).await,
        }
    }

    /// Makes what was written durable.
    ///
    /// # Errors
    /// `Unavailable` if the disk fails.
    pub(crate) fn close(self) -> Result<()> {
        match self {
            Self::Here { app, .. } => app.catalog.flush(),
            Self::There { .. } => Ok(()),
        }
    }
}

async fn ask_daemon(client: &reqwest::Client, reach: &Reach, operation: &Operation) -> Result<Answer> {
    let failed = |error: reqwest::Error| {
        Error::unavailable("ask the daemon", "it broke off").with_source(error.without_url())
    };
    let request =
        client.post(format!("{}/v1/operations", reach.url)).bearer_auth(&reach.secret).json(operation);
    let response = request.send().await.map_err(failed)?;
    if response.status().is_success() {
        return response.json().await.map_err(failed);
    }
    let status = response.status();
    let told: Option<ErrorBody> = response.json().await.ok();
    let told = told.unwrap_or_else(|| ErrorBody { code: "internal".into(), message: status.to_string() });
    Err(Error::new(kind_of(&told.code), "answer", told.message))
}
