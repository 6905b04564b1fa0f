//! Runs the executor on tokio: in a current-thread runtime, or in a `LocalSet`.
//!
//! Two traps wait there. A task of tokio's has a budget of 128 operations per poll, and the executor
//! with all its tasks is one such task: once it is used up, every channel and socket of tokio's says
//! "pending" although it is ready, and whole rounds of polls are for nothing. [`TokioHost`] goes
//! back to tokio then, for a new budget. And a task that wakes itself is polled again up to sixty
//! times before tokio looks at its timers. `TokioHost` comes back by a *deferred* wake, which tokio
//! handles after it has looked.
//!
//! ```
//! use mainspring_executor::tokio::TokioHost;
//! use mainspring_executor::{Executor, RunnableFifo};
//!
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
//! runtime.block_on(async {
//!     let executor = Executor::builder()
//!         .queue("all", 1, RunnableFifo::default())
//!         .host(TokioHost)
//!         .build()?;
//!     let handle = executor.queue("all")?.spawn(async {
//!         tokio::time::sleep(std::time::Duration::from_millis(1)).await;
//!         "slept"
//!     });
//!     assert_eq!(executor.run_until(handle).await??, "slept");
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::future::Future;
use std::pin::pin;
use std::task::Context;

use tokio::task::{coop, yield_now};

use crate::Host;

/// Gives the thread back to tokio in time for its budget, its timers and its sockets.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioHost;

impl Host for TokioHost {
    fn wants_thread(&mut self) -> bool {
        !coop::has_budget_remaining()
    }

    fn come_back(&mut self, cx: &mut Context<'_>) {
        // Its first poll hands the waker to tokio, to be woken after the driver was polled. Tokio
        // keeps the waker; the future has done its part.
        if pin!(yield_now()).poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }
}
