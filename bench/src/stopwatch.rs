//! Reads the clocks: the only place in the benches that does.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long `work` takes.
#[expect(clippy::disallowed_methods, reason = "a bench measures real time; here and nowhere else")]
pub fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Seconds since 1970, for the date that the results are printed with.
#[expect(clippy::disallowed_methods, reason = "the date of a run is what o'clock it was run at")]
pub fn epoch_second() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// The present, for peers that count from it.
#[expect(clippy::disallowed_methods, reason = "some peers know no other beginning of time")]
pub fn now() -> Instant {
    Instant::now()
}

/// What tokio's clock says, paused or not, in the runtime that has been entered.
#[expect(clippy::disallowed_methods, reason = "a paused clock has to be asked where it stands")]
pub fn tokio_now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}
