use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use catalog::model::Timestamp;
use futures::TryStreamExt;

use super::*;

/// Keys in memory, in pages of ten.
#[derive(Clone)]
struct Tree {
    keys: Arc<BTreeSet<String>>,
    requests: Arc<AtomicUsize>,
    /// The request that fails.
    fails_at: usize,
}

const PAGE: usize = 10;

fn listed(path: &str) -> Listed {
    Listed { path: path.into(), size: 1, etag: None, version: None, modified: Timestamp(0), problem: None }
}

impl Tree {
    fn of(keys: impl IntoIterator<Item = String>) -> Self {
        let keys = Arc::new(keys.into_iter().collect());
        Self { keys, requests: Arc::default(), fails_at: usize::MAX }
    }

    fn request(&self) -> Result<()> {
        match self.requests.fetch_add(1, Ordering::Relaxed) == self.fails_at {
            true => Err(Error::unavailable("list source", "it fails")),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Pages for Tree {
    async fn keys(&self, prefix: &str, after: Option<&str>) -> Result<Keys> {
        self.request()?;
        let after = after.unwrap_or_default();
        let mut rest = self.keys.iter().filter(|key| key.starts_with(prefix) && key.as_str() > after);
        let keys = rest.by_ref().take(PAGE).map(|key| (key.clone(), Some(listed(key)))).collect();
        Ok(Keys { keys, more: rest.next().is_some() })
    }

    async fn level(&self, prefix: &str) -> Result<Vec<Entry>> {
        self.request()?;
        let mut entries = Vec::new();
        for key in self.keys.iter().filter(|key| key.starts_with(prefix)) {
            match key[prefix.len()..].split_once('/') {
                None => entries.push(Entry::Object(key.clone(), Some(listed(key)))),
                Some((folder, _)) => {
                    let folder = format!("{prefix}{folder}/");
                    if !matches!(entries.last(), Some(Entry::Folder(known)) if *known == folder) {
                        entries.push(Entry::Folder(folder));
                    }
                }
            }
        }
        Ok(entries)
    }
}

async fn all(tree: &Tree) -> Result<Vec<String>> {
    list(tree.clone(), String::new()).map_ok(|listed| listed.path).try_collect().await
}

fn trees() -> Vec<Tree> {
    let many = (0..40)
        .flat_map(|folder| (0..35).map(move |key| format!("t{folder:02}/dt={:02}/k{key:03}", key / 20)));
    let thin = (0..300).map(|folder| format!("f{folder:04}/only"));
    // Names that sort before and after the slash of a folder of the same beginning.
    let close = ["a", "a!b", "a-1/x", "a/b", "a/c/d", "a0", "b/", "b/x", "b0/y", "z"].map(String::from);
    let deep = (0..200).map(|key| format!("one/two/three/{}/k{key:03}", key % 2));
    let mixed = (0..50).flat_map(|n| [format!("m/{n:03}.csv"), format!("m/{:02}/{n}", n / 25)]);
    vec![
        Tree::of([]),
        Tree::of(close.clone()),
        Tree::of(many.clone()),
        Tree::of(thin.clone()),
        Tree::of(deep.clone()),
        Tree::of(many.chain(thin).chain(close).chain(deep).chain(mixed)),
    ]
}

#[tokio::test]
async fn every_key_comes_once_and_in_order() {
    for tree in trees() {
        let keys: Vec<String> = all(&tree).await.unwrap();
        assert_eq!(keys, tree.keys.iter().cloned().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_page_that_fails_fails_the_listing() {
    let whole = trees().pop().unwrap();
    all(&whole).await.unwrap();
    let requests = whole.requests.load(Ordering::Relaxed);
    assert!(requests > 50);
    for fails_at in 0..requests {
        let tree = Tree { requests: Arc::default(), fails_at, ..whole.clone() };
        assert!(all(&tree).await.is_err(), "request {fails_at}");
    }
}

#[tokio::test]
async fn folders_of_few_keys_cost_no_request_each() {
    let thin = &trees()[3];
    all(thin).await.unwrap();
    assert!(thin.requests.load(Ordering::Relaxed) <= 30 + 1);
}
