//! Finds the driver of the current runtime, and makes it at first use.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

use tokio::runtime::{Handle, Id};

use super::shared::Shared;
use super::{Backend, Driver};

/// Alive as long as their runtimes: the I/O driver says goodbye by an error.
static DRIVERS: LazyLock<Mutex<HashMap<Id, Arc<Shared>>>> = LazyLock::new(Mutex::default);

thread_local! {
    /// The one asked for last on this thread.
    static LAST: RefCell<Option<(Id, Weak<Shared>)>> = const { RefCell::new(None) };
}

/// The driver of the current runtime.
pub(crate) fn current() -> io::Result<Driver> {
    let handle =
        Handle::try_current().map_err(|error| io::Error::new(io::ErrorKind::Unsupported, error))?;
    let id = handle.id();
    if let Some(shared) = last(id) {
        return Ok(Driver { shared });
    }
    let mut drivers = lock();
    let shared = match drivers.get(&id) {
        Some(shared) => Arc::clone(shared),
        None => {
            let shared = Shared::in_runtime(Backend::Auto)?;
            drivers.insert(id, Arc::clone(&shared));
            shared
        }
    };
    drop(drivers);
    // While the thread ends its locals may be gone; the registry does.
    let _ = LAST.try_with(|last| *last.borrow_mut() = Some((id, Arc::downgrade(&shared))));
    Ok(Driver { shared })
}

/// The driver of the current runtime, or a thread where descriptors have run out.
///
/// # Panics
/// Where tokio's own timers do: outside a runtime, and in one without a driver.
#[track_caller]
pub(crate) fn current_or_thread() -> Driver {
    match current() {
        Ok(driver) => driver,
        Err(error) if error.kind() == io::ErrorKind::Unsupported => panic!("{error}"),
        Err(error) => match stand_in() {
            Ok(driver) => driver,
            Err(_) => panic!("no timer is to be had, nor a thread in its place: {error}"),
        },
    }
}

/// A driver for the whole process, on a thread: it needs nothing that can run out later.
fn stand_in() -> io::Result<Driver> {
    static STAND_IN: Mutex<Option<Driver>> = Mutex::new(None);
    let mut stand_in = STAND_IN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(driver) = &*stand_in {
        return Ok(driver.clone());
    }
    Ok(stand_in.insert(Driver::thread()?).clone())
}

/// The driver of the current runtime, if that is another than `driver`'s.
pub(super) fn other_than(driver: &Driver) -> Option<Driver> {
    let current = current().ok()?;
    (current != *driver).then_some(current)
}

/// Drops the driver of a runtime that has gone.
pub(super) fn forget(shared: &Shared) {
    lock().retain(|_, kept| !std::ptr::eq(&**kept, shared));
}

fn last(id: Id) -> Option<Arc<Shared>> {
    let find = |last: &RefCell<Option<(Id, Weak<Shared>)>>| match &*last.borrow() {
        Some((its, shared)) if *its == id => shared.upgrade(),
        _ => None,
    };
    LAST.try_with(find).ok().flatten()
}

fn lock() -> MutexGuard<'static, HashMap<Id, Arc<Shared>>> {
    // Making a driver may panic, but not between two changes of the map.
    DRIVERS.lock().unwrap_or_else(PoisonError::into_inner)
}
