//! Keeps the run that ended last, in little memory where it went as most do.

use jiff::{SignedDuration, Timestamp};
use mainspring_job::{JobId, Run, RunId, RunState};

#[derive(Default)]
pub(crate) enum Last {
    #[default]
    None,
    /// It succeeded at the first attempt and had nothing to say.
    Plain {
        due: Timestamp,
        /// From then to its start, in nanoseconds.
        late: i64,
        /// From there to its end.
        took: i64,
    },
    Other(Box<Run>),
}

impl Last {
    /// Puts `run` in place of the one before.
    pub(crate) fn replace(&mut self, run: Run) -> Self {
        let plain = Self::plain(&run);
        match (self, plain) {
            (last, Some(plain)) => std::mem::replace(last, plain),
            (last, None) => std::mem::replace(last, Self::Other(Box::new(run))),
        }
    }

    /// When it was due.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        match self {
            Self::None => None,
            Self::Plain { due, .. } => Some(*due),
            Self::Other(run) => Some(run.id().due),
        }
    }

    /// The run as it was, given whose it is.
    pub(crate) fn to_run(&self, job: JobId) -> Option<Run> {
        match self {
            Self::None => None,
            Self::Plain { due, late, took } => {
                let mut run = Run::new(RunId { job, due: *due });
                let started = *due + SignedDuration::from_nanos(*late);
                // Both are allowed, for that is how it came to be plain.
                let _ = run.start(started);
                let _ = run.succeed(started + SignedDuration::from_nanos(*took), None);
                Some(run)
            }
            Self::Other(run) => Some((**run).clone()),
        }
    }

    fn plain(run: &Run) -> Option<Self> {
        let has_words = run.output().is_some() || run.error().is_some();
        if run.state() != RunState::Succeeded || run.attempt() != 1 || has_words {
            return None;
        }
        let (due, started) = (run.id().due, run.started()?);
        Some(Self::Plain {
            due,
            late: between(due, started)?,
            took: between(started, run.ended()?)?,
        })
    }
}

/// Up to 292 years, back and forth.
fn between(from: Timestamp, to: Timestamp) -> Option<i64> {
    i64::try_from(to.duration_since(from).as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::Last;
    use jiff::{SignedDuration, Timestamp};
    use mainspring_job::{JobId, Run, RunId, RunState};

    #[test]
    fn every_run_comes_back_as_it_was() {
        let due: Timestamp = "2026-03-01T12:00:00.000000001Z".parse().expect("an instant");
        let job = JobId::from_u64(7);
        let at = |nanos| due + SignedDuration::from_nanos(nanos);
        let mut runs = Vec::new();
        // On time, started before it was due (the clock was set back), and ended before it started.
        for (started, ended) in [(at(0), at(1)), (at(-7_000_000_000), at(3)), (at(9), at(-5))] {
            let mut run = Run::new(RunId { job, due });
            assert!(run.start(started));
            let mut talkative = run.clone();
            let mut failed = run.clone();
            assert!(run.succeed(ended, None) && talkative.succeed(ended, Some("12 rows".into())));
            assert!(failed.end(RunState::Failed, ended, Some("disk full".into())));
            runs.extend([run, talkative, failed]);
        }
        let mut ages = Run::new(RunId { job, due: Timestamp::MIN });
        assert!(ages.start(Timestamp::MAX) && ages.succeed(Timestamp::MIN, None));
        runs.push(ages);
        let mut last = Last::None;
        let mut before = None;
        for run in runs {
            assert_eq!(last.replace(run.clone()).to_run(job), before);
            assert_eq!(last.to_run(job), Some(run.clone()));
            before = Some(run);
        }
    }
}
