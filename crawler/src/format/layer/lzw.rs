//! Unix `compress` (`.Z`): Spencer Thomas' LZW with codes of nine to sixteen bits, lowest bits first. There is no
//! specification; what is written here follows what `compress` 4.2.4 and `gzip -d` take and give.
//!
//! Codes come in groups of eight. When codes grow by a bit, or the table is thrown away, the rest of the group is padding.
//! The stream has no end mark and no checksum: one that was cut is told by bits that are left over, which about every other cut leaves.
//! Streams that follow each other are one stream of other codes: nothing tells where the second begins.

use std::collections::HashMap;
use std::io::{self, BufRead, Read, Write};

use crate::content::Content;

/// Fewest bits of a code.
const BITS_MIN: u32 = 9;
/// Most bits of a code.
const BITS_MAX: u32 = 16;
/// Throws the table away, in streams that say so in their header.
const CLEAR: u16 = 256;
/// Codes of a group.
const GROUP: u32 = 8;

/// The magic, and flags that leave the reserved bits alone.
pub(super) fn is_lzw(bytes: &[u8]) -> bool {
    matches!(bytes, [0x1f, 0x9d, flags, ..] if flags & 0x60 == 0 && (BITS_MIN..=BITS_MAX).contains(&u32::from(flags & 0x1f)))
}

pub(super) fn decode<'a>(input: &'a mut dyn BufRead) -> io::Result<Box<dyn Read + 'a>> {
    let mut header = [0; 3];
    input.read_exact(&mut header)?;
    if !is_lzw(&header) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let widths = Widths::of(header[2]);
    Ok(Box::new(Decoder {
        input,
        widths,
        bits: 0,
        held: 0,
        prefixes: vec![0; 1 << BITS_MAX],
        suffixes: vec![0; 1 << BITS_MAX],
        free: widths.first_free(),
        previous: None,
        first: 0,
        ready: Vec::new(),
    }))
}

/// How wide the next code is: reader and writer count alike.
#[derive(Clone, Copy)]
struct Widths {
    max: u32,
    clears: bool,
    width: u32,
    /// Codes of the group so far.
    in_group: u32,
}

impl Widths {
    fn of(flags: u8) -> Self {
        Self { max: u32::from(flags & 0x1f), clears: flags & 0x80 != 0, width: BITS_MIN, in_group: 0 }
    }

    fn first_free(self) -> u32 {
        if self.clears { u32::from(CLEAR) + 1 } else { u32::from(CLEAR) }
    }

    /// Bits of padding before the next code, if the table has grown so far that codes become wider.
    fn grown(&mut self, free: u32) -> u32 {
        if self.width < self.max && free >= 1 << self.width { self.next_group(self.width + 1) } else { 0 }
    }

    /// Ends the group; gives its padding.
    fn next_group(&mut self, width: u32) -> u32 {
        let padding = (GROUP - self.in_group) % GROUP * self.width;
        (self.width, self.in_group) = (width, 0);
        padding
    }

    fn counted(&mut self) {
        self.in_group = (self.in_group + 1) % GROUP;
    }
}

struct Decoder<'a> {
    input: &'a mut dyn BufRead,
    widths: Widths,
    bits: u64,
    held: u32,
    prefixes: Vec<u16>,
    suffixes: Vec<u8>,
    /// The next entry of the table.
    free: u32,
    previous: Option<u16>,
    /// First byte of what the last code stood for.
    first: u8,
    /// Decoded bytes, last one first.
    ready: Vec<u8>,
}

impl Decoder<'_> {
    fn code(&mut self) -> io::Result<Option<u16>> {
        let mut padding = self.widths.grown(self.free);
        let width = self.widths.width;
        loop {
            let skipped = padding.min(self.held);
            self.bits >>= skipped;
            self.held -= skipped;
            padding -= skipped;
            if padding == 0 && self.held >= width {
                break;
            }
            let Some(byte) = self.input.fill_buf()?.first().copied() else {
                // Writers fill the last byte with zeros.
                let is_padding = self.held < 8 && self.bits == 0;
                return if is_padding { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            };
            self.input.consume(1);
            self.bits |= u64::from(byte) << self.held;
            self.held += 8;
        }
        let code = (self.bits & ((1 << width) - 1)) as u16;
        self.bits >>= width;
        self.held -= width;
        self.widths.counted();
        Ok(Some(code))
    }

    /// Decodes one code; false at the end.
    fn step(&mut self) -> io::Result<bool> {
        let Some(code) = self.code()? else { return Ok(false) };
        let Some(previous) = self.previous else {
            self.first = u8::try_from(code).map_err(|_| io::ErrorKind::InvalidData)?;
            self.previous = Some(code);
            self.ready.push(self.first);
            return Ok(true);
        };
        if code == CLEAR && self.widths.clears {
            let padding = self.widths.next_group(BITS_MIN);
            self.skip(padding)?;
            // The next code adds an entry that no code will name, as the original does.
            self.free = u32::from(CLEAR);
            return Ok(true);
        }
        let mut walked = code;
        if u32::from(code) >= self.free {
            if u32::from(code) > self.free {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.ready.push(self.first);
            walked = previous;
        }
        while walked >= CLEAR {
            self.ready.push(self.suffixes[usize::from(walked)]);
            walked = self.prefixes[usize::from(walked)];
        }
        self.first = walked as u8;
        self.ready.push(self.first);
        if self.free < 1 << self.widths.max {
            self.prefixes[self.free as usize] = previous;
            self.suffixes[self.free as usize] = self.first;
            self.free += 1;
        }
        self.previous = Some(code);
        Ok(true)
    }

    fn skip(&mut self, mut bits: u32) -> io::Result<()> {
        while bits > 0 {
            let skipped = bits.min(self.held);
            self.bits >>= skipped;
            self.held -= skipped;
            bits -= skipped;
            if bits > 0 {
                let Some(byte) = self.input.fill_buf()?.first().copied() else { return Ok(()) };
                self.input.consume(1);
                self.bits |= u64::from(byte) << self.held;
                self.held += 8;
            }
        }
        Ok(())
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() && !buffer.is_empty() {
            if !self.step()? {
                return Ok(0);
            }
        }
        let count = buffer.len().min(self.ready.len());
        for place in &mut buffer[..count] {
            *place = self.ready.pop().unwrap_or_default();
        }
        Ok(count)
    }
}

/// With the original's widest code. A full table stays as it is: that is a valid stream, if a longer one than the original's
/// where the content changes its nature.
pub(super) fn encode(original: &[u8], mut plain: Content, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let flags = original.get(2).copied().filter(|_| is_lzw(original)).unwrap_or(0x80 | BITS_MAX as u8);
    out.write_all(&[0x1f, 0x9d, flags])?;
    let mut writer = Writer { out, widths: Widths::of(flags), bits: 0, held: 0, readers_free: None };
    let mut table: HashMap<(u16, u8), u16> = HashMap::new();
    let mut free = writer.widths.first_free();
    let mut current: Option<u16> = None;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = plain.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        for byte in &buffer[..read] {
            let Some(prefix) = current else {
                current = Some(u16::from(*byte));
                continue;
            };
            if let Some(longer) = table.get(&(prefix, *byte)) {
                current = Some(*longer);
                continue;
            }
            writer.code(prefix)?;
            if free < 1 << writer.widths.max {
                table.insert((prefix, *byte), free as u16);
                free += 1;
            }
            current = Some(u16::from(*byte));
        }
    }
    if let Some(last) = current {
        writer.code(last)?;
    }
    writer.finish()
}

struct Writer<'a> {
    out: &'a mut (dyn Write + Send),
    widths: Widths,
    bits: u64,
    held: u32,
    /// The next entry of whoever reads this, who learns of each entry one code later; none before the first code.
    readers_free: Option<u32>,
}

impl Writer<'_> {
    fn code(&mut self, code: u16) -> io::Result<()> {
        let free = self.readers_free.unwrap_or(self.widths.first_free());
        let mut padding = self.widths.grown(free);
        while padding > 0 {
            let some = padding.min(16);
            self.put(0, some)?;
            padding -= some;
        }
        self.put(u64::from(code), self.widths.width)?;
        self.widths.counted();
        let adds = self.readers_free.is_some() && free < 1 << self.widths.max;
        self.readers_free = Some(free + u32::from(adds));
        Ok(())
    }

    fn put(&mut self, value: u64, width: u32) -> io::Result<()> {
        self.bits |= value << self.held;
        self.held += width;
        while self.held >= 8 {
            self.out.write_all(&[self.bits as u8])?;
            self.bits >>= 8;
            self.held -= 8;
        }
        Ok(())
    }

    fn finish(self) -> io::Result<()> {
        if self.held > 0 {
            self.out.write_all(&[self.bits as u8])?;
        }
        Ok(())
    }
}
