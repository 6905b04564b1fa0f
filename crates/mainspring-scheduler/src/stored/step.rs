//! Decides what follows from a stored job that is due.
//!
//! # Ground rules
//! - Pure: job and present are arguments, what is to be done comes back as a [`Step`].
//! - A step is an offer. Of what several nodes offer the store takes the first, and only what it has
//!   taken is told.

use jiff::Timestamp;
use mainspring_job::store::{Advance, StoredJob};
use mainspring_job::{Admission, Overlap, Policy};

use crate::attempt::with_causes;
use crate::event::{EventKind, Skip};

/// What follows from a job that is due.
#[derive(Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) advance: Advance,
    /// A run takes the place of earlier ones; so many may go on beside it.
    pub(crate) replaces: Option<Replaces>,
    /// What to tell once the step is taken: the instant, if it is about one, and what.
    pub(crate) news: Vec<(Option<Timestamp>, EventKind)>,
}

/// Which earlier runs are to be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Replaces {
    /// Those that wait and were due before then.
    pub(crate) before: Timestamp,
    /// Of those that run, the oldest, until so few are left.
    pub(crate) may_run: usize,
}

/// What follows at `now`.
///
/// # Errors
/// If schedule or policy cannot be read: since a newer program wrote them, for example, which will move
/// the job on itself.
pub(crate) fn step(job: &StoredJob, now: Timestamp) -> Result<Step, String> {
    let schedule = job.schedule().map_err(|error| {
        format!("the schedule `{}` cannot be read: {}", job.schedule, with_causes(&error))
    })?;
    let policy = job.policy().map_err(|error| error.to_string())?;
    let mut advance = Advance::of(job);
    let (mut replaces, mut news) = (None, Vec::new());
    let (Some(schedule), Some(due)) = (schedule, job.next_due) else {
        return Ok(Step { advance: advance.to(None), replaces, news });
    };
    let mut instants = Vec::new();
    let onward = policy.misfire_policy().judge(&schedule, due, now, |due| instants.push(due));
    if onward.missed > 0 {
        // One entry of the history stands for all of them.
        if !instants.contains(&due) {
            advance = advance.miss(due, missed_text(onward.missed));
        }
        news.push((None, EventKind::Missed { count: onward.missed }));
    }
    let mut crowd = Crowd::of(job, &policy);
    for due in instants {
        news.push((Some(due), EventKind::Due));
        match crowd.admit() {
            Admission::Skip => {
                let why = crowd.why();
                advance = advance.skip(due, skipped_text(why));
                news.push((Some(due), EventKind::Skipped { why }));
            }
            Admission::Replace => {
                replaces = Some(Replaces { before: due, may_run: crowd.may_run - 1 });
                advance = advance.run(due);
            }
            _ => advance = advance.run(due),
        }
    }
    Ok(Step { advance: advance.to(onward.next), replaces, news })
}

/// The job's runs that have not ended.
struct Crowd {
    overlap: Overlap,
    /// Those that were claimed, and those that have room to be.
    going: usize,
    /// Those that wait for one of these to end.
    waiting: usize,
    may_run: usize,
}

impl Crowd {
    fn of(job: &StoredJob, policy: &Policy) -> Self {
        let overlap = policy.overlap_policy();
        let may_run = match overlap {
            Overlap::Allow => usize::MAX,
            _ => policy.concurrency_limit() as usize,
        };
        let all = job.running as usize + job.waiting as usize;
        let going = all.min(may_run.max(job.running as usize));
        Self { overlap, going, waiting: all - going, may_run }
    }

    fn admit(&mut self) -> Admission {
        let admission = self.overlap.admit(self.going, self.waiting, self.may_run, true);
        match admission {
            Admission::Start => self.going += 1,
            Admission::Wait => self.waiting += 1,
            Admission::Replace => self.waiting = 1,
            _ => {}
        }
        admission
    }

    fn why(&self) -> Skip {
        if self.overlap == Overlap::Skip { Skip::Overlap } else { Skip::QueueFull }
    }
}

fn skipped_text(why: Skip) -> &'static str {
    match why {
        Skip::QueueFull => "as many runs of the job wait as may",
        _ => "an earlier run of the job goes on",
    }
}

fn missed_text(count: u64) -> String {
    match count {
        1 => "nobody was there to run it".to_owned(),
        _ => format!("nobody was there to run it; so it is with {count} instants from this one on"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use mainspring_job::store::{Advance, StoredJob};
    use mainspring_job::{JobId, JobName, Misfire, Overlap, Policy, RunState};

    use super::{Replaces, step};

    fn at(text: &str) -> Timestamp {
        format!("2026-03-01T{text}Z").parse().expect("a time of day")
    }

    /// An hourly job that is due at noon.
    fn hourly(policy: Policy, running: u32, waiting: u32) -> StoredJob {
        let name = JobName::new("hourly").expect("a name");
        StoredJob {
            id: JobId::from_u64(1),
            handler: name.clone(),
            queue: name.clone(),
            name,
            schedule: "0 * * * *".to_owned(),
            anchor: Timestamp::UNIX_EPOCH,
            payload: None,
            policy: policy.to_string(),
            priority: 0,
            revision: 0,
            version: 7,
            is_paused: false,
            next_due: Some(at("12:00:00")),
            running,
            waiting,
        }
    }

    fn planned(advance: &Advance) -> Vec<(String, RunState)> {
        advance.runs.iter().map(|run| (run.due.strftime("%H").to_string(), run.state)).collect()
    }

    #[track_caller]
    fn check(policy: Policy, running: u32, waiting: u32, now: &str, plan: &[(&str, RunState)]) {
        let job = hourly(policy, running, waiting);
        let step = step(&job, at(now)).expect("it can be read");
        let plan: Vec<_> = plan.iter().map(|(hour, state)| ((*hour).to_owned(), *state)).collect();
        assert_eq!(planned(&step.advance), plan);
        assert_eq!(step.advance.version, 7);
        assert!(step.advance.next.is_some_and(|next| next > at(now)));
    }

    #[test]
    fn what_is_due_runs() {
        check(Policy::default(), 5, 2000, "12:00:00", &[("12", RunState::Due)]);
    }

    #[test]
    fn after_downtime_the_misfire_policy_decides() {
        let once = [("12", RunState::Missed), ("15", RunState::Due)];
        check(Policy::default(), 0, 0, "15:30:00", &once);
        let none = [("12", RunState::Missed)];
        check(Policy::default().misfire(Misfire::skip()), 0, 0, "15:30:00", &none);
        let all = Policy::default().misfire(Misfire::run_all(Duration::from_secs(86_400)));
        let hours = ["12", "13", "14", "15"].map(|hour| (hour, RunState::Due));
        check(all, 0, 0, "15:30:00", &hours);
    }

    #[test]
    fn the_overlap_policy_sees_what_goes_on_and_what_waits() {
        let policy = |overlap| {
            let misfire = Misfire::run_all(Duration::from_secs(86_400));
            Policy::default().overlap(overlap).concurrency(2).misfire(misfire)
        };
        let plan = |states: [RunState; 2]| [("12", states[0]), ("13", states[1])];
        let (due, skipped) = (RunState::Due, RunState::Skipped);
        check(policy(Overlap::Skip), 0, 0, "13:30:00", &plan([due, due]));
        check(policy(Overlap::Skip), 1, 0, "13:30:00", &plan([due, skipped]));
        check(policy(Overlap::Skip), 0, 1, "13:30:00", &plan([due, skipped]));
        check(policy(Overlap::Skip), 1, 1, "13:30:00", &plan([skipped, skipped]));
        check(policy(Overlap::Queue), 2, 998, "13:30:00", &plan([due, due]));
        check(policy(Overlap::Queue), 2, 999, "13:30:00", &plan([due, skipped]));
    }

    #[test]
    fn the_latest_takes_the_place_of_the_others() {
        let replace = Policy::default().overlap(Overlap::CancelPrevious).concurrency(2);
        let free = step(&hourly(replace.clone(), 1, 0), at("12:00:00")).expect("it can be read");
        assert_eq!(free.replaces, None);
        let full = step(&hourly(replace, 2, 0), at("12:00:00")).expect("it can be read");
        assert_eq!(full.replaces, Some(Replaces { before: at("12:00:00"), may_run: 1 }));
        assert_eq!(planned(&full.advance), [("12".to_owned(), RunState::Due)]);
    }

    #[test]
    fn what_cannot_be_read_says_so() {
        let wrong =
            StoredJob { schedule: "0 25 * * *".to_owned(), ..hourly(Policy::default(), 0, 0) };
        let error = step(&wrong, at("12:00:00")).expect_err("there is no such hour");
        assert!(error.contains("`0 25 * * *` cannot be read"), "{error}");
        let wrong = StoredJob { policy: "mood=good".to_owned(), ..hourly(Policy::default(), 0, 0) };
        let error = step(&wrong, at("12:00:00")).expect_err("there is no such word");
        assert!(error.contains("mood"), "{error}");
    }

    #[test]
    fn without_a_schedule_nothing_is_due_any_more() {
        let job = StoredJob { schedule: String::new(), ..hourly(Policy::default(), 0, 0) };
        let step = step(&job, at("12:00:00")).expect("it can be read");
        assert_eq!((step.advance.next, step.advance.runs.len()), (None, 0));
    }
}
