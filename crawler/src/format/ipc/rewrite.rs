//! Leaves rows out: schema, metadata, compression and the bounds of batches stay; a batch of which nothing is left goes. Every
//! batch is encoded anew, so that no padding or buffer holds what was removed.
//!
//! Memory: one batch as it lies, decoded and encoded, and the dictionaries.

use std::io::Write;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use catalog::model::Dialect;
use roaring::RoaringTreemap;

use super::batches::Batches;
use super::dictionary::{Dictionaries, refusal};
use super::guarded;
use crate::content::Content;
use crate::format::{FormatError, Removal, Rewritten};

/// Bytes to which buffers are aligned: the least that the specification asks for, and what the reference implementation writes.
const ALIGNMENT: usize = 8;

pub(super) fn rewrite(
    content: &Content,
    _: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let wanted = removal.units.values().map(RoaringTreemap::len).sum::<u64>();
    let units = removal.units.get("").cloned().unwrap_or_default();
    let (mut dictionaries, mut compression) = (Dictionaries::default(), None);
    let rewritten = each_batch(content, &units, &mut |batches, kept, removed| {
        compression = batches.compression;
        if let Some(removed) = removed {
            dictionaries.note(removed, true)?;
        }
        dictionaries.note(kept, false)
    })?;
    if rewritten.removed != wanted {
        return Err(FormatError::Unsupported(format!(
            "{} of {wanted} rows to remove are not there; the content has changed or the whole of it must go",
            wanted - rewritten.removed
        )));
    }
    let batches = Batches::open(content)?;
    let options = IpcWriteOptions::try_new(ALIGNMENT, false, batches.version)
        .and_then(|options| options.try_with_compression(compression))
        .map_err(written)?;
    let mut writer = match &batches.footer {
        Some(Ok(footer)) => {
            let mut writer =
                FileWriter::try_new_with_options(out, &batches.schema, options).map_err(written)?;
            for (key, value) in &footer.metadata {
                writer.write_metadata(key, value);
            }
            Writer::File(writer)
        }
        _ => Writer::Stream(
            StreamWriter::try_new_with_options(out, &batches.schema, options).map_err(written)?,
        ),
    };
    each_batch(content, &units, &mut |_, kept, removed| {
        if kept.num_rows() == 0 && removed.is_some() {
            return Ok(());
        }
        let kept = dictionaries.rebuild(kept)?;
        guarded("batch", || writer.write(&kept).map_err(written))
    })?;
    writer.finish().map_err(written)?;
    Ok(rewritten)
}

enum Writer<'a> {
    File(FileWriter<&'a mut (dyn Write + Send)>),
    Stream(StreamWriter<&'a mut (dyn Write + Send)>),
}

impl Writer<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        match self {
            Self::File(writer) => writer.write(batch),
            Self::Stream(writer) => writer.write(batch),
        }
    }

    fn finish(&mut self) -> Result<(), ArrowError> {
        match self {
            Self::File(writer) => writer.finish(),
            Self::Stream(writer) => writer.finish(),
        }
    }
}

/// The writer's error without its text, which may quote the content.
fn written(error: ArrowError) -> FormatError {
    match error {
        ArrowError::IoError(_, error) => error.into(),
        _ => FormatError::Unsupported("this content cannot be written anew".into()),
    }
}

type OnBatch<'a> =
    &'a mut dyn FnMut(&Batches<'_>, &RecordBatch, Option<&RecordBatch>) -> Result<(), FormatError>;

/// Calls back with the rows of each batch that stay and, if any, with those that go.
///
/// # Errors
/// If any batch cannot be read: what is not decoded cannot be written again.
fn each_batch(
    content: &Content,
    units: &RoaringTreemap,
    each: OnBatch<'_>,
) -> Result<Rewritten, FormatError> {
    let mut batches = Batches::open(content)?;
    for field in batches.schema.fields() {
        if let Some(reason) = refusal(field.data_type()) {
            return Err(FormatError::Unsupported(reason.into()));
        }
    }
    let (mut start, mut found, mut rewritten) = (0_u64, Vec::new(), Rewritten::default());
    while let Some(next) = batches.next()? {
        let batch = next.batch?;
        if next.has_metadata {
            return Err(FormatError::Unsupported("its batches have metadata of their own".into()));
        }
        found.push(next.start);
        let end = start + batch.num_rows() as u64;
        let removed = units.range_cardinality(start..end);
        rewritten.removed += removed;
        rewritten.kept += end - start - removed;
        if removed == 0 {
            each(&batches, &batch, None)?;
        } else {
            let gone: BooleanArray = (start..end).map(|row| Some(units.contains(row))).collect();
            let stays: BooleanArray = (start..end).map(|row| Some(!units.contains(row))).collect();
            let (kept, gone) = guarded("batch", || {
                let filtered = |mask| filter_record_batch(&batch, mask).map_err(written);
                Ok((filtered(&stays)?, filtered(&gone)?))
            })?;
            each(&batches, &kept, Some(&gone))?;
        }
        start = end;
    }
    match &batches.footer {
        Some(Err(error)) => Err(FormatError::Truncated(error.to_string())),
        Some(Ok(footer)) if footer.batches != found => {
            Err(FormatError::Corrupt("its footer names other batches than there are".into()))
        }
        _ => Ok(rewritten),
    }
}
