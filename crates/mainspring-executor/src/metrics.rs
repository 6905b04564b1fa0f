//! Shows [`Stats`] to a recorder of metrics (feature `metrics`).
//!
//! The executor's own loop stays as it is: whoever is asked for metrics takes a picture with
//! [`Executor::stats`](crate::Executor::stats) on its thread and [`record`]s it.
//!
//! ```
//! use mainspring_executor::{Executor, RunnableFifo, metrics};
//!
//! let executor = Executor::builder().queue("requests", 1, RunnableFifo::default()).build()?;
//! // Whenever somebody asks; each call replaces what the one before it said.
//! metrics::record(&executor.stats());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::time::Duration;

use ::metrics::{counter, describe_counter, describe_gauge, gauge};

use crate::{Histogram, Stats};

const BUSY: &str = "mainspring_executor_busy_seconds";
const IDLE: &str = "mainspring_executor_idle_seconds";
const HOST: &str = "mainspring_executor_host_seconds";
const TASKS: &str = "mainspring_executor_tasks";
const SHARE_ASKED: &str = "mainspring_executor_queue_share_asked_ratio";
const SHARE_GOT: &str = "mainspring_executor_queue_share_got_ratio";
const RUNTIME: &str = "mainspring_executor_queue_runtime_seconds";
const DELAY: &str = "mainspring_executor_queue_delay_seconds";
const QUEUE_TASKS: &str = "mainspring_executor_queue_tasks";
const POLLS: &str = "mainspring_executor_queue_polls_total";
const OVERRUNS: &str = "mainspring_executor_queue_overruns_total";

/// The names of all of them, and what they say.
///
/// Those of queues have the label `queue`, [`Stats::queues`]' names, and the delay `quantile` too. Seconds
/// that add up are gauges, since the facade's counters hold whole numbers.
pub const ALL: [(&str, &str); 11] = [
    (BUSY, "Time spent in tasks and in the executor itself, since it was built"),
    (IDLE, "Time spent waiting with nothing to do, since the executor was built"),
    (HOST, "Time that the host had while there was work to do, since the executor was built"),
    (TASKS, "Tasks alive"),
    (SHARE_ASKED, "The part of the thread that a queue's weight asks for, 0 to 1"),
    (SHARE_GOT, "The part of all queues' runtime that a queue has had, 0 to 1"),
    (RUNTIME, "Time spent in a queue's tasks, since the executor was built"),
    (DELAY, "How long ready tasks of a queue waited to be polled, since the executor was built"),
    (QUEUE_TASKS, "Tasks of a queue that are alive"),
    (POLLS, "Polls of a queue's tasks"),
    (OVERRUNS, "Polls that took longer than their queue's slice"),
];

/// Which quantiles of a queue's delays are told; the last one is the longest.
const QUANTILES: [(&str, f64); 4] = [("0.5", 0.5), ("0.9", 0.9), ("0.99", 0.99), ("1", 1.0)];

/// Tells the recorder what `stats` says, in place of what it was told before.
///
/// With several executors in one process, queues of one name would replace each other: name them apart.
pub fn record(stats: &Stats) {
    describe();
    set(BUSY, stats.busy);
    set(IDLE, stats.idle);
    set(HOST, stats.host);
    gauge!(TASKS).set(stats.tasks as f64);
    for queue in &stats.queues {
        let name = || queue.name.clone();
        gauge!(SHARE_ASKED, "queue" => name()).set(queue.share_asked);
        gauge!(SHARE_GOT, "queue" => name()).set(queue.share_got);
        gauge!(RUNTIME, "queue" => name()).set(queue.runtime.as_secs_f64());
        gauge!(QUEUE_TASKS, "queue" => name()).set(queue.tasks as f64);
        counter!(POLLS, "queue" => name()).absolute(queue.polls);
        counter!(OVERRUNS, "queue" => name()).absolute(queue.overruns);
        for (label, share) in QUANTILES {
            let delay = delay(&queue.wake_to_run, share);
            gauge!(DELAY, "queue" => name(), "quantile" => label).set(delay.as_secs_f64());
        }
    }
}

fn describe() {
    for (name, help) in ALL {
        let unit = if name.ends_with("_seconds") {
            ::metrics::Unit::Seconds
        } else {
            ::metrics::Unit::Count
        };
        if name.ends_with("_total") {
            describe_counter!(name, unit, help);
        } else {
            describe_gauge!(name, unit, help);
        }
    }
}

fn set(name: &'static str, time: Duration) {
    gauge!(name).set(time.as_secs_f64());
}

/// The longest is known exactly, the others to an eighth.
fn delay(delays: &Histogram, share: f64) -> Duration {
    if share < 1.0 { delays.quantile(share) } else { delays.max() }
}
