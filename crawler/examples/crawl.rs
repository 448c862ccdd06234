//! Crawls a source into a catalog in memory and prints the report: `cargo run --example crawl -- URL`. For measuring.

use std::error::Error;
use std::io::{Write, stdout};
use std::sync::Arc;

use catalog::Catalog;
use catalog::env::fixed;
use catalog::store::memory::MemoryStore;
use headwater_crawler::ctx::Ctx;
use headwater_crawler::pipeline::crawl;
use headwater_crawler::source::{Lake, SourceOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let catalog = Arc::new(Catalog::open(Arc::new(MemoryStore::new()), fixed::env(1))?);
    let ctx = Ctx::new(catalog);
    for url in std::env::args().skip(1) {
        let start = std::time::Instant::now();
        let lake = Lake::open(&url, &SourceOptions::default())?;
        let mut report = crawl(&ctx, &lake).await?;
        report.seconds = start.elapsed().as_secs_f64();
        writeln!(stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    }
    Ok(())
}
