//! Longer texts: why things are as they are, what differs between platforms, and how to come here from elsewhere.
//!
//! They are files of the repository, and their code is run as tests.

#[doc = include_str!("../docs/DESIGN.md")]
pub mod design {}

#[doc = include_str!("../docs/PLATFORM.md")]
pub mod platform {}

#[doc = include_str!("../docs/from-clockworker.md")]
pub mod from_clockworker {}

#[doc = include_str!("../docs/from-crond.md")]
pub mod from_crond {}

#[doc = include_str!("../docs/from-tokio-cron-scheduler.md")]
pub mod from_tokio_cron_scheduler {}

#[doc = include_str!("../docs/from-tokio-osinterval.md")]
pub mod from_tokio_osinterval {}
