//! Arrow arrays from values, row by row. What a text means is decided by [`Shape`], as when schemas are inferred.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, BinaryBuilder, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder,
    NullBufferBuilder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, ListArray, RecordBatch, RecordBatchOptions, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, FieldRef, Fields, SchemaRef};
use catalog::model::{Segment, Value};
use catalog::sketch::shape::Shape;

use super::value::Tree;
use super::{Conformed, Emit, FormatError};

/// Rows of a batch.
const BATCH_ROWS: usize = 8_192;
/// Bytes of text after which a batch is handed on before it is full.
const BATCH_BYTES: usize = 32 << 20;
const MICROS_A_DAY: i64 = 86_400_000_000;

/// Rows on their way into batches.
pub(super) struct Rows<'a> {
    schema: SchemaRef,
    emit: Emit<'a>,
    names: HashMap<String, usize>,
    columns: Vec<Builder>,
    /// Whether the current row has a value of each column.
    set: Vec<bool>,
    nested: Vec<(usize, Tree)>,
    in_row: bool,
    count: usize,
    bytes: usize,
    stopped: bool,
    conformed: Conformed,
}

impl<'a> Rows<'a> {
    pub(super) fn new(schema: &SchemaRef, emit: Emit<'a>) -> Self {
        let fields = schema.fields();
        Self {
            names: fields.iter().enumerate().map(|(place, field)| (field.name().clone(), place)).collect(),
            columns: fields.iter().map(|field| Builder::new(field.data_type())).collect(),
            set: vec![false; fields.len()],
            schema: schema.clone(),
            emit,
            nested: Vec::new(),
            in_row: false,
            count: 0,
            bytes: 0,
            stopped: false,
            conformed: Conformed::default(),
        }
    }

    /// The place of a column.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    pub(super) fn begin_row(&mut self) {
        self.in_row = !self.stopped;
    }

    /// Sets a column of the current row; the first value counts.
    pub(super) fn set(&mut self, column: usize, value: &Value<'_>) {
        if self.in_row && !std::mem::replace(&mut self.set[column], true) {
            self.bytes += size(value);
            self.columns[column].scalar(value, &mut self.conformed.mistyped);
        }
    }

    /// Sets a part of a column of the current row.
    pub(super) fn set_nested(&mut self, column: usize, path: &[Segment], value: Tree) {
        if !self.in_row {
            return;
        }
        match self.nested.iter_mut().find(|(known, _)| *known == column) {
            Some((_, tree)) => tree.insert(path, value),
            None => {
                let mut tree = Tree::Scalar(Value::Null);
                tree.insert(path, value);
                self.nested.push((column, tree));
            }
        }
    }

    /// Ends the current row, if one was begun.
    pub(super) fn end_row(&mut self) -> Result<(), FormatError> {
        if !std::mem::take(&mut self.in_row) {
            return Ok(());
        }
        for (column, tree) in std::mem::take(&mut self.nested) {
            if !std::mem::replace(&mut self.set[column], true) {
                self.bytes += self.columns[column].tree(&tree, &mut self.conformed.mistyped);
            }
        }
        for (column, set) in self.columns.iter_mut().zip(&mut self.set) {
            if !std::mem::take(set) {
                column.null();
            }
        }
        self.count += 1;
        if self.count == BATCH_ROWS || self.bytes > BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    /// Takes a row as a tree; answers whether more rows are wanted.
    pub(super) fn tree(&mut self, row: &Tree) -> Result<bool, FormatError> {
        self.begin_row();
        match row {
            Tree::Struct(fields) => {
                for (name, field) in fields {
                    let Some(column) = self.column(name) else { continue };
                    if !std::mem::replace(&mut self.set[column], true) {
                        self.bytes += self.columns[column].tree(field, &mut self.conformed.mistyped);
                    }
                }
            }
            other => {
                // Rows that are no objects are called `value`, and `value[]` is the list itself.
                if let Some(column) = self.column("value") {
                    self.set[column] = true;
                    self.bytes += self.columns[column].tree(other, &mut self.conformed.mistyped);
                }
            }
        }
        self.end_row()?;
        Ok(!self.stopped)
    }

    fn flush(&mut self) -> Result<(), FormatError> {
        if self.count == 0 {
            return Ok(());
        }
        let arrays: Vec<ArrayRef> = self.columns.iter_mut().map(Builder::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.count));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)
            .expect("builders are made for the schema");
        self.conformed.rows += self.count as u64;
        (self.count, self.bytes) = (0, 0);
        self.stopped |= !(self.emit)(batch)?;
        Ok(())
    }

    /// Hands on the last rows.
    pub(super) fn finish(mut self) -> Result<Conformed, FormatError> {
        if !self.stopped {
            self.flush()?;
        }
        Ok(self.conformed)
    }
}

fn size(value: &Value<'_>) -> usize {
    match value {
        Value::Decimal(text) | Value::Text(text) | Value::Raw(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 8,
    }
}

/// Builds one column, or one child of it.
enum Builder {
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Text(StringBuilder),
    Bytes(BinaryBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Struct { fields: Fields, children: Vec<Builder>, validity: NullBufferBuilder },
    List { item: FieldRef, lengths: Vec<usize>, child: Box<Builder>, validity: NullBufferBuilder },
}

impl Builder {
    fn new(kind: &DataType) -> Self {
        match kind {
            DataType::Boolean => Self::Bool(BooleanBuilder::new()),
            DataType::Int64 => Self::Int(Int64Builder::new()),
            DataType::Float64 => Self::Float(Float64Builder::new()),
            DataType::Binary => Self::Bytes(BinaryBuilder::new()),
            DataType::Date32 => Self::Date(Date32Builder::new()),
            DataType::Timestamp(_, zone) => {
                Self::Timestamp(TimestampMicrosecondBuilder::new().with_timezone_opt(zone.clone()))
            }
            DataType::Struct(fields) => Self::Struct {
                fields: fields.clone(),
                children: fields.iter().map(|field| Self::new(field.data_type())).collect(),
                validity: NullBufferBuilder::new(BATCH_ROWS),
            },
            DataType::List(item) => Self::List {
                item: item.clone(),
                lengths: Vec::new(),
                child: Box::new(Self::new(item.data_type())),
                validity: NullBufferBuilder::new(BATCH_ROWS),
            },
            // `data_type` makes no other type but text.
            _ => Self::Text(StringBuilder::new()),
        }
    }

    fn null(&mut self) {
        match self {
            Self::Bool(builder) => builder.append_null(),
            Self::Int(builder) => builder.append_null(),
            Self::Float(builder) => builder.append_null(),
            Self::Text(builder) => builder.append_null(),
            Self::Bytes(builder) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Timestamp(builder) => builder.append_null(),
            Self::Struct { children, validity, .. } => {
                children.iter_mut().for_each(Self::null);
                validity.append_null();
            }
            Self::List { lengths, validity, .. } => {
                lengths.push(0);
                validity.append_null();
            }
        }
    }

    fn scalar(&mut self, value: &Value<'_>, mistyped: &mut u64) {
        if matches!(value, Value::Null) || !self.typed(value) {
            let says_nothing = match self {
                Self::Text(_) | Self::Bytes(_) => matches!(value, Value::Null),
                _ => matches!(Shape::of(value), Shape::Null | Shape::Na),
            };
            *mistyped += u64::from(!says_nothing);
            self.null();
        }
    }

    /// Appends a value if it is of the column's type.
    fn typed(&mut self, value: &Value<'_>) -> bool {
        match self {
            Self::Text(builder) => value.text().map(|text| builder.append_value(text)).is_some(),
            Self::Bytes(builder) => {
                match (value, value.text()) {
                    (Value::Bytes(bytes), _) => builder.append_value(bytes),
                    (_, Some(text)) => builder.append_value(text.as_bytes()),
                    (_, None) => return false,
                }
                true
            }
            Self::Bool(builder) => boolean(value).map(|value| builder.append_value(value)).is_some(),
            Self::Int(builder) => integer(value).map(|value| builder.append_value(value)).is_some(),
            Self::Float(builder) => float(value).map(|value| builder.append_value(value)).is_some(),
            Self::Date(builder) => match Shape::of(value) {
                Shape::Date(days) => {
                    builder.append_value(days);
                    true
                }
                _ => false,
            },
            Self::Timestamp(builder) => {
                let micros = match Shape::of(value) {
                    Shape::Timestamp(micros) => micros,
                    Shape::Date(days) => i64::from(days).saturating_mul(MICROS_A_DAY),
                    _ => return false,
                };
                builder.append_value(micros);
                true
            }
            Self::Struct { .. } | Self::List { .. } => false,
        }
    }

    /// Appends a value with its nesting; answers how many bytes of text it has.
    fn tree(&mut self, tree: &Tree, mistyped: &mut u64) -> usize {
        match (self, tree) {
            (builder, Tree::Scalar(value)) => {
                builder.scalar(value, mistyped);
                size(value)
            }
            (Self::Struct { fields, children, validity }, Tree::Struct(values)) => {
                validity.append_non_null();
                let mut bytes = 0;
                for (field, child) in fields.iter().zip(children) {
                    match values.iter().find(|(name, _)| name == field.name()) {
                        Some((_, value)) => bytes += child.tree(value, mistyped),
                        None => child.null(),
                    }
                }
                bytes
            }
            (Self::List { lengths, child, validity, .. }, Tree::List(items)) => {
                validity.append_non_null();
                lengths.push(items.len());
                items.iter().map(|item| child.tree(item, mistyped)).sum()
            }
            // An object whose names are data: its entries are items, as in Parquet's maps.
            (Self::List { lengths, child, validity, .. }, Tree::Struct(entries)) => {
                validity.append_non_null();
                lengths.push(entries.len());
                let mut bytes = 0;
                for (name, value) in entries {
                    let key = Tree::Scalar(Value::Text(name.clone().into()));
                    let entry = Tree::Struct(vec![("key".into(), key), ("value".into(), value.clone())]);
                    bytes += name.len() + child.tree(&entry, mistyped);
                }
                bytes
            }
            (Self::Text(builder), nested) => {
                let text = nested.text().unwrap_or_default();
                builder.append_value(&text);
                text.len()
            }
            (builder, _) => {
                *mistyped += 1;
                builder.null();
                0
            }
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Bool(builder) => ArrayBuilder::finish(builder),
            Self::Int(builder) => ArrayBuilder::finish(builder),
            Self::Float(builder) => ArrayBuilder::finish(builder),
            Self::Text(builder) => ArrayBuilder::finish(builder),
            Self::Bytes(builder) => ArrayBuilder::finish(builder),
            Self::Date(builder) => ArrayBuilder::finish(builder),
            Self::Timestamp(builder) => ArrayBuilder::finish(builder),
            Self::Struct { fields, children, validity } => {
                let children = children.iter_mut().map(Self::finish).collect();
                Arc::new(StructArray::new(fields.clone(), children, validity.finish()))
            }
            Self::List { item, lengths, child, validity } => {
                let offsets = OffsetBuffer::from_lengths(std::mem::take(lengths));
                Arc::new(ListArray::new(item.clone(), offsets, child.finish(), validity.finish()))
            }
        }
    }
}

fn boolean(value: &Value<'_>) -> Option<bool> {
    match Shape::of(value) {
        Shape::Bool(value) => Some(value),
        Shape::Number(number) if number.value == 0.0 => Some(false),
        Shape::Number(number) if number.value == 1.0 => Some(true),
        _ => None,
    }
}

fn integer(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(value) => Some(*value),
        Value::UInt(value) => i64::try_from(*value).ok(),
        Value::Bool(value) => Some(i64::from(*value)),
        value => match Shape::of(value) {
            // Doubles are whole up to 2^53 and no further.
            Shape::Number(number) if !number.integer => (number.value.fract() == 0.0
                && number.value.abs() <= 9_007_199_254_740_992.0)
                .then_some(number.value as i64),
            Shape::Number(_) => value.text()?.trim().trim_start_matches('+').parse().ok(),
            _ => None,
        },
    }
}

fn float(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Float(value) => Some(*value),
        // More digits than a double holds: the nearest one, as every reader of JSON takes it.
        Value::Decimal(text) => text.parse().ok(),
        value => match Shape::of(value) {
            Shape::Number(number) => Some(number.value),
            Shape::Infinite(positive) => Some(if positive { f64::INFINITY } else { f64::NEG_INFINITY }),
            _ => None,
        },
    }
}
