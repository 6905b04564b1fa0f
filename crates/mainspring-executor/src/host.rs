//! Says when whoever runs the executor wants the thread back, and gives it back.

use std::task::Context;

/// The runtime, or whatever else, that polls the executor.
///
/// The executor returns to its host when it has nothing to do, and while it is busy each time that
/// the [interval](crate::Builder::host_interval) is over or the host says so.
///
/// ```
/// use std::task::Context;
/// use mainspring_executor::{Executor, Host, RunnableFifo};
///
/// /// For a loop that draws, and wants the thread back for each frame.
/// struct Painter;
///
/// impl Host for Painter {
///     fn come_back(&mut self, cx: &mut Context<'_>) {
///         // In a program: once the frame is drawn.
///         cx.waker().wake_by_ref();
///     }
/// }
///
/// let executor =
///     Executor::builder().queue("all", 1, RunnableFifo::default()).host(Painter).build()?;
/// assert_eq!(executor.block_on(async { 42 })?, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Host {
    /// Whether the thread is wanted back before the interval is over. Asked whenever the clock is
    /// read: about every two microseconds, or after every poll that took longer.
    fn wants_thread(&mut self) -> bool {
        false
    }

    /// Sees to it that the executor is polled again once the host has had its turn.
    ///
    /// A host that merely polls the executor again, without looking at its timers and sockets in
    /// between, lets them starve; that is what this is for.
    fn come_back(&mut self, cx: &mut Context<'_>);
}

/// A host that looks after its timers and sockets between any two polls, as `block_on`, smol and
/// monoio do: it is simply woken. The default.
#[derive(Clone, Copy, Debug, Default)]
pub struct SelfWake;

impl Host for SelfWake {
    fn come_back(&mut self, cx: &mut Context<'_>) {
        cx.waker().wake_by_ref();
    }
}
