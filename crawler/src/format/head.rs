//! What a sniffer looks at: first and last bytes, and what many sniffers ask of them, found once.

use super::charset::Charset;
use super::signature::{self, Signed};

/// How many first bytes a sniffer sees at most.
pub const HEAD_BYTES: usize = 64 << 10;
/// How many last bytes a sniffer sees at most.
pub const TAIL_BYTES: usize = 1 << 10;

/// The first bytes of some content and what else is known without reading it.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// First bytes, layers peeled: all of it, or [`HEAD_BYTES`].
    pub bytes: &'a [u8],
    /// Last bytes, up to [`TAIL_BYTES`]; empty if only a stream's beginning is at hand.
    pub tail: &'a [u8],
    /// Whether `bytes` is all there is.
    pub complete: bool,
    /// File name, endings of peeled layers removed; a hint.
    pub name: &'a str,
    charset: Option<Charset>,
    signature: Option<Signed>,
}

impl<'a> Head<'a> {
    /// Looks at some first and last bytes.
    pub fn new(bytes: &'a [u8], tail: &'a [u8], complete: bool, name: &'a str) -> Self {
        let bytes = &bytes[..bytes.len().min(HEAD_BYTES)];
        let charset = Charset::of(bytes, complete);
        let mut head = Self { bytes, tail, complete, name, charset, signature: None };
        head.signature = signature::find(&head);
        head
    }

    /// The charset, if it is text.
    pub(in crate::format) fn charset(&self) -> Option<Charset> {
        self.charset
    }

    /// The signature that it carries, if it is one of those that are known by a few bytes.
    pub(in crate::format) fn signature(&self) -> Option<Signed> {
        self.signature
    }

    /// The ending of its name, lower case, without the dot; empty if it has none.
    pub(in crate::format) fn extension(&self) -> String {
        let file = self.name.rsplit('/').next().unwrap_or(self.name);
        file.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
    }

    /// Whether its name ends in one of these.
    pub(in crate::format) fn is_named(&self, endings: &[&str]) -> bool {
        let file = self.name.rsplit('/').next().unwrap_or(self.name);
        file.rsplit_once('.')
            .is_some_and(|(_, ending)| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
    }
}
