//! The words that are known, and what they stand for.

/// A length of time that `every` may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// Singular and plural.
pub(super) fn unit(word: &str) -> Option<Unit> {
    Some(match word.strip_suffix('s').unwrap_or(word) {
        "second" | "sec" => Unit::Second,
        "minute" | "min" => Unit::Minute,
        "hour" | "hr" => Unit::Hour,
        "day" => Unit::Day,
        "week" => Unit::Week,
        "month" => Unit::Month,
        "year" => Unit::Year,
        _ => return None,
    })
}

impl Unit {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// `daily` is `every day`.
pub(super) fn adverb(word: &str) -> Option<Unit> {
    Some(match word {
        "hourly" => Unit::Hour,
        "daily" => Unit::Day,
        "weekly" => Unit::Week,
        "monthly" => Unit::Month,
        "yearly" | "annually" => Unit::Year,
        _ => return None,
    })
}

/// 0 is Sunday. Full names, in the plural too, and the usual short forms.
pub(super) fn weekday(word: &str) -> Option<u8> {
    let word = word.strip_suffix('s').filter(|singular| singular.len() > 4).unwrap_or(word);
    Some(match word {
        "sunday" | "sun" => 0,
        "monday" | "mon" => 1,
        "tuesday" | "tue" | "tues" => 2,
        "wednesday" | "wed" => 3,
        "thursday" | "thu" | "thur" | "thurs" => 4,
        "friday" | "fri" => 5,
        "saturday" | "sat" => 6,
        _ => return None,
    })
}

/// 1 is January.
pub(super) fn month(word: &str) -> Option<u8> {
    let names = [
        ["january", "jan"],
        ["february", "feb"],
        ["march", "mar"],
        ["april", "apr"],
        ["may", "may"],
        ["june", "jun"],
        ["july", "jul"],
        ["august", "aug"],
        ["september", "sep"],
        ["october", "oct"],
        ["november", "nov"],
        ["december", "dec"],
    ];
    let word = if word == "sept" { "sep" } else { word };
    (1..).zip(names).find(|(_, names)| names.contains(&word)).map(|(n, _)| n)
}

/// A count in digits or in words; digits may be any number.
pub(super) fn number(word: &str) -> Option<u64> {
    let names = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve", "thirteen", "fourteen", "fifteen",
    ];
    if let Some((n, _)) = (1..).zip(names).find(|(_, name)| *name == word) {
        return Some(n);
    }
    match word {
        "twenty" => Some(20),
        "thirty" => Some(30),
        // Longer numbers are errors of whoever reads them, with their place.
        _ if word.bytes().all(|b| b.is_ascii_digit()) && !word.is_empty() => {
            Some(word.parse().unwrap_or(u64::MAX))
        }
        _ => None,
    }
}

/// `15m`: a count and a unit in one word.
pub(super) fn short_interval(word: &str) -> Option<(u64, Unit)> {
    let letters = word.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0)?;
    let unit = match &word[letters..] {
        "s" => Unit::Second,
        "m" => Unit::Minute,
        "h" => Unit::Hour,
        "d" => Unit::Day,
        "w" => Unit::Week,
        letters => unit(letters)?,
    };
    Some((number(&word[..letters])?, unit))
}

/// A place in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ordinal {
    Nth(u8),
    Last,
}

/// `first`, `1st`, `last`; up to 31.
pub(super) fn ordinal(word: &str) -> Option<Ordinal> {
    let names = ["first", "second", "third", "fourth", "fifth"];
    if word == "last" {
        return Some(Ordinal::Last);
    }
    if let Some((n, _)) = (1..).zip(names).find(|(_, name)| *name == word) {
        return Some(Ordinal::Nth(n));
    }
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end))?;
    digits.parse().ok().filter(|n| (1..=31).contains(n)).map(Ordinal::Nth)
}

/// What a near miss is compared with.
pub(super) const WORDS: [&str; 61] = [
    "and",
    "annually",
    "april",
    "at",
    "august",
    "between",
    "daily",
    "day",
    "days",
    "december",
    "each",
    "every",
    "february",
    "first",
    "fourth",
    "friday",
    "from",
    "hour",
    "hourly",
    "hours",
    "in",
    "january",
    "july",
    "june",
    "last",
    "march",
    "midnight",
    "minute",
    "minutes",
    "monday",
    "month",
    "monthly",
    "months",
    "noon",
    "november",
    "october",
    "of",
    "on",
    "other",
    "quarter",
    "saturday",
    "second",
    "seconds",
    "september",
    "sunday",
    "the",
    "third",
    "through",
    "thursday",
    "to",
    "tuesday",
    "twelve",
    "wednesday",
    "week",
    "weekday",
    "weekdays",
    "weekend",
    "weekly",
    "weeks",
    "year",
    "yearly",
];
