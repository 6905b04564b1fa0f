//! What is asked. One file for each question.

pub mod cron_next;
pub mod cron_parse;
pub mod cron_right;
pub mod exec;
mod exec_fair;
mod exec_idle;
mod exec_latency;
mod exec_poll;
mod exec_spawn;
mod exec_wake;
pub mod jobs;
pub mod stores;
pub mod timer_cost;
pub mod timer_many;
pub mod timer_ticks;
pub mod wheel;
mod wheel_bytes;
mod wheel_cancel;
mod wheel_fire;
mod wheel_idle;
mod wheel_insert;
mod wheel_mix;
mod wheel_reset;

use crate::harness::{Question, Settings};

/// A question's name, and how its rows are made once it is asked.
pub struct Entry {
    pub name: &'static str,
    pub build: fn(Settings) -> Question,
}

/// Every question, in the order in which they are asked.
pub const ALL: [Entry; 44] = [
    Entry { name: cron_right::NAME, build: cron_right::question },
    Entry { name: cron_parse::NAME, build: cron_parse::question },
    Entry { name: cron_next::NAME, build: cron_next::question },
    Entry { name: wheel_insert::INSERT, build: wheel::insert },
    Entry { name: wheel_cancel::CANCEL, build: wheel::cancel },
    Entry { name: wheel_cancel::CANCELLED, build: wheel::cancelled },
    Entry { name: wheel_fire::JUMP, build: wheel::jump },
    Entry { name: wheel_fire::TICKS, build: wheel::ticks },
    Entry { name: wheel_insert::REFILL, build: wheel::refill },
    Entry { name: wheel_mix::MIX, build: wheel::mix },
    Entry { name: wheel_mix::MIX_NEXT, build: wheel::mix_next },
    Entry { name: wheel_reset::RESET, build: wheel::reset },
    Entry { name: wheel_reset::KEEP_ALIVE, build: wheel::keep_alive },
    Entry { name: wheel_idle::NAME, build: wheel::idle },
    Entry { name: wheel_bytes::FRESH, build: wheel::bytes },
    Entry { name: wheel_bytes::CHURNED, build: wheel::bytes_churned },
    Entry { name: timer_ticks::IDLE, build: timer_ticks::idle },
    Entry { name: timer_ticks::HOGS, build: timer_ticks::hogs },
    Entry { name: timer_ticks::BUSY, build: timer_ticks::busy },
    Entry { name: timer_ticks::CPU, build: timer_ticks::cpu },
    Entry { name: timer_cost::calls::NAME, build: timer_cost::calls::question },
    Entry { name: timer_many::NAME, build: timer_many::question },
    Entry { name: timer_cost::TIMEOUT, build: timer_cost::timeout },
    Entry { name: timer_cost::RESET, build: timer_cost::reset },
    Entry { name: jobs::CPU, build: jobs::cpu },
    Entry { name: jobs::LATE, build: jobs::late },
    Entry { name: jobs::LOST, build: jobs::lost },
    Entry { name: jobs::BYTES, build: jobs::bytes },
    Entry { name: jobs::ADD, build: jobs::add },
    Entry { name: exec_poll::YIELD, build: exec::yields },
    Entry { name: exec_poll::TOKEN, build: exec::tokens },
    Entry { name: exec_spawn::NAME, build: exec::spawns },
    Entry { name: exec_wake::NAME, build: exec::wakes },
    Entry { name: exec_idle::BYTES, build: exec::bytes },
    Entry { name: exec_idle::IDLE, build: exec::idle },
    Entry { name: exec_fair::NAME, build: exec::shares },
    Entry { name: exec_latency::FOREGROUND, build: exec::foreground },
    Entry { name: exec_latency::TIMERS, build: exec::timers },
    Entry { name: exec_latency::PRIORITY, build: exec::priority },
    Entry { name: stores::RUNS, build: stores::runs },
    Entry { name: stores::ENQUEUE, build: stores::enqueue },
    Entry { name: stores::PLANS, build: stores::plans },
    Entry { name: stores::JOBS, build: stores::jobs },
    Entry { name: stores::LATE, build: stores::late },
];
