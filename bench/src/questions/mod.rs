//! What is asked. One file for each question.

pub mod cron_next;
pub mod cron_parse;
pub mod cron_right;

use crate::harness::{Question, Settings};

/// A question's name, and how its rows are made once it is asked.
pub struct Entry {
    pub name: &'static str,
    pub build: fn(Settings) -> Question,
}

/// Every question, in the order in which they are asked.
pub const ALL: [Entry; 3] = [
    Entry { name: cron_right::NAME, build: cron_right::question },
    Entry { name: cron_parse::NAME, build: cron_parse::question },
    Entry { name: cron_next::NAME, build: cron_next::question },
];
