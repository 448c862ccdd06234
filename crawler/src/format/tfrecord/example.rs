//! `tf.train.Example` (tensorflow/core/example/example.proto, feature.proto): names with lists of texts, floats or integers.

/// The features of one example, as they are written.
pub(super) type Features<'a> = Vec<(&'a [u8], List<'a>)>;

/// What a feature holds.
pub(super) enum List<'a> {
    Bytes(std::vec::IntoIter<&'a [u8]>),
    Floats(Vec<f32>),
    Ints(Vec<i64>),
}

impl List<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Floats(values) => values.len(),
            Self::Ints(values) => values.len(),
        }
    }
}

/// Takes bytes for an example; `None` if they are none.
pub(super) fn features(bytes: &[u8]) -> Option<Features<'_>> {
    let mut found = Vec::new();
    let mut example = Message(bytes);
    while let Some(field) = example.field()? {
        // Sequence examples have a second field with lists of features, which are records of their own kind.
        let (1, Wire::Bytes(features)) = field else { return None };
        let mut features = Message(features);
        while let Some(field) = features.field()? {
            let (1, Wire::Bytes(entry)) = field else { return None };
            let (mut name, mut list) = (&b""[..], List::Ints(Vec::new()));
            let mut entry = Message(entry);
            while let Some(field) = entry.field()? {
                match field {
                    (1, Wire::Bytes(key)) => name = key,
                    (2, Wire::Bytes(value)) => list = self::list(value)?,
                    _ => return None,
                }
            }
            found.push((name, list));
        }
    }
    (!found.is_empty()).then_some(found)
}

fn list(bytes: &[u8]) -> Option<List<'_>> {
    let mut feature = Message(bytes);
    let mut found = List::Ints(Vec::new());
    while let Some((kind, Wire::Bytes(values))) = feature.field()? {
        let mut values = Message(values);
        found = match kind {
            1 => {
                let mut texts = Vec::new();
                while let Some((_, Wire::Bytes(text))) = values.field()? {
                    texts.push(text);
                }
                List::Bytes(texts.into_iter())
            }
            2 => {
                let mut floats = Vec::new();
                while let Some((_, value)) = values.field()? {
                    match value {
                        Wire::Bytes(packed) => {
                            floats.extend(packed.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)))
                        }
                        Wire::Four(four) => floats.push(f32::from_le_bytes(four)),
                        _ => return None,
                    }
                }
                List::Floats(floats)
            }
            3 => {
                let mut ints = Vec::new();
                while let Some((_, value)) = values.field()? {
                    match value {
                        Wire::Bytes(packed) => {
                            let mut packed = Message(packed);
                            while !packed.0.is_empty() {
                                ints.push(packed.varint()?.cast_signed());
                            }
                        }
                        Wire::Number(number) => ints.push(number.cast_signed()),
                        _ => return None,
                    }
                }
                List::Ints(ints)
            }
            _ => return None,
        };
    }
    Some(found)
}

/// What stands behind a field's number (Protocol Buffers, "Encoding").
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Four([u8; 4]),
    Eight,
}

/// A message, or what is left of it.
struct Message<'a>(&'a [u8]);

impl<'a> Message<'a> {
    /// The next field; `None` outside if it is damaged, inside at the end.
    fn field(&mut self) -> Option<Option<(u64, Wire<'a>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let tag = self.varint()?;
        let wire = match tag & 7 {
            0 => Wire::Number(self.varint()?),
            1 => {
                self.take(8)?;
                Wire::Eight
            }
            2 => {
                let len = usize::try_from(self.varint()?).ok()?;
                Wire::Bytes(self.take(len)?)
            }
            5 => Wire::Four(*self.take(4)?.first_chunk()?),
            _ => return None,
        };
        Some(Some((tag >> 3, wire)))
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}
