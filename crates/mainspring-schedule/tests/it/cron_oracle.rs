//! Holds cron against a second reading of its rules that walks through time and looks at every
//! single minute, second or day.
//!
//! # Ground rules
//! - An expression is made together with the numbers that it names, so nothing here parses.
//! - The oracle asks the zone for one reading at a time. It knows no transitions: a gap is where the
//!   reading leaps, a repeated hour is where it has been before.

use std::collections::{BTreeSet, HashSet};

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use mainspring_schedule::{Cron, Transition};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// What one field says, and the text that says it.
#[derive(Clone, Debug)]
struct Numbers {
    text: String,
    set: BTreeSet<i8>,
    /// `*` or a step is in it.
    interval: bool,
}

fn item(min: i8, max: i8) -> impl Strategy<Value = Numbers> {
    let value = min..=max;
    let step = 1..=max + 3;
    // Counts on from the first to the last, over the end of the field if need be.
    let range = move |first: i8, last: i8, step: i8| {
        let mut set = BTreeSet::new();
        let (mut value, mut count) = (first, 0);
        loop {
            if count % step == 0 {
                set.insert(value);
            }
            if value == last {
                return set;
            }
            value = if value == max { min } else { value + 1 };
            count += 1;
        }
    };
    let numbers = |text, set, interval| Numbers { text, set, interval };
    prop_oneof![
        5 => value.clone().prop_map(move |v| numbers(format!("{v}"), BTreeSet::from([v]), false)),
        3 => (value.clone(), value.clone()).prop_map(move |(a, b)| {
            numbers(format!("{a}-{b}"), range(a, b, 1), false)
        }),
        2 => (value.clone(), value.clone(), step.clone()).prop_map(move |(a, b, n)| {
            numbers(format!("{a}-{b}/{n}"), range(a, b, n), true)
        }),
        1 => (value, step.clone()).prop_map(move |(a, n)| {
            numbers(format!("{a}/{n}"), range(a, max, n), true)
        }),
        2 => step.prop_map(move |n| numbers(format!("*/{n}"), range(min, max, n), true)),
        3 => Just(numbers("*".to_owned(), (min..=max).collect(), true)),
    ]
}

fn numbers(min: i8, max: i8) -> impl Strategy<Value = Numbers> {
    vec(item(min, max), 1..=3).prop_map(|items| Numbers {
        text: items.iter().map(|item| item.text.as_str()).collect::<Vec<_>>().join(","),
        set: items.iter().flat_map(|item| item.set.clone()).collect(),
        interval: items.iter().any(|item| item.interval),
    })
}

/// A day that no fixed set of numbers can name.
#[derive(Clone, Debug)]
enum Special {
    BeforeLast(i8),
    LastWeekday,
    Nearest(i8),
    Nth(i8, i8),
    Last(i8),
}

impl Special {
    fn text(&self) -> String {
        match self {
            Self::BeforeLast(0) => "L".to_owned(),
            Self::BeforeLast(before) => format!("L-{before}"),
            Self::LastWeekday => "LW".to_owned(),
            Self::Nearest(day) => format!("{day}W"),
            Self::Nth(weekday, nth) => format!("{weekday}#{nth}"),
            Self::Last(weekday) => format!("{weekday}L"),
        }
    }

    fn contains(&self, date: Date) -> bool {
        let is_working_day = |day: &Date| day.weekday().to_monday_one_offset() <= 5;
        let on = |weekday: i8| date.weekday().to_sunday_zero_offset() == weekday % 7;
        match *self {
            Self::BeforeLast(before) => date.days_in_month() - date.day() == before,
            Self::LastWeekday => {
                let days = date.first_of_month().series(1.day());
                let days = days.take_while(|day| day.month() == date.month());
                days.filter(is_working_day).last() == Some(date)
            }
            Self::Nearest(wanted) => {
                let days = date.first_of_month().series(1.day());
                let days = days.take_while(|day| day.month() == date.month());
                let nearest =
                    days.filter(is_working_day).min_by_key(|day| (day.day() - wanted).abs());
                wanted <= date.days_in_month() && nearest == Some(date)
            }
            Self::Nth(weekday, nth) => on(weekday) && (date.day() - 1) / 7 + 1 == nth,
            Self::Last(weekday) => on(weekday) && date.day() + 7 > date.days_in_month(),
        }
    }
}

/// One of the two day fields.
#[derive(Clone, Debug)]
struct Days {
    numbers: Numbers,
    specials: Vec<Special>,
}

impl Days {
    fn text(&self) -> String {
        let mut parts: Vec<String> = self.specials.iter().map(Special::text).collect();
        if !self.numbers.text.is_empty() {
            parts.insert(0, self.numbers.text.clone());
        }
        parts.join(",")
    }

    fn is_free(&self) -> bool {
        matches!(self.text().as_str(), "*" | "?")
    }

    fn contains(&self, number: i8, date: Date) -> bool {
        self.numbers.set.contains(&number) || self.specials.iter().any(|s| s.contains(date))
    }
}

fn days(
    min: i8,
    max: i8,
    special: impl Strategy<Value = Special> + 'static,
) -> BoxedStrategy<Days> {
    let star = Numbers { text: "*".to_owned(), set: (min..=max).collect(), interval: true };
    let open = Numbers { text: "?".to_owned(), ..star.clone() };
    let none = Numbers { text: String::new(), set: BTreeSet::new(), interval: false };
    let special = special.boxed();
    let plain = |numbers: Numbers| Days { numbers, specials: Vec::new() };
    prop_oneof![
        4 => Just(plain(star)),
        1 => Just(plain(open)),
        3 => numbers(min, max).prop_map(plain),
        3 => vec(special.clone(), 1..=2)
            .prop_map(move |specials| Days { numbers: none.clone(), specials }),
        2 => (numbers(min, max), vec(special, 1..=1))
            .prop_map(|(numbers, specials)| Days { numbers, specials }),
    ]
    .boxed()
}

#[derive(Clone, Debug)]
struct Model {
    second: Option<Numbers>,
    minute: Numbers,
    hour: Numbers,
    day_of_month: Days,
    month: Numbers,
    day_of_week: Days,
}

impl Model {
    fn text(&self) -> String {
        let seconds = self.second.iter().map(|second| format!("{} ", second.text));
        let rest = [
            self.minute.text.clone(),
            self.hour.text.clone(),
            self.day_of_month.text(),
            self.month.text.clone(),
            self.day_of_week.text(),
        ];
        seconds.collect::<String>() + &rest.join(" ")
    }

    fn is_interval(&self) -> bool {
        self.second.iter().chain([&self.minute, &self.hour]).any(|numbers| numbers.interval)
    }

    fn has_date(&self, date: Date) -> bool {
        let weekday = date.weekday().to_sunday_zero_offset();
        let by_month = self.day_of_month.contains(date.day(), date);
        let by_week = self.day_of_week.contains(weekday, date)
            || (weekday == 0 && self.day_of_week.numbers.set.contains(&7));
        let day = if self.day_of_month.is_free() || self.day_of_week.is_free() {
            by_month && by_week
        } else {
            by_month || by_week
        };
        day && self.month.set.contains(&date.month())
    }

    fn has(&self, reading: DateTime) -> bool {
        let second = match &self.second {
            Some(second) => second.set.contains(&reading.second()),
            None => reading.second() == 0,
        };
        second
            && self.minute.set.contains(&reading.minute())
            && self.hour.set.contains(&reading.hour())
            && self.has_date(reading.date())
    }

    /// Everything that fires after `start` and up to `end`, both on the grid of `step`.
    fn fires(
        &self,
        zone: &TimeZone,
        start: Timestamp,
        end: Timestamp,
        step: SignedDuration,
    ) -> Vec<Timestamp> {
        let mut fires = Vec::new();
        let mut seen = HashSet::new();
        // Long enough before the start to have seen what may be repeated after it.
        let mut at = start - SignedDuration::from_mins(125);
        let mut expected = zone.to_datetime(at);
        while at <= end {
            let reading = zone.to_datetime(at);
            let mut due = false;
            while expected < reading {
                due |= expected.date() == reading.date() && self.has(expected);
                expected = expected.saturating_add(step);
            }
            if self.is_interval() {
                due = self.has(reading);
            } else if seen.insert(reading) {
                due |= self.has(reading);
            }
            if due && at > start {
                fires.push(at);
            }
            at += step;
            expected = reading.saturating_add(step);
        }
        fires
    }
}

fn model(second: impl Strategy<Value = Option<Numbers>>) -> impl Strategy<Value = Model> {
    let day_of_month = prop_oneof![
        (0..=30i8).prop_map(Special::BeforeLast),
        Just(Special::LastWeekday),
        (1..=31i8).prop_map(Special::Nearest),
    ];
    let day_of_week = prop_oneof![
        (0..=7i8, 1..=5i8).prop_map(|(weekday, nth)| Special::Nth(weekday, nth)),
        (0..=7i8).prop_map(Special::Last),
    ];
    (
        second,
        numbers(0, 59),
        numbers(0, 23),
        days(1, 31, day_of_month),
        prop_oneof![1 => numbers(1, 12), 2 => Just(all(1, 12))],
        days(0, 6, day_of_week),
    )
        .prop_map(|(second, minute, hour, day_of_month, month, day_of_week)| Model {
            second,
            minute,
            hour,
            day_of_month,
            month,
            day_of_week,
        })
}

fn all(min: i8, max: i8) -> Numbers {
    Numbers { text: "*".to_owned(), set: (min..=max).collect(), interval: true }
}

/// Zones of many shapes: whole, half and quarter hours, jumps of 30 minutes and of two hours, jumps
/// at midnight, a day left out, a day repeated, summer time that is the standard.
fn zone() -> impl Strategy<Value = TimeZone> {
    select(
        &[
            "UTC",
            "Africa/Cairo",
            "Africa/Casablanca",
            "America/Havana",
            "America/New_York",
            "America/Nuuk",
            "America/Sao_Paulo",
            "America/St_Johns",
            "Antarctica/Troll",
            "Asia/Beirut",
            "Asia/Kathmandu",
            "Australia/Lord_Howe",
            "Europe/Dublin",
            "Pacific/Apia",
            "Pacific/Chatham",
            "Pacific/Kwajalein",
        ][..],
    )
    .prop_map(|name| TimeZone::get(name).unwrap())
}

/// A whole minute near one of the zone's transitions, or anywhere if it has none.
fn near_a_transition(zone: &TimeZone, year: i16, which: usize, minutes: i64) -> Timestamp {
    let new_year = jiff::civil::date(year, 1, 1).at(0, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap();
    let transitions = zone.following(new_year.timestamp());
    let found = transitions.map(|t| t.timestamp()).nth(which).unwrap_or(new_year.timestamp());
    // Zone files end in 2038 with a transition that changes nothing, at seven seconds past a minute;
    // a walk by minutes has to start on one.
    let on_the_minute = found - SignedDuration::from_secs(found.as_second().rem_euclid(60));
    on_the_minute + SignedDuration::from_mins(minutes)
}

fn ahead(cron: &Cron, zone: &TimeZone, start: Timestamp, end: Timestamp) -> Vec<Timestamp> {
    let mut fires = Vec::new();
    let mut at = start;
    while let Some(next) = cron.next_after(at, zone).filter(|next| *next <= end) {
        assert!(next > at);
        fires.push(next);
        at = next;
    }
    fires
}

fn back(cron: &Cron, zone: &TimeZone, start: Timestamp, end: Timestamp) -> Vec<Timestamp> {
    let mut fires = Vec::new();
    let mut at = end + SignedDuration::from_nanos(1);
    while let Some(last) = cron.previous_before(at, zone).filter(|last| *last > start) {
        assert!(last < at);
        fires.push(last);
        at = last;
    }
    fires.reverse();
    fires
}

/// A moved instant has a reading that was not written; a repeated one has the reading of another.
fn check_transition(model: &Model, cron: &Cron, zone: &TimeZone, at: Timestamp) {
    let reading = zone.to_datetime(at);
    let others = |mut minutes: std::ops::RangeInclusive<i64>| {
        minutes.any(|m| m != 0 && zone.to_datetime(at + SignedDuration::from_mins(m)) == reading)
    };
    match cron.transition_at(at, zone) {
        Some(Transition::Moved { written }) => {
            assert!(model.has(written) && !model.has(reading));
            assert!(written < reading && written.date() == reading.date());
        }
        Some(Transition::FirstPass) => assert!(others(0..=125) && model.has(reading)),
        Some(Transition::SecondPass) => assert!(others(-125..=0) && model.is_interval()),
        Some(_) => unreachable!(),
        None => assert!(model.has(reading) && !others(-125..=125)),
    }
}

fn check(model: &Model, zone: &TimeZone, start: Timestamp, end: Timestamp, step: SignedDuration) {
    let cron = Cron::parse(&model.text()).unwrap();
    assert_eq!(cron.is_interval(), model.is_interval());
    let expected = model.fires(zone, start, end, step);
    assert_eq!(ahead(&cron, zone, start, end), expected, "{cron} from {start} in {zone:?}");
    assert_eq!(back(&cron, zone, start, end), expected, "{cron} back to {start} in {zone:?}");
    for at in expected.iter().take(5) {
        check_transition(model, &cron, zone, *at);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, ..ProptestConfig::default() })]

    #[test]
    fn minute_by_minute(
        model in model(Just(None)),
        zone in zone(),
        year in 1974..2045i16,
        which in 0..3usize,
        minutes in -2000..200i64,
    ) {
        let start = near_a_transition(&zone, year, which, minutes);
        let end = start + SignedDuration::from_hours(40);
        check(&model, &zone, start, end, SignedDuration::from_mins(1));
    }

    #[test]
    fn second_by_second(
        model in model(numbers(0, 59).prop_map(Some)),
        zone in zone(),
        year in 1974..2045i16,
        which in 0..3usize,
        minutes in -125..10i64,
    ) {
        // Few seconds match few minutes of few hours, so here every hour does.
        let model = Model { hour: all(0, 23), month: all(1, 12), ..model };
        let start = near_a_transition(&zone, year, which, minutes);
        let end = start + SignedDuration::from_mins(75);
        check(&model, &zone, start, end, SignedDuration::from_secs(1));
    }

    #[test]
    fn fixed_second_by_second(
        second in vec(0..60i8, 1..3),
        minute in vec(0..60i8, 1..4),
        zone in zone(),
        year in 1974..2045i16,
        which in 0..3usize,
        minutes in -125..10i64,
    ) {
        let list = |values: &[i8]| Numbers {
            text: values.iter().map(i8::to_string).collect::<Vec<_>>().join(","),
            set: values.iter().copied().collect(),
            interval: false,
        };
        let star = |min, max| Days { numbers: all(min, max), specials: Vec::new() };
        let model = Model {
            second: Some(list(&second)),
            minute: list(&minute),
            hour: Numbers { text: "0-23".to_owned(), interval: false, ..all(0, 23) },
            day_of_month: star(1, 31),
            month: all(1, 12),
            day_of_week: star(0, 6),
        };
        let start = near_a_transition(&zone, year, which, minutes);
        let end = start + SignedDuration::from_mins(75);
        check(&model, &zone, start, end, SignedDuration::from_secs(1));
    }

    #[test]
    fn day_by_day(model in model(Just(None)), year in -9000..9000i16, day in 1..=366i32) {
        let cron = Cron::parse(&model.text()).unwrap();
        let first = jiff::civil::date(year, 1, 1).saturating_add(day.days());
        let midnight = |date: Date| date.to_zoned(TimeZone::UTC).unwrap().timestamp();
        let date_of = |at: Timestamp| TimeZone::UTC.to_datetime(at).date();
        let days = first.series(1.day()).take(1500);
        let expected: Vec<Date> = days.filter(|date| model.has_date(*date)).collect();
        let (mut found, mut at) = (Vec::new(), midnight(first) - SignedDuration::from_secs(1));
        let end = midnight(first.saturating_add(1500.days()));
        while let Some(next) = cron.next_after(at, &TimeZone::UTC).filter(|next| *next < end) {
            found.push(date_of(next));
            at = midnight(date_of(next).tomorrow().unwrap()) - SignedDuration::from_secs(1);
        }
        prop_assert_eq!(&found, &expected, "{} from {}", cron, first);
        let (mut found, mut at) = (Vec::new(), end);
        while let Some(last) =
            cron.previous_before(at, &TimeZone::UTC).filter(|last| *last >= midnight(first))
        {
            found.push(date_of(last));
            at = midnight(date_of(last));
        }
        found.reverse();
        prop_assert_eq!(&found, &expected, "{} back to {}", cron, first);
    }
}
