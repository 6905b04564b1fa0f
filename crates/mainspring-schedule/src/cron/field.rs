//! Knows each field's bounds and names, and says in words what it takes.

use super::Dialect;

/// One of the seven fields, in the order in which they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Second,
    Minute,
    Hour,
    DayOfMonth,
    Month,
    DayOfWeek,
    Year,
}

impl Field {
    pub(crate) const ALL: [Self; 7] = [
        Self::Second,
        Self::Minute,
        Self::Hour,
        Self::DayOfMonth,
        Self::Month,
        Self::DayOfWeek,
        Self::Year,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "weekday",
            Self::Year => "year",
        }
    }

    pub(crate) fn is_day(self) -> bool {
        matches!(self, Self::DayOfMonth | Self::DayOfWeek)
    }

    /// The bounds once read: Sunday is 0, Saturday 6.
    pub(crate) fn bounds(self) -> (u16, u16) {
        match self {
            Self::Second | Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (0, 6),
            Self::Year => (1970, 9999),
        }
    }

    /// The bounds as they are written in that dialect.
    pub(crate) fn written_bounds(self, dialect: Dialect) -> (u16, u16) {
        match (self, dialect) {
            (Self::DayOfWeek, Dialect::Default | Dialect::Vixie) => (0, 7),
            (Self::DayOfWeek, Dialect::Quartz) => (1, 7),
            (Self::Year, Dialect::Quartz) => (1970, 2099),
            _ => self.bounds(),
        }
    }

    /// The number, once read, of a three-letter name in any case.
    pub(crate) fn named(self, word: &[u8]) -> Option<u16> {
        let word: [u8; 3] = word.try_into().ok()?;
        let word = word.map(|byte| byte.to_ascii_uppercase());
        let number = match self {
            Self::Month => match &word {
                b"JAN" => 1,
                b"FEB" => 2,
                b"MAR" => 3,
                b"APR" => 4,
                b"MAY" => 5,
                b"JUN" => 6,
                b"JUL" => 7,
                b"AUG" => 8,
                b"SEP" => 9,
                b"OCT" => 10,
                b"NOV" => 11,
                b"DEC" => 12,
                _ => return None,
            },
            Self::DayOfWeek => match &word {
                b"SUN" => 0,
                b"MON" => 1,
                b"TUE" => 2,
                b"WED" => 3,
                b"THU" => 4,
                b"FRI" => 5,
                b"SAT" => 6,
                _ => return None,
            },
            _ => return None,
        };
        Some(number)
    }

    /// What may stand in this field, in words.
    pub(crate) fn allowed(self, dialect: Dialect) -> String {
        let (min, max) = self.written_bounds(dialect);
        let mut text = format!("{min}-{max}");
        if self == Self::DayOfWeek {
            text.push_str(match dialect {
                Dialect::Default | Dialect::Vixie => " (0 and 7 are Sunday)",
                Dialect::Posix => " (0 is Sunday)",
                Dialect::Quartz => " (1 is Sunday)",
            });
        }
        if dialect.has_names() {
            text.push_str(match self {
                Self::Month => ", JAN-DEC",
                Self::DayOfWeek => ", SUN-SAT",
                _ => "",
            });
        }
        text.push_str(", *");
        if dialect.has_day_extras() {
            text.push_str(match self {
                Self::DayOfMonth => ", ?, L, L-3, LW, 15W",
                Self::DayOfWeek => ", ?, FRI#2, FRIL",
                _ => "",
            });
        }
        text.push_str(if dialect.has_steps() {
            ", ranges, lists and steps"
        } else {
            ", ranges and lists"
        });
        text
    }
}
