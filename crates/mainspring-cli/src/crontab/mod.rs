//! Crontab files: lines that say when, for whom, and what.

mod environment;
mod parse;
#[cfg(test)]
mod tests;

pub(crate) use parse::parse;
