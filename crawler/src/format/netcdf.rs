//! NetCDF in its classic forms (<https://docs.unidata.ucar.edu/netcdf-c/current/file_format_specifications.html>): dimensions,
//! variables, and what attributes say of them and of the whole. The numbers are not looked at. NetCDF-4 is HDF5. One unit: a file is
//! deleted as a whole.

use std::io::{self, BufReader, Read};

use catalog::model::Dialect;

use super::arrow::RowsFn;
use super::facts::{Facts, told};
use super::magic::signed;
use super::{Bounds, Format, FormatError, Sink, locate_by_reading};
use crate::content::Content;

#[cfg(test)]
mod tests;

/// Versions 1, 2 and 5.
pub(super) static FORMAT: Format = Format {
    id: "netcdf",
    media_type: "application/x-netcdf",
    extensions: &["nc", "cdf"],
    sniff: |head| signed(head, "netcdf"),
    read: Some(read),
    rows: RowsFn::Cells,
    locate: Some(locate_by_reading),
    rewrite: None,
    container: None,
};

/// Longest attribute that is read; a longer one is passed over.
const ATTRIBUTE_BYTES_MAX: u64 = 1 << 20;
/// Dimensions that are remembered by name.
const DIMENSIONS_MAX: usize = 100_000;
/// What the lists begin with.
const DIMENSIONS: u32 = 10;
const VARIABLES: u32 = 11;
const ATTRIBUTES: u32 = 12;

fn read(content: &Content, _: &Dialect, _: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    told(sink, |facts| {
        let mut header = Header {
            input: BufReader::new(content.clone()),
            left: content.len(),
            wide_counts: false,
            wide_offsets: false,
            facts,
        };
        header.read()
    })
}

struct Header<'f, 's> {
    input: BufReader<Content>,
    left: u64,
    /// Counts take eight bytes (version 5).
    wide_counts: bool,
    /// Offsets take eight bytes (versions 2 and 5).
    wide_offsets: bool,
    facts: &'f mut Facts<'s>,
}

impl Header<'_, '_> {
    fn read(&mut self) -> Result<(), FormatError> {
        let [_, _, _, version] = self.bytes()?;
        (self.wide_counts, self.wide_offsets) = (version == 5, version != 1);
        self.facts.add("version", &version.to_string());
        let records = self.count()?;
        // All ones: it was being written to when the count was wanted.
        let streaming = records == if self.wide_counts { u64::MAX } else { u64::from(u32::MAX) };
        self.facts.add("records", &if streaming { "unknown".to_owned() } else { records.to_string() });
        let mut dimensions: Vec<String> = Vec::new();
        for _ in 0..self.list(DIMENSIONS)? {
            let (name, size) = (self.name()?, self.count()?);
            let size = if size == 0 { "records".to_owned() } else { size.to_string() };
            self.facts.add(&format!("dimension {name}"), &size);
            if dimensions.len() < DIMENSIONS_MAX {
                dimensions.push(name);
            }
        }
        self.attributes("")?;
        for _ in 0..self.list(VARIABLES)? {
            let name = self.name()?;
            let mut over = Vec::new();
            for _ in 0..self.count()? {
                let id = self.count()?;
                let known = usize::try_from(id).ok().and_then(|id| dimensions.get(id));
                over.push(known.map_or("?", String::as_str).to_owned());
                if over.len() > DIMENSIONS_MAX {
                    return Err(corrupt());
                }
            }
            self.attributes(&format!("{name}."))?;
            let kind = kind(self.number()?)?.0;
            self.count()?;
            if self.wide_offsets {
                self.skip(8)?
            } else {
                self.skip(4)?
            }
            self.facts.add(&format!("variable {name}"), &format!("{kind}({})", over.join(", ")));
        }
        Ok(())
    }

    fn attributes(&mut self, of: &str) -> Result<(), FormatError> {
        for _ in 0..self.list(ATTRIBUTES)? {
            let (name, (kind, width)) = (self.name()?, kind(self.number()?)?);
            let count = self.count()?;
            let bytes = count.checked_mul(width).ok_or_else(corrupt)?;
            if bytes > ATTRIBUTE_BYTES_MAX || kind != "char" {
                self.skip(padded(bytes)?)?;
                self.facts.add(&format!("{of}{name}"), &format!("{count} values of {kind}"));
            } else {
                let text = self.text(bytes)?;
                self.facts.add(&format!("{of}{name}"), &text);
            }
        }
        Ok(())
    }

    /// The number of a list's elements: its tag and count, or two zeros where there is none.
    fn list(&mut self, tag: u32) -> Result<u64, FormatError> {
        let (told, count) = (self.number()?, self.count()?);
        match told {
            _ if told == tag => Ok(count),
            0 if count == 0 => Ok(0),
            _ => Err(corrupt()),
        }
    }

    fn name(&mut self) -> Result<String, FormatError> {
        let len = self.count()?;
        if len > ATTRIBUTE_BYTES_MAX {
            return Err(corrupt());
        }
        self.text(len)
    }

    fn text(&mut self, len: u64) -> Result<String, FormatError> {
        let padded = padded(len)?;
        if padded > self.left {
            return Err(too_early());
        }
        let mut bytes = vec![0; padded as usize];
        self.input.read_exact(&mut bytes).map_err(ended)?;
        self.left -= padded;
        bytes.truncate(len as usize);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn skip(&mut self, len: u64) -> Result<(), FormatError> {
        self.left = self.left.checked_sub(len).ok_or_else(too_early)?;
        self.input.seek_relative(len as i64)?;
        Ok(())
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes).map_err(ended)?;
        self.left -= N as u64;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<u32, FormatError> {
        Ok(u32::from_be_bytes(self.bytes()?))
    }

    fn count(&mut self) -> Result<u64, FormatError> {
        if self.wide_counts { Ok(u64::from_be_bytes(self.bytes()?)) } else { self.number().map(u64::from) }
    }
}

/// A type by its number: name and width.
fn kind(number: u32) -> Result<(&'static str, u64), FormatError> {
    const KINDS: [(&str, u64); 11] = [
        ("byte", 1),
        ("char", 1),
        ("short", 2),
        ("int", 4),
        ("float", 4),
        ("double", 8),
        ("ubyte", 1),
        ("ushort", 2),
        ("uint", 4),
        ("int64", 8),
        ("uint64", 8),
    ];
    let place = (number as usize).checked_sub(1).ok_or_else(corrupt)?;
    KINDS.get(place).copied().ok_or_else(corrupt)
}

/// Everything stands at a multiple of four.
fn padded(len: u64) -> Result<u64, FormatError> {
    len.checked_next_multiple_of(4).ok_or_else(corrupt)
}

fn corrupt() -> FormatError {
    FormatError::Corrupt("its header is not as it should be".into())
}

fn too_early() -> FormatError {
    FormatError::Truncated("ends within its header".into())
}

fn ended(error: io::Error) -> FormatError {
    if error.kind() == io::ErrorKind::UnexpectedEof { too_early() } else { error.into() }
}
