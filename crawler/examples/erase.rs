//! Finds people in one file and writes it without them, for measuring and for checking by other tools:
//! `cargo run --release --example erase -- [--proof] IDENTIFIERS FILE OUT`, where IDENTIFIERS holds a `KIND=VALUE` a line.
//!
//! Prints seconds and what was done as JSON. `--proof` also digests the rows that stay, as planning does, which reads all of them.

use std::error::Error;
use std::fs::File;
use std::io::{Write, stdout};
use std::time::Instant;

use headwater_crawler::content::Content;
use headwater_crawler::erase::Identifier;
use headwater_crawler::erase::search::Sought;
use headwater_crawler::format::tree::{MemberRemoval, TreeRemoval, rewrite};
use headwater_crawler::format::{Bounds, Removal};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let proof = arguments.first().is_some_and(|first| first == "--proof");
    if proof {
        arguments.remove(0);
    }
    let [identifiers, from, to] = &arguments[..] else { return Err("say IDENTIFIERS FILE OUT".into()) };
    let identifiers = std::fs::read_to_string(identifiers)?;
    let identifiers: Vec<Identifier> =
        identifiers.lines().map(Identifier::parse).collect::<Result<_, _>>()?;
    let start = Instant::now();
    let content = Content::of_file(File::open(from)?)?;
    let bounds = Bounds::default();
    let found = Sought::new(identifiers).search(&content, from, &bounds, proof);
    let found_secs = start.elapsed().as_secs_f64();
    let mut removal = TreeRemoval::new();
    let mut units = 0;
    for part in found.parts.into_iter().filter(|part| !part.units.is_empty()) {
        units += part.units.values().map(roaring::RoaringTreemap::len).sum::<u64>();
        removal.insert(part.member, MemberRemoval::Units(Removal { units: part.units }));
    }
    let mut out = File::create(to)?;
    rewrite(&content, from, &bounds, &removal, &mut out)?;
    let answer = serde_json::json!({
        "units": units,
        "find_secs": found_secs,
        "secs": start.elapsed().as_secs_f64(),
        "not_searched": found.not_searched,
    });
    writeln!(stdout(), "{answer}")?;
    Ok(())
}
