//! A workbook without some rows: their elements go, strings that nothing else shows are emptied in place, all else keeps its
//! bytes; members that nothing is taken from keep their compressed ones.
//!
//! Where a removed row defined a formula that others share, those keep the values that were last calculated. If formulas go,
//! so does the order of calculation (ECMA-376-1 §18.6), which names them and which every reader makes anew.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use catalog::model::Dialect;
use quick_xml::events::{BytesStart, Event};
use roaring::RoaringTreemap;

use super::book::{Book, attribute};
use super::{OFFSET_BITS, PROPERTIES, STRING_UNITS, TAKING, sheet, strings};
use crate::content::{Content, Spool};
use crate::format::package::Package;
use crate::format::passages::{copy_without, passages};
use crate::format::xml::{Events, parsable};
use crate::format::{Bounds, Edit, FormatError, Removal, Rewritten, archive};

/// Bytes that go from a member.
type Cuts = Vec<(u64, u64)>;

pub(super) fn rewrite(
    content: &Content,
    _: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let bounds = Bounds { record_bytes_max: usize::MAX, ..Bounds::default() };
    let mut package = Package::open(content, &bounds)?;
    let book = Book::open(&mut package, &bounds)?;
    let mut rewriting = Rewriting::new(&book);
    for place in 0..book.sheets.len() {
        let units = removal.units.get(book.table(place)).cloned().unwrap_or_default();
        rewriting.sheet(&mut package, place, &units)?;
    }
    let properties = removal.units.get(PROPERTIES).cloned().unwrap_or_default();
    rewriting.strings(&mut package, &properties)?;
    rewriting.calculation(&mut package)?;
    rewriting.properties(&mut package, &properties)?;
    let wanted: u64 = removal.units.values().map(RoaringTreemap::len).sum();
    if rewriting.rewritten.removed != wanted {
        return Err(FormatError::Unsupported("a row to remove is not there; the content has changed".into()));
    }
    let (rewritten, mut edits) = (rewriting.rewritten, BTreeMap::new());
    for (member, mut cuts) in rewriting.cuts {
        let original = package.content(member)?;
        if !parsable(&original)?.2 {
            return Err(FormatError::Unsupported("a part in UTF-16 cannot be changed".into()));
        }
        cuts.sort_unstable();
        let mut spool = Spool::new(u64::MAX);
        copy_without(&original, &cuts, &mut spool)?;
        edits.insert(package.names()[member].clone(), Edit::Replace(spool.finish()?));
    }
    let strings = rewriting.strings.map(|(member, content)| (member, Edit::Replace(content)));
    let calculation = rewriting.without_calculation.then_some(book.calculation).flatten();
    let others = strings.into_iter().chain(calculation.map(|member| (member, Edit::Remove)));
    edits.extend(others.map(|(member, edit)| (package.names()[member].clone(), edit)));
    archive::rewrite_members(content, &edits, out)?;
    Ok(rewritten)
}

struct Rewriting<'a> {
    book: &'a Book,
    /// By number of the member.
    cuts: BTreeMap<usize, Cuts>,
    /// The new member of strings.
    strings: Option<(usize, Content)>,
    gone_strings: RoaringTreemap,
    kept_strings: RoaringTreemap,
    without_calculation: bool,
    rewritten: Rewritten,
}

impl<'a> Rewriting<'a> {
    fn new(book: &'a Book) -> Self {
        Self {
            book,
            cuts: BTreeMap::new(),
            strings: None,
            gone_strings: RoaringTreemap::new(),
            kept_strings: RoaringTreemap::new(),
            without_calculation: false,
            rewritten: Rewritten::default(),
        }
    }

    fn sheet(
        &mut self,
        package: &mut Package,
        place: usize,
        units: &RoaringTreemap,
    ) -> Result<(), FormatError> {
        let member = self.book.sheets[place].1;
        let content = package.content(member)?;
        let (mut cuts, mut orphaned) = (Cuts::new(), BTreeSet::new());
        let mut sharing: Vec<(u64, (u64, u64))> = Vec::new();
        sheet::rows(&content, usize::MAX, &mut |row| {
            let goes = units.contains(row.ordinal);
            for cell in &row.cells {
                if cell.kind == "s"
                    && let Ok(number) = cell.text.trim().parse()
                {
                    if goes { &mut self.gone_strings } else { &mut self.kept_strings }.insert(number);
                }
                let Some(formula) = cell.formula else { continue };
                self.without_calculation |= goes;
                if goes {
                    orphaned.extend(formula.shared.filter(|_| formula.is_master));
                } else if let Some(group) = formula.shared.filter(|_| !formula.is_master) {
                    sharing.push((group, (formula.start, formula.end)));
                }
            }
            let counts = if goes { &mut self.rewritten.removed } else { &mut self.rewritten.kept };
            *counts += 1;
            if goes {
                cuts.push((row.start, row.end));
            }
            Ok(true)
        })?;
        let lost = sharing.into_iter().filter(|(group, _)| orphaned.contains(group));
        cuts.extend(lost.map(|(_, range)| range));
        if !cuts.is_empty() {
            self.cuts.entry(member).or_default().extend(cuts);
        }
        Ok(())
    }

    fn strings(&mut self, package: &mut Package, properties: &RoaringTreemap) -> Result<(), FormatError> {
        let Some(member) = self.book.strings else { return Ok(()) };
        let mut emptied = &self.gone_strings - &self.kept_strings;
        for unit in properties.iter().filter(|unit| unit & STRING_UNITS != 0) {
            emptied.insert(unit & !STRING_UNITS);
            self.rewritten.removed += 1;
        }
        if emptied.is_empty() {
            return Ok(());
        }
        let content = package.content(member)?;
        if !parsable(&content)?.2 {
            return Err(FormatError::Unsupported("strings in UTF-16 cannot be changed".into()));
        }
        let mut spool = Spool::new(u64::MAX);
        strings::write_without(&content, &emptied, &mut spool)?;
        self.strings = Some((member, spool.finish()?));
        Ok(())
    }

    /// Takes out what names the order of calculation, if that goes.
    fn calculation(&mut self, package: &mut Package) -> Result<(), FormatError> {
        self.without_calculation &= self.book.calculation.is_some();
        if !self.without_calculation {
            return Ok(());
        }
        for place in 0..package.names().len() {
            let name = package.names()[place].to_lowercase();
            if !name.ends_with(".rels") && name != "[content_types].xml" {
                continue;
            }
            let content = package.content(place)?;
            let names_it = |element: &BytesStart<'_>| {
                let of = |name| attribute(element, name).unwrap_or_default().to_lowercase();
                of("PartName").ends_with("calcchain.xml") || of("Type").ends_with("/calcchain")
            };
            let cuts = empty_elements(&content, names_it)?;
            if !cuts.is_empty() {
                self.cuts.entry(place).or_default().extend(cuts);
            }
        }
        Ok(())
    }

    /// Empties passages outside of rows.
    fn properties(&mut self, package: &mut Package, units: &RoaringTreemap) -> Result<(), FormatError> {
        let mut by_member: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
        for unit in units.iter().filter(|unit| unit & STRING_UNITS == 0) {
            let offset = unit & ((1 << OFFSET_BITS) - 1);
            by_member.entry((unit >> OFFSET_BITS) as usize).or_default().insert(offset);
        }
        for (member, offsets) in by_member {
            if member >= package.names().len() {
                continue; // the count tells
            }
            let cuts = self.cuts.entry(member).or_default();
            passages(&package.content(member)?, &TAKING, usize::MAX, &mut |passage| {
                if offsets.contains(&passage.ranges[0].0) {
                    cuts.extend_from_slice(passage.ranges);
                    self.rewritten.removed += 1;
                }
                Ok(true)
            })?;
        }
        Ok(())
    }
}

/// Where elements without content stand that are meant.
fn empty_elements(
    content: &Content,
    is_meant: impl Fn(&BytesStart<'_>) -> bool,
) -> Result<Cuts, FormatError> {
    let (mut events, mut cuts) = (Events::new(content, usize::MAX), Cuts::new());
    loop {
        let next = events.next(|event, start, end| match event {
            Event::Empty(element) if is_meant(element) => cuts.push((start, end)),
            _ => {}
        });
        match next {
            Ok(Some(())) => {}
            Ok(None) => return Ok(cuts),
            Err(stop) => return Err(stop.error()),
        }
    }
}
