//! Claims runs, keeps and ends leases, records outcomes.

use std::time::Duration;

use jiff::Timestamp;

use super::state::{Live, State, later};
use crate::store::{Beat, Cancelled, Claim, ClaimedRun, Finish, Hold, Outcome, Reaped, Verdict};
use crate::{JobName, RunId, RunState};

impl State {
    pub(super) fn claim(&mut self, claim: &Claim, now: Timestamp) -> Vec<ClaimedRun> {
        let until = later(now, claim.lease);
        let runs = self.lanes.first(&claim.queues, now, claim.limit, |queue, run| {
            self.queue_room(queue) > 0 && self.job_room(run) > 0
        });
        let mut claimed = Vec::new();
        for id in runs {
            if claimed.len() == claim.limit {
                break;
            }
            let Some(queue) = self.runs.get(&id).map(|live| live.run.queue.clone()) else {
                continue;
            };
            if self.queue_room(&queue) > 0 && self.job_room(id) > 0 {
                self.start(id, &claim.node, now, until);
                claimed.extend(self.runs.get(&id).and_then(claimed_run));
            }
        }
        claimed
    }

    pub(super) fn beat(&mut self, hold: Hold, now: Timestamp, lease: Duration) -> Beat {
        let Some(live) = held(&mut self.runs, hold) else {
            return Beat::Lost;
        };
        let until = later(now, lease);
        if let Some(before) = live.run.lease_until.replace(until) {
            self.leases.remove(&(before, hold.run));
        }
        let beat = if live.is_cancel_wanted { Beat::CancelWanted } else { Beat::Kept };
        self.leases.insert((until, hold.run));
        beat
    }

    pub(super) fn finish(&mut self, end: &Finish, now: Timestamp) -> Verdict {
        let hold = end.hold();
        if held(&mut self.runs, hold).is_none() {
            return self.said_before(end);
        }
        let error = end.error_text().map(str::to_owned);
        match end.outcome() {
            Outcome::Retry { after } => {
                self.back_to_due(hold.run, later(now, after));
                if let Some(live) = self.runs.get_mut(&hold.run) {
                    live.run.error = error;
                }
            }
            outcome => self.end(hold.run, outcome.state(), now, |run| {
                run.error = error;
                run.output = end.output_tail().map(str::to_owned);
            }),
        }
        Verdict::Accepted
    }

    pub(super) fn release(&mut self, hold: Hold, now: Timestamp) -> Verdict {
        let Some(live) = held(&mut self.runs, hold) else {
            return match self.runs.get(&hold.run) {
                Some(live) if live.run.fence == Some(hold.fence) => Verdict::Accepted,
                _ => Verdict::Stale,
            };
        };
        if live.is_cancel_wanted {
            self.end(hold.run, RunState::Cancelled, now, |_| {});
            return Verdict::Accepted;
        }
        live.run.attempt -= 1;
        self.back_to_due(hold.run, now);
        Verdict::Accepted
    }

    pub(super) fn cancel(&mut self, run: RunId, now: Timestamp) -> Cancelled {
        match self.runs.get_mut(&run) {
            None => Cancelled::Gone,
            Some(live) if live.run.state == RunState::Running => {
                live.is_cancel_wanted = true;
                Cancelled::Asked
            }
            Some(_) => {
                self.end(run, RunState::Cancelled, now, |_| {});
                Cancelled::Done
            }
        }
    }

    pub(super) fn reap(&mut self, limit: usize, attempts_max: u32, now: Timestamp) -> Vec<Reaped> {
        let over = self.leases.iter().take_while(|(until, _)| *until <= now).take(limit);
        let over: Vec<RunId> = over.map(|(_, run)| *run).collect();
        let mut reaped = Vec::new();
        for id in over {
            let Some(live) = self.runs.get_mut(&id) else {
                continue;
            };
            let node = live.run.node.clone().unwrap_or_default();
            let (name, attempt) = (live.run.name.clone(), live.run.attempt);
            let error = format!("the lease of node `{node}` ended without a word");
            let is_failed = attempt >= attempts_max && !live.is_cancel_wanted;
            if live.is_cancel_wanted || is_failed {
                let state = if is_failed { RunState::Failed } else { RunState::Cancelled };
                self.end(id, state, now, |run| run.error = Some(error));
            } else {
                live.run.error = Some(error);
                live.run.fence = None;
                self.back_to_due(id, now);
            }
            reaped.push(Reaped { id, name, node, attempt, is_failed });
        }
        reaped
    }

    pub(super) fn limit_queue(&mut self, queue: &str, runs: Option<u32>) {
        match runs {
            Some(runs) => self.limits.insert(queue.to_owned(), runs),
            None => self.limits.remove(queue),
        };
    }

    fn queue_room(&self, queue: &JobName) -> u32 {
        match self.limits.get(queue.as_str()) {
            Some(limit) => limit.saturating_sub(self.running.get(queue).copied().unwrap_or(0)),
            None => u32::MAX,
        }
    }

    fn job_room(&self, run: RunId) -> u32 {
        let Some(runs_max) = self.runs.get(&run).and_then(|live| live.runs_max) else {
            return u32::MAX;
        };
        let running = self.runs_of(run.job).filter(|live| live.run.state == RunState::Running);
        runs_max.saturating_sub(u32::try_from(running.count()).unwrap_or(u32::MAX))
    }

    /// What a node says a second time, since it did not hear the answer, is accepted again.
    fn said_before(&self, end: &Finish) -> Verdict {
        let Hold { run, fence } = end.hold();
        let kept = match self.runs.get(&run) {
            Some(live) => Some(&live.run),
            None => self.ended(run),
        };
        match kept {
            Some(kept) if kept.fence == Some(fence) && kept.state == end.outcome().state() => {
                Verdict::Accepted
            }
            _ => Verdict::Stale,
        }
    }
}

/// The run, if it is still the holder's.
fn held(runs: &mut std::collections::BTreeMap<RunId, Live>, hold: Hold) -> Option<&mut Live> {
    runs.get_mut(&hold.run)
        .filter(|live| live.run.state == RunState::Running && live.run.fence == Some(hold.fence))
}

fn claimed_run(live: &Live) -> Option<ClaimedRun> {
    let run = &live.run;
    Some(ClaimedRun {
        id: run.id,
        name: run.name.clone(),
        handler: live.handler.clone(),
        payload: live.payload.clone(),
        policy: live.policy.clone(),
        queue: run.queue.clone(),
        priority: run.priority,
        attempt: run.attempt,
        fence: run.fence?,
        at: run.at,
        started: run.started?,
        lease_until: run.lease_until?,
    })
}
