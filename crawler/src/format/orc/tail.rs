//! The tail of a file: postscript, footer, types, where stripes lie, and a stripe's own footer. Everything that it claims is checked
//! against the file before anything is done with it.

use bytes::Bytes;

use super::chunks::{Codec, Stream};
use super::proto::Message;
use super::{MAGIC, damaged, ends_early};
use crate::content::Content;
use crate::format::FormatError;

/// A footer, decompressed, has at most so many bytes.
const FOOTER_BYTES_MAX: usize = 32 << 20;
/// Nesting of types.
const NESTING_MAX: usize = 64;

/// What the end of a file says.
pub(super) struct Tail {
    pub(super) codec: Codec,
    pub(super) postscript: Message,
    pub(super) footer: Message,
    /// Where statistics by stripe lie.
    pub(super) metadata: (u64, u64),
    pub(super) types: Vec<Type>,
    pub(super) stripes: Vec<StripeInfo>,
}

/// A type of the schema's tree, numbered in preorder.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) kind: u64,
    pub(super) children: Vec<usize>,
    pub(super) names: Vec<String>,
    pub(super) precision: u64,
    pub(super) scale: u64,
}

/// Where a stripe lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct StripeInfo {
    pub(super) offset: u64,
    pub(super) index: u64,
    pub(super) data: u64,
    pub(super) footer: u64,
    pub(super) rows: u64,
}

impl StripeInfo {
    pub(super) fn streams_end(&self) -> u64 {
        self.offset + self.index + self.data
    }

    pub(super) fn end(&self) -> u64 {
        self.streams_end() + self.footer
    }
}

/// Field numbers of the messages, as the specification gives them.
pub(super) mod field {
    pub(in super::super) const FOOTER_LENGTH: u32 = 1;
    pub(in super::super) const COMPRESSION: u32 = 2;
    pub(in super::super) const BLOCK: u32 = 3;
    pub(in super::super) const METADATA_LENGTH: u32 = 5;
    pub(in super::super) const STRIPES: u32 = 3;
    pub(in super::super) const TYPES: u32 = 4;
    pub(in super::super) const ENCRYPTION: u32 = 10;
}

/// Reads and checks the tail.
pub(super) fn open(content: &Content) -> Result<Tail, FormatError> {
    let (postscript, postscript_at) = postscript(content)?;
    let codec = Codec::new(postscript.number(field::COMPRESSION), postscript.uint(field::BLOCK))?;
    let footer_at = postscript_at
        .checked_sub(postscript.number(field::FOOTER_LENGTH))
        .ok_or_else(|| damaged("postscript"))?;
    let metadata_at = footer_at
        .checked_sub(postscript.number(field::METADATA_LENGTH))
        .ok_or_else(|| damaged("postscript"))?;
    let footer = Message::parse(&whole(content, footer_at, postscript_at, codec)?)?;
    if footer.all(field::ENCRYPTION).next().is_some() {
        return Err(FormatError::Encrypted("has encrypted columns".into()));
    }
    let types = types(&footer)?;
    let stripes = stripes(&footer, footer_at)?;
    Ok(Tail { codec, postscript, footer, metadata: (metadata_at, footer_at), types, stripes })
}

fn postscript(content: &Content) -> Result<(Message, u64), FormatError> {
    let len = content.len();
    let last = len.checked_sub(1).ok_or_else(|| ends_early("file"))?;
    let length = u64::from(content.range(last, 1)?.first().copied().unwrap_or(0));
    let at = last.checked_sub(length).ok_or_else(|| ends_early("file"))?;
    let bytes = content.range(at, length as usize)?;
    if !bytes.ends_with(MAGIC) {
        return Err(FormatError::Truncated("ends without its postscript".into()));
    }
    Ok((Message::parse(&bytes)?, at))
}

/// A small thing that is stored as a stream of its own.
pub(super) fn whole(content: &Content, start: u64, end: u64, codec: Codec) -> Result<Bytes, FormatError> {
    let mut stream = Stream::new(content, start, end, codec);
    let mut bytes = Vec::new();
    while let Some(piece) = stream.piece()? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > FOOTER_BYTES_MAX {
            return Err(FormatError::Limit("a footer decodes to more than the limit".into()));
        }
    }
    Ok(bytes.into())
}

fn types(footer: &Message) -> Result<Vec<Type>, FormatError> {
    let mut types = Vec::new();
    for message in footer.messages(field::TYPES)? {
        let children = message.numbers(2)?.into_iter().map(|child| child as usize).collect();
        let names = message.all(3).map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        types.push(Type {
            kind: message.number(1),
            children,
            names,
            precision: message.number(5),
            scale: message.number(6),
        });
    }
    let mut depths = vec![usize::MAX; types.len()];
    *depths.first_mut().ok_or_else(|| damaged("schema"))? = 0;
    for (id, kind) in types.iter().enumerate() {
        for child in &kind.children {
            // Preorder: a child comes after its parent, once.
            let free = *child > id && depths.get(*child) == Some(&usize::MAX);
            if !free || depths[id] >= NESTING_MAX {
                return Err(damaged("schema"));
            }
            depths[*child] = depths[id] + 1;
        }
    }
    Ok(types)
}

fn stripes(footer: &Message, end: u64) -> Result<Vec<StripeInfo>, FormatError> {
    let mut stripes = Vec::new();
    for message in footer.messages(field::STRIPES)? {
        let [offset, index, data, footer, rows] = [1, 2, 3, 4, 5].map(|number| message.number(number));
        let inside = [index, data, footer]
            .into_iter()
            .try_fold(offset, |sum, part| sum.checked_add(part))
            .is_some_and(|stripe_end| stripe_end <= end);
        if !inside {
            return Err(damaged("list of stripes"));
        }
        stripes.push(StripeInfo { offset, index, data, footer, rows });
    }
    Ok(stripes)
}

/// A stream of a stripe.
#[derive(Clone, Debug)]
pub(super) struct StreamInfo {
    pub(super) message: Message,
    pub(super) kind: u64,
    pub(super) column: u64,
    pub(super) start: u64,
    pub(super) end: u64,
}

/// How a column of a stripe is encoded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Encoding {
    pub(super) kind: u64,
    pub(super) dictionary: u64,
}

/// A stripe's own footer.
pub(super) struct Stripe {
    pub(super) footer: Message,
    pub(super) streams: Vec<StreamInfo>,
    pub(super) encodings: Vec<Encoding>,
    pub(super) zone: Option<String>,
}

impl Stripe {
    pub(super) fn open(content: &Content, codec: Codec, info: &StripeInfo) -> Result<Self, FormatError> {
        let footer = Message::parse(&whole(content, info.streams_end(), info.end(), codec)?)?;
        let (mut streams, mut start) = (Vec::new(), info.offset);
        for message in footer.messages(1)? {
            let end = start
                .checked_add(message.number(3))
                .filter(|end| *end <= info.streams_end())
                .ok_or_else(|| damaged("list of streams"))?;
            let (kind, column) = (message.number(1), message.number(2));
            streams.push(StreamInfo { message, kind, column, start, end });
            start = end;
        }
        let encodings = footer
            .messages(2)?
            .iter()
            .map(|message| Encoding { kind: message.number(1), dictionary: message.number(2) })
            .collect();
        let zone = footer.all(3).last().map(|zone| String::from_utf8_lossy(zone).into_owned());
        Ok(Self { footer, streams, encodings, zone })
    }
}
