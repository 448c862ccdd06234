//! Changed fixtures of every format through everything that outside bytes go through, within limits on processor time and
//! memory that the system enforces: what runs away is killed, and the test with it.
//!
//! `HEADWATER_HOSTILE_VARIANTS` is how many changes of each file are tried.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::path::{Path, PathBuf};

use headwater_crawler::format::FORMATS;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "a crate of its own for the fuzzer")]
mod fuzz;

/// Changes of each file.
const VARIANTS: u64 = 12;
/// Processor seconds; a test that needs more hangs.
const CPU_SECONDS_MAX: u64 = 3_600;
/// Address space; what a length in a file promises must not be allocated.
const MEMORY_BYTES_MAX: u64 = 4 << 30;
/// Files beyond this size are cut: what fuzzing finds, it finds in small ones.
const FILE_BYTES_MAX: usize = 256 << 10;
/// Lengths as attackers write them.
const LENGTHS: [u64; 8] = [0, 1, 0x7f, 0xffff, 0x7fff_ffff, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, u64::MAX];

fn limit() {
    for (resource, limit) in [(Resource::Cpu, CPU_SECONDS_MAX), (Resource::As, MEMORY_BYTES_MAX)] {
        let maximum = getrlimit(resource).maximum;
        setrlimit(resource, Rlimit { current: Some(limit), maximum }).unwrap();
    }
}

fn variants() -> u64 {
    std::env::var("HEADWATER_HOSTILE_VARIANTS").ok().map_or(VARIANTS, |count| count.parse().unwrap())
}

fn fixtures() -> Vec<(&'static str, String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/formats");
    let mut files = Vec::new();
    for format in FORMATS {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(root.join(format.id)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let mut bytes = fs::read(&path).unwrap();
            bytes.truncate(FILE_BYTES_MAX);
            files.push((format.id, path.file_name().unwrap().to_string_lossy().into_owned(), bytes));
        }
    }
    files
}

/// Marsaglia's xorshift; equal for equal seeds.
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below.max(1)
    }
}

/// A change as damage, bad luck or ill will makes it.
fn change(bytes: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    if bytes.is_empty() {
        return bytes.extend_from_slice(other);
    }
    // Headers and footers hold most of what misleads a reader.
    let place = match dice.next(3) {
        0 => dice.next(bytes.len().min(64)),
        1 => bytes.len() - 1 - dice.next(bytes.len().min(64)),
        _ => dice.next(bytes.len()),
    };
    let length = 1 + dice.next((bytes.len() - place).min(64));
    match dice.next(8) {
        0 => bytes.truncate(place),
        1 => bytes[place] ^= 1 << dice.next(8),
        2 => bytes[place] = dice.next(256) as u8,
        3 => {
            let width = [1, 2, 4, 8][dice.next(4)].min(bytes.len() - place);
            let value = LENGTHS[dice.next(LENGTHS.len())];
            let spelled = if dice.next(2) == 0 { value.to_le_bytes() } else { value.to_be_bytes() };
            bytes[place..place + width].copy_from_slice(&spelled[8 - width..]);
        }
        4 => {
            bytes.drain(place..place + length);
        }
        5 => {
            let copy = bytes[place..place + length].to_vec();
            bytes.splice(place..place, copy);
        }
        6 => {
            let from = dice.next(other.len());
            let to = (from + length).min(other.len());
            bytes.splice(place..place, other[from..to].iter().copied());
        }
        _ => bytes[place..place + length].fill(b'0'),
    }
}

fn changed(bytes: &[u8], other: &[u8], seed: u64) -> Vec<u8> {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.next(4) {
        change(&mut bytes, other, &mut dice);
    }
    bytes
}

/// Runs `try_it` on each file as it is and changed in many ways, and says which file and change it panicked on.
fn each(try_it: impl Fn(&str, &str, &[u8])) {
    limit();
    let files = fixtures();
    for (number, (format, name, bytes)) in files.iter().enumerate() {
        for variant in 0..=variants() {
            let seed = number as u64 * 1_000_003 + variant;
            let other = &files[(number + variant as usize) % files.len()].2;
            let tried = if variant == 0 { bytes.clone() } else { changed(bytes, other, seed) };
            let outcome =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| try_it(format, name, &tried)));
            assert!(outcome.is_ok(), "{format}/{name} changed with seed {seed}");
        }
    }
}

#[test]
fn no_change_of_a_blob_harms_the_crawl() {
    each(|_, name, bytes| fuzz::blob(name, bytes));
}

#[test]
fn no_row_of_the_table_panics_on_changed_bytes_of_its_own() {
    each(|format, name, bytes| {
        let row = FORMATS.iter().find(|row| row.id == format).unwrap();
        fuzz::format(row, name, bytes);
    });
}

#[test]
fn every_row_takes_bytes_of_every_other() {
    limit();
    let files = fixtures();
    for row in FORMATS.iter().filter(|row| row.read.is_some() || row.container.is_some()) {
        for (format, name, bytes) in files.iter().filter(|file| file.1.starts_with("good-")) {
            let outcome = std::panic::catch_unwind(|| fuzz::format(row, name, bytes));
            assert!(outcome.is_ok(), "{} given {format}/{name}", row.id);
        }
    }
}

#[test]
fn no_log_of_a_table_panics_on_changed_bytes() {
    each(|format, _, bytes| {
        if ["json", "ndjson", "avro", "parquet", "dvc", "text", "properties"].contains(&format) {
            fuzz::LOGS.iter().for_each(|path| fuzz::log(path, bytes));
        }
    });
}
