//! A schema put on content when it is read: any format's rows as Arrow batches of a schema that was agreed on elsewhere,
//! usually over all blobs of a dataset. Columns that the content lacks are null; so are values of another type, and counted.
//!
//! What is decoded to Arrow goes from Arrow to Arrow, what nests by values with their nesting, every other format by its cells.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Fields, Schema as ArrowSchema, SchemaRef, TimeUnit};
use catalog::model::{AnomalyKind, Dialect, Feature, FeaturePath, FeatureType, Schema, Segment, Value};

use self::build::Rows;
use self::conform::conform_batch;
use super::json::EachTree;
use super::{At, Bounds, Format, FormatError, Sink};
use crate::content::Content;

mod build;
mod conform;
#[cfg(test)]
mod tests;
mod value;

pub(super) use value::Tree;

/// UTC by its offset, which every reader of Arrow knows without a database of zones.
const UTC: &str = "+00:00";

/// Takes batches; answers whether it wants more.
pub type Emit<'a> = &'a mut dyn FnMut(RecordBatch) -> Result<bool, FormatError>;

/// How a format's rows become batches.
pub(in crate::format) enum RowsFn {
    /// By the cells that its reader hands on.
    Cells,
    /// By values with their nesting, which cells do not tell in full.
    Trees(fn(&Content, &Bounds, EachTree<'_>) -> Result<(), FormatError>),
    /// As Arrow batches of its own; the names are those of the columns wanted.
    Batches(BatchesFn),
    /// By the cells of one table.
    Table(fn(&Content, &Bounds, &str, &mut dyn Sink) -> Result<(), FormatError>),
}

/// Calls back with batches until it answers false.
pub(in crate::format) type BatchesFn = fn(&Content, &[&str], Emit<'_>) -> Result<(), FormatError>;

/// What came of reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conformed {
    /// Rows handed on.
    pub rows: u64,
    /// Values that are null for being of another type than the schema's.
    pub mistyped: u64,
}

/// The Arrow schema of a schema: everything may be null, times are in microseconds of UTC.
pub fn arrow_schema(schema: &Schema) -> SchemaRef {
    Arc::new(ArrowSchema::new(fields(&schema.features)))
}

fn fields(features: &[Feature]) -> Fields {
    features.iter().map(|feature| Field::new(&feature.name, data_type(&feature.kind), true)).collect()
}

/// The Arrow type of a feature's type.
pub fn data_type(kind: &FeatureType) -> DataType {
    match kind {
        FeatureType::Unknown | FeatureType::String => DataType::Utf8,
        FeatureType::Bool => DataType::Boolean,
        FeatureType::Int => DataType::Int64,
        FeatureType::Float => DataType::Float64,
        FeatureType::Bytes => DataType::Binary,
        FeatureType::Date => DataType::Date32,
        FeatureType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        // An object that was always empty has no fields to be a struct of.
        FeatureType::Struct(features) if features.is_empty() => DataType::Utf8,
        FeatureType::Struct(features) => DataType::Struct(fields(features)),
        FeatureType::List(item) => DataType::List(Arc::new(Field::new("item", data_type(item), true))),
    }
}

/// Reads content as batches of `schema`. `table` is the table of a database, "" where the format has none. A row limit goes
/// into `bounds.rows_max`.
///
/// # Errors
/// `Unsupported` if the format has no rows; what its reader or `emit` fails with.
pub fn batches(
    format: &'static Format,
    content: &Content,
    dialect: &Dialect,
    table: &str,
    schema: &SchemaRef,
    bounds: &Bounds,
    emit: Emit<'_>,
) -> Result<Conformed, FormatError> {
    let Some(read) = format.read else {
        return Err(FormatError::Unsupported("this format has no rows".into()));
    };
    match format.rows {
        RowsFn::Batches(read) => conform_batches(read, content, schema, bounds, emit),
        RowsFn::Trees(trees) => {
            let mut rows = Rows::new(schema, emit);
            trees(content, bounds, &mut |tree| rows.tree(&tree))?;
            rows.finish()
        }
        RowsFn::Cells => by_cells(schema, table, emit, |sink| read(content, dialect, bounds, sink)),
        RowsFn::Table(read) => by_cells(schema, table, emit, |sink| read(content, bounds, table, sink)),
    }
}

fn by_cells(
    schema: &SchemaRef,
    table: &str,
    emit: Emit<'_>,
    read: impl FnOnce(&mut dyn Sink) -> Result<(), FormatError>,
) -> Result<Conformed, FormatError> {
    let rows = Rows::new(schema, emit);
    let mut sink = Cells { rows, table: String::new(), wanted: table, columns: Vec::new(), failed: None };
    read(&mut sink)?;
    sink.end_row();
    match sink.failed {
        Some(error) => Err(error),
        None => sink.rows.finish(),
    }
}

fn conform_batches(
    read: BatchesFn,
    content: &Content,
    schema: &SchemaRef,
    bounds: &Bounds,
    emit: Emit<'_>,
) -> Result<Conformed, FormatError> {
    let mut conformed = Conformed::default();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    read(content, &names, &mut |batch| {
        let room = bounds.rows_max - conformed.rows;
        let count = (batch.num_rows() as u64).min(room) as usize;
        let batch = conform_batch(&batch.slice(0, count), schema, &mut conformed.mistyped)?;
        conformed.rows += count as u64;
        Ok(emit(batch)? && conformed.rows < bounds.rows_max)
    })?;
    Ok(conformed)
}

/// What becomes of a feature's cells.
enum Column {
    /// The schema does not have it.
    Dropped,
    /// It is a column of the schema.
    Plain(usize),
    /// It is nested in a column of the schema.
    Nested(usize, Vec<Segment>),
}

/// Builds rows from cells.
struct Cells<'a> {
    rows: Rows<'a>,
    table: String,
    wanted: &'a str,
    columns: Vec<Column>,
    failed: Option<FormatError>,
}

impl Cells<'_> {
    fn end_row(&mut self) {
        if self.failed.is_none() {
            self.failed = self.rows.end_row().err();
        }
    }
}

impl Sink for Cells<'_> {
    fn table(&mut self, name: &str) {
        self.end_row();
        self.table = name.to_owned();
        self.columns.clear();
    }

    fn feature(&mut self, path: &FeaturePath, _: Option<FeatureType>) -> usize {
        let column = match path.0.split_first() {
            Some((Segment::Name(name), rest)) => match (self.rows.column(name), rest) {
                (None, _) => Column::Dropped,
                (Some(column), []) => Column::Plain(column),
                (Some(column), rest) => Column::Nested(column, rest.to_vec()),
            },
            _ => Column::Dropped,
        };
        self.columns.push(column);
        self.columns.len() - 1
    }

    fn row(&mut self, _: u64) {
        self.end_row();
        if self.table == self.wanted && self.failed.is_none() {
            self.rows.begin_row();
        }
    }

    fn cell(&mut self, feature: usize, _: At, value: Value<'_>) {
        if self.table != self.wanted {
            return;
        }
        match &self.columns[feature] {
            Column::Dropped => {}
            Column::Plain(column) => self.rows.set(*column, &value),
            Column::Nested(column, rest) => self.rows.set_nested(*column, rest, Tree::of(&value)),
        }
    }

    // Anomalies are facts of the crawl, recorded there.
    fn anomaly(&mut self, _: AnomalyKind, _: String) {}
}
