//! safetensors: a JSON object of tensors, and one of texts about all of them.

use std::io::{Read, Seek, SeekFrom};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{Input, shape};
use crate::content::Content;
use crate::format::facts::{Facts, told};
use crate::format::{Bounds, FormatError, Sink};
use catalog::model::Dialect;

/// Longest header, as the reference implementation has it.
const HEADER_BYTES_MAX: u64 = 100_000_000;

pub(super) fn read(
    content: &Content,
    _: &Dialect,
    _: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    told(sink, |facts| {
        let len = u64::from_le_bytes(Input::new(content).fixed()?);
        if len > HEADER_BYTES_MAX {
            return Err(FormatError::Corrupt("its header is longer than the format allows".into()));
        }
        if len + 8 > content.len() {
            return Err(FormatError::Truncated("ends within its header".into()));
        }
        let mut header = content.clone();
        header.seek(SeekFrom::Start(8))?;
        let header = std::io::BufReader::new(header.take(len));
        let read = Fields(facts).deserialize(&mut serde_json::Deserializer::from_reader(header));
        read.map_err(|error| match error.is_io() {
            true => FormatError::Io(std::io::Error::other("its header cannot be read")),
            false => FormatError::Corrupt("its header is not the JSON that it should be".into()),
        })
    })
}

/// Takes one field after another, so that a long header is never held.
struct Fields<'f, 's>(&'f mut Facts<'s>);

impl<'de> DeserializeSeed<'de> for Fields<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == "__metadata__" {
                map.next_value_seed(Fields(&mut *self.0))?;
                continue;
            }
            match map.next_value::<Value>()? {
                Value::String(text) => self.0.add(&name, &text),
                Value::Object(tensor) => {
                    let kind = tensor.get("dtype").and_then(Value::as_str).unwrap_or("?");
                    let sizes = tensor.get("shape").and_then(Value::as_array);
                    let sizes: Vec<u64> = sizes.into_iter().flatten().filter_map(Value::as_u64).collect();
                    self.0.add(&name, &shape(kind, &sizes));
                }
                other => self.0.add(&name, &other.to_string()),
            }
        }
        Ok(())
    }
}
