//! Crawls a source and prints the report, for measuring without the whole binary:
//! `cargo run --release --example crawl -- [--catalog DIR] [--depth head|sample|full] [--export FILE] URL...`. Without a
//! directory the catalog is in memory.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::path::Path;
use std::sync::Arc;

use catalog::Catalog;
use catalog::env::fixed;
use catalog::model::Depth;
use catalog::store::Store;
use catalog::store::memory::MemoryStore;
use catalog::store::sled::SledStore;
use headwater_crawler::ctx::{Ctx, Progress};
use headwater_crawler::pipeline::crawl;
use headwater_crawler::source::{Lake, SourceOptions};

/// Says when each part of the work is done.
struct Parts(std::time::Instant);

impl Progress for Parts {
    fn listed(&self, _: u64, _: u64) {}
    fn read(&self, _: u64, _: u64) {}
    fn done(&self, what: &str) {
        // A number that cannot be shown is not worth a failure.
        let _ = writeln!(stdout(), "{:8.1} s  {what}", self.0.elapsed().as_secs_f64());
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let start = std::time::Instant::now();
    let (mut store, mut depth, mut urls): (Arc<dyn Store>, _, Vec<String>) =
        (Arc::new(MemoryStore::new()), Depth::Full, Vec::new());
    let mut export = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--catalog" => {
                let directory = arguments.next().ok_or("--catalog needs a directory")?;
                store = Arc::new(SledStore::open(Path::new(&directory))?);
            }
            "--depth" => depth = arguments.next().ok_or("--depth needs a depth")?.parse()?,
            "--export" => export = arguments.next(),
            _ => urls.push(argument),
        }
    }
    let catalog = Arc::new(Catalog::open(store, fixed::env(1))?);
    writeln!(stdout(), "{:8.1} s  opened", start.elapsed().as_secs_f64())?;
    let ctx = Ctx::new(catalog).with_depth(depth).with_progress(Arc::new(Parts(start)));
    for url in urls {
        let lake = Lake::open(&url, &SourceOptions::default())?;
        let mut report = crawl(&ctx, &lake).await?;
        report.seconds = start.elapsed().as_secs_f64();
        writeln!(stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    }
    if let Some(path) = export {
        let mut file = BufWriter::new(File::create(path)?);
        ctx.catalog.export(&mut file)?;
        file.flush()?;
    }
    Ok(())
}
