//! Upkeep of the catalog itself: export, import, check, rewrite.
//!
//! Export and import name files of the machine that runs them, so only the owner of the catalog's files may ask.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;

use catalog::model::Principal;
use catalog::store::{check, export};
use catalog::{Catalog, Change, Error, Result};
use serde_json::json;

use super::Answer;

pub(super) fn export_to(catalog: &Catalog, who: &Principal, path: &Path) -> Result<Answer> {
    const OPERATION: &str = "export catalog";
    local_only(who, OPERATION)?;
    let failed = |error: std::io::Error| Error::unavailable(OPERATION, "").with_source(error);
    // The entry stands in the export too: whoever imports it sees where it comes from.
    catalog.commit_durably(who, &[Change::audit(OPERATION, "catalog", "ok")])?;
    let file = File::create_new(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Error::conflict(OPERATION, "the file is there already"),
        _ => failed(error),
    })?;
    let mut out = BufWriter::new(file);
    let done = export::export(&**catalog.store(), &mut out).and_then(|exported| {
        out.flush().and_then(|()| out.get_ref().sync_all()).map_err(failed)?;
        Ok(exported)
    });
    let exported = match done {
        Ok(exported) => exported,
        Err(error) => {
            // Half an export is worse than none; the first error is the one to tell.
            let _ = std::fs::remove_file(path);
            return Err(error);
        }
    };
    Ok(Answer::one(json!({"entries": exported.entries, "bytes": exported.bytes})))
}

pub(super) fn check_store(catalog: &Catalog) -> Result<Answer> {
    let problems = check::check(&**catalog.store())?;
    if problems.is_empty() {
        return Ok(Answer::one(json!({"whole": true, "problems": 0})).say("the catalog is whole"));
    }
    let rows = problems.iter().map(|problem| json!({"space": problem.space, "problem": problem.problem}));
    let message = format!("{} problems; import the last export into a new directory", problems.len());
    Ok(Answer { rows: rows.collect(), ..Answer::default() }.say(message).nothing())
}

pub(super) fn rewrite(catalog: &Catalog, who: &Principal) -> Result<Answer> {
    const OPERATION: &str = "rewrite catalog";
    catalog.commit_durably(who, &[Change::audit(OPERATION, "catalog", "begun")])?;
    catalog.flush()?;
    catalog.store().rewrite().map_err(|error| {
        Error::unavailable(OPERATION, "the old files are as they were; try again").with_source(error)
    })?;
    catalog.commit_durably(who, &[Change::audit(OPERATION, "catalog", "ok")])?;
    Ok(Answer::one(json!({"rewritten": true})).say("no removed or overwritten value is left in its files"))
}

/// Reads an export into an empty store, before there is a catalog over it.
///
/// # Errors
/// `Conflict` if there is a catalog already, `Corrupt` if the export is damaged.
pub(crate) fn import_from(store: &dyn catalog::store::Store, path: &Path) -> Result<Answer> {
    let failed = |error: std::io::Error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => catalog::ErrorKind::NotFound,
            _ => catalog::ErrorKind::Unavailable,
        };
        Error::new(kind, "import catalog", "").with_source(error)
    };
    let file = File::open(path).map_err(failed)?;
    let imported = export::import(store, &mut BufReader::new(file))?;
    Ok(Answer::one(json!({"entries": imported.entries, "bytes": imported.bytes})))
}

fn local_only(who: &Principal, operation: &'static str) -> Result<()> {
    if who.name.starts_with("local:") {
        return Ok(());
    }
    Err(Error::denied(operation, "it writes a file of this machine; run the command there"))
}
