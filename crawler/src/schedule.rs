//! When to crawl what: cron expressions, decided by a pure function, carried out by a small loop.
//!
//! A source never overlaps itself. Runs missed while the daemon was down or a crawl took long are caught up once.
//! Times are UTC.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::time::Duration;

use catalog::model::{SourceId, Timestamp};
use croner::Cron;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::watch;

use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::pipeline::crawl;
use crate::source::Lake;

/// The loop looks at the clock at least so often, since clocks are set and machines sleep.
const LOOK_INTERVAL: Duration = Duration::from_secs(30);

/// A cron expression of five fields, or six with seconds first, or `@hourly` and the like.
#[derive(Clone, Debug)]
pub struct Schedule(Cron);

impl FromStr for Schedule {
    type Err = Error;

    fn from_str(expression: &str) -> Result<Self> {
        let invalid = |e| {
            let context = "it is no cron expression such as `0 3 * * *`";
            Error::invalid("read schedule", context).with_source(e)
        };
        Ok(Self(Cron::from_str(expression).map_err(invalid)?))
    }
}

impl Schedule {
    /// The first time after another; `None` if there is none (30 February).
    pub fn next_after(&self, time: Timestamp) -> Option<Timestamp> {
        let time = jiff::Timestamp::from_microsecond(time.0).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
        let next = self.0.find_next_occurrence(&time, false).ok()?;
        Some(Timestamp(next.timestamp().as_microsecond()))
    }
}

/// A source with its schedule, and where it stands.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Which source.
    pub source: SourceId,
    /// When it is due.
    pub schedule: Schedule,
    /// When its last crawl began, or when it was put on the schedule.
    pub last: Timestamp,
}

/// What to do now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Sources to crawl now.
    pub due: Vec<SourceId>,
    /// When to look again, unless something changes before.
    pub wake: Option<Timestamp>,
}

/// Decides which sources are due. One that is being crawled is not, however often it was due meanwhile.
pub fn decide(planned: &[Planned], running: &BTreeSet<SourceId>, now: Timestamp) -> Decision {
    let mut decision = Decision::default();
    for Planned { source, schedule, last } in
        planned.iter().filter(|planned| !running.contains(&planned.source))
    {
        match schedule.next_after(*last) {
            Some(next) if next <= now => decision.due.push(source.clone()),
            Some(next) => decision.wake = Some(decision.wake.map_or(next, |wake| wake.min(next))),
            None => {}
        }
    }
    decision
}

/// Crawls sources as they are due, until `shutdown` turns true; crawls under way are then finished.
///
/// A crawl that fails is logged by itself and tried again when it is next due.
pub async fn run_schedule(
    ctx: &Ctx,
    sources: Vec<(Lake, Schedule, Timestamp)>,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut planned: Vec<Planned> = sources
        .iter()
        .map(|(lake, schedule, last)| Planned {
            source: lake.source_id(),
            schedule: schedule.clone(),
            last: *last,
        })
        .collect();
    let lakes: BTreeMap<SourceId, Lake> =
        sources.into_iter().map(|(lake, ..)| (lake.source_id(), lake)).collect();
    let mut running = BTreeSet::new();
    let mut crawls = FuturesUnordered::new();
    loop {
        let now = ctx.catalog.env().clock.now();
        let stopping = *shutdown.borrow();
        let decision = if stopping { Decision::default() } else { decide(&planned, &running, now) };
        for source in decision.due {
            planned
                .iter_mut()
                .filter(|planned| planned.source == source)
                .for_each(|planned| planned.last = now);
            if let Some(lake) = lakes.get(&source) {
                running.insert(source.clone());
                crawls.push(async move { (source, crawl(ctx, lake).await.is_ok()) });
            }
        }
        if stopping && crawls.is_empty() {
            return;
        }
        let wait = decision.wake.map_or(LOOK_INTERVAL, |wake| until(now, wake).min(LOOK_INTERVAL));
        tokio::select! {
            Some((source, _)) = crawls.next(), if !crawls.is_empty() => { running.remove(&source); }
            changed = shutdown.changed(), if !stopping => if changed.is_err() { return },
            () = tokio::time::sleep(wait) => {}
        }
    }
}

fn until(now: Timestamp, then: Timestamp) -> Duration {
    Duration::from_micros(then.0.saturating_sub(now.0).max(0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn planned(source: &str, cron: &str, last: &str) -> Planned {
        Planned { source: SourceId(source.into()), schedule: cron.parse().unwrap(), last: at(last) }
    }

    #[test]
    fn missed_runs_are_caught_up_once_and_never_overlap() {
        let mut plan = [
            planned("a", "0 3 * * *", "2024-05-01T03:00:00Z"),
            planned("b", "*/15 * * * *", "2024-05-04T11:59:00Z"),
            planned("c", "0 0 30 2 *", "2024-05-01T00:00:00Z"),
        ];
        let now = at("2024-05-04T11:59:30Z");
        let decision = decide(&plan, &BTreeSet::new(), now);
        assert_eq!(decision.due, [SourceId("a".into())]);
        assert_eq!(decision.wake, Some(at("2024-05-04T12:00:00Z")));
        let running = BTreeSet::from([SourceId("a".into())]);
        assert_eq!(decide(&plan, &running, now).due, []);
        plan[0].last = now; // three nights were missed; one crawl makes up for them
        let decision = decide(&plan, &BTreeSet::new(), at("2024-05-04T12:00:00Z"));
        assert_eq!(decision.due, [SourceId("b".into())]);
        assert_eq!(decision.wake, Some(at("2024-05-05T03:00:00Z")));
    }

    #[test]
    fn only_cron_expressions_are_taken() {
        for wrong in ["", "every day", "61 * * * *", "* * * *"] {
            assert!(wrong.parse::<Schedule>().is_err(), "{wrong}");
        }
        let hourly: Schedule = "@hourly".parse().unwrap();
        assert_eq!(hourly.next_after(at("2024-02-29T23:00:00Z")), Some(at("2024-03-01T00:00:00Z")));
    }
}
