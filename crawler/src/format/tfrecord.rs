//! TFRecord (<https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details>): records one after another, each
//! with its length and checksums. A record that is a `tf.train.Example` is a row with its features; any other is one value.
//! Unit = number of the record.

use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom, Write};

use catalog::model::{AnomalyKind, Dialect, FeaturePath, Value};

use super::arrow::RowsFn;
use super::magic::certain;
use super::{At, Bounds, Format, FormatError, Head, Removal, Rewritten, Sink, Sniff, locate_by_reading};
use crate::content::Content;

use self::example::List;

mod example;
#[cfg(test)]
mod tests;

/// Records of any kind.
pub(super) static FORMAT: Format = Format {
    id: "tfrecord",
    media_type: "application/x-tfrecord",
    extensions: &["tfrecord", "tfrecords"],
    sniff,
    read: Some(read),
    rows: RowsFn::Cells,
    locate: Some(locate_by_reading),
    rewrite: Some(rewrite),
    container: None,
};

/// A length and its checksum.
const START_BYTES: usize = 12;
/// The checksum of a record's bytes.
const END_BYTES: u64 = 4;
/// Features of all records together.
const FEATURES_MAX: usize = 10_000;

fn sniff(head: &Head<'_>) -> Option<Sniff> {
    let start = head.bytes.first_chunk()?;
    certain(length(start).is_some(), 0.98)
}

/// The length that a record begins with, if its checksum agrees.
fn length(start: &[u8; START_BYTES]) -> Option<u64> {
    let (length, checksum) = start.split_at(8);
    let told = u32::from_le_bytes(checksum.try_into().ok()?);
    (masked_crc32c(length) == told).then_some(u64::from_le_bytes(length.try_into().ok()?))
}

/// CRC-32C (RFC 3720 appendix B.4), rotated and offset as TFRecord has it. Only lengths are checked by it: a bit at a time will do.
fn masked_crc32c(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    (!crc).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Where records stand, one after another.
struct Records {
    input: BufReader<Content>,
    len: u64,
    /// Where the next one begins.
    next: u64,
}

/// A record: where its bytes begin, and how many they are.
struct Record {
    start: u64,
    len: u64,
}

impl Record {
    fn end(&self) -> u64 {
        self.start + self.len + END_BYTES
    }
}

impl Records {
    fn new(content: &Content) -> Self {
        Self { input: BufReader::new(content.clone()), len: content.len(), next: 0 }
    }

    fn next(&mut self) -> Result<Option<Record>, FormatError> {
        if self.next >= self.len {
            return Ok(None);
        }
        let skip = self.next - self.input.stream_position()?;
        self.input.seek_relative(i64::try_from(skip).unwrap_or(i64::MAX))?;
        let mut start = [0; START_BYTES];
        self.input.read_exact(&mut start).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => FormatError::Truncated("ends within a record".into()),
            _ => error.into(),
        })?;
        let Some(len) = length(&start) else {
            return Err(FormatError::Corrupt(format!("is no record from byte {} on", self.next)));
        };
        let record = Record { start: self.next + START_BYTES as u64, len };
        if len > self.len || record.end() > self.len {
            return Err(FormatError::Truncated("ends within a record".into()));
        }
        self.next = record.end();
        Ok(Some(record))
    }

    fn bytes(&mut self, record: &Record, bytes: &mut Vec<u8>) -> Result<(), FormatError> {
        bytes.resize(record.len as usize, 0);
        self.input.read_exact(bytes)?;
        Ok(())
    }
}

fn read(content: &Content, _: &Dialect, bounds: &Bounds, sink: &mut dyn Sink) -> Result<(), FormatError> {
    let mut records = Records::new(content);
    let mut columns = Columns { known: Vec::new(), sink };
    let (mut bytes, mut row, mut long) = (Vec::new(), 0, 0_u64);
    let outcome = loop {
        if row >= bounds.rows_max {
            let reason = format!("only the first {row} records were read");
            columns.sink.anomaly(AnomalyKind::LimitReached, reason);
            return Ok(());
        }
        let record = match records.next() {
            Ok(Some(record)) => record,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        };
        columns.sink.row(row);
        if record.len > bounds.record_bytes_max as u64 {
            long += 1;
        } else {
            records.bytes(&record, &mut bytes)?;
            columns.record(&bytes, At { row, unit: row, offset: Some(record.start) });
        }
        row += 1;
    };
    if long > 0 {
        let reason =
            format!("{long} records are longer than {} bytes and were not read", bounds.record_bytes_max);
        columns.sink.anomaly(AnomalyKind::LimitReached, reason);
    }
    match outcome {
        Err(error @ FormatError::Io(_)) => return Err(error),
        Err(error) => columns.sink.anomaly(error.anomaly(), error.to_string()),
        Ok(()) => {}
    }
    Ok(())
}

/// Features as they turn up.
struct Columns<'a> {
    known: Vec<(FeaturePath, usize)>,
    sink: &'a mut dyn Sink,
}

impl Columns<'_> {
    fn record(&mut self, bytes: &[u8], at: At) {
        let Some(features) = example::features(bytes) else {
            let value = match std::str::from_utf8(bytes) {
                Ok(text) => Value::Raw(text.into()),
                Err(_) => Value::Bytes(bytes.into()),
            };
            return self.cell(FeaturePath::column("record"), at, value);
        };
        for (name, list) in features {
            // One value is a value, not a list of one.
            let path = FeaturePath::column(String::from_utf8_lossy(name));
            let path = if list.len() == 1 { path } else { path.items() };
            let mut put = |value: Value<'_>| self.cell(path.clone(), at, value);
            match list {
                List::Bytes(values) => values.for_each(|value| {
                    put(match std::str::from_utf8(value) {
                        Ok(text) => Value::Text(text.into()),
                        Err(_) => Value::Bytes(value.into()),
                    });
                }),
                List::Floats(values) => values.into_iter().for_each(|value| put(Value::Float(value.into()))),
                List::Ints(values) => values.into_iter().for_each(|value| put(Value::Int(value))),
            }
        }
    }

    fn cell(&mut self, path: FeaturePath, at: At, value: Value<'_>) {
        let known = self.known.iter().find(|(known, _)| *known == path).map(|(_, feature)| *feature);
        let feature = match known {
            Some(feature) => feature,
            None if self.known.len() >= FEATURES_MAX => self.known[0].1,
            None => {
                let feature = self.sink.feature(&path, None);
                self.known.push((path, feature));
                feature
            }
        };
        self.sink.cell(feature, at, value);
    }
}

fn rewrite(
    content: &Content,
    _: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let none = roaring::RoaringTreemap::new();
    let gone = removal.units.get("").unwrap_or(&none);
    let mut records = Records::new(content);
    let (mut rewritten, mut number, mut from) = (Rewritten::default(), 0, 0);
    while let Some(record) = records.next()? {
        if gone.contains(number) {
            copy(content, from, record.start - START_BYTES as u64, out)?;
            from = record.end();
            rewritten.removed += 1;
        } else {
            rewritten.kept += 1;
        }
        number += 1;
    }
    copy(content, from, content.len(), out)?;
    Ok(rewritten)
}

fn copy(content: &Content, from: u64, to: u64, out: &mut (dyn Write + Send)) -> Result<(), FormatError> {
    let mut piece = content.clone();
    piece.seek(SeekFrom::Start(from))?;
    std::io::copy(&mut piece.take(to - from), out)?;
    Ok(())
}
