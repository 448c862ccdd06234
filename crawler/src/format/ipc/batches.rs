//! Batches of a file or stream, decoded one at a time. A damaged one costs its own rows only.
//!
//! Memory: one batch as it lies and decoded, and the dictionaries.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use arrow_buffer::Buffer;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::{read_dictionary, read_record_batch};
use arrow_ipc::{CompressionType, Endianness, MetadataVersion};
use arrow_schema::{DataType, SchemaRef};
use arrow_select::take::take_record_batch;

use super::guarded;
use super::messages::{Encapsulated, Footer, Messages, is_file};
use crate::content::Content;
use crate::format::FormatError;

/// Bytes of a batch, as it lies and decoded.
const BATCH_BYTES_MAX: u64 = 1 << 30;
/// Rows of any batch, however few bytes it has: those of null columns need none.
const ROWS_MIN: u64 = 1 << 20;
/// LZ4 cannot be denser (block format: a byte of length adds 255).
const LZ4_RATIO_MAX: u64 = 255;
/// Bytes that rows of a piece may refer to, as many times as there are rows.
const PIECE_BYTES: usize = 256 << 20;

/// A file or stream being read.
pub(super) struct Batches<'a> {
    content: &'a Content,
    messages: Messages<'a>,
    pub(super) schema: SchemaRef,
    pub(super) version: MetadataVersion,
    /// Of the batches so far; a file has one.
    pub(super) compression: Option<CompressionType>,
    /// A file's footer, or why it cannot be had.
    pub(super) footer: Option<Result<Footer, FormatError>>,
    dictionaries: HashMap<i64, ArrayRef>,
}

/// A batch that is there, decoded if it can be.
pub(super) struct Next {
    /// Where its message begins.
    pub(super) start: u64,
    /// Rows, as its metadata says.
    pub(super) rows: u64,
    pub(super) batch: Result<RecordBatch, FormatError>,
    /// Whether the message has metadata of its own, which a decoded batch does not keep.
    pub(super) has_metadata: bool,
}

fn damaged(what: &str) -> FormatError {
    FormatError::Corrupt(format!("{what} is damaged"))
}

impl<'a> Batches<'a> {
    /// # Errors
    /// If there is no schema that can be read.
    pub(super) fn open(content: &'a Content) -> Result<Self, FormatError> {
        let footer = is_file(content)?.then(|| Footer::read(content));
        let mut messages = Messages::new(content, footer.as_ref().and_then(|footer| footer.as_ref().ok()))?;
        let first = messages.next(0)?;
        let first = first.ok_or_else(|| FormatError::Truncated("ends before its schema".into()))?;
        let message = first.message()?;
        let schema = guarded("schema", || {
            let schema = message.header_as_schema().ok_or_else(|| damaged("schema"))?;
            if schema.endianness() != Endianness::Little {
                return Err(FormatError::Corrupt("is of a machine with another byte order".into()));
            }
            Ok(fb_to_schema(schema))
        })?;
        let version = message.version();
        Ok(Self {
            content,
            messages,
            schema: Arc::new(schema),
            version,
            compression: None,
            footer,
            dictionaries: HashMap::new(),
        })
    }

    /// The next batch, `None` after the last.
    ///
    /// # Errors
    /// If there is no message where one should be.
    pub(super) fn next(&mut self) -> Result<Option<Next>, FormatError> {
        while let Some(encapsulated) = self.messages.next(BATCH_BYTES_MAX)? {
            let message = encapsulated.message()?;
            if let Some(batch) = message.header_as_record_batch() {
                let rows = u64::try_from(batch.length()).map_err(|_| damaged("batch"))?;
                self.compression = batch.compression().map(|compression| compression.codec());
                let has_metadata = message.custom_metadata().is_some_and(|pairs| !pairs.is_empty());
                let decoded = self.decode(&encapsulated, batch);
                return Ok(Some(Next { start: encapsulated.start, rows, batch: decoded, has_metadata }));
            }
            if let Some(dictionary) = message.header_as_dictionary_batch() {
                let data = dictionary.data().ok_or_else(|| damaged("dictionary"))?;
                let read = body(self.content, &encapsulated, data).and_then(|body| {
                    guarded("dictionary", || {
                        read_dictionary(
                            &body,
                            dictionary,
                            &self.schema,
                            &mut self.dictionaries,
                            &self.version,
                        )
                        .map_err(|_| damaged("dictionary"))
                    })
                });
                match read {
                    Ok(()) => {}
                    Err(FormatError::Io(error)) => return Err(error.into()),
                    // Batches that refer to it fail; an older one must not stand in for it.
                    Err(_) => {
                        self.dictionaries.remove(&dictionary.id());
                    }
                }
            }
        }
        Ok(None)
    }

    fn decode(
        &self,
        encapsulated: &Encapsulated,
        batch: arrow_ipc::RecordBatch<'_>,
    ) -> Result<RecordBatch, FormatError> {
        let body = body(self.content, encapsulated, batch)?;
        guarded("batch", || {
            read_record_batch(&body, batch, self.schema.clone(), &self.dictionaries, None, &self.version)
                .map_err(|_| damaged("batch"))
        })
    }
}

/// A body whose buffers lie within it and decode to what can be held.
fn body(
    content: &Content,
    encapsulated: &Encapsulated,
    batch: arrow_ipc::RecordBatch<'_>,
) -> Result<Buffer, FormatError> {
    let body = encapsulated.body(content)?;
    let codec = batch.compression().map(|compression| compression.codec());
    let mut decoded = 0_u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let range = usize::try_from(buffer.offset()).ok().zip(usize::try_from(buffer.length()).ok());
        let bytes = range.and_then(|(start, len)| body.get(start..start.checked_add(len)?));
        let bytes = bytes.ok_or_else(|| damaged("batch"))?;
        decoded = decoded.saturating_add(decoded_len(bytes, codec)?);
    }
    if decoded > BATCH_BYTES_MAX {
        return Err(FormatError::Limit("decodes to more bytes than the limit allows".into()));
    }
    // A bit is the least that a row of most types takes; null columns and runs of equal values take none.
    let rows_max = ROWS_MIN + decoded * 8;
    let lengths = batch.nodes().into_iter().flatten().map(|node| node.length());
    for length in lengths.chain([batch.length()]) {
        if u64::try_from(length).map_err(|_| damaged("batch"))? > rows_max {
            return Err(FormatError::Limit("holds more rows than its bytes allow".into()));
        }
    }
    Ok(Buffer::from(body))
}

/// What a buffer decodes to: its length is before it if it is compressed, -1 if that was not worth it.
fn decoded_len(bytes: &[u8], codec: Option<CompressionType>) -> Result<u64, FormatError> {
    let Some(codec) = codec.filter(|_| !bytes.is_empty()) else { return Ok(bytes.len() as u64) };
    let (len, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| damaged("batch"))?;
    let len = match i64::from_le_bytes(*len) {
        -1 => return Ok(rest.len() as u64),
        len => u64::try_from(len).map_err(|_| damaged("batch"))?,
    };
    // Its decoder goes on beyond the length that it was told.
    if codec == CompressionType::LZ4_FRAME && rest.len() as u64 * LZ4_RATIO_MAX > BATCH_BYTES_MAX {
        let mut decoder = lz4_flex::frame::FrameDecoder::new(rest).take(len + 1);
        if io::copy(&mut decoder, &mut io::sink()).map_err(|_| damaged("batch"))? > len {
            return Err(damaged("batch"));
        }
    }
    Ok(len)
}

/// A batch in pieces of up to `rows` rows. Casts of a piece work on what it refers to: its lists are cut to it, and values that many
/// rows may share (dictionaries, views, runs) are cast for few rows at once.
pub(super) fn pieces(
    batch: &RecordBatch,
    rows: usize,
    each: &mut dyn FnMut(RecordBatch) -> Result<bool, FormatError>,
) -> Result<bool, FormatError> {
    let holds = |test: fn(&DataType) -> bool| {
        batch.schema_ref().fields().iter().any(|field| contains(field.data_type(), test))
    };
    let rows = match holds(is_shared) {
        true => (PIECE_BYTES / batch.get_array_memory_size().max(1)).clamp(1, rows),
        false => rows,
    };
    let has_lists = holds(DataType::is_nested);
    let mut start = 0;
    while start < batch.num_rows() {
        let count = rows.min(batch.num_rows() - start);
        let piece = if has_lists && count < batch.num_rows() {
            let rows = UInt32Array::from_iter_values(start as u32..(start + count) as u32);
            guarded("batch", || take_record_batch(batch, &rows).map_err(|_| damaged("batch")))?
        } else {
            batch.slice(start, count)
        };
        if !each(piece)? {
            return Ok(false);
        }
        start += count;
    }
    Ok(true)
}

fn is_shared(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Dictionary(..)
            | DataType::RunEndEncoded(..)
            | DataType::Utf8View
            | DataType::BinaryView
            | DataType::ListView(_)
            | DataType::LargeListView(_)
    )
}

/// Whether a type, or one within it, passes a test.
pub(super) fn contains(kind: &DataType, test: fn(&DataType) -> bool) -> bool {
    let within = |field: &arrow_schema::FieldRef| contains(field.data_type(), test);
    test(kind)
        || match kind {
            DataType::Struct(fields) => fields.iter().any(within),
            DataType::List(item)
            | DataType::LargeList(item)
            | DataType::FixedSizeList(item, _)
            | DataType::ListView(item)
            | DataType::LargeListView(item)
            | DataType::Map(item, _) => within(item),
            DataType::Dictionary(_, values) => contains(values, test),
            DataType::RunEndEncoded(_, values) => within(values),
            DataType::Union(fields, _) => fields.iter().any(|(_, field)| within(field)),
            _ => false,
        }
}
