//! One pass over a blob: every part of it, and every cell of every part shown to the profiler (schema, statistics, row
//! digest), to the recognisers and to the collection of identifiers.
//!
//! Values live here while they stream by. Identifiers leave as keyed digests, all else as counts and sketches.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::RandomState;

use catalog::model::{Anomaly, AnomalyKind, Depth, Digest, FeaturePath, Part, Searched, SourceId, TableLog};
use catalog::schema::Profiler;
use catalog::sketch::content::SketchKey;

use super::token::{Keyed, Tokens};
use super::{Changed, Run, Sniffed, sniff};
use crate::content::Content;
use crate::ctx::Ctx;
use crate::format::tree::{Node, Visit, walk};
use crate::format::{Bounds, FormatError};
use crate::recognise::{
    ColumnTally, KEY, Span, index_form, name_spellings, normalise_key, recognise_and_identify,
};
use crate::source::{Beside, Lake};
use crate::table_log::{self, Log};

/// Rows of each part that a crawl at depth sample reads.
const SAMPLE_ROWS: u64 = 10_000;
/// Anomalies of one kind that are kept of one part.
const ANOMALIES_MAX: usize = 16;
/// Texts without anything personal that are remembered of a column, so that repeated ones are not looked at again.
const QUIET_TEXTS_MAX: usize = 4_096;

mod sink;
#[cfg(test)]
mod tests;

/// What the pass over a blob saw.
pub struct Read {
    /// Which one.
    pub changed: Changed,
    /// Digest of its stored bytes, if they could all be read.
    pub digest: Option<Digest>,
    /// Its parts; never empty.
    pub parts: Vec<PartRead>,
    /// Identifiers in it.
    pub tokens: Tokens,
    /// Kinds of personal data in its path, with how sure.
    pub in_path: Vec<(&'static str, f32)>,
    /// What is wrong with it.
    pub anomalies: Vec<Anomaly>,
    /// How much of it was looked at.
    pub searched: Searched,
    /// What it says of a table.
    pub table_log: Option<TableLog>,
}

/// A part, and its rows if it has any.
pub struct PartRead {
    /// What it is.
    pub part: Part,
    /// What was seen of its rows.
    pub rows: Option<RowsRead>,
    /// Whether it has more rows than were to be read.
    pub sampled: bool,
}

/// What was seen of the rows of one part.
pub struct RowsRead {
    /// Saw every cell.
    pub profiler: Profiler,
    /// One entry a feature, in the order of the schema.
    pub columns: Vec<Column>,
}

impl RowsRead {
    fn keyed(key: SketchKey) -> Self {
        Self { profiler: Profiler::keyed(key), columns: Vec::new() }
    }
}

/// What the recognisers saw of one feature.
pub struct Column {
    /// The feature.
    pub path: FeaturePath,
    /// What its cells look like.
    pub tally: ColumnTally,
    /// Kinds of personal data in its very name, with how sure.
    pub in_name: Vec<(&'static str, f32)>,
    /// Cells in which a kind was found for sure, whatever the column as a whole looks like.
    pub sure: BTreeMap<&'static str, u64>,
    /// Kind of its tokens, if it is a key: `KEY:customer_id`.
    pub key: Option<String>,
    quiet: HashSet<u64>,
}

/// From which confidence on a span counts by itself.
const SURE: f32 = 0.8;

/// The name of the table that a file holds, for key columns that are just called `id`: its stem, or the folder's name
/// if the stem only numbers or dates a part (`customers/dt=2024-05-01/part-0.parquet` → `customers`).
pub fn table_name(path: &str) -> String {
    let mut names = path.rsplit('/');
    let file = names.next().unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    let telling = |name: &&str| {
        let word = name.trim_end_matches(|c: char| !c.is_alphabetic());
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        let generic = ["part", "data", "file", "export", "chunk", "batch", "split", "output", "dump"];
        letters * 2 > word.chars().count()
            && !name.contains('=')
            && !generic.contains(&word.to_ascii_lowercase().as_str())
    };
    let word = std::iter::once(stem).chain(names).find(telling).unwrap_or(stem);
    word.trim_end_matches(|c: char| !c.is_alphabetic()).to_owned()
}

/// Kinds of personal data, the surest span of each.
pub(super) fn kinds_of(spans: &[Span]) -> Vec<(&'static str, f32)> {
    let mut kinds: BTreeMap<&'static str, f32> = BTreeMap::new();
    for span in spans {
        let surest = kinds.entry(span.kind).or_default();
        *surest = surest.max(span.confidence);
    }
    kinds.into_iter().collect()
}

/// Whether a text is a number too short to be anybody's: up to six digits, the decimals among them. Many cells of most
/// tables are, and no recogniser takes them for an identifier.
fn is_small_number(text: &str) -> bool {
    let number = text.strip_prefix('-').unwrap_or(text);
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    !whole.is_empty() && whole.len() + decimals.len() <= 6 && digits(whole) && digits(decimals)
}

/// Walks all of a blob. It cannot fail: what cannot be read is an anomaly.
pub async fn read(ctx: &Ctx, lake: &Lake, run: &Run, sniffed: Sniffed) -> Read {
    let Sniffed { changed, fetched, anomaly } = sniffed;
    let keyed = run.keyed(ctx);
    let of_broken = keyed.clone();
    let sampling = ctx.depth == Depth::Sample;
    let bounds = match sampling {
        true => Bounds { rows_max: ctx.bounds.rows_max.min(SAMPLE_ROWS), ..ctx.bounds },
        false => ctx.bounds,
    };
    let (path, etag) = (changed.listed.path.clone(), changed.listed.etag.clone());
    let bytes = changed.listed.size;
    let fallback = changed.clone();
    let (source, url) = (lake.source_id(), lake.url().to_owned());
    let work = tokio::task::spawn_blocking(move || {
        let path = changed.listed.path.clone();
        let mut reading = Reading { sampling, ..Reading::new(&keyed, &bounds, &path) };
        reading.anomalies.extend(anomaly);
        match fetched {
            Some(fetched) => {
                reading.beside(&fetched.beside);
                reading.walk(&fetched.content, fetched.digest, (&source, &url));
            }
            None => reading.unsearched.extend(["it could not be read".to_owned()]),
        }
        reading.finish(changed)
    });
    // A reader that breaks off is a defect of that reader; the blob is recorded as unreadable and the crawl goes on.
    let mut read = match work.await {
        Ok(read) => read,
        Err(_) => broken(&of_broken, &bounds, fallback),
    };
    if read.digest.is_some() && !lake.still(&path, etag.as_deref()).await {
        let reason = "the file changed after its bytes were digested".to_owned();
        let kind = AnomalyKind::ChangedWhileRead;
        read.anomalies.push(Anomaly { kind, member: Vec::new(), feature: None, reason });
        read.searched = Searched::Partial("it changed while it was read".into());
    }
    ctx.progress.read(1, bytes);
    read
}

fn broken(keyed: &Keyed, bounds: &Bounds, changed: Changed) -> Read {
    let path = changed.listed.path.clone();
    let mut reading = Reading::new(keyed, bounds, &path);
    reading.unsearched.insert("its reader broke off".into());
    reading.note(&[], AnomalyKind::Corrupt, "its reader broke off".into());
    reading.finish(changed)
}

/// Everything that the pass feeds, and where it is.
struct Reading<'a> {
    keyed: &'a Keyed,
    key: SketchKey,
    bounds: &'a Bounds,
    path: &'a str,
    table: String,
    digest: Option<Digest>,
    parts: Vec<PartRead>,
    tokens: Tokens,
    in_path: Vec<(&'static str, f32)>,
    anomalies: Vec<Anomaly>,
    table_log: Option<TableLog>,
    searched_parts: u64,
    sampling: bool,
    unsearched: BTreeSet<String>,
    spans: Vec<Span>,
    found: Vec<(&'static str, String)>,
    state: RandomState,
}

impl<'a> Reading<'a> {
    fn new(keyed: &'a Keyed, bounds: &'a Bounds, path: &'a str) -> Self {
        let mut reading = Self {
            keyed,
            key: keyed.sketch_key(),
            bounds,
            path,
            table: table_name(path),
            digest: None,
            parts: Vec::new(),
            tokens: Tokens::default(),
            in_path: Vec::new(),
            anomalies: Vec::new(),
            table_log: None,
            searched_parts: 0,
            sampling: false,
            unsearched: BTreeSet::new(),
            spans: Vec::new(),
            found: Vec::new(),
            state: RandomState::new(),
        };
        reading.in_path = reading.name_of_content(path);
        reading
    }

    /// Looks for personal data in a name, and collects its identifiers.
    fn name(&mut self, name: &str) -> Vec<(&'static str, f32)> {
        self.look(name);
        kinds_of(&self.spans)
    }

    /// Like `name`, for a path, the name of a member, or what may give a file's name.
    fn name_of_content(&mut self, name: &str) -> Vec<(&'static str, f32)> {
        self.tokens.add_name(self.keyed, name);
        let mut kinds = BTreeMap::<&'static str, f32>::new();
        for (kind, confidence) in name_spellings(name).flat_map(|spelling| self.name(spelling)) {
            let surest = kinds.entry(kind).or_default();
            *surest = surest.max(confidence);
        }
        kinds.into_iter().collect()
    }

    /// The same for what stands around content: a comment, the target of a link.
    fn around(&mut self, text: &str) {
        let kinds = self.name_of_content(text);
        self.in_path.extend(kinds);
    }

    /// What stands beside the bytes: user metadata, headers, tags.
    fn beside(&mut self, beside: &Beside) {
        for entry in &beside.entries {
            if let Some((key, value)) =
                entry.key().zip(entry.texts().first().and_then(|text| normalise_key(text)))
            {
                self.tokens.add(self.keyed.met(&format!("{KEY}{key}"), value));
            }
            entry.texts().iter().for_each(|text| self.around(text));
        }
    }

    /// Looks for personal data in a text and collects its identifiers; tells whether there were any.
    fn look(&mut self, text: &str) -> bool {
        self.spans.clear();
        self.found.clear();
        recognise_and_identify(text, &mut self.spans, &mut self.found);
        let mut forms: Vec<_> =
            self.found.iter().map(|(kind, normal)| (*kind, index_form(kind, normal))).collect();
        forms.sort_unstable();
        forms.dedup();
        for (kind, form) in forms {
            self.tokens.add(self.keyed.met(kind, form));
        }
        !self.found.is_empty()
    }

    fn walk(&mut self, content: &Content, digest: Digest, lake: (&SourceId, &str)) {
        self.digest = Some(digest);
        let (path, bounds) = (self.path, self.bounds);
        let walked = walk(content, path, bounds, &mut |visit| {
            match visit {
                Visit::Part(node) => {
                    self.part(&node, digest)?;
                    if node.member.is_empty() {
                        self.table_log(&node, lake);
                    }
                }
                Visit::Anomaly(anomaly) => self.note(&anomaly.member, anomaly.kind, anomaly.reason),
            }
            Ok(())
        });
        if let Err(error) = walked {
            self.note(&[], error.anomaly(), error.to_string());
        }
    }

    fn part(&mut self, node: &Node<'_>, stored: Digest) -> Result<(), FormatError> {
        let part = sniff::part_of(node, stored)?;
        if let Some(name) = node.member.last() {
            let kinds = self.name_of_content(name);
            self.in_path.extend(kinds);
            self.table = table_name(name);
        }
        for text in node.headers {
            self.around(text);
        }
        let member = part.member.clone();
        self.parts.push(PartRead { part, rows: None, sampled: false });
        match node.format.read {
            Some(read) => {
                let bounds = self.bounds;
                self.searched_parts += u64::from(node.format.container.is_none());
                if let Err(error) = read(node.content, node.dialect, bounds, self) {
                    self.note(&member, error.anomaly(), error.to_string());
                }
            }
            // The parts in a container are searched each by itself; nothing is in nothing.
            None if node.format.container.is_some() || node.content.is_empty() => {}
            None => {
                self.unsearched.insert(format!("{} is not read", node.format.id));
            }
        }
        Ok(())
    }

    /// Reads what the blob says of a table. If it should and cannot, the table is told by names, and says so itself.
    fn table_log(&mut self, node: &Node<'_>, (source, url): (&SourceId, &str)) {
        let log = Log { path: self.path, source, url, node, bounds: self.bounds };
        self.table_log = table_log::read(&log).unwrap_or_default();
    }

    /// Whether the last part ended where a sample is to end: that is no anomaly.
    fn sampled(&mut self, kind: AnomalyKind) -> bool {
        let Some(part) = self.parts.last_mut().filter(|_| self.sampling && kind == AnomalyKind::LimitReached)
        else {
            return false;
        };
        let rows_max = self.bounds.rows_max;
        part.sampled |= part.rows.as_ref().is_some_and(|rows| rows.profiler.rows() >= rows_max);
        part.sampled
    }

    fn note(&mut self, member: &[String], kind: AnomalyKind, reason: String) {
        if self.sampled(kind) {
            self.unsearched.insert("only the first rows were read".into());
            return;
        }
        use AnomalyKind::{Empty, Mislabelled};
        if !matches!(kind, Empty | Mislabelled) {
            self.unsearched.insert("some of it could not be read".into());
        }
        let alike = self.anomalies.iter().filter(|known| known.kind == kind && known.member == member);
        if alike.count() < ANOMALIES_MAX {
            self.anomalies.push(Anomaly { kind, member: member.to_vec(), feature: None, reason });
        }
    }

    fn rows(&mut self) -> &mut RowsRead {
        let part = self.parts.last_mut().expect("a reader runs after its part was pushed");
        let key = self.key;
        part.rows.get_or_insert_with(|| RowsRead::keyed(key))
    }

    fn finish(mut self, changed: Changed) -> Read {
        if self.parts.is_empty() {
            self.parts.push(PartRead {
                part: unknown(changed.listed.size, self.digest),
                rows: None,
                sampled: false,
            });
        }
        let reasons = self.unsearched.into_iter().take(4).collect::<Vec<_>>().join("; ");
        let searched = match (reasons.is_empty(), self.searched_parts) {
            (true, _) => Searched::Full,
            (false, 0) => Searched::No(reasons),
            (false, _) => Searched::Partial(reasons),
        };
        Read {
            changed,
            digest: self.digest,
            parts: self.parts,
            tokens: self.tokens,
            in_path: self.in_path,
            anomalies: self.anomalies,
            searched,
            table_log: self.table_log,
        }
    }
}

/// A blob of which nothing is known but that it is there.
pub(super) fn unknown(size: u64, digest: Option<Digest>) -> Part {
    Part {
        member: Vec::new(),
        format: "unknown".into(),
        media_type: "application/octet-stream".into(),
        confidence: 0.0,
        layers: Vec::new(),
        dialect: catalog::model::Dialect::default(),
        size,
        digest,
        rows: None,
        rows_digest: None,
        schema: None,
    }
}
