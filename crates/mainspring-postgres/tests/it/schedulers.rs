//! Schedulers on one database: processes that are killed and stopped midway, a server that restarts.
//!
//! The program of these tests starts itself as a scheduler. Each notes which runs it began under which number of
//! a claim, and which ends it was told are recorded; afterwards the notes and the history must agree.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mainspring_job::store::{RunQuery, Store, Work};
use mainspring_job::{JobName, RunState};
use mainspring_postgres::PostgresStore;
use mainspring_scheduler::{Context, EventKind, StoreScheduler};
use mainspring_store_tests::Random;

use crate::outages::outage;
use crate::server::Server;

const URL: &str = "MAINSPRING_SCHEDULER_URL";
const NOTES: &str = "MAINSPRING_SCHEDULER_NOTES";

/// So many runs are shared among three processes.
const RUNS: usize = 10_000;

const LEASE: Duration = Duration::from_secs(1);

#[test]
fn three_processes_of_which_one_dies_and_one_stalls_miss_nothing() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let notes: Vec<_> =
        (0..3).map(|number| folder.path().join(format!("notes-{number}"))).collect();
    let runtime = runtime();
    let store = runtime.block_on(store_with(&server.url(), RUNS));
    let mut processes: Vec<_> = notes.iter().map(|notes| start(&server.url(), notes)).collect();
    runtime.block_on(until_ended(&store, RUNS / 5));
    signal(&processes[1], "STOP");
    processes[0].kill().expect("it lives");
    std::thread::sleep(LEASE * 3);
    signal(&processes[1], "CONT");
    runtime.block_on(until_idle(&store));
    // The one that stalled hears what became of its runs.
    until(|| Noted::read(&notes[1..2]).lost > 0);
    for process in &mut processes {
        process.kill().expect("it lives or has ended");
        process.wait().expect("it was started");
    }
    let history = runtime.block_on(store.runs(&RunQuery::history(RUNS + 10))).expect("runs");
    let noted = Noted::read(&notes);
    noted.check(&history, RUNS);
    let repeated = history.iter().filter(|run| run.attempt > 1).count();
    assert!(repeated > 0, "what the dead and the stalled had was run by others");
    println!("{repeated} runs repeated, {} of the stalled one's lost", noted.lost);
}

/// The life of one scheduler: until it is killed.
#[test]
fn scheduler_process() {
    let Ok(url) = std::env::var(URL) else {
        return alone();
    };
    let notes = PathBuf::from(std::env::var_os(NOTES).expect("it is said"));
    runtime().block_on(async {
        let store = PostgresStore::connect(&url).await.expect("it connects");
        let scheduler = scheduler(store, &std::process::id().to_string(), &notes);
        scheduler.run().await.expect("it runs");
    });
}

/// Without a parent, one of them does everything.
fn alone() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let notes = folder.path().join("notes");
    runtime().block_on(async {
        let store = store_with(&server.url(), 50).await;
        let scheduler = scheduler(store.clone(), "alone", &notes);
        let running = tokio::spawn({
            let scheduler = scheduler.clone();
            async move { scheduler.run().await }
        });
        until_idle(&store).await;
        scheduler.shutdown(Duration::ZERO);
        running.await.expect("no panic").expect("it runs");
        let history = store.runs(&RunQuery::history(60)).await.expect("runs");
        Noted::read(&[notes]).check(&history, 50);
    });
}

#[test]
fn a_server_that_restarts_under_running_schedulers_loses_nothing() {
    const RUNS: usize = 2000;
    let mut server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let notes: Vec<_> =
        (0..2).map(|number| folder.path().join(format!("notes-{number}"))).collect();
    runtime().block_on(async {
        let store = store_with(&server.url(), RUNS).await;
        let mut running = Vec::new();
        for (number, notes) in notes.iter().enumerate() {
            let store = PostgresStore::connect(&server.url()).await.expect("it connects");
            let scheduler = scheduler(store, &format!("n{number}"), notes);
            let handle = scheduler.clone();
            running.push((scheduler, tokio::spawn(async move { handle.run().await })));
        }
        for is_crash in [false, true] {
            tokio::time::sleep(Duration::from_millis(300)).await;
            if is_crash {
                server.crash()
            } else {
                server.stop()
            }
            tokio::time::sleep(outage()).await;
            server.resume(&[]);
        }
        until_idle(&store).await;
        for (scheduler, running) in running {
            scheduler.shutdown(Duration::from_secs(1));
            running.await.expect("no panic").expect("it runs");
        }
        let history = store.runs(&RunQuery::history(RUNS + 10)).await.expect("runs");
        Noted::read(&notes).check(&history, RUNS);
    });
}

async fn store_with(url: &str, runs: usize) -> PostgresStore {
    let store = PostgresStore::connect(url).await.expect("it connects");
    let work = Work::new(JobName::new("job").expect("a name")).payload("null");
    for batch in vec![work; runs].chunks(1000) {
        store.enqueue(batch).await.expect("enqueue");
    }
    store
}

fn scheduler(store: PostgresStore, node: &str, notes: &Path) -> StoreScheduler {
    let builder = StoreScheduler::builder(Arc::new(store)).node(node);
    let builder = builder.lease(LEASE).concurrency(50).claims_max(u32::MAX);
    let scheduler = builder.look_every(Duration::from_millis(500)).build();
    let file = std::fs::File::options().create(true).append(true).open(notes).expect("a file");
    let notes = Arc::new(Mutex::new(file));
    let (of_runs, random) = (notes.clone(), Mutex::new(Random::new(7)));
    let registered = scheduler.register("job", move |run: Context, (): ()| {
        let fence = run.fence().expect("it comes from a store");
        note(&of_runs, &format!("ran {} {fence}", run.run_id()));
        let pause = Duration::from_millis(5 + random.lock().expect("nobody panics").below(20));
        async move { tokio::time::sleep(pause).await }
    });
    registered.expect("the name is free");
    let mut events = scheduler.events();
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            let event = event.expect("nothing is lost");
            let (Some(job), Some(due)) = (event.job, event.due) else { continue };
            match event.kind {
                EventKind::Succeeded => note(&notes, &format!("told {job}@{due}")),
                EventKind::Lost => note(&notes, &format!("lost {job}@{due}")),
                _ => {}
            }
        }
    });
    scheduler
}

fn note(notes: &Mutex<std::fs::File>, line: &str) {
    let mut notes = notes.lock().expect("nobody panics");
    notes.write_all(format!("{line}\n").as_bytes()).expect("a line");
}

/// What schedulers noted.
#[derive(Default)]
struct Noted {
    /// Runs and the numbers of the claims under which they were begun.
    made: HashSet<String>,
    told: HashSet<String>,
    lost: usize,
}

impl Noted {
    fn read(files: &[PathBuf]) -> Self {
        let mut noted = Self::default();
        for file in files {
            let lines = std::fs::read_to_string(file).expect("notes");
            // A killed scheduler's last line may be cut off.
            for line in lines.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
                if let Some(run) = line.strip_prefix("ran ") {
                    assert!(noted.made.insert(run.to_owned()), "`{run}` was begun twice");
                } else if let Some(run) = line.strip_prefix("told ") {
                    assert!(noted.told.insert(run.to_owned()), "`{run}` was told twice");
                } else if line.starts_with("lost ") {
                    noted.lost += 1;
                }
            }
        }
        noted
    }

    /// Each run succeeded once, by an attempt that was made, and what was told is recorded.
    fn check(&self, history: &[mainspring_job::store::StoredRun], runs: usize) {
        assert_eq!(history.len(), runs, "each run has one outcome");
        let mut fences = HashMap::new();
        for run in history {
            assert_eq!(run.state, RunState::Succeeded, "{run:?}");
            let fence = run.fence.expect("it was claimed");
            assert!(self.made.contains(&format!("{} {fence}", run.id)), "{run:?} was not made");
            fences.insert(run.id.to_string(), fence);
        }
        assert_eq!(fences.len(), runs);
        assert!(self.told.iter().all(|run| fences.contains_key(run)));
        assert!(self.told.len() * 2 > runs, "only {} of {runs} were told of", self.told.len());
    }
}

/// Waits until so many runs have ended.
async fn until_ended(store: &PostgresStore, runs: usize) {
    let query = RunQuery::history(runs);
    until_so(store, &query, |ended| ended >= runs).await;
}

/// Waits until nothing is due and nothing runs.
async fn until_idle(store: &PostgresStore) {
    until_so(store, &RunQuery::live(1), |live| live == 0).await;
}

async fn until_so(store: &PostgresStore, query: &RunQuery, is_so: impl Fn(usize) -> bool) {
    let waiting = async {
        loop {
            match store.runs(query).await {
                Ok(runs) if is_so(runs.len()) => return,
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(120), waiting).await.expect("it is so in time");
}

fn until(is_so: impl Fn() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the one that stalled had runs, and was not told that they are lost");
}

fn start(url: &str, notes: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "schedulers::scheduler_process"])
        .env(URL, url)
        .env(NOTES, notes)
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts")
}

fn signal(process: &Child, signal: &str) {
    let sent = Command::new("kill").args(["-s", signal, &process.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}
