//! Runs jobs on a manual clock: what is due, what a job may do, how it all ends.

mod attempts;
mod bench;
mod bugs;
mod clock;
mod commands;
mod events;
mod hostile;
mod jobs;
#[cfg(feature = "metrics")]
mod metrics;
mod policies;
mod queues;
mod seed;
mod shutdown;
mod spans;
mod stored;
mod year;
