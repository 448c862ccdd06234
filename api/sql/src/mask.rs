//! Which features are personal, and arrays without them. In doubt a feature is personal: one finding in one blob is enough.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, StructArray, new_null_array};
use arrow_schema::DataType;
use catalog::Result;
use catalog::model::{Category, Dataset, Feature, FeaturePath, FeatureType, Findings, Schema, Segment};
use catalog::ruling::Rulings;

use crate::{Access, Masking};

/// What a principal does not see of a table.
#[derive(Debug, Default)]
pub(crate) struct Mask {
    hidden: BTreeSet<FeaturePath>,
    /// Features of which somebody said that they are personal.
    confirmed: BTreeSet<String>,
    /// A path names a person, perhaps in the value of a partition key.
    partitions: bool,
}

/// The mask of a dataset's member for this access.
pub(crate) fn of(access: &Access, dataset: &Dataset, member: &[String], schema: &Schema) -> Result<Mask> {
    let mut mask = Mask::default();
    if access.masking == Masking::Off {
        return Ok(mask);
    }
    let rulings = Rulings::load(&access.catalog, access.as_of)?;
    let rejects =
        |feature: &FeaturePath, kind: &str| rulings.rejects(&dataset.id, &feature.to_string(), kind);
    for (feature, kind) in rulings.confirmed(&dataset.id) {
        if Category::of(kind) != Category::Indirect {
            mask.confirmed.insert(feature.to_owned());
        }
    }
    for blob in &dataset.blobs {
        let findings = access.catalog.get::<Findings>(blob, access.as_of)?;
        for finding in findings.into_iter().flat_map(|findings| findings.findings) {
            // Of what is personal only beside other data, the other data is hidden.
            if Category::of(&finding.kind) == Category::Indirect {
                continue;
            }
            match finding.feature {
                Some(feature) if rejects(&feature, &finding.kind) => {}
                None if rulings.rejects(&dataset.id, "", &finding.kind) => {}
                Some(feature) if finding.member == member => {
                    mask.hidden.insert(feature);
                }
                Some(_) => {}
                None => mask.partitions = true,
            }
        }
    }
    for feature in &schema.features {
        semantic(&FeaturePath::column(&feature.name), feature, &rejects, &mut mask);
    }
    Ok(mask)
}

/// Features that a recogniser or a person gave a personal meaning.
fn semantic(
    path: &FeaturePath,
    feature: &Feature,
    rejects: &dyn Fn(&FeaturePath, &str) -> bool,
    mask: &mut Mask,
) {
    let told = |kind: &str| Category::of(kind) != Category::Indirect && !rejects(path, kind);
    if feature.semantic.as_deref().is_some_and(told) || mask.confirmed.contains(&path.to_string()) {
        mask.hidden.insert(path.clone());
    }
    let (mut kind, mut path) = (&feature.kind, path.clone());
    while let FeatureType::List(item) = kind {
        (kind, path) = (item, path.items());
    }
    if let FeatureType::Struct(fields) = kind {
        fields.iter().for_each(|field| semantic(&path.field(&field.name), field, rejects, mask));
    }
}

impl Mask {
    /// Whether partition keys are not shown.
    pub(crate) fn hides_partitions(&self) -> bool {
        self.partitions
    }

    /// Whether a column is not shown at all.
    pub(crate) fn hides(&self, column: &str) -> bool {
        self.hidden.contains(&FeaturePath::column(column))
    }

    /// Features within a column that are not shown.
    pub(crate) fn within(&self, column: &str) -> Vec<FeaturePath> {
        let first = Segment::Name(column.to_owned());
        let within = self.hidden.iter().filter(|path| path.0.first() == Some(&first));
        within.map(|path| FeaturePath(path.0[1..].to_vec())).collect()
    }
}

/// The array with null where these paths lead. A path that the array's nesting does not have hides all of it: a string may
/// hold what other blobs have in fields.
pub(crate) fn without(array: &ArrayRef, hidden: &[FeaturePath]) -> ArrayRef {
    hidden.iter().fold(array.clone(), |array, path| without_path(&array, &path.0))
}

fn without_path(array: &ArrayRef, path: &[Segment]) -> ArrayRef {
    match (path.split_first(), array.data_type()) {
        (Some((Segment::Name(name), rest)), DataType::Struct(fields)) => {
            let structure = array.as_struct();
            let columns = fields.iter().zip(structure.columns()).map(|(field, child)| {
                if field.name() == name { without_path(child, rest) } else { child.clone() }
            });
            let columns = columns.collect();
            Arc::new(StructArray::new(fields.clone(), columns, structure.nulls().cloned()))
        }
        (Some((Segment::Items, rest)), DataType::List(item)) => {
            let list = array.as_list::<i32>();
            let items = without_path(list.values(), rest);
            Arc::new(ListArray::new(item.clone(), list.offsets().clone(), items, list.nulls().cloned()))
        }
        _ => new_null_array(array.data_type(), array.len()),
    }
}
