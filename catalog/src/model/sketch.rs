//! What is kept of a blob's rows to recognise them elsewhere: keyed digests and samples of keyed digests, never values.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::BlobId;

/// A sketch of the rows of one blob version, its root part's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentSketch {
    /// The blob.
    pub blob: BlobId,
    /// Number of rows.
    pub rows: u64,
    /// Digest of that number, as of a total.
    pub count: u64,
    /// Rows, each with all of its columns and their names.
    pub sample: Sample,
    /// One entry a column, in the order of the schema.
    pub columns: Vec<ColumnSketch>,
}

/// A sketch of one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSketch {
    /// Its name, as the schema has it.
    pub name: String,
    /// Values that are there.
    pub values: u64,
    /// Different ones among them, estimated.
    pub distinct: u64,
    /// Digest of all values and how often each stands, whatever their order and the column's name.
    pub whole: u64,
    /// Digest of the sum, if all values are whole numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Whether its values are the numbers from 0 or 1 on, as far as sum and count tell; any table may have that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub serial: bool,
    /// Different values.
    pub sample: Sample,
}

/// A sample of a set by hash: two sets that share an element either both hold it in their samples or both leave it out,
/// so far as both look at the same share of all hashes.
///
/// An element belongs to a level with the zeros that its hash begins with; the sample holds all elements from
/// `level` on. Levels stand beside the digests, so that samples of different levels can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sample {
    /// Elements of lower levels were left out; 0: all elements are here.
    pub level: u8,
    /// Keyed digests, each with its level in the last six bits; ascending.
    pub elements: Vec<u64>,
}

/// Bytes an element is kept in.
const ELEMENT_BYTES: usize = 6;
const LEVEL_BITS: u32 = 6;

impl Sample {
    /// The element of a digest at a level.
    pub fn element(digest: u64, level: u32) -> u64 {
        let digest = digest & ((1 << (8 * ELEMENT_BYTES)) - 1);
        (digest >> LEVEL_BITS << LEVEL_BITS) | u64::from(level.min((1 << LEVEL_BITS) - 1))
    }

    /// Elements of a level or a higher one.
    pub fn from_level(&self, level: u8) -> impl Iterator<Item = u64> + '_ {
        let mask = (1 << LEVEL_BITS) - 1;
        self.elements.iter().copied().filter(move |element| element & mask >= u64::from(level))
    }
}

impl Serialize for Sample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = vec![self.level];
        for element in &self.elements {
            bytes.extend(&element.to_be_bytes()[8 - ELEMENT_BYTES..]);
        }
        if serializer.is_human_readable() {
            serializer.serialize_str(&hex::encode(bytes))
        } else {
            serializer.serialize_bytes(&bytes)
        }
    }
}

impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = if deserializer.is_human_readable() {
            hex::decode(String::deserialize(deserializer)?).map_err(D::Error::custom)?
        } else {
            deserializer.deserialize_bytes(Bytes)?
        };
        let (level, elements) =
            bytes.split_first().ok_or_else(|| D::Error::custom("a sample has a level"))?;
        let whole = elements.chunks_exact(ELEMENT_BYTES);
        if !whole.remainder().is_empty() {
            return Err(D::Error::custom("a sample ends within an element"));
        }
        let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        Ok(Self { level: *level, elements: whole.map(number).collect() })
    }
}

struct Bytes;

impl serde::de::Visitor<'_> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(bytes.to_vec())
    }
}
