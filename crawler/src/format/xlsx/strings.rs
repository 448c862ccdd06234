//! Shared strings (ECMA-376-1 §18.4): read once into one text, in memory or on disk as its size asks, and looked up by number.

use std::io::Write;

use quick_xml::events::Event;
use roaring::RoaringTreemap;

use crate::content::{Content, Spool};
use crate::format::xml::{Events, resolve};
use crate::format::{Bounds, FormatError};

/// Strings of one workbook that are looked up; the rest is a limit that was reached.
const STRINGS_MAX: usize = 32 << 20;

/// The strings by number.
pub(super) struct Strings {
    text: Content,
    /// Where each ends.
    ends: Vec<u64>,
}

/// An item: where it stands, what it says, and how it is spoken if that is said.
struct Item {
    start: u64,
    end: u64,
    text: String,
    spoken: String,
}

impl Strings {
    pub(super) fn none() -> Self {
        Self { text: Content::from(Vec::new()), ends: Vec::new() }
    }

    pub(super) fn read(content: &Content, bounds: &Bounds) -> Result<Self, FormatError> {
        let (mut spool, mut ends, mut end) = (Spool::new(bounds.decoded_bytes_max), Vec::new(), 0);
        items(content, bounds.record_bytes_max, &mut |item| {
            if ends.len() >= STRINGS_MAX {
                return Err(FormatError::Limit(format!("has more than {STRINGS_MAX} shared strings")));
            }
            // No character of XML is NUL.
            let spoken = if item.spoken.is_empty() { "" } else { "\0" };
            for part in [&item.text, spoken, &item.spoken] {
                spool.write_all(part.as_bytes())?;
                end += part.len() as u64;
            }
            ends.push(end);
            Ok(())
        })?;
        Ok(Self { text: spool.finish()?, ends })
    }

    pub(super) fn len(&self) -> u64 {
        self.ends.len() as u64
    }

    /// The string of a number, and how it is spoken if that is said; `None` if there is none.
    pub(super) fn get(&self, number: u64) -> Result<Option<(String, String)>, FormatError> {
        let place = number as usize;
        let Some(end) = self.ends.get(place) else { return Ok(None) };
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        let bytes = self.text.range(start, (end - start) as usize)?;
        let both = String::from_utf8_lossy(&bytes);
        let (text, spoken) = both.split_once('\0').unwrap_or((&both, ""));
        Ok(Some((text.to_owned(), spoken.to_owned())))
    }
}

/// Writes the member with some items empty, every other byte as it was: numbers must stay what they are.
pub(super) fn write_without(
    content: &Content,
    emptied: &RoaringTreemap,
    out: &mut (dyn Write + Send),
) -> Result<(), FormatError> {
    let (mut position, mut number) = (0, 0);
    let mut pieces: Vec<(u64, u64)> = Vec::new();
    items(content, usize::MAX, &mut |item| {
        if emptied.contains(number) {
            pieces.push((item.start, item.end));
        }
        number += 1;
        Ok(())
    })?;
    for (start, end) in pieces {
        crate::format::passages::copy_without(
            &content.clone(),
            &[(0, position), (start, content.len())],
            out,
        )?;
        // A prefixed root wants prefixed items; the item's own tags tell.
        let tag = content.range(start, 64)?;
        let name: Vec<u8> =
            tag[1..].iter().copied().take_while(|byte| !b" />\t\r\n".contains(byte)).collect();
        let prefix = name.strip_suffix(b"si").unwrap_or_default();
        for part in [&b"<"[..], &name, b"><", prefix, b"t/></", &name, b">"] {
            out.write_all(part)?;
        }
        position = end;
    }
    crate::format::passages::copy_without(content, &[(0, position)], out)?;
    Ok(())
}

fn items(
    content: &Content,
    bytes_max: usize,
    each: &mut dyn FnMut(Item) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let mut events = Events::new(content, bytes_max);
    let mut open: Option<Item> = None;
    let (mut in_text, mut in_spoken) = (false, false);
    loop {
        let next = events.next(|event, start, end| {
            let mut done = None;
            match event {
                Event::Start(element) => match element.local_name().as_ref() {
                    b"si" => {
                        open = Some(Item { start, end, text: String::new(), spoken: String::new() });
                    }
                    b"t" => in_text = true,
                    b"rPh" => in_spoken = true,
                    _ => {}
                },
                Event::Empty(element) if element.local_name().as_ref() == b"si" => {
                    done = Some(Item { start, end, text: String::new(), spoken: String::new() });
                }
                Event::End(element) => match element.local_name().as_ref() {
                    b"si" => done = open.take().map(|item| Item { end, ..item }),
                    b"t" => in_text = false,
                    b"rPh" => in_spoken = false,
                    _ => {}
                },
                Event::Text(text) if in_text => add(&mut open, &String::from_utf8_lossy(text), in_spoken),
                Event::CData(text) if in_text => add(&mut open, &String::from_utf8_lossy(text), in_spoken),
                Event::GeneralRef(name) if in_text => {
                    let name = format!("&{};", String::from_utf8_lossy(name));
                    add(&mut open, &resolve(&name), in_spoken);
                }
                _ => {}
            }
            let too_long = open.as_ref().is_some_and(|item| item.text.len() > bytes_max);
            (done, too_long)
        });
        match next {
            Ok(Some((_, true))) => return Err(FormatError::Limit("a shared string is too long".into())),
            Ok(Some((Some(item), _))) => each(item)?,
            Ok(Some((None, _))) => {}
            Ok(None) => return Ok(()),
            Err(stop) => return Err(stop.error()),
        }
    }
}

fn add(open: &mut Option<Item>, text: &str, spoken: bool) {
    if let Some(item) = open {
        if spoken { &mut item.spoken } else { &mut item.text }.push_str(text);
    }
}
