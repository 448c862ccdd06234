//! Uploads in parts whose last step is bound to the etag of what they replace (Amazon S3 API Reference, CreateMultipartUpload,
//! UploadPart, CompleteMultipartUpload). `object_store` knows them without a condition, and does not tell their ids.

use bytes::Bytes;
use object_store::Attribute;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::super::Attached;
use super::super::beside::header_told;
use super::request::{Call, encode};
use super::{Bucket, xml};
use crate::error::{Error, Kind, Result};

impl Bucket {
    pub(super) async fn begin(&self, path: &str, attached: &Attached) -> Result<String> {
        let operation = "begin upload";
        let mut headers = HeaderMap::new();
        for (attribute, value) in &attached.attributes {
            if let Some(name) = header_of(attribute) {
                insert(&mut headers, operation, &name, value)?;
            }
        }
        if !attached.tags.encoded().is_empty() {
            insert(&mut headers, operation, "x-amz-tagging", attached.tags.encoded())?;
        }
        for (name, to) in &attached.grants {
            insert(&mut headers, operation, name, to)?;
        }
        let object = self.object(path);
        let call =
            Call { method: Method::POST, object: &object, query: "uploads=", headers, body: Bytes::new() };
        let answer = self.client.call(operation, &call).await?;
        let id = xml::parse(&answer.body).and_then(|answer| answer.text("UploadId").map(str::to_owned));
        id.ok_or_else(|| Error::unavailable(operation, "the store gives the upload no id"))
    }

    pub(super) async fn part(&self, path: &str, id: &str, number: u32, bytes: Bytes) -> Result<String> {
        let operation = "upload a part";
        let (object, headers) = (self.object(path), HeaderMap::new());
        let query = format!("partNumber={number}&uploadId={}", encode(id, false));
        let call = Call { method: Method::PUT, object: &object, query: &query, headers, body: bytes };
        let answer = self.client.call(operation, &call).await?;
        let etag = answer.header("etag").map(str::to_owned);
        etag.ok_or_else(|| Error::unavailable(operation, "the store gives a part no etag"))
    }

    pub(super) async fn join(
        &self,
        path: &str,
        id: &str,
        parts: &[String],
        expect_etag: &str,
    ) -> Result<String> {
        let operation = "join upload";
        let mut body =
            String::from("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
        for (place, etag) in parts.iter().enumerate() {
            let etag = quick_xml::escape::escape(etag);
            body += &format!("<Part><PartNumber>{}</PartNumber><ETag>{etag}</ETag></Part>", place + 1);
        }
        body += "</CompleteMultipartUpload>";
        let mut headers = HeaderMap::new();
        insert(&mut headers, operation, "if-match", expect_etag)?;
        let (object, query) = (self.object(path), format!("uploadId={}", encode(id, false)));
        let call = Call { method: Method::POST, object: &object, query: &query, headers, body: body.into() };
        let answer = match self.client.call(operation, &call).await {
            // It was joined by an attempt whose answer was lost, or somebody ended it: whoever asked looks.
            Err(error) if error.kind == Kind::NotFound => {
                return Err(Error::conflict(operation, "the upload is gone"));
            }
            answer => answer?,
        };
        let unclear = || Error::unavailable(operation, "the store's answer is not understood");
        let answer = xml::parse(&answer.body).ok_or_else(unclear)?;
        // A failure may come after the status was sent, and is told in the body.
        match (&*answer.name, answer.text("Code"), answer.text("ETag")) {
            ("Error", Some("PreconditionFailed" | "ConditionalRequestConflict"), _) => {
                Err(Error::conflict(operation, "the object is another one than was planned for"))
            }
            ("Error", ..) => Err(Error::unavailable(operation, "the store could not join the parts")),
            (_, _, Some(etag)) => Ok(etag.to_owned()),
            _ => Err(unclear()),
        }
    }
}

/// The header that says an attribute.
fn header_of(attribute: &Attribute) -> Option<String> {
    Some(match attribute {
        Attribute::ContentDisposition => "content-disposition".into(),
        Attribute::ContentEncoding => "content-encoding".into(),
        Attribute::ContentLanguage => "content-language".into(),
        Attribute::ContentType => "content-type".into(),
        Attribute::CacheControl => "cache-control".into(),
        Attribute::StorageClass => "x-amz-storage-class".into(),
        Attribute::Metadata(name) => match header_told(name) {
            Some(header) => header.to_owned(),
            None => format!("x-amz-meta-{name}"),
        },
        _ => return None,
    })
}

fn insert(headers: &mut HeaderMap, operation: &'static str, name: &str, value: &str) -> Result<()> {
    let invalid = || Error::invalid(operation, "what stands beside the object cannot be sent again");
    let name = HeaderName::try_from(name).map_err(|_| invalid())?;
    headers.insert(name, HeaderValue::try_from(value).map_err(|_| invalid())?);
    Ok(())
}
