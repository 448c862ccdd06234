//! Page headers: the fields of `PageHeader` that a rewrite reads and changes, in Thrift's compact protocol.
//!
//! Layout: `parquet.thrift` of the Parquet specification, and "Thrift compact protocol encoding". The `parquet` crate reads
//! headers too, but hands out decoded pages only; here the bytes of a page are wanted as they are.

use parquet::errors::{ParquetError, Result};

use super::extent::Extent;

/// Structs within each other that are passed over before a header counts as hostile.
const DEPTH_MAX: u32 = 8;

/// A page's header.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PageHeader {
    pub(super) kind: Kind,
    pub(super) uncompressed_bytes: usize,
    pub(super) compressed_bytes: usize,
    pub(super) has_crc: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Dictionary { entries: usize, encoding: i32, is_sorted: Option<bool> },
    Data(Data),
    Other,
}

/// A data page of either version.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Data {
    /// Levels: values and nulls.
    pub(super) levels: usize,
    pub(super) encoding: i32,
    /// Of definition and repetition levels; the second version has one for both.
    pub(super) level_encodings: (i32, i32),
    pub(super) v2: Option<V2>,
    pub(super) statistics: Option<StatisticsFields>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct V2 {
    pub(super) nulls: usize,
    pub(super) rows: usize,
    pub(super) definition_bytes: usize,
    pub(super) repetition_bytes: usize,
    pub(super) is_compressed: Option<bool>,
}

/// Which fields a page's statistics have; their values are computed anew.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct StatisticsFields {
    deprecated: bool,
    current: bool,
    nulls: bool,
    exact: bool,
}

/// Reads a header; `None` if `bytes` end within it. Gives its length, too.
pub(super) fn read(bytes: &[u8]) -> Result<Option<(PageHeader, usize)>> {
    let mut reader = Reader { bytes, at: 0 };
    match reader.page() {
        Ok(header) => Ok(Some((header, reader.at))),
        Err(Bad::Ended) => Ok(None),
        Err(Bad::Malformed) => Err(malformed()),
    }
}

fn malformed() -> ParquetError {
    ParquetError::General("a page header is malformed".into())
}

enum Bad {
    Ended,
    Malformed,
}

type Parsed<T> = std::result::Result<T, Bad>;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const STRUCT: u8 = 12;

impl Reader<'_> {
    fn byte(&mut self) -> Parsed<u8> {
        let byte = *self.bytes.get(self.at).ok_or(Bad::Ended)?;
        self.at += 1;
        Ok(byte)
    }

    fn varint(&mut self) -> Parsed<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Bad::Malformed)
    }

    fn zigzag(&mut self) -> Parsed<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn int(&mut self, kind: u8) -> Parsed<i32> {
        match kind {
            I32 => i32::try_from(self.zigzag()?).map_err(|_| Bad::Malformed),
            _ => Err(Bad::Malformed),
        }
    }

    fn size(&mut self, kind: u8) -> Parsed<usize> {
        usize::try_from(self.int(kind)?).map_err(|_| Bad::Malformed)
    }

    /// The next field's number and type; `None` at the end of the struct.
    fn field(&mut self, last: &mut i64) -> Parsed<Option<(i64, u8)>> {
        let head = self.byte()?;
        if head == 0 {
            return Ok(None);
        }
        *last = match head >> 4 {
            0 => self.zigzag()?,
            delta => last.wrapping_add(i64::from(delta)),
        };
        Ok(Some((*last, head & 0x0f)))
    }

    fn pass(&mut self, count: u64) -> Parsed<()> {
        let count = usize::try_from(count).map_err(|_| Bad::Malformed)?;
        let to = self.at.checked_add(count).ok_or(Bad::Malformed)?;
        if to > self.bytes.len() {
            return Err(Bad::Ended);
        }
        self.at = to;
        Ok(())
    }

    fn skip(&mut self, kind: u8, depth: u32) -> Parsed<()> {
        if depth > DEPTH_MAX {
            return Err(Bad::Malformed);
        }
        match kind {
            TRUE | FALSE => Ok(()),
            3 => self.pass(1),
            4..=6 => self.varint().map(drop),
            7 => self.pass(8),
            BINARY => {
                let length = self.varint()?;
                self.pass(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                for _ in 0..count {
                    // A boolean in a list takes a byte, unlike in a struct.
                    match head & 0x0f {
                        TRUE | FALSE => self.pass(1)?,
                        kind => self.skip(kind, depth + 1)?,
                    }
                }
                Ok(())
            }
            STRUCT => {
                let mut last = 0;
                while let Some((_, kind)) = self.field(&mut last)? {
                    self.skip(kind, depth + 1)?;
                }
                Ok(())
            }
            _ => Err(Bad::Malformed),
        }
    }

    fn page(&mut self) -> Parsed<PageHeader> {
        let mut header =
            PageHeader { kind: Kind::Other, uncompressed_bytes: 0, compressed_bytes: 0, has_crc: false };
        let (mut last, mut seen) = (0, 0);
        while let Some((number, kind)) = self.field(&mut last)? {
            seen |= 1_u32.checked_shl(u32::try_from(number).unwrap_or(31)).unwrap_or(0);
            match (number, kind) {
                (2, _) => header.uncompressed_bytes = self.size(kind)?,
                (3, _) => header.compressed_bytes = self.size(kind)?,
                (4, I32) => {
                    header.has_crc = true;
                    self.int(kind)?;
                }
                (5, STRUCT) => header.kind = Kind::Data(self.data()?),
                (7, STRUCT) => header.kind = self.dictionary()?,
                (8, STRUCT) => header.kind = Kind::Data(self.data_v2()?),
                _ => self.skip(kind, 0)?,
            }
        }
        if seen & 0b1110 == 0b1110 { Ok(header) } else { Err(Bad::Malformed) }
    }

    fn dictionary(&mut self) -> Parsed<Kind> {
        let (mut entries, mut encoding, mut is_sorted, mut last) = (0, 0, None, 0);
        while let Some((number, kind)) = self.field(&mut last)? {
            match (number, kind) {
                (1, _) => entries = self.size(kind)?,
                (2, _) => encoding = self.int(kind)?,
                (3, TRUE | FALSE) => is_sorted = Some(kind == TRUE),
                _ => self.skip(kind, 0)?,
            }
        }
        Ok(Kind::Dictionary { entries, encoding, is_sorted })
    }

    fn data(&mut self) -> Parsed<Data> {
        let mut data = Data { levels: 0, encoding: 0, level_encodings: (0, 0), v2: None, statistics: None };
        let mut last = 0;
        while let Some((number, kind)) = self.field(&mut last)? {
            match (number, kind) {
                (1, _) => data.levels = self.size(kind)?,
                (2, _) => data.encoding = self.int(kind)?,
                (3, _) => data.level_encodings.0 = self.int(kind)?,
                (4, _) => data.level_encodings.1 = self.int(kind)?,
                (5, STRUCT) => data.statistics = Some(self.statistics()?),
                _ => self.skip(kind, 0)?,
            }
        }
        Ok(data)
    }

    fn data_v2(&mut self) -> Parsed<Data> {
        let mut data = Data { levels: 0, encoding: 0, level_encodings: (3, 3), v2: None, statistics: None };
        let mut v2 = V2 { nulls: 0, rows: 0, definition_bytes: 0, repetition_bytes: 0, is_compressed: None };
        let mut last = 0;
        while let Some((number, kind)) = self.field(&mut last)? {
            match (number, kind) {
                (1, _) => data.levels = self.size(kind)?,
                (2, _) => v2.nulls = self.size(kind)?,
                (3, _) => v2.rows = self.size(kind)?,
                (4, _) => data.encoding = self.int(kind)?,
                (5, _) => v2.definition_bytes = self.size(kind)?,
                (6, _) => v2.repetition_bytes = self.size(kind)?,
                (7, TRUE | FALSE) => v2.is_compressed = Some(kind == TRUE),
                (8, STRUCT) => data.statistics = Some(self.statistics()?),
                _ => self.skip(kind, 0)?,
            }
        }
        data.v2 = Some(v2);
        Ok(data)
    }

    fn statistics(&mut self) -> Parsed<StatisticsFields> {
        let (mut fields, mut last) = (StatisticsFields::default(), 0);
        while let Some((number, kind)) = self.field(&mut last)? {
            match number {
                1 | 2 => fields.deprecated = true,
                3 => fields.nulls = true,
                5 | 6 => fields.current = true,
                7 | 8 => fields.exact = true,
                _ => {}
            }
            self.skip(kind, 0)?;
        }
        Ok(fields)
    }
}

/// Writes the header of a page with this body. Its checksum and `of_page` (nulls, and least and greatest value) stand in it where
/// the old one had them.
pub(super) fn write(header: &PageHeader, body: &[u8], of_page: (usize, &Extent)) -> Vec<u8> {
    let mut writer = Writer { bytes: Vec::with_capacity(64), last: Vec::new() };
    writer.begin();
    let kind = match &header.kind {
        Kind::Data(Data { v2: Some(_), .. }) => 3,
        Kind::Data(_) | Kind::Other => 0,
        Kind::Dictionary { .. } => 2,
    };
    writer.int(1, kind);
    writer.size(2, header.uncompressed_bytes);
    writer.size(3, header.compressed_bytes);
    if header.has_crc {
        // CRC-32 as gzip has it, over the page as it is stored.
        let mut crc = flate2::Crc::new();
        crc.update(body);
        writer.int(4, crc.sum().cast_signed());
    }
    match &header.kind {
        Kind::Dictionary { entries, encoding, is_sorted } => {
            writer.nested(7);
            writer.size(1, *entries);
            writer.int(2, *encoding);
            is_sorted.iter().for_each(|sorted| writer.flag(3, *sorted));
            writer.end();
        }
        Kind::Data(data) => writer.data(data, of_page),
        Kind::Other => {}
    }
    writer.end();
    writer.bytes
}

struct Writer {
    bytes: Vec<u8>,
    /// Number of the last field, of each struct that is open.
    last: Vec<u8>,
}

impl Writer {
    fn begin(&mut self) {
        self.last.push(0);
    }

    fn end(&mut self) {
        self.bytes.push(0);
        self.last.pop();
    }

    /// Numbers rise by less than 16 from field to field, so that one byte is enough.
    fn field(&mut self, number: u8, kind: u8) {
        let last = self.last.last_mut().expect("a field is written within a struct");
        self.bytes.push((number - *last) << 4 | kind);
        *last = number;
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    fn zigzag(&mut self, value: i64) {
        self.varint((value << 1 ^ value >> 63).cast_unsigned());
    }

    fn int(&mut self, number: u8, value: i32) {
        self.field(number, I32);
        self.zigzag(i64::from(value));
    }

    fn size(&mut self, number: u8, value: usize) {
        self.int(number, i32::try_from(value).unwrap_or(i32::MAX));
    }

    fn flag(&mut self, number: u8, value: bool) {
        self.field(number, if value { TRUE } else { FALSE });
    }

    fn binary(&mut self, number: u8, value: &[u8]) {
        self.field(number, BINARY);
        self.varint(value.len() as u64);
        self.bytes.extend_from_slice(value);
    }

    fn nested(&mut self, number: u8) {
        self.field(number, STRUCT);
        self.begin();
    }

    fn data(&mut self, data: &Data, of_page: (usize, &Extent)) {
        let statistics = match &data.v2 {
            None => {
                self.nested(5);
                self.size(1, data.levels);
                self.int(2, data.encoding);
                self.int(3, data.level_encodings.0);
                self.int(4, data.level_encodings.1);
                5
            }
            Some(v2) => {
                self.nested(8);
                self.size(1, data.levels);
                self.size(2, v2.nulls);
                self.size(3, v2.rows);
                self.int(4, data.encoding);
                self.size(5, v2.definition_bytes);
                self.size(6, v2.repetition_bytes);
                v2.is_compressed.iter().for_each(|compressed| self.flag(7, *compressed));
                8
            }
        };
        if let Some(fields) = data.statistics {
            self.nested(statistics);
            self.statistics(fields, of_page);
            self.end();
        }
        self.end();
    }

    fn statistics(&mut self, fields: StatisticsFields, (nulls, extent): (usize, &Extent)) {
        let values = extent.values();
        if let (true, Some((least, greatest))) = (fields.deprecated, values) {
            self.binary(1, greatest);
            self.binary(2, least);
        }
        if fields.nulls {
            self.field(3, I64);
            self.zigzag(nulls as i64);
        }
        if let (true, Some((least, greatest))) = (fields.current, values) {
            self.binary(5, greatest);
            self.binary(6, least);
            if fields.exact {
                self.flag(7, true);
                self.flag(8, true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::extent::Order;
    use super::*;

    fn headers() -> Vec<PageHeader> {
        let all = StatisticsFields { deprecated: true, current: true, nulls: true, exact: true };
        let v2 =
            V2 { nulls: 3, rows: 200, definition_bytes: 9, repetition_bytes: 0, is_compressed: Some(false) };
        let data =
            Data { levels: 70_000, encoding: 8, level_encodings: (3, 3), v2: None, statistics: Some(all) };
        let kinds = [
            Kind::Dictionary { entries: 4, encoding: 2, is_sorted: Some(true) },
            Kind::Data(Data { v2: Some(v2), statistics: None, ..data.clone() }),
            Kind::Data(data),
        ];
        let page =
            |kind| PageHeader { kind, uncompressed_bytes: 1 << 20, compressed_bytes: 5, has_crc: true };
        kinds.into_iter().map(page).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let mut extent = Extent::new(Order::Bytes);
        extent.take(b"a");
        for header in headers() {
            let bytes = write(&header, b"body", (3, &extent));
            assert_eq!(read(&bytes).unwrap(), Some((header, bytes.len())));
            for end in 0..bytes.len() {
                assert_eq!(read(&bytes[..end]).unwrap(), None, "{end} of {}", bytes.len());
            }
        }
    }

    #[test]
    fn any_bytes_give_an_answer() {
        let mut state = 7_u64;
        for _ in 0..20_000 {
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 33) as u8
            };
            let bytes: Vec<u8> = (0..24).map(|_| next()).collect();
            let _ = read(&bytes);
        }
    }
}
