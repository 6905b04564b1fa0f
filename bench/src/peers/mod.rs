//! Those who answer. One file for each library; one table for each kind of question.

mod bitwheel;
mod btree;
mod cron;
mod croner;
mod croner_jiff;
mod cronexpr;
mod delay_queue;
mod ferris;
mod hash_wheel;
mod heap;
mod kestrel;
mod mainspring;
mod mainspring_wheel;
mod ora;
mod saffron;
mod tm_wheel;
mod tokio_sleep;

use crate::cron::{CronPeer, Inquiry, Reply, answer};
use crate::harness::{Ask, Settings};
use crate::questions::wheel::{self, Kind};
use crate::questions::{cron_next, cron_parse};
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
pub struct TimerEntry {
    pub name: &'static str,
    pub package: &'static str,
    pub ask: fn(Kind, usize) -> Ask,
}

/// Every keeper of timers, ours first.
pub const TIMERS: [TimerEntry; 14] = [
    timer_entry::<mainspring_wheel::Exact>(),
    timer_entry::<mainspring_wheel::Rounded>(),
    timer_entry::<mainspring_wheel::Named>(),
    timer_entry::<ferris::Alloc>(),
    timer_entry::<ferris::Copy>(),
    timer_entry::<delay_queue::Queue>(),
    timer_entry::<hash_wheel::HashWheel>(),
    timer_entry::<tm_wheel::TmWheel>(),
    timer_entry::<bitwheel::BitWheel>(),
    timer_entry::<kestrel::Kestrel>(),
    timer_entry::<ora::Ora>(),
    timer_entry::<heap::Heap>(),
    timer_entry::<btree::BTree>(),
    timer_entry::<tokio_sleep::TokioSleep>(),
];

const fn timer_entry<P: TimerPeer>() -> TimerEntry {
    TimerEntry { name: P::NAME, package: P::PACKAGE, ask: wheel::ask::<P> }
}
