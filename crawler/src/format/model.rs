//! Files of trained models: what their headers say, and the names and shapes of their tensors. The numbers are not looked at, and
//! a model is one unit: it is deleted as a whole.

use std::io::{self, BufRead, BufReader, Read};

use super::arrow::RowsFn;
use super::magic::{certain, signed};
use super::{Format, FormatError, Head, ReadFn, Sniff, locate_by_reading};
use crate::content::Content;

mod gguf;
mod onnx;
mod safetensors;
#[cfg(test)]
mod tests;

const fn model(
    id: &'static str,
    media_type: &'static str,
    sniff: fn(&Head<'_>) -> Option<Sniff>,
    read: ReadFn,
) -> Format {
    Format {
        id,
        media_type,
        extensions: &[],
        sniff,
        read: Some(read),
        rows: RowsFn::Cells,
        locate: Some(locate_by_reading),
        rewrite: None,
        container: None,
    }
}

/// Hugging Face's safetensors (<https://github.com/huggingface/safetensors>, "Format").
pub(super) static SAFETENSORS: Format = Format {
    extensions: &["safetensors"],
    ..model(
        "safetensors",
        "application/x-safetensors",
        |head| {
            // Eight bytes of the header's length, then the header, a JSON object.
            let (len, header) = head.bytes.split_first_chunk::<8>()?;
            let header = header.starts_with(b"{\"") || header.starts_with(b"{}");
            certain((2..100 << 20).contains(&u64::from_le_bytes(*len)) && header, 0.9)
        },
        safetensors::read,
    )
};

/// GGUF (<https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>).
pub(super) static GGUF: Format = Format {
    extensions: &["gguf"],
    ..model("gguf", "application/x-gguf", |head| signed(head, "gguf"), gguf::read)
};

/// ONNX (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>).
pub(super) static ONNX: Format =
    Format { extensions: &["onnx"], ..model("onnx", "application/onnx", onnx::sniff, onnx::read) };

/// Reads numbers and texts from the beginning on; what ends too early is truncated.
struct Input {
    bytes: BufReader<Content>,
    /// Where it stands.
    position: u64,
    len: u64,
}

impl Input {
    fn new(content: &Content) -> Self {
        Self { bytes: BufReader::new(content.clone()), position: 0, len: content.len() }
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let mut bytes = [0; N];
        self.bytes.read_exact(&mut bytes).map_err(ended)?;
        self.position += N as u64;
        Ok(bytes)
    }

    /// So many bytes as text; more than `most` are refused before any is read.
    fn text(&mut self, len: u64, most: usize) -> Result<String, FormatError> {
        if len > self.left() {
            return Err(too_early());
        }
        if len > most as u64 {
            return Err(FormatError::Limit(format!("a text of its header is longer than {most} bytes")));
        }
        let mut bytes = vec![0; len as usize];
        self.bytes.read_exact(&mut bytes).map_err(ended)?;
        self.position += len;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn skip(&mut self, len: u64) -> Result<(), FormatError> {
        if len > self.left() {
            return Err(too_early());
        }
        // Short hops stay within the buffer.
        self.bytes.seek_relative(len as i64)?;
        self.position += len;
        Ok(())
    }

    fn left(&self) -> u64 {
        self.len - self.position
    }

    /// A number in base 128, least significant first (Protocol Buffers, "Base 128 Varints"); none at the end.
    fn varint(&mut self) -> Result<Option<u64>, FormatError> {
        if self.bytes.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.fixed()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(Some(value));
            }
        }
        Err(FormatError::Corrupt("a number of its header has no end".into()))
    }
}

fn too_early() -> FormatError {
    FormatError::Truncated("ends within its header".into())
}

fn ended(error: io::Error) -> FormatError {
    if error.kind() == io::ErrorKind::UnexpectedEof { too_early() } else { error.into() }
}

/// A shape as people write it.
fn shape(kind: &str, dimensions: &[u64]) -> String {
    let dimensions: Vec<String> = dimensions.iter().map(u64::to_string).collect();
    format!("{kind}[{}]", dimensions.join(", "))
}
