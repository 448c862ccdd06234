//! The HTTP client below `object_store`, with headers made visible for which that has no attribute: a website redirect, in which a file
//! name or a person's page may stand, and what has to stay when the object is written anew (its expiry, its key of
//! encryption). They are told as user metadata under names of ours, so that they come with the read of an object and cost no
//! request of their own. Writing them is up to `upload`.

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};
use reqwest::header::{HeaderMap, HeaderName};

use super::super::beside::{TOLD, told};

/// Encryption under S3's own keys, which every object has that has no other.
const USUAL: &str = "AES256";

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
    // Whoever may write user metadata may not choose headers of what is written anew.
    TOLD.iter().for_each(|header| drop(headers.remove(format!("x-amz-meta-{}", told(header)))));
    for header in TOLD {
        let Some(value) = headers.get(*header).filter(|value| *value != USUAL).cloned() else { continue };
        if let Ok(name) = HeaderName::try_from(format!("x-amz-meta-{}", told(header))) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_told_as_metadata_and_nothing_else_changes() {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-server-side-encryption", "AES256".parse().unwrap());
        headers.insert("x-amz-meta-headwater-x-amz-website-redirect-location", "/forged".parse().unwrap());
        tell(&mut headers);
        assert_eq!(headers.len(), 1, "what is usual needs no care, and what was not told by us is not told");
        headers.insert("x-amz-website-redirect-location", "/people/ada".parse().unwrap());
        headers.insert("x-amz-server-side-encryption", "aws:kms".parse().unwrap());
        tell(&mut headers);
        assert_eq!(headers["x-amz-meta-headwater-x-amz-website-redirect-location"], "/people/ada");
        assert_eq!(headers["x-amz-meta-headwater-x-amz-server-side-encryption"], "aws:kms");
        assert_eq!(headers.len(), 4);
    }
}
