//! Text with a grammar of its own that is read line by line all the same: source code, markup, configuration, messages.
//!
//! Each row is known by what stands in it; a name that agrees makes it surer. Cells, places and rewriting are those of plain text.

use catalog::model::Dialect;

use super::charset::Charset;
use super::{Format, Head, Sniff, text};

pub(super) mod code;
mod config;
mod languages;
mod markup;
mod message;
mod notation;
#[cfg(test)]
mod tests;

pub(super) use message::{pem_media_type, subtitles_media_type};

/// First bytes of text that are looked at.
const TEXT_BYTES: usize = 16 << 10;

/// Source code of any language; which one, its media type says.
pub(super) static CODE: Format = text::lines("code", "text/*", code::EXTENSIONS, code::sniff);
/// CommonMark and its dialects.
pub(super) static MARKDOWN: Format = text::lines(
    "markdown",
    "text/markdown",
    &["md", "markdown", "mdx", "mkd", "rmd", "qmd"],
    markup::markdown,
);
/// reStructuredText.
pub(super) static RST: Format = text::lines("rst", "text/x-rst", &["rst", "rest"], markup::rst);
/// AsciiDoc.
pub(super) static ASCIIDOC: Format =
    text::lines("asciidoc", "text/asciidoc", &["adoc", "asciidoc", "asc"], markup::asciidoc);
/// TeX and LaTeX.
pub(super) static TEX: Format =
    text::lines("tex", "text/x-tex", &["tex", "ltx", "latex", "sty", "cls", "bib"], markup::tex);
/// TOML.
pub(super) static TOML: Format = text::lines("toml", "application/toml", &["toml"], config::toml);
/// Sections of keys and values.
pub(super) static INI: Format = text::lines(
    "ini",
    "text/x-ini",
    &["ini", "cfg", "conf", "cnf", "inf", "desktop", "editorconfig"],
    config::ini,
);
/// Keys and values of Java and of shells' environments.
pub(super) static PROPERTIES: Format =
    text::lines("properties", "text/x-java-properties", &["properties", "env", "props"], config::properties);
/// Protocol buffers' text format.
pub(super) static PBTXT: Format =
    text::lines("pbtxt", "text/x-protobuf", &["pbtxt", "textproto", "textpb", "prototxt"], config::pbtxt);
/// Statements of SQL: dumps, migrations, queries.
pub(super) static SQL: Format =
    text::lines("sql", "application/sql", &["sql", "ddl", "dml", "hql", "psql", "cql"], message::sql);
/// Weka's attribute-relation files.
pub(super) static ARFF: Format = text::lines("arff", "text/x-arff", &["arff"], message::arff);
/// iCalendar (RFC 5545).
pub(super) static CALENDAR: Format =
    text::lines("calendar", "text/calendar", &["ics", "ical", "ifb"], message::calendar);
/// vCard (RFC 6350).
pub(super) static VCARD: Format = text::lines("vcard", "text/vcard", &["vcf", "vcard"], message::vcard);
/// Keys, certificates and what is signed or sealed with them, in letters (RFC 7468, RFC 9580).
pub(super) static PEM: Format = text::lines(
    "pem",
    "application/x-pem-file",
    &["pem", "crt", "cer", "key", "csr", "asc", "pgp", "gpg", "pub", "sig"],
    message::pem,
);
/// Changes to text.
pub(super) static DIFF: Format = text::lines("diff", "text/x-diff", &["diff", "patch"], message::diff);
/// Titles under moving pictures.
pub(super) static SUBTITLES: Format =
    text::lines("subtitles", "text/vtt", &["vtt", "srt", "sub", "ass", "ssa"], message::subtitles);
/// RDF as a triple a line.
pub(super) static NTRIPLES: Format =
    text::lines("ntriples", "application/n-triples", &["nt"], notation::ntriples);
/// The same with graphs.
pub(super) static NQUADS: Format = text::lines("nquads", "application/n-quads", &["nq"], notation::nquads);
/// RDF with prefixes, and TriG.
pub(super) static TURTLE: Format =
    text::lines("turtle", "text/turtle", &["ttl", "trig", "n3"], notation::turtle);
/// Sequences of nucleotides and amino acids.
pub(super) static FASTA: Format = text::lines(
    "fasta",
    "text/x-fasta",
    &["fa", "fasta", "fna", "faa", "ffn", "fas", "mfa"],
    notation::fasta,
);
/// The same with qualities.
pub(super) static FASTQ: Format = text::lines("fastq", "text/x-fastq", &["fq", "fastq"], notation::fastq);
/// Sequences where they align.
pub(super) static SAM: Format = text::lines("sam", "text/x-sam", &["sam"], notation::sam);
/// Variants of genes.
pub(super) static VCF: Format = text::lines("vcf", "text/x-vcf", &["vcf"], notation::vcf);
/// Sequences with what is known of them.
pub(super) static GENBANK: Format =
    text::lines("genbank", "text/x-genbank", &["gb", "gbk", "genbank"], notation::genbank);
/// Atoms of a molecule, in columns.
pub(super) static PDB: Format = text::lines("pdb", "chemical/x-pdb", &["pdb", "ent"], notation::pdb);
/// Crystals and molecules as items and loops.
pub(super) static CIF: Format = text::lines("cif", "chemical/x-cif", &["cif", "mmcif"], notation::cif);
/// Translations of a program's messages.
pub(super) static GETTEXT: Format =
    text::lines("gettext", "text/x-gettext-translation", &["po", "pot"], notation::gettext);
/// Declarations of a document type.
pub(super) static DTD: Format =
    text::lines("dtd", "application/xml-dtd", &["dtd", "mod", "ent"], notation::dtd);

/// The first letters of text and how they are written.
struct Text {
    text: String,
    charset: Charset,
}

impl Text {
    /// `None` if it is no text.
    fn of(head: &Head<'_>) -> Option<Self> {
        let charset = head.charset()?;
        let start = charset.mark_len(head.bytes);
        let end = head.bytes.len().min(start + TEXT_BYTES);
        let bytes = &head.bytes[start..end];
        let mut text = match charset {
            // The last character may be cut off.
            Charset::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            _ => charset.decode(bytes).into_owned(),
        };
        if (end < head.bytes.len() || !head.complete)
            && let Some(end) = text.rfind('\n')
        {
            text.truncate(end + 1);
        }
        Some(Self { text, charset })
    }

    /// Lines with something on them.
    fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter(|line| !line.trim().is_empty())
    }

    /// Share of lines, up to some hundred, that a test takes; comments that begin so apart.
    fn share(&self, comments: &[&str], test: impl Fn(&str) -> bool) -> f32 {
        let lines = self
            .lines()
            .filter(|line| !comments.iter().any(|comment| line.trim_start().starts_with(comment)));
        let (mut all, mut good) = (0_u32, 0_u32);
        for line in lines.take(300) {
            all += 1;
            good += u32::from(test(line));
        }
        if all == 0 { 0.0 } else { good as f32 / all as f32 }
    }

    fn sure(&self, confidence: f32) -> Option<Sniff> {
        let dialect = Dialect { encoding: self.charset.name(), ..Dialect::default() };
        Some(Sniff { confidence, dialect })
    }
}
