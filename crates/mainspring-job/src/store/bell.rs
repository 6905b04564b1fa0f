//! Wakes those who wait for news, without a runtime.
//!
//! # Ground rules
//! - Rings are counted, not queued: a watch that was not looking hears once of many.
//! - Wakers are called after the lock is released.

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// What a store rings when something has changed that a scheduler may want to look at.
///
/// Clones ring the same watches.
///
/// ```
/// use mainspring_job::store::Bell;
///
/// let bell = Bell::default();
/// let mut watch = bell.watch();
/// assert!(!watch.has_news());
/// bell.ring();
/// bell.ring();
/// assert!(watch.has_news());
/// assert!(!watch.has_news(), "two rings are one piece of news");
/// ```
#[derive(Clone, Default)]
pub struct Bell {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    rings: u64,
    last_watch: u64,
    watches: usize,
    wakers: HashMap<u64, Waker>,
}

impl Bell {
    /// Wakes every watch.
    pub fn ring(&self) {
        let mut state = self.lock();
        state.rings += 1;
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_values().for_each(Waker::wake);
    }

    /// A watch that hears of rings from now on.
    pub fn watch(&self) -> Watch {
        let mut state = self.lock();
        state.last_watch += 1;
        state.watches += 1;
        let (id, heard) = (state.last_watch, state.rings);
        drop(state);
        Watch { bell: self.clone(), id, heard }
    }

    /// Whether there is any watch, so that news is worth looking for.
    pub fn is_watched(&self) -> bool {
        self.lock().watches > 0
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No foreign code runs under the lock, so a poisoned state is a whole one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bell").field("rings", &self.lock().rings).finish_non_exhaustive()
    }
}

/// Hears of news in a store.
///
/// News is a hint: it says that looking is worth while, not what is to be seen, and it may be lost
/// (with a connection, or because another process wrote). Who relies on it also looks from time to
/// time.
#[derive(Debug)]
pub struct Watch {
    bell: Bell,
    id: u64,
    heard: u64,
}

impl Watch {
    /// Waits for news since this watch was made or last told of any.
    ///
    /// # Cancel safety
    /// Dropping the future loses no news.
    pub async fn changed(&mut self) {
        poll_fn(|cx| {
            let mut state = self.bell.lock();
            if state.rings != self.heard {
                self.heard = state.rings;
                return Poll::Ready(());
            }
            state.wakers.insert(self.id, cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Whether there is news, which is then told.
    pub fn has_news(&mut self) -> bool {
        let rings = self.bell.lock().rings;
        std::mem::replace(&mut self.heard, rings) != rings
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut state = self.bell.lock();
        state.watches -= 1;
        let waker = state.wakers.remove(&self.id);
        drop(state);
        drop(waker);
    }
}

#[cfg(test)]
mod tests {
    use super::Bell;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn a_ring_before_the_wait_is_heard() {
        let bell = Bell::default();
        let mut watch = bell.watch();
        bell.ring();
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(pin!(watch.changed()).poll(&mut cx), Poll::Ready(()));
        assert_eq!(pin!(watch.changed()).poll(&mut cx), Poll::Pending);
    }

    #[test]
    fn a_watch_that_is_gone_leaves_nothing_behind() {
        let bell = Bell::default();
        let mut watch = bell.watch();
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(pin!(watch.changed()).poll(&mut cx), Poll::Pending);
        assert!(bell.is_watched());
        drop(watch);
        assert!(bell.lock().wakers.is_empty());
        assert!(!bell.is_watched());
    }
}
