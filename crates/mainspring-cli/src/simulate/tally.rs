//! Counts what the scheduler tells: per job, per minute, and in all.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use mainspring_job::JobId;
use mainspring_scheduler::{Event, EventKind, Lagged};

use super::world::ENDED;

/// Everything that is counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    from: Timestamp,
    now: Timestamp,
    pub(super) jobs: Vec<JobTally>,
    ids: HashMap<JobId, usize>,
    /// From the first minute of the span on.
    minutes: Vec<Minute>,
    runs: u64,
    going: u32,
    /// The most runs that went on at once, and when they first did.
    pub(super) peak: (u32, Timestamp),
    /// Events that nobody could keep up with.
    pub(super) lost: u64,
}

/// What is counted of one job.
#[derive(Clone, Debug, Default)]
pub(super) struct JobTally {
    pub(super) label: String,
    /// Runs that began, whatever became of them.
    pub(super) runs: u64,
    pub(super) succeeded: u64,
    pub(super) timed_out: u64,
    /// Ended for a later run.
    pub(super) cancelled: u64,
    pub(super) retries: u64,
    /// Runs that began while another of the job went on.
    pub(super) overlaps: u64,
    pub(super) skipped: u64,
    pub(super) missed: u64,
    /// The longest time from due to the start.
    pub(super) latest: Duration,
    /// The sum of what all of its attempts took.
    pub(super) busy: Duration,
    /// The most of its runs that went on at once.
    pub(super) peak: usize,
    /// Attempts that go on: when they were due, and when they began.
    going: Vec<(Timestamp, Timestamp)>,
}

/// What is counted of one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Minute {
    /// Runs that began.
    pub(super) starts: u32,
    /// Runs that were skipped or missed.
    pub(super) left_out: u32,
    /// The most runs that went on at once, as far as one began.
    pub(super) peak: u32,
}

impl Tally {
    pub(super) fn new(from: Timestamp, to: Timestamp) -> Self {
        let minutes = minute_of(to) - minute_of(from) + 1;
        let minutes = usize::try_from(minutes).unwrap_or_default();
        Self {
            from,
            now: from,
            minutes: vec![Minute::default(); minutes],
            peak: (0, from),
            ..Self::default()
        }
    }

    /// Makes a job known; one without a number never runs.
    pub(super) fn know(&mut self, id: Option<JobId>, label: String) {
        self.ids.extend(id.map(|id| (id, self.jobs.len())));
        self.jobs.push(JobTally { label, ..JobTally::default() });
    }

    /// How far it has come.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// How many runs have begun.
    pub(super) fn runs(&self) -> u64 {
        self.runs
    }

    /// The minutes in which something began or was left out, with the instants at which they begin.
    pub(super) fn minutes(&self) -> impl Iterator<Item = (Timestamp, Minute)> + '_ {
        let first = minute_of(self.from);
        let minutes = (first..).zip(&self.minutes);
        let eventful = minutes.filter(|(_, minute)| **minute != Minute::default());
        eventful.map(|(index, minute)| {
            (Timestamp::from_second(index * 60).unwrap_or(Timestamp::MAX), *minute)
        })
    }

    pub(super) fn take(&mut self, event: Result<Event, Lagged>) {
        match event {
            Ok(event) => self.count(&event),
            Err(Lagged(lost)) => self.lost += lost,
        }
    }

    /// The span is over; what goes on is counted so far.
    pub(super) fn end(&mut self, at: Timestamp) {
        self.now = at;
        for job in &mut self.jobs {
            for (_, began) in job.going.clone() {
                job.busy += between(began, at);
            }
        }
    }

    /// How many runs go on.
    pub(super) fn going(&self) -> usize {
        self.jobs.iter().map(|job| job.going.len()).sum()
    }

    fn count(&mut self, event: &Event) {
        let at = event.at;
        self.now = at;
        let minute = usize::try_from(minute_of(at) - minute_of(self.from)).ok();
        let minute = minute.and_then(|index| self.minutes.get_mut(index));
        let job = event.job.and_then(|id| self.ids.get(&id)).map(|index| &mut self.jobs[*index]);
        let (Some(minute), Some(job)) = (minute, job) else { return };
        let due = event.due.unwrap_or(at);
        let is_end = match &event.kind {
            EventKind::Started { attempt } => {
                if *attempt == 1 {
                    minute.starts += 1;
                    self.runs += 1;
                    job.runs += 1;
                    job.overlaps += u64::from(!job.going.is_empty());
                    job.latest = job.latest.max(between(due, at));
                }
                job.going.push((due, at));
                job.peak = job.peak.max(job.going.len());
                self.going += 1;
                minute.peak = minute.peak.max(self.going);
                if self.going > self.peak.0 {
                    self.peak = (self.going, at);
                }
                false
            }
            EventKind::Succeeded => add_one(&mut job.succeeded),
            EventKind::Failed { error } if error == ENDED => add_one(&mut job.cancelled),
            EventKind::TimedOut | EventKind::Failed { .. } => add_one(&mut job.timed_out),
            EventKind::Cancelled => add_one(&mut job.cancelled),
            EventKind::Retried { .. } => add_one(&mut job.retries),
            EventKind::Skipped { .. } => {
                job.skipped += 1;
                minute.left_out += 1;
                false
            }
            EventKind::Missed { count } => {
                job.missed += count;
                let count = u32::try_from(*count).unwrap_or(u32::MAX);
                minute.left_out = minute.left_out.saturating_add(count);
                false
            }
            _ => false,
        };
        // A run that is cancelled between two attempts ends none.
        let place = job.going.iter().position(|(going, _)| *going == due);
        if let Some(place) = place.filter(|_| is_end) {
            let (_, began) = job.going.swap_remove(place);
            job.busy += between(began, at);
            self.going -= 1;
        }
    }
}

/// Counts the end of an attempt.
fn add_one(number: &mut u64) -> bool {
    *number += 1;
    true
}

fn minute_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
