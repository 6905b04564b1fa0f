//! Says in plain English when a schedule runs.
//!
//! A sentence is built in the order in which people ask: at what time, on which days, in which
//! months and years, in what zone, within what bounds.
//!
//! # Ground rules
//! - Two schedules with different times have different sentences; brevity comes second.
//! - Hours are written `09:00`, on a clock of 24 hours; ranges say *through*, and both ends belong.
//! - A range of hours for something that happens within them ends with their last minute: `from
//!   09:00 through 17:59`.

mod bounds;
mod calendar;
mod clock;
mod items;
mod words;

use crate::cron::ast::Expression;
use crate::schedule::Rule;
use crate::{Cron, Schedule};

impl Schedule {
    /// Says when the schedule runs, in one line of plain English without a full stop.
    ///
    /// The zone is named unless it is UTC. The wording is for people and may become better; it is not
    /// part of the stable interface.
    ///
    /// # Examples
    /// ```
    /// use mainspring_schedule::Schedule;
    ///
    /// let says = |text: &str| text.parse::<Schedule>().unwrap().describe();
    /// assert_eq!(says("0 9 * * MON-FRI"), "At 09:00, Monday through Friday");
    /// assert_eq!(says("*/15 * * * *"), "Every 15 minutes");
    /// assert_eq!(says("0 8,20 1 * *"), "At 08:00 and 20:00, on day 1 of the month");
    /// assert_eq!(says("@hourly in Asia/Tokyo limit 3"), "Every hour, in Asia/Tokyo, at most 3 times");
    /// ```
    pub fn describe(&self) -> String {
        let mut parts = match self.rule() {
            Rule::Cron(cron) => cron_parts(cron),
            Rule::Once(at) => vec![format!("once, at {}", words::instant(*at, self.zone()))],
            Rule::Cycle(interval) => vec![format!("every {}", words::interval(*interval))],
        };
        parts.extend(bounds::parts(self));
        words::sentence(&parts)
    }
}

/// The time, then the date.
fn cron_parts(cron: &Cron) -> Vec<String> {
    let Expression { second, minute, hour, day_of_month, month, day_of_week, year } =
        cron.expression();
    let mut parts = clock::parts(second.as_deref(), &minute, &hour);
    parts.extend(calendar::parts(
        &day_of_month,
        &month,
        &day_of_week,
        year.as_deref(),
        cron.dialect(),
    ));
    parts
}

#[cfg(test)]
mod tests;
