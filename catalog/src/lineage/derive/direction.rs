//! Which of two blobs with related content came first: every sign adds log-odds, and none decides alone.
//!
//! Times of modification are wrong in one of six or seven derived files (a backup restored, a sync that kept
//! the source's time), so folders, names and compression may overrule them.

use std::ops::Deref;

use super::ContentFacts;
use super::flow::{Flows, Place};
use crate::dataset;

/// Odds that the earlier of two blobs is the parent: 85 to 15.
const EARLIER: f64 = 1.73;
/// Times nearer than this say little: one job wrote both, or a sync kept neither.
const NEAR_MICROS: i64 = 2_000_000;
/// One stage further down the lake.
const STAGE: f64 = 0.9;
/// The child lies where copies are kept, the parent does not.
const KEPT: f64 = 2.2;
/// The child's name says that it is a copy.
const MARKED: f64 = 2.5;
/// The child's name is a hash, as content stores give it.
const ADDRESSED: f64 = 2.0;
/// The child's name begins with the parent's.
const EXTENDED: f64 = 1.5;
/// Names of so many letters are hardly the start of another by chance.
const TELLING_LENGTH_MIN: usize = 8;
/// Words that say in a name that the file came before what bears it without them.
const FIRST: [&str; 10] =
    ["raw", "orig", "original", "source", "src", "full", "master", "unfiltered", "dirty", "before"];
/// The child is compressed, the parent not, and both are of one format: what is columnar needs no layer around it.
const COMPRESSED: f64 = 2.5;
/// The child is columnar, the parent text.
const COLUMNAR: f64 = 0.7;
/// Direction counts as known from this probability on.
const KNOWN_MIN: f64 = 0.8;

/// Folder words by stage: where data arrives, is refined, is served, is taken out, is kept.
const STAGES: [(i32, &[&str]); 5] = [
    (
        0,
        &[
            "raw",
            "landing",
            "ingest",
            "ingestion",
            "ingested",
            "incoming",
            "inbound",
            "source",
            "sources",
            "bronze",
            "sftp",
            "ftp",
            "upload",
            "uploads",
            "drop",
            "intake",
            "import",
            "imports",
            "input",
            "master",
            "reference",
            "seed",
            "seeds",
            "erp",
            "crm",
        ],
    ),
    (
        1,
        &[
            "staging",
            "stage",
            "silver",
            "clean",
            "cleaned",
            "cleansed",
            "processed",
            "refined",
            "trusted",
            "conformed",
            "interim",
            "intermediate",
            "converted",
            "standardized",
            "standardised",
        ],
    ),
    (
        2,
        &[
            "gold",
            "curated",
            "mart",
            "marts",
            "warehouse",
            "serving",
            "features",
            "analytics",
            "reporting",
            "platinum",
            "aggregates",
            "published",
        ],
    ),
    (
        3,
        &[
            "export",
            "exports",
            "outbound",
            "outgoing",
            "extract",
            "extracts",
            "share",
            "shared",
            "delivery",
            "deliveries",
            "datascience",
            "ds",
            "ml",
            "experiments",
            "notebooks",
            "sandbox",
            "users",
            "user",
            "home",
            "scratch",
            "adhoc",
            "projects",
            "workspace",
            "output",
            "work",
            "research",
            "analysis",
            "report",
            "reports",
            "dashboard",
            "dashboards",
            "partner",
            "partners",
            "client",
            "clients",
        ],
    ),
    (
        4,
        &[
            "backup",
            "backups",
            "bak",
            "archive",
            "archives",
            "archived",
            "cold",
            "glacier",
            "old",
            "snapshot",
            "snapshots",
            "history",
            "replica",
            "mirror",
            "copy",
            "copies",
            "cache",
            "dvc",
            "restore",
            "restored",
        ],
    ),
];
/// Words of a file's name that say it came from another.
const MARKS: [&str; 59] = [
    "copy",
    "copyof",
    "bak",
    "backup",
    "old",
    "dup",
    "duplicate",
    "clone",
    "restored",
    "convert",
    "converted",
    "export",
    "exported",
    "reorder",
    "reordered",
    "sorted",
    "shuffled",
    "archived",
    "archive",
    "derived",
    "snapshot",
    "extract",
    "extracted",
    "mirror",
    "compressed",
    "recovered",
    "filtered",
    "subset",
    "sample",
    "sampled",
    "clean",
    "cleaned",
    "enriched",
    "joined",
    "merged",
    "combined",
    "compacted",
    "summary",
    "agg",
    "aggregated",
    "totals",
    "masked",
    "anon",
    "anonymized",
    "anonymised",
    "pseudonymized",
    "pseudonymised",
    "renamed",
    "scored",
    "enhanced",
    "fixed",
    "corrected",
    "updated",
    "result",
    "results",
    "untitled",
    "draft",
    "tmp",
    "temp",
];
const COLUMNAR_FORMATS: [&str; 4] = ["parquet", "orc", "arrow", "avro"];
const TEXT_FORMATS: [&str; 6] = ["csv", "tsv", "json", "ndjson", "xml", "text"];

/// How the two stand.
#[derive(Clone, Debug)]
pub(super) struct Direction {
    /// Log-odds that the first is the parent.
    pub(super) odds: f64,
    /// Why, as parts of a sentence about the child.
    pub(super) reasons: Vec<&'static str>,
    /// How much later the child was written.
    later_micros: i64,
}

impl Direction {
    /// Probability that the first is the parent.
    pub(super) fn probability(&self) -> f64 {
        1.0 / (1.0 + (-self.odds).exp())
    }

    /// With known odds, for one reason.
    pub(super) fn of(odds: f64, reason: &'static str) -> Self {
        Self { odds, reasons: vec![reason], later_micros: 0 }
    }

    /// With the other as the parent; what spoke for this one's being so does not speak for that.
    pub(super) fn reversed(&self) -> Self {
        Self { odds: -self.odds, reasons: Vec::new(), later_micros: -self.later_micros }
    }

    /// Why, as a part of a sentence about the child.
    pub(super) fn because(&self) -> String {
        let times = (self.later_micros > 0).then(|| format!("was written {} later", span(self.later_micros)));
        times
            .into_iter()
            .chain(self.reasons.iter().map(|reason| (*reason).to_string()))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Whether it is told apart well enough.
    pub(super) fn is_known(&self) -> bool {
        self.probability() >= KNOWN_MIN
    }
}

/// Weighs whether `parent` came before `child`.
pub(super) fn weigh(flows: &Flows<'_>, parent: &Signed<'_>, child: &Signed<'_>) -> Direction {
    let later = child.modified.0.saturating_sub(parent.modified.0);
    let times = match later {
        0 => 0.0,
        later if later.abs() < NEAR_MICROS => 0.5_f64.copysign(later as f64),
        later => EARLIER.copysign(later as f64),
    };
    let mut direction = Direction { odds: times, reasons: Vec::new(), later_micros: later };
    let mut add = |odds: f64, reason: &'static str| {
        direction.odds += odds;
        if odds > 0.0 {
            direction.reasons.push(reason);
        }
    };
    let (above, below) = (&parent.signs, &child.signs);
    add(flows.odds(&above.place, &below.place), "lies where most came from the other's place");
    add(stages(above.stage, below.stage), "lies further down the lake");
    add(MARKED * (f64::from(below.marked) - f64::from(above.marked)), "is named as a copy or product");
    add(ADDRESSED * (f64::from(below.addressed) - f64::from(above.addressed)), "is named by a hash");
    if below.stem != above.stem {
        add(extends(&below.stem, &above.stem), "has a name that extends the other's");
        add(-extends(&above.stem, &below.stem), "");
    }
    if child.version.root().format == parent.version.root().format {
        let layers = |facts: &Signed<'_>| f64::from(!facts.version.root().layers.is_empty());
        add(COMPRESSED * (layers(child) - layers(parent)), "is the compressed one");
    }
    let columnar = |facts: &Signed<'_>| COLUMNAR_FORMATS.contains(&facts.version.root().format.as_str());
    let text = |facts: &Signed<'_>| TEXT_FORMATS.contains(&facts.version.root().format.as_str());
    if text(parent) && columnar(child) {
        add(COLUMNAR, "is the columnar one");
    } else if columnar(parent) && text(child) {
        add(-COLUMNAR, "");
    }
    direction
}

/// Log-odds that what bears one name came from what bears another, for extending it: the more, the longer that is.
/// Names that say that they come first (`orders_raw`) speak for the opposite.
fn extends(long: &str, short: &str) -> f64 {
    let Some(rest) = long.strip_prefix(short).filter(|_| short.len() >= 3) else { return 0.0 };
    let first = rest.split(|c: char| !c.is_alphanumeric()).any(|word| FIRST.contains(&word));
    match (first, short.len() >= TELLING_LENGTH_MIN) {
        (true, _) => -EXTENDED,
        (false, true) => 2.0 * EXTENDED,
        (false, false) => EXTENDED,
    }
}

/// Log-odds that folders give; a folder of unknown stage says little, unless the other one keeps copies.
fn stages(above: Option<i32>, below: Option<i32>) -> f64 {
    match (above, below) {
        (Some(4), Some(4)) => 0.0,
        (Some(above), Some(4)) => (STAGE * f64::from(4 - above)).max(KEPT),
        (Some(4), Some(below)) => -(STAGE * f64::from(4 - below)).max(KEPT),
        (Some(above), Some(below)) => (STAGE * f64::from(below - above)).clamp(-3.0, 3.0),
        (None, Some(4)) => KEPT,
        (Some(4), None) => -KEPT,
        (None, Some(0)) | (Some(3), None) => -STAGE,
        (Some(0), None) | (None, Some(3)) => STAGE,
        (None, Some(_)) => 0.5 * STAGE,
        (Some(_), None) => -0.5 * STAGE,
        _ => 0.0,
    }
}

/// Facts with what their path says by itself.
#[derive(Clone, Debug)]
pub(super) struct Signed<'a> {
    facts: ContentFacts<'a>,
    signs: Signs<'a>,
}

impl<'a> Deref for Signed<'a> {
    type Target = ContentFacts<'a>;

    fn deref(&self) -> &Self::Target {
        &self.facts
    }
}

#[derive(Clone, Debug)]
struct Signs<'a> {
    stage: Option<i32>,
    marked: bool,
    addressed: bool,
    stem: String,
    place: Place<'a>,
}

impl<'a> Signed<'a> {
    /// Reads a path's signs.
    pub(super) fn new(facts: ContentFacts<'a>) -> Self {
        let path = facts.path.to_lowercase();
        let (folders, file) = path.rsplit_once('/').unwrap_or(("", &path));
        let words = |text: &str, known: &[&str]| {
            text.split(|c: char| !c.is_alphanumeric()).any(|w| known.contains(&w))
        };
        let stage = STAGES.iter().rev().find(|(_, known)| words(folders, known)).map(|(stage, _)| *stage);
        let stem = file.split('.').next().unwrap_or(file).trim_start_matches("copy of ").to_string();
        let numbered = stem.ends_with(')') && stem.contains(" (");
        let addressed = stem.len() >= 28 && stem.bytes().all(|byte| byte.is_ascii_hexdigit());
        let base = dataset::base_folder(facts.path);
        let family = blake3::hash(dataset::family_path(facts.path).as_bytes());
        let family = family.as_bytes().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
        let place = Place { folders: [base, base.split('/').next().unwrap_or("")], family };
        Self {
            facts,
            signs: Signs { stage, marked: numbered || words(file, &MARKS), addressed, stem, place },
        }
    }

    /// The folder above its partitions, and the lake's top folder that it lies in.
    pub(super) fn places(&self) -> [&'a str; 2] {
        self.signs.place.folders
    }

    /// Where it lies.
    pub(super) fn place(&self) -> Place<'a> {
        self.signs.place
    }

    /// Whether both are partitions of one table: their paths differ in what varies alone, and their folders do.
    pub(super) fn is_partition_beside(&self, other: &Self) -> bool {
        let folder = |signed: &Self| signed.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        self.place().family == other.place().family && folder(self) != folder(other)
    }

    /// Its name without extensions and marks, in lower case.
    pub(super) fn stem(&self) -> &str {
        &self.signs.stem
    }
}

/// A length of time as people say it.
fn span(micros: i64) -> String {
    let seconds = micros / 1_000_000;
    match seconds {
        0..=119 => format!("{seconds} seconds"),
        120..=7_199 => format!("{} minutes", seconds / 60),
        7_200..=172_799 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
