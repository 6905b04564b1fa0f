//! Tests of the public interface.

mod conformance;
mod cron_any_input;
mod cron_errors;
mod cron_oracle;
mod cron_rules;
mod schedule_model;
mod schedule_text;
#[cfg(feature = "serde")]
mod serialised;
