//! Lives through one slot of jobs: add, run, watch a few seconds, remove.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;

use super::{Crowd, JobsPeer, Log, Note, Place};
use crate::stopwatch::{cpu, now, since_epoch, time};

/// What came of a slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slot {
    /// Nanoseconds per job.
    pub add_ns: f64,
    pub remove_ns: f64,
    /// Resident bytes per job, once all are added and before they run.
    pub bytes_added: f64,
    /// The same, after some seconds of running.
    pub bytes_running: f64,
    /// Seconds of processor time per second, in percent.
    pub cpu_percent: f64,
    /// Runs that were due in the window.
    pub due: f64,
    /// Runs of those that came, a second's grace included.
    pub ran: f64,
    /// Microseconds.
    pub late_p50_us: f64,
    pub late_p99_us: f64,
    pub late_max_us: f64,
}

/// Longer than this, and a peer cannot take so many jobs.
pub const ADD_MOST: Duration = Duration::from_secs(20);

/// Removing is watched for so long, and told per job that went.
const REMOVE_MOST: Duration = Duration::from_secs(1);

/// Runs that are later than this after the window are lost.
const GRACE: Duration = Duration::from_secs(1);

/// One slot of `P`, watched for whole `seconds`.
///
/// # Errors
/// If not all jobs could be added in time; says how many were.
pub fn run<P: JobsPeer>(crowd: Crowd, seconds: u64) -> Result<Slot, String> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let log = Log::with_room(crowd.due_between(0, seconds).max(crowd.count.min(100_000)));
    let rules: Vec<(P::Rule, Place)> =
        crowd.places().map(|place| (P::rule(&place.cron(), place), place)).collect();
    let mut keys = Vec::with_capacity(crowd.count);
    // Touched, so that its pages are not charged to the jobs.
    keys.resize_with(crowd.count, || None);

    let mut peer = runtime.block_on(P::new());
    let before = resident();
    let started = now();
    let mut added = 0;
    let took = time(|| {
        runtime.block_on(async {
            for (key, (rule, place)) in keys.iter_mut().zip(rules.iter().cycle()) {
                *key = Some(peer.add(rule, Note::new(&log, *place)).await);
                added += 1;
                // Rarely enough to cost nothing, often enough to end in time.
                if added % 64 == 0 && now() > started + ADD_MOST {
                    break;
                }
            }
        });
    });
    if added < crowd.count {
        return Err(format!("takes {added} jobs in {} s", ADD_MOST.as_secs()));
    }
    let jobs = crowd.count as f64;
    let mut slot = Slot {
        add_ns: took.as_nanos() as f64 / jobs,
        bytes_added: (resident() - before) / jobs,
        ..Slot::default()
    };
    runtime.block_on(peer.start());
    watch(&mut slot, crowd, seconds, &log);
    slot.bytes_running = (resident() - before) / jobs;
    slot.remove_ns = runtime.block_on(async {
        let started = now();
        let mut removed = 0;
        for key in keys.iter_mut().filter_map(Option::take) {
            peer.remove(key).await;
            removed += 1;
            // The first may take seconds each.
            if (removed < 64 || removed % 64 == 0) && now() > started + REMOVE_MOST {
                break;
            }
        }
        (now() - started).as_nanos() as f64 / f64::from(removed)
    });
    Ok(slot)
}

/// Sleeps through a second and a bit, through the window, and through the grace.
fn watch(slot: &mut Slot, crowd: Crowd, seconds: u64, log: &Arc<Log>) {
    // Where what is added has come to rest, half a second before a beat at which all may be due.
    let from = since_epoch().as_secs() + 2;
    let to = from + seconds;
    log.open(from, to);
    sleep_until(Duration::from_millis(from * 1_000 - 500));
    let before = cpu();
    let began = now();
    sleep_until(Duration::from_millis(to * 1_000 - 500));
    slot.cpu_percent = (cpu() - before).as_secs_f64() / (now() - began).as_secs_f64() * 100.0;
    sleep_until(Duration::from_secs(to) + GRACE);
    slot.due = crowd.due_between(from, to) as f64;
    slot.ran = log.runs() as f64;
    let late = log.late();
    let share = |share: f64| {
        let index = (share * late.len().saturating_sub(1) as f64).round() as usize;
        late.get(index).map_or(f64::NAN, |late| f64::from(*late))
    };
    (slot.late_p50_us, slot.late_p99_us, slot.late_max_us) = (share(0.5), share(0.99), share(1.0));
}

fn sleep_until(since_1970: Duration) {
    thread::sleep(since_1970.saturating_sub(since_epoch()));
}

/// Resident bytes of this process; 0 where they cannot be asked for.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) * 1024.0
}
