//! Least and greatest value of a page or column chunk, in the order that the Parquet specification gives the column's type
//! ("Statistics" and `ColumnOrder` in `parquet.thrift`).

use std::cmp::Ordering;

use parquet::basic::{SortOrder, Type};
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::schema::types::ColumnDescriptor;

/// Length to which page indexes, and statistics that were cut already, are cut.
pub(super) const CUT_BYTES: usize = 64;

/// How the plain bytes of two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Bool,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
    /// As unsigned bytes.
    Bytes,
    /// As a big-endian number in two's complement: decimals.
    SignedBytes,
    /// Nothing is said of it, as of INT96 and intervals.
    None,
}

impl Order {
    pub(super) fn of(column: &ColumnDescriptor) -> Self {
        let is_float16 = matches!(column.logical_type_ref(), Some(parquet::basic::LogicalType::Float16));
        match (column.physical_type(), column.sort_order()) {
            (_, SortOrder::UNDEFINED) => Self::None,
            (Type::BOOLEAN, _) => Self::Bool,
            (Type::INT32, SortOrder::UNSIGNED) => Self::U32,
            (Type::INT32, _) => Self::I32,
            (Type::INT64, SortOrder::UNSIGNED) => Self::U64,
            (Type::INT64, _) => Self::I64,
            (Type::INT96, _) => Self::None,
            (Type::FLOAT, _) => Self::F32,
            (Type::DOUBLE, _) => Self::F64,
            _ if is_float16 => Self::None,
            (_, SortOrder::UNSIGNED) => Self::Bytes,
            (_, SortOrder::SIGNED) => Self::SignedBytes,
        }
    }
}

/// The least and the greatest of the values that were taken, as their plain bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Extent {
    order: Order,
    values: Option<(Vec<u8>, Vec<u8>)>,
}

impl Extent {
    pub(super) fn new(order: Order) -> Self {
        Self { order, values: None }
    }

    /// Least and greatest.
    pub(super) fn values(&self) -> Option<(&[u8], &[u8])> {
        self.values.as_ref().map(|(least, greatest)| (&least[..], &greatest[..]))
    }

    pub(super) fn take(&mut self, value: &[u8]) {
        if self.order == Order::None || is_nan(self.order, value) {
            return;
        }
        match &mut self.values {
            None => self.values = Some((value.to_vec(), value.to_vec())),
            Some((least, greatest)) => {
                if compare(self.order, value, least) == Ordering::Less {
                    value.clone_into(least);
                } else if compare(self.order, value, greatest) == Ordering::Greater {
                    value.clone_into(greatest);
                }
            }
        }
    }

    /// Takes values of equal width that lie one after the other.
    pub(super) fn take_all(&mut self, width: usize, bytes: &[u8]) {
        macro_rules! number {
            ($number:ty) => {{
                let number = |bytes: &[u8]| <$number>::from_le_bytes(bytes.try_into().expect("of its width"));
                let all = bytes.chunks_exact(size_of::<$number>()).map(number);
                // A NaN compares with nothing, and so is passed over.
                let ends = all.fold(None, |ends: Option<($number, $number)>, value| match ends {
                    None if value.partial_cmp(&value).is_none() => None,
                    None => Some((value, value)),
                    Some((least, greatest)) => Some((
                        if value < least { value } else { least },
                        if value > greatest { value } else { greatest },
                    )),
                });
                if let Some((least, greatest)) = ends {
                    self.take(&least.to_le_bytes());
                    self.take(&greatest.to_le_bytes());
                }
            }};
        }
        match self.order {
            Order::None => {}
            Order::I32 => number!(i32),
            Order::U32 => number!(u32),
            Order::I64 => number!(i64),
            Order::U64 => number!(u64),
            Order::F32 => number!(f32),
            Order::F64 => number!(f64),
            _ => bytes.chunks_exact(width.max(1)).for_each(|value| self.take(value)),
        }
    }

    pub(super) fn take_extent(&mut self, other: &Self) {
        if let Some((least, greatest)) = other.values() {
            self.take(least);
            self.take(greatest);
        }
    }

    /// Statistics like the old ones, but of these values.
    pub(super) fn statistics(&self, old: &Statistics, nulls: u64) -> Statistics {
        // The old fields compare bytes as signed, which is no order of text: they are left empty.
        let is_usable =
            !(old.is_min_max_deprecated() && matches!(self.order, Order::Bytes | Order::U32 | Order::U64));
        let had = old.min_bytes_opt().is_some() && old.max_bytes_opt().is_some();
        let values = self.values.as_ref().filter(|_| is_usable && had);
        let nulls = old.null_count_opt().map(|_| nulls);
        let deprecated = old.is_min_max_deprecated();
        macro_rules! of {
            ($kind:ident, $value:expr) => {{
                let value = $value;
                let (least, greatest) = match values {
                    Some((least, greatest)) => (value(least, false), value(greatest, true)),
                    None => (None, None),
                };
                let made = ValueStatistics::new(least, greatest, None, nulls, deprecated)
                    .with_backwards_compatible_min_max(old.is_min_max_backwards_compatible());
                Statistics::$kind(made)
            }};
        }
        macro_rules! number {
            ($kind:ident, $number:ty) => {
                of!($kind, |bytes: &Vec<u8>, is_greatest: bool| {
                    let number = <$number>::from_le_bytes(bytes.as_slice().try_into().ok()?);
                    Some(zeroed(number, is_greatest))
                })
            };
        }
        match old {
            Statistics::Boolean(_) => of!(Boolean, |bytes: &Vec<u8>, _| bytes.first().map(|byte| *byte != 0)),
            Statistics::Int32(_) => number!(Int32, i32),
            Statistics::Int64(_) => number!(Int64, i64),
            Statistics::Float(_) => number!(Float, f32),
            Statistics::Double(_) => number!(Double, f64),
            Statistics::Int96(_) => {
                Statistics::Int96(ValueStatistics::new(None, None, None, nulls, deprecated))
            }
            Statistics::ByteArray(_) => self.bytes_statistics(old, values, nulls),
            Statistics::FixedLenByteArray(_) => {
                of!(FixedLenByteArray, |bytes: &Vec<u8>, _| Some(FixedLenByteArray::from(bytes.clone())))
            }
        }
    }

    fn bytes_statistics(
        &self,
        old: &Statistics,
        values: Option<&(Vec<u8>, Vec<u8>)>,
        nulls: Option<u64>,
    ) -> Statistics {
        let cut = !old.min_is_exact() || !old.max_is_exact();
        let (least, greatest) = match values {
            Some((least, greatest)) if cut && self.order == Order::Bytes => {
                (Some(cut_least(least)), Some(cut_greatest(greatest)))
            }
            Some((least, greatest)) => (Some(least.clone()), Some(greatest.clone())),
            None => (None, None),
        };
        let exact =
            (least.as_ref() == values.map(|(least, _)| least), greatest.as_ref() == values.map(|(_, g)| g));
        let bytes = |value: Option<Vec<u8>>| value.map(ByteArray::from);
        let made =
            ValueStatistics::new(bytes(least), bytes(greatest), None, nulls, old.is_min_max_deprecated())
                .with_backwards_compatible_min_max(old.is_min_max_backwards_compatible())
                .with_min_is_exact(exact.0)
                .with_max_is_exact(exact.1);
        Statistics::ByteArray(made)
    }

    /// Least and greatest as a page index has them: cut, if that can be.
    pub(super) fn for_index(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let (least, greatest) = self.values.as_ref()?;
        match self.order {
            Order::Bytes => Some((cut_least(least), cut_greatest(greatest))),
            _ => Some((least.clone(), greatest.clone())),
        }
    }
}

trait Zeroed {
    fn zeroed(self, is_greatest: bool) -> Self;
}

macro_rules! zeroed {
    ($($number:ty: $zero:expr),*) => {
        $(impl Zeroed for $number {
            fn zeroed(self, is_greatest: bool) -> Self {
                let zero: Option<($number, $number)> = $zero;
                match zero {
                    Some((least, greatest)) if self == least => if is_greatest { greatest } else { least },
                    _ => self,
                }
            }
        })*
    };
}
zeroed!(i32: None, i64: None, f32: Some((-0.0, 0.0)), f64: Some((-0.0, 0.0)));

/// Zero has two signs: -0.0 as the least, +0.0 as the greatest value, as the specification asks.
fn zeroed<T: Zeroed>(number: T, is_greatest: bool) -> T {
    number.zeroed(is_greatest)
}

fn is_nan(order: Order, value: &[u8]) -> bool {
    match order {
        Order::F32 => value.try_into().is_ok_and(|bytes| f32::from_le_bytes(bytes).is_nan()),
        Order::F64 => value.try_into().is_ok_and(|bytes| f64::from_le_bytes(bytes).is_nan()),
        _ => false,
    }
}

/// Compares two values by their plain bytes.
pub(super) fn compare(order: Order, one: &[u8], other: &[u8]) -> Ordering {
    macro_rules! number {
        ($number:ty) => {
            match (one.try_into(), other.try_into()) {
                (Ok(one), Ok(other)) => <$number>::from_le_bytes(one)
                    .partial_cmp(&<$number>::from_le_bytes(other))
                    .unwrap_or(Ordering::Equal),
                _ => one.cmp(other),
            }
        };
    }
    match order {
        Order::I32 => number!(i32),
        Order::U32 => number!(u32),
        Order::I64 => number!(i64),
        Order::U64 => number!(u64),
        Order::F32 => number!(f32),
        Order::F64 => number!(f64),
        Order::SignedBytes => signed(one, other),
        Order::Bool | Order::Bytes | Order::None => bytes(one, other),
    }
}

/// Compares as unsigned bytes: the first eight at once, since most values differ in them.
fn bytes(one: &[u8], other: &[u8]) -> Ordering {
    match (one.first_chunk(), other.first_chunk()) {
        (Some(a), Some(b)) if a != b => u64::from_be_bytes(*a).cmp(&u64::from_be_bytes(*b)),
        _ => one.cmp(other),
    }
}

/// Compares big-endian two's complement of any lengths.
fn signed(one: &[u8], other: &[u8]) -> Ordering {
    let negative = |bytes: &[u8]| bytes.first().is_some_and(|byte| *byte >= 0x80);
    match (negative(one), negative(other)) {
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        _ => {}
    }
    let fill = if negative(one) { 0xff } else { 0 };
    let len = one.len().max(other.len());
    let wide = |bytes: &[u8]| {
        std::iter::repeat_n(fill, len - bytes.len()).chain(bytes.to_vec()).collect::<Vec<u8>>()
    };
    wide(one).cmp(&wide(other))
}

/// The first bytes, on the boundary of a character if it is text: never greater.
fn cut_least(value: &[u8]) -> Vec<u8> {
    if value.len() <= CUT_BYTES {
        return value.to_vec();
    }
    match std::str::from_utf8(value) {
        Ok(text) => text.as_bytes()[..text.floor_char_boundary(CUT_BYTES)].to_vec(),
        Err(_) => value[..CUT_BYTES].to_vec(),
    }
}

/// The first bytes, with one of them raised: never less. Text stays text, since only ASCII letters are raised in it.
fn cut_greatest(value: &[u8]) -> Vec<u8> {
    let mut cut = cut_least(value);
    if cut.len() == value.len() {
        return cut;
    }
    let limit = if std::str::from_utf8(value).is_ok() { 0x7e } else { 0xff };
    while let Some(last) = cut.last_mut() {
        if *last < limit {
            *last += 1;
            return cut;
        }
        cut.pop();
    }
    value.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(order: Order, values: &[&[u8]]) -> Extent {
        let mut extent = Extent::new(order);
        values.iter().for_each(|value| extent.take(value));
        extent
    }

    #[test]
    fn values_compare_as_their_type_says() {
        let bytes = |value: f64| value.to_le_bytes();
        let found = extent(Order::F64, &[&bytes(f64::NAN), &bytes(2.0), &bytes(-3.5), &bytes(f64::NAN)]);
        assert_eq!(found.values(), Some((&bytes(-3.5)[..], &bytes(2.0)[..])));
        let mut all = Extent::new(Order::F64);
        all.take_all(8, &[bytes(f64::NAN), bytes(2.0), bytes(-3.5), bytes(f64::NAN)].concat());
        assert_eq!(all, found);
        assert_eq!(extent(Order::F64, &[&bytes(f64::NAN)]).values(), None);
        assert_eq!(compare(Order::I32, &(-1_i32).to_le_bytes(), &1_i32.to_le_bytes()), Ordering::Less);
        assert_eq!(compare(Order::U32, &u32::MAX.to_le_bytes(), &1_u32.to_le_bytes()), Ordering::Greater);
        assert_eq!(compare(Order::SignedBytes, &[0xff, 0x00], &[0xff]), Ordering::Less);
        assert_eq!(compare(Order::SignedBytes, &[0x01, 0x00], &[0x7f]), Ordering::Greater);
        assert_eq!(compare(Order::SignedBytes, &[0x80], &[0x7f]), Ordering::Less);
        assert_eq!(compare(Order::Bytes, "é".as_bytes(), b"z"), Ordering::Greater);
    }

    #[test]
    fn cut_values_are_bounds_still() {
        for value in ["a".repeat(70), "~".repeat(70), "é".repeat(40), format!("{}é~~~", "b".repeat(63))] {
            let (least, greatest) = (cut_least(value.as_bytes()), cut_greatest(value.as_bytes()));
            assert!(least.len() <= CUT_BYTES && least < value.clone().into_bytes());
            assert!(greatest >= value.into_bytes());
            assert!(std::str::from_utf8(&least).is_ok() && std::str::from_utf8(&greatest).is_ok());
        }
        assert_eq!(cut_greatest(&[0xff; 70]), [0xff; 70]);
    }
}
