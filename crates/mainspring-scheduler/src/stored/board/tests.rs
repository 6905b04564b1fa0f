//! What the board hands out, and what it lets go.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use mainspring_clock::{Clock, SystemClock};
use mainspring_job::store::{Beat, ClaimedRun, Fence, Finish, Hold, Outcome, Verdict};
use mainspring_job::{JobId, JobName, RunId};

use super::{AHEAD_MAX, Board, UNRECORDED_MAX};
use crate::event::EventKind;
use crate::stored::ending::{Stop, Word};

fn run(number: u64) -> ClaimedRun {
    let name = JobName::new("job").expect("a name");
    ClaimedRun {
        id: RunId { job: JobId::from_u64(number), due: Timestamp::UNIX_EPOCH },
        name: name.clone(),
        handler: name.clone(),
        payload: None,
        policy: String::new(),
        queue: name,
        priority: 0,
        attempt: 1,
        fence: Fence::from_u64(number),
        at: Timestamp::UNIX_EPOCH,
        started: Timestamp::UNIX_EPOCH,
        lease_until: Timestamp::UNIX_EPOCH,
    }
}

fn hold(number: u64) -> Hold {
    run(number).hold()
}

/// Some present.
fn now() -> Instant {
    SystemClock.now()
}

fn later(now: Instant) -> Instant {
    now + Duration::from_secs(30)
}

fn well(hold: Hold) -> impl FnOnce(Option<Stop>) -> Word {
    move |_| Word::Ended(Finish::new(hold, Outcome::Succeeded), EventKind::Succeeded)
}

/// A board with runs 1 to `claimed`, as many started as there are slots.
fn board(slots: usize, claimed: u64, now: Instant) -> (Board, Vec<u64>) {
    let mut board = Board::new(slots);
    board.claimed((1..=claimed).map(run).collect(), later(now));
    let mut started = Vec::new();
    while let Some(start) = board.next_start(now) {
        started.push(start.run.fence.as_u64());
    }
    (board, started)
}

#[test]
fn no_more_start_than_there_are_slots() {
    let now = now();
    let (mut board, started) = board(2, 5, now);
    assert_eq!(started, [1, 2]);
    board.ended(hold(2), well(hold(2)));
    assert_eq!(board.next_start(now).map(|start| start.run.fence.as_u64()), Some(3));
    assert!(board.next_start(now).is_none());
}

#[test]
fn room_grows_with_what_ends_meanwhile() {
    let now = now();
    let (mut board, _) = board(100, 0, now);
    assert_eq!(board.room(), 100);
    for round in 1..=30 {
        let claimed = board.room() as u64;
        assert_eq!(claimed, (100 * round).min(100 + AHEAD_MAX as u64));
        let first = round * 10_000;
        board.claimed((first..first + claimed).map(run).collect(), later(now));
        for number in first..first + claimed {
            assert!(board.next_start(now).is_some());
            board.ended(hold(number), well(hold(number)));
        }
        board.take_ends(usize::MAX).iter().for_each(|end| board.recorded(end.finish.hold()));
    }
    board.room();
    assert_eq!(board.room(), 100, "nothing has ended since");
}

#[test]
fn few_are_not_worth_a_call_while_others_wait() {
    let now = now();
    let (mut board, _) = board(8, 15, now);
    for number in 1..=2 {
        board.ended(hold(number), well(hold(number)));
        board.next_start(now);
    }
    // 8 slots and 2 ahead are wanted, 8 run and 5 wait.
    assert_eq!(board.room(), 0);
    let mut next = 3;
    while !board.has_wanted_room() {
        board.ended(hold(next), well(hold(next)));
        board.next_start(now);
        next += 1;
    }
    assert!(board.room() >= 3, "a quarter of what is wanted");
}

#[test]
fn with_too_much_unrecorded_nothing_is_claimed() {
    let now = now();
    let (mut board, started) = board(UNRECORDED_MAX + 1, UNRECORDED_MAX as u64 + 1, now);
    for number in started {
        board.ended(hold(number), well(hold(number)));
    }
    assert_eq!(board.room(), 0);
    let ends = board.take_ends(10);
    assert_eq!(ends.len(), 10);
    ends.iter().for_each(|end| board.recorded(end.finish.hold()));
    assert!(board.has_wanted_room());
}

#[test]
fn what_a_stalled_node_had_not_begun_goes_back() {
    let now = now();
    let (mut board, _) = board(1, 3, now);
    board.ended(hold(1), well(hold(1)));
    assert!(board.next_start(later(now)).is_none(), "the lease may be over");
    assert_eq!(board.take_back(), [hold(2), hold(3)]);
    let given = board.given_back(&[hold(2), hold(3)], &[Verdict::Accepted, Verdict::Stale]);
    assert_eq!((given.taken.len(), given.lost.len()), (1, 1));
    assert_eq!(given.lost[0].hold, hold(3));
}

#[test]
fn a_lost_run_is_stopped_once_and_not_spoken_of() {
    let now = now();
    let (mut board, _) = board(1, 2, now);
    let holds = [hold(1), hold(2)];
    let told = board.beats(&holds, &[Beat::Lost, Beat::Lost], later(now));
    assert_eq!((told.lost.len(), told.cancels.len()), (2, 1), "one of them runs");
    let told = board.beats(&holds, &[Beat::Lost, Beat::Lost], later(now));
    assert_eq!((told.lost.len(), told.cancels.len()), (0, 0));
    let mut stop = None;
    board.ended(hold(1), |why| {
        stop = why;
        Word::Nothing
    });
    assert_eq!(stop, Some(Stop::Lost));
    assert!(!board.has_words() && !board.is_open() && board.next_start(now).is_none());
}

#[test]
fn a_run_whose_end_is_on_its_way_is_not_lost() {
    let now = now();
    let (mut board, _) = board(1, 1, now);
    board.ended(hold(1), well(hold(1)));
    let ends = board.take_ends(10);
    let told = board.beats(&[hold(1)], &[Beat::Lost], later(now));
    assert!(told.lost.is_empty(), "the store may have recorded it a moment ago");
    assert_eq!(ends.len(), 1);
}

#[test]
fn fresh_leases_are_not_renewed() {
    let now = now();
    let (board, _) = board(1, 1, now);
    assert!(board.leases_ending(later(now)).is_empty());
    assert_eq!(board.leases_ending(later(now) + Duration::from_millis(1)), [hold(1)]);
}

#[test]
fn a_closed_board_starts_nothing_and_gives_back_what_comes() {
    let now = now();
    let (mut board, _) = board(1, 2, now);
    board.close();
    board.claimed(vec![run(7)], later(now));
    assert_eq!(board.take_back(), [hold(2), hold(7)]);
    assert_eq!(board.room(), 0);
    assert!(board.is_open(), "they are not given back yet");
    board.given_back(&[hold(2), hold(7)], &[Verdict::Accepted; 2]);
    assert!(!board.is_open() && board.is_running());
    assert_eq!(board.stop_all().len(), 1);
    board.ended(hold(1), |stop| {
        assert_eq!(stop, Some(Stop::Shutdown));
        Word::Back
    });
    board.given_back(&[hold(1)], &[Verdict::Accepted]);
    let report = board.report();
    assert_eq!((report.cut.len(), report.untold.len()), (1, 0));
}
