//! Crawls a source into a catalog in memory and prints the report: `cargo run --example crawl -- URL [EXPORT]`; exports
//! the catalog to a file if one is named. For measuring.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write, stdout};
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
    let mut arguments = std::env::args().skip(1);
    let Some(url) = arguments.next() else { return Err("crawl URL [EXPORT]".into()) };
    let start = std::time::Instant::now();
    let lake = Lake::open(&url, &SourceOptions::default())?;
    let mut report = crawl(&ctx, &lake).await?;
    report.seconds = start.elapsed().as_secs_f64();
    writeln!(stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    if let Some(path) = arguments.next() {
        let mut file = BufWriter::new(File::create(path)?);
        ctx.catalog.export(&mut file)?;
        file.flush()?;
    }
    Ok(())
}
