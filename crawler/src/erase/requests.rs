//! What becomes of a request apart from its plan: two months more, or a refusal.

use catalog::Change;
use catalog::erasure::{audit, request};
use catalog::model::{ErasureRequest, Ground};

use super::answer::RequestLine;
use super::{Desk, show};
use crate::error::Result;

/// Extends the deadline of a request by two months; the person has to be told within the first.
///
/// # Errors
/// As [`request::extend`]; `NotFound` if there is no such request.
pub async fn extend(desk: &Desk, request_or_plan: &str, reason: &str) -> Result<RequestLine> {
    let outcome = change(desk, request_or_plan, &|found| {
        request::extend(found, &desk.by, desk.ctx.catalog.env().clock.now(), reason)
    });
    let extended = desk.audited(audit::EXTEND, request_or_plan, outcome).await?;
    let entry = audit::request(audit::EXTEND, &extended.id, format!("due {}", extended.due));
    desk.commit(vec![Change::put(&extended)?, entry]).await?;
    show::request_line(desk, &extended)
}

/// Refuses a request (Art. 17(3), 12(5) GDPR). Its identifiers are forgotten: their key is destroyed, as after a certificate.
///
/// # Errors
/// As [`request::refuse`]; `NotFound` if there is no such request.
pub async fn refuse(desk: &Desk, request_or_plan: &str, ground: Ground, reason: &str) -> Result<RequestLine> {
    let outcome = change(desk, request_or_plan, &|found| {
        request::refuse(found, &desk.by, desk.ctx.catalog.env().clock.now(), (ground, reason))
    });
    let refused = desk.audited(audit::REFUSE, request_or_plan, outcome).await?;
    let entry = audit::request(audit::REFUSE, &refused.id, format!("{ground:?}"));
    desk.commit(vec![Change::put(&refused)?, entry]).await?;
    desk.ctx.catalog.flush()?;
    desk.keys.destroy_request_key(&refused.id)?;
    show::request_line(desk, &refused)
}

fn change(
    desk: &Desk,
    request_or_plan: &str,
    change: &dyn Fn(&ErasureRequest) -> Result<ErasureRequest>,
) -> Result<ErasureRequest> {
    change(&show::resolve(desk, request_or_plan)?)
}
