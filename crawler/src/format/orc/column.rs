//! Columns as Arrow arrays, some rows at a time.

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType,
};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, ListArray, PrimitiveArray, StringArray, StructArray, UInt32Array,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Fields};
use chrono::{Offset, TimeZone};

use super::damaged;
use super::open::{Column, Data};
use super::runs::{Bools, Ints, Runs};
use crate::format::FormatError;

/// Items of lists under the rows that are decoded at once.
const ITEMS_MAX: usize = 4 << 20;
/// Bytes of strings of the rows that are decoded at once.
const STRING_BYTES_MAX: usize = 512 << 20;
/// Seconds from 1970 to 2015, from where times count.
const EPOCH: i64 = 1_420_070_400;

impl Column {
    /// The next values for so many values of the parent.
    pub(super) fn read(&mut self, slots: usize) -> Result<ArrayRef, FormatError> {
        let Some(present) = &mut self.present else {
            return self.data.read(slots, &self.arrow);
        };
        let (mut places, mut count) = (Vec::with_capacity(slots), 0_u32);
        for _ in 0..slots {
            places.push(present.next()?.then_some(count));
            count += u32::from(places.last().is_some_and(Option::is_some));
        }
        let values = self.data.read(count as usize, &self.arrow)?;
        if count as usize == slots {
            return Ok(values);
        }
        arrow_select::take::take(&values, &UInt32Array::from(places), None).map_err(|_| damaged("a column"))
    }
}

impl Data {
    fn read(&mut self, count: usize, arrow: &DataType) -> Result<ArrayRef, FormatError> {
        Ok(match self {
            Self::Bools(bools) => {
                Arc::new((0..count).map(|_| bools.next().map(Some)).collect::<Result<BooleanArray, _>>()?)
            }
            Self::Bytes(runs) => {
                primitive::<Int8Type>(count, |_| Ok(Some(runs.next()?.cast_signed())), arrow)?
            }
            Self::Ints(ints) => integers(ints, count, arrow)?,
            Self::Fixed(stream, size) => {
                let mut bytes = Vec::new();
                stream.take(count * *size, &mut bytes)?;
                if *size == 4 {
                    let value = |place: usize| bytes[place * 4..].first_chunk().copied().unwrap_or_default();
                    primitive::<Float32Type>(
                        count,
                        |place| Ok(Some(f32::from_le_bytes(value(place)))),
                        arrow,
                    )?
                } else {
                    let value = |place: usize| bytes[place * 8..].first_chunk().copied().unwrap_or_default();
                    primitive::<Float64Type>(
                        count,
                        |place| Ok(Some(f64::from_le_bytes(value(place)))),
                        arrow,
                    )?
                }
            }
            Self::Strings { data, lengths } => {
                let (lengths, total) = lengths_of(lengths, count, STRING_BYTES_MAX)?;
                let mut bytes = Vec::new();
                data.take(total, &mut bytes)?;
                let mut at = 0;
                let values = lengths.into_iter().map(|length| {
                    at += length;
                    Ok(&bytes[at - length..at])
                });
                strings(values, arrow)?
            }
            Self::Dictionary { indexes, dictionary } => {
                let places = (0..count).map(|_| indexes.next()).collect::<Result<Vec<_>, _>>()?;
                let mut total = 0_usize;
                let values = places.into_iter().map(|place| {
                    let value = dictionary.get(place)?;
                    total += value.len();
                    if total > STRING_BYTES_MAX {
                        return Err(FormatError::Limit(
                            "strings of a few rows are longer than the limit".into(),
                        ));
                    }
                    Ok(value)
                });
                strings(values, arrow)?
            }
            Self::Times { seconds, nanos, zone } => primitive::<TimestampMicrosecondType>(
                count,
                |_| Ok(microseconds(seconds.next()?, nanos.next()?, *zone)),
                arrow,
            )?,
            Self::Decimals { values, scales, scale } => primitive::<Decimal128Type>(
                count,
                |_| {
                    let value = values.long_varint()?;
                    let value = (value >> 1).cast_signed() ^ -(value & 1).cast_signed();
                    Ok(rescaled(value, scales.next()?, *scale))
                },
                arrow,
            )?,
            Self::List { lengths, item } => {
                let (lengths, total) = lengths_of(lengths, count, ITEMS_MAX)?;
                list(arrow, lengths, item.read(total)?)?
            }
            Self::Map { lengths, key, value } => {
                let (lengths, total) = lengths_of(lengths, count, ITEMS_MAX)?;
                let DataType::List(item) = arrow else { return Err(damaged("schema")) };
                let DataType::Struct(fields) = item.data_type() else { return Err(damaged("schema")) };
                let entries = structure(fields, vec![key.read(total)?, value.read(total)?], total)?;
                list(arrow, lengths, entries)?
            }
            Self::Struct(columns) => {
                let arrays = columns.iter_mut().map(|column| column.read(count)).collect::<Result<_, _>>()?;
                let DataType::Struct(fields) = arrow else { return Err(damaged("schema")) };
                structure(fields, arrays, count)?
            }
            Self::Union { tags, variants } => {
                let DataType::Struct(fields) = arrow else { return Err(damaged("schema")) };
                structure(fields, union(tags, variants, count)?, count)?
            }
        })
    }
}

fn primitive<T: ArrowPrimitiveType>(
    count: usize,
    mut value: impl FnMut(usize) -> Result<Option<T::Native>, FormatError>,
    arrow: &DataType,
) -> Result<ArrayRef, FormatError> {
    let values: PrimitiveArray<T> = (0..count).map(&mut value).collect::<Result<_, _>>()?;
    Ok(Arc::new(values.with_data_type(arrow.clone())))
}

fn integers(ints: &mut Ints, count: usize, arrow: &DataType) -> Result<ArrayRef, FormatError> {
    // Nothing is written wider than its type; what is after all is damaged.
    let wide = |_| damaged("a column");
    match arrow {
        DataType::Int16 => {
            primitive::<Int16Type>(count, |_| ints.next()?.try_into().map(Some).map_err(wide), arrow)
        }
        DataType::Int32 => {
            primitive::<Int32Type>(count, |_| ints.next()?.try_into().map(Some).map_err(wide), arrow)
        }
        DataType::Date32 => {
            primitive::<Date32Type>(count, |_| ints.next()?.try_into().map(Some).map_err(wide), arrow)
        }
        _ => primitive::<Int64Type>(count, |_| ints.next().map(Some), arrow),
    }
}

/// Lengths and their sum.
pub(super) fn lengths_of(
    lengths: &mut Ints,
    count: usize,
    max: usize,
) -> Result<(Vec<usize>, usize), FormatError> {
    let (mut all, mut total) = (Vec::with_capacity(count), 0_usize);
    for _ in 0..count {
        let length = usize::try_from(lengths.next()?).map_err(|_| damaged("a length"))?;
        total = total
            .checked_add(length)
            .filter(|total| *total <= max)
            .ok_or_else(|| FormatError::Limit("values of a few rows are longer than the limit".into()))?;
        all.push(length);
    }
    Ok((all, total))
}

fn strings<'a>(
    values: impl Iterator<Item = Result<&'a [u8], FormatError>>,
    arrow: &DataType,
) -> Result<ArrayRef, FormatError> {
    if *arrow == DataType::Binary {
        return Ok(Arc::new(values.map(|value| value.map(Some)).collect::<Result<BinaryArray, _>>()?));
    }
    let text = values.map(|value| value.map(|bytes| Some(String::from_utf8_lossy(bytes))));
    Ok(Arc::new(text.collect::<Result<StringArray, _>>()?))
}

fn list(arrow: &DataType, lengths: Vec<usize>, items: ArrayRef) -> Result<ArrayRef, FormatError> {
    let DataType::List(field) = arrow else { return Err(damaged("schema")) };
    let list = ListArray::try_new(field.clone(), OffsetBuffer::from_lengths(lengths), items, None);
    Ok(Arc::new(list.map_err(|_| damaged("a list"))?))
}

fn structure(fields: &Fields, arrays: Vec<ArrayRef>, count: usize) -> Result<ArrayRef, FormatError> {
    if fields.is_empty() {
        return Ok(Arc::new(StructArray::new_empty_fields(count, None)));
    }
    let structure = StructArray::try_new(fields.clone(), arrays, None);
    Ok(Arc::new(structure.map_err(|_| damaged("a struct"))?))
}

/// A union's variants, each null where another one is taken.
fn union(tags: &mut Runs, variants: &mut [Column], count: usize) -> Result<Vec<ArrayRef>, FormatError> {
    let mut places = vec![Vec::with_capacity(count); variants.len()];
    let mut counts = vec![0_u32; variants.len()];
    for _ in 0..count {
        let tag = usize::from(tags.next()?);
        let taken = *counts.get(tag).ok_or_else(|| damaged("a union"))?;
        for (variant, places) in places.iter_mut().enumerate() {
            places.push((variant == tag).then_some(taken));
        }
        counts[tag] += 1;
    }
    let mut arrays = Vec::with_capacity(variants.len());
    for ((variant, places), count) in variants.iter_mut().zip(places).zip(counts) {
        let values = variant.read(count as usize)?;
        let array = arrow_select::take::take(&values, &UInt32Array::from(places), None);
        arrays.push(array.map_err(|_| damaged("a union"))?);
    }
    Ok(arrays)
}

/// Microseconds of the wall clock, none if they do not fit.
fn microseconds(seconds: i64, nanos: i64, zone: Option<chrono_tz::Tz>) -> Option<i64> {
    // The last three bits count the zeros that were cut off, less one.
    let zeros = nanos & 7;
    let nanos = (nanos >> 3).checked_mul(if zeros == 0 { 1 } else { 10_i64.pow(zeros as u32 + 1) })?;
    let mut seconds = match zone {
        None => seconds.checked_add(EPOCH)?,
        Some(zone) => {
            let base = zone.with_ymd_and_hms(2015, 1, 1, 0, 0, 0).earliest()?.timestamp();
            let instant = seconds.checked_add(base)?;
            let offset = zone.timestamp_opt(instant, 0).earliest()?.offset().fix().local_minus_utc();
            instant.checked_add(i64::from(offset))?
        }
    };
    // Seconds are cut towards 1970, nanoseconds count forward.
    if seconds < 0 && nanos > 999_999 {
        seconds -= 1;
    }
    seconds.checked_mul(1_000_000)?.checked_add(nanos / 1_000)
}

/// A decimal with the scale of its column, none if it does not fit.
fn rescaled(value: i128, from: i64, to: i32) -> Option<i128> {
    let difference = i64::from(to).checked_sub(from)?;
    let factor = 10_i128.checked_pow(u32::try_from(difference.unsigned_abs()).ok()?)?;
    if difference >= 0 { value.checked_mul(factor) } else { value.checked_div(factor) }
}

/// Which of the parent's values are there.
pub(super) fn presence(present: &mut Option<Bools>, slots: usize) -> Result<Vec<bool>, FormatError> {
    match present {
        None => Ok(vec![true; slots]),
        Some(bools) => (0..slots).map(|_| bools.next()).collect(),
    }
}
