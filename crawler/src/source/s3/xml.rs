//! Small XML answers as a tree. Versions and delete markers stand mixed in one list, which serde cannot take.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Elements within each other; S3's answers have five.
const DEPTH_MAX: usize = 16;

/// An element with the text and the elements in it.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// Local name.
    pub(super) name: String,
    content: String,
    /// Elements in it, in order.
    pub(super) children: Vec<Element>,
}

impl Element {
    /// Text of the first child of a name, if there is any text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let child = self.children.iter().find(|child| child.name == name)?;
        Some(&*child.content).filter(|text| !text.is_empty())
    }

    /// Children of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

/// The root element; `None` if it is no XML.
pub(super) fn parse(bytes: &[u8]) -> Option<Element> {
    let mut reader = Reader::from_reader(bytes);
    let mut open: Vec<Element> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) if open.len() < DEPTH_MAX => open.push(element(tag.local_name().as_ref())),
            Event::Empty(tag) => open.last_mut()?.children.push(element(tag.local_name().as_ref())),
            Event::End(_) => {
                let closed = open.pop()?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(closed),
                    None => return Some(closed),
                }
            }
            Event::Text(text) => {
                if let Some(parent) = open.last_mut() {
                    parent.content.push_str(&text.decode().ok()?);
                }
            }
            Event::GeneralRef(entity) => {
                let parent = open.last_mut()?;
                match entity.resolve_char_ref().ok()? {
                    Some(character) => parent.content.push(character),
                    None => parent
                        .content
                        .push_str(quick_xml::escape::resolve_xml_entity(&entity.decode().ok()?)?),
                }
            }
            Event::CData(text) => open.last_mut()?.content.push_str(&text.decode().ok()?),
            Event::Start(_) | Event::Eof => return None,
            _ => {}
        }
    }
}

fn element(name: &[u8]) -> Element {
    Element { name: String::from_utf8_lossy(name).into_owned(), ..Element::default() }
}

/// Undoes `encoding-type=url`: percent-encoding with `+` for a space.
pub(super) fn decode_url(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match (bytes[at], hex.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_lists_keep_their_order_and_entities_are_resolved() {
        let xml = b"<?xml version='1.0'?><R xmlns='http://s3'><Version><Key>a&amp;b&#10;c</Key><ETag>&quot;1&quot;</ETag></Version><DeleteMarker><Key>x%20+y</Key></DeleteMarker><Version/></R>";
        let root = parse(xml).unwrap();
        let names: Vec<_> = root.children.iter().map(|child| &*child.name).collect();
        assert_eq!(names, ["Version", "DeleteMarker", "Version"]);
        assert_eq!(root.children[0].text("Key"), Some("a&b\nc"));
        assert_eq!(root.children[0].text("ETag"), Some("\"1\""));
        assert_eq!(decode_url(root.children[1].text("Key").unwrap()), "x  y");
        assert!(
            parse(b"<a><b>").is_none() && parse(b"plain").is_none() && parse(&b"<a>".repeat(99)).is_none()
        );
    }
}
