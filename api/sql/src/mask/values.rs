//! Arrays with values hidden: by a treatment, where a feature is known to be personal, or by looking at each, where nobody
//! has looked yet.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, Int64Array, ListArray, PrimitiveArray, StringArray, StructArray, new_null_array,
};
use arrow_schema::{DataType, TimeUnit};
use catalog::env::SubjectHasher;
use catalog::masking::{Treatment, partial};
use catalog::model::{FeaturePath, Segment};
use crawler::recognise::Span;

use super::Mask;

impl Mask {
    /// A column with its features treated.
    pub(crate) fn treated(&self, array: &ArrayRef, features: &[(FeaturePath, Treatment)]) -> ArrayRef {
        features.iter().fold(array.clone(), |array, (path, treatment)| {
            at_path(&array, &path.0, &|array| treat(array, *treatment, &self.hasher))
        })
    }

    /// A value of a partition key, treated.
    pub(crate) fn treated_key(&self, array: &ArrayRef, treatment: Treatment) -> ArrayRef {
        treat(array, treatment, &self.hasher)
    }

    /// A column of a blob that was not searched, or changed since: each text and number in which something personal is
    /// recognised reads as null. What only its column would tell, a bare name say, is not seen.
    pub(crate) fn screened(&self, array: &ArrayRef, column: &str) -> ArrayRef {
        self.screen(array, &FeaturePath::column(column), &mut Vec::new())
    }

    fn screen(&self, array: &ArrayRef, path: &FeaturePath, spans: &mut Vec<Span>) -> ArrayRef {
        match array.data_type() {
            DataType::Utf8 => {
                let feature = path.to_string();
                let mut show = |text: &&str| self.may_show(&feature, text, spans);
                let shown: StringArray =
                    array.as_string::<i32>().iter().map(|text| text.filter(&mut show)).collect();
                Arc::new(shown)
            }
            DataType::Int64 => {
                let feature = path.to_string();
                let mut show = |number: &i64| self.may_show(&feature, &number.to_string(), spans);
                let shown: Int64Array =
                    array.as_primitive::<Int64Type>().iter().map(|number| number.filter(&mut show)).collect();
                Arc::new(shown)
            }
            DataType::Struct(fields) => {
                let structure = array.as_struct();
                let columns = fields.iter().zip(structure.columns());
                let columns =
                    columns.map(|(field, child)| self.screen(child, &path.field(field.name()), spans));
                Arc::new(StructArray::new(fields.clone(), columns.collect(), structure.nulls().cloned()))
            }
            DataType::List(item) => {
                let list = array.as_list::<i32>();
                let items = self.screen(list.values(), &path.items(), spans);
                Arc::new(ListArray::new(item.clone(), list.offsets().clone(), items, list.nulls().cloned()))
            }
            // Bytes are not looked at by recognisers either, and dates alone are nobody's.
            _ => array.clone(),
        }
    }
}

/// The array with something done where a path leads. A path that the array's nesting does not have hides all of it: a string
/// may hold what other blobs have in fields.
fn at_path(array: &ArrayRef, path: &[Segment], act: &dyn Fn(&ArrayRef) -> ArrayRef) -> ArrayRef {
    match (path.split_first(), array.data_type()) {
        (None, _) => act(array),
        (Some((Segment::Name(name), rest)), DataType::Struct(fields)) => {
            let structure = array.as_struct();
            let columns = fields.iter().zip(structure.columns()).map(|(field, child)| {
                if field.name() == name { at_path(child, rest, act) } else { child.clone() }
            });
            let columns = columns.collect();
            Arc::new(StructArray::new(fields.clone(), columns, structure.nulls().cloned()))
        }
        (Some((Segment::Items, rest)), DataType::List(item)) => {
            let list = array.as_list::<i32>();
            let items = at_path(list.values(), rest, act);
            Arc::new(ListArray::new(item.clone(), list.offsets().clone(), items, list.nulls().cloned()))
        }
        _ => new_null_array(array.data_type(), array.len()),
    }
}

/// All of an array treated; what has no such treatment reads as null.
fn treat(array: &ArrayRef, treatment: Treatment, hasher: &SubjectHasher) -> ArrayRef {
    match (treatment, array.data_type()) {
        (Treatment::Show, _) => array.clone(),
        (Treatment::Hash, DataType::Utf8) => strings(array, &|text| pseudonym(text, hasher)),
        (Treatment::Hash, DataType::Int64) => {
            let of = |number: i64| {
                let [a, b, c, d, e, f, g, h, ..] = hasher.pseudonym(&number.to_string());
                i64::from_be_bytes([a, b, c, d, e, f, g, h])
            };
            Arc::new(array.as_primitive::<Int64Type>().unary::<_, Int64Type>(of))
        }
        (Treatment::Partial, DataType::Utf8) => strings(array, &partial),
        (Treatment::Partial, DataType::Date32) => {
            let days: &PrimitiveArray<Date32Type> = array.as_primitive();
            Arc::new(days.unary::<_, Date32Type>(|day| year_start(i64::from(day)) as i32))
        }
        (Treatment::Partial, DataType::Timestamp(TimeUnit::Microsecond, zone)) => {
            const DAY_MICROS: i64 = 86_400_000_000;
            let times: &PrimitiveArray<TimestampMicrosecondType> = array.as_primitive();
            let years = times.unary::<_, TimestampMicrosecondType>(|time| {
                year_start(time.div_euclid(DAY_MICROS)).saturating_mul(DAY_MICROS)
            });
            Arc::new(years.with_timezone_opt(zone.clone()))
        }
        _ => new_null_array(array.data_type(), array.len()),
    }
}

fn strings(array: &ArrayRef, of: &dyn Fn(&str) -> String) -> ArrayRef {
    let mut built = StringBuilder::new();
    array.as_string::<i32>().iter().for_each(|text| built.append_option(text.map(of)));
    Arc::new(built.finish())
}

fn pseudonym(text: &str, hasher: &SubjectHasher) -> String {
    hasher.pseudonym(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first day of the year of a day since 1970-01-01, in the proleptic Gregorian calendar: its cycle has 400 years and
/// 146,097 days.
fn year_start(day: i64) -> i64 {
    const CYCLE_DAYS: i64 = 146_097;
    // Days from 0001-01-01 to 1970-01-01.
    const EPOCH_DAYS: i64 = 719_162;
    let before = |years: i64| years * 365 + years / 4 - years / 100 + years / 400;
    let since = day + EPOCH_DAYS;
    let (cycle, within) = (since.div_euclid(CYCLE_DAYS), since.rem_euclid(CYCLE_DAYS));
    let mut years = within / 366; // never too many, and one too few at most
    while before(years + 1) <= within {
        years += 1;
    }
    cycle * CYCLE_DAYS + before(years) - EPOCH_DAYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_begins_on_its_first_day() {
        for (day, start) in [
            (0, 0),               // 1970-01-01
            (364, 0),             // 1970-12-31
            (365, 365),           // 1971-01-01
            (-1, -365),           // 1969-12-31
            (11_016, 10_957),     // 2000-02-29
            (11_322, 10_957),     // 2000-12-31
            (11_323, 11_323),     // 2001-01-01
            (19_843, 19_723),     // 2024-04-30
            (-719_162, -719_162), // 0001-01-01
            (-719_163, -719_528), // 0000-12-31
        ] {
            assert_eq!(year_start(day), start, "{day}");
        }
    }

    #[test]
    fn values_of_every_type_are_treated_or_null() {
        let hasher = SubjectHasher::new(&[3; 32]);
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("ada@mail.example"), None]));
        let hashed = treat(&texts, Treatment::Hash, &hasher);
        let hashed = hashed.as_string::<i32>();
        assert_eq!(hashed.value(0).len(), 24);
        assert!(hashed.is_null(1), "nothing stays nothing");
        assert_ne!(hashed.value(0), pseudonym("ada@mail.example", &SubjectHasher::new(&[4; 32])));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![7, 7, 8]));
        let hashed = treat(&numbers, Treatment::Hash, &hasher);
        let hashed = hashed.as_primitive::<Int64Type>();
        assert!(
            hashed.value(0) == hashed.value(1) && hashed.value(0) != hashed.value(2) && hashed.value(0) != 7
        );
        assert_eq!(treat(&numbers, Treatment::Partial, &hasher).null_count(), 3);
        let days: ArrayRef = Arc::new(PrimitiveArray::<Date32Type>::from(vec![11_322]));
        let year = treat(&days, Treatment::Partial, &hasher);
        assert_eq!(year.as_primitive::<Date32Type>().value(0), 10_957);
        assert_eq!(treat(&days, Treatment::Hash, &hasher).null_count(), 1);
    }
}
