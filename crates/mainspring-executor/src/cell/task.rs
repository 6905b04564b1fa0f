//! Makes tasks, polls them, ends them.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::task::{Context, Poll, Waker};

use super::header::{Header, Payload, Polled, Vtable, flags, release};
use super::join::JoinHandle;
use super::local::{Local, NO_QUEUE};
use super::meta::{Extras, Fields, NO_GROUP, NO_SLOT, Origin, TaskId, TaskMeta};
use super::shared::SharedRef;
use super::state::State;
use super::sync::{Cell, UnsafeCell};
use super::waker::lend;
use crate::JoinError;

/// A task that is ready to run: what a policy puts in order.
///
/// There is one per ready task. A policy that drops it loses the wake, as if it had never come: the
/// task sleeps on until the next one.
pub struct TaskRef {
    cell: NonNull<Header>,
}

/// What one poll came to.
pub(crate) enum Step {
    Pending,
    /// The future is gone. With a panic that has to go on, if panics propagate.
    Finished(Option<Payload>),
}

/// One allocation: the header first, so that its address is the cell's.
#[repr(C)]
struct Task<F: Future, X> {
    header: Header,
    extras: X,
    stage: UnsafeCell<Stage<F>>,
}

enum Stage<F: Future> {
    Future(F),
    Result(Result<F::Output, JoinError>),
    Empty,
}

/// Spawns on the owner's thread. The task is ready, and new; or, if it is refused, ended.
pub(crate) fn spawn<F, X>(
    shared: &SharedRef,
    local: &Local,
    future: F,
    origin: Origin,
    extras: X,
    refusal: Option<JoinError>,
) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    X: MaybeExtras,
{
    if !local.count_cell() {
        shared.count_cell();
    }
    let cell = Task::boxed(State::joined(), shared, flags::FRESH, future, origin, extras);
    // SAFETY: made with interest in the result and a reference for the handle.
    let handle = unsafe { JoinHandle::from_cell(cell) };
    let refusal = if local.is_closed() { Some(JoinError::ExecutorDropped) } else { refusal };
    if let Some(error) = refusal {
        // SAFETY: on the owner's thread, and the future is there.
        let panic = unsafe { fail(cell, error) };
        // SAFETY: the executor's reference, which it will never take.
        unsafe { release(cell) };
        panic.map(resume_unwind);
    } else {
        local.enlist(cell);
        shared.wake_local(local, cell);
    }
    handle
}

/// Spawns from any thread, through the inbox.
pub(crate) fn spawn_remote<F>(
    shared: &SharedRef,
    future: F,
    origin: Origin,
    extras: Extras,
) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    shared.count_cell();
    let flags = flags::FRESH | flags::SENT;
    let cell = Task::boxed(State::sent(), shared, flags, future, origin, extras);
    // SAFETY: made with interest in the result and a reference for the handle.
    let handle = unsafe { JoinHandle::from_cell(cell) };
    if shared.send(cell).is_err() {
        // SAFETY: the inbox is closed, so the cell was seen by this thread alone, and its future may
        // be dropped here: it would have been sent.
        let panic = unsafe { fail(cell, JoinError::ExecutorDropped) };
        // SAFETY: the inbox's reference, which it did not take.
        unsafe { release(cell) };
        // SAFETY: the executor's reference, which it will never take.
        unsafe { release(cell) };
        panic.map(resume_unwind);
    }
    handle
}

impl TaskRef {
    /// What is known of the task.
    pub fn meta(&self) -> TaskMeta<'_> {
        TaskMeta { cell: self.cell, life: PhantomData }
    }

    /// Takes the executor's reference up.
    ///
    /// # Safety
    /// No other `TaskRef` carries it, and the executor has not given it up.
    pub(super) unsafe fn hold(cell: NonNull<Header>) -> Self {
        let task = Self { cell };
        let flags = &task.header().fields.flags;
        debug_assert!(flags.get() & flags::HELD == 0, "one `TaskRef` per task");
        flags.set(flags.get() | flags::HELD);
        task
    }

    /// # Safety
    /// The cell was a `TaskRef` before, and is none any more.
    #[inline]
    pub(super) unsafe fn from_cell(cell: NonNull<Header>) -> Self {
        Self { cell }
    }

    #[inline]
    pub(super) fn cell(&self) -> NonNull<Header> {
        self.cell
    }

    pub(crate) fn set_ready(&self, now_ns: u64) {
        self.header().fields.ready_ns.set(now_ns);
    }

    /// Whether it is one of this executor's.
    #[inline]
    pub(crate) fn belongs_to(&self, shared: &SharedRef) -> bool {
        self.header().shared == shared.as_ptr()
    }

    /// Whether it stands for a future that drives the executor.
    #[inline]
    pub(crate) fn is_root(&self) -> bool {
        self.header().fields.flags.get() & flags::ROOT != 0
    }

    /// Whether it has never been queued; says so once.
    #[inline]
    pub(crate) fn take_fresh(&self) -> bool {
        let flags = &self.header().fields.flags;
        let before = flags.get();
        flags.set(before & !flags::FRESH);
        before & flags::FRESH != 0
    }

    pub(crate) fn set_group(&self, group: u32) {
        self.header().fields.group.set(group);
    }

    /// Polls the task, or drops its future if it was aborted. Does not unwind.
    #[inline]
    pub(crate) fn run(&self, local: &Local) -> Step {
        let header = self.header();
        let flags = &header.fields.flags;
        debug_assert!(flags.get() & flags::DONE == 0, "a task that is done is not queued");
        flags.set((flags.get() | flags::RUNNING) & !flags::WOKEN);
        local.set_running(Some(self.cell));
        let step = if header.state.is_aborted() { self.cancel() } else { self.poll() };
        local.set_running(None);
        flags.set(flags.get() & !flags::RUNNING);
        step
    }

    /// After a poll that was pending: the task again if it was woken meanwhile.
    #[inline]
    pub(crate) fn woken_again(self, now_ns: u64) -> Option<Self> {
        let fields = &self.header().fields;
        let flags = fields.flags.get();
        if flags & flags::WOKEN == 0 {
            return None;
        }
        fields.flags.set(flags & !flags::WOKEN);
        fields.ready_ns.set(now_ns);
        Some(self)
    }

    /// Ends a task that was never polled.
    pub(crate) fn refuse(self, error: JoinError) -> Option<Payload> {
        // SAFETY: on the owner's thread, and the future is there.
        unsafe { fail(self.cell, error) }
    }

    /// Back to where it came from: for one that turned up at the wrong place.
    pub(crate) fn rewake(self) {
        let task = ManuallyDrop::new(self);
        // SAFETY: it is not dropped, nor used after this.
        let cell = unsafe { task.let_go() };
        if let Some(cell) = cell {
            // SAFETY: not done, so the executor's reference keeps it alive.
            unsafe { super::waker::wake_cell(cell) };
        }
    }

    /// Leaves the executor's reference to the executor; or, after the task's end, gives it up, and
    /// answers with nothing.
    ///
    /// # Safety
    /// The `TaskRef` is forgotten.
    #[inline]
    unsafe fn let_go(&self) -> Option<NonNull<Header>> {
        let fields = &self.header().fields;
        let flags = fields.flags.get();
        fields.flags.set(flags & !flags::HELD);
        if flags & flags::DONE == 0 {
            return Some(self.cell);
        }
        // SAFETY: every cell keeps what its executor shares alive.
        let shared = unsafe { self.header().shared.as_ref() };
        if let Some(local) = shared.local() {
            local.strike(fields);
        }
        // SAFETY: the executor's reference: the task is not listed any more, so nobody else will
        // give it up.
        unsafe { release(self.cell) };
        None
    }

    #[inline]
    fn poll(&self) -> Step {
        // SAFETY: this `TaskRef`'s reference outlives the poll, and the waker is not dropped.
        let waker = unsafe { lend(self.cell) };
        let mut cx = Context::from_waker(&waker);
        let poll = self.header().vtable.poll;
        // SAFETY: the owner's thread, as a `TaskRef` never leaves it; not done, so the future is
        // there.
        match unsafe { poll(self.cell, &mut cx) } {
            Polled::Pending => Step::Pending,
            Polled::Ready => {
                self.done();
                // SAFETY: the result is in place.
                Step::Finished(unsafe { publish(self.cell) })
            }
            Polled::Panicked(panic) => {
                // SAFETY: the owner's thread, and not published before.
                Step::Finished(unsafe { end(self.cell, Ending::Panic(panic)) })
            }
        }
    }

    fn cancel(&self) -> Step {
        // SAFETY: the owner's thread, and not done before.
        Step::Finished(unsafe { end(self.cell, Ending::Error(JoinError::Cancelled)) })
    }

    fn done(&self) {
        let flags = &self.header().fields.flags;
        flags.set(flags.get() | flags::DONE);
    }

    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: the reference that this carries keeps it alive.
        unsafe { self.cell.as_ref() }
    }
}

impl Drop for TaskRef {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: this is the end of it.
        unsafe { self.let_go() };
    }
}

impl fmt::Debug for TaskRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskRef").field(&self.meta()).finish()
    }
}

/// Why a task ends without an output.
enum Ending {
    Error(JoinError),
    Panic(Payload),
}

/// Drops the future, if it is there still, and publishes the error. A panic of the future's
/// destructor takes the error's place.
///
/// Answers with the panic that has to go on, if panics of this task do.
///
/// # Safety
/// The owner's thread, or a cell that no other thread has seen. The caller holds a reference. The
/// task was not published before.
unsafe fn end(cell: NonNull<Header>, ending: Ending) -> Option<Payload> {
    // SAFETY: the caller's reference keeps it alive.
    let header = unsafe { cell.as_ref() };
    let flags = &header.fields.flags;
    // Whatever the destructors wake, it is not this task.
    flags.set(flags.get() | flags::DONE);
    // SAFETY: the cell is the caller's.
    let dropped = unsafe { (header.vtable.clear)(cell) };
    let panic = match (ending, dropped) {
        (Ending::Panic(panic), _) | (Ending::Error(_), Err(panic)) => panic,
        (Ending::Error(error), Ok(())) => {
            // SAFETY: the cell is the caller's, and empty.
            unsafe { (header.vtable.set_error)(cell, error) };
            // SAFETY: the error is in place.
            return unsafe { publish(cell) };
        }
    };
    let (error, goes_on) = if flags.get() & flags::CATCHES != 0 {
        (JoinError::panic(panic), None)
    } else {
        (JoinError::panic_of(&*panic), Some(panic))
    };
    // SAFETY: the cell is the caller's, and empty.
    unsafe { (header.vtable.set_error)(cell, error) };
    // SAFETY: the error is in place.
    let published = unsafe { publish(cell) };
    goes_on.or(published)
}

/// As `end`, for one who is not in the middle of a poll.
///
/// # Safety
/// As for `end`.
pub(super) unsafe fn fail(cell: NonNull<Header>, error: JoinError) -> Option<Payload> {
    // SAFETY: as for this function.
    unsafe { end(cell, Ending::Error(error)) }
}

/// Shows the result to the join handle, or drops it if there is none.
///
/// Answers with the panic that has to go on, if panics of this task do.
///
/// # Safety
/// The result is in place, and was not published before. The caller holds a reference.
unsafe fn publish(cell: NonNull<Header>) -> Option<Payload> {
    // SAFETY: the caller's reference keeps it alive.
    let header = unsafe { cell.as_ref() };
    let joiner = header.state.complete();
    let outcome = if !joiner.is_interested {
        // SAFETY: the handle went without the result, so it stays with the owner.
        unsafe { (header.vtable.clear)(cell) }
    } else if joiner.has_waker {
        header.join_waker.with(|slot| {
            // SAFETY: the bit was set when the task became complete, so nobody writes again.
            let waker = unsafe { &*slot };
            let wake = || waker.iter().for_each(Waker::wake_by_ref);
            catch_unwind(AssertUnwindSafe(wake))
        })
    } else {
        return None;
    };
    outcome.err().filter(|_| header.fields.flags.get() & flags::CATCHES == 0)
}

/// What a task may carry beyond its future.
pub(crate) trait MaybeExtras: 'static {
    fn extras(&self) -> Option<&Extras>;
}

impl MaybeExtras for () {
    fn extras(&self) -> Option<&Extras> {
        None
    }
}

impl MaybeExtras for Extras {
    fn extras(&self) -> Option<&Extras> {
        Some(self)
    }
}

impl<F: Future, X: MaybeExtras> Task<F, X> {
    const VTABLE: Vtable = Vtable {
        poll: Self::poll,
        clear: Self::clear,
        set_error: Self::set_error,
        take: Self::take,
        free: Self::free,
        extras: Self::extras,
    };

    fn boxed(
        state: State,
        shared: &SharedRef,
        flags: u8,
        future: F,
        origin: Origin,
        extras: X,
    ) -> NonNull<Header> {
        let fields = Fields {
            id: TaskId::next(),
            spawned_ns: Cell::new(0),
            ready_ns: Cell::new(0),
            word: Cell::new(0),
            slot: Cell::new(NO_SLOT),
            queue: Cell::new(origin.queue),
            group: Cell::new(origin.group),
            priority: origin.priority,
            flags: Cell::new(if origin.catches { flags | flags::CATCHES } else { flags }),
        };
        let header = Header {
            state,
            vtable: &Self::VTABLE,
            shared: shared.as_ptr(),
            link: Cell::new(None),
            inbox_link: Cell::new(ptr::null_mut()),
            join_waker: UnsafeCell::new(None),
            location: origin.location,
            fields,
        };
        let task = Self { header, extras, stage: UnsafeCell::new(Stage::Future(future)) };
        NonNull::from(Box::leak(Box::new(task))).cast()
    }

    unsafe fn poll(cell: NonNull<Header>, cx: &mut Context<'_>) -> Polled {
        // SAFETY: alive, and of this type.
        let stage = unsafe { Self::stage(cell) };
        let polled = stage.with_mut(|stage| {
            // SAFETY: the owner's thread, and nobody else is at it before it is published.
            let Stage::Future(future) = (unsafe { &mut *stage }) else {
                unreachable!("a task is polled after its end")
            };
            // SAFETY: the cell does not move, and the future is dropped where it is.
            let future = unsafe { Pin::new_unchecked(future) };
            catch_unwind(AssertUnwindSafe(|| future.poll(cx)))
        });
        let output = match polled {
            Ok(Poll::Pending) => return Polled::Pending,
            Ok(Poll::Ready(output)) => output,
            Err(panic) => return Polled::Panicked(panic),
        };
        // SAFETY: the owner's thread.
        match unsafe { Self::clear(cell) } {
            Ok(()) => {
                // SAFETY: empty, and the owner's.
                stage.with_mut(|stage| unsafe { stage.write(Stage::Result(Ok(output))) });
                Polled::Ready
            }
            Err(panic) => {
                // An output whose destructor panics as well has nothing new to say.
                let _ = catch_unwind(AssertUnwindSafe(|| drop(output)));
                Polled::Panicked(panic)
            }
        }
    }

    unsafe fn clear(cell: NonNull<Header>) -> Result<(), Payload> {
        // SAFETY: alive, and of this type.
        let stage = unsafe { Self::stage(cell) };
        stage.with_mut(|stage| {
            // SAFETY: the caller's; it is written over below without being dropped again.
            let outcome = catch_unwind(AssertUnwindSafe(|| unsafe { ptr::drop_in_place(stage) }));
            // SAFETY: the caller's, and nothing in it is left to be dropped.
            unsafe { stage.write(Stage::Empty) };
            outcome
        })
    }

    unsafe fn set_error(cell: NonNull<Header>, error: JoinError) {
        // SAFETY: alive, and of this type.
        let stage = unsafe { Self::stage(cell) };
        // SAFETY: the caller's, and empty.
        stage.with_mut(|stage| unsafe { stage.write(Stage::Result(Err(error))) });
    }

    unsafe fn take(cell: NonNull<Header>, into: *mut ()) {
        // SAFETY: alive, and of this type.
        let stage = unsafe { Self::stage(cell) };
        // SAFETY: the result is the caller's, who takes it once.
        let stage = stage.with_mut(|stage| unsafe { stage.replace(Stage::Empty) });
        let Stage::Result(result) = stage else { unreachable!("a result is taken twice") };
        // SAFETY: the caller gives room for just this type.
        unsafe { into.cast::<Result<F::Output, JoinError>>().write(result) };
    }

    unsafe fn free(cell: NonNull<Header>) {
        // SAFETY: made by `boxed` from a box of this type; nobody else refers to it.
        drop(unsafe { Box::from_raw(cell.cast::<Self>().as_ptr()) });
    }

    unsafe fn extras(cell: NonNull<Header>) -> Option<NonNull<Extras>> {
        let task = cell.cast::<Self>().as_ptr();
        // SAFETY: the cell is alive and of this type; extras never change.
        let extras = unsafe { &(*task).extras };
        extras.extras().map(NonNull::from)
    }

    /// # Safety
    /// The cell is alive for as long as the answer is used, and of this type.
    unsafe fn stage<'a>(cell: NonNull<Header>) -> &'a UnsafeCell<Stage<F>> {
        let task = cell.cast::<Self>().as_ptr();
        // SAFETY: as for this function.
        unsafe { &(*task).stage }
    }
}

/// Stands for a future that drives the executor: wakes for it come the way that all wakes come.
pub(crate) struct Root {
    cell: NonNull<Header>,
    _shared: SharedRef,
}

/// Never polled.
struct Nothing;

impl Future for Nothing {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl Root {
    #[track_caller]
    pub(crate) fn new(shared: &SharedRef, local: &Local, slot: u32) -> Self {
        if !local.count_cell() {
            shared.count_cell();
        }
        let location = std::panic::Location::caller();
        let origin =
            Origin { queue: NO_QUEUE, group: NO_GROUP, priority: 0, catches: true, location };
        let cell = Task::boxed(State::lone(), shared, flags::ROOT, Nothing, origin, ());
        // SAFETY: just made.
        unsafe { cell.as_ref() }.fields.word.set(slot.into());
        Self { cell, _shared: shared.clone() }
    }

    /// A waker for the future.
    pub(crate) fn waker(&self) -> Waker {
        // SAFETY: this root's reference outlives the borrowed waker.
        let waker = unsafe { lend(self.cell) };
        Waker::clone(&waker)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // SAFETY: this root's reference.
        let header = unsafe { self.cell.as_ref() };
        let flags = header.fields.flags.get();
        // SAFETY: the owner's thread: whatever drives an executor stays there.
        let panic = unsafe { fail(self.cell, JoinError::Cancelled) };
        debug_assert!(panic.is_none(), "nothing has no destructor");
        if flags & flags::HELD == 0 {
            // SAFETY: no `TaskRef` carries it, so it is given up here.
            unsafe { release(self.cell) };
        }
    }
}
