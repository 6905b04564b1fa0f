//! Shapes what the API answers; `assets/openapi.json` describes the same to others.
//!
//! Units: instants are RFC 3339 in UTC, durations `_ms`, milliseconds with a fraction. What is absent is null.

use jiff::Timestamp;
use mainspring_job::RunState;
use mainspring_job::store::StoredRun;
use serde::{Serialize, Serializer};

/// So many bytes of an error stand beside a job; all of it stands beside its run.
const ERROR_BYTES_MAX: usize = 1024;

/// An instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At(pub(crate) Timestamp);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Where a run stands, in one word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State(pub(crate) RunState);

impl State {
    /// The state that a request names.
    pub(crate) fn named(name: &str) -> Option<RunState> {
        RunState::ALL.into_iter().find(|state| State(*state).as_str() == name)
    }

    fn as_str(self) -> &'static str {
        match self.0 {
            RunState::TimedOut => "timed_out",
            state => state.as_str(),
        }
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Overview<'a> {
    pub(crate) now: At,
    pub(crate) title: &'a str,
    pub(crate) version: &'static str,
    pub(crate) node: Option<&'a str>,
    pub(crate) can_change: bool,
    pub(crate) jobs: JobCounts,
    pub(crate) runs: RunCounts,
    pub(crate) store: &'a str,
    pub(crate) ticks: Option<Ticks>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) queues: Option<Vec<Queue>>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct JobCounts {
    pub(crate) total: u64,
    pub(crate) paused: u64,
    /// With a run in progress; runs are counted, and so a job may count more than once.
    pub(crate) running: u64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct RunCounts {
    pub(crate) waiting: u64,
    pub(crate) running: u64,
}

/// How late runs started.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ticks {
    pub(crate) count: u64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) running: u64,
    pub(crate) lease_until: Option<At>,
    pub(crate) is_this: bool,
}

/// A queue of the executor.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) weight: u32,
    pub(crate) share_asked: f64,
    pub(crate) share_got: f64,
    pub(crate) tasks: usize,
    pub(crate) polls: u64,
    pub(crate) delay_p50_ms: f64,
    pub(crate) delay_p99_ms: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Jobs {
    pub(crate) jobs: Vec<Job>,
    pub(crate) next: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Job {
    pub(crate) name: String,
    pub(crate) handler: String,
    pub(crate) schedule: Option<String>,
    pub(crate) words: Option<String>,
    pub(crate) next: Option<At>,
    pub(crate) state: &'static str,
    pub(crate) running: u64,
    pub(crate) waiting: u64,
    pub(crate) queue: String,
    pub(crate) revision: Option<u64>,
    pub(crate) last: Option<Last>,
    pub(crate) recent: Vec<Recent>,
    pub(crate) success_rate: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct JobDetails {
    #[serde(flatten)]
    pub(crate) job: Job,
    pub(crate) upcoming: Vec<At>,
    pub(crate) error: Option<String>,
}

/// The run that ended last.
#[derive(Debug, Serialize)]
pub(crate) struct Last {
    due: At,
    started: Option<At>,
    ended: Option<At>,
    state: State,
    error: Option<String>,
    took_ms: Option<f64>,
}

impl Last {
    pub(crate) fn of(run: &StoredRun) -> Self {
        let error = run.error.as_ref();
        Self {
            due: At(run.id.due),
            started: run.started.map(At),
            ended: run.ended.map(At),
            state: State(run.state),
            error: error
                .map(|error| error[..error.floor_char_boundary(ERROR_BYTES_MAX)].to_owned()),
            took_ms: took_ms(run),
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Recent {
    state: State,
    took_ms: Option<f64>,
    due: At,
}

impl Recent {
    pub(crate) fn of(run: &StoredRun) -> Self {
        Self { state: State(run.state), took_ms: took_ms(run), due: At(run.id.due) }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Runs {
    pub(crate) runs: Vec<Run>,
    pub(crate) next: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Run {
    job: u64,
    name: String,
    due: At,
    state: State,
    attempt: u32,
    node: Option<String>,
    queue: String,
    at: At,
    started: Option<At>,
    ended: Option<At>,
    took_ms: Option<f64>,
    late_ms: Option<f64>,
    error: Option<String>,
    output: Option<String>,
    id: String,
}

impl Run {
    pub(crate) fn of(run: StoredRun) -> Self {
        Self {
            job: run.id.job.as_u64(),
            name: run.name.as_str().to_owned(),
            due: At(run.id.due),
            state: State(run.state),
            attempt: run.attempt,
            queue: run.queue.as_str().to_owned(),
            at: At(run.at),
            started: run.started.map(At),
            ended: run.ended.map(At),
            took_ms: took_ms(&run),
            late_ms: run.started.map(|started| between_ms(run.id.due, started)),
            id: run.id.to_string(),
            node: run.node,
            error: run.error,
            output: run.output,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Timeline {
    pub(crate) now: At,
    pub(crate) from: At,
    pub(crate) until: At,
    pub(crate) past: Vec<Past>,
    pub(crate) coming: Vec<Coming>,
    pub(crate) past_truncated: bool,
    pub(crate) coming_truncated: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Past {
    name: String,
    due: At,
    state: State,
    took_ms: Option<f64>,
}

impl Past {
    pub(crate) fn of(run: &StoredRun) -> Self {
        Self {
            name: run.name.as_str().to_owned(),
            due: At(run.id.due),
            state: State(run.state),
            took_ms: took_ms(run),
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Coming {
    pub(crate) name: String,
    pub(crate) due: At,
}

/// What a change came to.
#[derive(Debug, Serialize)]
pub(crate) struct Done {
    pub(crate) ok: bool,
    /// The run that was triggered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// Whether a cancelled run is over; else its node has been asked to end it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) over: Option<bool>,
}

impl Done {
    pub(crate) const OK: Self = Self { ok: true, run: None, over: None };
}

/// How long the last attempt of a run took.
fn took_ms(run: &StoredRun) -> Option<f64> {
    Some(between_ms(run.started?, run.ended?))
}

/// From one instant to another, in milliseconds, to the nearest microsecond; 0 where the clock was set back
/// between them.
pub(crate) fn between_ms(from: Timestamp, to: Timestamp) -> f64 {
    ((to.duration_since(from).as_secs_f64() * 1e6).round() / 1e3).max(0.0)
}
