//! The HTTP client below `object_store`, with one header made visible: x-amz-website-redirect-location, which a file name or a
//! person's page may stand in and for which `object_store` has no attribute. It is told as user metadata under a name of ours, so
//! that it comes with the read of an object and costs no request of its own. Writing it is up to `upload`.

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};
use reqwest::header::{HeaderMap, HeaderName};

use super::super::beside::REDIRECT;

const REDIRECT_HEADER: HeaderName = HeaderName::from_static("x-amz-website-redirect-location");

/// Connects as `object_store` does by itself.
#[derive(Debug)]
pub(in crate::source) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Telling(ReqwestConnector::default().connect(options)?)))
    }
}

#[derive(Debug)]
struct Telling(HttpClient);

#[async_trait]
impl HttpService for Telling {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut answer = self.0.execute(request).await?;
        tell(answer.headers_mut());
        Ok(answer)
    }
}

fn tell(headers: &mut HeaderMap) {
    let Some(redirect) = headers.get(REDIRECT_HEADER).cloned() else { return };
    if let Ok(name) = HeaderName::try_from(format!("x-amz-meta-{REDIRECT}")) {
        headers.insert(name, redirect);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_told_as_metadata_and_nothing_else_changes() {
        let mut headers = HeaderMap::new();
        tell(&mut headers);
        assert!(headers.is_empty());
        headers.insert(REDIRECT_HEADER, "/people/ada".parse().unwrap());
        tell(&mut headers);
        assert_eq!(headers["x-amz-meta-headwater-website-redirect-location"], "/people/ada");
        assert_eq!(headers.len(), 2);
    }
}
