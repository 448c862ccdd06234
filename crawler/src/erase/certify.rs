//! The end of a request: the certificate is signed, the identifiers go to the ledger as digests, and their key is destroyed.

use catalog::erasure::certificate::{self, issue};
use catalog::erasure::{audit, suppression};
use catalog::model::{Approval, Certificate, Plan, Verification};
use catalog::{AsOf, Change};

use super::lookup::officer;
use super::plan::sealed_identifiers;
use super::{Desk, show};
use crate::error::{Error, Result};

/// The certificate of a request or plan, signed now if it is not yet; the document is canonical JSON, one line.
///
/// # Errors
/// `Denied` unless the principal is a privacy officer; `Conflict` while steps are open, before verification, or if
/// verification found the person where nothing explains it.
pub async fn certificate(desk: &Desk, request_or_plan: &str) -> Result<String> {
    officer(desk, audit::CERTIFY)?;
    let catalog = &desk.ctx.catalog;
    let mut request = show::resolve(desk, request_or_plan)?;
    if let Some(signed) = catalog.get::<Certificate>(&request.id, AsOf::Now)? {
        // The process may have ended between the commit and this.
        desk.keys.destroy_request_key(&request.id)?;
        return Ok(signed.document);
    }
    let missing = |what: &str| Error::conflict(audit::CERTIFY, what);
    let plan = request.plan.clone().ok_or_else(|| missing("the request has no plan"))?;
    let plan: Plan = catalog.require(&plan, audit::CERTIFY, &plan.0)?;
    let approval =
        catalog.get::<Approval>(&plan.id, AsOf::Now)?.ok_or_else(|| missing("the plan is not approved"))?;
    let verification = catalog
        .get::<Verification>(&request.id, AsOf::Now)?
        .ok_or_else(|| missing("verify first: a certificate says what a fresh look found"))?;
    let identifiers = sealed_identifiers(desk, &request)?;
    let indexed: Vec<_> = identifiers.iter().flat_map(|one| one.indexed(catalog.env())).collect();
    let identifiers: Vec<(String, String)> =
        identifiers.into_iter().map(|mut one| (one.kind, one.forms.swap_remove(0))).collect();
    let head = audit::head(catalog)?.ok_or_else(|| missing("the audit log is empty"))?;
    let now = catalog.env().clock.now();
    let (signed, status) = issue(&certificate::Input {
        request: &request,
        identifiers: &identifiers,
        plan: &plan,
        approval: &approval,
        journal: &show::journal_of(desk, &plan.id)?,
        verification: &verification,
        audit_head: (head.number, head.hash),
        issued: now,
        issued_by: &desk.by.name,
        salt: &desk.keys.salt(&request.id)?,
        signing_key: &desk.keys.signing_key()?,
    })?;
    let mut changes = suppression::entries(&request, &indexed, now)?;
    request.status = status;
    request.sealed = Vec::new();
    changes.push(Change::put(&request)?);
    changes.push(Change::put(&signed)?);
    changes.push(audit::request(audit::CERTIFY, &request.id, format!("{status:?}")));
    desk.commit(changes).await?;
    catalog.flush()?;
    desk.keys.destroy_request_key(&request.id)?;
    Ok(signed.document)
}

/// The public key that verifies certificates, as hex.
///
/// # Errors
/// `Corrupt` if the key file is damaged.
pub fn public_key(desk: &Desk) -> Result<String> {
    Ok(certificate::public_key(&desk.keys.signing_key()?))
}
