//! Opens the store behind a URL. Credentials and endpoints come from the usual environment variables of each cloud,
//! overridden by the source's own settings; the canonical URL never holds any.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use object_store::ObjectStore;
use object_store::memory::InMemory;
use tokio::sync::Semaphore;
use url::Url;

use super::pages::Pages;
use super::{SourceOptions, Versions};
use crate::error::{self, Error, Result};

/// What a row of the table gives.
pub(crate) struct Opened {
    /// URL without credentials and without a slash at its end.
    pub(crate) url: String,
    /// The store, not yet guarded, rooted at the bucket.
    pub(crate) store: Arc<dyn ObjectStore>,
    /// Prefix within the bucket.
    pub(crate) prefix: String,
    /// The folder, if the blobs are files.
    pub(crate) folder: Option<PathBuf>,
    /// The only blob, if the URL names a file.
    pub(crate) only: Option<String>,
    /// What the store can beyond `object_store`.
    pub(crate) versions: Option<Arc<dyn Versions>>,
    /// Requests at a time, if some go past `store` and count among them.
    pub(crate) requests: Option<Arc<Semaphore>>,
    /// What the store may keep of objects that were overwritten or deleted, where nothing here sees it.
    pub(crate) unseen: Option<&'static str>,
    /// Pages that list it, if it is a web server's.
    pub(crate) pages: Option<Pages>,
}

/// Opens the store of a parsed URL.
pub(crate) type Open = fn(&Url, &SourceOptions) -> Result<Opened>;

/// Takes a URL or a plain path to a URL.
pub(crate) fn parse(url: &str) -> Result<Url> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    if scheme.is_some_and(|scheme| !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric())) {
        return Url::parse(url).map_err(|e| Error::invalid("open source", "it is no URL").with_source(e));
    }
    let path = std::path::absolute(url).map_err(|e| error::of_file("open source", e))?;
    Url::from_file_path(path).map_err(|()| Error::invalid("open source", "its path has no URL"))
}

pub(crate) fn files(url: &Url, _: &SourceOptions) -> Result<Opened> {
    let operation = "open source";
    let path = url.to_file_path().map_err(|()| Error::invalid(operation, "it is no path of this machine"))?;
    let path = path.canonicalize().map_err(|e| error::of_file(operation, e))?;
    let (folder, only) = match path.is_dir() {
        true => (path.clone(), None),
        false => (parent(&path)?, path.file_name().and_then(|name| name.to_str()).map(str::to_owned)),
    };
    let store = object_store::local::LocalFileSystem::new_with_prefix(&folder)
        .map_err(|e| error::of_store(operation, e))?;
    let url = Url::from_file_path(&folder).map_err(|()| Error::invalid(operation, "its path has no URL"))?;
    let url = url.as_str().trim_end_matches('/').to_owned();
    Ok(Opened {
        url,
        store: Arc::new(store),
        prefix: String::new(),
        folder: Some(folder),
        only,
        versions: None,
        requests: None,
        unseen: None,
        pages: None,
    })
}

fn parent(path: &Path) -> Result<PathBuf> {
    let parent = path.parent().map(Path::to_owned);
    parent.ok_or_else(|| Error::invalid("open source", "it is neither folder nor file"))
}

/// Memory stores live as long as the process and are found by name, so that a try-out can be opened twice.
static MEMORIES: Mutex<BTreeMap<String, Arc<InMemory>>> = Mutex::new(BTreeMap::new());

pub(crate) fn memory(url: &Url, _: &SourceOptions) -> Result<Opened> {
    let name = url.host_str().unwrap_or_default().to_owned();
    let mut memories = MEMORIES.lock().unwrap_or_else(PoisonError::into_inner);
    let store = Arc::clone(memories.entry(name).or_default());
    Ok(remote(url, store, None))
}

fn remote(url: &Url, store: Arc<dyn ObjectStore>, versions: Option<Arc<dyn Versions>>) -> Opened {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    // Both fail only on URLs without a host, which hold no credentials either.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    let prefix = prefix_of(url);
    let base = shown.as_str().trim_end_matches('/').to_owned();
    let (folder, only, requests, unseen, pages) = (None, None, None, None, None);
    Opened { url: base, store, prefix, folder, only, versions, requests, unseen, pages }
}

/// The path of a URL as a store's prefix, percent-decoded.
fn prefix_of(url: &Url) -> String {
    let path = url.path().trim_matches('/');
    object_store::path::Path::from_url_path(path).map(String::from).unwrap_or_default()
}

/// Retries below the guard: few, since the guard retries too.
#[cfg(any(feature = "s3", feature = "gcs", feature = "azure", feature = "http"))]
fn retries() -> object_store::RetryConfig {
    use object_store::{BackoffConfig, RetryConfig};
    use std::time::Duration;
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(5),
            base: 2.0,
        },
        max_retries: 4,
        retry_timeout: Duration::from_secs(60),
    }
}

/// Settings of a source as a cloud's builder takes them.
#[cfg(any(feature = "s3", feature = "gcs", feature = "azure", feature = "http"))]
fn settings<K: std::str::FromStr>(options: &SourceOptions) -> Result<Vec<(K, String)>> {
    let setting = |(key, value): (&String, &String)| match key.to_ascii_lowercase().parse() {
        Ok(key) => Ok((key, value.clone())),
        Err(_) => Err(Error::invalid("open source", format!("no setting is called {key}"))),
    };
    options.settings.iter().map(setting).collect()
}

#[cfg(feature = "s3")]
pub(crate) fn s3(url: &Url, options: &SourceOptions) -> Result<Opened> {
    use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey as Key};
    let operation = "open S3 source";
    let bucket = url.host_str().ok_or_else(|| Error::invalid(operation, "its URL names no bucket"))?;
    let mut builder = AmazonS3Builder::from_env();
    for (key, value) in settings::<Key>(options)? {
        builder = builder.with_config(key, value);
    }
    let endpoint = builder.get_config_value(&Key::S3Endpoint).or(builder.get_config_value(&Key::Endpoint));
    if endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://")) {
        builder = builder.with_allow_http(true); // the endpoint itself asks for it
    }
    builder = builder.with_bucket_name(bucket).with_retry(retries());
    builder = builder.with_http_connector(super::s3::Connector);
    let region = builder.get_config_value(&Key::Region).unwrap_or_else(|| "us-east-1".into());
    let hosted =
        builder.get_config_value(&Key::VirtualHostedStyleRequest).is_some_and(|value| value == "true");
    let unsigned = builder.get_config_value(&Key::SkipSignature).is_some_and(|value| value == "true");
    let store = builder.build().map_err(|e| error::of_store(operation, e))?;
    let place = super::s3::Place::new(endpoint.as_deref(), &region, bucket, hosted)?;
    let credentials = (!unsigned).then(|| store.credentials().clone());
    let requests = options.limits.requests();
    let trying = super::s3::Trying { limits: options.limits, requests: requests.clone() };
    let seam = super::s3::Bucket::new(place, prefix_of(url), (region, credentials), trying)?;
    Ok(Opened { requests: Some(requests), ..remote(url, Arc::new(store), Some(Arc::new(seam))) })
}

#[cfg(feature = "gcs")]
pub(crate) fn gcs(url: &Url, options: &SourceOptions) -> Result<Opened> {
    use object_store::ClientConfigKey;
    use object_store::gcp::{GoogleCloudStorageBuilder as Builder, GoogleConfigKey as Key};
    let mut builder = Builder::from_env();
    // Google's own clients take a server that stands in for theirs from here, and sign nothing for it. An account of nobody,
    // since the client asks for credentials to write even where it is told to skip them.
    if let Some(host) = std::env::var("STORAGE_EMULATOR_HOST").ok().filter(|host| !host.is_empty()) {
        let host = if host.contains("://") { host } else { format!("http://{host}") };
        let nobody =
            r#"{"private_key":"none","private_key_id":"none","client_email":"none","disable_oauth":true}"#;
        builder = builder.with_base_url(host.trim_end_matches('/')).with_service_account_key(nobody);
    }
    for (key, value) in settings::<Key>(options)? {
        builder = builder.with_config(key, value);
    }
    let base = builder.get_config_value(&Key::BaseUrl);
    if base.is_some_and(|base| base.starts_with("http://")) {
        builder = builder.with_config(Key::Client(ClientConfigKey::AllowHttp), "true"); // it asks for it itself
    }
    let store = builder.with_url(url.as_str()).with_retry(retries()).build();
    let store = Arc::new(store.map_err(|e| error::of_store("open GCS source", e))?);
    let unseen = "old generations and soft-deleted objects that the bucket may keep are neither seen nor deleted, nor are \
                  contexts of objects searched; look whether it has object versioning or soft delete";
    Ok(Opened { unseen: Some(unseen), ..remote(url, store, None) })
}

#[cfg(feature = "azure")]
pub(crate) fn azure(url: &Url, options: &SourceOptions) -> Result<Opened> {
    use object_store::azure::MicrosoftAzureBuilder as Builder;
    let mut builder = Builder::from_env();
    for (key, value) in settings(options)? {
        builder = builder.with_config(key, value);
    }
    let store = builder.with_url(url.as_str()).with_retry(retries()).build();
    let store = Arc::new(store.map_err(|e| error::of_store("open Azure source", e))?);
    let unseen = "versions, snapshots and soft-deleted blobs that the account may keep are neither seen nor deleted, nor are \
                  index tags of blobs searched; look whether it has blob versioning or soft delete";
    Ok(Opened { unseen: Some(unseen), ..remote(url, store, None) })
}

#[cfg(feature = "http")]
pub(crate) fn http(url: &Url, options: &SourceOptions) -> Result<Opened> {
    use object_store::{ClientOptions, http::HttpBuilder};
    let mut client = ClientOptions::new().with_allow_http(url.scheme() == "http");
    for (key, value) in settings(options)? {
        client = client.with_config(key, value);
    }
    let host = &url[..url::Position::BeforePath];
    let store = HttpBuilder::new().with_url(host).with_client_options(client).with_retry(retries()).build();
    let store = Arc::new(store.map_err(|e| error::of_store("open HTTP source", e))?);
    Ok(Opened { pages: Some(Pages::new(url)?), ..remote(url, store, None) })
}
