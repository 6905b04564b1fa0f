//! Tells what happened, to whoever listens.
//!
//! # Ground rules
//! - The scheduler never waits for a listener. A listener that is too slow loses the oldest events and
//!   is told how many.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use jiff::Timestamp;
use mainspring_clock::Jump;
use mainspring_job::{JobId, JobName};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, Receiver, Sender};
use tokio_util::sync::ReusableBoxFuture;

/// Something that happened to a job, to one of its runs, to the clock, or to the store.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// When, by the wall clock.
    pub at: Timestamp,
    /// To which job; `None` for the clock and the store.
    pub job: Option<JobId>,
    /// The job's name.
    pub name: Option<JobName>,
    /// To which of its runs: the instant it was due.
    pub due: Option<Timestamp>,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventKind {
    /// The job was added.
    Added,
    /// The job is gone: removed, or its schedule has ended.
    Removed,
    /// The job got another schedule.
    Updated,
    /// The job was paused.
    Paused,
    /// The job was resumed.
    Resumed,
    /// An instant of the schedule has come, or the run was triggered.
    Due,
    /// An attempt began.
    Started {
        /// Which, from 1.
        attempt: u32,
    },
    /// The run ended well.
    Succeeded,
    /// The run failed, and is not tried again.
    Failed {
        /// What the handler reported.
        error: String,
    },
    /// An attempt failed or took too long; another follows.
    Retried {
        /// What it failed with.
        error: String,
        /// After how long.
        pause: Duration,
    },
    /// The last attempt took longer than it may.
    TimedOut,
    /// The run was stopped before it ended.
    Cancelled,
    /// The run did not start.
    Skipped {
        /// Why not.
        why: Skip,
    },
    /// Instants passed unseen, and the misfire policy decided against them.
    Missed {
        /// How many; 10,000 may stand for more.
        count: u64,
    },
    /// The run was given back to its store before it had ended: it is due again, here or on another node.
    GivenBack,
    /// The lease of a run was lost: another node may run it, and what this one still does to it is not
    /// recorded.
    Lost,
    /// A node did not say in time that it is alive; the run was taken away from it.
    Reaped {
        /// Which node.
        node: String,
        /// Whether that happened too often, and the run has failed; otherwise it is due again.
        is_failed: bool,
    },
    /// The stored job cannot be read: it is left as it is, for a newer program perhaps.
    Unreadable {
        /// What cannot be read, and what would be right.
        error: String,
    },
    /// The store does not answer, or with an error. Runs go on, and it is tried again.
    StoreAway {
        /// What it answered.
        error: String,
    },
    /// The store answers again.
    StoreBack,
    /// The wall clock was set, or the machine slept.
    ClockJumped {
        /// How far.
        jump: Jump,
    },
}

/// Why a run did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Skip {
    /// Earlier runs of the job, or of its group, go on, and the policy is to skip.
    Overlap,
    /// It waited for an earlier run to go, and a later one took its place.
    Replaced,
    /// As many runs wait as may.
    QueueFull,
    /// Its job was removed while it waited.
    Removed,
}

/// The events since it was made, as a stream; made by [`Scheduler::events`](crate::Scheduler::events).
///
/// It holds up to 4,096 events that nobody has taken. A listener that is slower loses the oldest, and
/// gets [`Lagged`] in their place. The stream ends when the scheduler is gone.
///
/// ```
/// use std::time::Duration;
/// use mainspring_scheduler::{EventKind, Job, Scheduler};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let scheduler = Scheduler::new();
/// let mut events = scheduler.events();
/// scheduler.add(Job::every(Duration::from_secs(60)).named("sync").run(|_| async {}))?;
///
/// match events.next().await {
///     Some(Ok(event)) => assert_eq!(event.kind, EventKind::Added),
///     Some(Err(lagged)) => eprintln!("{lagged}"),
///     None => eprintln!("the scheduler is gone"),
/// }
/// # Ok(())
/// # }
/// ```
pub struct Events {
    receiver: ReusableBoxFuture<'static, (Result<Event, RecvError>, Receiver<Event>)>,
}

/// So many events were lost, because they were not taken in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lagged(pub u64);

impl fmt::Display for Lagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events were lost, because they were not taken in time", self.0)
    }
}

impl std::error::Error for Lagged {}

impl Events {
    /// Waits for the next event; `None` when the scheduler is gone.
    ///
    /// # Cancel safety
    /// Dropping the future loses no event.
    ///
    /// # Errors
    /// If events were lost before it.
    pub async fn next(&mut self) -> Option<Result<Event, Lagged>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    fn new(receiver: Receiver<Event>) -> Self {
        Self { receiver: ReusableBoxFuture::new(receive(receiver)) }
    }
}

impl Stream for Events {
    type Item = Result<Event, Lagged>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (received, receiver) = std::task::ready!(self.receiver.poll(cx));
        self.receiver.set(receive(receiver));
        Poll::Ready(match received {
            Ok(event) => Some(Ok(event)),
            Err(RecvError::Lagged(lost)) => Some(Err(Lagged(lost))),
            Err(RecvError::Closed) => None,
        })
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

async fn receive(mut receiver: Receiver<Event>) -> (Result<Event, RecvError>, Receiver<Event>) {
    let received = receiver.recv().await;
    (received, receiver)
}

/// The sending end; costs next to nothing while nobody listens.
pub(crate) struct Bell {
    sender: Sender<Event>,
}

impl Bell {
    pub(crate) fn new() -> Self {
        Self { sender: broadcast::channel(4096).0 }
    }

    pub(crate) fn listen(&self) -> Events {
        Events::new(self.sender.subscribe())
    }

    /// Whether telling would reach anybody.
    pub(crate) fn is_heard(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    pub(crate) fn tell(&self, event: Event) {
        // An error says that nobody listens, which is nobody's fault.
        let _ = self.sender.send(event);
    }
}
