//! What only Linux shows: one descriptor, none left, a clock that is set, and how late is late.
//!
//! The first of these change or count what belongs to a whole process or machine, so each runs in
//! a process of its own: the test starts itself once more.

use std::process::{Command, Stdio};
use std::time::Duration;

use mainspring_clock::{Clock, Jump, SystemClock, WallClock};
use mainspring_timer::{
    Alarm, Backend, ClockKind, Driver, Interval, KernelTimer, PeriodicInterval, Precision, Woke,
    clock_changes, interval, now, sleep, sleep_until, try_interval, try_sleep,
};

use crate::worlds::{ms, poll_once, single, us};

const MINUTE: Duration = Duration::from_secs(60);

const CHILD: &str = "MAINSPRING_TIMER_TEST_CHILD";

/// Runs the test `name` in a process of its own.
fn child(name: &str) -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", &format!("linux::{name}"), "--nocapture", "--test-threads=1"]);
    child.env(CHILD, "1");
    child
}

/// `true` in the child; otherwise starts one that runs the test `name`, and checks that it passes.
fn is_child(name: &str) -> bool {
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let output = child(name).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    eprint!("{text}");
    false
}

#[test]
fn panics_on_descriptor_exhaustion() {
    if !is_child("panics_on_descriptor_exhaustion") {
        return;
    }
    let runtime = single();
    let held: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    assert!(held.len() > 10);
    runtime.block_on(async {
        // Those who ask are told.
        let too_many = rustix::io::Errno::MFILE.raw_os_error();
        assert_eq!(try_sleep(ms(1)).unwrap_err().raw_os_error(), Some(too_many));
        assert_eq!(try_interval(ms(1)).unwrap_err().raw_os_error(), Some(too_many));
        let own = Interval::builder(ms(1)).own_timer(Backend::Os).build();
        assert_eq!(own.unwrap_err().raw_os_error(), Some(too_many));
        let kernel = KernelTimer::new(ClockKind::Monotonic);
        assert_eq!(kernel.unwrap_err().raw_os_error(), Some(too_many));
        let periodic = PeriodicInterval::new(ms(1));
        assert_eq!(periodic.unwrap_err().raw_os_error(), Some(too_many));
        assert!(Alarm::new(std::time::SystemTime::UNIX_EPOCH).is_err());

        // Those who do not ask get their time all the same.
        let start = now();
        sleep(ms(2)).await;
        assert!(now() - start >= ms(2));
        let mut beat = interval(ms(1));
        for _ in 0..5 {
            beat.tick().await;
        }
        assert!(now() - start >= ms(6));
    });
    drop(held);
    runtime.block_on(async {
        try_sleep(ms(1)).unwrap().await; // and it gets over it
    });
}

/// The process is stopped again and again, from its first moment on: while clocks are compared, while
/// timers are made, between a reading and its use.
#[test]
fn forced_preemption_at_creation() {
    const NAME: &str = "forced_preemption_at_creation";
    if std::env::var_os(CHILD).is_none() {
        (0..6).for_each(|round| stop_and_go(child(NAME), round));
        return;
    }
    single().block_on(async {
        let end = now() + ms(150);
        let mut made = 0;
        while now() < end || made < 100 {
            let mut beat = Interval::builder(us(50)).own_timer(Backend::Os).build().unwrap();
            for _ in 0..3 {
                let tick = beat.next_tick().await;
                assert!(SystemClock.now() >= tick.scheduled.into_std(), "early: {tick:?}");
            }
            let deadline = now() + us(20);
            sleep_until(deadline).await;
            assert!(SystemClock.now() >= deadline.into_std());
            made += 1;
        }
    });
}

/// Stops the child for a while every few hundred microseconds, until it ends.
fn stop_and_go(mut child: Command, seed: u64) {
    use rustix::process::{Pid, Signal, kill_process};
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = Pid::from_child(&child);
    let mut seed = seed;
    while child.try_wait().unwrap().is_none() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(us((seed >> 33) % 300));
        // It is not waited for in between, so the number is still its own.
        kill_process(pid, Signal::STOP).unwrap();
        std::thread::sleep(us((seed >> 43) % 200));
        kill_process(pid, Signal::CONT).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

fn timer_descriptors() -> usize {
    let links = std::fs::read_dir("/proc/self/fd").unwrap();
    let of_timers = links.filter_map(|link| std::fs::read_link(link.ok()?.path()).ok());
    of_timers.filter(|link| link.to_string_lossy().contains("timerfd")).count()
}

#[test]
fn a_million_sleeps_take_one_descriptor() {
    if !is_child("a_million_sleeps_take_one_descriptor") {
        return;
    }
    let runtime = single();
    runtime.block_on(async {
        assert_eq!(timer_descriptors(), 0);
        let mut sleeps: Vec<_> =
            (0..1_000_000_u64).map(|index| sleep(ms(60_000 + index % 1000))).collect();
        for sleep in &mut sleeps {
            assert!(poll_once(sleep).await.is_none());
        }
        assert_eq!(timer_descriptors(), 1);
        assert_eq!(Driver::current().unwrap().waiting(), 1_000_000);
    });
    drop(runtime);
    assert_eq!(timer_descriptors(), 0, "the runtime's timer goes with it");

    // One that has fired, and waits for nothing any more, goes too.
    let runtime = single();
    runtime.block_on(sleep(ms(1)));
    assert_eq!(timer_descriptors(), 1);
    drop(runtime);
    assert_eq!(timer_descriptors(), 0);
}

/// The kernel takes even its own reading for a change. Without the privilege the kernel must refuse, and there is nothing to hear.
#[test]
fn a_clock_set_to_its_own_reading_is_reported() {
    if !is_child("a_clock_set_to_its_own_reading_is_reported") {
        return;
    }
    single().block_on(async {
        let far = SystemClock.wall_now() + 10 * MINUTE;
        let mut alarm = Alarm::new(far).unwrap();
        let mut changes = clock_changes().unwrap();
        let hears = tokio::spawn(async move {
            let woke = alarm.wait().await.unwrap();
            (alarm, woke)
        });
        tokio::task::yield_now().await; // it waits now

        if !set_clock(Shift::Forward(Duration::ZERO)) {
            hears.abort();
            return;
        }
        let (mut alarm, woke) = hears.await.unwrap();
        assert_eq!(woke, Woke::ClockSet);
        let _ = changes.next().await.unwrap();

        // Forward, and back by as much, with nobody waiting at the time.
        set_clock(Shift::Forward(ms(20)));
        assert_eq!(alarm.wait().await.unwrap(), Woke::ClockSet);
        let jump = changes.next().await.unwrap();
        assert!(matches!(jump, Jump::Forward(by) if by >= ms(10)), "{jump:?}");
        set_clock(Shift::Back(ms(20)));
        assert_eq!(alarm.wait().await.unwrap(), Woke::ClockSet);
        let jump = changes.next().await.unwrap();
        assert!(matches!(jump, Jump::Back(by) if by >= ms(10)), "{jump:?}");

        // Set, and then another time asked for: still told.
        set_clock(Shift::Forward(Duration::ZERO));
        alarm.set(far + MINUTE).unwrap();
        assert_eq!(alarm.wait().await.unwrap(), Woke::ClockSet);
    });
}

enum Shift {
    Forward(Duration),
    Back(Duration),
}

/// `false` where the privilege is missing.
fn set_clock(shift: Shift) -> bool {
    use rustix::time::{ClockId, Timespec, clock_gettime, clock_settime};
    let now = clock_gettime(ClockId::Realtime);
    let now = Duration::new(now.tv_sec as u64, now.tv_nsec as u32);
    let new = match shift {
        Shift::Forward(by) => now + by,
        Shift::Back(by) => now - by,
    };
    let new = Timespec { tv_sec: new.as_secs() as i64, tv_nsec: new.subsec_nanos().into() };
    match clock_settime(ClockId::Realtime, new) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error, rustix::io::Errno::PERM);
            eprintln!("setting the clock is not permitted here: nothing to hear");
            false
        }
    }
}

/// The median lateness of an interval's last ticks.
async fn median_lateness(mut beat: Interval, ticks: usize) -> Duration {
    for _ in 0..300 {
        beat.tick().await; // learns
    }
    let mut lateness = Vec::new();
    for _ in 0..ticks {
        lateness.push(beat.next_tick().await.lateness());
    }
    lateness.sort();
    lateness[ticks / 2]
}

#[test]
fn a_learned_lead_is_closer_to_the_deadline() {
    single().block_on(async {
        let build = |precision| {
            Interval::builder(us(500)).precision(precision).own_timer(Backend::Os).build().unwrap()
        };
        // Best of several: neighbours may take the processor away at any time.
        let mut best = (Duration::MAX, Duration::MAX);
        for _ in 0..5 {
            let kernel = median_lateness(build(Precision::Kernel), 200).await;
            let exactly = Precision::Exact { max_spin: ms(1) };
            let exact = median_lateness(build(exactly), 200).await;
            best = (best.0.min(kernel), best.1.min(exact));
        }
        assert!(best.1 < best.0, "kernel {:?}, exact {:?}", best.0, best.1);
    });
}
