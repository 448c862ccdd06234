//! Columns of a stripe as decoders over its streams.

use arrow_schema::{DataType, Field, Fields, TimeUnit};

use super::chunks::{Codec, Stream};
use super::damaged;
use super::runs::{Bools, Ints, Runs};
use super::tail::{Encoding, Stripe, Tail};
use crate::content::Content;
use crate::format::FormatError;

/// UTC by its offset, which every reader of Arrow knows without a database of zones.
const UTC: &str = "+00:00";
/// Bytes of a column's dictionary in a stripe.
const DICTIONARY_BYTES_MAX: usize = 256 << 20;
/// Entries of a column's dictionary in a stripe.
const DICTIONARY_ENTRIES_MAX: u64 = 16 << 20;

/// Kinds of types, as the specification numbers them.
pub(super) mod kind {
    pub(in super::super) const BOOLEAN: u64 = 0;
    pub(in super::super) const BYTE: u64 = 1;
    pub(in super::super) const SHORT: u64 = 2;
    pub(in super::super) const INT: u64 = 3;
    pub(in super::super) const LONG: u64 = 4;
    pub(in super::super) const FLOAT: u64 = 5;
    pub(in super::super) const DOUBLE: u64 = 6;
    pub(in super::super) const STRING: u64 = 7;
    pub(in super::super) const BINARY: u64 = 8;
    pub(in super::super) const TIMESTAMP: u64 = 9;
    pub(in super::super) const LIST: u64 = 10;
    pub(in super::super) const MAP: u64 = 11;
    pub(in super::super) const STRUCT: u64 = 12;
    pub(in super::super) const UNION: u64 = 13;
    pub(in super::super) const DECIMAL: u64 = 14;
    pub(in super::super) const DATE: u64 = 15;
    pub(in super::super) const VARCHAR: u64 = 16;
    pub(in super::super) const CHAR: u64 = 17;
    pub(in super::super) const INSTANT: u64 = 18;
}

/// Kinds of streams.
pub(super) mod stream {
    pub(in super::super) const PRESENT: u64 = 0;
    pub(in super::super) const DATA: u64 = 1;
    pub(in super::super) const LENGTH: u64 = 2;
    pub(in super::super) const DICTIONARY_DATA: u64 = 3;
    pub(in super::super) const SECONDARY: u64 = 5;
}

/// A column: which of its parent's values it has, and the values.
pub(super) struct Column {
    pub(super) id: usize,
    pub(super) present: Option<Bools>,
    pub(super) data: Data,
    pub(super) arrow: DataType,
}

/// Values as their streams have them.
pub(super) enum Data {
    Bools(Bools),
    Bytes(Runs),
    Ints(Ints),
    /// Values of so many bytes.
    Fixed(Stream, usize),
    Strings {
        data: Stream,
        lengths: Ints,
    },
    Dictionary {
        indexes: Ints,
        dictionary: Dictionary,
    },
    Times {
        seconds: Ints,
        nanos: Ints,
        zone: Option<chrono_tz::Tz>,
    },
    Decimals {
        values: Stream,
        scales: Ints,
        scale: i32,
    },
    List {
        lengths: Ints,
        item: Box<Column>,
    },
    Map {
        lengths: Ints,
        key: Box<Column>,
        value: Box<Column>,
    },
    Struct(Vec<Column>),
    Union {
        tags: Runs,
        variants: Vec<Column>,
    },
}

impl Column {
    /// Takes a column out of one that is not read any further.
    pub(super) fn take(&mut self) -> Self {
        let arrow = std::mem::replace(&mut self.arrow, DataType::Null);
        let data = std::mem::replace(&mut self.data, Data::Struct(Vec::new()));
        Self { id: self.id, present: self.present.take(), data, arrow }
    }
}

/// The distinct strings of a column in a stripe.
pub(super) struct Dictionary {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Dictionary {
    pub(super) fn get(&self, index: i64) -> Result<&[u8], FormatError> {
        let place = usize::try_from(index).map_err(|_| damaged("a dictionary"))?;
        let end = *self.ends.get(place).ok_or_else(|| damaged("a dictionary"))?;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        Ok(&self.bytes[start..end])
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

/// Arrow fields of a struct's children.
pub(super) fn fields(tail: &Tail, id: usize) -> Result<Fields, FormatError> {
    let kind = &tail.types[id];
    kind.children
        .iter()
        .enumerate()
        .map(|(place, child)| {
            // A union's variants have no names.
            let name = kind.names.get(place).cloned().unwrap_or_else(|| place.to_string());
            Ok(Field::new(name, data_type(tail, *child)?, true))
        })
        .collect()
}

/// The Arrow type of a type.
pub(super) fn data_type(tail: &Tail, id: usize) -> Result<DataType, FormatError> {
    let kind = &tail.types[id];
    Ok(match kind.kind {
        kind::BOOLEAN => DataType::Boolean,
        kind::BYTE => DataType::Int8,
        kind::SHORT => DataType::Int16,
        kind::INT => DataType::Int32,
        kind::LONG => DataType::Int64,
        kind::FLOAT => DataType::Float32,
        kind::DOUBLE => DataType::Float64,
        kind::STRING | kind::VARCHAR | kind::CHAR => DataType::Utf8,
        kind::BINARY => DataType::Binary,
        kind::TIMESTAMP => DataType::Timestamp(TimeUnit::Microsecond, None),
        kind::INSTANT => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        kind::DATE => DataType::Date32,
        // Files of old say no precision.
        kind::DECIMAL => DataType::Decimal128(
            if kind.precision == 0 { 38 } else { kind.precision.min(38) as u8 },
            kind.scale.min(if kind.precision == 0 { 38 } else { kind.precision.min(38) }) as i8,
        ),
        kind::LIST => DataType::List(Field::new("item", data_type(tail, child(tail, id, 0)?)?, true).into()),
        kind::MAP => {
            let key = Field::new("key", data_type(tail, child(tail, id, 0)?)?, true);
            let value = Field::new("value", data_type(tail, child(tail, id, 1)?)?, true);
            DataType::List(Field::new("item", DataType::Struct(vec![key, value].into()), true).into())
        }
        kind::STRUCT | kind::UNION => DataType::Struct(fields(tail, id)?),
        _ => return Err(FormatError::Corrupt("has a type that is not known here".into())),
    })
}

fn child(tail: &Tail, id: usize, place: usize) -> Result<usize, FormatError> {
    tail.types[id].children.get(place).copied().ok_or_else(|| damaged("schema"))
}

/// Opens columns of one stripe.
pub(super) struct Opener<'a> {
    pub(super) content: &'a Content,
    pub(super) tail: &'a Tail,
    pub(super) stripe: &'a Stripe,
}

impl Opener<'_> {
    fn find(&self, id: usize, kind: u64) -> Option<Stream> {
        let found = self.stripe.streams.iter().find(|info| info.column == id as u64 && info.kind == kind)?;
        Some(Stream::new(self.content, found.start, found.end, self.tail.codec))
    }

    /// A stream, empty if it is left out for holding nothing.
    fn stream(&self, id: usize, kind: u64) -> Stream {
        self.find(id, kind).unwrap_or_else(|| {
            Stream::new(self.content, 0, 0, Codec { kind: super::chunks::Kind::None, block: 0 })
        })
    }

    /// Opens a column and those within it.
    pub(super) fn column(&self, id: usize) -> Result<Column, FormatError> {
        let kind = &self.tail.types[id];
        let encoding = self.stripe.encodings.get(id).copied().unwrap_or_default();
        let second = matches!(encoding.kind, 2 | 3);
        let ints = |of, signed| Ints::new(self.stream(id, of), second, signed);
        let children =
            || kind.children.iter().map(|child| self.column(*child)).collect::<Result<Vec<_>, _>>();
        let nested = |place| Ok::<_, FormatError>(Box::new(self.column(child(self.tail, id, place)?)?));
        let data = match kind.kind {
            kind::BOOLEAN => Data::Bools(Bools::new(self.stream(id, stream::DATA))),
            kind::BYTE => Data::Bytes(Runs::new(self.stream(id, stream::DATA))),
            kind::SHORT | kind::INT | kind::LONG | kind::DATE => Data::Ints(ints(stream::DATA, true)),
            kind::FLOAT => Data::Fixed(self.stream(id, stream::DATA), 4),
            kind::DOUBLE => Data::Fixed(self.stream(id, stream::DATA), 8),
            kind::STRING | kind::VARCHAR | kind::CHAR | kind::BINARY if matches!(encoding.kind, 1 | 3) => {
                Data::Dictionary {
                    indexes: ints(stream::DATA, false),
                    dictionary: self.dictionary(id, encoding)?,
                }
            }
            kind::STRING | kind::VARCHAR | kind::CHAR | kind::BINARY => {
                Data::Strings { data: self.stream(id, stream::DATA), lengths: ints(stream::LENGTH, false) }
            }
            kind::TIMESTAMP | kind::INSTANT => Data::Times {
                seconds: ints(stream::DATA, true),
                nanos: ints(stream::SECONDARY, false),
                zone: if kind.kind == kind::TIMESTAMP { zone(self.stripe)? } else { None },
            },
            kind::DECIMAL => Data::Decimals {
                values: self.stream(id, stream::DATA),
                scales: ints(stream::SECONDARY, true),
                scale: kind.scale.min(38) as i32,
            },
            kind::LIST => Data::List { lengths: ints(stream::LENGTH, false), item: nested(0)? },
            kind::MAP => {
                Data::Map { lengths: ints(stream::LENGTH, false), key: nested(0)?, value: nested(1)? }
            }
            kind::STRUCT => Data::Struct(children()?),
            kind::UNION => {
                Data::Union { tags: Runs::new(self.stream(id, stream::DATA)), variants: children()? }
            }
            _ => return Err(FormatError::Corrupt("has a type that is not known here".into())),
        };
        let present = self.find(id, stream::PRESENT).map(Bools::new);
        Ok(Column { id, present, data, arrow: data_type(self.tail, id)? })
    }

    fn dictionary(&self, id: usize, encoding: Encoding) -> Result<Dictionary, FormatError> {
        let limit = || FormatError::Limit("a dictionary is larger than the limit".into());
        if encoding.dictionary > DICTIONARY_ENTRIES_MAX {
            return Err(limit());
        }
        let mut lengths = Ints::new(self.stream(id, stream::LENGTH), encoding.kind == 3, false);
        let (mut ends, mut end) = (Vec::new(), 0_usize);
        for _ in 0..encoding.dictionary {
            let length = usize::try_from(lengths.next()?).map_err(|_| damaged("a dictionary"))?;
            end = end.checked_add(length).filter(|end| *end <= DICTIONARY_BYTES_MAX).ok_or_else(limit)?;
            ends.push(end);
        }
        let mut bytes = Vec::new();
        self.stream(id, stream::DICTIONARY_DATA).take(end, &mut bytes)?;
        Ok(Dictionary { bytes, ends })
    }
}

/// The zone of the wall clock that a stripe's times are told by; none is UTC.
fn zone(stripe: &Stripe) -> Result<Option<chrono_tz::Tz>, FormatError> {
    match stripe.zone.as_deref() {
        None | Some("" | "UTC" | "GMT") => Ok(None),
        Some(name) => name
            .parse()
            .map(Some)
            .map_err(|_| FormatError::Corrupt("is written in a time zone that is not known here".into())),
    }
}
