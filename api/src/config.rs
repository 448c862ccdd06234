//! Settings: raw as typed (file, then `HEADWATER_*`, then flags), then one [`Config`] that is valid or an error naming
//! key and origin. Unknown keys fail; nothing but `compose.rs` reads the result.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use catalog::processing::Processing;
use catalog::{Error, Result};
use crawler::erase::Policy;
use crawler::format::Bounds;
use crawler::recognise::Declaration;
use crawler::source::guard::Limits;
use serde::Deserialize;

pub(crate) mod erasure;
pub(crate) mod grouping;
mod masking;
mod processing;
pub(crate) mod recogniser;

use erasure::RawErasure;
use grouping::RawGrouping;
use masking::RawMask;
use processing::RawProcessing;
use recogniser::RawRecogniser;

/// Where the catalog lies unless told otherwise.
const CATALOG: &str = "./headwater-data";
/// Read when `--config` is absent and the file is there.
const FILE: &str = "headwater.toml";
/// Identifiers that one principal may look up in an hour, unless told otherwise.
const LOOKUPS_PER_HOUR: u32 = 1_000;
/// Environment variables that we read. Others with our prefix may be somebody else's (Kubernetes sets
/// `HEADWATER_PORT` for a service of that name), so only those that look like a slip of ours are refused.
const ENVIRONMENT: [&str; 8] = [
    "HEADWATER_CATALOG",
    "HEADWATER_CONFIG",
    "HEADWATER_KEYS_DIR",
    "HEADWATER_LISTEN",
    "HEADWATER_LOG",
    "HEADWATER_LOG_FORMAT",
    "HEADWATER_TOKEN",
    "HEADWATER_PROGRESS",
];

/// Settings as typed; every part may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Raw {
    /// Directory of the catalog.
    pub(crate) catalog: Option<PathBuf>,
    /// Directory of the subject key, the signing key and the keys of open requests.
    pub(crate) keys_dir: Option<PathBuf>,
    /// Address of the daemon.
    pub(crate) listen: Option<String>,
    /// Sources that the daemon crawls.
    pub(crate) source: Vec<RawSource>,
    /// What reading one blob may cost.
    pub(crate) limits: RawLimits,
    /// Regions (ISO 3166) in which a phone number without a country code is read.
    pub(crate) phone_regions: Vec<String>,
    /// Kinds of personal data that we do not know.
    pub(crate) recogniser: Vec<RawRecogniser>,
    /// What principals without the right see in place of personal data.
    pub(crate) mask: Vec<RawMask>,
    /// What an erasure does where.
    pub(crate) erasure: Vec<RawErasure>,
    /// What is done when an erased person comes back: `alarm` or `plan`.
    pub(crate) on_return: Option<String>,
    /// Why personal data is kept, how long, and who gets it.
    pub(crate) processing: Vec<RawProcessing>,
}

/// A source as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSource {
    /// Where it lies.
    pub(crate) url: String,
    /// Cron expression (UTC) by which the daemon crawls it.
    #[serde(default)]
    pub(crate) schedule: Option<String>,
    /// Globs of paths to take; none: all.
    #[serde(default)]
    pub(crate) include: Vec<String>,
    /// Globs of paths to leave out.
    #[serde(default)]
    pub(crate) exclude: Vec<String>,
    /// What belongs together in it, where grouping by itself gets it wrong.
    #[serde(default)]
    pub(crate) dataset: Vec<RawGrouping>,
    /// Options of its store, as object_store names them: `aws_endpoint`, `aws_region`.
    #[serde(default)]
    pub(crate) options: BTreeMap<String, String>,
    /// What may be asked of its store at a time.
    #[serde(default)]
    pub(crate) limits: RawSourceLimits,
    /// Whether tags of its objects are read, which costs a request an object: they are unless this says no.
    #[serde(default)]
    pub(crate) tags: Option<bool>,
}

/// Limits of a source as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawSourceLimits {
    /// Requests under way at a time.
    pub(crate) requests_max: Option<usize>,
    /// Bytes of blobs on their way at a time; a larger blob goes alone.
    pub(crate) bytes_in_flight_max: Option<u64>,
    /// Tries after the first one, while the store is busy.
    pub(crate) retries_max: Option<u32>,
    /// Largest blob that is written at once; a larger one goes up in parts.
    pub(crate) single_put_bytes_max: Option<u64>,
}

impl RawSourceLimits {
    /// Those that are given, and the usual ones.
    pub(crate) fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            requests_max: self.requests_max.unwrap_or(usual.requests_max),
            bytes_in_flight_max: self.bytes_in_flight_max.unwrap_or(usual.bytes_in_flight_max),
            retries_max: self.retries_max.unwrap_or(usual.retries_max),
            single_put_bytes_max: self.single_put_bytes_max.unwrap_or(usual.single_put_bytes_max),
            ..usual
        }
    }
}

/// Limits as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawLimits {
    /// Bytes after peeling layers and opening members, over a whole blob.
    pub(crate) decoded_bytes_max: Option<u64>,
    /// Layers and containers within each other.
    pub(crate) depth_max: Option<u32>,
    /// Members of one container.
    pub(crate) members_max: Option<u64>,
    /// Rows read of one part.
    pub(crate) rows_max: Option<u64>,
    /// Bytes of one record held in memory.
    pub(crate) record_bytes_max: Option<usize>,
    /// Identifiers that one principal may look up in an hour.
    pub(crate) lookups_per_hour: Option<u32>,
}

/// Settings that are valid.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Directory of the catalog.
    pub(crate) catalog: PathBuf,
    /// Directory of keys.
    pub(crate) keys_dir: PathBuf,
    /// Address of the daemon.
    pub(crate) listen: SocketAddr,
    /// Sources by URL as typed.
    pub(crate) sources: Vec<RawSource>,
    /// What reading one blob may cost.
    pub(crate) bounds: Bounds,
    /// Identifiers that one principal may look up in an hour.
    pub(crate) lookups_per_hour: u32,
    /// Regions in which a phone number without a country code is read; the recogniser's own if there are none.
    pub(crate) phone_regions: Vec<String>,
    /// Recognisers beside our own.
    pub(crate) recognisers: Vec<Declaration>,
    /// What principals without the right see in place of personal data.
    #[cfg_attr(not(feature = "sql"), expect(dead_code, reason = "only SQL shows values"))]
    pub(crate) masking: Arc<catalog::masking::Policy>,
    /// What an erasure does where.
    pub(crate) erasure: Arc<Policy>,
    /// Why personal data is kept, how long, and who gets it.
    pub(crate) processing: Vec<Processing>,
}

/// Flags that every command takes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    /// `--catalog`.
    pub(crate) catalog: Option<PathBuf>,
    /// `--config`.
    pub(crate) config: Option<PathBuf>,
    /// `--listen`.
    pub(crate) listen: Option<String>,
}

/// Reads file, environment and flags into one valid configuration.
///
/// # Errors
/// `Invalid` with the key and where it was read.
pub(crate) fn load(flags: &Flags, environment: &BTreeMap<String, String>) -> Result<Config> {
    check_environment(environment)?;
    let named = flags.config.clone().or_else(|| environment.get("HEADWATER_CONFIG").map(PathBuf::from));
    let raw = match named {
        Some(path) => read(&path)?,
        None if Path::new(FILE).exists() => read(Path::new(FILE))?,
        None => Raw::default(),
    };
    resolve(raw, environment, flags)
}

/// Our variables of this process.
pub(crate) fn environment() -> BTreeMap<String, String> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        let name = name.into_string().ok().filter(|name| name.starts_with("HEADWATER_"))?;
        Some((name, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

fn read(path: &Path) -> Result<Raw> {
    let wrong =
        |reason: String| Error::invalid("read configuration", format!("{}: {reason}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    // The position is worth its lines, the repeated source text is not: it could hold a secret.
    toml::from_str(&text).map_err(|error| {
        let before = |span: std::ops::Range<usize>| text.get(..span.start).unwrap_or_default();
        let line = error.span().map_or(0, |span| before(span).matches('\n').count() + 1);
        wrong(format!("line {line}: {}", error.message()))
    })
}

fn check_environment(environment: &BTreeMap<String, String>) -> Result<()> {
    for name in environment.keys().filter(|name| !ENVIRONMENT.contains(&name.as_str())) {
        if let Some(meant) = ENVIRONMENT.iter().find(|known| distance(known, name) <= 2) {
            let context = format!("environment: unknown variable {name}, is {meant} meant?");
            return Err(Error::invalid("read configuration", context));
        }
    }
    Ok(())
}

fn resolve(raw: Raw, environment: &BTreeMap<String, String>, flags: &Flags) -> Result<Config> {
    let from_environment = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    let catalog = flags
        .catalog
        .clone()
        .or_else(|| from_environment("HEADWATER_CATALOG").map(PathBuf::from))
        .or(raw.catalog)
        .unwrap_or_else(|| CATALOG.into());
    // Everything below lies relative to it, and the daemon may serve from another working directory.
    let catalog = std::path::absolute(&catalog)
        .map_err(|error| Error::invalid("read configuration", "key catalog is no path").with_source(error))?;
    let keys_dir = from_environment("HEADWATER_KEYS_DIR").map(PathBuf::from).or(raw.keys_dir);
    let listen = flags
        .listen
        .clone()
        .or_else(|| from_environment("HEADWATER_LISTEN").cloned())
        .or(raw.listen)
        .unwrap_or_else(|| "127.0.0.1:7878".into());
    let listen = listen.parse().map_err(|_| {
        let context = format!("key listen: {listen:?} is no ADDRESS:PORT, such as 127.0.0.1:7878");
        Error::invalid("read configuration", context)
    })?;
    for source in &raw.source {
        check_source(source)?;
    }
    let is_region =
        |region: &String| region.len() == 2 && region.bytes().all(|byte| byte.is_ascii_alphabetic());
    if let Some(region) = raw.phone_regions.iter().find(|region| !is_region(region)) {
        let context = format!("key phone_regions: {region:?} is no ISO 3166 code of two letters");
        return Err(Error::invalid("read configuration", context));
    }
    Ok(Config {
        keys_dir: keys_dir.unwrap_or_else(|| beside(&catalog, "keys")),
        catalog,
        listen,
        sources: raw.source,
        phone_regions: raw.phone_regions,
        recognisers: raw.recogniser.into_iter().map(recogniser::declaration).collect::<Result<_>>()?,
        masking: Arc::new(masking::policy(&raw.mask)?),
        processing: processing::rules(&raw.processing)?,
        bounds: bounds(&raw.limits)?,
        erasure: Arc::new(erasure::policy(raw.erasure, raw.on_return.as_deref())?),
        lookups_per_hour: raw.limits.lookups_per_hour.unwrap_or(LOOKUPS_PER_HOUR),
    })
}

/// `<directory>.<ending>`, beside the directory.
fn beside(directory: &Path, ending: &str) -> PathBuf {
    let mut name = directory.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

fn check_source(source: &RawSource) -> Result<()> {
    let wrong = |reason: String| Err(Error::invalid("read configuration", reason));
    if source.url.trim().is_empty() {
        return wrong("key source.url is empty".into());
    }
    if let Some(schedule) = &source.schedule
        && let Err(error) = schedule.parse::<croner::Cron>()
    {
        return wrong(format!("key source.schedule: {schedule:?} is no cron expression ({error})"));
    }
    if source.limits.requests_max == Some(0) || source.limits.bytes_in_flight_max == Some(0) {
        return wrong("keys of source.limits must be above zero".into());
    }
    grouping::corrections(&source.dataset)?;
    Ok(())
}

fn bounds(limits: &RawLimits) -> Result<Bounds> {
    let default = Bounds::default();
    let bounds = Bounds {
        decoded_bytes_max: limits.decoded_bytes_max.unwrap_or(default.decoded_bytes_max),
        depth_max: limits.depth_max.unwrap_or(default.depth_max),
        members_max: limits.members_max.unwrap_or(default.members_max),
        rows_max: limits.rows_max.unwrap_or(default.rows_max),
        record_bytes_max: limits.record_bytes_max.unwrap_or(default.record_bytes_max),
        nesting_max: default.nesting_max,
    };
    let zero = [
        ("decoded_bytes_max", bounds.decoded_bytes_max == 0),
        ("depth_max", bounds.depth_max == 0),
        ("members_max", bounds.members_max == 0),
        ("rows_max", bounds.rows_max == 0),
        ("record_bytes_max", bounds.record_bytes_max == 0),
        ("lookups_per_hour", limits.lookups_per_hour == Some(0)),
    ];
    match zero.iter().find(|(_, zero)| *zero) {
        Some((key, _)) => {
            Err(Error::invalid("read configuration", format!("key limits.{key} must be above zero")))
        }
        None => Ok(bounds),
    }
}

/// Edits between two words (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, left) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, right) in other.iter().enumerate() {
            let change = diagonal + usize::from(left != *right);
            diagonal = row[column + 1];
            row[column + 1] = change.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests;
