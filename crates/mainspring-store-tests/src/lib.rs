//! One suite that every [`Store`] must pass: claims, leases, crashes, times, pruning, races.
//!
//! Call [`exercise`] from a test of the store's crate. Each case gets an empty store and a clock that
//! only it turns; a case that fails panics, and the last name printed is its name.
//!
//! ```
//! use std::sync::Arc;
//! use mainspring_job::store::{MemoryStore, Store};
//! use mainspring_store_tests::{exercise, reading};
//!
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
//! exercise(|clock| async {
//!     let store: Arc<dyn Store> = Arc::new(MemoryStore::new(move || reading(&clock)));
//!     vec![store]
//! })
//! .await;
//! # });
//! ```

mod cases;
mod random;
mod world;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use mainspring_clock::{ManualClock, WallClock};
use mainspring_job::store::Store;

pub use random::Random;
use world::World;

type Case = (&'static str, Box<dyn Fn(World) -> Pin<Box<dyn Future<Output = ()> + Send>>>);

/// The instant at which each case begins: a Sunday on which the clocks of Europe went forward.
pub const START: &str = "2026-03-29T00:30:00Z";

/// Runs every case against stores that `open` makes.
///
/// `open` is given a clock and makes an empty store that goes by it. It returns one handle or several on
/// the same data, as several processes would have them; cases about races use them all.
///
/// # Cancel safety
/// Dropping the future leaves the case that it is at to run to its end; no further one begins.
///
/// # Panics
/// If the store does not do what [`Store`] promises. To be called in a multi-threaded tokio runtime.
pub async fn exercise<F, Fut>(open: F)
where
    F: Fn(ManualClock) -> Fut,
    Fut: Future<Output = Vec<Arc<dyn Store>>>,
{
    for (name, case) in cases::all() {
        println!("store case: {name}");
        let start: Timestamp = START.parse().expect("the start is an instant");
        let clock = ManualClock::new(SystemTime::from(start));
        let stores = open(clock.clone()).await;
        assert!(!stores.is_empty(), "`open` made no store");
        let world = World::new(stores, clock);
        let limit = Duration::from_secs(120);
        let done = tokio::time::timeout(limit, tokio::spawn(case(world))).await;
        done.unwrap_or_else(|_| panic!("`{name}` did not end within {limit:?}"))
            .unwrap_or_else(|error| panic!("`{name}` failed: {error}"));
    }
}

/// What the wall clock shows, as the instant that stores deal in.
///
/// # Panics
/// If no calendar has that time.
pub fn reading(clock: &ManualClock) -> Timestamp {
    clock.wall_now().try_into().expect("the clock shows a time that calendars have")
}
