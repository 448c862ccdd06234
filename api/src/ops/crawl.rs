//! Crawls: sources by URL, or all that are known; then the search index, so that the next question finds them.

use std::sync::Arc;

use catalog::model::{Depth, Principal, Role, Source};
use catalog::{AsOf, Change, Error, Result};
use crawler::pipeline::{CrawlReport, crawl};
use serde_json::{Value, json};

use super::Answer;
use super::run::blocking;
use crate::compose::App;

pub(super) async fn run(app: &Arc<App>, who: &Principal, urls: Vec<String>, depth: Depth) -> Result<Answer> {
    let known: Vec<Source> = app.catalog.all(AsOf::Now)?;
    let urls = if urls.is_empty() { known_urls(app, &known) } else { urls };
    if urls.is_empty() {
        return Err(Error::invalid("crawl", "no source is known yet; name a folder or a URL"));
    }
    let mut rows = Vec::new();
    let mut answer = Answer::default();
    for url in &urls {
        let lake = app.lake(url)?;
        refuse_new_places(app, who, lake.url(), &known)?;
        app.catalog
            .commit(who, &[Change::audit("crawl", format!("source {}", lake.source_id()), "begun")])?;
        let report = crawl(&app.ctx.clone().with_depth(depth), &lake).await?;
        answer.messages.extend(summary(&report));
        rows.push(row(lake.url(), &report)?);
    }
    refresh_index(app).await?;
    let alarms = rows.iter().any(|row| row.pointer("/anomalies/SUPPRESSED_SUBJECT").is_some());
    if alarms {
        answer.messages.extend(returned(app).await?);
    }
    answer.messages.extend(NEXT.map(str::to_owned));
    Ok(Answer { rows, ..answer })
}

/// Somebody who was erased is back: planned anew if the configuration says so, else told.
async fn returned(app: &Arc<App>) -> Result<Vec<String>> {
    if !app.config.erasure.replay {
        let message = "an erased person is back; headwater erase replay plans the erasure again";
        return Ok(vec![message.to_owned()]);
    }
    // Whoever crawls need not be a privacy officer; what is planned waits for somebody's approval in any case.
    let by = Principal { name: "headwater:replay".into(), roles: vec![Role::PrivacyOfficer] };
    Ok(super::people::replayed(&app.desk(&by)?, false).await?.messages)
}

/// Brings the search index up to date; it is derived, so its failure must not fail what it follows.
pub(super) async fn refresh_index(app: &Arc<App>) -> Result<()> {
    let app = app.clone();
    blocking(move || {
        let refreshed = app.index().and_then(|index| index.refresh(&app.catalog));
        if let Err(error) = refreshed {
            tracing::warn!(
                error = crate::error::chain(&error),
                "the search index is behind; it catches up at the next search"
            );
        }
        Ok(())
    })
    .await
}

fn known_urls(app: &App, known: &[Source]) -> Vec<String> {
    let configured: Vec<String> = app.config.sources.iter().map(|source| source.url.clone()).collect();
    match configured.is_empty() {
        true => known.iter().map(|source| source.url.clone()).collect(),
        false => configured,
    }
}

/// The daemon reads with its own rights: a steward over HTTP may crawl what is known, only an admin may point it
/// anywhere, for instance at another folder of its machine.
fn refuse_new_places(app: &App, who: &Principal, url: &str, known: &[Source]) -> Result<()> {
    let is_known = known.iter().any(|source| source.url == url);
    if is_known || who.may(Role::Admin) {
        return Ok(());
    }
    let is_configured =
        app.config.sources.iter().any(|source| app.lake(&source.url).is_ok_and(|lake| lake.url() == url));
    if is_configured {
        return Ok(());
    }
    Err(Error::denied("crawl", "this source is new; an admin, or the configuration file, adds it"))
}

fn row(url: &str, report: &CrawlReport) -> Result<Value> {
    let mut row = json!({"source": url});
    let report =
        serde_json::to_value(report).map_err(|error| Error::internal("crawl", "").with_source(error))?;
    if let (Some(row), Value::Object(report)) = (row.as_object_mut(), report) {
        row.extend(report);
    }
    Ok(row)
}

const NEXT: [&str; 4] = [
    "",
    "Try next:  headwater datasets                     what was found, with schemas",
    "           headwater search \"anomaly:*\"           what is wrong in there",
    "           headwater lineage                      what was copied and converted from what",
];

fn summary(report: &CrawlReport) -> Vec<String> {
    let mut lines = vec![format!(
        "{} blobs: {} new, {} changed, {} unchanged, {} gone; {} read in {:.1} s",
        report.listed,
        report.new,
        report.changed,
        report.unchanged,
        report.deleted,
        crate::view::bytes(report.bytes_read as f64),
        report.seconds,
    )];
    lines.push(format!("{} datasets, {} lineage edges inferred", report.datasets, report.edges));
    lines.extend(most("formats", &report.formats));
    lines.extend(most("personal data", &report.findings));
    lines.extend(most("anomalies", &report.anomalies));
    lines
}

fn most(title: &str, counts: &std::collections::BTreeMap<String, u64>) -> Option<String> {
    let mut counts: Vec<(&String, &u64)> = counts.iter().collect();
    counts.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
    let shown: Vec<String> = counts.iter().take(8).map(|(name, count)| format!("{name} {count}")).collect();
    (!shown.is_empty()).then(|| format!("{title}: {}", shown.join(", ")))
}
