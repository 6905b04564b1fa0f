//! A shop's day: jobs with a history as a store would have it after some time in use.
//!
//! The past is lived through with a clock that is set from run to run; then the store goes on with the
//! machine's. Nothing here is random, so that two pictures differ by the hour alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp, ToSpan};
use mainspring_job::JobName;
use mainspring_job::store::{Advance, Claim, Finish, JobDraft, MemoryStore, Outcome, Store};

use super::served::now;

/// A job: what it is called, when it runs, on which queue, how long it takes in milliseconds, and of how many
/// runs one fails.
type Entry = (&'static str, &'static str, &'static str, i64, Option<usize>);

const JOBS: [Entry; 20] = [
    ("backup.database", "0 3 * * *", "batch", 95_000, None),
    ("backup.verify", "30 4 * * SUN", "batch", 340_000, None),
    ("billing.invoices", "0 6 1 * *", "batch", 64_000, None),
    ("billing.retry-cards", "*/30 * * * *", "front", 4_200, None),
    ("cache.warm", "*/10 * * * *", "front", 830, None),
    ("certificates.renew", "17 2 * * *", "batch", 5_100, None),
    ("exchange-rates.fetch", "*/15 * * * *", "front", 610, None),
    ("feeds.import", "*/20 * * * *", "batch", 12_800, Some(5)),
    ("mail.digest", "0 7 * * MON-FRI", "mail", 27_000, None),
    ("mail.queue", "*/5 * * * *", "mail", 240, None),
    ("metrics.rollup", "0 * * * *", "batch", 7_400, None),
    ("orders.sync", "*/10 * * * *", "front", 2_900, Some(41)),
    ("payouts.settle", "0 16 * * MON-FRI", "batch", 41_000, None),
    ("previews.render", "10,40 * * * *", "batch", 48_000, Some(13)),
    ("report.weekly", "0 8 * * MON", "batch", 182_000, None),
    ("search.reindex", "0 */6 * * *", "batch", 610_000, None),
    ("sessions.prune", "*/15 * * * *", "front", 330, None),
    ("stock.levels", "5-59/10 * * * *", "front", 1_900, None),
    ("thumbnails.sweep", "45 1 * * *", "batch", 15_400, None),
    ("webhooks.redeliver", "*/20 * * * *", "front", 1_300, None),
];

/// Runs that go on while the pictures are taken.
pub(super) const BUSY: [&str; 2] = ["backup.database", "search.reindex"];

/// A store that had these jobs for two months.
pub(super) async fn shop() -> Arc<dyn Store> {
    let clock = Arc::new(SetClock::default());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new({
        let clock = clock.clone();
        move || clock.now()
    }));
    let today = now();
    let mut instants: Vec<(Timestamp, &Entry)> = Vec::new();
    let mut drafts = Vec::new();
    for entry in &JOBS {
        let (name, rule, queue, ..) = entry;
        let rule: mainspring_schedule::Schedule = rule.parse().expect("a schedule");
        let instants_of = |since| {
            let next = |due: &Timestamp| rule.next_after(*due);
            std::iter::successors(next(&since), next).take_while(|due| *due < today)
        };
        // A day of what is frequent, and two months of what is not.
        let is_rare = instants_of(today - 24.hours()).count() < 3;
        let since = today - if is_rare { (24 * 60).hours() } else { 26.hours() };
        instants.extend(instants_of(since).map(|due| (due, entry)));
        // What runs them is bound to no job by its name: each would need a handler of its own.
        let handler = if BUSY.contains(name) { "long-task" } else { "task" };
        let draft = JobDraft::new(called(name)).handler(called(handler)).queue(called(queue));
        drafts.push(draft.schedule(rule, since));
    }
    instants.sort_by_key(|(due, _)| *due);
    clock.set(today - (24 * 61).hours());
    store.upsert(&drafts).await.expect("the jobs are kept");
    for (number, (due, entry)) in instants.into_iter().enumerate() {
        // The feed has just gone away.
        let is_broken = entry.0 == "feeds.import" && due > today - 20.minutes();
        live_through(&*store, &clock, due, entry, number, is_broken).await;
    }
    clock.run_freely();
    store.pause("billing.retry-cards").await.expect("the store answers");
    store
}

/// One run: made, taken by one of two nodes, and ended.
async fn live_through(
    store: &dyn Store,
    clock: &SetClock,
    due: Timestamp,
    entry: &Entry,
    number: usize,
    is_broken: bool,
) {
    let (name, _, _, took_ms, fails) = entry;
    let late =
        SignedDuration::from_micros(i64::try_from(120 + number * 7919 % 900).expect("small"));
    clock.set(due + late);
    let job = store.job(name).await.expect("the store answers").expect("it is there");
    let schedule = job.schedule().expect("it can be read").expect("there is one");
    let step = Advance::of(&job).to(schedule.next_after(due)).run(due);
    store.advance(&[step]).await.expect("the store answers");
    let node = if number.is_multiple_of(3) { "shop-2:977" } else { "shop-1:4711" };
    let taken = store.claim(&Claim::new(node, 1)).await.expect("the store answers");

    // The durations swing, and grow a little: so do tables.
    let swing = i64::try_from(number * 7907 % 61).expect("small") - 30;
    let took = SignedDuration::from_millis(took_ms + took_ms * swing / 100);
    clock.set(due + late + took);
    let fails = fails.is_some_and(|every| (number * 7).is_multiple_of(every)) || is_broken;
    let hold = taken.first().expect("what is due can be claimed").hold();
    let end = match (fails, *name) {
        (false, _) => Finish::new(hold, Outcome::Succeeded).output("done\n"),
        (true, "previews.render") => {
            Finish::new(hold, Outcome::TimedOut).error("took longer than 1 min")
        }
        (true, "feeds.import") => Finish::new(hold, Outcome::Failed)
            .error("exit status 1: feed `northwind` answered 502 Bad Gateway")
            .output("contoso: 312 items\nfabrikam: 88 items\nnorthwind: 502 Bad Gateway\n"),
        (true, _) => Finish::new(hold, Outcome::Failed).error("connection reset by peer"),
    };
    store.finish(&[end]).await.expect("the store answers");
}

fn called(name: &str) -> JobName {
    JobName::new(name).expect("a name")
}

/// A clock that stands where it was set, until it runs freely.
#[derive(Default)]
struct SetClock {
    /// Microseconds since 1970; 0 for the machine's clock.
    at_us: AtomicI64,
}

impl SetClock {
    fn now(&self) -> Timestamp {
        match self.at_us.load(Ordering::Relaxed) {
            0 => now(),
            at => Timestamp::from_microsecond(at).expect("it was set to an instant"),
        }
    }

    fn set(&self, at: Timestamp) {
        self.at_us.store(at.as_microsecond(), Ordering::Relaxed);
    }

    fn run_freely(&self) {
        self.at_us.store(0, Ordering::Relaxed);
    }
}
