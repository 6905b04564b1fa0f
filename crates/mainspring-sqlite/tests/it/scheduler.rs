//! Schedulers that are killed at any moment: each due instant has one outcome.
//!
//! The program of these tests starts itself again and again as a scheduler on one file, two at a time, and kills
//! the older one. Afterwards each instant of each schedule must be in the history, once, as an attempt ended it
//! that was really made; and what any scheduler was told is recorded must be. `MAINSPRING_KILLS` sets how many
//! are killed.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainspring_clock::{SystemClock, WallClock};
use mainspring_job::store::{RunQuery, Store, whole_micros};
use mainspring_job::{Misfire, Policy, Retry, RunState};
use mainspring_schedule::Schedule;
use mainspring_scheduler::{Context, EventKind, StoreScheduler};
use mainspring_sqlite::SqliteStore;
use mainspring_store_tests::Random;

const FILE: &str = "MAINSPRING_SCHEDULER_FILE";
const NUMBER: &str = "MAINSPRING_SCHEDULER_NUMBER";
const JOBS: usize = 10;
const BEAT: Duration = Duration::from_millis(40);

#[test]
fn killed_schedulers_lose_nothing_and_double_nothing() {
    let kills =
        std::env::var("MAINSPRING_KILLS").map_or(60, |kills| kills.parse().expect("a number"));
    try_with(kills);
}

/// The life of one scheduler: until it is killed.
#[test]
fn scheduler_process() {
    match std::env::var_os(FILE) {
        Some(file) => {
            let number = std::env::var(NUMBER).expect("it is said").parse().expect("a number");
            runtime().block_on(work(&PathBuf::from(file), number, None));
        }
        None => try_with(0),
    }
}

fn try_with(kills: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("jobs.db");
    let seed = std::process::id();
    println!("seed {seed}");
    let mut random = Random::new(seed.into());
    let schedule = add_jobs(&file, kills);
    let mut older: Option<Child> = None;
    for kill in 0..kills {
        let next = start(&file, kill);
        std::thread::sleep(Duration::from_millis(20 + random.below(60)));
        older.replace(next).into_iter().for_each(end);
    }
    older.into_iter().for_each(end);
    let expected: HashSet<Timestamp> = instants(&schedule).collect();
    runtime().block_on(work(&file, kills, Some(expected.len() * JOBS)));
    check(&file, kills, &expected);
}

/// Jobs that are due from some seconds ago until the last is killed; returns their schedule.
fn add_jobs(file: &Path, kills: u64) -> Schedule {
    // As stores keep instants.
    let now = whole_micros(SystemClock.wall_now().try_into().expect("a date"));
    let first = now - SignedDuration::from_secs(2);
    let last = now + SignedDuration::from_millis(60 * kills.cast_signed());
    let schedule = Schedule::every(BEAT).expect("a beat").starting_at(first).ending_at(last);
    let policy = Policy::default()
        .misfire(Misfire::run_all(Duration::from_secs(3600)))
        .retry(Retry::fixed(Duration::from_millis(5)).attempts(u32::MAX));
    runtime().block_on(async {
        let store = SqliteStore::open(file).expect("it opens");
        let scheduler = StoreScheduler::new(Arc::new(store));
        for job in 0..JOBS {
            let draft = scheduler.upsert(&format!("job {job}")).handler("job");
            let draft = draft.policy(policy.clone()).draft().expect("a job");
            // From its first instant on, wherever the present is by now.
            let draft = draft.schedule(schedule.clone(), first);
            scheduler.upsert_all(&[draft]).await.expect("upsert");
        }
    });
    schedule
}

fn instants(schedule: &Schedule) -> impl Iterator<Item = Timestamp> {
    let first = schedule.next_after(Timestamp::UNIX_EPOCH);
    std::iter::successors(first, |instant| schedule.next_after(*instant))
}

/// Runs a scheduler until so many runs have ended, if a number is given.
async fn work(file: &Path, number: u64, until_ended: Option<usize>) {
    let store = SqliteStore::open(file).expect("it opens");
    let builder = StoreScheduler::builder(Arc::new(store)).node(format!("n{number}"));
    let scheduler = builder.lease(Duration::from_millis(400)).concurrency(8).claims_max(u32::MAX);
    let scheduler = scheduler.build();
    let notes = Arc::new(Mutex::new(notes(file, number)));
    let (of_runs, random) = (notes.clone(), Mutex::new(Random::new(number + 1)));
    let registered = scheduler.register("job", move |run: Context, (): ()| {
        let fence = run.fence().expect("it comes from a store");
        let id = run.run_id();
        note(&of_runs, &format!("ran {} {} {fence}", id.job, id.due));
        let choice = random.lock().expect("nobody panics").below(10);
        async move {
            if choice > 5 {
                tokio::time::sleep(Duration::from_millis(choice * 2)).await;
            }
            if choice == 0 { Err("not this time") } else { Ok(()) }
        }
    });
    registered.expect("the name is free");
    let mut events = scheduler.events();
    let telling = tokio::spawn(async move {
        while let Some(event) = events.next().await {
            let event = event.expect("nothing is lost");
            if let (EventKind::Succeeded, Some(job), Some(due)) = (event.kind, event.job, event.due)
            {
                note(&notes, &format!("told {job} {due}"));
            }
        }
    });
    if let Some(until) = until_ended {
        let stopper = scheduler.clone();
        tokio::spawn(async move {
            while stopper.store().runs(&RunQuery::history(until)).await.expect("runs").len() < until
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            stopper.shutdown(Duration::ZERO);
        });
    }
    let running = scheduler.run();
    let report = tokio::time::timeout(Duration::from_secs(120), running).await;
    let report = report.expect("all is done in time").expect("it runs");
    assert!(report.cut.is_empty() && report.untold.is_empty(), "{report:?}");
    drop(scheduler);
    telling.await.expect("nobody panics");
}

fn note(notes: &Mutex<std::fs::File>, line: &str) {
    let mut notes = notes.lock().expect("nobody panics");
    notes.write_all(format!("{line}\n").as_bytes()).expect("a line");
}

fn notes(file: &Path, number: u64) -> std::fs::File {
    let path = noted_in(file, number);
    std::fs::File::options().create(true).append(true).open(path).expect("a file")
}

fn noted_in(file: &Path, number: u64) -> PathBuf {
    file.with_extension(format!("notes-{number}"))
}

fn start(file: &Path, number: u64) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "scheduler::scheduler_process"])
        .env(FILE, file)
        .env(NUMBER, number.to_string())
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts")
}

fn end(mut child: Child) {
    child.kill().expect("it lives or has ended");
    child.wait().expect("it was started");
}

/// Each instant of each job succeeded once, by an attempt that was made, and what was told is so.
fn check(file: &Path, kills: u64, expected: &HashSet<Timestamp>) {
    let history = runtime().block_on(async {
        let store = SqliteStore::open(file).expect("it opens");
        assert!(store.runs(&RunQuery::live(10)).await.expect("runs").is_empty());
        store.runs(&RunQuery::history(usize::MAX)).await.expect("runs")
    });
    let mut of_job: HashMap<u64, HashSet<Timestamp>> = HashMap::new();
    let mut fences = HashMap::new();
    for run in &history {
        assert_eq!(run.state, RunState::Succeeded, "{run:?}");
        assert!(
            of_job.entry(run.id.job.as_u64()).or_default().insert(run.id.due),
            "twice: {run:?}"
        );
        let fence = run.fence.expect("it was claimed").as_u64();
        fences.insert(format!("{} {}", run.id.job, run.id.due), fence);
    }
    assert_eq!(of_job.len(), JOBS);
    assert!(of_job.values().all(|dues| dues == expected), "an instant is missing, or is none");

    let (mut made, mut told) = (HashSet::new(), HashSet::new());
    for number in 0..=kills {
        let Ok(lines) = std::fs::read_to_string(noted_in(file, number)) else { continue };
        // A killed scheduler's last line may be cut off.
        for line in lines.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            if let Some(attempt) = line.strip_prefix("ran ") {
                assert!(made.insert(attempt.to_owned()), "`{attempt}` was begun twice");
            } else if let Some(run) = line.strip_prefix("told ") {
                assert!(told.insert(run.to_owned()), "`{run}` was told twice");
            }
        }
    }
    for (run, fence) in &fences {
        assert!(made.contains(&format!("{run} {fence}")), "{run} was recorded and not made");
    }
    assert!(told.iter().all(|run| fences.contains_key(run)), "something told is not recorded");
    println!("{} runs, {} attempts, {} told of", history.len(), made.len(), told.len());
    let connection = rusqlite::Connection::open(file).expect("it opens");
    let sql = "PRAGMA integrity_check";
    let check: String = connection.query_row(sql, [], |row| row.get(0)).expect("a check");
    assert_eq!(check, "ok");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}
