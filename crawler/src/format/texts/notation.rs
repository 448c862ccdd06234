//! Notations that sciences and standards write facts in: graphs (RDF 1.1), sequences of genes and proteins, molecules, translations,
//! document types.
//!
//! N-Triples, N-Quads and Turtle are W3C Recommendations of 2014-02-25; SAM and VCF are specified by samtools/hts-specs, PDB by the
//! wwPDB (3.30), CIF by the IUCr (1.1), GenBank's flat file by the NCBI's release notes, PO by GNU gettext's manual, DTD by XML 1.0.

use std::sync::LazyLock;

use regex::Regex;

use super::Text;
use crate::format::{Head, Sniff};

/// How sure the grammar of a whole file makes: surer than a table that it could pass for.
const BY_GRAMMAR: f32 = 0.97;
/// And a name that the grammar does not speak against.
const BY_NAME: f32 = 0.9;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is valid")
}

static STATEMENT: LazyLock<Regex> = LazyLock::new(|| {
    let (iri, node, text) =
        (r"<[^<>\s]*>", r"_:[^\s<>]+", r#""(?:[^"\\]|\\.)*"(?:\^\^<[^<>\s]*>|@[A-Za-z0-9-]+)?"#);
    pattern(&format!(
        r"^\s*(?:{iri}|{node})\s*{iri}\s*(?:{iri}|{node}|{text})\s*(?P<graph>{iri}|{node})?\s*\.\s*(?:#.*)?$"
    ))
});
static PREFIX: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*@(?:prefix\s+[^\s:<]*:|base)\s*<[^<>]*>\s*\."));
static NUCLEOTIDES: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[ACGTUNRYKMSWBDHVacgtun*.-]+\s*$"));
static PROTEIN: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[A-Z*-]{20,}\s*$"));
static LETTERS: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[A-Za-z*.\s-]+$"));
static ALIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^[^\t@]+\t\d+\t[^\t]+\t\d+\t\d+\t(?:\*|(?:\d+[MIDNSHPX=])+)\t[^\t]+\t\d+\t-?\d+\t(?:\*|[A-Za-z=.]+)\t\S+",
    )
});
static VARIANT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^[^\t#]+\t\d+\t[^\t]+\t[ACGTNacgtn.*]+\t[^\t]+\t[^\t]+\t[^\t]+\t[^\t]+"));
static ATOM: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^(?:ATOM  |HETATM)[ \d]{5} "));
static ITEM: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?m)^\s*(?:loop_\s*$|_[A-Za-z][\w.\[\]/%-]*(?:\s|$))"));
static MESSAGE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?m)^msgid\s+"[^\n]*"\s*\n(?:"[^\n]*"\s*\n|msgid_plural [^\n]*\n)*msgstr"#));
static AROUND: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?s)^(?:\s|<!--.*?-->|<\?.*?\?>)*"));
static DECLARATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:<!(?:ELEMENT|ATTLIST|ENTITY|NOTATION)\s|<!\[\s*(?:%|INCLUDE|IGNORE)|%[A-Za-z][\w.-]*;)")
});

/// All lines statements of a triple, or of a triple and its graph.
fn statements(head: &Head<'_>, with_graph: bool) -> Option<Sniff> {
    let text = Text::of(head)?;
    let (mut all, mut graphs) = (0_u32, 0_u32);
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')).take(300) {
        let found = STATEMENT.captures(line)?;
        all += 1;
        graphs += u32::from(found.name("graph").is_some());
    }
    let named = |names: &[&str]| head.is_named(names);
    let is_quads = graphs > 0 || named(super::NQUADS.extensions);
    (all > 0 && is_quads == with_graph && !named(super::TURTLE.extensions)).then(|| text.sure(BY_GRAMMAR))?
}

pub(super) fn ntriples(head: &Head<'_>) -> Option<Sniff> {
    statements(head, false).or_else(|| by_name(head, super::NTRIPLES.extensions, is_of_graph))
}

pub(super) fn nquads(head: &Head<'_>) -> Option<Sniff> {
    statements(head, true).or_else(|| by_name(head, super::NQUADS.extensions, is_of_graph))
}

pub(super) fn turtle(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let first = text.lines().find(|line| !line.trim_start().starts_with('#'));
    if first.is_some_and(|line| PREFIX.is_match(line)) {
        return text.sure(BY_GRAMMAR);
    }
    by_name(head, super::TURTLE.extensions, is_of_graph)
}

/// Whether it could be RDF: something named, and the end of a statement; or nothing but comments.
fn is_of_graph(text: &Text) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with('#')).peekable();
    lines.peek().is_none() || lines.any(|line| line.contains(['<', ':', '[', '(']))
}

fn by_name(head: &Head<'_>, names: &[&str], could_be: impl Fn(&Text) -> bool) -> Option<Sniff> {
    let text = head.is_named(names).then(|| Text::of(head))??;
    could_be(&text).then(|| text.sure(BY_NAME))?
}

pub(super) fn fasta(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let opens =
        |line: &str| line.starts_with('>') && line[1..].starts_with(|next: char| !next.is_whitespace());
    if !text.lines().next().is_some_and(opens) {
        return None;
    }
    let share = |test: &Regex| text.share(&[">", ";"], |line| test.is_match(line));
    let named = head.is_named(super::FASTA.extensions);
    if named && (share(&LETTERS) > 0.95 || text.lines().all(|line| line.starts_with('>'))) {
        return text.sure(BY_GRAMMAR);
    }
    (share(&NUCLEOTIDES) > 0.99 || share(&PROTEIN) > 0.7 && share(&LETTERS) > 0.99)
        .then(|| text.sure(0.95))?
}

pub(super) fn fastq(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let lines: Vec<&str> = text.text.lines().take(4).collect();
    let [name, letters, plus, quality] = lines[..] else {
        return by_name(head, super::FASTQ.extensions, |text| text.text.starts_with('@'));
    };
    let is_record = name.starts_with('@')
        && plus.starts_with('+')
        && LETTERS.is_match(letters)
        && letters.trim_end().len() == quality.trim_end().len();
    if is_record {
        return text.sure(BY_GRAMMAR);
    }
    by_name(head, super::FASTQ.extensions, |text| text.text.starts_with('@'))
}

pub(super) fn sam(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let first = text.lines().next()?;
    let is_header =
        |line: &str| ["@HD\t", "@SQ\t", "@RG\t", "@PG\t", "@CO\t"].iter().any(|tag| line.starts_with(tag));
    (is_header(first) || ALIGNMENT.is_match(first)).then(|| text.sure(BY_GRAMMAR))?
}

pub(super) fn vcf(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    if text.text.starts_with("##fileformat=VCF") {
        return text.sure(BY_GRAMMAR);
    }
    let is_table =
        |text: &Text| text.lines().any(|line| line.starts_with("#CHROM\t") || VARIANT.is_match(line));
    by_name(head, super::VCF.extensions, is_table).map(|told| Sniff { confidence: BY_GRAMMAR, ..told })
}

pub(super) fn genbank(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let has = |word: &str| text.lines().any(|line| line.starts_with(word));
    let follows = ["DEFINITION", "ACCESSION", "FEATURES", "ORIGIN"].iter().any(|word| has(word));
    (text.text.trim_start().starts_with("LOCUS   ") && follows).then(|| text.sure(BY_GRAMMAR))?
}

pub(super) fn pdb(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let first = text.lines().next()?;
    let records = [
        "HEADER    ",
        "TITLE     ",
        "CRYST1",
        "REMARK",
        "ATOM  ",
        "HETATM",
        "MODEL ",
        "COMPND",
        "EXPDTA",
        "AUTHOR",
    ];
    let opens = records.iter().any(|record| first.starts_with(record));
    let is_long = text.lines().any(|line| line.starts_with("COMPND ") || line.starts_with("SEQRES "));
    (opens && (ATOM.is_match(&text.text) || first.starts_with("HEADER    ") && is_long))
        .then(|| text.sure(BY_GRAMMAR))?
}

pub(super) fn cif(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let first = text.lines().find(|line| !line.trim_start().starts_with('#'))?;
    let opens = first.get(..5).is_some_and(|begin| begin.eq_ignore_ascii_case("data_"));
    (opens && ITEM.is_match(&text.text)).then(|| text.sure(BY_GRAMMAR))?
}

pub(super) fn gettext(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let first = text.lines().find(|line| !line.starts_with('#'))?;
    (first.starts_with("msgid ") || first.starts_with("msgctxt "))
        .then(|| MESSAGE.is_match(&text.text).then(|| text.sure(BY_GRAMMAR))?)?
}

pub(super) fn dtd(head: &Head<'_>) -> Option<Sniff> {
    let text = Text::of(head)?;
    let declared = &text.text[AROUND.find(&text.text).map_or(0, |around| around.end())..];
    if DECLARATION.is_match(declared) {
        return text.sure(BY_GRAMMAR);
    }
    // A long comment before it may leave nothing else to look at.
    by_name(head, &["dtd"], |text| text.text.trim_start().starts_with("<!--"))
}
