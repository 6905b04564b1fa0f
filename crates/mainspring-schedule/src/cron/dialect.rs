//! Names the ways in which programs read five to seven fields.

use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::near::nearest;

/// Which program's rules a cron expression is read by.
///
/// | | fields | Sunday | extras | both days restricted |
/// |---|---|---|---|---|
/// | `Default` | 5, 6 (seconds first), 7 (and year last) | 0 and 7 | all of them | either one |
/// | `Posix` | 5 | 0 | none | either one |
/// | `Vixie` | 5 | 0 and 7 | names, steps, aliases | either one; both if one begins with `*` |
/// | `Quartz` | 6 (seconds first), 7 (and year last) | 1 | `?`, `L`, `W`, `#` | cannot happen |
///
/// # Examples
/// ```
/// use mainspring_schedule::{Cron, Dialect};
///
/// let dialect: Dialect = "quartz".parse()?;
/// // Monday is 2 here, and one of the two day fields must be `?`.
/// assert!(Cron::parse_as("0 30 9 ? * 2-6", dialect).is_ok());
/// assert!(Cron::parse_as("30 9 * * 1-5", dialect).is_err());
/// # Ok::<(), mainspring_schedule::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// Everything that is in use: 5 fields, 6 (seconds first) or 7 (seconds first, year last), names
    /// in any case, wrapping ranges (`FRI-MON`), steps (`5/10` from 5 to the end), lists, `?`, `L`,
    /// `L-3`, `LW`, `15W`, `FRI#2`, `FRIL`, `H`, `H/15`, `H(0-29)/10`, and aliases such as `@daily`.
    ///
    /// Sunday is 0 and 7. Where neither day field is exactly `*` or `?`, a day need match only one
    /// of them; `*/2` counts as restricted.
    #[default]
    Default,
    /// What POSIX promises for `crontab`: 5 fields of numbers, ranges, lists and `*`; Sunday is 0.
    ///
    /// No names, steps, aliases or wrapping ranges. Where neither day field is `*`, a day need match
    /// only one of them.
    Posix,
    /// Paul Vixie's cron, which most Unix systems have: 5 fields, names in any case, steps after `*`
    /// or a range, lists, and aliases; Sunday is 0 and 7; ranges do not wrap.
    ///
    /// Where either day field *begins* with `*` (`*/2` as well), a day must match both of them;
    /// otherwise only one.
    Vixie,
    /// The Quartz scheduler for Java: 6 fields (seconds first) or 7 (year last, 1970-2099), names,
    /// wrapping ranges, steps, lists, `L`, `L-3`, `LW`, `15W`, `6#2`, `6L`; Sunday is **1**, Saturday 7.
    ///
    /// Exactly one of the two day fields must be `?`. `L` alone in the weekday is Saturday. There
    /// are no aliases.
    Quartz,
}

impl Dialect {
    /// The name that `FromStr` reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Posix => "posix",
            Self::Vixie => "vixie",
            Self::Quartz => "quartz",
        }
    }

    pub(crate) fn has_names(self) -> bool {
        self != Self::Posix
    }

    pub(crate) fn has_steps(self) -> bool {
        self != Self::Posix
    }

    /// `5/10`: a step after a single number.
    pub(crate) fn has_open_steps(self) -> bool {
        matches!(self, Self::Default | Self::Quartz)
    }

    pub(crate) fn has_aliases(self) -> bool {
        matches!(self, Self::Default | Self::Vixie)
    }

    pub(crate) fn has_wrapping_ranges(self) -> bool {
        matches!(self, Self::Default | Self::Quartz)
    }

    /// `?`, `L`, `W` and `#`.
    pub(crate) fn has_day_extras(self) -> bool {
        matches!(self, Self::Default | Self::Quartz)
    }

    pub(crate) fn has_hash(self) -> bool {
        self == Self::Default
    }

    /// The fewest and the most fields.
    pub(crate) fn field_counts(self) -> (usize, usize) {
        match self {
            Self::Default => (5, 7),
            Self::Posix | Self::Vixie => (5, 5),
            Self::Quartz => (6, 7),
        }
    }

    pub(crate) fn fields_allowed(self) -> &'static str {
        match self {
            Self::Default => {
                "5 fields (minute, hour, day of month, month, weekday), \
                 6 with seconds first, 7 with a year last"
            }
            Self::Posix | Self::Vixie => "5 fields (minute, hour, day of month, month, weekday)",
            Self::Quartz => {
                "6 fields (second, minute, hour, day of month, month, weekday), 7 with a year last"
            }
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dialect {
    type Err = Error;

    /// Reads a name, in any case.
    fn from_str(text: &str) -> Result<Self, Error> {
        let all = [Self::Default, Self::Posix, Self::Vixie, Self::Quartz];
        if let Some(found) = all.into_iter().find(|d| d.name().eq_ignore_ascii_case(text)) {
            return Ok(found);
        }
        let problem = match nearest(text, all.map(Self::name)) {
            Some(near) => format!("unknown dialect, perhaps {near}?"),
            None => "unknown dialect".to_owned(),
        };
        Err(Error::new(text, 0..text.len(), problem, "default, posix, vixie, quartz"))
    }
}
