//! Those who answer. One file for each library; one table for each kind of question.

mod cron;
mod croner;
mod croner_jiff;
mod cronexpr;
mod mainspring;
mod saffron;

use crate::cron::{CronPeer, Inquiry, Reply, answer};
use crate::harness::{Ask, Settings};
use crate::questions::{cron_next, cron_parse};

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
