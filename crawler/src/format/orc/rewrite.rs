//! Writes a file without some rows. Stripes that keep all of theirs are copied as bytes; of the others each column's streams are
//! written anew with the same encodings and codec, with indexes but without Bloom filters. Statistics that could hold what was
//! removed are cut down to counts, which readers take for "may be anything".
//!
//! Memory: one stripe as encoded, some rows of one column as decoded.

use std::io::Write;

use bytes::Bytes;
use catalog::model::Dialect;
use roaring::RoaringTreemap;

use super::encode::{Stored, put_varint};
use super::filter::{Filter, Filtered, Tally, statistics};
use super::open::Opener;
use super::proto::{Message, Wire};
use super::tail::{self, Stripe, StripeInfo, Tail, field};
use super::{MAGIC, damaged};
use crate::content::{Content, Spool};
use crate::format::{FormatError, Removal, Rewritten};

/// Rows passed on at once.
const BATCH_ROWS: u64 = 1_024;
/// Bytes copied at once.
const COPY_BYTES: u64 = 1 << 20;
/// Hive's own index of its transactions' rows, which would point to rows that are gone.
const HIVE_INDEX: &[u8] = b"hive.acid.key.index";

/// Kinds of streams that stand before the data.
const ROW_INDEX: u64 = 6;
const BLOOM_FILTERS: [u64; 2] = [7, 8];

pub(super) fn rewrite(
    content: &Content,
    _: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let tail = tail::open(content)?;
    let wanted = removal.units.values().map(RoaringTreemap::len).sum::<u64>();
    let units = removal.units.get("").cloned().unwrap_or_default();
    let indexed = tail.footer.messages(5)?.iter().any(|item| item.all(1).any(|name| name == HIVE_INDEX));
    if wanted > 0 && indexed {
        return Err(FormatError::Unsupported(
            "belongs to a transaction of Hive, whose index names rows".into(),
        ));
    }
    let mut writer = Writer {
        content,
        tail: &tail,
        spool: Spool::new(u64::MAX),
        at: 0,
        stripes: Vec::new(),
        removed: vec![0; tail.types.len()],
        rewritten: Rewritten::default(),
    };
    writer.put(MAGIC)?;
    let mut start = 0_u64;
    for (number, info) in tail.stripes.iter().enumerate() {
        writer.stripe(number, info, start, &units)?;
        start = start.saturating_add(info.rows);
    }
    if writer.rewritten.removed != wanted {
        return Err(FormatError::Unsupported(format!(
            "{} of {wanted} rows to remove are not there; the content has changed or the whole of it must go",
            wanted - writer.rewritten.removed
        )));
    }
    let rewritten = writer.rewritten;
    let spool = if wanted == 0 { None } else { Some(writer.finish()?) };
    match spool {
        Some(spool) => std::io::copy(&mut spool.finish()?, out)?,
        None => std::io::copy(&mut content.clone(), out)?,
    };
    Ok(rewritten)
}

/// A stripe of the new file: which one it was, where it lies, its statistics if they are new.
struct Written {
    number: usize,
    info: StripeInfo,
    statistics: Option<Vec<u8>>,
}

struct Writer<'a> {
    content: &'a Content,
    tail: &'a Tail,
    spool: Spool,
    at: u64,
    stripes: Vec<Written>,
    /// Values removed of each column.
    removed: Vec<u64>,
    rewritten: Rewritten,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        self.spool.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn copy(&mut self, start: u64, end: u64) -> Result<(), FormatError> {
        let mut at = start;
        while at < end {
            let piece = self.content.range(at, (end - at).min(COPY_BYTES) as usize)?;
            if piece.is_empty() {
                return Err(damaged("a stripe"));
            }
            at += piece.len() as u64;
            self.put(&piece)?;
        }
        Ok(())
    }

    fn stripe(
        &mut self,
        number: usize,
        info: &StripeInfo,
        start: u64,
        units: &RoaringTreemap,
    ) -> Result<(), FormatError> {
        let removed = removed_in(units, start, info.rows);
        self.rewritten.removed += removed;
        self.rewritten.kept += info.rows - removed;
        let offset = self.at;
        if removed == 0 {
            self.copy(info.offset, info.end())?;
            self.stripes.push(Written { number, info: StripeInfo { offset, ..*info }, statistics: None });
            return Ok(());
        }
        let stripe = Stripe::open(self.content, self.tail.codec, info)?;
        let filtered = self.filter(&stripe, info, start, units)?;
        for column in &filtered {
            self.removed[column.id] += column.removed;
        }
        if removed == info.rows {
            return Ok(());
        }
        let written = self.streams(&stripe, &filtered, info.rows - removed)?;
        let mut statistics_of = Message::default();
        for column in &filtered {
            statistics_of.0.push((1, Wire::Bytes(statistics(column.total).into())));
        }
        self.stripes.push(Written {
            number,
            info: StripeInfo { offset, ..written },
            statistics: Some(statistics_of.write()),
        });
        Ok(())
    }

    /// The columns of a stripe without removed rows.
    fn filter(
        &self,
        stripe: &Stripe,
        info: &StripeInfo,
        start: u64,
        units: &RoaringTreemap,
    ) -> Result<Vec<Filtered>, FormatError> {
        let opener = Opener { content: self.content, tail: self.tail, stripe };
        let mut filter = Filter::new(opener.column(0)?, &stripe.encodings);
        let stride = match self.tail.footer.number(8) {
            0 => u64::MAX,
            stride => stride,
        };
        let kept_in_all = info.rows - removed_in(units, start, info.rows);
        let (mut row, mut kept, mut in_group) = (0_u64, 0_u64, 0_u64);
        filter.group();
        while row < info.rows {
            let mut keep = Vec::new();
            while row < info.rows && (keep.len() as u64) < BATCH_ROWS {
                let stays = !units.contains(start + row);
                if stays && in_group == stride {
                    break;
                }
                in_group += u64::from(stays);
                kept += u64::from(stays);
                keep.push(stays);
                row += 1;
            }
            filter.pass(&keep)?;
            if in_group == stride && kept < kept_in_all {
                filter.group();
                in_group = 0;
            }
        }
        let mut filtered = Vec::new();
        filter.finish(&mut filtered)?;
        filtered.sort_by_key(|column| column.id);
        Ok(filtered)
    }

    /// Writes streams in the order that they had, and the stripe's footer.
    fn streams(
        &mut self,
        stripe: &Stripe,
        filtered: &[Filtered],
        rows: u64,
    ) -> Result<StripeInfo, FormatError> {
        let codec = self.tail.codec;
        let (mut footer, mut index, mut data, mut listed) = (stripe.footer.clone(), 0, 0, Vec::new());
        for info in &stripe.streams {
            let column = filtered.iter().find(|column| column.id as u64 == info.column);
            let column = column.ok_or_else(|| damaged("list of streams"))?;
            let bytes = if info.kind == ROW_INDEX {
                Stored::new(codec, row_index(codec, column)?)?.bytes
            } else if BLOOM_FILTERS.contains(&info.kind) {
                continue;
            } else {
                let found = column.streams.iter().find(|(kind, _)| *kind == info.kind);
                let (_, bytes) = found
                    .ok_or_else(|| FormatError::Unsupported("has streams that are not known here".into()))?;
                Stored::new(codec, bytes.clone())?.bytes
            };
            *(if info.kind == ROW_INDEX { &mut index } else { &mut data }) += bytes.len() as u64;
            let mut stream = info.message.clone();
            stream.set(3, bytes.len() as u64);
            listed.push(Wire::Bytes(stream.write().into()));
            self.put(&bytes)?;
        }
        footer.replace(1, listed);
        let mut encodings = Vec::new();
        for (id, mut encoding) in footer.messages(2)?.into_iter().enumerate() {
            let length = filtered.iter().find(|column| column.id == id).and_then(|column| column.dictionary);
            if let Some(length) = length {
                encoding.set(2, length);
            }
            encoding.replace(3, vec![]);
            encodings.push(Wire::Bytes(encoding.write().into()));
        }
        footer.replace(2, encodings);
        let footer = Stored::new(codec, footer.write())?.bytes;
        self.put(&footer)?;
        Ok(StripeInfo { offset: 0, index, data, footer: footer.len() as u64, rows })
    }

    /// Writes metadata, footer and postscript.
    fn finish(mut self) -> Result<Spool, FormatError> {
        let tail = self.tail;
        let (codec, mut footer) = (tail.codec, tail.footer.clone());
        let metadata = Stored::new(codec, self.metadata()?)?.bytes;
        let end_before = tail.stripes.last().map_or(3, StripeInfo::end);
        let content_length = (footer.number(2) + self.at).saturating_sub(end_before);
        let sources = footer.messages(field::STRIPES)?;
        let mut stripes = Vec::new();
        for written in &self.stripes {
            let mut message =
                sources.get(written.number).cloned().ok_or_else(|| damaged("list of stripes"))?;
            let info = written.info;
            for (number, value) in (1..).zip([info.offset, info.index, info.data, info.footer, info.rows]) {
                message.set(number, value);
            }
            stripes.push(Wire::Bytes(message.write().into()));
        }
        footer.set(1, MAGIC.len() as u64);
        footer.set(2, content_length);
        footer.replace(field::STRIPES, stripes);
        footer.set(6, self.rewritten.kept);
        let statistics = self.file_statistics()?;
        footer.replace(7, statistics);
        let footer = Stored::new(codec, footer.write())?.bytes;
        let mut postscript = tail.postscript.clone();
        postscript.set(field::FOOTER_LENGTH, footer.len() as u64);
        postscript.set(field::METADATA_LENGTH, metadata.len() as u64);
        let postscript = postscript.write();
        let length = u8::try_from(postscript.len()).map_err(|_| damaged("postscript"))?;
        if !postscript.ends_with(MAGIC) {
            return Err(damaged("postscript"));
        }
        self.put(&metadata)?;
        self.put(&footer)?;
        self.put(&postscript)?;
        self.put(&[length])?;
        Ok(self.spool)
    }

    /// Statistics by stripe; none if the file has none, or other ones than stripes.
    fn metadata(&self) -> Result<Vec<u8>, FormatError> {
        let (start, end) = self.tail.metadata;
        let mut metadata = Message::parse(&tail::whole(self.content, start, end, self.tail.codec)?)?;
        let before: Vec<Bytes> = metadata.all(1).cloned().collect();
        let mut after = Vec::new();
        if before.len() == self.tail.stripes.len() {
            for written in &self.stripes {
                let new = written.statistics.as_ref().map(|bytes| Bytes::from(bytes.clone()));
                after.push(Wire::Bytes(new.unwrap_or_else(|| before[written.number].clone())));
            }
        }
        metadata.replace(1, after);
        Ok(metadata.write())
    }

    /// Statistics of the file: those of a column that lost values keep their counts only.
    fn file_statistics(&self) -> Result<Vec<Wire>, FormatError> {
        let before = self.tail.footer.messages(7)?;
        if before.len() != self.removed.len() {
            return Ok(Vec::new());
        }
        let after = before.into_iter().zip(&self.removed).map(|(before, removed)| {
            let bytes = if *removed == 0 {
                before.write()
            } else {
                let values = before.number(1).saturating_sub(*removed);
                statistics(Tally { values, nulls: before.uint(10) != Some(0) })
            };
            Wire::Bytes(bytes.into())
        });
        Ok(after.collect())
    }
}

/// Where each group of rows begins in each stream of a column.
fn row_index(codec: super::chunks::Codec, column: &Filtered) -> Result<Vec<u8>, FormatError> {
    let count = column.groups.first().map_or(0, Vec::len);
    let stored = column
        .streams
        .iter()
        .take(count)
        .map(|(_, bytes)| Stored::new(codec, bytes.clone()))
        .collect::<Result<Vec<_>, _>>()?;
    let mut index = Message::default();
    for (places, tally) in column.groups.iter().zip(&column.tallies) {
        let mut positions = Vec::new();
        stored.iter().zip(places).for_each(|(stored, place)| stored.position(place, &mut positions));
        let mut packed = Vec::new();
        positions.into_iter().for_each(|position| put_varint(&mut packed, position));
        let entry =
            Message(vec![(1, Wire::Bytes(packed.into())), (2, Wire::Bytes(statistics(*tally).into()))]);
        index.0.push((1, Wire::Bytes(entry.write().into())));
    }
    Ok(index.write())
}

fn removed_in(units: &RoaringTreemap, start: u64, rows: u64) -> u64 {
    if rows == 0 {
        return 0;
    }
    let before = start.checked_sub(1).map_or(0, |last| units.rank(last));
    units.rank(start.saturating_add(rows - 1)) - before
}
