//! Protocol Buffers as far as ORC's tails need them: a message is its fields in order, known ones and others, so that what is
//! written again keeps those that nobody here knows.

use bytes::Bytes;

use super::damaged;
use super::encode::put_varint;
use crate::format::FormatError;

/// A field's value on the wire.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wire {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(Bytes),
    Fixed32([u8; 4]),
}

/// Fields by number, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Message(pub(super) Vec<(u32, Wire)>);

/// A varint from the front of `bytes`.
pub(super) fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

impl Message {
    pub(super) fn parse(bytes: &Bytes) -> Result<Self, FormatError> {
        Self::fields(bytes).map(Self).ok_or_else(|| damaged("footer"))
    }

    fn fields(bytes: &Bytes) -> Option<Vec<(u32, Wire)>> {
        let (mut fields, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            let key = varint(bytes, &mut at)?;
            let number = u32::try_from(key >> 3).ok().filter(|number| *number > 0)?;
            let wire = match key & 7 {
                0 => Wire::Varint(varint(bytes, &mut at)?),
                1 => Wire::Fixed64(take(bytes, &mut at, 8)?.as_ref().try_into().ok()?),
                2 => {
                    let length = usize::try_from(varint(bytes, &mut at)?).ok()?;
                    Wire::Bytes(take(bytes, &mut at, length)?)
                }
                5 => Wire::Fixed32(take(bytes, &mut at, 4)?.as_ref().try_into().ok()?),
                _ => return None,
            };
            fields.push((number, wire));
        }
        Some(fields)
    }

    /// The last value of a number, as the wire format has it.
    pub(super) fn uint(&self, field: u32) -> Option<u64> {
        self.0.iter().rev().find_map(|(number, wire)| match wire {
            Wire::Varint(value) if *number == field => Some(*value),
            _ => None,
        })
    }

    /// A number that is 0 where it is left out.
    pub(super) fn number(&self, field: u32) -> u64 {
        self.uint(field).unwrap_or(0)
    }

    /// All byte strings and messages of a field.
    pub(super) fn all(&self, field: u32) -> impl Iterator<Item = &Bytes> {
        self.0.iter().filter_map(move |(number, wire)| match wire {
            Wire::Bytes(bytes) if *number == field => Some(bytes),
            _ => None,
        })
    }

    /// All messages of a field.
    pub(super) fn messages(&self, field: u32) -> Result<Vec<Message>, FormatError> {
        self.all(field).map(Message::parse).collect()
    }

    /// Repeated numbers, packed or not.
    pub(super) fn numbers(&self, field: u32) -> Result<Vec<u64>, FormatError> {
        let mut numbers = Vec::new();
        for (_, wire) in self.0.iter().filter(|(number, _)| *number == field) {
            match wire {
                Wire::Varint(value) => numbers.push(*value),
                Wire::Bytes(bytes) => {
                    let mut at = 0;
                    while at < bytes.len() {
                        numbers.push(varint(bytes, &mut at).ok_or_else(|| damaged("footer"))?);
                    }
                }
                _ => return Err(damaged("footer")),
            }
        }
        Ok(numbers)
    }
}

impl Message {
    /// Puts a field's values where its first one stood, or at the end.
    pub(super) fn replace(&mut self, field: u32, values: Vec<Wire>) {
        let place = self.0.iter().position(|(number, _)| *number == field).unwrap_or(self.0.len());
        self.0.retain(|(number, _)| *number != field);
        self.0.splice(place..place, values.into_iter().map(|value| (field, value)));
    }

    pub(super) fn set(&mut self, field: u32, value: u64) {
        self.replace(field, vec![Wire::Varint(value)]);
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (number, wire) in &self.0 {
            let kind = match wire {
                Wire::Varint(_) => 0,
                Wire::Fixed64(_) => 1,
                Wire::Bytes(_) => 2,
                Wire::Fixed32(_) => 5,
            };
            put_varint(&mut out, u64::from(*number) << 3 | kind);
            match wire {
                Wire::Varint(value) => put_varint(&mut out, *value),
                Wire::Fixed64(bytes) => out.extend(bytes),
                Wire::Fixed32(bytes) => out.extend(bytes),
                Wire::Bytes(bytes) => {
                    put_varint(&mut out, bytes.len() as u64);
                    out.extend_from_slice(bytes);
                }
            }
        }
        out
    }
}

fn take(bytes: &Bytes, at: &mut usize, count: usize) -> Option<Bytes> {
    let end = at.checked_add(count).filter(|end| *end <= bytes.len())?;
    let taken = bytes.slice(*at..end);
    *at = end;
    Some(taken)
}
