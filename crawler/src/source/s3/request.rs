//! One signed request to S3 and its answer, retried while the store is busy.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::aws::{AwsAuthorizer, AwsCredentialProvider};
use object_store::client::{HttpRequest, HttpRequestBody};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use tokio::sync::Semaphore;
use url::Url;

use super::super::guard::Limits;
use crate::error::{self, Error, Kind, Result};

/// Longest time one try may take beside sending its body; answers are small.
const TIMEOUT: Duration = Duration::from_secs(60);
/// A body is given the time that it takes at this rate.
const BYTES_A_SECOND_MIN: u64 = 128 << 10;

/// The URL of a bucket.
#[derive(Clone, Debug)]
pub(in crate::source) struct Place(Url);

impl Place {
    /// Where a bucket is found: at an endpoint by path (or, if `hosted`, at an endpoint of its own), else at AWS.
    pub(in crate::source) fn new(
        endpoint: Option<&str>,
        region: &str,
        bucket: &str,
        hosted: bool,
    ) -> Result<Self> {
        let place = match endpoint.map(|endpoint| endpoint.trim_end_matches('/')) {
            Some(endpoint) if hosted => format!("{endpoint}/"),
            Some(endpoint) => format!("{endpoint}/{bucket}/"),
            None if hosted => format!("https://{bucket}.s3.{region}.amazonaws.com/"),
            None => format!("https://s3.{region}.amazonaws.com/{bucket}/"),
        };
        let invalid = |e| Error::invalid("open S3 source", "the endpoint is no URL").with_source(e);
        Ok(Self(Url::parse(&place).map_err(invalid)?))
    }
}

/// How hard a bucket is tried, and what of it is shared with the store that `object_store` opens.
#[derive(Clone, Debug)]
pub(in crate::source) struct Trying {
    pub(in crate::source) limits: Limits,
    pub(in crate::source) requests: Arc<Semaphore>,
}

/// What sends requests to one bucket.
#[derive(Clone)]
pub(super) struct Client {
    place: Place,
    region: String,
    credentials: Option<AwsCredentialProvider>,
    trying: Trying,
    http: reqwest::Client,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("place", &self.place).finish_non_exhaustive()
    }
}

/// A request; `object` and `query` are encoded already.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) object: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The status of an answer that is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("status {0}")]
pub(super) struct Refused(pub(super) u16);

/// An answer that is no error.
pub(super) struct Answer {
    headers: HeaderMap,
    /// Its body.
    pub(super) body: Bytes,
}

impl Answer {
    /// A header's value, if it is there and is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Client {
    /// A client of one bucket.
    pub(super) fn new(
        place: Place,
        (region, credentials): (String, Option<AwsCredentialProvider>),
        trying: Trying,
    ) -> Result<Self> {
        let http = reqwest::Client::builder().timeout(TIMEOUT).build();
        let http = http.map_err(|e| Error::internal("open S3 source", "no HTTP client").with_source(e))?;
        Ok(Self { place, region, credentials, trying, http })
    }

    /// Sends a request without a body; `object` and `query` are encoded already.
    pub(super) async fn send(
        &self,
        operation: &'static str,
        method: Method,
        object: &str,
        query: &str,
    ) -> Result<Answer> {
        let call = Call { method, object, query, headers: HeaderMap::new(), body: Bytes::new() };
        self.call(operation, &call).await
    }

    /// Sends a request.
    pub(super) async fn call(&self, operation: &'static str, call: &Call<'_>) -> Result<Answer> {
        let mut attempt = 0;
        loop {
            let permit = self.trying.requests.acquire().await;
            let outcome = self.once(operation, call).await;
            drop(permit);
            match outcome {
                Err(error) if error.kind == Kind::Unavailable && attempt < self.trying.limits.retries_max => {
                    self.trying.limits.wait(attempt).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn once(&self, operation: &'static str, call: &Call<'_>) -> Result<Answer> {
        let Call { method, object, query, headers, body } = call;
        let mut url = format!("{}{object}", self.place.0);
        if !query.is_empty() {
            url = format!("{url}?{query}");
        }
        let mut request = HttpRequest::new(HttpRequestBody::from(body.clone()));
        request.headers_mut().clone_from(headers);
        *request.method_mut() = method.clone();
        *request.uri_mut() = url.parse().map_err(|_| Error::invalid(operation, "the name gives no URL"))?;
        if let Some(credentials) = &self.credentials {
            let credential = credentials.get_credential().await;
            let credential = credential.map_err(|e| error::of_store(operation, e))?;
            AwsAuthorizer::new(&credential, "s3", &self.region).authorize(&mut request, None);
        }
        let failed = |e: reqwest::Error| {
            Error::unavailable(operation, "the store does not answer").with_source(e.without_url())
        };
        let timeout = TIMEOUT + Duration::from_secs(body.len() as u64 / BYTES_A_SECOND_MIN);
        let request = self.http.request(method.clone(), url).headers(request.headers().clone());
        let answer = request.timeout(timeout).body(body.clone()).send().await.map_err(failed)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(failed)?;
        match status.is_success() {
            true => Ok(Answer { headers, body }),
            false => Err(refusal(operation, status)),
        }
    }
}

fn refusal(operation: &'static str, status: StatusCode) -> Error {
    let kind = match status.as_u16() {
        404 => Kind::NotFound,
        401 | 403 => Kind::Denied,
        409 | 412 => Kind::Conflict,
        429 | 500 | 502..=599 | 408 => Kind::Unavailable,
        _ => Kind::Invalid,
    };
    Error::new(kind, operation, format!("the store answers {}", status.as_u16()))
        .with_source(Refused(status.as_u16()))
}

/// Percent-encodes all but unreserved characters (RFC 3986, 2.3), as the signature demands; optionally not slashes.
pub(super) fn encode(text: &str, keep_slashes: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            b'/' if keep_slashes => encoded.push('/'),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// A server that is busy the first so many times; gives its URL, and the most requests that it saw at a time.
    async fn server(busy: usize) -> (String, Arc<AtomicUsize>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let most = Arc::new(AtomicUsize::new(0));
        let (seen, now, answered) =
            (most.clone(), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (seen, now, answered) = (seen.clone(), now.clone(), answered.clone());
                tokio::spawn(async move {
                    let mut head = [0; 4096];
                    let _ = stream.read(&mut head).await;
                    seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(30)).await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    let status = if answered.fetch_add(1, Ordering::SeqCst) < busy { 503 } else { 200 };
                    let answer =
                        format!("HTTP/1.1 {status} told\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        (url, most)
    }

    fn client(url: &str, retries_max: u32) -> (Client, Arc<Semaphore>) {
        let backoff = Duration::from_millis(1);
        let limits = Limits { requests_max: 2, retries_max, backoff, ..Limits::default() };
        let requests = limits.requests();
        let trying = Trying { limits, requests: requests.clone() };
        let place = Place::new(Some(url), "here", "lake", false).unwrap();
        (Client::new(place, ("here".into(), None), trying).unwrap(), requests)
    }

    #[tokio::test]
    async fn no_more_requests_are_under_way_than_the_source_may_have() {
        let (url, most) = server(0).await;
        let (client, shared) = client(&url, 0);
        let ask = || client.send("ask", Method::GET, "a", "");
        futures::future::try_join_all((0..8).map(|_| ask())).await.unwrap();
        assert_eq!(most.swap(0, Ordering::SeqCst), 2);
        let held = shared.acquire().await; // by the store that shares them
        futures::future::try_join_all((0..4).map(|_| ask())).await.unwrap();
        drop(held);
        assert_eq!(most.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_busy_store_is_asked_as_often_as_the_source_says() {
        let (url, _) = server(2).await;
        client(&url, 2).0.send("ask", Method::GET, "a", "").await.unwrap();
        let (url, _) = server(2).await;
        let told = client(&url, 1).0.send("ask", Method::GET, "a", "").await.err().unwrap();
        assert_eq!(told.kind, Kind::Unavailable);
    }
}
