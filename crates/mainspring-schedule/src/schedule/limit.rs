//! Where a limit ends: the instant of the nth occurrence.
//!
//! A cycle's is arithmetic. A cron rule is walked, but not run by run: on days on which the clock
//! does not change, every day that matches has the same times, so such days are counted whole.

use std::time::Duration;

use jiff::Timestamp;

use super::cycle::{instant, nanoseconds};
use super::{Extras, Rule, Schedule};

impl Schedule {
    /// The instant of occurrence `n` (from 1) before the spread; `None` if there are fewer, or if
    /// nothing says where counting begins.
    pub(super) fn nth_occurrence(&self, extras: &Extras, n: u32) -> Option<Timestamp> {
        match &self.rule {
            Rule::Once(_) => None,
            Rule::Cycle(step) => self.nth_beat(extras, *step, n),
            Rule::Cron(_) => self.nth_run(extras, n),
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

    fn nth_run(&self, extras: &Extras, n: u32) -> Option<Timestamp> {
        let end = extras.ending_at.unwrap_or(Timestamp::MAX);
        let next = |after| self.next_due(extras, after, end);
        let mut after = extras.lower_bound().unwrap_or(Timestamp::MIN);
        let mut left = n;
        let mut runs_a_day = None;
        loop {
            let first = next(after)?;
            let (start, end) = self.day_around(first)?;
            let plain = after < start && self.clock_stands_still(start, end);
            if plain
                && let Some(runs) = runs_a_day
                && left > runs
            {
                left -= runs;
                after = instant(end.as_nanosecond() - 1)?;
                continue;
            }
            let mut runs = 0;
            let mut run = first;
            while run < end {
                runs += 1;
                left -= 1;
                if left == 0 {
                    return Some(run);
                }
                after = run;
                run = next(run)?;
            }
            if plain {
                runs_a_day = Some(runs);
            }
        }
    }

    /// The first instant of the day that holds `at`, and that of the next day.
    fn day_around(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let day = self.day_of(at);
        let end = day.tomorrow().ok().and_then(|next| self.first_instant(next));
        Some((self.first_instant(day)?, end.unwrap_or(Timestamp::MAX)))
    }

    fn clock_stands_still(&self, from: Timestamp, to: Timestamp) -> bool {
        let Some(before) = instant(from.as_nanosecond() - 1) else { return false };
        self.zone.following(before).next().is_none_or(|change| change.timestamp() >= to)
    }
}
