//! Gives a thread to work that must be on time.

use std::future::Future;
use std::io;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::sys;

/// What the system has granted a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Isolation {
    /// It runs before every ordinary thread (`SCHED_FIFO`).
    RealTime {
        /// Its priority among such threads.
        priority: u8,
    },
    /// It is an ordinary thread, but runs soon when it wakes: in turn for slices as short as this.
    ShortSlice(Duration),
    /// It has a higher priority among ordinary threads.
    Raised,
    /// Nothing was granted.
    Ordinary,
}

/// Asks the system for the best it grants the calling thread: real-time scheduling, else a short
/// slice, else a raised priority.
///
/// Real-time scheduling wants a privilege on Linux (`CAP_SYS_NICE`, or a limit `RLIMIT_RTPRIO`); a
/// short slice wants Linux 6.12. A real-time thread that never sleeps keeps its processor from
/// everyone else.
pub fn isolate_this_thread() -> Isolation {
    sys::isolate_this_thread()
}

/// A thread whose work is on time: what [`isolated`] returns.
#[derive(Debug)]
pub struct Isolated<T> {
    isolation: Isolation,
    thread: JoinHandle<T>,
}

impl<T> Isolated<T> {
    /// What the thread was granted.
    pub fn isolation(&self) -> Isolation {
        self.isolation
    }

    /// Waits for its end, blocking the calling thread.
    ///
    /// # Errors
    /// If its work has panicked; the error is the panic's payload.
    pub fn join(self) -> std::thread::Result<T> {
        self.thread.join()
    }

    /// Whether its work has ended.
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }
}

/// Runs a future on a thread of its own, with a runtime of its own (timers and I/O) and the best
/// scheduling that the system grants: what helps a beat beside a busy runtime.
///
/// # Errors
/// If the system refuses a thread, or a runtime its descriptors.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use mainspring_timer::{interval, isolated};
///
/// # fn main() -> std::io::Result<()> {
/// let beat = isolated("beat", || async {
///     let mut interval = interval(Duration::from_micros(500));
///     for _ in 0..4 {
///         interval.tick().await;
///     }
///     "done"
/// })?;
/// println!("granted: {:?}", beat.isolation());
/// assert_eq!(beat.join().unwrap(), "done");
/// # Ok(())
/// # }
/// ```
pub fn isolated<F, W>(name: &str, work: W) -> io::Result<Isolated<F::Output>>
where
    W: FnOnce() -> F + Send + 'static,
    F: Future,
    F::Output: Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (tell, told) = mpsc::channel();
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let _ = tell.send(isolate_this_thread());
        runtime.block_on(async { work().await })
    })?;
    let isolation = told.recv().expect("the thread tells before it does anything else");
    Ok(Isolated { isolation, thread })
}
