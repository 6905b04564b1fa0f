//! Writes a schedule in its canonical text.

use std::fmt;

use jiff::tz::TimeZone;

use super::duration::duration_text;
use crate::schedule::{Rule, zone_text};
use crate::{Dialect, Schedule};

/// The canonical text, which reads back as an equal schedule.
///
/// The job's name is not part of it (see [`Schedule::for_name`]). A zone without a name is written
/// as `unnamed-zone`, which does not read back.
///
/// # Examples
/// ```
/// use mainspring_schedule::Schedule;
/// use std::time::Duration;
///
/// let cycle = Schedule::every(Duration::from_secs(5400))?
///     .starting_at("2026-01-01T01:00:00+01:00".parse().unwrap())
///     .limit(10);
/// let text = cycle.to_string();
/// assert_eq!(text, "@every 1h30m starting 2026-01-01T00:00:00Z limit 10");
/// assert_eq!(text.parse::<Schedule>()?, cycle);
/// # Ok::<(), mainspring_schedule::Error>(())
/// ```
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule() {
            Rule::Cron(cron) => {
                if cron.dialect() != Dialect::Default {
                    write!(f, "{}: ", cron.dialect())?;
                }
                write!(f, "{cron}")?;
            }
            Rule::Once(at) => write!(f, "@at {at}")?,
            Rule::Cycle(interval) => write!(f, "@every {}", duration_text(*interval))?,
        }
        if *self.zone() != TimeZone::UTC {
            let name = zone_text(self.zone());
            write!(f, " in {}", name.as_deref().unwrap_or(UNNAMED_ZONE))?;
        }
        let instants =
            [("starting", self.start()), ("ending", self.end()), ("since", self.anchor())];
        for (keyword, instant) in instants {
            if let Some(instant) = instant {
                write!(f, " {keyword} {instant}")?;
            }
        }
        if let Some(n) = self.limit_count() {
            write!(f, " limit {n}")?;
        }
        if !self.spread_width().is_zero() {
            write!(f, " spread {}", duration_text(self.spread_width()))?;
        }
        for (n, day) in self.excluded().iter().enumerate() {
            write!(f, "{}{day}", if n == 0 { " excluding " } else { "," })?;
        }
        Ok(())
    }
}

const UNNAMED_ZONE: &str = "unnamed-zone";

impl Schedule {
    /// Whether the text can be read back: the zone has a name.
    #[cfg(feature = "serde")]
    pub(crate) fn is_writable(&self) -> bool {
        zone_text(self.zone()).is_some()
    }
}
