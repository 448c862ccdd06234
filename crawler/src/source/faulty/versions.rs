//! The same faults on the way to versions, tags and uploads, for which the eraser has a client of its own. It tries again, as
//! that one does, so that a write is repeated whose answer was lost.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};

use super::{Dice, Fault};
use crate::error::{Error, Kind, Result};
use crate::source::{Attached, Hold, Listed, ObjectVersion, Upload, Versioning, Versions};

/// Tries of a request; the real client makes some more, and waits in between.
const ATTEMPTS_MAX: usize = 2;

/// Versions of a store with faults in it.
#[derive(Debug)]
pub struct FaultyVersions {
    versions: Arc<dyn Versions>,
    dice: Arc<Dice>,
}

impl FaultyVersions {
    /// Puts faults before versions, by dice that others share.
    pub fn by(versions: Arc<dyn Versions>, dice: Arc<Dice>) -> Self {
        Self { versions, dice }
    }

    async fn ask<'a, T>(
        &self,
        path: &str,
        request: impl Fn() -> BoxFuture<'a, Result<T>> + Send,
    ) -> Result<T> {
        self.ask_if(path, false, request).await
    }

    async fn ask_if<'a, T>(
        &self,
        path: &str,
        has_condition: bool,
        request: impl Fn() -> BoxFuture<'a, Result<T>> + Send,
    ) -> Result<T> {
        let can = |fault| match fault {
            Fault::Conflict => has_condition,
            fault => matches!(fault, Fault::Busy | Fault::Lost),
        };
        let mut attempt = 0;
        loop {
            attempt += 1;
            self.dice.come_between(path).await;
            let answer = match self.dice.fault(can) {
                Fault::Busy => Err(failed()),
                Fault::Lost => request().await.and(Err(failed())),
                Fault::Conflict => Err(Error::conflict("ask the store", "412 precondition failed")),
                _ => request().await,
            };
            match answer {
                Err(error) if error.kind == Kind::Unavailable && attempt < ATTEMPTS_MAX => {}
                answer => return answer,
            }
        }
    }
}

fn failed() -> Error {
    Error::unavailable("ask the store", "503 slow down")
}

#[async_trait]
impl Versions for FaultyVersions {
    fn list(&self) -> BoxStream<'static, Result<Listed>> {
        let items = self.versions.list();
        match self.dice.fault(|fault| matches!(fault, Fault::Busy | Fault::Torn(_))) {
            Fault::Busy => stream::once(async { Err(failed()) }).boxed(),
            Fault::Torn(dice) => {
                items.take(usize::from(dice % 4)).chain(stream::once(async { Err(failed()) })).boxed()
            }
            _ => items,
        }
    }

    async fn versioning(&self) -> Result<Versioning> {
        self.ask("", || self.versions.versioning()).await
    }

    async fn of(&self, path: &str) -> Result<Vec<ObjectVersion>> {
        self.ask(path, || self.versions.of(path)).await
    }

    async fn all(&self) -> Result<Vec<(String, ObjectVersion)>> {
        self.ask("", || self.versions.all()).await
    }

    async fn delete(&self, path: &str, version: &str) -> Result<()> {
        self.ask(path, || self.versions.delete(path, version)).await
    }

    async fn hold(&self, path: &str, version: Option<&str>) -> Result<Hold> {
        self.ask(path, || self.versions.hold(path, version)).await
    }

    async fn tags(&self, path: &str, version: Option<&str>) -> Result<Vec<(String, String)>> {
        self.ask(path, || self.versions.tags(path, version)).await
    }

    async fn put_tags(&self, path: &str, version: Option<&str>, tags: &[(String, String)]) -> Result<()> {
        self.ask(path, || self.versions.put_tags(path, version, tags)).await
    }

    async fn storage_class(&self, path: &str) -> Result<Option<String>> {
        self.ask(path, || self.versions.storage_class(path)).await
    }

    async fn uploads(&self) -> Result<Vec<Upload>> {
        self.ask("", || self.versions.uploads()).await
    }

    async fn grants(&self, path: &str) -> Result<Vec<(&'static str, String)>> {
        self.ask(path, || self.versions.grants(path)).await
    }

    async fn begin_upload(&self, path: &str, attached: &Attached) -> Result<String> {
        self.ask(path, || self.versions.begin_upload(path, attached)).await
    }

    async fn put_part(&self, path: &str, id: &str, number: u32, bytes: Bytes) -> Result<String> {
        self.ask(path, || self.versions.put_part(path, id, number, bytes.clone())).await
    }

    async fn join_upload(&self, path: &str, id: &str, parts: &[String], expect_etag: &str) -> Result<String> {
        let join = || self.versions.join_upload(path, id, parts, expect_etag);
        self.ask_if(path, true, join).await
    }

    async fn has_parts(&self, upload: &Upload) -> Result<bool> {
        self.ask(&upload.path, || self.versions.has_parts(upload)).await
    }

    async fn abort(&self, path: &str, id: &str) -> Result<()> {
        self.ask(path, || self.versions.abort(path, id)).await
    }
}
