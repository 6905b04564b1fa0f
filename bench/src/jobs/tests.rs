//! Places, lateness and windows of jobs, on numbers.

use super::{Beat, Crowd, Log, Note, Place};
use std::collections::HashSet;
use std::time::Duration;

#[test]
fn each_second_of_the_beat_is_a_place_once() {
    for beat in [Beat::Second, Beat::Hour, Beat::Day] {
        let places: HashSet<u64> =
            Crowd { count: 1, beat }.places().map(|place| place.second).collect();
        assert_eq!(places.len() as u64, beat.seconds());
        assert!(places.iter().all(|second| *second < beat.seconds()));
        assert_eq!(Beat::named(beat.name()), Some(beat));
    }
}

#[test]
fn an_expression_says_the_same_as_its_place() {
    let cron = |beat, second| Place { beat, second }.cron();
    assert_eq!(cron(Beat::Second, 0), "* * * * * *");
    assert_eq!(cron(Beat::Hour, 3_599), "59 59 * * * *");
    assert_eq!(cron(Beat::Day, 3 * 3_600 + 4 * 60 + 5), "5 4 3 * * *");
}

#[test]
fn lateness_counts_from_the_last_place() {
    let place = Place { beat: Beat::Hour, second: 10 };
    let at = |millis: u64| Duration::from_millis(7 * 3_600_000_u64 + millis);
    assert_eq!(place.after(at(10_000)), Duration::ZERO);
    assert_eq!(place.after(at(10_250)), Duration::from_millis(250));
    assert_eq!(place.after(at(9_750)), Duration::from_millis(3_599_750));
    assert_eq!(place.until_next(at(9_750)), Duration::from_millis(250));
    assert_eq!(place.until_next(at(10_000)), Duration::from_secs(3_600));
}

#[test]
fn what_is_due_is_counted_job_by_job() {
    for (count, beat) in [(7, Beat::Second), (10_001, Beat::Hour), (5_000, Beat::Hour)] {
        let crowd = Crowd { count, beat };
        let places: Vec<Place> = crowd.places().collect();
        let (from, to) = (1_000_000, 1_000_004);
        let slow = (0..count).map(|job| places[job % places.len()].second);
        let slow = slow.map(|place| (from..to).filter(|s| s % beat.seconds() == place).count());
        assert_eq!(crowd.due_between(from, to), slow.sum::<usize>());
    }
    assert_eq!(Crowd { count: 1_000, beat: Beat::Second }.due_between(5, 9), 4_000);
    assert_eq!(Crowd { count: 3_600, beat: Beat::Hour }.due_between(5, 9), 4);
}

#[test]
fn runs_outside_the_window_do_not_count() {
    let log = Log::with_room(2);
    log.note(10, Duration::ZERO);
    log.open(11, 13);
    for due in 10..14 {
        log.note(due, Duration::from_micros(due * 10));
    }
    log.note(12, Duration::from_micros(1));
    assert_eq!((log.runs(), log.late()), (3, vec![110, 120]));
    Note::new(&log, Place { beat: Beat::Second, second: 0 }).ran();
    assert_eq!(log.runs(), 3, "it is no longer the year 1970");
}
