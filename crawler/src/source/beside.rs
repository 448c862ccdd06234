//! What an object carries beside its bytes: user metadata, headers that say how it is handed out, tags. They name people as paths
//! do (`uploaded-by`, a file name in Content-Disposition, a tag `owner`), and no reader of a format sees them.
//!
//! Metadata and headers come with the bytes, which are read anyway; tags cost a request of their own an object, which a store may
//! refuse. What is made of them is up to the crawl, to lookups and to the eraser; how they are written is in `write.rs`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use mail_parser::MessageParser;
use object_store::{Attribute, AttributeValue, Attributes, GetOptions, ObjectStore};

use super::Lake;
use super::fetch::Fetched;
use crate::error::{self, Kind as ErrorKind, Result};
use crate::recognise::key_name;

/// Why tags were not searched, of a store that refuses to tell them.
pub(crate) const TAGS_DENIED: &str = "tags were not searched, because the store denies reading them (on S3 that takes \
                                      s3:GetObjectTagging, for old versions s3:GetObjectVersionTagging)";
/// Why tags were not searched, of a source that is configured so.
pub(crate) const TAGS_LEFT_OUT: &str =
    "tags were not searched, because the configuration leaves them out (`tags = false` of the source)";

/// Headers of S3 for which `object_store` has no attribute. They are told as user metadata under names of ours ([`told`]), so
/// that they come with a read, and go back with an upload of our own client.
pub(super) const TOLD: &[&str] = &[
    REDIRECT,
    "expires",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-bucket-key-enabled",
];
/// The one of them that may name somebody.
const REDIRECT: &str = "x-amz-website-redirect-location";
const OURS: &str = "headwater-";

/// The user metadata as which a header is told.
pub(super) fn told(header: &str) -> String {
    format!("{OURS}{header}")
}

/// The header that user metadata tells.
pub(super) fn header_told(name: &str) -> Option<&str> {
    name.strip_prefix(OURS).filter(|header| TOLD.contains(header))
}

/// Whether an attribute is a header that `object_store` cannot write.
pub(super) fn is_told(attribute: &Attribute) -> bool {
    matches!(attribute, Attribute::Metadata(name) if header_told(name).is_some())
}

/// What kind of thing stands beside the bytes. The order is that of [`Beside::entries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A header of HTTP's own: Content-Disposition, Cache-Control.
    Header,
    /// User metadata.
    Metadata,
    /// A tag.
    Tag,
}

/// One thing that stands beside the bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// What kind.
    pub kind: EntryKind,
    /// Its name, in small letters unless it is a tag's.
    pub name: String,
    /// Its value as it is stored.
    pub value: String,
}

/// Names of entries that go.
pub(crate) type Without = BTreeSet<(EntryKind, String)>;

/// All that stands beside an object's bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// In order of kind and name; a plan names them by their place.
    pub entries: Vec<Entry>,
    /// Why some of it is not known.
    pub not_searched: Option<&'static str>,
    /// Whether there are headers that name nobody and that `object_store` cannot write.
    pub(crate) has_told: bool,
}

impl Beside {
    pub(super) fn of(attributes: &Attributes) -> Self {
        let mut entries: Vec<Entry> =
            attributes.iter().filter_map(|(name, value)| entry(name, value)).collect();
        entries.sort();
        let is_of_nobody =
            |(name, value): (&Attribute, &AttributeValue)| is_told(name) && entry(name, value).is_none();
        let has_told = attributes.iter().any(is_of_nobody);
        Self { entries, not_searched: None, has_told }
    }

    /// Takes an answer about tags; that they are denied is an answer.
    fn take_tags(&mut self, answer: Result<Option<Vec<(String, String)>>>) -> Result<()> {
        match answer {
            Ok(Some(tags)) => {
                let tag = |(name, value)| Entry { kind: EntryKind::Tag, name, value };
                self.entries.extend(tags.into_iter().map(tag));
                self.entries.sort();
            }
            Ok(None) => self.not_searched = Some(TAGS_LEFT_OUT),
            Err(error) if error.kind == ErrorKind::Denied => self.not_searched = Some(TAGS_DENIED),
            // Deleted between the two requests: what was read is what there was.
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Whether something of it stays that `object_store` cannot write.
    pub(crate) fn needs_own_client(&self, without: &Without) -> bool {
        let redirect = (EntryKind::Header, REDIRECT.to_owned());
        let is_there = self.entries.iter().any(|entry| entry.kind == redirect.0 && entry.name == redirect.1);
        self.has_told || is_there && !without.contains(&redirect)
    }
}

impl EntryKind {
    /// Its name to people, as the place of a hit.
    pub fn place(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Metadata => "user metadata",
            Self::Tag => "tag",
        }
    }
}

impl Entry {
    /// The key that its value is of, if its name is a person's key: `customer-id`.
    pub(crate) fn key(&self) -> Option<String> {
        key_name("", &self.name)
    }

    /// The texts in which somebody may stand: value and name, encoded words (RFC 2047, by which S3 tells what is not ASCII)
    /// decoded, parameters of a header each by itself.
    pub(crate) fn texts(&self) -> Vec<String> {
        let value = decoded(&self.value);
        let mut texts = vec![value.clone().into_owned(), self.name.clone()];
        if self.kind == EntryKind::Header && value.contains(';') {
            texts.extend(value.split(';').map(|part| part.trim().trim_end_matches('"').to_owned()));
        }
        texts
    }
}

fn entry(attribute: &Attribute, value: &str) -> Option<Entry> {
    let header = |name: &str| (EntryKind::Header, name.to_owned());
    let (kind, name) = match attribute {
        Attribute::CacheControl => header("cache-control"),
        Attribute::ContentDisposition => header("content-disposition"),
        Attribute::ContentEncoding => header("content-encoding"),
        Attribute::ContentLanguage => header("content-language"),
        Attribute::ContentType => header("content-type"),
        Attribute::Metadata(name) => match header_told(name) {
            Some(REDIRECT) => header(REDIRECT),
            Some(_) => return None, // dates, names of keys
            None => (EntryKind::Metadata, name.clone().into_owned()),
        },
        _ => return None, // a storage class is one of a few words
    };
    Some(Entry { kind, name, value: value.to_owned() })
}

/// Whether an attribute is the entry of a name.
pub(super) fn is_attribute(attribute: &Attribute, without: &Without) -> bool {
    entry(attribute, "").is_some_and(|entry| without.contains(&(entry.kind, entry.name)))
}

/// A value with its encoded words decoded, as mail has them in headers.
fn decoded(value: &str) -> Cow<'_, str> {
    if !value.contains("=?") {
        return Cow::Borrowed(value);
    }
    let header = format!("Subject: {value}\r\n\r\n");
    let message = MessageParser::new().parse(header.as_bytes());
    message.and_then(|message| message.subject().map(str::to_owned)).map_or(Cow::Borrowed(value), Cow::Owned)
}

impl Lake {
    /// Reads an object, or one version of it, with all that it carries beside its bytes.
    ///
    /// # Errors
    /// As [`Lake::fetch`]; what the store fails with when it is asked for tags. That it denies them is no error.
    pub async fn fetch_all(
        &self,
        path: &str,
        expect_etag: Option<&str>,
        version: Option<&str>,
    ) -> Result<Fetched> {
        let (fetched, tags) =
            futures::join!(self.fetch(path, expect_etag, version), self.tags(path, version));
        let mut fetched = fetched?;
        fetched.beside.take_tags(tags)?;
        Ok(fetched)
    }

    /// What an object, or one version of it, carries beside its bytes, which are not read; and its entity tag.
    ///
    /// # Errors
    /// As [`Lake::fetch_all`].
    pub(crate) async fn look_beside(
        &self,
        path: &str,
        version: Option<&str>,
    ) -> Result<(Option<String>, Beside)> {
        let options = GetOptions { head: true, version: version.map(str::to_owned), ..GetOptions::default() };
        let key = Self::key(path)?;
        let (got, tags) = futures::join!(self.store.get_opts(&key, options), self.tags(path, version));
        let got = got.map_err(|e| error::of_store("read metadata", e))?;
        let mut beside = Beside::of(&got.attributes);
        beside.take_tags(tags)?;
        Ok((got.meta.e_tag, beside))
    }

    /// Tags of an object or of one version; `None` if the configuration leaves them out.
    async fn tags(&self, path: &str, version: Option<&str>) -> Result<Option<Vec<(String, String)>>> {
        match &self.versions {
            Some(_) if !self.reads_tags => Ok(None),
            Some(versions) => versions.tags(path, version).await.map(Some),
            None => Ok(Some(Vec::new())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_is_told_in_order_and_in_plain_letters() {
        let mut attributes = Attributes::new();
        attributes.insert(
            Attribute::Metadata("uploaded-by".into()),
            "=?UTF-8?B?WmHDqyA8emFlQHguZXhhbXBsZT4=?=".into(),
        );
        attributes.insert(Attribute::Metadata(told(REDIRECT).into()), "/people/zae@x.example".into());
        attributes.insert(Attribute::ContentDisposition, "attachment; filename=\"zae@x.example.csv\"".into());
        attributes.insert(Attribute::StorageClass, "GLACIER".into());
        let mut beside = Beside::of(&attributes);
        beside.take_tags(Ok(Some(vec![("owner".into(), "zae".into())]))).unwrap();
        let shown: Vec<_> = beside.entries.iter().map(|one| (one.kind.place(), &*one.name)).collect();
        let expected = [
            ("header", "content-disposition"),
            ("header", "x-amz-website-redirect-location"),
            ("user metadata", "uploaded-by"),
            ("tag", "owner"),
        ];
        assert_eq!(shown, expected);
        assert!(beside.needs_own_client(&Without::new()));
        assert_eq!(beside.entries[2].texts()[0], "Zaë <zae@x.example>");
        assert_eq!(beside.entries[0].texts()[3], "filename=\"zae@x.example.csv");
        let without = Without::from([(EntryKind::Header, REDIRECT.into())]);
        assert!(
            !beside.needs_own_client(&without)
                && is_attribute(&Attribute::Metadata(told(REDIRECT).into()), &without)
        );
        assert!(!is_attribute(&Attribute::Metadata("uploaded-by".into()), &without));
        attributes
            .insert(Attribute::Metadata(told("expires").into()), "Thu, 01 Jan 2032 00:00:00 GMT".into());
        let beside = Beside::of(&attributes);
        assert!(
            beside.needs_own_client(&without) && beside.entries.len() == 3,
            "a date names nobody, and stays"
        );
    }
}
