//! Lists a large tree of keys from many places at once, in order, so that a slow store is not walked one page at a time.
//!
//! A page of all keys below a folder comes first: most folders end with it. Where it does not, the folder's own level is
//! listed, and each folder in it is listed the same way by a task of its own, a bounded number of them ahead of who
//! takes the keys. Folders of few keys each are not worth a request each: there the pages go on one after the other.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::{Semaphore, mpsc};

use super::Listed;
use crate::error::{Error, Result};

/// Requests under way at a time.
const REQUESTS_MAX: usize = 64;
/// Folders that are listed ahead of the one that is being taken.
const FOLDERS_AHEAD: usize = 128;
/// Pages of one folder that wait.
const PAGES_WAITING: usize = 2;
/// A level is worth splitting if its folders have at least so many keys on a page.
const KEYS_A_FOLDER_MIN: usize = 16;
/// Levels that are split; below, pages go on one after the other.
const LEVELS_MAX: u32 = 16;

/// Keys in order, each with what is listed of it; those that are none of ours have `None`.
pub(super) struct Keys {
    /// In byte order.
    pub(super) keys: Vec<(String, Option<Listed>)>,
    /// Whether more follow.
    pub(super) more: bool,
}

/// What a folder holds itself.
pub(super) enum Entry {
    /// An object.
    Object(String, Option<Listed>),
    /// A folder's key, slash included.
    Folder(String),
}

impl Entry {
    /// Its key.
    pub(super) fn key(&self) -> &str {
        match self {
            Self::Object(key, _) | Self::Folder(key) => key,
        }
    }
}

/// Gives pages of keys.
#[async_trait]
pub(super) trait Pages: Send + Sync + 'static {
    /// A page of all keys that begin with `prefix` and come after `after`.
    async fn keys(&self, prefix: &str, after: Option<&str>) -> Result<Keys>;
    /// All objects and folders right in `prefix`, in order.
    async fn level(&self, prefix: &str) -> Result<Vec<Entry>>;
}

/// What a task hands on: keys, or another task whose keys come here.
enum Piece {
    Listed(Vec<Listed>),
    Folder(mpsc::Receiver<Result<Piece>>),
}

type Pieces = mpsc::Sender<Result<Piece>>;

struct Spread<P> {
    pages: P,
    requests: Semaphore,
}

/// Lists everything under a prefix (with a slash at its end, or empty), in order.
pub(super) fn list(pages: impl Pages, prefix: String) -> BoxStream<'static, Result<Listed>> {
    let spread = Arc::new(Spread { pages, requests: Semaphore::new(REQUESTS_MAX) });
    let first = start(spread, prefix, 0);
    let taken = stream::unfold(vec![first], async |mut open| {
        loop {
            match open.last_mut()?.recv().await {
                Some(Ok(Piece::Listed(listed))) => {
                    return Some((stream::iter(listed.into_iter().map(Ok).collect::<Vec<_>>()), open));
                }
                Some(Ok(Piece::Folder(folder))) => open.push(folder),
                // Nothing after a failure counts: the listing is not whole.
                Some(Err(error)) => return Some((stream::iter(vec![Err(error)]), Vec::new())),
                None => drop(open.pop()),
            }
        }
    });
    taken.flatten().boxed()
}

fn start<P: Pages>(spread: Arc<Spread<P>>, prefix: String, level: u32) -> mpsc::Receiver<Result<Piece>> {
    let (sender, receiver) = mpsc::channel(PAGES_WAITING);
    tokio::spawn(async move {
        if let Err(error) = spread.folder(&prefix, level, &sender).await {
            // Nobody listens any more, or they hear of it.
            let _ = sender.send(Err(error)).await;
        }
    });
    receiver
}

impl<P: Pages> Spread<P> {
    /// Lists one folder; ends early, and well, once nobody takes what it finds.
    async fn folder(self: &Arc<Self>, prefix: &str, level: u32, out: &Pieces) -> Result<()> {
        let mut after: Option<String> = None;
        loop {
            let page = self.keys(prefix, after.as_deref()).await?;
            let split = page.more && level < LEVELS_MAX && is_worth_splitting(prefix, &page);
            let last = page.keys.last().map(|(key, _)| key.clone());
            if page.more && last <= after {
                let problem = "the store does not go on with its list where it was asked to";
                return Err(Error::unavailable("list source", problem));
            }
            let listed = page.keys.into_iter().filter_map(|(_, listed)| listed).collect();
            if out.send(Ok(Piece::Listed(listed))).await.is_err() || !page.more {
                return Ok(());
            }
            if split && let Some(last) = &last {
                return self.split(prefix, last, level, out).await;
            }
            after = last;
        }
    }

    /// Lists what comes after `last`, each folder by a task of its own.
    async fn split(self: &Arc<Self>, prefix: &str, last: &str, level: u32, out: &Pieces) -> Result<()> {
        let entries = {
            let _request = self.requests.acquire().await;
            self.pages.level(prefix).await?
        };
        // Tasks are started ahead of the one whose turn it is.
        let mut ahead: VecDeque<Piece> = VecDeque::new();
        for entry in entries {
            match entry {
                Entry::Object(key, listed) if key.as_str() > last => {
                    ahead.push_back(Piece::Listed(listed.into_iter().collect()));
                }
                // What of a folder came with the first page is left out by its own task.
                Entry::Folder(key) if key.as_str() > last || last.starts_with(&key) => {
                    let after = last.starts_with(&key).then(|| last.to_owned());
                    ahead.push_back(Piece::Folder(self.start_after(key, after, level + 1)));
                }
                _ => {}
            }
            if ahead.len() > FOLDERS_AHEAD
                && let Some(piece) = ahead.pop_front()
                && out.send(Ok(piece)).await.is_err()
            {
                return Ok(());
            }
        }
        for piece in ahead {
            if out.send(Ok(piece)).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Starts the listing of a folder; one that was begun goes on in pages, after its last key.
    fn start_after(
        self: &Arc<Self>,
        prefix: String,
        after: Option<String>,
        level: u32,
    ) -> mpsc::Receiver<Result<Piece>> {
        let Some(after) = after else { return start(Arc::clone(self), prefix, level) };
        let (sender, receiver) = mpsc::channel(PAGES_WAITING);
        let spread = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = spread.split(&prefix, &after, level, &sender).await {
                let _ = sender.send(Err(error)).await;
            }
        });
        receiver
    }

    async fn keys(&self, prefix: &str, after: Option<&str>) -> Result<Keys> {
        let _request = self.requests.acquire().await;
        self.pages.keys(prefix, after).await
    }
}

/// Whether the folders right in `prefix` have many keys each, as far as a page shows.
fn is_worth_splitting(prefix: &str, page: &Keys) -> bool {
    let folder_of = |(key, _): &'_ (String, Option<Listed>)| {
        let below = key.get(prefix.len()..)?;
        below.split_once('/').map(|(folder, _)| folder.to_owned())
    };
    let folders: HashSet<String> = page.keys.iter().filter_map(folder_of).collect();
    !folders.is_empty() && page.keys.len() >= folders.len() * KEYS_A_FOLDER_MIN
}

#[cfg(test)]
mod tests;
