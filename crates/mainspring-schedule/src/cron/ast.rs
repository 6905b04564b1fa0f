//! Holds a cron expression as it was written, for those who read it back: the compiler into masks
//! and the describer in plain English.
//!
//! # Ground rules
//! - Names are numbers already (`JAN` is 1, `SUN` is 0, and a written 7 for Sunday is 0).
//! - Every number is in its field's range; a range may wrap (`FRI-MON` is `Range(5, 1)`).

/// A whole expression, field by field; a field that was not written is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expression {
    pub(crate) second: Option<Vec<Item>>,
    pub(crate) minute: Vec<Item>,
    pub(crate) hour: Vec<Item>,
    pub(crate) day_of_month: Vec<Item>,
    pub(crate) month: Vec<Item>,
    pub(crate) day_of_week: Vec<Item>,
    pub(crate) year: Option<Vec<Item>>,
}

/// One part of a comma-separated list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) what: What,
    /// The number after `/`. `5/10` is `Value(5)` with step 10: from 5 to the field's end.
    pub(crate) step: Option<u16>,
}

/// What an item names before its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// `*` or `?`.
    Any,
    Value(u16),
    /// Both ends belong to it.
    Range(u16, u16),
    /// `H` or `H(from-to)`: one value, chosen by the job's name. With a step, the phase is chosen.
    Hash(Option<(u16, u16)>),
    /// `L` (0) or `L-n` in the day of month.
    LastDay {
        before: u8,
    },
    /// `LW`: the last Monday-to-Friday day of the month.
    LastWeekday,
    /// `15W`: the Monday-to-Friday day nearest to that day, within its month.
    NearestWeekday(u8),
    /// `FRI#2`: the nth such weekday of the month, from 1.
    Nth {
        weekday: u8,
        nth: u8,
    },
    /// `FRIL`: the last such weekday of the month.
    Last {
        weekday: u8,
    },
}
