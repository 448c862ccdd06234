//! Leaves records out. Header, sync marker and every block without a removed record are copied as bytes; of the others, the records
//! that stay keep their bytes within a block that is encoded anew by the file's codec.
//!
//! Memory: one block, encoded and decoded.

use std::io::{self, Read, Seek, SeekFrom, Write};

use catalog::model::Dialect;
use roaring::RoaringTreemap;

use super::container::{Block, Blocks, Header};
use super::datum::{Cursor, pass, put_long};
use super::read::decoded;
use crate::content::Content;
use crate::format::{Bounds, FormatError, Removal, Rewritten};

pub(super) fn rewrite(
    content: &Content,
    _: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let wanted = removal.units.values().map(RoaringTreemap::len).sum::<u64>();
    let units = removal.units.get("").cloned().unwrap_or_default();
    let header = Header::read(content)?;
    let mut blocks = Blocks::new(content, &header);
    out.write_all(&blocks.header_bytes()?)?;
    let (mut start, mut rewritten) = (0_u64, Rewritten::default());
    while let Some(block) = blocks.next()? {
        let end = start.saturating_add(block.count);
        let removed = units.range_cardinality(start..end);
        rewritten.removed += removed;
        rewritten.kept += block.count - removed;
        if removed == 0 {
            copy(content, block.start..block.end, out)?;
        } else if removed < block.count {
            filter(content, &header, &block, &|record| units.contains(start + record), out)?;
        }
        start = end;
    }
    if rewritten.removed != wanted {
        return Err(FormatError::Unsupported(format!(
            "{} of {wanted} records to remove are not there; the content has changed or the whole of it must go",
            wanted - rewritten.removed
        )));
    }
    Ok(rewritten)
}

fn copy(content: &Content, bytes: std::ops::Range<u64>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut content = content.clone();
    content.seek(SeekFrom::Start(bytes.start))?;
    io::copy(&mut content.take(bytes.end - bytes.start), out)?;
    Ok(())
}

fn filter(
    content: &Content,
    header: &Header,
    block: &Block,
    is_removed: &dyn Fn(u64) -> bool,
    out: &mut (dyn Write + Send),
) -> Result<(), FormatError> {
    let records = decoded(content, header, block, u64::MAX)?;
    let mut cursor = Cursor::new(&records);
    let (mut kept, mut count) = (Vec::with_capacity(records.len()), 0_i64);
    for record in 0..block.count {
        let start = cursor.position();
        pass(&header.schema, header.schema.root, &mut cursor, Bounds::default().nesting_max)?;
        if !is_removed(record) {
            kept.extend_from_slice(&records[start..cursor.position()]);
            count += 1;
        }
    }
    if !cursor.is_at_end() {
        return Err(FormatError::Corrupt("a block holds more bytes than its records".into()));
    }
    let encoded = header.codec.encode(&block.encoded(content)?, kept)?;
    let mut head = Vec::new();
    put_long(&mut head, count);
    put_long(&mut head, encoded.len() as i64);
    out.write_all(&head)?;
    out.write_all(&encoded)?;
    out.write_all(&header.sync)?;
    Ok(())
}
