//! A schema from the header as nodes to follow: names resolved, logical types chosen (specification, "Schema Declaration").

use std::collections::HashMap;

use catalog::model::FeatureType;
use serde_json::{Map, Value as Json};

use crate::format::FormatError;

/// Nodes of one schema; a schema of this size was not written by hand or by any tool that we know.
const NODES_MAX: usize = 100_000;
/// Bytes of a `fixed`; a longer one would be a value of that length in every record.
const FIXED_BYTES_MAX: u64 = 16 << 20;

/// Number of a node.
pub(super) type NodeId = usize;

/// A type and how its values are to be taken.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    Bool,
    /// `int` and `long` have one encoding.
    Int(IntKind),
    Float,
    Double,
    Bytes(BytesKind),
    Fixed(usize, BytesKind),
    Enum(Vec<String>),
    Array(NodeId),
    Map(NodeId),
    Union(Vec<NodeId>),
    Record(Vec<(String, NodeId)>),
}

/// What a number means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum IntKind {
    Plain,
    Date,
    /// Time of day, in this many units a second.
    Time(i64),
    /// Point in time, in this many units a second.
    Timestamp(i64),
}

/// What bytes mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum BytesKind {
    Plain,
    Text,
    /// Big-endian two's complement, with this many digits after the point.
    Decimal(u32),
    Uuid,
}

impl Node {
    /// The type of a leaf, if the schema says it.
    pub(super) fn feature_type(&self) -> Option<FeatureType> {
        Some(match self {
            Self::Bool => FeatureType::Bool,
            Self::Int(IntKind::Plain) => FeatureType::Int,
            Self::Int(IntKind::Date) => FeatureType::Date,
            Self::Int(IntKind::Timestamp(_)) => FeatureType::Timestamp,
            Self::Float
            | Self::Double
            | Self::Bytes(BytesKind::Decimal(_))
            | Self::Fixed(_, BytesKind::Decimal(_)) => FeatureType::Float,
            Self::Bytes(BytesKind::Plain) | Self::Fixed(_, BytesKind::Plain) => FeatureType::Bytes,
            Self::Int(IntKind::Time(_)) | Self::Bytes(_) | Self::Fixed(..) | Self::Enum(_) => {
                FeatureType::String
            }
            Self::Null | Self::Array(_) | Self::Map(_) | Self::Union(_) | Self::Record(_) => return None,
        })
    }

    pub(super) fn is_nested(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Map(_) | Self::Record(_))
    }
}

/// A schema to follow while records are read.
#[derive(Debug)]
pub(super) struct Schema {
    nodes: Vec<Node>,
    pub(super) root: NodeId,
}

impl Schema {
    /// # Errors
    /// If it is not a schema, or too large. JSON of more than 128 levels does not get here.
    pub(super) fn compile(json: &Json) -> Result<Self, FormatError> {
        let mut compiler = Compiler { nodes: Vec::new(), named: HashMap::new() };
        let root = compiler.node(json, "")?;
        Ok(Self { nodes: compiler.nodes, root })
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// What a union holds beside null, if that is one type, else the node itself.
    pub(super) fn not_null(&self, id: NodeId) -> NodeId {
        let Node::Union(branches) = self.node(id) else { return id };
        let mut others = branches.iter().filter(|branch| *self.node(**branch) != Node::Null);
        match (others.next(), others.next()) {
            (Some(only), None) => *only,
            _ => id,
        }
    }
}

struct Compiler {
    nodes: Vec<Node>,
    named: HashMap<String, NodeId>,
}

fn bad(what: &str) -> FormatError {
    FormatError::Corrupt(format!("its schema has {what}"))
}

fn text<'a>(object: &'a Map<String, Json>, key: &str) -> Option<&'a str> {
    object.get(key)?.as_str()
}

impl Compiler {
    fn add(&mut self, node: Node) -> Result<NodeId, FormatError> {
        if self.nodes.len() >= NODES_MAX {
            return Err(FormatError::Limit("its schema is larger than the limit allows".into()));
        }
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    fn node(&mut self, json: &Json, namespace: &str) -> Result<NodeId, FormatError> {
        match json {
            Json::String(name) => self.reference(name, namespace),
            Json::Array(branches) => {
                let branches: Result<_, _> =
                    branches.iter().map(|branch| self.node(branch, namespace)).collect();
                self.add(Node::Union(branches?))
            }
            Json::Object(object) => match object.get("type") {
                Some(Json::String(name)) => self.typed(name, object, namespace),
                // `{"type": {"type": "array", …}}` is written by some.
                Some(nested) => self.node(nested, namespace),
                None => Err(bad("an object without a type")),
            },
            _ => Err(bad("a value that is no type")),
        }
    }

    fn reference(&mut self, name: &str, namespace: &str) -> Result<NodeId, FormatError> {
        let plain = match name {
            "null" => Node::Null,
            "boolean" => Node::Bool,
            "int" | "long" => Node::Int(IntKind::Plain),
            "float" => Node::Float,
            "double" => Node::Double,
            "bytes" => Node::Bytes(BytesKind::Plain),
            "string" => Node::Bytes(BytesKind::Text),
            _ => {
                let known = self.named.get(&full(name, namespace)).or_else(|| self.named.get(name));
                return known.copied().ok_or_else(|| bad("a name that nothing bears"));
            }
        };
        self.add(plain)
    }

    fn typed(
        &mut self,
        name: &str,
        object: &Map<String, Json>,
        namespace: &str,
    ) -> Result<NodeId, FormatError> {
        let logical = text(object, "logicalType").unwrap_or_default();
        let scale = object.get("scale").and_then(Json::as_u64).and_then(|scale| u32::try_from(scale).ok());
        let bytes = |plain| match logical {
            "decimal" => BytesKind::Decimal(scale.unwrap_or(0)),
            "uuid" => BytesKind::Uuid,
            _ => plain,
        };
        match name {
            "int" | "long" => self.add(Node::Int(int_kind(logical))),
            "bytes" => self.add(Node::Bytes(match bytes(BytesKind::Plain) {
                BytesKind::Uuid => BytesKind::Plain,
                kind => kind,
            })),
            "array" => {
                let items = object.get("items").ok_or_else(|| bad("an array without items"))?;
                let items = self.node(items, namespace)?;
                self.add(Node::Array(items))
            }
            "map" => {
                let values = object.get("values").ok_or_else(|| bad("a map without values"))?;
                let values = self.node(values, namespace)?;
                self.add(Node::Map(values))
            }
            "fixed" => {
                let size = object.get("size").and_then(Json::as_u64);
                let size = size.filter(|size| *size <= FIXED_BYTES_MAX);
                let size = size.ok_or_else(|| bad("a fixed without a size"))? as usize;
                let kind = bytes(BytesKind::Plain);
                let kind = if kind == BytesKind::Uuid && size != 16 { BytesKind::Plain } else { kind };
                let id = self.add(Node::Fixed(size, kind))?;
                self.name(object, namespace, id);
                Ok(id)
            }
            "enum" => {
                let symbols = object.get("symbols").and_then(Json::as_array);
                let symbols: Option<Vec<String>> = symbols.and_then(|symbols| {
                    symbols.iter().map(|symbol| symbol.as_str().map(str::to_owned)).collect()
                });
                let id = self.add(Node::Enum(symbols.ok_or_else(|| bad("an enum without symbols"))?))?;
                self.name(object, namespace, id);
                Ok(id)
            }
            "record" | "error" => self.record(object, namespace),
            _ => self.reference(name, namespace),
        }
    }

    fn record(&mut self, object: &Map<String, Json>, namespace: &str) -> Result<NodeId, FormatError> {
        // Named before its fields are looked at: they may be of its own type.
        let id = self.add(Node::Record(Vec::new()))?;
        let inner = self.name(object, namespace, id);
        let fields = object.get("fields").and_then(Json::as_array);
        let mut compiled = Vec::new();
        for field in fields.ok_or_else(|| bad("a record without fields"))? {
            let field = field.as_object().ok_or_else(|| bad("a field that is no object"))?;
            let name = text(field, "name").ok_or_else(|| bad("a field without a name"))?;
            let kind = field.get("type").ok_or_else(|| bad("a field without a type"))?;
            // A logical type beside the field's type rather than in it has no effect, as in the reference implementation.
            compiled.push((name.to_owned(), self.node(kind, &inner)?));
        }
        self.nodes[id] = Node::Record(compiled);
        Ok(id)
    }

    /// Registers a named type and its aliases; answers the namespace within it.
    fn name(&mut self, object: &Map<String, Json>, namespace: &str, id: NodeId) -> String {
        let name = text(object, "name").unwrap_or_default();
        let own = text(object, "namespace").unwrap_or(namespace);
        let full_name = full(name, own);
        let inner = full_name.rsplit_once('.').map_or("", |(space, _)| space).to_owned();
        self.named.insert(full_name, id);
        inner
    }
}

/// A name with its namespace, unless it has one.
fn full(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

fn int_kind(logical: &str) -> IntKind {
    match logical {
        "date" => IntKind::Date,
        "time-millis" => IntKind::Time(1_000),
        "time-micros" => IntKind::Time(1_000_000),
        "timestamp-millis" | "local-timestamp-millis" => IntKind::Timestamp(1_000),
        "timestamp-micros" | "local-timestamp-micros" => IntKind::Timestamp(1_000_000),
        "timestamp-nanos" | "local-timestamp-nanos" => IntKind::Timestamp(1_000_000_000),
        _ => IntKind::Plain,
    }
}
