//! This project's timers, as they come and with what they can do beyond.

use std::future::Future;
use std::time::{Duration, Instant};

use mainspring_timer::{Interval, Precision, isolated};

use crate::timer::{Beat, Once, Runner, Sleeper, Ticker, keep_busy, runtime, slot};

/// As it comes: the runtime's shared timer.
pub struct Plain(Interval);

impl Ticker for Plain {
    fn at(start: Instant, period: Duration) -> Self {
        Self(mainspring_timer::interval_at(start.into(), period))
    }

    async fn tick(&mut self) -> u64 {
        self.0.tick().await;
        1
    }
}

impl Sleeper for Plain {
    fn until(deadline: Instant) -> impl Future<Output = ()> + Send + 'static {
        mainspring_timer::sleep_until(deadline.into())
    }
}

macro_rules! with {
    ($(#[$doc:meta])* $name:ident, $precision:expr, $slack:expr) => {
        $(#[$doc])*
        pub struct $name(Interval);

        impl Ticker for $name {
            fn at(start: Instant, period: Duration) -> Self {
                let builder = Interval::builder(period).start(start.into());
                Self(builder.precision($precision).slack($slack).build().expect("a timer"))
            }

            async fn tick(&mut self) -> u64 {
                self.0.tick().await;
                1
            }
        }

        impl Sleeper for $name {
            fn until(deadline: Instant) -> impl Future<Output = ()> + Send + 'static {
                let sleep = mainspring_timer::sleep_until(deadline.into());
                sleep.with_precision($precision).with_slack($slack)
            }
        }
    };
}

with!(
    /// With the lead of most wakes.
    Exact,
    Precision::Exact { max_spin: Duration::from_millis(1) },
    Duration::ZERO
);
with!(
    /// With the lead of half of the wakes.
    Compensated,
    Precision::Compensated,
    Duration::ZERO
);
with!(
    /// With a millisecond of slack.
    Slack,
    Precision::Kernel,
    Duration::from_millis(1)
);

/// Exact, on a thread of its own beside the busy tasks.
pub fn on_own_thread() -> Runner {
    let beside = runtime();
    Box::new(move |beat: Beat| {
        let (done, ended) = tokio::sync::oneshot::channel();
        let thread = isolated("bench", move || async move {
            let slot = slot::<Exact>(beat).await;
            let _ = done.send(());
            slot
        });
        let thread = thread.expect("a thread");
        beside.block_on(async {
            let busy: Vec<_> = (0..beat.busy).map(|_| tokio::spawn(keep_busy())).collect();
            let _ = ended.await;
            busy.iter().for_each(|task| task.abort());
        });
        thread.join().expect("no panic")
    })
}

pub async fn timeouts(count: u64) {
    for _ in 0..count {
        let outcome = mainspring_timer::timeout(Duration::from_secs(5), Once::default()).await;
        assert!(outcome.is_ok());
    }
}

pub fn resetter() -> Box<dyn FnMut(u64)> {
    let runtime = runtime();
    let mut interval =
        runtime.block_on(async { mainspring_timer::interval(Duration::from_secs(60)) });
    runtime.block_on(interval.tick());
    Box::new(move |count| {
        runtime.block_on(async {
            for _ in 0..count {
                interval.reset();
                poll_pending(|cx| interval.poll_tick(cx).is_pending()).await;
            }
        });
    })
}

/// Polls once; what is polled is not due.
pub async fn poll_pending(mut poll: impl FnMut(&mut std::task::Context<'_>) -> bool) {
    assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(poll(cx))).await);
}
