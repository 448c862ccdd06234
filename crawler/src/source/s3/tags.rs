//! Writes the tags of an object version (Amazon S3 API Reference, PutObjectTagging). S3 knows no condition here; a version that is
//! named by its id is what it was.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};
use quick_xml::escape::escape;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::Bucket;
use super::request::Call;
use crate::error::{Error, Result};

impl Bucket {
    pub(super) async fn write_tags(&self, path: &str, query: &str, tags: &[(String, String)]) -> Result<()> {
        let operation = "write tags";
        let body = xml_of(tags);
        // S3 takes no tags without a digest of them (RFC 1864).
        let digest = BASE64_STANDARD.encode(Md5::digest(body.as_bytes()));
        let digest = HeaderValue::try_from(digest)
            .map_err(|error| Error::internal(operation, "a digest is no header").with_source(error))?;
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("content-md5"), digest);
        let object = self.object(path);
        let call = Call { method: Method::PUT, object: &object, query, headers, body: body.into() };
        self.client.call(operation, &call).await.map(drop)
    }
}

fn xml_of(tags: &[(String, String)]) -> String {
    let mut xml = String::from("<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet>");
    for (key, value) in tags {
        xml += &format!("<Tag><Key>{}</Key><Value>{}</Value></Tag>", escape(key), escape(value));
    }
    xml + "</TagSet></Tagging>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_written_as_they_are_read() {
        let tags = [("team & co".to_owned(), "<crm>".to_owned()), ("empty".to_owned(), String::new())];
        let read = super::super::xml::parse(xml_of(&tags).as_bytes()).unwrap();
        let set = read.all("TagSet").next().unwrap();
        let text = |tag: &super::super::Element, name| tag.text(name).unwrap_or_default().to_owned();
        let back: Vec<_> = set.all("Tag").map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect();
        assert_eq!(back, tags);
    }
}
