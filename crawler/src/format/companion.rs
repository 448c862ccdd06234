//! Small files that tell of others: pointers of Git LFS and DVC, and Hadoop's checksums. They are no tables; what a pointer says is
//! searched, and can be removed, line by line, and of checksums there is nothing to search.

use catalog::model::Dialect;

use super::charset::Charset;
use super::lines::Lines;
use super::magic::{beginning, begins, certain, named};
use super::text::lines;
use super::{At, Bounds, Format, FormatError, Sink};
use crate::content::Content;

/// <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>
pub(super) static GIT_LFS: Format = Format {
    read: Some(read_pointer),
    ..lines("git_lfs", "text/x-git-lfs-pointer", &[], |head| {
        begins(head, b"version https://git-lfs.github.com/spec/")
    })
};

/// <https://dvc.org/doc/user-guide/project-structure/dvc-files>
pub(super) static DVC: Format = Format {
    read: Some(read_pointer),
    ..lines("dvc", "text/x-dvc-pointer", &["dvc"], |head| {
        let text = beginning(head).filter(|_| head.complete)?;
        let list = text.starts_with("outs:") || text.contains("\nouts:");
        certain(list && ["md5:", "hash:", "etag:"].iter().any(|key| text.contains(key)), 0.9)
    })
};

/// `ChecksumFileSystem` of Hadoop: `crc`, a version, the bytes that each checksum is of, and CRC-32s, all big-endian.
pub(super) static HADOOP_CRC: Format = Format {
    read: Some(read_checksums),
    ..named("hadoop_crc", "application/x-hadoop-crc", &["crc"], |head| begins(head, CHECKSUMS))
};

const CHECKSUMS: &[u8] = b"crc\0";
const CHECKSUMS_HEADER_BYTES: u64 = 8;
const CHECKSUM_BYTES: u64 = 4;

fn read_pointer(
    content: &Content,
    dialect: &Dialect,
    bounds: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    let charset = Charset::by_name(dialect.encoding.as_deref());
    let mut lines = Lines::new(content, charset, None, bounds.record_bytes_max)?;
    let mut line = 0;
    while let Some(piece) = lines.next()? {
        let at = At { row: line, unit: line, offset: Some(piece.offset) };
        sink.remark(at, "pointer", &charset.decode(charset.without_line_end(piece.bytes)));
        line += u64::from(piece.last);
    }
    Ok(())
}

/// Says nothing of checksums, and that what is longer than they are is none.
fn read_checksums(content: &Content, _: &Dialect, _: &Bounds, _: &mut dyn Sink) -> Result<(), FormatError> {
    if content.len() < CHECKSUMS_HEADER_BYTES {
        return Err(FormatError::Truncated("ends within its header".into()));
    }
    match (content.len() - CHECKSUMS_HEADER_BYTES) % CHECKSUM_BYTES {
        0 => Ok(()),
        _ => Err(FormatError::Truncated("ends within a checksum".into())),
    }
}
