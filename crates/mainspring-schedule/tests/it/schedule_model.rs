//! Schedules against a slow reading of the same rules: make every occurrence of some weeks, drop
//! what the bounds drop, and look the answer up.

use std::time::Duration;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use mainspring_schedule::{Cron, Schedule};
use proptest::prelude::*;

/// Around changes of the clock in the zones below, one of which is at a minute past midnight.
const FIRST_DAYS: [Date; 4] =
    [date(2026, 3, 1), date(2026, 10, 10), date(2010, 10, 25), date(2011, 12, 20)];
const DAYS: i64 = 40;

const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Pacific/Apia",
    "Australia/Lord_Howe",
];

const CRONS: [&str; 9] = [
    "0 9 * * MON-FRI",
    "30 2 * * *",
    "*/20 * * * *",
    "0,30 0-3 * * *",
    "59 23 * * *",
    "0 0 L * *",
    "15 10 1,15 * FRI",
    "0 0 30 2 *",
    "H H * * *",
];

/// A schedule in the parts from which both sides are made.
#[derive(Clone, Debug)]
struct Recipe {
    first_day: Date,
    zone: &'static str,
    rule: Rule,
    /// Minutes after the beginning of the window.
    starting: Option<i64>,
    ending: Option<i64>,
    limit: Option<u32>,
    spread_minutes: u64,
    excluded: Vec<i64>,
}

#[derive(Clone, Debug)]
enum Rule {
    Cron(&'static str),
    Once(i64),
    Cycle(Duration),
}

const NAME: &str = "backup";

impl Recipe {
    fn window(&self) -> (Timestamp, Timestamp) {
        let zone = TimeZone::get(self.zone).unwrap();
        let end = self.first_day.saturating_add(DAYS.days());
        let at = |day: Date| day.to_zoned(zone.clone()).unwrap().timestamp();
        (at(self.first_day), at(end))
    }

    fn at(&self, minutes: i64) -> Timestamp {
        self.window().0.saturating_add(minutes.minutes()).unwrap()
    }

    fn excluded_days(&self) -> Vec<Date> {
        self.excluded.iter().map(|n| self.first_day.saturating_add(n.days())).collect()
    }

    fn schedule(&self) -> Schedule {
        let schedule = match &self.rule {
            Rule::Cron(text) => Schedule::cron(text).unwrap(),
            Rule::Once(minutes) => Schedule::once(self.at(*minutes)),
            Rule::Cycle(interval) => Schedule::every(*interval).unwrap(),
        };
        let mut schedule = schedule
            .in_zone(self.zone)
            .unwrap()
            .spread(Duration::from_secs(self.spread_minutes * 60));
        if let Some(minutes) = self.starting {
            schedule = schedule.starting_at(self.at(minutes));
        }
        if let Some(minutes) = self.ending {
            schedule = schedule.ending_at(self.at(minutes));
        }
        if let Some(n) = self.limit {
            schedule = schedule.limit(n);
        }
        for day in self.excluded_days() {
            schedule = schedule.excluding(day);
        }
        schedule.for_name(NAME)
    }

    /// What the rule alone produces from its start (or some days before the window) to the window's
    /// end.
    fn bare(&self) -> Vec<Timestamp> {
        let zone = TimeZone::get(self.zone).unwrap();
        let (first, end) = self.window();
        let start = self.starting.map_or(first, |minutes| self.at(minutes));
        let before = start.saturating_sub(1.nanosecond()).unwrap();
        match &self.rule {
            Rule::Cron(text) => {
                let cron = Cron::parse(text).unwrap().for_name(NAME);
                std::iter::successors(cron.next_after(before, &zone), |at| {
                    cron.next_after(*at, &zone)
                })
                .take_while(|at| *at <= end)
                .collect()
            }
            Rule::Once(minutes) => {
                Some(self.at(*minutes)).into_iter().filter(|at| *at >= start).collect()
            }
            Rule::Cycle(interval) => {
                std::iter::successors(Some(start), |at| at.checked_add(*interval).ok())
                    .take_while(|at| *at <= end)
                    .collect()
            }
        }
    }

    /// Every occurrence of the window, when the rule has a start; the window is its limit's origin.
    fn occurrences(&self, offset: Duration) -> Vec<Timestamp> {
        let zone = TimeZone::get(self.zone).unwrap();
        let start_of = |day: Date| zone.to_timestamp(day.at(0, 0, 0, 0)).unwrap();
        let excluded: Vec<(Timestamp, Timestamp)> = self
            .excluded_days()
            .into_iter()
            .map(|day| (start_of(day), start_of(day.tomorrow().unwrap())))
            .collect();
        let ending = self.ending.map_or(Timestamp::MAX, |minutes| self.at(minutes));
        self.bare()
            .into_iter()
            .filter(|at| !excluded.iter().any(|(from, to)| from <= at && at < to))
            .take(self.limit.map_or(usize::MAX, |n| n as usize))
            .filter(|at| *at <= ending)
            .map(|at| at.checked_add(offset).unwrap())
            .collect()
    }
}

fn recipes() -> impl Strategy<Value = Recipe> {
    let minutes = 0..DAYS * 1440;
    let rule = prop_oneof![
        4 => prop::sample::select(&CRONS[..]).prop_map(Rule::Cron),
        1 => minutes.clone().prop_map(Rule::Once),
        2 => (600_u64..400_000, 0_u32..1_000_000_000)
            .prop_map(|(s, ns)| Rule::Cycle(Duration::new(s, ns))),
    ];
    (
        prop::sample::select(&FIRST_DAYS[..]),
        prop::sample::select(&ZONES[..]),
        rule,
        minutes.clone(),
        prop::option::of(minutes),
        prop::option::of(0_u32..60),
        prop_oneof![Just(0_u64), 1_u64..3000],
        prop::collection::vec(0..DAYS, 0..6),
    )
        .prop_map(
            |(first_day, zone, rule, starting, ending, limit, spread_minutes, excluded)| {
                // Limits and cycles count from a start; without either it may be missing.
                let needs_start = limit.is_some() || matches!(rule, Rule::Cycle(_));
                let starting = (needs_start || starting % 2 == 0).then_some(starting / 2);
                Recipe { first_day, zone, rule, starting, ending, limit, spread_minutes, excluded }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn answers_are_those_of_the_list(recipe in recipes(), asked in 0..DAYS * 1440) {
        let schedule = recipe.schedule();
        prop_assert!(schedule.offset() <= schedule.spread_width());
        let list = recipe.occurrences(schedule.offset());
        let (first, end) = recipe.window();
        let known = |at: &Timestamp| *at <= end;

        let asked = recipe.at(asked).min(end);
        let next = schedule.next_after(asked).filter(known);
        prop_assert_eq!(next, list.iter().copied().filter(known).find(|at| *at > asked));
        let previous = schedule.previous_before(asked).filter(|at| *at >= first);
        let listed = list.iter().copied().filter(|at| *at >= first).rfind(|at| *at < asked);
        // Without a start the list begins with the window, and the spread moves runs into it.
        if recipe.starting.is_some() || listed.is_some() {
            prop_assert_eq!(previous, listed);
        }

        // Exactly at an occurrence, strictly after and strictly before.
        for pair in list.windows(2).filter(|pair| known(&pair[1])) {
            prop_assert_eq!(schedule.next_after(pair[0]), Some(pair[1]));
            prop_assert_eq!(schedule.previous_before(pair[1]), Some(pair[0]));
        }
        if recipe.starting.is_some() {
            let upcoming: Vec<_> = schedule
                .upcoming(Timestamp::MIN)
                .take_while(known)
                .collect();
            let listed: Vec<_> = list.iter().copied().filter(known).collect();
            prop_assert_eq!(upcoming, listed);
        }
    }

    #[test]
    fn nothing_overflows_and_order_holds(
        rule in prop_oneof![
            prop::sample::select(&CRONS[..]).prop_map(|text| Schedule::cron(text).unwrap()),
            instants().prop_map(Schedule::once),
            durations().prop_map(|interval| {
                Schedule::every(interval.max(Duration::from_nanos(1))).unwrap()
            }),
        ],
        zone in prop::sample::select(&[
            "UTC",
            "Europe/Berlin",
            "America/St_Johns",
            "Pacific/Apia",
            // Two days forwards in April, two days back in July.
            "WEST24EAST-24,J100/0,J200/0",
        ][..]),
        starting in prop::option::of(instants()),
        ending in prop::option::of(instants()),
        anchor in prop::option::of(instants()),
        spread in durations(),
        limit in prop::option::of(0_u32..1000),
        excluded in prop::option::of(prop_oneof![
            Just(Date::MIN), Just(Date::MAX), Just(date(2026, 3, 29)),
        ]),
        asked in instants(),
    ) {
        let mut schedule = rule.in_zone(zone).unwrap().spread(spread);
        if let Some(start) = starting {
            schedule = schedule.starting_at(start);
        }
        if let Some(end) = ending {
            schedule = schedule.ending_at(end);
        }
        if let Some(n) = limit {
            schedule = schedule.limit(n);
        }
        if let Some(day) = excluded {
            schedule = schedule.excluding(day);
        }
        if let Some(now) = anchor {
            schedule = schedule.anchored_at(now);
        }
        let schedule = schedule.for_name(NAME);
        let mut last = asked;
        for at in schedule.upcoming(asked).take(5) {
            prop_assert!(at > last);
            last = at;
        }
        if let Some(at) = schedule.previous_before(asked) {
            prop_assert!(at < asked);
        }
        let sentence = schedule.describe();
        prop_assert!(!sentence.is_empty());
        let text = schedule.to_string();
        prop_assert_eq!(text.parse::<Schedule>().unwrap().for_name(NAME), schedule);
    }
}

/// Anywhere in time, and often at its ends.
fn instants() -> impl Strategy<Value = Timestamp> {
    let any = Timestamp::MIN.as_nanosecond()..=Timestamp::MAX.as_nanosecond();
    prop_oneof![
        Just(Timestamp::MIN),
        Just(Timestamp::MAX),
        any.prop_map(|ns| Timestamp::from_nanosecond(ns).unwrap()),
        (1_700_000_000_i64..1_900_000_000).prop_map(|s| Timestamp::from_second(s).unwrap()),
    ]
}

fn durations() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::MAX),
        Just(Duration::from_nanos(1)),
        (0_u64..100_000_000, 0_u32..1_000_000_000).prop_map(|(s, ns)| Duration::new(s, ns)),
    ]
}

#[test]
fn an_unanchored_cycle_counts_from_whoever_asks() {
    let cycle: Schedule = "@every 90m".parse().unwrap();
    let asked: Timestamp = "2026-03-29T00:10:00Z".parse().unwrap();
    assert_eq!(cycle.next_after(asked).unwrap().to_string(), "2026-03-29T01:40:00Z");
    assert_eq!(cycle.previous_before(asked).unwrap().to_string(), "2026-03-28T22:40:00Z");

    let anchored = cycle.anchored_at(asked);
    let first = "2026-03-29T01:40:00Z".parse().unwrap();
    assert_eq!(anchored.next_after(Timestamp::MIN), Some(first));
    assert_eq!(anchored.previous_before(first), None);
    // It has an origin now and keeps it.
    let later = asked.saturating_add(5.minutes()).unwrap();
    assert_eq!(anchored.clone().anchored_at(later), anchored);
}

#[test]
fn cycles_are_not_disturbed_by_daylight_saving() {
    let cycle: Schedule = "@every 24h starting 2026-03-28T12:00 in Europe/Berlin".parse().unwrap();
    let times: Vec<String> =
        cycle.upcoming(Timestamp::UNIX_EPOCH).take(3).map(|at| at.to_string()).collect();
    assert_eq!(times, ["2026-03-28T11:00:00Z", "2026-03-29T11:00:00Z", "2026-03-30T11:00:00Z"]);
}

#[test]
fn a_limit_without_an_origin_counts_what_is_yielded() {
    let schedule: Schedule = "@hourly limit 3".parse().unwrap();
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(schedule.upcoming(now).count(), 3);
    let far = now.saturating_add(1000.hours()).unwrap();
    assert!(schedule.next_after(far).is_some());

    let anchored = schedule.anchored_at(now);
    assert_eq!(anchored.next_after(far), None);
    assert_eq!(anchored.previous_before(far).unwrap().to_string(), "2026-01-01T03:00:00Z");
}

#[test]
fn a_limit_of_zero_is_never() {
    for text in ["@hourly limit 0", "@every 1h limit 0", "@at 2026-01-01 limit 0"] {
        let schedule: Schedule = text.parse().unwrap();
        assert_eq!(schedule.next_after(Timestamp::MIN), None, "{text}");
        assert_eq!(schedule.previous_before(Timestamp::MAX), None, "{text}");
        assert_eq!(schedule.upcoming(Timestamp::UNIX_EPOCH).count(), 0, "{text}");
    }
}

/// Whole days are counted at once, and days on which the clock changes are walked: the last run must
/// be the one that walking all of them finds.
#[test]
fn a_long_limit_ends_where_walking_ends() {
    for zone in ["Europe/Berlin", "America/St_Johns", "Pacific/Apia"] {
        for text in ["*/20 * * * *", "0,30 0-3 * * *", "30 2 * * MON-FRI", "59 23 * * *"] {
            let plain = Schedule::cron(text)
                .unwrap()
                .in_zone(zone)
                .unwrap()
                .starting_at("2010-10-29T15:00:00Z".parse().unwrap())
                .excluding(date(2010, 11, 7))
                .excluding(date(2011, 3, 13));
            let walked: Vec<_> = plain.upcoming(Timestamp::UNIX_EPOCH).take(7000).collect();
            for n in [1, 72, 73, 500, 7000] {
                let limited = plain.clone().limit(n);
                let last = limited.previous_before(Timestamp::MAX);
                assert_eq!(last, Some(walked[n as usize - 1]), "{text} {zone} {n}");
                assert_eq!(limited.next_after(walked[n as usize - 1]), None);
            }
        }
    }
}

#[test]
fn the_longest_limit_is_found_by_days() {
    let schedule: Schedule = "* * * * * * starting 2000-01-01 limit 4294967295".parse().unwrap();
    let last = schedule.previous_before(Timestamp::MAX).unwrap();
    assert_eq!(last.as_second(), 946_684_800 + 4_294_967_294);
}

#[test]
fn the_same_name_gives_the_same_times_and_another_gives_others() {
    let schedule: Schedule = "H H * * * spread 10m".parse().unwrap();
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let of = |name: &str| schedule.for_name(name).next_after(now);
    assert_eq!(of("backup"), of("backup"));
    assert_ne!(of("backup"), of("report"));
    // What the name decides is not part of the text.
    assert_eq!(schedule.for_name("backup").to_string(), schedule.to_string());
}

#[test]
fn schedules_are_small() {
    assert!(size_of::<Schedule>() <= 40, "{}", size_of::<Schedule>());
}
