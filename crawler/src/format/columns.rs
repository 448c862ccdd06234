//! Arrow arrays as cells: what every reader that decodes to Arrow hands to a [`Sink`].
//!
//! Leaves are brought to a handful of types once a batch, so that the walk over rows is a match on an enum.
//! Text of a value is that of the same value in CSV or JSON: a 32-bit float prints in its own shortest form, a decimal
//! keeps its scale.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int64Type, TimestampMicrosecondType, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Field, Fields, TimeUnit};
use catalog::model::{FeaturePath, FeatureType, Value};

use super::{At, Sink};

/// Fields of a schema as declared features.
pub(super) struct Declared {
    fields: Vec<Shape>,
}

enum Shape {
    Leaf(usize),
    Struct(Vec<Shape>),
    Items(Box<Shape>),
}

impl Declared {
    /// Takes out the fields without a leaf that the sink wants; gives the places of those that stay.
    pub(super) fn leave_out_skipped(&mut self, sink: &dyn Sink) -> Vec<usize> {
        let wanted = (0..self.fields.len()).filter(|place| self.fields[*place].is_wanted(sink)).collect();
        self.fields.retain(|shape| shape.is_wanted(sink));
        wanted
    }
}

impl Shape {
    fn is_wanted(&self, sink: &dyn Sink) -> bool {
        match self {
            Self::Leaf(feature) => !sink.skips(*feature),
            Self::Struct(shapes) => shapes.iter().any(|shape| shape.is_wanted(sink)),
            Self::Items(shape) => shape.is_wanted(sink),
        }
    }
}

/// Declares the leaves of `fields`, in order.
pub(super) fn declare(fields: &Fields, sink: &mut dyn Sink) -> Declared {
    let root = FeaturePath::default();
    Declared { fields: fields.iter().map(|field| shape(&root.field(field.name()), field, sink)).collect() }
}

fn shape(path: &FeaturePath, field: &Field, sink: &mut dyn Sink) -> Shape {
    match field.data_type() {
        DataType::Struct(children) => Shape::Struct(
            children.iter().map(|child| shape(&path.field(child.name()), child, sink)).collect(),
        ),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::Map(item, _) => Shape::Items(Box::new(shape(&path.items(), item, sink))),
        leaf => Shape::Leaf(sink.feature(path, feature_type(leaf))),
    }
}

/// The type of a leaf, if it says more than "text".
fn feature_type(leaf: &DataType) -> Option<FeatureType> {
    Some(match leaf {
        DataType::Boolean => FeatureType::Bool,
        DataType::Float16
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => FeatureType::Float,
        DataType::Timestamp(..) => FeatureType::Timestamp,
        DataType::Date32 | DataType::Date64 => FeatureType::Date,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            FeatureType::Bytes
        }
        DataType::Dictionary(_, values) => return feature_type(values),
        DataType::RunEndEncoded(_, values) => return feature_type(values.data_type()),
        DataType::Null => return None,
        integer if integer.is_integer() => FeatureType::Int,
        _ => FeatureType::String,
    })
}

/// A batch's column, ready to be walked by row.
enum Column {
    Null,
    Bool(ArrayRef),
    Int(ArrayRef),
    UInt(ArrayRef),
    Float(ArrayRef),
    /// Printed in its own shortest form before it is widened.
    ShortFloat(ArrayRef),
    Decimal(ArrayRef),
    Text(ArrayRef),
    Bytes(ArrayRef),
    Date(ArrayRef),
    Timestamp(ArrayRef),
    Struct(ArrayRef, Vec<Column>),
    List(ArrayRef, Box<Column>),
}

/// The columns of a batch under the features declared for them.
pub(super) struct Columns<'a> {
    declared: &'a Declared,
    columns: Vec<Column>,
}

impl<'a> Columns<'a> {
    /// Prepares a batch's arrays.
    pub(super) fn new(declared: &'a Declared, arrays: &[ArrayRef]) -> Result<Self, ArrowError> {
        Ok(Self { declared, columns: arrays.iter().map(column).collect::<Result<_, _>>()? })
    }

    /// Hands on the cells of one row.
    pub(super) fn emit(&self, index: usize, at: At, sink: &mut dyn Sink) {
        for (shape, column) in self.declared.fields.iter().zip(&self.columns) {
            emit(shape, column, index, at, sink);
        }
    }
}

fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == to {
        return Ok(array.clone());
    }
    // Unsafe casts are those that would lose a value in silence; here they fail instead.
    cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
}

fn column(array: &ArrayRef) -> Result<Column, ArrowError> {
    Ok(match array.data_type() {
        DataType::Null => Column::Null,
        DataType::Boolean => Column::Bool(array.clone()),
        DataType::UInt64 => Column::UInt(array.clone()),
        DataType::Float16 | DataType::Float32 => Column::ShortFloat(cast(array, &DataType::Float32)?),
        DataType::Float64 => Column::Float(array.clone()),
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => Column::Decimal(cast(array, &DataType::LargeUtf8)?),
        DataType::Date32 | DataType::Date64 => Column::Date(cast(array, &DataType::Date32)?),
        DataType::Timestamp(..) => Column::Timestamp(timestamps(array)?),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            Column::Bytes(cast(array, &DataType::LargeBinary)?)
        }
        DataType::Struct(_) => {
            let children = array.as_struct().columns().iter().map(column).collect::<Result<_, _>>()?;
            Column::Struct(array.clone(), children)
        }
        DataType::Map(..) => {
            let entries: ArrayRef = std::sync::Arc::new(array.as_map().entries().clone());
            Column::List(array.clone(), Box::new(column(&entries)?))
        }
        DataType::List(_) => Column::List(array.clone(), Box::new(column(array.as_list::<i32>().values())?)),
        DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => {
            let list = cast(array, &DataType::List(item.clone()))?;
            let items = column(list.as_list::<i32>().values())?;
            Column::List(list, Box::new(items))
        }
        DataType::Dictionary(_, values) => column(&cast(array, values)?)?,
        DataType::RunEndEncoded(_, values) => column(&cast(array, values.data_type())?)?,
        integer if integer.is_integer() => Column::Int(cast(array, &DataType::Int64)?),
        _ => Column::Text(cast(array, &DataType::LargeUtf8)?),
    })
}

/// Timestamps in microseconds; what does not fit them (seconds of the year 300,000) is null rather than the end of the batch.
fn timestamps(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let zone = match array.data_type() {
        DataType::Timestamp(_, zone) => zone.clone(),
        _ => None,
    };
    cast_with_options(array, &DataType::Timestamp(TimeUnit::Microsecond, zone), &CastOptions::default())
}

fn emit(shape: &Shape, column: &Column, index: usize, at: At, sink: &mut dyn Sink) {
    match (shape, column) {
        (Shape::Leaf(feature), leaf) => sink.cell(*feature, at, value(leaf, index)),
        (Shape::Struct(shapes), Column::Struct(array, columns)) if array.is_valid(index) => {
            for (shape, column) in shapes.iter().zip(columns) {
                emit(shape, column, index, at, sink);
            }
        }
        (Shape::Items(shape), Column::List(array, items)) if array.is_valid(index) => {
            let (start, end) = match array.as_list_opt::<i32>() {
                Some(list) => (list.value_offsets()[index], list.value_offsets()[index + 1]),
                None => (array.as_map().value_offsets()[index], array.as_map().value_offsets()[index + 1]),
            };
            for item in start..end {
                emit(shape, items, item as usize, at, sink);
            }
        }
        // A struct or list that is null has no cells.
        _ => {}
    }
}

fn value(column: &Column, index: usize) -> Value<'_> {
    let array = match column {
        Column::Null | Column::Struct(..) | Column::List(..) => return Value::Null,
        Column::Bool(array)
        | Column::Int(array)
        | Column::UInt(array)
        | Column::Float(array)
        | Column::ShortFloat(array)
        | Column::Decimal(array)
        | Column::Text(array)
        | Column::Bytes(array)
        | Column::Date(array)
        | Column::Timestamp(array) => array,
    };
    if array.is_null(index) {
        return Value::Null;
    }
    match column {
        Column::Bool(array) => Value::Bool(array.as_boolean().value(index)),
        Column::Int(array) => Value::Int(array.as_primitive::<Int64Type>().value(index)),
        Column::UInt(array) => unsigned(array.as_primitive::<UInt64Type>().value(index)),
        Column::Float(array) => Value::Float(array.as_primitive::<Float64Type>().value(index)),
        Column::ShortFloat(array) => {
            let short = array.as_primitive::<Float32Type>().value(index);
            Value::Float(short.to_string().parse().unwrap_or(f64::from(short)))
        }
        Column::Decimal(array) => Value::Decimal(Cow::Borrowed(array.as_string::<i64>().value(index))),
        Column::Text(array) => Value::Text(Cow::Borrowed(array.as_string::<i64>().value(index))),
        Column::Bytes(array) => Value::Bytes(Cow::Borrowed(array.as_binary::<i64>().value(index))),
        Column::Date(array) => Value::Date(array.as_primitive::<Date32Type>().value(index)),
        Column::Timestamp(array) => {
            Value::Timestamp(array.as_primitive::<TimestampMicrosecondType>().value(index))
        }
        Column::Null | Column::Struct(..) | Column::List(..) => Value::Null,
    }
}

fn unsigned(value: u64) -> Value<'static> {
    i64::try_from(value).map_or(Value::UInt(value), Value::Int)
}
