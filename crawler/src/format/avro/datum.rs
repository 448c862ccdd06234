//! Records in their binary encoding (specification, "Binary Encoding"): as cells, as trees, or passed over.
//!
//! Values without bytes (null, empty records) can be counted in the billions by a few bytes, and a type can hold itself: steps and
//! depth are bounded.

use std::borrow::Cow;
use std::collections::HashMap;

use arrow_buffer::i256;
use catalog::model::{FeaturePath, Segment, Value};

use super::schema::{BytesKind, IntKind, Node, NodeId, Schema};
use crate::format::arrow::Tree;
use crate::format::{At, FormatError, Sink};

/// Steps that any block may take.
const STEPS_MIN: u64 = 1 << 20;
/// Steps a byte: a union of null has two, and there are a few around it.
const STEPS_A_BYTE: u64 = 8;
/// Steps of one record that is held as a tree.
const TREE_STEPS_MAX: u64 = 4 << 20;
/// Features of one file. A schema whose types hold each other twice unfolds to any number.
const FEATURES_MAX: usize = 20_000;

/// Why a record cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    Damaged,
    Depth,
    Steps,
    Features,
}

impl From<Fault> for FormatError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Damaged => Self::Corrupt("holds records that are not of its schema".into()),
            Fault::Depth => Self::Limit("nests values more deeply than the limit allows".into()),
            Fault::Steps => Self::Limit("holds more values without bytes than the limit allows".into()),
            Fault::Features => Self::Limit("unfolds to more features than the limit allows".into()),
        }
    }
}

/// Where the next value stands in some bytes.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
    steps: u64,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let steps = STEPS_MIN + bytes.len() as u64 * STEPS_A_BYTE;
        Self { bytes, position: 0, steps }
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.position == self.bytes.len()
    }

    /// Counts one value.
    pub(super) fn step(&mut self) -> Result<(), Fault> {
        self.steps = self.steps.checked_sub(1).ok_or(Fault::Steps)?;
        Ok(())
    }

    pub(super) fn skip(&mut self, count: usize) -> Result<(), Fault> {
        self.take(count).map(|_| ())
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let taken = self.bytes[self.position..].get(..count).ok_or(Fault::Damaged)?;
        self.position += count;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Fault> {
        self.take(N)?.try_into().map_err(|_| Fault::Damaged)
    }

    /// A variable-length zigzag number.
    pub(super) fn long(&mut self) -> Result<i64, Fault> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.position).ok_or(Fault::Damaged)?;
            self.position += 1;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((number >> 1) as i64 ^ -((number & 1) as i64));
            }
        }
        Err(Fault::Damaged)
    }

    /// Bytes after their length.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        let len = usize::try_from(self.long()?).map_err(|_| Fault::Damaged)?;
        self.take(len)
    }

    /// The number of items in the next block of an array or a map; `None` after the last.
    pub(super) fn block(&mut self) -> Result<Option<u64>, Fault> {
        let count = self.long()?;
        if count < 0 {
            // The block's length in bytes follows, for readers that pass over it.
            self.long()?;
        }
        Ok(Some(count.unsigned_abs()).filter(|count| *count > 0))
    }
}

/// Appends a number in the variable-length zigzag encoding.
pub(super) fn put_long(out: &mut Vec<u8>, number: i64) {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// A value that holds no other.
fn scalar<'a>(node: &Node, cursor: &mut Cursor<'a>) -> Result<Value<'a>, Fault> {
    Ok(match node {
        Node::Bool => match cursor.array::<1>()? {
            [0] => Value::Bool(false),
            [1] => Value::Bool(true),
            _ => return Err(Fault::Damaged),
        },
        Node::Int(kind) => number(*kind, cursor.long()?),
        Node::Float => {
            let short = f32::from_le_bytes(*cursor.array()?);
            // In its own shortest form, as in the other formats.
            Value::Float(short.to_string().parse().unwrap_or(f64::from(short)))
        }
        Node::Double => Value::Float(f64::from_le_bytes(*cursor.array()?)),
        Node::Bytes(kind) => bytes(*kind, cursor.bytes()?),
        Node::Fixed(size, kind) => bytes(*kind, cursor.take(*size)?),
        Node::Enum(symbols) => {
            let symbol = usize::try_from(cursor.long()?).ok().and_then(|index| symbols.get(index));
            Value::Text(symbol.ok_or(Fault::Damaged)?.clone().into())
        }
        Node::Null | Node::Array(_) | Node::Map(_) | Node::Union(_) | Node::Record(_) => Value::Null,
    })
}

fn number(kind: IntKind, number: i64) -> Value<'static> {
    match kind {
        IntKind::Plain => Value::Int(number),
        IntKind::Date => i32::try_from(number).map_or(Value::Int(number), Value::Date),
        IntKind::Time(scale) => {
            time(number, scale).map_or(Value::Int(number), |text| Value::Text(text.into()))
        }
        IntKind::Timestamp(1_000_000_000) => Value::Timestamp(number.div_euclid(1_000)),
        // Milliseconds of the year 300,000 do not fit, and say nothing.
        IntKind::Timestamp(scale) => {
            number.checked_mul(1_000_000 / scale).map_or(Value::Null, Value::Timestamp)
        }
    }
}

/// A time of day as Arrow prints it.
fn time(number: i64, scale: i64) -> Option<String> {
    let seconds = number.div_euclid(scale);
    if !(0..86_400).contains(&seconds) {
        return None;
    }
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let micros = number.rem_euclid(scale) * (1_000_000 / scale);
    if micros % 1_000 != 0 {
        text += &format!(".{micros:06}");
    } else if micros != 0 {
        text += &format!(".{:03}", micros / 1_000);
    }
    Some(text)
}

fn bytes(kind: BytesKind, bytes: &[u8]) -> Value<'_> {
    match kind {
        BytesKind::Plain => Value::Bytes(Cow::Borrowed(bytes)),
        BytesKind::Text => Value::Text(String::from_utf8_lossy(bytes)),
        BytesKind::Decimal(scale) => match decimal(bytes, scale) {
            Some(text) => Value::Decimal(text.into()),
            None => Value::Bytes(Cow::Borrowed(bytes)),
        },
        BytesKind::Uuid => Value::Text(uuid(bytes).into()),
    }
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = hex::encode(bytes);
    for place in [20, 16, 12, 8] {
        if text.is_char_boundary(place) {
            text.insert(place, '-');
        }
    }
    text
}

/// An unscaled number of up to 32 bytes with a point put into it.
fn decimal(bytes: &[u8], scale: u32) -> Option<String> {
    let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let mut wide = [if negative { 0xff } else { 0 }; 32];
    wide.get_mut(32_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    let text = i256::from_be_bytes(wide).to_string();
    let scale = usize::try_from(scale).ok().filter(|scale| *scale <= 80)?;
    if scale == 0 {
        return Some(text);
    }
    let (sign, digits) = text.strip_prefix('-').map_or(("", &text[..]), |digits| ("-", digits));
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    Some(format!("{sign}{whole}.{fraction}"))
}

/// Goes over a value of a node without looking at it.
pub(super) fn pass(schema: &Schema, id: NodeId, cursor: &mut Cursor<'_>, depth: usize) -> Result<(), Fault> {
    cursor.step()?;
    let deeper = depth.checked_sub(1).ok_or(Fault::Depth);
    match schema.node(id) {
        Node::Record(fields) => {
            fields.iter().try_for_each(|(_, field)| pass(schema, *field, cursor, deeper?))
        }
        Node::Union(branches) => pass(schema, branch(branches, cursor)?, cursor, deeper?),
        Node::Array(item) => each_item(cursor, &mut |cursor| pass(schema, *item, cursor, deeper?)),
        Node::Map(value) => each_item(cursor, &mut |cursor| {
            cursor.bytes()?;
            pass(schema, *value, cursor, deeper?)
        }),
        Node::Bytes(_) => cursor.bytes().map(|_| ()),
        Node::Fixed(size, _) => cursor.skip(*size),
        leaf => scalar(leaf, cursor).map(|_| ()),
    }
}

fn branch(branches: &[NodeId], cursor: &mut Cursor<'_>) -> Result<NodeId, Fault> {
    let chosen = usize::try_from(cursor.long()?).ok().and_then(|index| branches.get(index));
    chosen.copied().ok_or(Fault::Damaged)
}

fn each_item<'a>(
    cursor: &mut Cursor<'a>,
    item: &mut dyn FnMut(&mut Cursor<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    while let Some(count) = cursor.block()? {
        for _ in 0..count {
            item(cursor)?;
        }
    }
    Ok(())
}

/// A record with its nesting.
pub(super) fn record_tree(
    schema: &Schema,
    cursor: &mut Cursor<'_>,
    nesting_max: usize,
) -> Result<Tree, Fault> {
    let before = cursor.steps;
    cursor.steps = before.min(TREE_STEPS_MAX);
    let allowed = cursor.steps;
    let tree = tree(schema, schema.root, cursor, nesting_max);
    cursor.steps = before - (allowed - cursor.steps);
    tree
}

fn tree(schema: &Schema, id: NodeId, cursor: &mut Cursor<'_>, depth: usize) -> Result<Tree, Fault> {
    cursor.step()?;
    let deeper = depth.checked_sub(1).ok_or(Fault::Depth);
    Ok(match schema.node(id) {
        Node::Record(fields) => {
            let mut values = Vec::with_capacity(fields.len());
            for (name, field) in fields {
                values.push((name.clone(), tree(schema, *field, cursor, deeper?)?));
            }
            Tree::Struct(values)
        }
        Node::Union(branches) => tree(schema, branch(branches, cursor)?, cursor, deeper?)?,
        Node::Array(item) => {
            let mut items = Vec::new();
            each_item(cursor, &mut |cursor| {
                items.push(tree(schema, *item, cursor, deeper?)?);
                Ok(())
            })?;
            Tree::List(items)
        }
        Node::Map(value) => {
            let mut entries = Vec::new();
            each_item(cursor, &mut |cursor| {
                let key = bytes(BytesKind::Text, cursor.bytes()?);
                let value = tree(schema, *value, cursor, deeper?)?;
                entries.push(Tree::Struct(vec![("key".into(), Tree::of(&key)), ("value".into(), value)]));
                Ok(())
            })?;
            Tree::List(entries)
        }
        leaf => Tree::of(&scalar(leaf, cursor)?),
    })
}

/// A node of the schema at one of the places where it is reached.
struct Place {
    node: NodeId,
    path: FeaturePath,
    feature: Option<usize>,
    /// By field or branch; a map's key, then its value. Made when first reached.
    children: Vec<Option<usize>>,
}

/// Hands on records' cells.
pub(super) struct Cells<'a> {
    schema: &'a Schema,
    places: Vec<Place>,
    /// Branches of a union that are of one path are one feature.
    features: HashMap<FeaturePath, usize>,
    nesting_max: usize,
}

impl<'a> Cells<'a> {
    /// Declares the leaves of the schema, in its order, as far as it does not come back to itself.
    pub(super) fn new(schema: &'a Schema, nesting_max: usize, sink: &mut dyn Sink) -> Result<Self, Fault> {
        let mut cells = Self { schema, places: Vec::new(), features: HashMap::new(), nesting_max };
        let root = cells.place(schema.root, FeaturePath::default())?;
        cells.declare(root, &mut Vec::new(), sink)?;
        Ok(cells)
    }

    fn place(&mut self, node: NodeId, path: FeaturePath) -> Result<usize, Fault> {
        if self.places.len() >= FEATURES_MAX {
            return Err(Fault::Features);
        }
        let children = match self.schema.node(node) {
            Node::Record(fields) => fields.len(),
            Node::Union(branches) => branches.len(),
            Node::Array(_) => 1,
            Node::Map(_) => 2,
            _ => 0,
        };
        self.places.push(Place { node, path, feature: None, children: vec![None; children] });
        Ok(self.places.len() - 1)
    }

    fn declare(&mut self, place: usize, within: &mut Vec<NodeId>, sink: &mut dyn Sink) -> Result<(), Fault> {
        let node = self.places[place].node;
        if within.contains(&node) {
            return Ok(());
        }
        match self.schema.node(node) {
            Node::Null => {}
            // No name is data here: the features of a map are its keys and values.
            nested @ (Node::Record(_) | Node::Union(_) | Node::Array(_) | Node::Map(_)) => {
                within.push(node);
                if matches!(nested, Node::Map(_)) {
                    self.key(place, sink)?;
                }
                let first = usize::from(matches!(nested, Node::Map(_)));
                for number in first..self.places[place].children.len() {
                    let child = self.child(place, number)?;
                    self.declare(child, within, sink)?;
                }
                within.pop();
            }
            _ => {
                self.feature(place, sink)?;
            }
        }
        Ok(())
    }

    fn child(&mut self, place: usize, number: usize) -> Result<usize, Fault> {
        if let Some(child) = self.places[place].children[number] {
            return Ok(child);
        }
        let path = &self.places[place].path;
        let (node, path) = match self.schema.node(self.places[place].node) {
            Node::Record(fields) => (fields[number].1, path.field(&fields[number].0)),
            Node::Union(branches) => (branches[number], path.clone()),
            Node::Array(item) => (*item, path.items()),
            Node::Map(value) => (*value, path.items().field("value")),
            _ => return Err(Fault::Damaged),
        };
        let child = self.place(node, path)?;
        self.places[place].children[number] = Some(child);
        Ok(child)
    }

    /// The feature of a map's keys.
    fn key(&mut self, place: usize, sink: &mut dyn Sink) -> Result<usize, Fault> {
        if let Some(key) = self.places[place].children[0] {
            return Ok(key);
        }
        let path = self.places[place].path.items().field("key");
        let key = self.declared(path, Some(catalog::model::FeatureType::String), sink)?;
        self.places[place].children[0] = Some(key);
        Ok(key)
    }

    /// The feature of a leaf, or of a union that holds one beside null.
    fn feature(&mut self, place: usize, sink: &mut dyn Sink) -> Result<usize, Fault> {
        if let Some(feature) = self.places[place].feature {
            return Ok(feature);
        }
        let node = self.schema.not_null(self.places[place].node);
        let kind = self.schema.node(node).feature_type();
        let feature = self.declared(self.places[place].path.clone(), kind, sink)?;
        self.places[place].feature = Some(feature);
        Ok(feature)
    }

    fn declared(
        &mut self,
        path: FeaturePath,
        kind: Option<catalog::model::FeatureType>,
        sink: &mut dyn Sink,
    ) -> Result<usize, Fault> {
        if let Some(known) = self.features.get(&path) {
            return Ok(*known);
        }
        if self.features.len() >= FEATURES_MAX {
            return Err(Fault::Features);
        }
        // A row that is no record needs a name too.
        let named = matches!(path.0.first(), Some(Segment::Name(_)));
        let shown = match named {
            true => path.clone(),
            false => FeaturePath([FeaturePath::column("value").0, path.0.clone()].concat()),
        };
        let feature = sink.feature(&shown, kind);
        self.features.insert(path, feature);
        Ok(feature)
    }

    /// Hands on the cells of one record.
    pub(super) fn record(
        &mut self,
        cursor: &mut Cursor<'_>,
        at: At,
        sink: &mut dyn Sink,
    ) -> Result<(), Fault> {
        self.value(0, cursor, at, self.nesting_max, sink)
    }

    fn value(
        &mut self,
        place: usize,
        cursor: &mut Cursor<'_>,
        at: At,
        depth: usize,
        sink: &mut dyn Sink,
    ) -> Result<(), Fault> {
        cursor.step()?;
        let deeper = depth.checked_sub(1).ok_or(Fault::Depth);
        let schema = self.schema;
        match schema.node(self.places[place].node) {
            Node::Record(fields) => {
                for number in 0..fields.len() {
                    let child = self.child(place, number)?;
                    self.value(child, cursor, at, deeper?, sink)?;
                }
            }
            Node::Union(branches) => {
                let number = usize::try_from(cursor.long()?).map_err(|_| Fault::Damaged)?;
                let chosen = *branches.get(number).ok_or(Fault::Damaged)?;
                if *schema.node(chosen) != Node::Null {
                    let child = self.child(place, number)?;
                    return self.value(child, cursor, at, deeper?, sink);
                }
                // A null where a record or a list is expected says nothing: it has no cells, as in Parquet.
                let leaf =
                    branches.iter().any(|branch| !schema.node(*branch).is_nested() && *branch != chosen);
                if leaf {
                    let feature = self.feature(place, sink)?;
                    sink.cell(feature, at, Value::Null);
                }
            }
            Node::Array(_) => {
                let child = self.child(place, 0)?;
                each_item(cursor, &mut |cursor| self.value(child, cursor, at, deeper?, sink))?;
            }
            Node::Map(_) => {
                let (key, child) = (self.key(place, sink)?, self.child(place, 1)?);
                each_item(cursor, &mut |cursor| {
                    sink.cell(key, at, bytes(BytesKind::Text, cursor.bytes()?));
                    self.value(child, cursor, at, deeper?, sink)
                })?;
            }
            leaf => {
                let value = scalar(leaf, cursor)?;
                let feature = self.feature(place, sink)?;
                sink.cell(feature, at, value);
            }
        }
        Ok(())
    }
}
