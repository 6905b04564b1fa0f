//! The dashboard from outside: what it answers, whom it refuses, what it bears.

#[cfg(unix)]
mod browser;
mod changes;
mod document;
mod events;
mod guard;
mod jobs;
mod load;
mod mounting;
mod runs;
mod slow;
mod world;
