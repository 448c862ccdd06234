//! ONNX: a Protocol Buffers message without a magic number. Who made it, its properties, inputs, outputs and weights by name.

use catalog::model::Dialect;

use super::Input;
use crate::content::Content;
use crate::format::facts::{Facts, told};
use crate::format::magic::certain;
use crate::format::{Bounds, FormatError, Head, Sink, Sniff};

/// Longest text.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Fields of `ModelProto` that are texts.
const TEXTS: [(u64, &str); 4] =
    [(2, "producer_name"), (3, "producer_version"), (4, "domain"), (6, "doc_string")];

/// The version of the format's own, then whatever comes next by its number: nothing else that is named so begins alike.
pub(super) fn sniff(head: &Head<'_>) -> Option<Sniff> {
    let [0x08, 1..=20, next @ (0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42), length, rest @ ..] =
        head.bytes
    else {
        return None;
    };
    let producer = rest.get(..usize::from(*length)).unwrap_or_default();
    let told = *next == 0x12
        && !producer.is_empty()
        && producer.iter().all(u8::is_ascii_graphic)
        && matches!(rest.get(producer.len()), Some(0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42));
    certain(told || head.is_named(&["onnx"]), if told { 0.9 } else { 0.8 })
}

pub(super) fn read(
    content: &Content,
    _: &Dialect,
    _: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    told(sink, |facts| {
        let mut input = Input::new(content);
        while let Some(field) = field(&mut input)? {
            match field {
                (1, Wire::Number(version)) => facts.add("ir_version", &version.to_string()),
                (5, Wire::Number(version)) => facts.add("model_version", &version.to_string()),
                (7, Wire::Bytes(len)) => graph(&mut input, len, facts)?,
                (14, Wire::Bytes(len)) => {
                    let [key, value] = texts(&mut input, len, [1, 2])?;
                    facts.add(&key, &value);
                }
                (number, Wire::Bytes(len)) => match TEXTS.iter().find(|(text, _)| *text == number) {
                    Some((_, name)) => facts.add(name, &input.text(len, TEXT_BYTES_MAX)?),
                    None => input.skip(len)?,
                },
                _ => {}
            }
        }
        Ok(())
    })
}

/// `GraphProto`: its name, what it says of itself, and the names of what goes in, comes out and was learned.
fn graph(input: &mut Input, len: u64, facts: &mut Facts<'_>) -> Result<(), FormatError> {
    let end = end_of(input, len)?;
    while input.position < end
        && let Some(field) = field(input)?
    {
        match field {
            (2, Wire::Bytes(len)) => facts.add("graph", &input.text(len, TEXT_BYTES_MAX)?),
            (10, Wire::Bytes(len)) => facts.add("graph.doc_string", &input.text(len, TEXT_BYTES_MAX)?),
            (11, Wire::Bytes(len)) => facts.add("input", &texts(input, len, [1])?[0]),
            (12, Wire::Bytes(len)) => facts.add("output", &texts(input, len, [1])?[0]),
            (5, Wire::Bytes(len)) => facts.add("initializer", &texts(input, len, [8])?[0]),
            (_, Wire::Bytes(len)) => input.skip(len)?,
            _ => {}
        }
    }
    Ok(())
}

/// Some texts of a message, by their fields' numbers; those that are not there are empty.
fn texts<const N: usize>(input: &mut Input, len: u64, wanted: [u64; N]) -> Result<[String; N], FormatError> {
    let end = end_of(input, len)?;
    let mut texts = [(); N].map(|()| String::new());
    while input.position < end
        && let Some(field) = field(input)?
    {
        if let (number, Wire::Bytes(len)) = field {
            match wanted.iter().position(|wanted| *wanted == number) {
                Some(place) => texts[place] = input.text(len, TEXT_BYTES_MAX)?,
                None => input.skip(len)?,
            }
        }
    }
    Ok(texts)
}

fn end_of(input: &Input, len: u64) -> Result<u64, FormatError> {
    match len > input.left() {
        true => Err(FormatError::Truncated("ends within its header".into())),
        false => Ok(input.position + len),
    }
}

/// What stands behind a field's number.
enum Wire {
    Number(u64),
    /// So many bytes follow.
    Bytes(u64),
    /// It was passed over.
    Passed,
}

fn field(input: &mut Input) -> Result<Option<(u64, Wire)>, FormatError> {
    let Some(tag) = input.varint()? else { return Ok(None) };
    let number = |input: &mut Input| {
        input.varint()?.ok_or_else(|| FormatError::Truncated("ends within its header".into()))
    };
    let wire = match tag & 7 {
        0 => Wire::Number(number(input)?),
        1 => {
            input.skip(8)?;
            Wire::Passed
        }
        2 => Wire::Bytes(number(input)?),
        5 => {
            input.skip(4)?;
            Wire::Passed
        }
        _ => return Err(FormatError::Corrupt("a field of its header has no known type".into())),
    };
    Ok(Some((tag >> 3, wire)))
}
