//! What a cron library is asked, in one shape for all of them.

use std::fmt;
use std::panic::catch_unwind;
use std::str::FromStr;

use crate::harness::panic_text;
use crate::probe::{Probe, Silence};

/// A cron library. Its own types are used throughout, so that it does not pay for conversions.
pub trait CronPeer: 'static {
    const NAME: &'static str;
    /// The package whose version is told.
    const PACKAGE: &'static str;

    type Zone: 'static;
    type Schedule: 'static;
    type Instant: Clone + 'static;

    /// The zone of that IANA name, or why the library has none.
    fn zone(name: &str) -> Result<Self::Zone, String>;

    /// The expression as this library wants it written, where that differs.
    fn writing(expression: &str, _zone: &str) -> String {
        expression.to_owned()
    }

    /// Reads what [`writing`](Self::writing) gave.
    fn parse(text: &str, zone: &Self::Zone) -> Result<Self::Schedule, String>;

    fn instant(epoch_second: i64, zone: &Self::Zone) -> Self::Instant;

    fn epoch_second(instant: &Self::Instant) -> i64;

    /// The first fire strictly after `after`; `None` where there is none.
    fn next_after(schedule: &Self::Schedule, after: &Self::Instant) -> Option<Self::Instant>;

    /// The last of `steps` fires after `after`, in the way the library likes best.
    fn walk(
        schedule: &Self::Schedule,
        after: &Self::Instant,
        steps: usize,
    ) -> Option<Self::Instant> {
        let mut at = after.clone();
        for _ in 0..steps {
            at = Self::next_after(schedule, &at)?;
        }
        Some(at)
    }
}

/// "When does this fire?", as one line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    pub expression: String,
    pub zone: String,
    /// UTC seconds; fires are strictly after it.
    pub after: i64,
    /// How many fires are asked for; with none, only whether the expression is accepted.
    pub count: usize,
}

/// What a library says to an [`Inquiry`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The fires in UTC seconds; fewer than asked for where there are no more.
    Fires(Vec<i64>),
    /// It does not know the zone.
    NoZone(String),
    /// It does not accept the expression.
    Rejects(String),
    Panics(String),
    Hangs,
    Crashes,
}

/// Asks a library in this process. Panics are caught; a hang is not.
pub fn answer<P: CronPeer>(inquiry: &Inquiry) -> Reply {
    catch_unwind(|| answer_or_panic::<P>(inquiry))
        .unwrap_or_else(|panic| Reply::Panics(panic_text(&*panic)))
}

fn answer_or_panic<P: CronPeer>(inquiry: &Inquiry) -> Reply {
    let zone = match P::zone(&inquiry.zone) {
        Ok(zone) => zone,
        Err(reason) => return Reply::NoZone(reason),
    };
    let schedule = match P::parse(&P::writing(&inquiry.expression, &inquiry.zone), &zone) {
        Ok(schedule) => schedule,
        Err(reason) => return Reply::Rejects(reason),
    };
    let mut fires = Vec::new();
    let mut at = P::instant(inquiry.after, &zone);
    while fires.len() < inquiry.count {
        match P::next_after(&schedule, &at) {
            Some(next) => at = next,
            None => break,
        }
        fires.push(P::epoch_second(&at));
    }
    Reply::Fires(fires)
}

/// Asks a library in a process of its own.
pub fn ask(probe: &mut Probe, inquiry: &Inquiry) -> Reply {
    match probe.ask(&inquiry.to_string()) {
        Ok(line) => line.parse().unwrap_or_else(|()| Reply::Panics(format!("says `{line}`"))),
        Err(Silence::Hangs) => Reply::Hangs,
        Err(Silence::Crashes) => Reply::Crashes,
    }
}

impl fmt::Display for Inquiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\t{}\t{}\t{}", self.expression, self.zone, self.after, self.count)
    }
}

impl FromStr for Inquiry {
    type Err = ();

    fn from_str(line: &str) -> Result<Self, ()> {
        let fields: Vec<&str> = line.split('\t').collect();
        let [expression, zone, after, count] = fields.as_slice() else { return Err(()) };
        Ok(Self {
            expression: (*expression).to_owned(),
            zone: (*zone).to_owned(),
            after: after.parse().map_err(|_| ())?,
            count: count.parse().map_err(|_| ())?,
        })
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, text) = match self {
            Self::Fires(fires) => {
                let fires: Vec<String> = fires.iter().map(i64::to_string).collect();
                ("fires", fires.join(","))
            }
            Self::NoZone(reason) => ("no-zone", reason.clone()),
            Self::Rejects(reason) => ("rejects", reason.clone()),
            Self::Panics(reason) => ("panics", reason.clone()),
            Self::Hangs => ("hangs", String::new()),
            Self::Crashes => ("crashes", String::new()),
        };
        // One line, whatever the library's error looks like.
        let words: Vec<&str> = text.split_whitespace().collect();
        write!(f, "{kind}\t{}", words.join(" "))
    }
}

impl FromStr for Reply {
    type Err = ();

    fn from_str(line: &str) -> Result<Self, ()> {
        let (kind, text) = line.split_once('\t').ok_or(())?;
        let reason = text.to_owned();
        Ok(match kind {
            "fires" if text.is_empty() => Self::Fires(Vec::new()),
            "fires" => {
                let fires: Result<_, _> = text.split(',').map(str::parse).collect();
                Self::Fires(fires.map_err(|_| ())?)
            }
            "no-zone" => Self::NoZone(reason),
            "rejects" => Self::Rejects(reason),
            "panics" => Self::Panics(reason),
            "hangs" => Self::Hangs,
            "crashes" => Self::Crashes,
            _ => return Err(()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Inquiry, Reply};

    #[test]
    fn lines_are_read_back() {
        let inquiry = Inquiry {
            expression: "0 12 30 2 *".to_owned(),
            zone: "UTC".to_owned(),
            after: -1,
            count: 5,
        };
        assert_eq!(inquiry.to_string().parse(), Ok(inquiry));
        for reply in [
            Reply::Fires(Vec::new()),
            Reply::Fires(vec![-5, 1_700_000_000]),
            Reply::Rejects("no such day".to_owned()),
            Reply::Hangs,
        ] {
            assert_eq!(reply.to_string().parse(), Ok(reply));
        }
        assert_eq!("mumbles\t".parse::<Reply>(), Err(()));
    }
}
