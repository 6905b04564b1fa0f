//! Those who answer. One file for each library; one table for each kind of question.

mod bitwheel;
mod btree;
mod cron;
mod croner;
mod croner_jiff;
mod cronexpr;
mod delay_queue;
mod exec_clockworker;
mod exec_mainspring;
mod exec_others;
mod exec_tokio;
mod exec_unordered;
mod ferris;
mod hash_wheel;
mod heap;
mod jobs_apalis;
mod jobs_mainspring;
mod jobs_tasks;
mod jobs_tokio_cron;
mod kestrel;
mod mainspring;
mod mainspring_wheel;
mod ora;
mod saffron;
mod stores_bare;
mod stores_mainspring;
mod timer_async_io;
mod timer_hrtime;
mod timer_mainspring;
mod timer_osinterval;
mod timer_threads;
mod timer_timerfd;
mod timer_tokio;
mod tm_wheel;
mod tokio_sleep;

use crate::cron::{CronPeer, Inquiry, Reply, answer};
use crate::exec::ExecPeer;
use crate::harness::{Ask, OURS, Settings};
use crate::jobs::slot::{self, Slot};
use crate::jobs::{Crowd as JobsCrowd, JobsPeer};
use crate::questions::wheel::{self, Kind};
use crate::questions::{cron_next, cron_parse, exec};
use crate::stores::place::{Home, Place};
use crate::stores::{Inquiry as StoresInquiry, Reply as StoresReply, process};
use crate::timer::{Crowd, Gathering, Runner, crowd, on_tokio, runtime};
use crate::timers::TimerPeer;

/// A cron library with its types forgotten, so that a table can hold it.
pub struct CronEntry {
    pub name: &'static str,
    pub package: &'static str,
    /// Answers in this process; a hang stays a hang.
    pub answer: fn(&Inquiry) -> Reply,
    pub time_parse: fn(&cron_parse::Kind, Settings) -> Ask,
    pub time_next: fn(&cron_next::Kind, Option<String>, Settings) -> Ask,
}

/// Every cron library, ours first.
pub const CRON: [CronEntry; 6] = [
    entry::<mainspring::Mainspring>(),
    entry::<croner::Croner>(),
    entry::<croner_jiff::CronerJiff>(),
    entry::<cron::Cron>(),
    entry::<cronexpr::Cronexpr>(),
    entry::<saffron::Saffron>(),
];

const fn entry<P: CronPeer>() -> CronEntry {
    CronEntry {
        name: P::NAME,
        package: P::PACKAGE,
        answer: answer::<P>,
        time_parse: cron_parse::ask::<P>,
        time_next: cron_next::ask::<P>,
    }
}

/// A keeper of timers with its types forgotten.
pub struct KeeperEntry {
    pub name: &'static str,
    pub package: &'static str,
    pub ask: fn(Kind, usize) -> Ask,
}

/// Every keeper of timers, ours first.
pub const KEEPERS: [KeeperEntry; 14] = [
    keeper_entry::<mainspring_wheel::Exact>(),
    keeper_entry::<mainspring_wheel::Rounded>(),
    keeper_entry::<mainspring_wheel::Named>(),
    keeper_entry::<ferris::Alloc>(),
    keeper_entry::<ferris::Copy>(),
    keeper_entry::<delay_queue::Queue>(),
    keeper_entry::<hash_wheel::HashWheel>(),
    keeper_entry::<tm_wheel::TmWheel>(),
    keeper_entry::<bitwheel::BitWheel>(),
    keeper_entry::<kestrel::Kestrel>(),
    keeper_entry::<ora::Ora>(),
    keeper_entry::<heap::Heap>(),
    keeper_entry::<btree::BTree>(),
    keeper_entry::<tokio_sleep::TokioSleep>(),
];

const fn keeper_entry<P: TimerPeer>() -> KeeperEntry {
    KeeperEntry { name: P::NAME, package: P::PACKAGE, ask: wheel::ask::<P> }
}

/// Waits for a crowd of timers.
pub type Gather = fn(Crowd) -> Gathering;

/// Does something as often as it is told.
pub type Repeat = Box<dyn FnMut(u64)>;

/// A timer library with its types forgotten.
pub struct TimerEntry {
    pub name: &'static str,
    pub package: &'static str,
    pub runner: fn() -> Runner,
    /// How far its crowds reach.
    pub crowd: Option<(Largest, Gather)>,
    /// Time-outs that never fire, so many of them.
    pub timeouts: Option<fn() -> Repeat>,
    /// Resets of an interval that is waited for, each with the poll that follows.
    pub resets: Option<fn() -> Repeat>,
}

/// The largest crowd that a library can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Largest {
    /// As many as there are descriptors.
    Descriptors,
    Any,
}

macro_rules! timeouts {
    ($peer:ident) => {
        Some(|| {
            let runtime = runtime();
            Box::new(move |count| runtime.block_on($peer::timeouts(count)))
        })
    };
}

/// Every timer library, ours first. Those of ours with choices made stand beside it under their own
/// names.
pub const TIMERS: [TimerEntry; 13] = [
    TimerEntry {
        name: OURS,
        package: "mainspring-timer",
        runner: on_tokio::<timer_mainspring::Plain>,
        crowd: Some((Largest::Any, crowd::<timer_mainspring::Plain, timer_mainspring::Plain>)),
        timeouts: timeouts!(timer_mainspring),
        resets: Some(timer_mainspring::resetter),
    },
    TimerEntry {
        name: "ours, compensated",
        runner: on_tokio::<timer_mainspring::Compensated>,
        ..NOTHING
    },
    TimerEntry { name: "ours, exact", runner: on_tokio::<timer_mainspring::Exact>, ..NOTHING },
    TimerEntry {
        name: "ours, slack 1 ms",
        runner: on_tokio::<timer_mainspring::Slack>,
        crowd: Some((Largest::Any, crowd::<timer_mainspring::Slack, timer_mainspring::Slack>)),
        ..NOTHING
    },
    TimerEntry { name: "ours, isolated", runner: timer_mainspring::on_own_thread, ..NOTHING },
    TimerEntry {
        name: "tokio",
        package: "tokio",
        runner: on_tokio::<timer_tokio::TokioTime>,
        crowd: Some((Largest::Any, crowd::<timer_tokio::TokioTime, timer_tokio::TokioTime>)),
        timeouts: timeouts!(timer_tokio),
        resets: Some(timer_tokio::resetter),
    },
    TimerEntry {
        name: "OsInterval",
        package: "tokio-osinterval",
        runner: on_tokio::<timer_osinterval::Os>,
        crowd: Some((Largest::Descriptors, crowd::<timer_osinterval::Os, timer_tokio::TokioTime>)),
        timeouts: None,
        resets: Some(timer_osinterval::resetter),
    },
    TimerEntry {
        name: "PeriodicInterval",
        package: "tokio-osinterval",
        runner: on_tokio::<timer_osinterval::Periodic>,
        ..NOTHING
    },
    TimerEntry {
        name: "tokio-timerfd",
        package: "tokio-timerfd",
        runner: on_tokio::<timer_timerfd::TokioTimerfd>,
        crowd: Some((
            Largest::Descriptors,
            crowd::<timer_timerfd::TokioTimerfd, timer_timerfd::TokioTimerfd>,
        )),
        ..NOTHING
    },
    TimerEntry {
        name: "tokio-hrtime",
        package: "tokio-hrtime",
        runner: on_tokio::<timer_hrtime::TokioHrtime>,
        crowd: Some((
            Largest::Descriptors,
            crowd::<timer_hrtime::TokioHrtime, timer_tokio::TokioTime>,
        )),
        timeouts: timeouts!(timer_hrtime),
        resets: Some(timer_hrtime::resetter),
    },
    TimerEntry {
        name: "async-io",
        package: "async-io",
        runner: timer_async_io::runner,
        crowd: Some((Largest::Any, crowd::<timer_async_io::AsyncIo, timer_async_io::AsyncIo>)),
        ..NOTHING
    },
    TimerEntry {
        name: "spin_sleep",
        package: "spin_sleep",
        runner: timer_threads::spin_sleep,
        ..NOTHING
    },
    TimerEntry {
        name: "nanosleep",
        package: "rustix",
        runner: timer_threads::nanosleep,
        ..NOTHING
    },
];

const NOTHING: TimerEntry = TimerEntry {
    name: "",
    package: "mainspring-timer",
    runner: on_tokio::<timer_tokio::TokioTime>,
    crowd: None,
    timeouts: None,
    resets: None,
};

/// A scheduler with its types forgotten.
pub struct JobsEntry {
    pub name: &'static str,
    pub package: &'static str,
    /// Lives through one slot of so many seconds, in this process.
    pub slot: fn(JobsCrowd, u64) -> Result<Slot, String>,
}

/// Every scheduler, ours first.
pub const JOBS: [JobsEntry; 4] = [
    jobs_entry::<jobs_mainspring::Mainspring>(),
    jobs_entry::<jobs_tasks::Tasks>(),
    jobs_entry::<jobs_apalis::Apalis>(),
    jobs_entry::<jobs_tokio_cron::TokioCron>(),
];

const fn jobs_entry<P: JobsPeer>() -> JobsEntry {
    JobsEntry { name: P::NAME, package: P::PACKAGE, slot: slot::run::<P> }
}

/// An executor with its types forgotten.
pub struct ExecutorEntry {
    pub name: &'static str,
    pub package: &'static str,
    pub ask: fn(exec::Kind, Settings) -> Ask,
}

/// Every executor, ours first.
pub const EXECUTORS: [ExecutorEntry; 16] = [
    executor_entry::<exec_mainspring::Alone>(),
    executor_entry::<exec_mainspring::Bare>(),
    executor_entry::<exec_mainspring::OnCounter>(),
    executor_entry::<exec_mainspring::WithLas>(),
    executor_entry::<exec_mainspring::OnTokio>(),
    executor_entry::<exec_clockworker::Current>(),
    executor_entry::<exec_clockworker::Las>(),
    executor_entry::<exec_clockworker::Runnable>(),
    executor_entry::<exec_clockworker::Arrival>(),
    executor_entry::<exec_tokio::InLocalSet>(),
    executor_entry::<exec_tokio::CurrentThread>(),
    executor_entry::<exec_others::AsyncExecutor>(),
    executor_entry::<exec_others::Futures>(),
    executor_entry::<exec_unordered::Unordered>(),
    executor_entry::<exec_others::Glommio>(),
    executor_entry::<exec_others::Monoio>(),
];

const fn executor_entry<P: ExecPeer>() -> ExecutorEntry {
    ExecutorEntry { name: P::NAME, package: P::PACKAGE, ask: exec::ask::<P> }
}

/// One who keeps work on disk.
pub struct StoresEntry {
    pub name: &'static str,
    pub package: &'static str,
    /// Why it cannot be asked that, if it cannot.
    pub refuses: fn(Home, StoresInquiry) -> Option<&'static str>,
    /// With more, an answer would take minutes.
    pub pieces_most: usize,
    /// Asks the peer of that name.
    pub ask: fn(&str, &Place, StoresInquiry) -> StoresReply,
}

/// Everyone who keeps work on disk, ours first.
pub const STORES: [StoresEntry; 5] = [
    StoresEntry {
        name: OURS,
        package: "mainspring-job",
        refuses: |_, _| None,
        pieces_most: usize::MAX,
        ask: |_, place, inquiry| stores_mainspring::ask(place, inquiry),
    },
    StoresEntry {
        name: "the bare loop",
        package: "tokio-postgres",
        refuses: |_, inquiry| match inquiry {
            StoresInquiry::Late(_) => Some("hears of nothing"),
            _ => None,
        },
        pieces_most: usize::MAX,
        ask: |_, place, inquiry| stores_bare::ask(place, inquiry),
    },
    StoresEntry {
        name: "apalis",
        package: "apalis-postgres",
        refuses: |home, inquiry| match inquiry {
            StoresInquiry::Plans { .. } | StoresInquiry::Jobs { .. } => Some(NO_JOBS),
            StoresInquiry::Late(stream) if !stream.ahead.is_zero() => {
                Some("keeps whole seconds, rounded down")
            }
            _ if home == Home::SqliteNormal => Some("is asked with FULL alone"),
            _ => None,
        },
        pieces_most: 5_000,
        ask: process::ask,
    },
    StoresEntry {
        name: "underway",
        package: "underway",
        refuses: on_postgres,
        pieces_most: 500,
        ask: process::ask,
    },
    StoresEntry {
        name: "graphile_worker",
        package: "graphile_worker",
        refuses: on_postgres,
        pieces_most: 20_000,
        ask: process::ask,
    },
];

const NO_JOBS: &str = "keeps no jobs with schedules";

fn on_postgres(home: Home, inquiry: StoresInquiry) -> Option<&'static str> {
    match inquiry {
        _ if home != Home::Postgres => Some("keeps nothing in SQLite"),
        StoresInquiry::Plans { .. } | StoresInquiry::Jobs { .. } => Some(NO_JOBS),
        _ => None,
    }
}
