//! Formats that are recorded by name: what `infer` knows by magic numbers, what has a plain signature of its own, and the two
//! ends of the table, nothing at all and anything else.
//!
//! A family is one [`Format`] with the media type of its commonest member; nothing here reads content.

use catalog::model::Dialect;

use super::charset::Charset;
use super::{Format, Head, Sniff};

/// A format known by name only.
const fn named(
    id: &'static str,
    media_type: &'static str,
    extensions: &'static [&'static str],
    sniff: fn(&Head<'_>) -> Option<Sniff>,
) -> Format {
    Format { id, media_type, extensions, sniff, read: None, locate: None, rewrite: None, container: None }
}

fn certain(is: bool, confidence: f32) -> Option<Sniff> {
    is.then(|| Sniff { confidence, dialect: Dialect::default() })
}

/// No byte at all.
pub(super) static EMPTY: Format =
    named("empty", "application/x-empty", &[], |head| certain(head.bytes.is_empty() && head.complete, 1.0));

/// Anything else.
pub(super) static UNKNOWN: Format =
    named("unknown", "application/octet-stream", &[], |_| certain(true, 0.01));

pub(super) static AVRO: Format = named("avro", "application/vnd.apache.avro", &["avro"], |head| {
    certain(head.bytes.starts_with(b"Obj\x01"), 0.99)
});

pub(super) static ORC: Format = named("orc", "application/vnd.apache.orc", &["orc"], |head| {
    certain(head.bytes.starts_with(b"ORC"), 0.95)
});

pub(super) static ARROW: Format =
    named("arrow", "application/vnd.apache.arrow.file", &["arrow", "feather", "ipc"], |head| {
        certain(head.bytes.starts_with(b"ARROW1\0\0"), 0.99)
    });

pub(super) static HTML: Format = named("html", "text/html", &["html", "htm", "xhtml"], |head| {
    let text = beginning(head)?;
    let lower = text.to_ascii_lowercase();
    let begins =
        ["<!doctype html", "<html", "<head", "<body", "<title", "<table", "<div", "<script", "<h1", "<p>"];
    certain(
        begins.iter().any(|tag| lower.starts_with(tag))
            || (lower.starts_with("<?xml") && lower.contains("<html")),
        0.95,
    )
});

pub(super) static XML: Format =
    named("xml", "application/xml", &["xml", "xsd", "xsl", "kml", "gpx", "rss", "svg"], |head| {
        let text = beginning(head)?;
        let closes = text.contains("</") || text.contains("/>");
        let named = text
            .strip_prefix('<')
            .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_alphabetic() || letter == '!'));
        match text.starts_with("<?xml") {
            true => certain(true, 0.93),
            false => certain(named && closes, 0.7),
        }
    });

/// The first letters of text, what is no letter before them removed.
fn beginning(head: &Head<'_>) -> Option<String> {
    let charset = Charset::detect(head)?;
    let text = charset.decode(&head.bytes[charset.mark_len(head.bytes)..head.bytes.len().min(4096) & !1]);
    let mut text = text.trim_start();
    while let Some(rest) = text.strip_prefix("<!--").and_then(|rest| rest.split_once("-->")) {
        text = rest.1.trim_start();
    }
    Some(text.to_owned())
}
