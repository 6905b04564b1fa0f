//! Lists every metric: its name, what it counts, in what unit, by which labels.

use ::metrics::Unit;

/// A metric as it is offered to the recorder.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Metric {
    /// Its name, by Prometheus' conventions: the unit and, for counters, `_total` at the end.
    pub name: &'static str,
    /// What becomes of its numbers.
    pub kind: Kind,
    /// In what it counts: `seconds`, `runs`, `jobs`, `leases` or `calls`.
    pub unit: &'static str,
    /// The names of its labels, each of which has a handful of values.
    pub labels: &'static [&'static str],
    /// What it says, in a sentence without its full stop.
    pub help: &'static str,
}

/// What becomes of a metric's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// They add up.
    Counter,
    /// They go up and down.
    Gauge,
    /// They are sorted into these buckets, whose upper bounds rise; what is above the last one counts as
    /// infinite.
    Histogram(Buckets),
}

/// Which bounds a histogram's buckets have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Buckets {
    /// For work and for lateness: 1 ms to 4 hours.
    Work,
    /// For calls: 50 µs to 10 seconds.
    Calls,
    /// For batches: 0 to 1,000.
    Batches,
}

impl Buckets {
    /// The upper bounds, each part of its bucket.
    pub fn bounds(self) -> &'static [f64] {
        match self {
            Self::Work => &[
                0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
                60.0, 300.0, 900.0, 3600.0, 14_400.0,
            ],
            Self::Calls => &[
                0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                0.25, 0.5, 1.0, 2.5, 10.0,
            ],
            Self::Batches => &[0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0],
        }
    }
}

/// Jobs of the schedulers in memory.
pub const JOBS: Metric =
    gauge("mainspring_jobs", "jobs", "Jobs that schedulers in memory have now");

/// Runs that have ended, by how.
pub const RUNS: Metric = counter(
    "mainspring_runs_total",
    "runs",
    &["outcome"],
    "Runs that have ended: succeeded, failed, timed_out or cancelled; a store's once it has recorded that",
);

/// Attempts that are under way.
pub const RUNS_IN_PROGRESS: Metric =
    gauge("mainspring_runs_in_progress", "runs", "Runs whose handlers are at work now");

/// How long attempts took.
pub const RUN_DURATION: Metric = histogram(
    "mainspring_run_duration_seconds",
    "seconds",
    &[],
    Buckets::Work,
    "How long an attempt at a run took, however it ended, by the monotonic clock",
);

/// How late runs began.
pub const RUN_LATENESS: Metric = histogram(
    "mainspring_run_lateness_seconds",
    "seconds",
    &[],
    Buckets::Work,
    "From the instant a run was due until its first attempt began, waiting for other runs included",
);

/// Attempts that failed and are followed by another.
pub const RETRIES: Metric = counter(
    "mainspring_run_retries_total",
    "runs",
    &[],
    "Attempts that failed or took too long, and are followed by another",
);

/// Runs that their policies decided against.
pub const RUNS_SKIPPED: Metric = counter(
    "mainspring_runs_skipped_total",
    "runs",
    &["reason"],
    "Runs that did not start: overlap, replaced, queue_full or removed",
);

/// Instants that passed unseen.
pub const RUNS_MISSED: Metric = counter(
    "mainspring_runs_missed_total",
    "runs",
    &[],
    "Instants that passed while nobody was there, and that the misfire policy decided against",
);

/// Runs that this process has claimed.
pub const LEASES_HELD: Metric = gauge(
    "mainspring_leases_held",
    "leases",
    "Runs of a store that this process has claimed and whose ends are not recorded yet",
);

/// Leases that heartbeats have renewed.
pub const LEASES_RENEWED: Metric = counter(
    "mainspring_leases_renewed_total",
    "leases",
    &[],
    "Leases that heartbeats have renewed",
);

/// Leases that this process has lost.
pub const LEASES_LOST: Metric = counter(
    "mainspring_leases_lost_total",
    "leases",
    &[],
    "Runs that were taken away from this process, since it was silent for longer than its lease",
);

/// Leases that this process has ended, which others had.
pub const LEASES_REAPED: Metric = counter(
    "mainspring_leases_reaped_total",
    "leases",
    &[],
    "Runs that this process took away from nodes which had fallen silent",
);

/// How many runs a claim brought.
pub const CLAIMED: Metric = histogram(
    "mainspring_claimed_runs",
    "runs",
    &[],
    Buckets::Batches,
    "How many runs a claim brought",
);

/// How long calls of a store took.
pub const STORE_CALL_DURATION: Metric = histogram(
    "mainspring_store_call_duration_seconds",
    "seconds",
    &["verb"],
    Buckets::Calls,
    "How long calls of the store took, those that failed included",
);

/// Calls of a store that failed.
pub const STORE_ERRORS: Metric = counter(
    "mainspring_store_errors_total",
    "calls",
    &["verb", "kind"],
    "Calls of the store that failed: unavailable, full, read_only, corrupt, newer_schema, refused or other",
);

/// All of them, in the order of the table in `docs/observability.md`.
pub const ALL: [Metric; 15] = [
    JOBS,
    RUNS,
    RUNS_IN_PROGRESS,
    RUN_DURATION,
    RUN_LATENESS,
    RETRIES,
    RUNS_SKIPPED,
    RUNS_MISSED,
    LEASES_HELD,
    LEASES_RENEWED,
    LEASES_LOST,
    LEASES_REAPED,
    CLAIMED,
    STORE_CALL_DURATION,
    STORE_ERRORS,
];

/// Tells the recorder what the metrics mean. Schedulers do so when they are made.
pub fn describe() {
    for metric in ALL {
        let unit = if metric.unit == "seconds" { Unit::Seconds } else { Unit::Count };
        match metric.kind {
            Kind::Counter => ::metrics::describe_counter!(metric.name, unit, metric.help),
            Kind::Gauge => ::metrics::describe_gauge!(metric.name, unit, metric.help),
            Kind::Histogram(_) => ::metrics::describe_histogram!(metric.name, unit, metric.help),
        }
    }
}

const fn counter(
    name: &'static str,
    unit: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Counter, unit, labels, help }
}

const fn gauge(name: &'static str, unit: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, unit, labels: &[], help }
}

const fn histogram(
    name: &'static str,
    unit: &'static str,
    labels: &'static [&'static str],
    buckets: Buckets,
    help: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Histogram(buckets), unit, labels, help }
}
