//! Hands each event to all who listen, as one piece of memory, and measures how late ticks are.
//!
//! # Ground rules
//! - Nobody is waited for: who is slower than [`FRAMES_HELD`] loses the oldest frames and is told how many.
//! - A page can use so many events in a second ([`Budget`]); of more than that it hears how many they were,
//!   and reads anew.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hdrhistogram::Histogram;
use jiff::Timestamp;
use mainspring_scheduler::{Event, EventKind};
use serde::Serialize;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast};

use crate::answer::{At, Ticks, between_ms};

/// So many frames wait for who is slow.
const FRAMES_HELD: usize = 1024;

/// So many frames are sent in a second.
const FRAMES_PER_SECOND: u32 = 200;

pub(crate) struct Hub {
    frames: broadcast::Sender<Bytes>,
    streams: Arc<Semaphore>,
    /// Somebody has begun to listen.
    joined: Notify,
    /// In microseconds.
    lateness: Mutex<Histogram<u64>>,
}

/// A listener's end.
pub(crate) struct Seat {
    pub(crate) frames: broadcast::Receiver<Bytes>,
    /// Given back when the listener goes.
    pub(crate) _permit: OwnedSemaphorePermit,
}

impl Hub {
    pub(crate) fn new(streams_max: usize) -> Self {
        /// An hour; what is later counts as that.
        const LATEST_US: u64 = 3_600_000_000;
        let lateness = Histogram::new_with_bounds(1, LATEST_US, 2).expect("the bounds are right");
        Self {
            frames: broadcast::channel(FRAMES_HELD).0,
            streams: Arc::new(Semaphore::new(streams_max.min(Semaphore::MAX_PERMITS))),
            joined: Notify::new(),
            lateness: Mutex::new(lateness),
        }
    }

    /// A seat, if one is free.
    pub(crate) fn join(&self) -> Option<Seat> {
        let permit = self.streams.clone().try_acquire_owned().ok()?;
        let frames = self.frames.subscribe();
        self.joined.notify_one();
        Some(Seat { frames, _permit: permit })
    }

    /// Whether anybody listens.
    pub(crate) fn is_heard(&self) -> bool {
        self.frames.receiver_count() > 0
    }

    /// Waits until somebody listens.
    pub(crate) async fn heard(&self) {
        while !self.is_heard() {
            self.joined.notified().await;
        }
    }

    pub(crate) fn tell(&self, frame: Bytes) {
        // An error says that nobody listens.
        let _ = self.frames.send(frame);
    }

    /// Counts how late a run started at its first attempt.
    pub(crate) fn measure(&self, event: &Event) {
        if let (EventKind::Started { attempt: 1 }, Some(due)) = (&event.kind, event.due) {
            let late_us = (between_ms(due, event.at) * 1e3) as u64;
            self.lateness().saturating_record(late_us.max(1));
        }
    }

    /// `None` before the first.
    pub(crate) fn ticks(&self) -> Option<Ticks> {
        let lateness = self.lateness();
        let ms = |micros: u64| micros as f64 / 1e3;
        (!lateness.is_empty()).then(|| Ticks {
            count: lateness.len(),
            p50_ms: ms(lateness.value_at_quantile(0.5)),
            p99_ms: ms(lateness.value_at_quantile(0.99)),
            max_ms: ms(lateness.max()),
        })
    }

    fn lateness(&self) -> std::sync::MutexGuard<'_, Histogram<u64>> {
        self.lateness.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many frames may still be sent in this second, and how many were not.
#[derive(Debug)]
pub(crate) struct Budget {
    began: Instant,
    sent: u32,
    held_back: u64,
}

impl Budget {
    const SECOND: Duration = Duration::from_secs(1);

    pub(crate) fn new(now: Instant) -> Self {
        Self { began: now, sent: 0, held_back: 0 }
    }

    /// Whether one more may be sent; if not it is counted.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        if now.duration_since(self.began) >= Self::SECOND && self.held_back == 0 {
            (self.began, self.sent) = (now, 0);
        }
        let may = self.sent < FRAMES_PER_SECOND && self.held_back == 0;
        if may {
            self.sent += 1;
        } else {
            self.held_back += 1;
        }
        may
    }

    /// How long until [`settle`](Self::settle) has something to say, if it will.
    pub(crate) fn pause(&self, now: Instant) -> Option<Duration> {
        let rest = Self::SECOND.saturating_sub(now.duration_since(self.began));
        (self.held_back > 0).then_some(rest)
    }

    /// Begins another second; how many frames were not sent in the last one.
    pub(crate) fn settle(&mut self, now: Instant) -> u64 {
        (self.began, self.sent) = (now, 0);
        std::mem::take(&mut self.held_back)
    }
}

/// The first frame of each stream.
pub(crate) fn hello(now: Timestamp) -> Bytes {
    #[derive(Serialize)]
    struct Hello {
        now: At,
    }
    frame("hello", &Hello { now: At(now) })
}

/// So many events were not told: whoever shows anything reads it anew.
pub(crate) fn lagged(lost: u64) -> Bytes {
    #[derive(Serialize)]
    struct Lagged {
        lost: u64,
    }
    frame("lagged", &Lagged { lost })
}

/// The store does not answer, or does again.
pub(crate) fn store(is_away: bool) -> Bytes {
    #[derive(Serialize)]
    struct Store {
        kind: &'static str,
    }
    frame("store", &Store { kind: if is_away { "away" } else { "back" } })
}

/// Something happened to a run.
#[derive(Serialize)]
pub(crate) struct RunNews<'a> {
    pub(crate) at: At,
    pub(crate) name: &'a str,
    pub(crate) due: Option<At>,
    pub(crate) kind: &'a str,
    pub(crate) attempt: Option<u32>,
    pub(crate) error: Option<&'a str>,
}

impl RunNews<'_> {
    pub(crate) fn frame(&self) -> Bytes {
        frame("run", self)
    }
}

/// What an event is on the wire; `None` for what no page shows.
pub(crate) fn told(event: &Event) -> Option<Bytes> {
    #[derive(Serialize)]
    struct JobNews<'a> {
        at: At,
        name: &'a str,
        kind: &'a str,
    }
    let name = event.name.as_ref().map(|name| name.as_str()).unwrap_or_default();
    let (at, due) = (At(event.at), event.due.map(At));
    let job = |kind| Some(frame("job", &JobNews { at, name, kind }));
    let of_run =
        |kind, attempt, error| Some(RunNews { at, name, due, kind, attempt, error }.frame());
    let run = |kind| of_run(kind, None, None);
    match &event.kind {
        EventKind::Added => job("added"),
        EventKind::Removed => job("removed"),
        EventKind::Updated => job("updated"),
        EventKind::Paused => job("paused"),
        EventKind::Resumed => job("resumed"),
        EventKind::Unreadable { .. } => job("unreadable"),
        EventKind::Due => run("due"),
        EventKind::Started { attempt } => of_run("started", Some(*attempt), None),
        EventKind::Succeeded => run("succeeded"),
        EventKind::Failed { error } => of_run("failed", None, Some(short(error))),
        EventKind::Retried { error, .. } => of_run("retried", None, Some(short(error))),
        EventKind::TimedOut => run("timed_out"),
        EventKind::Cancelled => run("cancelled"),
        EventKind::Skipped { .. } => run("skipped"),
        EventKind::Missed { .. } => run("missed"),
        EventKind::GivenBack => run("given_back"),
        EventKind::Lost => run("lost"),
        EventKind::Reaped { .. } => run("reaped"),
        EventKind::StoreAway { .. } => Some(store(true)),
        EventKind::StoreBack => Some(store(false)),
        _ => None,
    }
}

/// Server-sent events are lines: JSON of one line cannot break out of its own.
fn frame(name: &str, data: &impl Serialize) -> Bytes {
    // Texts and numbers alone: nothing that JSON cannot say.
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n").into()
}

fn short(error: &str) -> &str {
    &error[..error.floor_char_boundary(1024)]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mainspring_clock::{Clock, ManualClock};

    use super::{Budget, FRAMES_PER_SECOND, frame};

    #[test]
    fn more_than_a_page_can_use_is_counted_and_told_once() {
        let clock = ManualClock::new(std::time::SystemTime::UNIX_EPOCH);
        let mut budget = Budget::new(clock.now());
        for _ in 0..FRAMES_PER_SECOND {
            assert!(budget.take(clock.now()));
        }
        assert_eq!(budget.pause(clock.now()), None, "nothing is held back");
        clock.advance(Duration::from_millis(400));
        assert!(!budget.take(clock.now()) && !budget.take(clock.now()));
        assert_eq!(budget.pause(clock.now()), Some(Duration::from_millis(600)));
        clock.advance(Duration::from_secs(2));
        assert!(!budget.take(clock.now()), "first it is said what was held back");
        assert_eq!(budget.settle(clock.now()), 3);
        assert!(budget.take(clock.now()));
        clock.advance(Duration::from_secs(1));
        for _ in 0..FRAMES_PER_SECOND {
            assert!(budget.take(clock.now()));
        }
        assert!(!budget.take(clock.now()));
    }

    #[test]
    fn no_text_breaks_out_of_its_line() {
        let frame = frame("run", &"a\n\nevent: store\r\ndata: {}\u{2028}");
        let text = String::from_utf8(frame.to_vec()).expect("text");
        assert_eq!(text.lines().count(), 3, "{text:?}");
        assert!(!text.contains('\r'));
    }
}
