//! Sums up what the pass saw of the rows of each part: schema, statistics, digest of the rows.

use catalog::model::{Anomaly, Digest, Searched, TableLog};
use catalog::schema::Profile;

use super::Changed;
use super::read::{Column, PartRead, Read};
use super::token::Tokens;
use catalog::model::Part;

/// A part with what is known of its rows, if it has rows.
pub(crate) type ProfiledPart = (Part, Option<(Profile, Vec<Column>)>);

/// A blob with its profiles; values of cells are still in them.
pub struct Profiled {
    /// Which one.
    pub changed: Changed,
    /// Digest of its stored bytes.
    pub digest: Option<Digest>,
    /// Its parts with what is known of their rows.
    pub parts: Vec<ProfiledPart>,
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

/// Sums up every part.
pub fn profile(read: Read) -> Profiled {
    let Read { changed, digest, parts, tokens, in_path, anomalies, searched, table_log } = read;
    let parts = parts.into_iter().map(sum_up).collect();
    Profiled { changed, digest, parts, tokens, in_path, anomalies, searched, table_log }
}

fn sum_up(read: PartRead) -> (Part, Option<(Profile, Vec<Column>)>) {
    let PartRead { mut part, rows, sampled } = read;
    let Some(rows) = rows.filter(|rows| !rows.columns.is_empty()) else { return (part, None) };
    let profile = rows.profiler.finish();
    if !sampled {
        part.rows = Some(profile.rows);
        // No rows are equal to any other no rows, which says nothing.
        part.rows_digest = (profile.rows > 0).then_some(profile.rows_digest);
    }
    part.schema = Some(profile.schema.id);
    (part, Some((profile, rows.columns)))
}
