//! Where a limit ends: the instant of the nth occurrence.
//!
//! A cycle's is arithmetic. A cron rule is counted, but only as far as somebody asks, and not run by
//! run: on days on which the clock does not change, every day that matches has the same times, so
//! such days are counted whole.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::cycle::{instant, nanoseconds};
use super::{Extras, Rule, Schedule};

/// How far a limited cron rule has been counted. A clone begins anew.
#[derive(Default)]
pub(super) struct Counter {
    count: Mutex<Count>,
}

#[derive(Clone, Copy, Default)]
enum Count {
    #[default]
    NotBegun,
    /// Everything up to and including `after` is counted; `left` more are allowed.
    Under { after: Timestamp, left: u32, runs_a_day: Option<u32> },
    /// The last run that is allowed.
    Last(Timestamp),
    /// The rule itself has fewer.
    NeverReached,
}

impl Clone for Counter {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Schedule {
    /// The instant of occurrence `n` (from 1, before the spread), if it is at or before `horizon`, or
    /// known already. There must be an origin to count from.
    pub(super) fn last_run(
        &self,
        extras: &Extras,
        n: u32,
        horizon: Timestamp,
    ) -> Option<Timestamp> {
        match &self.rule {
            Rule::Once(_) => None,
            Rule::Cycle(step) => self.nth_beat(extras, *step, n),
            Rule::Cron(_) => {
                let mut count = extras.counter.count.lock().unwrap_or_else(PoisonError::into_inner);
                *count = self.counted(extras, n, *count, horizon);
                if let Count::Last(at) = *count { Some(at) } else { None }
            }
        }
    }

    fn nth_beat(&self, extras: &Extras, step: Duration, n: u32) -> Option<Timestamp> {
        let beats = self.beats(step)?;
        let mut nth_ns = beats.nth_ns(n);
        for day in &extras.excluded {
            let Some(start) = self.first_instant(*day) else { continue };
            if start.as_nanosecond() > nth_ns {
                break;
            }
            let end = day.tomorrow().ok().and_then(|next| self.first_instant(next));
            let end_ns = end.unwrap_or(Timestamp::MAX).as_nanosecond();
            nth_ns += beats.count_in(start.as_nanosecond(), end_ns) * nanoseconds(step);
        }
        instant(nth_ns)
    }

    /// Counts on, day by day, until the horizon is passed.
    fn counted(&self, extras: &Extras, n: u32, count: Count, horizon: Timestamp) -> Count {
        let (mut after, mut left, mut runs_a_day) = match count {
            Count::NotBegun => (extras.lower_bound().unwrap_or(Timestamp::MIN), n, None),
            Count::Under { after, left, runs_a_day } => (after, left, runs_a_day),
            Count::Last(_) | Count::NeverReached => return count,
        };
        let next = |after| self.next_due(extras, after, Timestamp::MAX);
        let mut next_change = self.next_change(after);
        while after < horizon {
            let Some(first) = next(after) else { return Count::NeverReached };
            if first > horizon {
                break;
            }
            let Some((start, end)) = self.day_around(first) else { return Count::NeverReached };
            if next_change.is_some_and(|change| change < start) {
                next_change = self.next_change(start);
            }
            let is_whole = after < start && next_change.is_none_or(|change| change >= end);
            if let Some(runs) = runs_a_day
                && is_whole
                && left > runs
            {
                left -= runs;
                after = instant(end.as_nanosecond() - 1).unwrap_or(first);
                continue;
            }
            let mut runs = 0;
            let mut run = Some(first);
            while let Some(at) = run {
                runs += 1;
                left -= 1;
                if left == 0 {
                    return Count::Last(at);
                }
                after = at;
                run = next(at).filter(|next| *next < end);
            }
            if is_whole {
                runs_a_day = Some(runs);
            }
        }
        Count::Under { after, left, runs_a_day }
    }

    /// The first instant of the day that holds `at`, and that of the next day.
    fn day_around(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let day = self.day_of(at);
        let end = day.tomorrow().ok().and_then(|next| self.first_instant(next));
        Some((self.first_instant(day)?, end.unwrap_or(Timestamp::MAX)))
    }

    /// The first change of the zone's clock at or after `from`.
    fn next_change(&self, from: Timestamp) -> Option<Timestamp> {
        let before = instant(from.as_nanosecond() - 1).unwrap_or(from);
        self.zone.following(before).next().map(|change| change.timestamp())
    }
}
