//! Keys of the subject index: listed, followed by a new one, destroyed.
//!
//! Crawls take a new key over source by source; lookups read under all keys that are there. What was indexed under a destroyed
//! key says nothing any more, and lookups then say which sources are not searched until they are crawled again.

use catalog::model::{IndexKey, Principal, Source};
use catalog::{AsOf, Change, Error, Result};
use serde_json::json;

use super::Answer;
use crate::compose::App;

/// One row a key.
pub(super) fn list(app: &App) -> Result<Answer> {
    let keys: Vec<IndexKey> = app.catalog.env().hasher.epochs().iter().map(|one| one.key).collect();
    let sources: Vec<Source> = app.catalog.all(AsOf::Now)?;
    let newest = keys.last().copied();
    let rows = keys.iter().map(|key| {
        let leaning = sources.iter().filter(|source| leans_on(source, *key)).map(|source| &source.url);
        json!({"epoch": key.epoch, "newest": Some(*key) == newest, "sources": leaning.collect::<Vec<_>>()})
    });
    Ok(Answer::rows(rows.collect()))
}

/// Whether identifiers in a source may still be indexed under a key: under its oldest one, or under any since.
fn leans_on(source: &Source, key: IndexKey) -> bool {
    source.index_key.is_some_and(|oldest| oldest.epoch <= key.epoch)
}

/// Makes the next key; crawls index under it from now on.
pub(super) fn rotate(app: &App, who: &Principal) -> Result<Answer> {
    const OPERATION: &str = "rotate index key";
    app.catalog.commit_durably(who, &[Change::audit(OPERATION, "subject index", "begun")])?;
    let epoch = app.make_epoch()?;
    let subject = format!("epoch {epoch}");
    app.catalog.commit_durably(who, &[Change::audit(OPERATION, subject, "ok")])?;
    Ok(Answer::one(json!({"epoch": epoch}))
        .say("the next crawl of each source indexes it anew; until then lookups read under the old key too")
        .say("once `headwater key list` shows no source with the old epoch: headwater key destroy EPOCH"))
}

/// Destroys an old key.
///
/// # Errors
/// `Conflict` if it is the newest, or if sources lean on it and the caller did not say `anyway`.
pub(super) fn destroy(app: &App, who: &Principal, epoch: u32, anyway: bool) -> Result<Answer> {
    const OPERATION: &str = "destroy index key";
    let keys: Vec<IndexKey> = app.catalog.env().hasher.epochs().iter().map(|one| one.key).collect();
    let Some(key) = keys.iter().find(|key| key.epoch == epoch) else {
        return Err(Error::not_found(OPERATION, format!("there is no key of epoch {epoch}")));
    };
    let sources: Vec<Source> = app.catalog.all(AsOf::Now)?;
    let leaning: Vec<&str> =
        sources.iter().filter(|source| leans_on(source, *key)).map(|source| source.url.as_str()).collect();
    if keys.last() != Some(key) && !leaning.is_empty() && !anyway {
        let context = format!(
            "{} is indexed under it in part; crawl it first, or say --anyway and it is not searched until then",
            leaning.join(", ")
        );
        return Err(Error::conflict(OPERATION, context));
    }
    let subject = format!("epoch {epoch}");
    app.catalog.commit_durably(who, &[Change::audit(OPERATION, subject.clone(), "begun")])?;
    app.destroy_epoch(epoch)?;
    app.catalog.commit_durably(who, &[Change::audit(OPERATION, subject, "ok")])?;
    let mut answer = Answer::one(json!({"epoch": epoch, "destroyed": true}));
    for source in leaning {
        answer = answer.say(format!("not searched until it is crawled again: {source}"));
    }
    Ok(answer.say("copies of the key in backups of the keys folder are for you to destroy"))
}
