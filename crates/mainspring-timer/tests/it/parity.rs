//! What tokio's own interval does, step by step, ours does: scripts that both follow, on a paused
//! clock, and ours on a manual one too.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use mainspring_timer::{Instant, MissedTickBehavior, interval, interval_at, now};
use tokio::time::MissedTickBehavior as TheirBehavior;

use crate::worlds::{Stage, TURNED, World, ms};

/// A step of a script, in milliseconds.
#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(u64),
    Reset,
    ResetImmediately,
    ResetAfter(u64),
    /// So long from now.
    ResetAt(u64),
    /// Polls until nothing is due: each tick's instant, from the start.
    Ticks(&'static [u64]),
}

use Step::{Pass, Reset, ResetAfter, ResetAt, ResetImmediately, Ticks};

/// What both have.
trait Beat {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Instant>;
    fn act(&mut self, step: Step, now: Instant);
}

macro_rules! beat {
    ($type:ty) => {
        impl Beat for $type {
            fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
                self.poll_tick(cx)
            }

            fn act(&mut self, step: Step, now: Instant) {
                match step {
                    Reset => self.reset(),
                    ResetImmediately => self.reset_immediately(),
                    ResetAfter(after) => self.reset_after(ms(after)),
                    ResetAt(after) => self.reset_at(now + ms(after)),
                    Pass(_) | Ticks(_) => {}
                }
            }
        }
    };
}

beat!(tokio::time::Interval);
beat!(mainspring_timer::Interval);

/// Follows a script with an interval of 300 ms that starts now.
async fn follow(stage: &Stage, beat: &mut dyn Beat, start: Instant, script: &[Step]) {
    // tokio's timers have whole milliseconds, and fire in the one after.
    stage.pass(ms(1)).await;
    for (index, step) in script.iter().enumerate() {
        match step {
            Pass(span) => stage.pass(ms(*span)).await,
            Ticks(expected) => {
                let mut ticks = Vec::new();
                while let Poll::Ready(due) = poll_fn(|cx| Poll::Ready(beat.poll(cx))).await {
                    ticks.push((due - start).as_millis() as u64);
                }
                assert_eq!(ticks, *expected, "step {index} of {script:?} in {:?}", stage.world);
            }
            other => beat.act(*other, stage.driver.now()),
        }
    }
}

#[track_caller]
fn check(behavior: TheirBehavior, script: &[Step]) {
    World::Paused.run(|stage| async move {
        let start = now();
        let mut theirs = tokio::time::interval_at(start, ms(300));
        theirs.set_missed_tick_behavior(behavior);
        follow(&stage, &mut theirs, start, script).await;
    });
    for world in TURNED {
        world.run(|stage| async move {
            let start = stage.driver.now();
            let mut ours = stage.driver.interval_at(start, ms(300));
            ours.set_missed_tick_behavior(behavior);
            follow(&stage, &mut ours, start, script).await;
        });
    }
}

#[test]
fn ticks_on_the_beat() {
    check(
        TheirBehavior::Burst,
        &[
            Ticks(&[0]),
            Pass(100),
            Ticks(&[]),
            Pass(200),
            Ticks(&[300]),
            Pass(298),
            Ticks(&[]),
            Pass(2),
            Ticks(&[600]),
        ],
    );
}

#[test]
fn burst_catches_up() {
    check(
        TheirBehavior::Burst,
        &[
            Ticks(&[0]),
            Pass(300),
            Ticks(&[300]),
            Pass(650),
            Ticks(&[600, 900]),
            Pass(200),
            Ticks(&[]),
            Pass(100),
            Ticks(&[1200]),
            Pass(250),
            Ticks(&[1500]),
            Pass(300),
            Ticks(&[1800]),
        ],
    );
}

#[test]
fn delay_moves_the_beat() {
    check(
        TheirBehavior::Delay,
        &[
            Ticks(&[0]),
            Pass(300),
            Ticks(&[300]),
            Pass(650),
            Ticks(&[600]),
            Pass(100),
            Ticks(&[]),
            Pass(201),
            Ticks(&[1251]),
            Pass(300),
            Ticks(&[1551]),
        ],
    );
}

#[test]
fn skip_leaves_ticks_out() {
    check(
        TheirBehavior::Skip,
        &[
            Ticks(&[0]),
            Pass(300),
            Ticks(&[300]),
            Pass(650),
            Ticks(&[600]),
            Pass(250),
            Ticks(&[1200]),
            Pass(300),
            Ticks(&[1500]),
        ],
    );
}

#[test]
fn resets() {
    let before = [Ticks(&[0]), Pass(300), Ticks(&[300]), Pass(100), Ticks(&[])];
    let cases: [&[Step]; 5] = [
        &[Reset, Pass(250), Ticks(&[]), Pass(50), Ticks(&[701]), Pass(300), Ticks(&[1001])],
        &[ResetImmediately, Ticks(&[401]), Pass(100), Ticks(&[]), Pass(200), Ticks(&[701])],
        &[ResetAfter(20), Pass(20), Ticks(&[421]), Pass(100), Ticks(&[]), Pass(200), Ticks(&[721])],
        &[ResetAt(40), Pass(40), Ticks(&[441]), Pass(300), Ticks(&[741])],
        &[
            ResetAt(1000),
            Pass(900),
            Ticks(&[]),
            Pass(100),
            Ticks(&[1401]),
            Pass(300),
            Ticks(&[1701]),
        ],
    ];
    for case in cases {
        let script: Vec<_> = before.iter().chain(case).copied().collect();
        check(TheirBehavior::Burst, &script);
    }
}

#[tokio::test]
async fn panics_on_the_longest_duration() {
    let mut forever = interval(Duration::MAX);
    forever.tick().await;
    forever.reset();
    forever.reset_after(Duration::MAX);
    forever.set_missed_tick_behavior(MissedTickBehavior::Delay);
    assert!(forever.remaining() > Duration::from_secs(1_000_000));
    let still = tokio::time::timeout(ms(5), forever.tick()).await;
    assert!(still.is_err());
    assert_eq!(forever.period(), Duration::MAX);
}

#[tokio::test]
#[should_panic(expected = "`period` must be non-zero")]
async fn a_zero_period_panics_as_tokios_does() {
    interval(Duration::ZERO);
}

#[tokio::test]
#[should_panic(expected = "`period` must be non-zero")]
async fn a_zero_period_with_a_start_panics_as_tokios_does() {
    interval_at(now(), Duration::ZERO);
}

/// `poll_tick` must register the task when it is pending, and not when it is ready.
async fn items_of_a_stream(wakes_itself: bool) -> Vec<u32> {
    struct Quarters {
        beat: mainspring_timer::Interval,
        counter: u32,
        wakes_itself: bool,
    }
    impl Stream for Quarters {
        type Item = u32;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<u32>> {
            if self.counter > 12 {
                return Poll::Ready(None);
            }
            std::task::ready!(self.beat.poll_tick(cx));
            self.counter += 1;
            if self.counter.is_multiple_of(4) {
                return Poll::Ready(Some(self.counter));
            }
            if self.wakes_itself {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        }
    }
    let mut quarters = Quarters { beat: interval(ms(10)), counter: 0, wakes_itself };
    let mut items = Vec::new();
    let all = async {
        while let Some(item) = poll_fn(|cx| Pin::new(&mut quarters).poll_next(cx)).await {
            items.push(item);
        }
    };
    let _ = tokio::time::timeout(ms(150), all).await;
    items
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_wakes_itself_goes_on() {
    assert_eq!(items_of_a_stream(true).await, [4, 8, 12]);
}

#[tokio::test(start_paused = true)]
async fn a_ready_tick_registers_nothing() {
    assert_eq!(items_of_a_stream(false).await, [] as [u32; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_stream_of_an_interval_is_its_ticks() {
    let start = now();
    let mut beat = interval(ms(20));
    for index in 0..5 {
        let due = poll_fn(|cx| Pin::new(&mut beat).poll_next(cx)).await.unwrap();
        assert_eq!(due - start, ms(20) * index);
    }
}

#[test]
fn behaviors_convert_both_ways() {
    for theirs in [TheirBehavior::Burst, TheirBehavior::Delay, TheirBehavior::Skip] {
        assert_eq!(TheirBehavior::from(MissedTickBehavior::from(theirs)), theirs);
    }
    assert_eq!(MissedTickBehavior::default(), MissedTickBehavior::Burst);
}
