//! A message's headers, bodies and attachments as cells of one row.

use catalog::model::{AnomalyKind, FeaturePath, Value};
use mail_parser::{HeaderValue, MessageParser, MimeHeaders, PartType};

use crate::content::Content;
use crate::format::nested::Nest;
use crate::format::{At, Bounds, Sink};

/// Parts of one message that are looked at.
const PARTS_MAX: usize = 10_000;

/// Every message has these, in this order, whatever its headers: so all mail has one schema.
const FEATURES: [&str; 14] = [
    "from",
    "to",
    "cc",
    "bcc",
    "reply_to",
    "sender",
    "subject",
    "date",
    "message_id",
    "headers",
    "body",
    "html",
    "attachment_name",
    "postmark",
];

/// Emits messages of one blob.
pub(super) struct Messages {
    features: Vec<usize>,
    nest: Nest,
}

impl Messages {
    pub(super) fn new(content: &Content, bounds: &Bounds) -> Self {
        Self { features: Vec::new(), nest: Nest::new("attachment", content, bounds) }
    }

    fn cell(&self, name: &str, at: At, text: &str, sink: &mut dyn Sink) {
        let place = FEATURES.iter().position(|feature| *feature == name);
        if let Some(place) = place.filter(|_| !text.trim().is_empty()) {
            sink.cell(self.features[place], at, Value::Text(text.trim().into()));
        }
    }

    /// Hands on all of a message.
    pub(super) fn emit(&mut self, bytes: &[u8], at: At, sink: &mut dyn Sink) {
        if self.features.is_empty() {
            let several = ["to", "cc", "bcc", "headers", "body", "html", "attachment_name"];
            let path = |name: &str| match several.contains(&name) {
                true => FeaturePath::column(name).items(),
                false => FeaturePath::column(name),
            };
            self.features = FEATURES.iter().map(|name| sink.feature(&path(name), None)).collect();
        }
        let mut bytes = bytes;
        while let Some(line) = bytes.split_inclusive(|byte| *byte == b'\n').next()
            && (line.starts_with(b"From ") || line.starts_with(b">From "))
        {
            self.cell("postmark", at, &String::from_utf8_lossy(line), sink);
            bytes = &bytes[line.len()..];
        }
        let Some(message) = MessageParser::default().parse(bytes) else {
            sink.anomaly(AnomalyKind::Corrupt, format!("message {} has no headers", at.row + 1));
            self.cell("body", at, &String::from_utf8_lossy(bytes), sink);
            return;
        };
        let mut parts: Vec<_> = message.parts.iter().take(PARTS_MAX).collect();
        if message.parts.len() > PARTS_MAX {
            let reason = format!("message {} has more than {PARTS_MAX} parts", at.row + 1);
            sink.anomaly(AnomalyKind::LimitReached, reason);
        }
        let first = parts.first().copied();
        for part in &parts {
            for header in &part.headers {
                let is_own = first.is_some_and(|first| std::ptr::eq(first, *part));
                self.header(header.name(), &header.value, is_own, at, sink);
            }
        }
        for part in parts.drain(..) {
            let name = part.attachment_name().unwrap_or_default();
            self.cell("attachment_name", at, name, sink);
            match &part.body {
                PartType::Text(text) if name.is_empty() => self.cell("body", at, text, sink),
                PartType::Html(html) => {
                    // As it is written, and as it is read: links and comments too, and words that markup cuts.
                    self.cell("html", at, html, sink);
                    self.cell("body", at, &mail_parser::decoders::html::html_to_text(html), sink);
                }
                PartType::Text(text) => self.attachment(text.as_bytes(), name, at, sink),
                PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                    self.attachment(bytes, name, at, sink);
                }
                PartType::Message(inner) => {
                    // Its bytes may be those of the message around it.
                    let root = inner.root_part();
                    let span = root.raw_header_offset() as usize..root.raw_end_offset() as usize;
                    let bytes = inner.raw_message.get(span).unwrap_or_default();
                    self.attachment(bytes, "message.eml", at, sink);
                }
                PartType::Multipart(_) => {}
            }
        }
    }

    fn attachment(&mut self, bytes: &[u8], name: &str, at: At, sink: &mut dyn Sink) {
        if !bytes.is_empty() {
            self.nest.walk(&Content::from(bytes.to_vec()), name, at, sink);
        }
    }

    fn header(&self, name: &str, value: &HeaderValue<'_>, is_own: bool, at: At, sink: &mut dyn Sink) {
        let feature = match name.to_ascii_lowercase().as_str() {
            "from" => "from",
            "to" => "to",
            "cc" => "cc",
            "bcc" => "bcc",
            "reply-to" => "reply_to",
            "sender" => "sender",
            "subject" => "subject",
            "date" => "date",
            "message-id" => "message_id",
            _ => "headers",
        };
        let feature = if is_own { feature } else { "headers" };
        for text in texts(value) {
            self.cell(feature, at, &text, sink);
        }
    }
}

/// What a header says, its encoded words (RFC 2047) decoded.
fn texts(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Address(address) => {
            let shown = |addr: &mail_parser::Addr<'_>| match (&addr.name, &addr.address) {
                (Some(name), Some(address)) => format!("{name} <{address}>"),
                (Some(one), None) | (None, Some(one)) => one.to_string(),
                (None, None) => String::new(),
            };
            address.iter().map(shown).collect()
        }
        HeaderValue::Text(text) => vec![text.to_string()],
        HeaderValue::TextList(texts) => texts.iter().map(ToString::to_string).collect(),
        HeaderValue::DateTime(date) => vec![date.to_rfc3339()],
        HeaderValue::ContentType(kind) => {
            kind.attributes.iter().flatten().map(|attribute| attribute.value.to_string()).collect()
        }
        HeaderValue::Received(received) => {
            let by =
                [received.from_ip.map(|ip| ip.to_string()), received.for_.as_ref().map(ToString::to_string)];
            by.into_iter().flatten().collect()
        }
        HeaderValue::Empty => Vec::new(),
    }
}
