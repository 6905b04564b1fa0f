//! Hands out connections, and makes calls again that a restart or a rival broke.
//!
//! # Ground rules
//! - A call that may be made twice without harm is made again after a broken connection; any call is after
//!   a deadlock, since then the server has undone it.
//! - Between attempts to connect the pauses grow, up to a second.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::{
    Client, Hook, HookError, Manager, ManagerConfig, Pool as Connections, PoolError,
    RecyclingMethod,
};
use mainspring_job::store::{StoreError, StoreErrorKind};
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Remedy, Result, explained, remedy};

/// All statements here find a few rows by an index, among many. A plan that was made while the tables were
/// empty would scan them, and be kept.
const SETTINGS: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; \
    SET enable_mergejoin = off; SET enable_bitmapscan = off; SET jit = off";

/// Whether a call may be made again when it is not known whether it was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Twice {
    Harmless,
    Harmful,
}

#[derive(Debug)]
pub(crate) struct Pool {
    connections: Connections,
    patience: Duration,
}

impl Pool {
    pub(crate) fn new(
        config: Config,
        tls: MakeRustlsConnect,
        size: usize,
        patience: Duration,
    ) -> Result<Self> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config, tls, recycling);
        let settings = Hook::async_fn(|client: &mut deadpool_postgres::ClientWrapper, _| {
            Box::pin(
                async move { client.batch_execute(SETTINGS).await.map_err(HookError::Backend) },
            )
        });
        let connections = Connections::builder(manager).max_size(size).post_create(settings);
        let connections = connections.build().map_err(|error| {
            StoreError::new(StoreErrorKind::Other, "the pool cannot be made").caused_by(error)
        })?;
        Ok(Self { connections, patience })
    }

    /// Makes a call, again if need be, until the patience is over.
    pub(crate) async fn call<'a, T>(
        &self,
        twice: Twice,
        call: impl Fn(Client) -> Call<'a, T> + Send,
    ) -> Result<T> {
        let last = Mutex::new(None);
        let attempts = async {
            let mut pause = Duration::from_millis(10);
            loop {
                let error = match self.client().await {
                    Ok(client) => match call(client).await {
                        Ok(done) => return Ok(done),
                        Err(Trouble::Store(error)) => return Err(error),
                        Err(Trouble::Database(error)) => match (remedy(&error), twice) {
                            (Remedy::Again, _) => continue,
                            (Remedy::Reconnect, Twice::Harmless) => explained(error),
                            _ => return Err(explained(error)),
                        },
                    },
                    Err(error) if error.kind() == StoreErrorKind::Unavailable => error,
                    Err(error) => return Err(error),
                };
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(1));
            }
        };
        if let Ok(done) = tokio::time::timeout(self.patience, attempts).await {
            return done;
        }
        let text = format!("the database did not answer within {:?}", self.patience);
        let error = StoreError::new(StoreErrorKind::Unavailable, text);
        Err(match last.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(cause) => error.caused_by(cause),
            None => error,
        })
    }

    async fn client(&self) -> Result<Client> {
        self.connections.get().await.map_err(|error| match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                explained(error)
            }
            error => {
                let text = "no connection to the database can be had";
                StoreError::new(StoreErrorKind::Unavailable, text).caused_by(error)
            }
        })
    }
}

/// One attempt at a call.
pub(crate) type Call<'a, T> =
    Pin<Box<dyn Future<Output = std::result::Result<T, Trouble>> + Send + 'a>>;

/// Why a call failed.
pub(crate) enum Trouble {
    /// The database said so, or is gone.
    Database(tokio_postgres::Error),
    /// What it said makes no sense, or what was asked does not.
    Store(StoreError),
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
