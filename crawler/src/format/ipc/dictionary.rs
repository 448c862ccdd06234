//! Dictionaries without the values that only removed rows referred to. A value that no row refers to any more would still be in
//! the file; all others stay in their order, those included that no row ever referred to.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, UInt64Array, make_array};
use arrow_cast::cast::cast;
use arrow_schema::{ArrowError, DataType};
use arrow_select::filter::filter;
use roaring::RoaringTreemap;

use super::batches::contains;
use crate::format::FormatError;

/// Why nothing can be removed from batches with such types, if so: what filters them keeps values of rows that are gone.
pub(super) fn refusal(kind: &DataType) -> Option<&'static str> {
    if contains(kind, |kind| matches!(kind, DataType::ListView(_) | DataType::LargeListView(_))) {
        return Some("rows cannot be removed from columns of list views");
    }
    if contains(kind, |kind| matches!(kind, DataType::Union(..) | DataType::RunEndEncoded(..))) {
        return Some("rows cannot be removed from columns of unions or of runs");
    }
    let nested = |kind: &DataType| match kind {
        DataType::Dictionary(_, values) => values.is_nested() || matches!(**values, DataType::Dictionary(..)),
        _ => false,
    };
    contains(kind, nested).then_some("rows cannot be removed from columns with dictionaries of nested values")
}

/// One dictionary, as it grew.
struct Generation {
    values: ArrayRef,
    kept: RoaringTreemap,
    removed: RoaringTreemap,
    /// The values that stay and where each now stands; made when first asked for.
    cut: Option<(ArrayRef, HashMap<u64, u64>)>,
}

/// Called with each dictionary array; answers what stands in its place.
type OnDictionary<'a> = &'a mut dyn FnMut(&mut Vec<Generation>, &ArrayRef) -> Result<ArrayRef, FormatError>;

/// The dictionaries of all batches, by place in the schema and in order.
#[derive(Default)]
pub(super) struct Dictionaries {
    slots: Vec<Vec<Generation>>,
}

impl Dictionaries {
    /// Takes note of what the rows of a batch refer to.
    pub(super) fn note(&mut self, batch: &RecordBatch, removed: bool) -> Result<(), FormatError> {
        let mut slot = 0;
        for column in batch.columns() {
            self.walk(column, &mut slot, &mut |generations, array| {
                note(generations, array, removed).map(|()| array.clone())
            })?;
        }
        Ok(())
    }

    /// The batch over the dictionaries that remain; values of views that went are dropped from their buffers.
    pub(super) fn rebuild(&mut self, batch: &RecordBatch) -> Result<RecordBatch, FormatError> {
        let mut slot = 0;
        let mut columns = Vec::with_capacity(batch.num_columns());
        for column in batch.columns() {
            columns.push(self.walk(column, &mut slot, &mut cut)?);
        }
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(batch.schema(), columns, &options).map_err(|_| wrong())
    }

    fn walk(
        &mut self,
        array: &ArrayRef,
        slot: &mut usize,
        each: OnDictionary<'_>,
    ) -> Result<ArrayRef, FormatError> {
        match array.data_type() {
            DataType::Dictionary(..) => {
                if self.slots.len() <= *slot {
                    self.slots.push(Vec::new());
                }
                *slot += 1;
                each(&mut self.slots[*slot - 1], array)
            }
            DataType::Utf8View => Ok(Arc::new(array.as_string_view().gc())),
            DataType::BinaryView => Ok(Arc::new(array.as_binary_view().gc())),
            kind if kind.is_nested() => {
                let data = array.to_data();
                let mut children = Vec::new();
                for child in data.child_data() {
                    children.push(self.walk(&make_array(child.clone()), slot, each)?.to_data());
                }
                let data = data.into_builder().child_data(children).build().map_err(|_| wrong())?;
                Ok(make_array(data))
            }
            _ => Ok(array.clone()),
        }
    }
}

fn wrong() -> FormatError {
    FormatError::Corrupt("a batch cannot be put together again".into())
}

/// The keys of a dictionary array as numbers.
fn keys(array: &ArrayRef) -> Result<UInt64Array, FormatError> {
    let keys: ArrayRef = make_array(array.as_any_dictionary().keys().to_data());
    Ok(cast(&keys, &DataType::UInt64).map_err(|_| wrong())?.as_primitive().clone())
}

fn note(generations: &mut Vec<Generation>, array: &ArrayRef, removed: bool) -> Result<(), FormatError> {
    let values = array.as_any_dictionary().values();
    if !generations.last_mut().is_some_and(|last| last.grew_to(values)) {
        let (kept, removed) = (RoaringTreemap::new(), RoaringTreemap::new());
        generations.push(Generation { values: values.clone(), kept, removed, cut: None });
    }
    let Some(generation) = generations.last_mut() else { return Ok(()) };
    let referred = if removed { &mut generation.removed } else { &mut generation.kept };
    referred.extend(keys(array)?.iter().flatten());
    Ok(())
}

impl Generation {
    /// Whether `values` are these, or these and more after them (a delta).
    fn grew_to(&mut self, values: &ArrayRef) -> bool {
        let known = self.values.len();
        if self.values.to_data().ptr_eq(&values.to_data()) {
            return true;
        }
        if values.len() < known || values.slice(0, known).as_ref() != self.values.as_ref() {
            return false;
        }
        self.values = values.clone();
        true
    }

    fn covers(&self, values: &ArrayRef) -> bool {
        self.values.to_data().ptr_eq(&values.to_data())
            || (values.len() <= self.values.len()
                && self.values.slice(0, values.len()).as_ref() == values.as_ref())
    }

    fn cut(&mut self) -> Result<&(ArrayRef, HashMap<u64, u64>), ArrowError> {
        if self.cut.is_none() {
            let gone = &self.removed - &self.kept;
            let stays = |place: &u64| !gone.contains(*place);
            let places: Vec<u64> = (0..self.values.len() as u64).filter(stays).collect();
            let mask: BooleanArray = (0..self.values.len() as u64).map(|place| Some(stays(&place))).collect();
            let values = filter(&self.values, &mask)?;
            let moved = places.into_iter().zip(0..).collect();
            self.cut = Some((values, moved));
        }
        self.cut.as_ref().ok_or_else(|| ArrowError::ComputeError("made above".into()))
    }
}

fn cut(generations: &mut Vec<Generation>, array: &ArrayRef) -> Result<ArrayRef, FormatError> {
    let dictionary = array.as_any_dictionary();
    // In the order of the batches: a generation that is over does not come back.
    while generations.len() > 1 && !generations[0].covers(dictionary.values()) {
        generations.remove(0);
    }
    let generation = generations.first_mut().ok_or_else(wrong)?;
    let (values, moved) = generation.cut().map_err(|_| wrong())?;
    let keys: UInt64Array = keys(array)?.iter().map(|key| Some(*moved.get(&key?).unwrap_or(&0))).collect();
    let keys = cast(&keys, dictionary.keys().data_type()).map_err(|_| wrong())?;
    let data = array.to_data();
    let keys = keys.to_data();
    let data = data
        .into_builder()
        .offset(0)
        .len(keys.len())
        .buffers(keys.buffers().to_vec())
        .nulls(keys.nulls().cloned())
        .child_data(vec![values.to_data()]);
    Ok(make_array(data.build().map_err(|_| wrong())?))
}
