//! Processes that die at any moment: nothing is lost, nothing counts twice.
//!
//! The program of these tests starts itself again and again as a worker on one file, and kills it.
//! Afterwards each due instant must have one outcome, and each outcome that a worker was told is recorded must
//! be the recorded one. `MAINSPRING_KILLS` sets how many are killed.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainspring_job::store::{
    Advance, Claim, Finish, JobDraft, Outcome, RunQuery, Store, StoredJob, StoredRun, Verdict,
};
use mainspring_job::{JobName, RunId};
use mainspring_sqlite::SqliteStore;
use mainspring_store_tests::Random;

const FILE: &str = "MAINSPRING_CRASH_FILE";
const UNTIL: &str = "MAINSPRING_CRASH_UNTIL";
const JOBS: usize = 20;
const START: &str = "2026-01-01T00:00:00Z";

#[test]
fn kills_lose_nothing_and_double_nothing() {
    let kills =
        std::env::var("MAINSPRING_KILLS").map_or(200, |kills| kills.parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("jobs.db");
    let seed = std::process::id();
    println!("seed {seed}");
    let mut random = Random::new(seed.into());
    add_jobs(&file);
    let mut worker = start(&file, 0, None);
    for kill in 1..=kills {
        // Two live at a time; the older one is killed.
        let next = start(&file, kill, Some(instants(kill)));
        std::thread::sleep(Duration::from_millis(5 + random.below(35)));
        worker.kill().expect("it lives or has ended");
        worker.wait().expect("it was started");
        worker = next;
    }
    worker.kill().expect("it lives or has ended");
    worker.wait().expect("it was started");
    let whole = work_off(&file, instants(kills), &told_in(&file, kills + 1));
    assert!(whole > 0 || kills == 0, "the killed left something to do");
    check(&file, kills);
}

/// The life of one worker: to its end, or until it is killed.
#[test]
fn worker() {
    let Some(file) = std::env::var_os(FILE).map(PathBuf::from) else {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("jobs.db");
        add_jobs(&file);
        assert_eq!(work_off(&file, 5, &told_in(&file, 0)), 5 * JOBS);
        return check(&file, 0);
    };
    let mut words = std::env::var(UNTIL).expect("it is said");
    let number = words.split_off(words.find(' ').expect("two numbers") + 1);
    let (until, number) = (words.trim().parse().expect("a number"), number.parse().expect("one"));
    work_off(&file, until, &told_in(&file, number));
}

/// So many instants of each job are due when that many workers were killed.
fn instants(kills: u64) -> u64 {
    5 + kills
}

fn start(file: &Path, number: u64, until: Option<u64>) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "crash::worker"])
        .env(FILE, file)
        .env(UNTIL, format!("{} {number}", until.unwrap_or(0)))
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts")
}

/// Where a worker writes down what it was told.
fn told_in(file: &Path, number: u64) -> PathBuf {
    file.with_extension(format!("told-{number}"))
}

fn add_jobs(file: &Path) {
    let start: Timestamp = START.parse().expect("an instant");
    let drafts: Vec<_> = (0..JOBS)
        .map(|job| {
            let name = JobName::new(&format!("job {job}")).expect("a name");
            JobDraft::new(name).schedule("* * * * * *".parse().expect("a schedule"), start)
        })
        .collect();
    runtime().block_on(async {
        let store = SqliteStore::open(file).expect("it opens");
        store.upsert(&drafts).await.expect("upsert");
    });
}

/// Works until nothing is left of the first `until` instants of each job; says how many runs it ended.
fn work_off(file: &Path, until: u64, told: &Path) -> usize {
    let start: Timestamp = START.parse().expect("an instant");
    let until = start + SignedDuration::from_secs(until.cast_signed() - 1);
    let mut told = std::fs::File::options().create(true).append(true).open(told).expect("a file");
    let mut random = Random::new(std::process::id().into());
    runtime().block_on(async {
        let store = SqliteStore::open(file).expect("it opens");
        let node = std::process::id().to_string();
        let claim = Claim::new(node, 16).lease(Duration::from_millis(300));
        let mut ended = 0;
        loop {
            store.reap(100, u32::MAX).await.expect("reap");
            let due = store.due_jobs(until, 7).await.expect("due");
            let steps: Vec<_> = due.iter().map(|job| step(job, until)).collect();
            store.advance(&steps).await.expect("advance");
            let runs = store.claim(&claim).await.expect("claim");
            let ends: Vec<_> = runs.iter().map(|run| end(run.hold(), &mut random)).collect();
            let verdicts = store.finish(&ends).await.expect("finish");
            for (end, verdict) in ends.iter().zip(verdicts) {
                if verdict == Verdict::Accepted && end.outcome().state().is_final() {
                    let RunId { job, due } = end.hold().run;
                    let line = format!("{job} {due} {}\n", end.hold().fence);
                    told.write_all(line.as_bytes()).expect("a line");
                    ended += 1;
                }
            }
            if due.is_empty() && runs.is_empty() {
                if store.runs(&RunQuery::live(1)).await.expect("runs").is_empty() {
                    return ended;
                }
                // Somebody else's leases end, or a retry comes.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    })
}

/// The next three instants of a job, as runs.
fn step(job: &StoredJob, until: Timestamp) -> Advance {
    let schedule = job.schedule().expect("it is read").expect("there is one");
    let mut step = Advance::of(job);
    let mut next = job.next_due;
    for _ in 0..3 {
        let Some(due) = next.filter(|due| *due <= until) else { break };
        next = schedule.next_after(due);
        step = step.run(due).to(next);
    }
    step
}

fn end(hold: mainspring_job::store::Hold, random: &mut Random) -> Finish {
    match random.below(8) {
        0 => Finish::new(hold, Outcome::Retry { after: Duration::from_millis(random.below(20)) }),
        1 => Finish::new(hold, Outcome::Failed).error("it broke"),
        _ => Finish::new(hold, Outcome::Succeeded).output("it worked"),
    }
}

/// Each due instant has one outcome; each outcome that was told is recorded.
fn check(file: &Path, kills: u64) {
    let history: Vec<StoredRun> = runtime().block_on(async {
        let store = SqliteStore::open(file).expect("it opens");
        assert!(store.runs(&RunQuery::live(10)).await.expect("runs").is_empty());
        store.runs(&RunQuery::history(usize::MAX)).await.expect("runs")
    });
    let recorded: HashMap<String, u64> = history
        .iter()
        .map(|run| (format!("{} {}", run.id.job, run.id.due), run.fence.map_or(0, |f| f.as_u64())))
        .collect();
    assert_eq!(recorded.len(), history.len(), "no instant twice");
    assert_eq!(recorded.len() as u64, instants(kills) * JOBS as u64, "no instant missing");
    let (mut told, mut repeated) = (0, 0);
    for number in 0..=kills + 1 {
        let Ok(lines) = std::fs::read_to_string(told_in(file, number)) else { continue };
        // A killed worker's last line may be cut off.
        for line in lines.lines() {
            let Some((run, fence)) = line.rsplit_once(' ') else { continue };
            let Ok(fence) = fence.parse::<u64>() else { continue };
            let Some(recorded) = recorded.get(run) else { panic!("`{line}` was told and is lost") };
            assert_eq!(*recorded, fence, "`{line}` was told, another outcome is recorded");
            told += 1;
        }
    }
    for run in &history {
        repeated += run.attempt - 1;
    }
    println!("{} runs, {told} told of, {repeated} attempts repeated", history.len());
    let connection = rusqlite::Connection::open(file).expect("it opens");
    let sql = "PRAGMA integrity_check";
    let check: String = connection.query_row(sql, [], |row| row.get(0)).expect("a check");
    assert_eq!(check, "ok");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}
