//! Runs jobs on a manual clock: what is due, what a job may do, how it all ends.

mod bench;
mod jobs;
mod seed;
mod shutdown;
mod year;
