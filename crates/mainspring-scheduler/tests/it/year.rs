//! A year of a thousand jobs in five zones equals what a brute-force calendar says.
//!
//! The reference shares nothing with the cron engine: it walks the year minute by minute, reads each
//! minute's wall clock in each zone, and looks every job's fields up in plain lists.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use mainspring_scheduler::Job;

use crate::bench::{Bench, at, block_on};

const JOBS: usize = 1000;
const START: &str = "2026-01-01T00:00:00Z";
const END: &str = "2027-01-01T00:00:00Z";
const ZONES: [&str; 5] =
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"];

/// A cron job as plain lists; an empty list means any.
struct Rule {
    minutes: Vec<i8>,
    hours: Vec<i8>,
    days: Vec<i8>,
    months: Vec<i8>,
    /// 0 is Sunday.
    weekdays: Vec<i8>,
}

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: i8) -> i8 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end as u64) as i8
    }

    fn list(&mut self, count: usize, from: i8, to: i8) -> Vec<i8> {
        let list: BTreeSet<i8> = (0..count).map(|_| from + self.below(to - from + 1)).collect();
        list.into_iter().collect()
    }
}

impl Rule {
    /// Mostly a few times a day or less; every tenth job each hour.
    fn random(random: &mut Random, number: usize) -> Self {
        // Hours around the shifts come often, or daylight saving would hardly be met.
        let hours = match number % 10 {
            0 => vec![],
            1..=4 => random.list(2, 0, 4),
            _ => random.list(1, 0, 23),
        };
        let days = if number.is_multiple_of(3) { random.list(3, 1, 31) } else { vec![] };
        let weekdays = if number.is_multiple_of(4) { random.list(2, 0, 6) } else { vec![] };
        let months = if number.is_multiple_of(7) { random.list(6, 1, 12) } else { vec![] };
        Self { minutes: random.list(1, 0, 59), hours, days, months, weekdays }
    }

    fn cron(&self) -> String {
        let field = |list: &[i8]| match list {
            [] => "*".to_owned(),
            list => list.iter().map(i8::to_string).collect::<Vec<_>>().join(","),
        };
        let Self { minutes, hours, days, months, weekdays } = self;
        [minutes, hours, days, months, weekdays].map(|list| field(list)).join(" ")
    }

    fn is_fixed(&self) -> bool {
        !self.hours.is_empty()
    }

    fn matches(&self, at: DateTime) -> bool {
        let has = |list: &[i8], value: i8| list.is_empty() || list.contains(&value);
        let day = at.day();
        let weekday = at.weekday().to_sunday_zero_offset();
        let on_day = match (self.days.is_empty(), self.weekdays.is_empty()) {
            (false, false) => self.days.contains(&day) || self.weekdays.contains(&weekday),
            _ => has(&self.days, day) && has(&self.weekdays, weekday),
        };
        on_day
            && has(&self.months, at.month())
            && has(&self.hours, at.hour())
            && has(&self.minutes, at.minute())
    }
}

/// Every run of the year, by walking its minutes: `(due, job)`.
fn brute_force(rules: &[Rule]) -> Vec<(Timestamp, usize)> {
    let minute = SignedDuration::from_mins(1);
    let mut runs = Vec::new();
    for (zone_number, zone) in ZONES.iter().enumerate() {
        let zone = TimeZone::get(zone).expect("a bundled zone");
        // Only for speed: who may run at this minute of the hour at all.
        let mut by_minute = vec![Vec::new(); 60];
        for job in (zone_number..rules.len()).step_by(ZONES.len()) {
            for minute in &rules[job].minutes {
                by_minute[*minute as usize].push(job);
            }
        }
        let matching = |at: DateTime| {
            let candidates = by_minute[at.minute() as usize].iter().copied();
            candidates.filter(move |job| rules[*job].matches(at))
        };
        let mut now = at(START) - minute;
        let mut before = zone.to_datetime(now);
        let mut seen: HashSet<DateTime> = HashSet::new();
        while now + minute < at(END) {
            now += minute;
            let local = zone.to_datetime(now);
            let is_repeated = !seen.insert(local);
            for skipped in minutes_between(before, local) {
                runs.extend(
                    matching(skipped).filter(|job| rules[*job].is_fixed()).map(|job| (now, job)),
                );
            }
            let here = matching(local).filter(|job| !(is_repeated && rules[*job].is_fixed()));
            runs.extend(here.map(|job| (now, job)));
            before = local;
        }
    }
    runs.sort();
    // Several instants of a gap, and the first minute after it, are one run.
    runs.dedup();
    runs
}

/// The wall-clock minutes that the step from `before` to `after` left out, on the day of `after`.
fn minutes_between(before: DateTime, after: DateTime) -> Vec<DateTime> {
    let minute = SignedDuration::from_mins(1);
    let mut skipped = Vec::new();
    let mut at = before + minute;
    while at < after {
        if at.date() == after.date() {
            skipped.push(at);
        }
        at += minute;
    }
    skipped
}

#[test]
fn a_year_of_a_thousand_jobs_in_five_zones() {
    let mut random = Random(2026);
    let rules: Vec<Rule> = (0..JOBS).map(|number| Rule::random(&mut random, number)).collect();
    let expected = brute_force(&rules);
    assert!(expected.len() > 500_000, "{} runs are too few to mean much", expected.len());

    block_on(async {
        let bench = Bench::at(START);
        for (number, rule) in rules.iter().enumerate() {
            let zone = ZONES[number % ZONES.len()];
            let job = Job::cron(&rule.cron()).unwrap().in_zone(zone).unwrap();
            bench.scheduler.add(job.named(number.to_string()).run(bench.note())).unwrap();
        }
        bench.start();
        let year = at(END).duration_since(at(START));
        bench.clock.run_for(Duration::try_from(year).unwrap() - Duration::from_nanos(1)).await;
        let mut ran: Vec<(Timestamp, usize)> =
            bench.ran().into_iter().map(|(name, due)| (due, name.parse().unwrap())).collect();
        assert!(ran.is_sorted_by_key(|(due, _)| *due));
        // Runs of one instant come in any order.
        ran.sort_unstable();
        let first_difference = ran.iter().zip(&expected).position(|(ran, due)| ran != due);
        if let Some(index) = first_difference {
            let (_, job) = expected[index];
            panic!(
                "run {index}: {:?} instead of {:?} ({} in {})",
                ran[index],
                expected[index],
                rules[job].cron(),
                ZONES[job % ZONES.len()]
            );
        }
        assert_eq!(ran.len(), expected.len());
    });
}
