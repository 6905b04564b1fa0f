//! Finds handlers by name, and gives them their input.

use std::collections::HashMap;
use std::future::{Future, ready};
use std::sync::{Arc, PoisonError, RwLock};

use mainspring_job::JobName;
use serde::de::DeserializeOwned;

use crate::error::{Error, Kind};
use crate::handler::{Work, on_thread};
use crate::{Context, IntoOutcome, Spawn};

/// What a name stands for.
pub(crate) trait Receive: Send + Sync {
    /// Begins an attempt. Input that cannot be read is an attempt that fails.
    fn call(&self, context: Context, spawn: &dyn Spawn) -> Work;
}

#[derive(Default)]
pub(crate) struct Registry {
    handlers: RwLock<HashMap<JobName, Arc<dyn Receive>>>,
}

impl Registry {
    pub(crate) fn add(&self, name: &str, handler: Arc<dyn Receive>) -> Result<(), Error> {
        let name = JobName::new(name)?;
        // No foreign code runs under the lock, so a poisoned map is a whole one.
        let mut handlers = self.handlers.write().unwrap_or_else(PoisonError::into_inner);
        if handlers.contains_key(&name) {
            return Err(Kind::DuplicateHandler(name).into());
        }
        handlers.insert(name, handler);
        Ok(())
    }

    pub(crate) fn find(&self, name: &JobName) -> Option<Arc<dyn Receive>> {
        self.handlers.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

/// A future, polled on the runtime.
pub(crate) struct Async<F, I>(F, std::marker::PhantomData<fn(I)>);

/// A function that may block, called on a thread for such.
pub(crate) struct Blocking<F, I>(Arc<F>, std::marker::PhantomData<fn(I)>);

impl<F, I> Async<F, I> {
    pub(crate) fn new(handler: F) -> Self {
        Self(handler, std::marker::PhantomData)
    }
}

impl<F, I> Blocking<F, I> {
    pub(crate) fn new(handler: F) -> Self {
        Self(Arc::new(handler), std::marker::PhantomData)
    }
}

impl<F, Fut, I> Receive for Async<F, I>
where
    F: Fn(Context, I) -> Fut + Send + Sync,
    I: DeserializeOwned,
    Fut: Future + Send + 'static,
    Fut::Output: IntoOutcome,
{
    fn call(&self, context: Context, _: &dyn Spawn) -> Work {
        match context.data() {
            Ok(input) => {
                let work = (self.0)(context, input);
                Box::pin(async move { work.await.into_outcome() })
            }
            Err(error) => Box::pin(ready(Err(error))),
        }
    }
}

impl<F, I, T> Receive for Blocking<F, I>
where
    F: Fn(Context, I) -> T + Send + Sync + 'static,
    I: DeserializeOwned + Send + 'static,
    T: IntoOutcome,
{
    fn call(&self, context: Context, spawn: &dyn Spawn) -> Work {
        match context.data() {
            Ok(input) => {
                let handler = self.0.clone();
                on_thread(spawn, move || handler(context, input).into_outcome())
            }
            Err(error) => Box::pin(ready(Err(error))),
        }
    }
}
