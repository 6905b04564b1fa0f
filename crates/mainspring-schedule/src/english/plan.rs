//! What the phrases of a text said, before it is known whether it fits together.

use std::ops::Range;

use super::vocabulary::Unit;

/// All phrases of one text. The places are for errors about what does not fit.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) every: Option<Every>,
    pub(super) weekdays: Option<Weekdays>,
    pub(super) month_days: Option<MonthDays>,
    /// 1 is January; as written.
    pub(super) months: Vec<u8>,
    pub(super) times: Vec<Time>,
    pub(super) times_span: Range<usize>,
    /// `at minute 15`: within each hour.
    pub(super) minutes: Vec<u8>,
    pub(super) minutes_span: Range<usize>,
    /// `at second 30`: within each minute.
    pub(super) seconds: Vec<u8>,
    pub(super) seconds_span: Range<usize>,
    pub(super) window: Option<Window>,
}

/// `every 15 minutes`.
#[derive(Debug)]
pub(super) struct Every {
    pub(super) n: u64,
    pub(super) unit: Unit,
    pub(super) span: Range<usize>,
}

/// `on monday and friday`.
#[derive(Debug)]
pub(super) struct Weekdays {
    /// 0 is Sunday; sorted from Monday to Sunday, without repeats.
    pub(super) days: Vec<u8>,
    pub(super) span: Range<usize>,
}

/// `on the 1st and 15th`, `on the first monday`: items of one of cron's two fields.
#[derive(Debug)]
pub(super) struct MonthDays {
    pub(super) field: DayField,
    pub(super) items: Vec<String>,
    pub(super) span: Range<usize>,
}

/// Where the items of [`MonthDays`] stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DayField {
    OfMonth,
    OfWeek,
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: u8,
}

/// `from 9:00 through 16:59`.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) from: Time,
    pub(super) to: Time,
    pub(super) to_span: Range<usize>,
    pub(super) span: Range<usize>,
}
