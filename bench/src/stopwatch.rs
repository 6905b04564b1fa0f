//! Reads the clocks: the only place in the benches that does.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// The present instant, for how late something is.
#[expect(clippy::disallowed_methods, reason = "lateness is measured against real time")]
pub fn now() -> Instant {
    Instant::now()
}

/// The processor time of this process so far, all threads together.
pub fn cpu() -> Duration {
    let taken = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(taken.tv_sec as u64, taken.tv_nsec as u32)
}

/// Keeps the processor busy for `span`, or a little longer.
pub fn spin(span: Duration) {
    let start = now();
    while start.elapsed() < span {}
}

/// How long `work` takes.
#[expect(clippy::disallowed_methods, reason = "a bench measures real time; here and nowhere else")]
pub fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// What o'clock it is, as the time since 1970, for how late a job is.
#[expect(clippy::disallowed_methods, reason = "lateness is measured against real time")]
pub fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Seconds since 1970, for the date that the results are printed with.
#[expect(clippy::disallowed_methods, reason = "the date of a run is what o'clock it was run at")]
pub fn epoch_second() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// What tokio's clock says, paused or not, in the runtime that has been entered.
#[expect(clippy::disallowed_methods, reason = "a paused clock has to be asked where it stands")]
pub fn tokio_now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}
