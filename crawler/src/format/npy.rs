//! NumPy's NPY (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>): one array. Of a structured one each field
//! is a column, else each place along the other dimensions. An array is one unit: it is deleted as a whole. NPZ is a ZIP of them.

use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};

use catalog::model::{AnomalyKind, Dialect, FeatureType, Value};

use super::arrow::RowsFn;
use super::magic::signed;
use super::{At, Bounds, Format, FormatError, Sink, WHOLE, locate_by_reading};
use crate::content::Content;

use self::header::Kind;

mod header;
#[cfg(test)]
mod tests;

/// One array of any shape.
pub(super) static FORMAT: Format = Format {
    id: "npy",
    media_type: "application/x-npy",
    extensions: &["npy"],
    sniff: |head| signed(head, "npy"),
    read: Some(read),
    rows: RowsFn::Cells,
    locate: Some(locate_by_reading),
    rewrite: None,
    container: None,
};

fn read(content: &Content, _: &Dialect, bounds: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    let header = match header::read(content) {
        Ok(header) => header,
        Err(error @ FormatError::Io(_)) => return Err(error),
        Err(error) => {
            sink.anomaly(error.anomaly(), error.to_string());
            return Ok(());
        }
    };
    let features: Vec<usize> =
        header.columns.iter().map(|column| sink.feature(&column.path, column.kind.feature())).collect();
    if header.left_out {
        let reason = "it has more columns than are read, or values that are no numbers and no text";
        sink.anomaly(AnomalyKind::LimitReached, reason.into());
    }
    let rows = header.rows.min(bounds.rows_max);
    let mut input = content.clone();
    input.seek(SeekFrom::Start(header.data_at))?;
    let mut input = BufReader::new(input);
    let mut bytes = Vec::new();
    // A header may promise rows of any width; none is held that the content has not.
    if header.row_bytes > bounds.record_bytes_max as u64 {
        sink.anomaly(AnomalyKind::LimitReached, "a row is longer than the limit of a record".into());
        return Ok(());
    }
    bytes.resize(header.row_bytes as usize, 0);
    for row in 0..rows {
        match input.read_exact(&mut bytes) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                sink.anomaly(AnomalyKind::Truncated, "has fewer rows than its header says".into());
                return Ok(());
            }
            other => other?,
        }
        sink.row(row);
        for (column, feature) in header.columns.iter().zip(&features) {
            let value = &bytes[column.at..column.at + column.kind.width()];
            if let Some(value) = column.kind.value(value, column.big_endian) {
                sink.cell(*feature, At { row, unit: WHOLE, offset: None }, value);
            }
        }
    }
    if rows < header.rows {
        sink.anomaly(AnomalyKind::LimitReached, format!("only the first {rows} rows were read"));
    }
    Ok(())
}

impl Kind {
    fn feature(self) -> Option<FeatureType> {
        Some(match self {
            Self::Bool => FeatureType::Bool,
            Self::Int(_) | Self::UInt(_) | Self::Time(_) => FeatureType::Int,
            Self::Float(_) => FeatureType::Float,
            Self::Bytes(_) | Self::Text(_) => FeatureType::String,
        })
    }

    fn value(self, bytes: &[u8], big: bool) -> Option<Value<'_>> {
        let number = || {
            let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
            if big { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
        };
        Some(match self {
            Self::Bool => Value::Bool(number() != 0),
            Self::Int(width) | Self::Time(width) => {
                let shift = 64 - 8 * width as u32;
                Value::Int((number() << shift).cast_signed() >> shift)
            }
            Self::UInt(_) => match i64::try_from(number()) {
                Ok(small) => Value::Int(small),
                Err(_) => Value::UInt(number()),
            },
            Self::Float(4) => Value::Float(f32::from_bits(number() as u32).into()),
            Self::Float(8) => Value::Float(f64::from_bits(number())),
            Self::Float(_) => Value::Float(half(number() as u16)),
            Self::Bytes(_) => {
                let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                Value::Text(String::from_utf8_lossy(&bytes[..end]))
            }
            Self::Text(_) => {
                let letter = |code: &[u8]| {
                    let code = <[u8; 4]>::try_from(code).ok()?;
                    char::from_u32(if big { u32::from_be_bytes(code) } else { u32::from_le_bytes(code) })
                };
                let text: String = bytes
                    .chunks_exact(4)
                    .map(|code| letter(code).unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect();
                Value::Text(text.trim_end_matches('\0').to_owned().into())
            }
        })
    }
}

/// A float of 16 bits (IEEE 754-2019 §3.6, binary16).
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}
