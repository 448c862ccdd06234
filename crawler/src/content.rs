//! Bytes at rest while they are read: small ones in memory, larger ones in a file that nobody else can name.
//!
//! Every reader gets the same thing whatever the store: something to read and to seek in, cloned at no cost.
//! Memory is bounded by [`MEMORY_BYTES_MAX`] a content; the rest lies in an unlinked temporary file that goes
//! with the process, killed or not, so that no personal byte outlives it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;

/// Content up to this many bytes is held in memory.
pub const MEMORY_BYTES_MAX: u64 = 4 << 20;

/// Some bytes and a position in them. Clones share the bytes and start at 0.
#[derive(Debug)]
pub struct Content {
    bytes: Place,
    len: u64,
    position: u64,
}

#[derive(Clone, Debug)]
enum Place {
    Memory(Bytes),
    File(Arc<File>),
}

impl Clone for Content {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes.clone(), len: self.len, position: 0 }
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self { len: bytes.len() as u64, bytes: Place::Memory(bytes), position: 0 }
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl Content {
    /// The bytes of an open file as they are now.
    ///
    /// # Errors
    /// If the file's length cannot be told.
    pub fn of_file(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { bytes: Place::File(Arc::new(file)), len, position: 0 })
    }

    /// Reads all of `reader`, but not more than `bytes_max`.
    ///
    /// # Errors
    /// What the reader fails with; `FileTooLarge` if there is more than `bytes_max`.
    pub fn spool(reader: &mut dyn Read, bytes_max: u64) -> io::Result<Self> {
        let mut spool = Spool::new(bytes_max);
        io::copy(reader, &mut spool)?;
        spool.finish()
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Up to `count` bytes from `offset`; fewer only at the end.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn range(&self, offset: u64, count: usize) -> io::Result<Bytes> {
        let count = count.min(self.len.saturating_sub(offset) as usize);
        match &self.bytes {
            Place::Memory(bytes) if count == 0 => Ok(bytes.slice(0..0)),
            Place::Memory(bytes) => Ok(bytes.slice(offset as usize..offset as usize + count)),
            Place::File(file) => {
                let mut buffer = vec![0; count];
                file.read_exact_at(&mut buffer, offset)?;
                Ok(buffer.into())
            }
        }
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(self.len.saturating_sub(self.position) as usize);
        let read = match &self.bytes {
            Place::Memory(bytes) => {
                let start = self.position.min(self.len) as usize;
                buffer[..wanted].copy_from_slice(&bytes[start..start + wanted]);
                wanted
            }
            Place::File(file) => file.read_at(&mut buffer[..wanted], self.position)?,
        };
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Content {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

impl parquet::file::reader::Length for Content {
    fn len(&self) -> u64 {
        self.len
    }
}

impl parquet::file::reader::ChunkReader for Content {
    type T = io::BufReader<Content>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let mut content = self.clone();
        content.position = start;
        Ok(io::BufReader::new(content))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let bytes = self.range(start, length)?;
        if bytes.len() < length {
            return Err(parquet::errors::ParquetError::EOF("ends before the range asked for".into()));
        }
        Ok(bytes)
    }
}

/// Takes bytes as they come and becomes [`Content`]: in memory first, in a file once they are many.
#[derive(Debug)]
pub struct Spool {
    memory: Vec<u8>,
    file: Option<File>,
    len: u64,
    bytes_max: u64,
}

impl Spool {
    /// Takes up to `bytes_max` bytes.
    pub fn new(bytes_max: u64) -> Self {
        Self { memory: Vec::new(), file: None, len: 0, bytes_max }
    }

    /// What was taken.
    ///
    /// # Errors
    /// If the file cannot be read back.
    pub fn finish(self) -> io::Result<Content> {
        match self.file {
            Some(file) => Content::of_file(file),
            None => Ok(self.memory.into()),
        }
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.len += bytes.len() as u64;
        if self.len > self.bytes_max {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more bytes than the limit allows"));
        }
        if self.file.is_none() && self.len > MEMORY_BYTES_MAX {
            let mut file = tempfile::tempfile()?;
            file.write_all(&self.memory)?;
            self.memory = Vec::new();
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => file.write_all(bytes)?,
            None => self.memory.extend_from_slice(bytes),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_reads_the_same_from_memory_and_from_a_file() {
        for len in [0, 5, MEMORY_BYTES_MAX as usize + 3] {
            let bytes: Vec<u8> = (0..len).map(|place| place as u8).collect();
            let content = Content::spool(&mut &bytes[..], u64::MAX).unwrap();
            let mut read = Vec::new();
            content.clone().read_to_end(&mut read).unwrap();
            assert_eq!(read, bytes);
            assert_eq!(content.range(2, 2).unwrap(), bytes.get(2..4).unwrap_or_default());
            assert_eq!(content.range(len as u64 + 9, 2).unwrap(), Bytes::new());
        }
    }

    #[test]
    fn spool_refuses_what_is_over_its_limit() {
        let error = Content::spool(&mut io::repeat(1), 100).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
