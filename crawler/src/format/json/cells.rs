//! Tokens of a value as cells, without building the value: paths by a tree of features, units by what encloses them.

use std::collections::HashMap;

use catalog::model::{FeaturePath, Value};

use super::super::{At, Bounds, Sink, WHOLE};
use super::lexer::{LexError, Lexer, Source, Token};

/// Names under one object before it is a dictionary whose names are data.
const NAMES_MAX: usize = 256;
/// A name longer than this is data.
const NAME_BYTES_MAX: usize = 64;
/// A name with this many digits is data: a number of a customer, a telephone.
const NAME_DIGITS_MAX: usize = 6;

/// What would be removed to remove a cell.
#[derive(Clone, Copy, Debug)]
pub(in crate::format) enum Unit {
    /// Nothing less than all of it.
    Whole,
    /// An array's element that is no object: gives way to an object within it.
    Element(u64),
    /// An array's element that is an object: gives way to a deeper one.
    Object(u64),
    /// The same for all cells: a line.
    Fixed(u64),
}

impl Unit {
    /// The unit of cells in an array's element, or in one of several documents, that begins at `offset`.
    pub(in crate::format) fn of_element(self, token: Token, offset: u64) -> Self {
        match (self, token) {
            (Self::Fixed(_), _) => self,
            (_, Token::BeginObject) => Self::Object(offset),
            (Self::Whole, _) => Self::Element(offset),
            _ => self,
        }
    }

    pub(in crate::format) fn number(self) -> u64 {
        match self {
            Self::Whole => WHOLE,
            Self::Element(unit) | Self::Object(unit) | Self::Fixed(unit) => unit,
        }
    }
}

/// The tree of features seen so far.
pub(in crate::format) struct Features {
    nodes: Vec<Node>,
}

#[derive(Default)]
struct Node {
    path: FeaturePath,
    feature: Option<usize>,
    children: HashMap<String, usize>,
    /// Children in the order in which they first came, which records of one writer repeat.
    order: Vec<(String, usize)>,
    items: Option<usize>,
}

/// Node of the row itself.
pub(in crate::format) const ROOT: usize = 0;

impl Features {
    pub(in crate::format) fn new() -> Self {
        Self { nodes: vec![Node::default()] }
    }

    fn add(&mut self, path: FeaturePath) -> usize {
        self.nodes.push(Node { path, ..Node::default() });
        self.nodes.len() - 1
    }

    /// The node of a named field.
    pub(in crate::format) fn child(&mut self, node: usize, name: &str) -> usize {
        if let Some(child) = self.nodes[node].children.get(name) {
            return *child;
        }
        let child = self.add(self.nodes[node].path.field(name));
        self.nodes[node].children.insert(name.to_owned(), child);
        self.nodes[node].order.push((name.to_owned(), child));
        child
    }

    /// The node of a known field, looked for first where it stood in earlier records; `next` goes on from there.
    fn known(&self, node: usize, name: &str, next: &mut usize) -> Option<usize> {
        let node = &self.nodes[node];
        match node.order.get(*next) {
            Some((expected, child)) if expected == name => {
                *next += 1;
                Some(*child)
            }
            _ => {
                let child = *node.children.get(name)?;
                *next = node.order.iter().position(|(_, known)| *known == child).map_or(0, |place| place + 1);
                Some(child)
            }
        }
    }

    pub(in crate::format) fn items(&mut self, node: usize) -> usize {
        if let Some(items) = self.nodes[node].items {
            return items;
        }
        let items = self.add(self.nodes[node].path.items());
        self.nodes[node].items = Some(items);
        items
    }

    /// Whether a field of this name came before.
    pub(in crate::format) fn is_known(&self, node: usize, name: &str) -> bool {
        self.nodes[node].children.contains_key(name)
    }

    /// Whether a name must not become part of a path: paths are recorded, and people's addresses serve as names too.
    pub(in crate::format) fn is_data(&self, node: usize, name: &str) -> bool {
        let node = &self.nodes[node];
        node.children.len() >= NAMES_MAX
            || name.len() > NAME_BYTES_MAX
            || name.contains('@')
            || name.bytes().filter(u8::is_ascii_digit).count() >= NAME_DIGITS_MAX
    }

    /// The feature of a node's own value.
    pub(in crate::format) fn feature(&mut self, node: usize, sink: &mut dyn Sink) -> usize {
        let node = &mut self.nodes[node];
        *node.feature.get_or_insert_with(|| {
            // A value that is the whole row, or an item of it, needs a name too.
            let named = matches!(node.path.0.first(), Some(catalog::model::Segment::Name(_)));
            let path = if named {
                node.path.clone()
            } else {
                let mut segments = FeaturePath::column("value").0;
                segments.extend(node.path.0.iter().cloned());
                FeaturePath(segments)
            };
            sink.feature(&path, None)
        })
    }

    pub(in crate::format) fn is_nested(&self, node: usize) -> bool {
        self.nodes[node].items.is_some() || !self.nodes[node].children.is_empty()
    }
}

/// An open array or object.
struct Frame {
    node: usize,
    unit: Unit,
    is_array: bool,
    /// Where the next name is expected among the node's.
    next: usize,
}

/// Hands on the cells of values of one part.
pub(in crate::format) struct Cells {
    pub(in crate::format) features: Features,
    nesting_max: usize,
    /// Values nested too deeply: their cells count as those of the deepest array or object allowed.
    pub(in crate::format) too_deep: u64,
    /// Strings longer than what is kept.
    pub(in crate::format) cut: u64,
}

impl Cells {
    pub(in crate::format) fn new(bounds: &Bounds) -> Self {
        Self { features: Features::new(), nesting_max: bounds.nesting_max, too_deep: 0, cut: 0 }
    }

    /// Emits the value that `token` begins, at `node`, up to its end.
    pub(in crate::format) fn value<S: Source>(
        &mut self,
        lexer: &mut Lexer<S>,
        token: Token,
        node: usize,
        place: (u64, Unit, u64),
        sink: &mut dyn Sink,
    ) -> Result<(), LexError> {
        let (row, unit, base) = place;
        let mut open: Vec<Frame> = Vec::new();
        let mut pending = Some((token, node, unit));
        loop {
            let (token, node, unit) = match pending.take() {
                Some(value) => value,
                None => {
                    let depth = open.len();
                    let Some(frame) = open.last_mut() else { return Ok(()) };
                    let (node, unit, is_array) = (frame.node, frame.unit, frame.is_array);
                    match lexer.next()? {
                        Token::EndArray | Token::EndObject => {
                            open.pop();
                            continue;
                        }
                        Token::Key => {
                            let at = self.at(lexer, row, unit, base);
                            let child = self.member(&lexer.text(), (node, &mut frame.next), at, depth, sink);
                            (lexer.next()?, child, unit)
                        }
                        token if is_array => (token, node, unit.of_element(token, base + lexer.start())),
                        token => (token, node, unit),
                    }
                }
            };
            match token {
                Token::BeginObject | Token::BeginArray => {
                    let is_array = token == Token::BeginArray;
                    let inner = if open.len() >= self.nesting_max {
                        self.too_deep += 1;
                        node
                    } else if is_array {
                        self.features.items(node)
                    } else {
                        node
                    };
                    open.push(Frame { node: inner, unit, is_array, next: 0 });
                }
                scalar => {
                    let at = self.at(lexer, row, unit, base);
                    self.scalar(lexer, scalar, node, at, sink);
                    self.cut += u64::from(lexer.take_cut());
                }
            }
        }
    }

    fn at<S: Source>(&self, lexer: &Lexer<S>, row: u64, unit: Unit, base: u64) -> At {
        At { row, unit: unit.number(), offset: Some(base + lexer.start()) }
    }

    /// The node of a member's value. A name that is data is a cell itself, as in Parquet's maps: `key` and `value` of items.
    fn member(
        &mut self,
        name: &str,
        (node, next): (usize, &mut usize),
        at: At,
        depth: usize,
        sink: &mut dyn Sink,
    ) -> usize {
        if depth > self.nesting_max {
            return node;
        }
        if let Some(known) = self.features.known(node, name, next) {
            return known;
        }
        if !self.features.is_data(node, name) {
            return self.features.child(node, name);
        }
        let entry = self.features.items(node);
        let key = self.features.child(entry, "key");
        let feature = self.features.feature(key, sink);
        sink.cell(feature, at, Value::Text(name.into()));
        self.features.child(entry, "value")
    }

    fn scalar<S: Source>(
        &mut self,
        lexer: &Lexer<S>,
        token: Token,
        node: usize,
        at: At,
        sink: &mut dyn Sink,
    ) {
        // A null where a struct or list is expected says nothing: it has no cells, as in Parquet.
        if token == Token::Null && self.features.is_nested(node) {
            return;
        }
        let feature = self.features.feature(node, sink);
        let text = lexer.text();
        let value = match token {
            Token::String => Value::Text(text),
            Token::Number => number(&text),
            Token::True => Value::Bool(true),
            Token::False => Value::Bool(false),
            _ => Value::Null,
        };
        sink.cell(feature, at, value);
    }
}

/// A number as the narrowest type that holds all of its digits.
pub(in crate::format) fn number(text: &str) -> Value<'_> {
    if let Ok(value) = text.parse::<i64>() {
        if value != 0 || !text.starts_with('-') {
            return Value::Int(value);
        }
    } else if let Ok(value) = text.parse::<u64>() {
        return Value::UInt(value);
    }
    let digits = text.split(['e', 'E']).next().unwrap_or(text).bytes().filter(u8::is_ascii_digit).count();
    match text.parse::<f64>() {
        // 15 digits survive a double and back (IEEE 754); whole numbers beyond 64 bits and longer fractions stay text.
        Ok(value) if value.is_finite() && (digits <= 15 || value.to_string() == text) => Value::Float(value),
        _ => Value::Decimal(text.into()),
    }
}
