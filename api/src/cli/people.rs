//! Commands about one person: what they ask, and how a plan reads.

use std::io::Read as _;

use catalog::{Error, Result};

use super::args::Erase;
use super::columns::{APPROVAL, DRY_RUN, HOLD, HOLDS, LEFT, REPLAYED, REQUEST, REQUESTS, RUN, STEPS};
use super::render::{self, Column};
use crate::ops::{Answer, Operation};

/// Bytes that a file of identifiers may have: some 100,000 of them; a daemon takes a request of twice as many.
const IDS_BYTES_MAX: u64 = 4 << 20;

/// The operation of an `erase` command, and how its answer looks.
///
/// # Errors
/// `Invalid` if identifiers cannot be read.
pub(super) fn ask(erase: Erase) -> Result<(Operation, &'static [Column])> {
    Ok(match erase {
        Erase::Plan { mut ids, ids_file, request, basis, rectify, with, received, scan } => {
            ids.extend(ids_file.map(|file| format!("@{file}")));
            let ids = read_ids(ids)?;
            let legal_basis = basis;
            (Operation::ErasePlan { ids, request, legal_basis, rectify, with, received, scan }, REQUEST)
        }
        Erase::Show { which, at } => (Operation::EraseShow { which, as_of: at.as_of }, REQUEST),
        Erase::Approve { plan, hash } => (Operation::EraseApprove { plan, hash }, APPROVAL),
        Erase::Run { plan, hash, dry_run: true } => (Operation::EraseDryRun { plan, hash }, DRY_RUN),
        Erase::Run { plan, hash, dry_run: false } => (Operation::EraseRun { plan, hash }, RUN),
        Erase::Extend { which, reason } => (Operation::EraseExtend { which, reason }, REQUESTS),
        Erase::Refuse { which, ground, reason } => {
            (Operation::EraseRefuse { which, ground, reason }, REQUESTS)
        }
        Erase::Replay { scan } => (Operation::EraseReplay { scan }, REPLAYED),
        Erase::Verify { which } => (Operation::EraseVerify { which }, LEFT),
        Erase::Certificate { which: Some(which), .. } => (Operation::EraseCertificate { which }, &[]),
        Erase::Certificate { which: None, .. } => {
            return Err(Error::invalid("certify erasure", "name a plan or a request"));
        }
        Erase::Hold { ids, under, reason } => {
            (Operation::EraseHold { ids: read_ids(ids)?, under, reason }, HOLD)
        }
        Erase::Lift { hold } => (Operation::EraseLift { hold }, HOLD),
        Erase::Holds { at } => (Operation::EraseHolds { as_of: at.as_of }, HOLDS),
        Erase::List { at } => (Operation::EraseList { as_of: at.as_of }, REQUESTS),
    })
}

/// Shows what a table of one row would hide: a plan's sheet with its steps, the places that a verification found.
pub(super) fn unfolded(operation: &Operation, answer: &mut Answer) {
    let [row] = &answer.rows[..] else { return };
    match operation {
        Operation::ErasePlan { .. } | Operation::EraseShow { .. } => {
            let mut text = render::sheet(row, REQUEST);
            if let Some(steps) = row["steps"].as_array().filter(|steps| !steps.is_empty()) {
                text.push('\n');
                text.push_str(&render::table(steps, STEPS));
            }
            for unsearched in row["not_searched"].as_array().into_iter().flatten() {
                let say = |key: &str| unsearched[key].as_str().unwrap_or_default().to_owned();
                answer.messages.push(format!("not searched: {}: {}", say("uri"), say("reason")));
            }
            answer.text = Some(text);
        }
        Operation::EraseDryRun { .. } => {
            answer.rows = row["steps"].as_array().cloned().unwrap_or_default();
        }
        Operation::EraseReplay { .. } => {
            answer.rows = row["replayed"].as_array().cloned().unwrap_or_default();
        }
        Operation::EraseVerify { .. } => {
            answer.rows = row["places"].as_array().cloned().unwrap_or_default();
        }
        _ => {}
    }
}

/// Identifiers as typed; `@FILE` stands for the lines of a file, which keeps them out of a shell's history.
///
/// # Errors
/// `Invalid` if a file cannot be read, or is longer than what is read: whoever stands in the rest would stay.
pub(super) fn read_ids(typed: Vec<String>) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for id in typed {
        let Some(path) = id.strip_prefix('@') else {
            ids.push(id);
            continue;
        };
        let wrong = |error: std::io::Error| {
            Error::invalid("read identifiers", "the file cannot be read").with_source(error)
        };
        let mut text = String::new();
        let source: Box<dyn std::io::Read> = match path {
            "-" => Box::new(std::io::stdin()),
            path => Box::new(std::fs::File::open(path).map_err(wrong)?),
        };
        let read = source.take(IDS_BYTES_MAX + 1).read_to_string(&mut text).map_err(wrong)?;
        if read as u64 > IDS_BYTES_MAX {
            let context =
                format!("the file has more than {IDS_BYTES_MAX} bytes; split it into several requests");
            return Err(Error::invalid("read identifiers", context));
        }
        ids.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
    }
    Ok(ids)
}
