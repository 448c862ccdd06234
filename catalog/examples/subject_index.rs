//! Fills a subject index and asks it: bytes a pair, time to build, time of a lookup before its hits are confirmed.
//!
//!     cargo run --release -p headwater-catalog --example subject_index -- DIRECTORY PAIRS

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use headwater_catalog::env::fixed;
use headwater_catalog::model::{ArtifactId, Principal, TokenDigest};
use headwater_catalog::store::sled::SledStore;
use headwater_catalog::{AsOf, Catalog, Change};

/// Identifiers of one blob.
const TOKENS_A_BLOB: u64 = 1_000;
/// Blobs of one commit, as a crawl makes them.
const BLOBS_A_COMMIT: u64 = 200;
const LOOKUPS: u64 = 2_000;

/// Every person is in ten blobs or so.
fn digest(number: u64, people: u64) -> TokenDigest {
    let person = blake3::hash(&number.to_be_bytes()).as_bytes()[..8]
        .iter()
        .fold(0u64, |all, byte| all << 8 | u64::from(*byte));
    let mut digest = [0; 12];
    digest.copy_from_slice(&blake3::hash(&(person % people).to_le_bytes()).as_bytes()[..12]);
    TokenDigest(digest)
}

#[expect(clippy::print_stdout, reason = "what it measures is what it is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("name a directory")?;
    let pairs: u64 = arguments.next().ok_or("name a number of pairs")?.parse()?;
    let people = (pairs / 10).max(1);
    let catalog = Catalog::open(Arc::new(SledStore::open(Path::new(&directory))?), fixed::env(1))?;
    let started = Instant::now();
    let mut number = 0;
    while number < pairs {
        let mut changes = Vec::new();
        let first = catalog.reserve_ids(BLOBS_A_COMMIT)?;
        for artifact in first..first + BLOBS_A_COMMIT as i64 {
            let tokens = (number..number + TOKENS_A_BLOB).map(|number| digest(number, people)).collect();
            changes.push(Change::tokens(ArtifactId(artifact), tokens));
            number += TOKENS_A_BLOB;
        }
        catalog.commit(&Principal::system(), &changes)?;
        catalog.merge_tokens()?;
    }
    catalog.flush()?;
    println!("built {number} pairs in {:.1} s", started.elapsed().as_secs_f64());
    let mut times: Vec<Duration> = Vec::new();
    for lookup in 0..LOOKUPS {
        let started = Instant::now();
        catalog.blobs_with(&[digest(lookup * 7_919, people)], AsOf::Now)?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("lookup: median {:.2} ms, 95th percentile {:.2} ms", at(0.5), at(0.95));
    let mut kept = 0;
    catalog.each_token(&mut |_, _| kept += 1)?;
    drop(catalog);
    let bytes = folder_bytes(Path::new(&directory))?;
    println!("{kept} pairs on {bytes} bytes of disk: {:.1} a pair", bytes as f64 / f64::from(kept));
    Ok(())
}

fn folder_bytes(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.metadata()?;
        bytes += if kind.is_dir() { folder_bytes(&entry.path())? } else { kind.len() };
    }
    Ok(bytes)
}
