//! Makes tasks, polls them, ends them.

use std::alloc::Layout;
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
use super::memory::{fresh, padded};
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
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Pending,
    /// The future has ended, or is to be ended: by `finish`.
    Over,
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
    Panic(Payload),
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
    let memory = local.memory.take(Task::<F, X>::LAYOUT);
    let birth = Birth { state: State::local(true), references: 2, flags: flags::FRESH };
    // SAFETY: fresh memory of that layout.
    let cell = unsafe { Task::write(memory, birth, shared, future, origin, extras) };
    // SAFETY: made with interest in the result and a reference for the handle.
    let handle = unsafe { JoinHandle::from_cell(cell) };
    let refusal = if local.is_closed() { Some(JoinError::ExecutorDropped) } else { refusal };
    if let Some(error) = refusal {
        // SAFETY: on the owner's thread, and the future is there.
        let panic = unsafe { end(cell, error) };
        // SAFETY: the error is in place; the reference is the executor's, which will never take it.
        let published = unsafe { deliver(cell) };
        if let Some(panic) = panic.or(published) {
            resume_unwind(panic);
        }
    } else {
        local.enlist(cell);
        // SAFETY: new, so the executor's reference is free to carry.
        local.ready(unsafe { TaskRef::hold(cell) });
        shared.wake_host(local);
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
    let memory = fresh(Task::<F, Extras>::LAYOUT);
    let flags = flags::FRESH | flags::SENT;
    let birth = Birth { state: State::sent(), references: 0, flags };
    // SAFETY: fresh memory of that layout.
    let cell = unsafe { Task::write(memory, birth, shared, future, origin, extras) };
    // SAFETY: made with interest in the result and a reference for the handle.
    let handle = unsafe { JoinHandle::from_cell(cell) };
    if shared.send(cell).is_err() {
        // SAFETY: the inbox is closed, so the cell was seen by this thread alone, and its future may
        // be dropped here: it would have been sent.
        let panic = unsafe { end(cell, JoinError::ExecutorDropped) };
        // SAFETY: the inbox's reference, which it did not take.
        unsafe { release(cell) };
        // SAFETY: the error is in place; the reference is the executor's, which will never take it.
        let published = unsafe { deliver(cell) };
        if let Some(panic) = panic.or(published) {
            resume_unwind(panic);
        }
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

    /// Polls the task, unless it was aborted. Does not unwind.
    #[inline]
    pub(crate) fn run(&self, local: &Local) -> Step {
        let header = self.header();
        let flags = &header.fields.flags;
        debug_assert!(flags.get() & flags::DONE == 0, "a task that is done is not queued");
        if header.state.is_aborted() || flags.get() & flags::PANICKED != 0 {
            return Step::Over;
        }
        flags.set((flags.get() | flags::RUNNING) & !flags::WOKEN);
        local.set_running(Some(self.cell));
        // SAFETY: this `TaskRef`'s reference outlives the poll, and the waker is not dropped.
        let waker = unsafe { lend(self.cell) };
        // SAFETY: the owner's thread, as a `TaskRef` never leaves it; not done, so the future is
        // there.
        let polled = unsafe { (header.vtable.poll)(self.cell, &mut Context::from_waker(&waker)) };
        local.set_running(None);
        match polled {
            // An abort wakes, so there is nothing to be seen without that.
            Polled::Pending if flags.get() & flags::WOKEN != 0 && header.state.is_aborted() => {
                Step::Over
            }
            Polled::Pending => Step::Pending,
            Polled::Ready => {
                flags.set(flags.get() | flags::DONE);
                Step::Over
            }
            Polled::Panicked => {
                flags.set(flags.get() | flags::PANICKED);
                Step::Over
            }
        }
    }

    /// After a poll that was pending: the task again if it was woken meanwhile.
    #[inline]
    pub(crate) fn woken_again(self, now_ns: u64) -> Option<Self> {
        let task = ManuallyDrop::new(self);
        let fields = &task.header().fields;
        let flags = fields.flags.get();
        if flags & flags::WOKEN == 0 {
            // As `let_go`, for one that is known not to be done.
            fields.flags.set(flags & !(flags::RUNNING | flags::HELD));
            return None;
        }
        fields.flags.set(flags & !(flags::RUNNING | flags::WOKEN));
        fields.ready_ns.set(now_ns);
        Some(ManuallyDrop::into_inner(task))
    }

    /// After the last poll: drops the future, if need be, shows the result, and forgets the task.
    /// Answers with the panic that has to go on.
    #[inline]
    pub(crate) fn finish(self) -> Option<Payload> {
        let flags = self.header().fields.flags.get();
        let mut panic = None;
        if flags & flags::DONE == 0 {
            // SAFETY: the owner's thread, and neither done nor published.
            panic = unsafe { end(self.cell, JoinError::Cancelled) };
        }
        let task = ManuallyDrop::new(self);
        // SAFETY: it is not dropped, nor used after this.
        match unsafe { task.let_go() } {
            Ok(_) => panic,
            Err(published) => panic.or(published),
        }
    }

    /// Ends a task that was never polled.
    pub(crate) fn refuse(self, error: JoinError) -> Option<Payload> {
        // SAFETY: on the owner's thread, and the future is there.
        let panic = unsafe { end(self.cell, error) };
        let published = self.finish();
        panic.or(published)
    }

    /// Back to where it came from: for one that turned up at the wrong place.
    pub(crate) fn rewake(self) {
        let task = ManuallyDrop::new(self);
        // SAFETY: it is not dropped, nor used after this.
        let cell = unsafe { task.let_go() };
        if let Ok(cell) = cell {
            // SAFETY: not done, so the executor's reference keeps it alive.
            unsafe { super::waker::wake_cell(cell) };
        }
    }

    /// Leaves the executor's reference to the executor; or, after the task's end, shows the result
    /// and gives the reference up.
    ///
    /// # Safety
    /// The `TaskRef` is forgotten.
    #[inline]
    unsafe fn let_go(&self) -> Result<NonNull<Header>, Option<Payload>> {
        let fields = &self.header().fields;
        let flags = fields.flags.get();
        fields.flags.set(flags & !flags::HELD);
        if flags & flags::DONE == 0 {
            return Ok(self.cell);
        }
        // SAFETY: every cell keeps what its executor shares alive.
        let shared = unsafe { self.header().shared.as_ref() };
        if let Some(local) = shared.local() {
            local.strike(fields);
        }
        if flags & flags::PUBLISHED == 0 {
            // SAFETY: done and not published, so the result is in place; the reference is the
            // executor's, and as the task is not listed any more, nobody else will give it up.
            Err(unsafe { deliver(self.cell) })
        } else {
            // SAFETY: as above.
            unsafe { release(self.cell) };
            Err(None)
        }
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
        // SAFETY: this is the end of it. A panic that comes out only here has nobody to go to.
        let _ = unsafe { self.let_go() };
    }
}

impl fmt::Debug for TaskRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskRef").field(&self.meta()).finish()
    }
}

/// Drops the future, if it is there still, and puts the error in its place; or, in the error's, a
/// panic of the last poll or of the future's destructor.
///
/// Answers with the panic that has to go on, if panics of this task do.
///
/// # Safety
/// The owner's thread, or a cell that no other thread has seen. The caller holds a reference. The
/// task is neither done nor published.
pub(super) unsafe fn end(cell: NonNull<Header>, error: JoinError) -> Option<Payload> {
    // SAFETY: the caller's reference keeps it alive.
    let header = unsafe { cell.as_ref() };
    let (flags, vtable) = (&header.fields.flags, header.vtable);
    let has_panicked = flags.get() & flags::PANICKED != 0;
    // Whatever the destructors wake, it is not this task.
    flags.set(flags.get() | flags::DONE);
    // SAFETY: the cell is the caller's, and a panicked poll has left its payload.
    let panic = has_panicked.then(|| unsafe { (vtable.take_panic)(cell) });
    // SAFETY: the cell is the caller's.
    let dropped = unsafe { (vtable.clear)(cell) };
    let (error, goes_on) = match panic.or(dropped.err()) {
        None => (error, None),
        Some(panic) if flags.get() & flags::CATCHES != 0 => (JoinError::panic(panic), None),
        Some(panic) => (JoinError::panic_of(&*panic), Some(panic)),
    };
    // SAFETY: the cell is the caller's, and empty.
    unsafe { (vtable.set_error)(cell, error) };
    goes_on
}

/// Shows the result to the join handle, or drops it if there is none, and gives the caller's
/// reference up.
///
/// Answers with the panic that has to go on, if panics of this task do.
///
/// # Safety
/// The result is in place, and was not published before. The caller's reference is not used after
/// this.
pub(super) unsafe fn deliver(cell: NonNull<Header>) -> Option<Payload> {
    // SAFETY: the caller's reference keeps it alive.
    let header = unsafe { cell.as_ref() };
    let fields = &header.fields;
    // Before the cell may be gone. Nothing is counted between here and there.
    fields.flags.set(fields.flags.get() | flags::PUBLISHED);
    if header.state.complete_and_leave(fields.references.get()) {
        return None;
    }
    // SAFETY: as for this function.
    let panic = unsafe { publish(cell) };
    // SAFETY: as for this function.
    unsafe { release(cell) };
    panic
}

/// Shows the result to the join handle, or drops it if there is none.
///
/// Answers with the panic that has to go on, if panics of this task do.
///
/// # Safety
/// The result is in place, and was not published before. The caller holds a reference.
pub(super) unsafe fn publish(cell: NonNull<Header>) -> Option<Payload> {
    // SAFETY: the caller's reference keeps it alive.
    let header = unsafe { cell.as_ref() };
    let fields = &header.fields;
    fields.flags.set(fields.flags.get() | flags::PUBLISHED);
    let joiner = header.state.complete(fields.references.get());
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

/// How a cell begins.
struct Birth {
    state: State,
    /// Counted on the owner's thread.
    references: i32,
    flags: u16,
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
    const LAYOUT: Layout = padded(Layout::new::<Self>());

    const VTABLE: Vtable = Vtable {
        poll: Self::poll,
        clear: Self::clear,
        take_panic: Self::take_panic,
        set_error: Self::set_error,
        take: Self::take,
        drop_rest: Self::drop_rest,
        layout: Self::LAYOUT,
        extras: Self::extras,
    };

    /// Writes a cell.
    ///
    /// # Safety
    /// The memory is of the cell's layout, and the caller's.
    #[inline]
    unsafe fn write(
        memory: NonNull<u8>,
        birth: Birth,
        shared: &SharedRef,
        future: F,
        origin: Origin,
        extras: X,
    ) -> NonNull<Header> {
        let Birth { state, references, flags } = birth;
        let fields = Fields {
            id: TaskId::next(),
            spawned_ns: Cell::new(0),
            ready_ns: Cell::new(0),
            word: Cell::new(0),
            references: Cell::new(references),
            slot: Cell::new(NO_SLOT),
            group: Cell::new(origin.group),
            // The builder takes no more queues than that; the last number means none.
            queue: origin.queue.try_into().unwrap_or(u16::MAX),
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
        let cell = memory.cast::<Self>();
        // SAFETY: as for this function.
        unsafe { cell.write(task) };
        cell.cast()
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
            // SAFETY: the owner's thread.
            Err(panic) => return unsafe { Self::panicked(cell, panic) },
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
                // SAFETY: the owner's thread.
                unsafe { Self::panicked(cell, panic) }
            }
        }
    }

    /// Drops the future, if it is there still, and leaves the payload in its place. A second panic
    /// on the way has nothing new to say.
    ///
    /// # Safety
    /// The owner's thread.
    #[cold]
    unsafe fn panicked(cell: NonNull<Header>, panic: Payload) -> Polled {
        // SAFETY: the owner's thread.
        let _ = unsafe { Self::clear(cell) };
        // SAFETY: alive, and of this type.
        let stage = unsafe { Self::stage(cell) };
        // SAFETY: empty, and the owner's.
        stage.with_mut(|stage| unsafe { stage.write(Stage::Panic(panic)) });
        Polled::Panicked
    }

    unsafe fn take_panic(cell: NonNull<Header>) -> Payload {
        // SAFETY: alive, and of this type.
        let stage = unsafe { Self::stage(cell) };
        // SAFETY: the caller's.
        let stage = stage.with_mut(|stage| unsafe { stage.replace(Stage::Empty) });
        let Stage::Panic(panic) = stage else { unreachable!("no poll has left a panic") };
        panic
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

    unsafe fn drop_rest(cell: NonNull<Header>) {
        // SAFETY: of this type; nobody else refers to it, nor will use it again.
        unsafe { cell.cast::<Self>().drop_in_place() };
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
        let origin = Origin { queue: NO_QUEUE, group: NO_GROUP, catches: true, location };
        let memory = local.memory.take(Task::<Nothing, ()>::LAYOUT);
        let birth = Birth { state: State::local(false), references: 1, flags: flags::ROOT };
        // SAFETY: fresh memory of that layout.
        let cell = unsafe { Task::write(memory, birth, shared, Nothing, origin, ()) };
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
        let panic = unsafe { end(self.cell, JoinError::Cancelled) };
        debug_assert!(panic.is_none(), "nothing has no destructor");
        if flags & flags::HELD == 0 {
            // SAFETY: an error is in place; no `TaskRef` carries the reference, so it ends here.
            let _ = unsafe { deliver(self.cell) };
        }
    }
}
