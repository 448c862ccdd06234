//! The certificate: what was asked, done, not done and why, signed. It is refused unless it is true.
//!
//! The document is canonical JSON (RFC 8785) `{"certificate": …, "signature": …}`; the signature is Ed25519 (RFC 8032) over the
//! canonical JSON of the value of `certificate`. It holds counts and salted commitments only: HMAC-SHA-256 under a salt of
//! this request that lies in the keys' folder, since a bare hash of an e-mail address or of a path can be guessed back. Who
//! holds the salt can show what a commitment is of; once the salt is destroyed nobody can.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::journal;
use crate::error::{Error, Result};
use crate::model::{
    Approval, Certificate, Digest, ErasureRequest, Method, Plan, PlanBody, RequestStatus, Step, StepJournal,
    StepState, Timestamp, Verification, VerificationHit,
};

/// What a certificate is made from.
pub struct Input<'a> {
    /// The request.
    pub request: &'a ErasureRequest,
    /// Its identifiers: kind and normal form.
    pub identifiers: &'a [(String, String)],
    /// The plan that was run.
    pub plan: &'a Plan,
    /// Who approved it.
    pub approval: &'a Approval,
    /// How its steps ended.
    pub journal: &'a [StepJournal],
    /// The fresh look after that.
    pub verification: &'a Verification,
    /// Number and hash of the last entry of the audit log.
    pub audit_head: (u64, Digest),
    /// When it is signed.
    pub issued: Timestamp,
    /// Who has it signed.
    pub issued_by: &'a str,
    /// The salt of its commitments.
    pub salt: &'a [u8; 32],
    /// The secret key.
    pub signing_key: &'a [u8; 32],
}

const OPERATION: &str = "certify erasure";

/// Signs a certificate and says what the request's status becomes.
///
/// # Errors
/// `Conflict` while a step is open or was refused, if the verification is older than the last step, or if it found the
/// person where nothing explains it.
pub fn issue(input: &Input<'_>) -> Result<(Certificate, RequestStatus)> {
    let body = super::plan::read(input.plan)?;
    let explained = is_true(input, &body)?;
    let left = body.steps.iter().any(|step| !is_done(step, input.journal));
    let complete = !left && explained.is_empty() && input.verification.not_searched.is_empty();
    let certificate = document(input, &body, complete)?;
    let signed = canonical(&certificate)?;
    let key = SigningKey::from_bytes(input.signing_key);
    let public = key.verifying_key();
    let document = json!({
        "certificate": certificate,
        "signature": {
            "algorithm": "Ed25519",
            "key_id": key_id(&public),
            "public_key": hex::encode(public.to_bytes()),
            "value": hex::encode(key.sign(signed.as_bytes()).to_bytes()),
        },
    });
    let certificate = Certificate {
        request: input.request.id.clone(),
        plan: input.plan.id.clone(),
        issued: input.issued,
        document: canonical(&document)?,
    };
    let status = if complete { RequestStatus::Certified } else { RequestStatus::CertifiedInPart };
    Ok((certificate, status))
}

/// Refuses what would not be true, and gives the hits that a step's end explains.
fn is_true<'a>(input: &Input<'a>, body: &PlanBody) -> Result<Vec<&'a VerificationHit>> {
    let conflict = |context: String| Err(Error::conflict(OPERATION, context));
    if input.request.status.is_certified() {
        return conflict(format!("request {} is certified already", input.request.id));
    }
    if input.request.plan.as_ref() != Some(&input.plan.id) || input.approval.hash != input.plan.hash {
        return conflict(format!("plan {} is not the one that was approved", input.plan.id));
    }
    if input.verification.request != input.request.id {
        return conflict("the verification is another request's".into());
    }
    let open = journal::open(body, input.journal);
    if let Some(first) = open.first() {
        return conflict(format!("{} steps are open, step {first} first; run the plan again", open.len()));
    }
    let refused = |entry: &&StepJournal| matches!(entry.state, StepState::Refused(_));
    if let Some(entry) = input.journal.iter().find(refused) {
        return conflict(format!("step {} was refused since the lake had changed; plan again", entry.number));
    }
    if input.journal.iter().any(|entry| entry.at >= input.verification.started) {
        return conflict("steps ended after the verification began; verify again".into());
    }
    let hits = &input.verification.hits;
    let unexplained = hits.iter().filter(|hit| !is_explained(hit, body, input.journal)).count();
    if unexplained > 0 {
        return conflict(format!("verification found the person in {unexplained} places; plan again"));
    }
    Ok(hits.iter().collect())
}

fn is_explained(hit: &VerificationHit, body: &PlanBody, journal: &[StepJournal]) -> bool {
    let about = |step: &&Step| {
        Some(step.blob) == hit.blob
            && Some(&step.source) == hit.source.as_ref()
            && (step.store_version == hit.store_version || hit.store_version.is_none() && step.current)
    };
    body.steps.iter().filter(about).any(|step| !is_done(step, journal))
}

fn is_done(step: &Step, journal: &[StepJournal]) -> bool {
    let done = |entry: &StepJournal| entry.number == step.number && entry.state == StepState::Done;
    step.method.acts() && journal.iter().any(done)
}

/// HMAC-SHA-256 over what is committed to, fields separated by a zero byte.
pub fn commitment(salt: &[u8; 32], fields: &[&str]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(salt).expect("HMAC takes keys of any length");
    mac.update(fields.join("\0").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn document(input: &Input<'_>, body: &PlanBody, complete: bool) -> Result<Value> {
    let Input { request, approval, verification, salt, .. } = input;
    let subject = |(kind, normal): &(String, String)| json!({"kind": kind, "commitment": commitment(salt, &["identifier", kind, normal])});
    let started = input.journal.iter().map(|entry| entry.at).min();
    let ended = input.journal.iter().map(|entry| entry.at).max();
    let (done, not_done): (Vec<&Step>, Vec<&Step>) =
        body.steps.iter().partition(|step| is_done(step, input.journal));
    let mut recipients: Vec<&String> = body.steps.iter().flat_map(|step| &step.downstream).collect();
    recipients.sort();
    recipients.dedup();
    Ok(json!({
        "type": "headwater erasure certificate",
        "version": 1,
        "status": if complete { "complete" } else { "partial" },
        "issued": input.issued,
        "issued_by": input.issued_by,
        "request": {
            "id": request.id, "received": request.received, "due": request.due, "requester": request.requester,
            "legal_basis": request.legal_basis,
            "identifiers": input.identifiers.iter().map(subject).collect::<Vec<_>>(),
        },
        "plan": {"id": body.id, "by": body.by, "created": body.created},
        "plan_hash": input.plan.hash,
        "approval": {"by": approval.by, "at": approval.at},
        "execution": {"first_entry": started, "last_entry": ended},
        "done": done.iter().map(|step| step_line(step, salt, None)).collect::<Vec<_>>(),
        "not_done": not_done.iter().map(|step| step_line(step, salt, Some(input.journal))).collect::<Vec<_>>(),
        "verification": {
            "by": verification.by, "started": verification.started, "ended": verification.ended,
            "blobs": verification.blobs, "old_versions": verification.old_versions, "bytes": verification.bytes,
            "catalog_records": verification.catalog_records, "hits": verification.hits.len(),
        },
        "not_searched": verification.not_searched.iter().map(|one| json!({
            "blob": commitment(salt, &["blob", &one.blob.to_string()]), "old_version": one.store_version.is_some(),
            "reason": one.reason,
        })).collect::<Vec<_>>(),
        "recipients": recipients,
        "audit_log": {"last_entry": input.audit_head.0, "hash": input.audit_head.1},
        "plan_hash_algorithm": "SHA-256 of the plan's canonical JSON (RFC 8785)",
        "commitments": "HMAC-SHA-256 under a salt kept apart from this document",
    }))
}

/// One step as the certificate tells of it.
fn step_line(step: &Step, salt: &[u8; 32], journal: Option<&[StepJournal]>) -> Value {
    let (removed, kept) = match &step.method {
        Method::RemoveUnits { parts, .. } => (
            Some(parts.iter().map(|part| part.rows_removed).sum::<u64>()),
            Some(parts.iter().map(|part| part.rows_kept).sum::<u64>()),
        ),
        _ => (None, None),
    };
    let mut line = json!({
        "step": step.number,
        "blob": commitment(salt, &["blob", &step.blob.to_string()]),
        "old_version": !step.current,
        "method": step.method.name(),
        "rows_removed": removed,
        "rows_kept": kept,
    });
    if let Method::RemoveUnits { beside, .. } = &step.method
        && !beside.is_empty()
    {
        line["metadata_and_tags_removed"] = beside.len().into();
    }
    if let Some(journal) = journal {
        let entry = journal.iter().find(|entry| entry.number == step.number);
        let reason = match (&step.method, entry.map(|entry| &entry.state)) {
            (Method::Report { reason }, _) => reason.clone(),
            (_, Some(StepState::Failed(reason) | StepState::Refused(reason))) => reason.clone(),
            _ => "not begun".into(),
        };
        line["reason"] = Value::String(reason);
    }
    line
}

fn canonical(value: &impl Serialize) -> Result<String> {
    serde_json_canonicalizer::to_string(value)
        .map_err(|error| Error::internal(OPERATION, "canonical JSON").with_source(error))
}

/// The public key of a secret one, as hex.
pub fn public_key(signing_key: &[u8; 32]) -> String {
    hex::encode(SigningKey::from_bytes(signing_key).verifying_key().to_bytes())
}

/// First sixteen hex digits of SHA-256 of a public key.
pub fn key_id(key: &VerifyingKey) -> String {
    hex::encode(&Sha256::digest(key.to_bytes())[..8])
}

/// What a certificate that verifies says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Which key signed it.
    pub key_id: String,
    /// Whether that key is the one that the caller trusts; without one, the certificate only agrees with itself.
    pub key_is_trusted: bool,
    /// The request.
    pub request: String,
    /// `complete` or `partial`.
    pub status: String,
    /// When it was signed.
    pub issued: String,
}

/// Verifies a certificate offline: against a trusted public key (hex), or against the one inside.
///
/// # Errors
/// `Corrupt` if it is no certificate, a byte of it was changed, or another key signed it.
pub fn verify_certificate(document: &str, trusted_key: Option<&str>) -> Result<Verified> {
    let wrong = |why: &str| Error::corrupt("verify certificate", why);
    let value: Value = serde_json::from_str(document).map_err(|_| wrong("it is not JSON"))?;
    if canonical(&value)? != document.trim_end() {
        return Err(wrong("it is not canonical JSON; a byte was changed"));
    }
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let hex_of = |pointer: &str| text(pointer).and_then(|text| hex::decode(text).ok());
    if text("/signature/algorithm") != Some("Ed25519") {
        return Err(wrong("it is not signed with Ed25519"));
    }
    let public = hex_of("/signature/public_key").and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let public = public.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
    let public = public.ok_or_else(|| wrong("its public key is damaged"))?;
    if trusted_key.is_some_and(|trusted| trusted.trim() != hex::encode(public.to_bytes())) {
        return Err(wrong("another key signed it"));
    }
    if text("/signature/key_id") != Some(&key_id(&public)) {
        return Err(wrong("its key id is not its key's"));
    }
    let signature = hex_of("/signature/value").and_then(|bytes| Signature::from_slice(&bytes).ok());
    let signature = signature.ok_or_else(|| wrong("its signature is damaged"))?;
    let signed = canonical(value.get("certificate").unwrap_or(&Value::Null))?;
    public
        .verify_strict(signed.as_bytes(), &signature)
        .map_err(|_| wrong("its signature is not of this text; a byte was changed"))?;
    let field = |pointer: &str| text(pointer).unwrap_or_default().to_owned();
    Ok(Verified {
        key_id: key_id(&public),
        key_is_trusted: trusted_key.is_some(),
        request: field("/certificate/request/id"),
        status: field("/certificate/status"),
        issued: field("/certificate/issued"),
    })
}

#[cfg(test)]
#[path = "certificate/tests.rs"]
mod tests;
