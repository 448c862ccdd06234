//! A column without the values of removed rows: its streams are decoded and encoded anew as numbers and bytes, never taken for
//! the type that they stand for, so that nothing is rounded, shifted or cut on the way.

use super::column::{lengths_of, presence};
use super::damaged;
use super::encode::{BoolsOut, IntsOut, Out, Place, RunsOut, put_long_varint, put_varint};
use super::open::{Column, Data, stream};
use super::runs::Runs;
use super::tail::Encoding;
use crate::format::FormatError;

/// Items of lists, or bytes of strings, under the rows that are taken at once.
const ITEMS_MAX: usize = 4 << 20;
const STRING_BYTES_MAX: usize = 512 << 20;

/// What a statistic of rows keeps: how many values there are, and whether some are missing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) values: u64,
    pub(super) nulls: bool,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.values += other.values;
        self.nulls |= other.nulls;
    }
}

/// A column on its way from its streams to new ones.
pub(super) struct Filter {
    source: Column,
    second: bool,
    present: Option<Out>,
    /// Kinds of streams and the streams, in the order of an index's positions.
    outs: Vec<(u64, Out)>,
    /// Entries of the dictionary that remaining rows refer to.
    indexes: Vec<u32>,
    children: Vec<Filter>,
    /// Where each group of rows begins: place of each stream, number of indexes.
    groups: Vec<(Vec<Place>, usize)>,
    tallies: Vec<Tally>,
    removed: u64,
}

/// A column as it is to be stored.
pub(super) struct Filtered {
    pub(super) id: usize,
    /// Kinds and bytes of its streams; the first so many have positions.
    pub(super) streams: Vec<(u64, Vec<u8>)>,
    pub(super) groups: Vec<Vec<Place>>,
    pub(super) tallies: Vec<Tally>,
    pub(super) total: Tally,
    pub(super) removed: u64,
    /// Entries of its dictionary, if it has one.
    pub(super) dictionary: Option<u64>,
}

impl Filter {
    pub(super) fn new(mut source: Column, encodings: &[Encoding]) -> Self {
        let second = encodings.get(source.id).is_some_and(|encoding| matches!(encoding.kind, 2 | 3));
        let ints = |kind, signed| (kind, Out::Ints(IntsOut::new(second, signed)));
        let raw = || (stream::DATA, Out::Raw(Vec::new()));
        let runs = || (stream::DATA, Out::Runs(RunsOut::default()));
        let mut inner = Vec::new();
        let outs = match &mut source.data {
            Data::Bools(_) => vec![(stream::DATA, Out::Bools(BoolsOut::default()))],
            Data::Bytes(_) => vec![runs()],
            Data::Ints(_) => vec![ints(stream::DATA, true)],
            Data::Fixed(..) => vec![raw()],
            Data::Strings { .. } => vec![raw(), ints(stream::LENGTH, false)],
            Data::Dictionary { .. } => vec![],
            Data::Times { .. } => vec![ints(stream::DATA, true), ints(stream::SECONDARY, false)],
            Data::Decimals { .. } => vec![raw(), ints(stream::SECONDARY, true)],
            Data::List { item, .. } => {
                inner.push(item.take());
                vec![ints(stream::LENGTH, false)]
            }
            Data::Map { key, value, .. } => {
                inner.extend([key.take(), value.take()]);
                vec![ints(stream::LENGTH, false)]
            }
            Data::Struct(columns) => {
                inner.append(columns);
                vec![]
            }
            Data::Union { variants, .. } => {
                inner.append(variants);
                vec![runs()]
            }
        };
        Self {
            present: source.present.is_some().then(|| Out::Bools(BoolsOut::default())),
            children: inner.into_iter().map(|column| Self::new(column, encodings)).collect(),
            source,
            second,
            outs,
            indexes: Vec::new(),
            groups: Vec::new(),
            tallies: Vec::new(),
            removed: 0,
        }
    }

    /// A group of rows begins.
    pub(super) fn group(&mut self) {
        let places = self.present.iter_mut().chain(self.outs.iter_mut().map(|(_, out)| out)).map(Out::place);
        self.groups.push((places.collect(), self.indexes.len()));
        self.tallies.push(Tally::default());
        self.children.iter_mut().for_each(Filter::group);
    }

    /// Passes on those of the parent's next values that are kept.
    pub(super) fn pass(&mut self, keep: &[bool]) -> Result<(), FormatError> {
        let there = presence(&mut self.source.present, keep.len())?;
        let mut tally = Tally::default();
        let mut inner = Vec::with_capacity(keep.len());
        for (kept, there) in keep.iter().zip(there) {
            if let (Some(Out::Bools(present)), true) = (&mut self.present, *kept) {
                present.push(there);
            }
            if there {
                inner.push(*kept);
                tally.values += u64::from(*kept);
                self.removed += u64::from(!kept);
            } else {
                tally.nulls |= kept;
            }
        }
        if let Some(last) = self.tallies.last_mut() {
            last.add(tally);
        }
        self.values(&inner)
    }

    fn values(&mut self, keep: &[bool]) -> Result<(), FormatError> {
        match (&mut self.source.data, &mut self.outs[..]) {
            (Data::Bools(bools), [(_, Out::Bools(out))]) => {
                each(keep, || bools.next(), |bit| out.push(bit))?;
            }
            (Data::Bytes(runs), [(_, Out::Runs(out))]) => each(keep, || runs.next(), |byte| out.push(byte))?,
            (Data::Ints(ints), [(_, Out::Ints(out))]) => each(keep, || ints.next(), |int| out.push(int))?,
            (Data::Fixed(data, size), [(_, Out::Raw(out))]) => {
                let mut dropped = Vec::new();
                for kept in keep {
                    dropped.clear();
                    data.take(*size, if *kept { &mut *out } else { &mut dropped })?;
                }
            }
            (Data::Strings { data, lengths }, [(_, Out::Raw(bytes)), (_, Out::Ints(out))]) => {
                let (lengths, _) = lengths_of(lengths, keep.len(), STRING_BYTES_MAX)?;
                let mut dropped = Vec::new();
                for (kept, length) in keep.iter().zip(lengths) {
                    dropped.clear();
                    data.take(length, if *kept { &mut *bytes } else { &mut dropped })?;
                    if *kept {
                        out.push(length as i64);
                    }
                }
            }
            (Data::Dictionary { indexes, dictionary }, _) => {
                for kept in keep {
                    let index = indexes.next()?;
                    dictionary.get(index)?;
                    if *kept {
                        self.indexes.push(index as u32);
                    }
                }
            }
            (Data::Times { seconds, nanos, .. }, [(_, Out::Ints(first)), (_, Out::Ints(second))]) => {
                each(keep, || seconds.next(), |int| first.push(int))?;
                each(keep, || nanos.next(), |int| second.push(int))?;
            }
            (Data::Decimals { values, scales, .. }, [(_, Out::Raw(bytes)), (_, Out::Ints(out))]) => {
                each(keep, || values.long_varint(), |value| put_long_varint(bytes, value))?;
                each(keep, || scales.next(), |int| out.push(int))?;
            }
            (Data::List { lengths, .. } | Data::Map { lengths, .. }, [(_, Out::Ints(out))]) => {
                let (lengths, total) = lengths_of(lengths, keep.len(), ITEMS_MAX)?;
                let mut items = Vec::with_capacity(total);
                for (kept, length) in keep.iter().zip(lengths) {
                    items.resize(items.len() + length, *kept);
                    if *kept {
                        out.push(length as i64);
                    }
                }
                self.children.iter_mut().try_for_each(|child| child.pass(&items))?;
            }
            (Data::Struct(_), _) => self.children.iter_mut().try_for_each(|child| child.pass(keep))?,
            (Data::Union { tags, .. }, [(_, Out::Runs(out))]) => {
                union(tags, out, &mut self.children, keep)?;
            }
            _ => return Err(damaged("a column")),
        }
        Ok(())
    }

    /// The new streams of the column and of those within it, in the schema's order.
    pub(super) fn finish(self, into: &mut Vec<Filtered>) -> Result<(), FormatError> {
        let mut streams: Vec<_> =
            self.present.into_iter().map(|present| (stream::PRESENT, present.finish())).collect();
        streams.extend(self.outs.into_iter().map(|(kind, out)| (kind, out.finish())));
        let mut groups: Vec<Vec<Place>> = Vec::with_capacity(self.groups.len());
        let mut dictionary_length = None;
        if let Data::Dictionary { dictionary, .. } = &self.source.data {
            // What only removed rows referred to goes; the others keep their order.
            let mut used = vec![false; dictionary.len()];
            self.indexes.iter().for_each(|index| used[*index as usize] = true);
            let (mut bytes, mut lengths) = (Vec::new(), Out::Ints(IntsOut::new(self.second, false)));
            let mut numbers = vec![0_i64; dictionary.len()];
            let mut next = 0_i64;
            for place in (0..dictionary.len()).filter(|place| used[*place]) {
                let value = dictionary.get(place as i64)?;
                bytes.extend(value);
                if let Out::Ints(lengths) = &mut lengths {
                    lengths.push(value.len() as i64);
                }
                numbers[place] = next;
                next += 1;
            }
            let mut ints = IntsOut::new(self.second, false);
            let (mut done, mut out) = (0, Vec::new());
            for (mut places, upto) in self.groups {
                self.indexes[done..upto].iter().for_each(|index| ints.push(numbers[*index as usize]));
                done = upto;
                places.push(ints.place());
                out.push(places);
            }
            self.indexes[done..].iter().for_each(|index| ints.push(numbers[*index as usize]));
            groups.append(&mut out);
            streams.push((stream::DATA, Out::Ints(ints).finish()));
            streams.push((stream::LENGTH, lengths.finish()));
            streams.push((stream::DICTIONARY_DATA, bytes));
            dictionary_length = Some(next.cast_unsigned());
        } else {
            groups.extend(self.groups.into_iter().map(|(places, _)| places));
        }
        let mut total = Tally::default();
        self.tallies.iter().for_each(|tally| total.add(*tally));
        into.push(Filtered {
            id: self.source.id,
            streams,
            groups,
            tallies: self.tallies,
            total,
            removed: self.removed,
            dictionary: dictionary_length,
        });
        self.children.into_iter().try_for_each(|child| child.finish(into))
    }
}

fn each<T>(
    keep: &[bool],
    mut next: impl FnMut() -> Result<T, FormatError>,
    mut put: impl FnMut(T),
) -> Result<(), FormatError> {
    for kept in keep {
        let value = next()?;
        if *kept {
            put(value);
        }
    }
    Ok(())
}

fn union(
    tags: &mut Runs,
    out: &mut RunsOut,
    variants: &mut [Filter],
    keep: &[bool],
) -> Result<(), FormatError> {
    let mut kept_of = vec![Vec::new(); variants.len()];
    for kept in keep {
        let tag = tags.next()?;
        kept_of.get_mut(usize::from(tag)).ok_or_else(|| damaged("a union"))?.push(*kept);
        if *kept {
            out.push(tag);
        }
    }
    variants.iter_mut().zip(kept_of).try_for_each(|(variant, keep)| variant.pass(&keep))
}

/// Row counts as a column's statistics; least and greatest values are left out, which readers take for "may be anything".
pub(super) fn statistics(tally: Tally) -> Vec<u8> {
    let mut bytes = vec![0x08];
    put_varint(&mut bytes, tally.values);
    bytes.extend([0x50, u8::from(tally.nulls)]);
    bytes
}
