//! Listings of web servers: the pages that `autoindex` of nginx, Apache, lighttpd, Caddy and Python's `http.server` make of a folder.
//! WebDAV servers list themselves (`object_store` asks them); this is for those that do not.
//!
//! A page's links that lead into the folder are its files and folders; sizes and times come from a `HEAD` of each file.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use catalog::dataset::unescape;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt};
use url::Url;

use super::Listed;
use super::lake::of_meta;
use crate::error::{self, Error, Result};

/// Bytes of one page.
const PAGE_BYTES_MAX: usize = 64 << 20;
/// Folders within each other; servers follow links that lead back.
const DEPTH_MAX: usize = 64;
/// Folders in all.
const FOLDERS_MAX: usize = 1_000_000;
/// Files asked for at a time.
const HEADS_AT_ONCE: usize = 16;
const TIMEOUT: Duration = Duration::from_secs(60);
const OPERATION: &str = "list source";

/// A folder on a web server.
#[derive(Clone)]
pub(crate) struct Pages {
    base: Url,
    http: reqwest::Client,
}

impl Pages {
    /// The pages below a URL.
    pub(super) fn new(url: &Url) -> Result<Self> {
        let mut base = url.clone();
        base.set_query(None);
        base.set_fragment(None);
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", url.path()));
        }
        let http = reqwest::Client::builder().timeout(TIMEOUT).build();
        let http = http.map_err(|e| Error::internal("open HTTP source", "no HTTP client").with_source(e))?;
        Ok(Self { base, http })
    }

    /// What is listed, by pages if the server has any, else as WebDAV.
    pub(super) fn list(&self, store: Arc<dyn ObjectStore>) -> BoxStream<'static, Result<Listed>> {
        let pages = self.clone();
        let first = async move {
            let page = pages.page(&pages.base).await;
            Ok::<_, Error>(match page {
                Ok(page) if is_index(&page) => pages.walk(store),
                _ => store.list(None).map_ok(of_meta).map_err(|e| error::of_store(OPERATION, e)).boxed(),
            })
        };
        stream::once(first).try_flatten().boxed()
    }

    fn walk(self, store: Arc<dyn ObjectStore>) -> BoxStream<'static, Result<Listed>> {
        let begin = (self, store, vec![(String::new(), 0)], BTreeSet::new());
        let folders = stream::try_unfold(begin, |(pages, store, mut open, mut seen)| async move {
            let Some((folder, depth)) = open.pop() else { return Ok(None) };
            if !seen.insert(folder.clone()) {
                return Ok(Some((Vec::new(), (pages, store, open, seen))));
            }
            if depth > DEPTH_MAX || seen.len() > FOLDERS_MAX {
                let listed = Listed::unreadable(folder, "it lies deeper than folders are followed");
                return Ok(Some((vec![listed], (pages, store, open, seen))));
            }
            let listed = match pages.folder(&folder).await {
                Ok(names) => {
                    let (folders, files): (Vec<_>, Vec<_>) =
                        names.into_iter().partition(|name| name.ends_with('/'));
                    open.extend(folders.into_iter().rev().map(|name| (format!("{folder}{name}"), depth + 1)));
                    let heads = files.into_iter().map(|name| head(&store, format!("{folder}{name}")));
                    stream::iter(heads).buffered(HEADS_AT_ONCE).try_collect().await?
                }
                Err(error) if depth == 0 => return Err(error),
                Err(_) => vec![Listed::unreadable(folder, "the server does not list this folder")],
            };
            Ok(Some((listed, (pages, store, open, seen))))
        });
        folders.map_ok(|listed| stream::iter(listed.into_iter().map(Ok))).try_flatten().boxed()
    }

    /// Names in a folder, those of folders with a slash at their end.
    async fn folder(&self, folder: &str) -> Result<Vec<String>> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(folder.split('/'));
        }
        let page = self.page(&url).await?;
        Ok(links(&page, &url))
    }

    async fn page(&self, url: &Url) -> Result<String> {
        let failed = |e: reqwest::Error| {
            Error::unavailable(OPERATION, "the server does not answer").with_source(e.without_url())
        };
        let mut answer = self.http.get(url.clone()).send().await.map_err(failed)?;
        if !answer.status().is_success() {
            return Err(Error::unavailable(
                OPERATION,
                format!("the server answers {}", answer.status().as_u16()),
            ));
        }
        let mut page = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            page.extend_from_slice(&chunk);
            if page.len() > PAGE_BYTES_MAX {
                return Err(Error::unavailable(OPERATION, "a listing is longer than is read"));
            }
        }
        Ok(String::from_utf8_lossy(&page).into_owned())
    }
}

/// One file, as the server describes it.
async fn head(store: &Arc<dyn ObjectStore>, path: String) -> Result<Listed> {
    let Ok(key) = super::Lake::key(&path) else {
        return Ok(Listed::unreadable(path, "the store's client cannot spell its name"));
    };
    match store.head(&key).await {
        // The store tells where it lies in all of the server.
        Ok(meta) => Ok(Listed { path, ..of_meta(meta) }),
        Err(error) => {
            let error = error::of_store(OPERATION, error);
            match error.kind {
                crate::error::Kind::Unavailable => Err(error),
                _ => Ok(Listed::unreadable(path, "the server lists it and does not give it")),
            }
        }
    }
}

/// Whether a page is a listing: all servers put the same few words into its title.
fn is_index(page: &str) -> bool {
    let page = page.to_ascii_lowercase();
    let title = page.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    title.is_some_and(|(title, _)| {
        let title = title.trim();
        title.starts_with("index of") || title.starts_with("directory listing")
    })
}

/// Names that a page's links give of what lies in its folder.
fn links(page: &str, at: &Url) -> Vec<String> {
    let mut names = BTreeSet::new();
    for (start, _) in page.match_indices("href=") {
        let rest = &page[start + 5..];
        let quote = rest.chars().next().filter(|letter| matches!(letter, '"' | '\''));
        let target = match quote {
            Some(quote) => rest[1..].split(quote).next().unwrap_or_default(),
            None => rest.split([' ', '>', '\n']).next().unwrap_or_default(),
        };
        names.extend(name_in(at, &target.replace("&amp;", "&")));
    }
    names.into_iter().collect()
}

/// The name of what a link leads to, if that lies right in the folder. Links that sort the page have a query.
fn name_in(folder: &Url, target: &str) -> Option<String> {
    // A name with a colon would be taken for a scheme; servers write `./a:b`, and so do we.
    let target = folder.join(target).ok()?;
    let within =
        (target.origin() == folder.origin() && target.query().is_none() && target.fragment().is_none())
            .then(|| target.path().strip_prefix(folder.path()))??;
    let (name, slash) = within.strip_suffix('/').map_or((within, ""), |name| (name, "/"));
    if name.is_empty() || name.contains('/') {
        return None;
    }
    let name = unescape(name);
    (name != "." && name != ".." && !name.contains('/')).then(|| format!("{name}{slash}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(page: &str) -> Vec<String> {
        links(page, &Url::parse("http://host/data/raw/").unwrap())
    }

    #[test]
    fn pages_of_every_server_are_read() {
        let python = "<title>Directory listing for /data/raw/</title><ul>\n<li><a href=\"a%20b.csv\">a b.csv</a></li>\n<li><a href=\"2024/\">2024/</a></li></ul>";
        assert!(is_index(python));
        assert_eq!(names(python), ["2024/", "a b.csv"]);
        let nginx = "<html><head><title>Index of /data/raw/</title></head><body><pre><a href=\"../\">../</a>\n<a href=\"x.parquet\">x.par..&gt;</a> 01-May-2024 10:00 12</pre>";
        assert!(is_index(nginx));
        assert_eq!(names(nginx), ["x.parquet"]);
        let apache = "<TITLE>Index of /data/raw</TITLE><a href=\"?C=N;O=D\">Name</a><a href=\"/data/\">Parent Directory</a><a href='caf%C3%A9&amp;co.csv'>c</a><a href=/data/raw/y.csv>y</a>";
        assert!(is_index(apache));
        assert_eq!(names(apache), ["café&co.csv", "y.csv"]);
    }

    #[test]
    fn links_that_lead_elsewhere_are_no_files() {
        let page = "href=\"http://other/data/raw/a\" href=\"/data/rawer/a\" href=\"deep/er.csv\" href=\"#top\" href=\"y.csv?v=2\" href=\"%2e%2e/\" href=\"javascript:x\" href=\"\" href=\"b%2Fc\"";
        assert_eq!(names(page), Vec::<String>::new());
        assert!(!is_index("<html><title>Welcome</title></html>") && !is_index(""));
    }
}
