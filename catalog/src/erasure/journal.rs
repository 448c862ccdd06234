//! How a step may advance. Each state is committed before or after the one thing that it stands for, so that a process
//! killed anywhere finds on its return which of them is next.
//!
//! `Planned → Started → Replaced → OldVersionsDeleted → Done`, or from any but the last to `Refused` or `Failed`.

use crate::error::{Error, Result};
use crate::model::{PlanBody, StepJournal, StepState, Timestamp};

/// Journal of all steps of a plan before any was begun; steps that only report have none.
pub fn begin(body: &PlanBody, now: Timestamp) -> Vec<StepJournal> {
    let entry = |step: &crate::model::Step| StepJournal {
        plan: body.id.clone(),
        number: step.number,
        state: StepState::Planned,
        intended: None,
        upload: None,
        new_etag: None,
        new_version: None,
        at: now,
    };
    body.steps.iter().filter(|step| step.method.acts()).map(entry).collect()
}

/// The entry one state further.
///
/// # Errors
/// `Internal` if no step goes that way.
pub fn advance(entry: &StepJournal, to: StepState, now: Timestamp) -> Result<StepJournal> {
    use StepState::{Done, Failed, OldVersionsDeleted, Planned, Refused, Replaced, Started};
    let allowed = match (&entry.state, &to) {
        // Started again: the process was killed before the write, or the intended content is another one now.
        (Planned | Started, Started) | (Started, Replaced) => true,
        (Replaced, OldVersionsDeleted) | (OldVersionsDeleted, Done) => true,
        (Planned | Started, Refused(_)) => true,
        (Planned | Started | Replaced | OldVersionsDeleted, Failed(_)) => true,
        _ => false,
    };
    if !allowed {
        let context = format!("step {} from {:?} to {to:?}", entry.number, entry.state);
        return Err(Error::internal("advance erasure step", context));
    }
    Ok(StepJournal { state: to, at: now, ..entry.clone() })
}

/// Numbers of acting steps that have not ended.
pub fn open(body: &PlanBody, journal: &[StepJournal]) -> Vec<u32> {
    let ended = |number| {
        let of_step = |entry: &&StepJournal| entry.plan == body.id && entry.number == number;
        journal.iter().filter(of_step).any(|entry| entry.state.has_ended())
    };
    let acting = body.steps.iter().filter(|step| step.method.acts());
    acting.map(|step| step.number).filter(|number| !ended(*number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PlanId;

    #[test]
    fn a_step_goes_one_way() {
        use StepState::{Done, Failed, OldVersionsDeleted, Planned, Refused, Replaced, Started};
        let at = |state: &StepState| StepJournal {
            plan: PlanId("p".into()),
            number: 1,
            state: state.clone(),
            intended: None,
            upload: None,
            new_etag: None,
            new_version: None,
            at: Timestamp(0),
        };
        let line = [Planned, Started, Replaced, OldVersionsDeleted, Done];
        for (place, from) in line.iter().enumerate() {
            for (target, to) in line.iter().enumerate() {
                let allowed = target == place + 1 || (place == 1 && target == 1);
                assert_eq!(advance(&at(from), to.clone(), Timestamp(1)).is_ok(), allowed, "{from:?} {to:?}");
            }
            let refused = advance(&at(from), Refused("moved".into()), Timestamp(1)).is_ok();
            assert_eq!(refused, place < 2, "nothing is refused once it was written: {from:?}");
            let failed = advance(&at(from), Failed("disk".into()), Timestamp(1)).is_ok();
            assert_eq!(failed, place < 4, "{from:?}");
        }
    }
}
