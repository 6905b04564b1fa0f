//! Compares the two directions and the short cuts with each other, around every transition of every
//! zone.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Cron;
use super::next::{STEADY, next_after, walk};

/// Every zone that is not another name for one of the others.
fn zones() -> impl Iterator<Item = TimeZone> {
    let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    assert!(names.len() > 400);
    names.into_iter().map(|name| TimeZone::get(&name).unwrap()).filter(TimeZone::is_primary)
}

fn transitions(zone: &TimeZone, from: &str, to: &str) -> Vec<Timestamp> {
    let to: Timestamp = to.parse().unwrap();
    let all = zone.following(from.parse().unwrap()).map(|transition| transition.timestamp());
    all.take_while(|at| *at < to).collect()
}

#[test]
fn no_zone_changes_its_offset_twice_in_a_short_time() {
    for zone in zones() {
        let mut last = None;
        for at in transitions(&zone, "-009999-01-03T00Z", "2150-01-01T00Z") {
            let before = at - SignedDuration::from_secs(1);
            if zone.to_offset(before) != zone.to_offset(at) {
                let apart = last.map_or(i64::MAX, |last| at.as_second() - last);
                assert!(apart > STEADY, "{zone:?} at {at}");
                last = Some(at.as_second());
            }
        }
    }
}

#[test]
fn the_short_cut_answers_as_the_walk_does() {
    let expressions = ["30 0,2,3 * * *", "59 59 23 1,15 * *", "5/20 */2 * * *"];
    let crons = expressions.map(|text| Cron::parse(text).unwrap());
    let mut asked = 0;
    for zone in zones() {
        for transition in transitions(&zone, "1850-01-01T00Z", "2030-01-01T00Z") {
            for seconds in [-86_400, -1, 0, 1799] {
                let after = transition + SignedDuration::from_secs(seconds);
                for cron in &crons {
                    let quick = next_after(&cron.masks, after, &zone);
                    let slow = walk(&cron.masks, after + SignedDuration::from_secs(1), &zone);
                    assert_eq!(quick, slow, "{cron} after {after} in {zone:?}");
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 100_000, "{asked}");
}

#[test]
fn both_directions_see_the_same_instants_around_every_transition() {
    let expressions = ["30 2 * * *", "0 0,1,3,23 * * *", "*/20 * * * *"];
    let crons = expressions.map(|text| Cron::parse(text).unwrap());
    for zone in zones() {
        for transition in transitions(&zone, "2005-01-01T00Z", "2027-01-01T00Z") {
            let first = transition - SignedDuration::from_hours(3);
            let end = transition + SignedDuration::from_hours(3);
            for cron in &crons {
                let mut forward = Vec::new();
                let mut at = first;
                while let Some(next) = cron.next_after(at, &zone).filter(|next| *next < end) {
                    forward.push(next);
                    at = next;
                }
                let mut backward = Vec::new();
                let mut at = end;
                while let Some(last) = cron.previous_before(at, &zone).filter(|last| *last > first)
                {
                    backward.push(last);
                    at = last;
                }
                backward.reverse();
                assert_eq!(forward, backward, "{cron} around {transition} in {zone:?}");
            }
        }
    }
}
