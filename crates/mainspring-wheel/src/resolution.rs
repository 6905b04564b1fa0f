//! The resolutions that a coarse wheel can be built from.

use core::time::Duration;

/// How finely a ring of a [`Coarse`](crate::Coarse) wheel tells its slots apart.
///
/// ```
/// use mainspring_wheel::Resolution;
///
/// assert_eq!(Resolution::TenMs.duration().as_millis(), 10);
/// assert!(Resolution::TenMs < Resolution::Sec);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Resolution {
    /// One millisecond.
    Ms,
    /// Ten milliseconds.
    TenMs,
    /// A tenth of a second.
    HundredMs,
    /// One second.
    Sec,
    /// One minute.
    Min,
    /// One hour.
    Hour,
}

impl Resolution {
    /// All of them, finest first.
    pub const ALL: [Self; 6] =
        [Self::Ms, Self::TenMs, Self::HundredMs, Self::Sec, Self::Min, Self::Hour];

    /// How long one slot is.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.millis())
    }

    pub(crate) const fn millis(self) -> u64 {
        match self {
            Self::Ms => 1,
            Self::TenMs => 10,
            Self::HundredMs => 100,
            Self::Sec => 1_000,
            Self::Min => 60_000,
            Self::Hour => 3_600_000,
        }
    }

    /// How many slots reach to the next of these resolutions, or to the length that this one ends at
    /// by itself: a second for those below it, a minute, an hour, a day.
    pub(crate) fn slots(self, coarser: Option<Self>) -> u64 {
        let reach = match self {
            Self::Ms | Self::TenMs | Self::HundredMs => Self::Sec.millis(),
            Self::Sec => Self::Min.millis(),
            Self::Min => Self::Hour.millis(),
            Self::Hour => 24 * Self::Hour.millis(),
        };
        reach.min(coarser.map_or(u64::MAX, Self::millis)) / self.millis()
    }
}
