//! Arrow arrays as arrays of another schema's types: fields by name, leaves by casts that count what they lose.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, ListArray, RecordBatch, RecordBatchOptions, StructArray, new_null_array};
use arrow_cast::cast::{CastOptions, can_cast_types, cast_with_options};
use arrow_schema::{DataType, FieldRef, Fields, SchemaRef};

use super::FormatError;

/// A batch of another schema: columns by name, null where there is none.
pub(super) fn conform_batch(
    batch: &RecordBatch,
    schema: &SchemaRef,
    mistyped: &mut u64,
) -> Result<RecordBatch, FormatError> {
    let column = |field: &FieldRef| match batch.column_by_name(field.name()) {
        Some(array) => conform(array, field.data_type(), mistyped),
        None => new_null_array(field.data_type(), batch.num_rows()),
    };
    let columns = schema.fields().iter().map(column).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
        .map_err(|_| FormatError::Corrupt("its columns are of different lengths".into()))
}

fn conform(array: &ArrayRef, target: &DataType, mistyped: &mut u64) -> ArrayRef {
    if array.data_type() == target {
        return array.clone();
    }
    match (array.data_type(), target) {
        (DataType::Struct(_), DataType::Struct(fields)) => {
            conform_struct(array.as_struct(), fields, mistyped)
        }
        (DataType::List(_), DataType::List(item)) => conform_list(array.as_list::<i32>(), item, mistyped),
        (DataType::Map(..), DataType::List(item)) => {
            let map = array.as_map();
            let entries: ArrayRef = Arc::new(map.entries().clone());
            let entries = conform(&entries, item.data_type(), mistyped);
            Arc::new(ListArray::new(item.clone(), map.offsets().clone(), entries, map.nulls().cloned()))
        }
        (
            DataType::LargeList(from)
            | DataType::FixedSizeList(from, _)
            | DataType::ListView(from)
            | DataType::LargeListView(from),
            DataType::List(item),
        ) => match arrow_cast::cast(array, &DataType::List(from.clone())) {
            Ok(list) => conform_list(list.as_list::<i32>(), item, mistyped),
            Err(_) => nothing(array, target, mistyped),
        },
        (DataType::Timestamp(_, from), DataType::Timestamp(unit, zone)) => {
            // Values are in UTC whatever the zone says, and without a zone they are taken for it: only the unit changes.
            let same_zone = cast(array, &DataType::Timestamp(*unit, from.clone()), mistyped);
            let times = same_zone.as_primitive::<TimestampMicrosecondType>().clone();
            Arc::new(times.with_timezone_opt(zone.clone()))
        }
        _ => cast(array, target, mistyped),
    }
}

fn conform_struct(array: &StructArray, fields: &Fields, mistyped: &mut u64) -> ArrayRef {
    let column = |field: &FieldRef| match array.column_by_name(field.name()) {
        Some(child) => conform(child, field.data_type(), mistyped),
        None => new_null_array(field.data_type(), array.len()),
    };
    let columns = fields.iter().map(column).collect();
    Arc::new(StructArray::new(fields.clone(), columns, array.nulls().cloned()))
}

fn conform_list(array: &ListArray, item: &FieldRef, mistyped: &mut u64) -> ArrayRef {
    let items = conform(array.values(), item.data_type(), mistyped);
    Arc::new(ListArray::new(item.clone(), array.offsets().clone(), items, array.nulls().cloned()))
}

fn cast(array: &ArrayRef, target: &DataType, mistyped: &mut u64) -> ArrayRef {
    let options = CastOptions { safe: true, ..CastOptions::default() };
    let nested = |kind: &DataType| kind.is_nested();
    if nested(target) || nested(array.data_type()) || !can_cast_types(array.data_type(), target) {
        return nothing(array, target, mistyped);
    }
    match cast_with_options(array, target, &options) {
        Ok(cast) => {
            *mistyped += cast.logical_null_count().saturating_sub(array.logical_null_count()) as u64;
            cast
        }
        Err(_) => nothing(array, target, mistyped),
    }
}

/// Nulls for all values, which are of a type that has no way to the target.
fn nothing(array: &ArrayRef, target: &DataType, mistyped: &mut u64) -> ArrayRef {
    *mistyped += (array.len() - array.logical_null_count()) as u64;
    new_null_array(target, array.len())
}
