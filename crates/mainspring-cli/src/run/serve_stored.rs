//! Serves files from a store until a signal says stop.

use std::io;
use std::sync::Arc;

use mainspring_job::store::Store;
use mainspring_scheduler::{Error, StoreScheduler};
use tokio::time::timeout;
use tracing::{error, info};

use super::stored::{Change, StoredTable};
use super::{LAST_RESORT, NEVER, Runner, announce_next, note, read, refuse_reload, stop, tell};
use crate::cli::{Run, RunStore};
use crate::exit::Exit;
use crate::jobs::{JobFile, Reading};
use crate::stored::Address;
use crate::sys::{Request, Signals};

pub(super) async fn serve(
    arguments: &Run,
    reading: Reading<'_>,
    job_files: &[JobFile],
    store: Arc<dyn Store>,
) -> io::Result<Exit> {
    let mut signals = Signals::new()?;
    let scheduler = scheduler(arguments, store);
    #[cfg(feature = "dashboard")]
    let _dashboard = {
        let source = scheduler.clone().into();
        let store_name = match &arguments.store {
            Some(RunStore(Some(Address::Postgres(_)))) => "postgres",
            _ => "sqlite",
        };
        match super::listen::open(&arguments.listen, source, store_name, &arguments.files) {
            Ok(listening) => listening,
            Err(text) => return Ok(Exit::failed(text)),
        }
    };
    let runner = Runner::new()?;
    let mut table = StoredTable::new(scheduler.clone(), runner.clone())?;
    note(job_files);
    let teller = tokio::spawn(tell::tell(scheduler.events(), runner.clone()));
    let Change { added, changed, removed, unchanged } = match table.replace(job_files, true).await {
        Ok(change) => change,
        Err(error) => return Ok(Exit::failed(with_cause(&error))),
    };
    let jobs = added + changed + unchanged;
    let files = arguments.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>();
    info!(
        jobs,
        known = unchanged,
        removed,
        files = files.join(", "),
        node = scheduler.node(),
        "running"
    );
    announce_next(job_files);

    let mut driver = tokio::spawn({
        let scheduler = scheduler.clone();
        async move { scheduler.run().await }
    });
    loop {
        let request = tokio::select! {
            request = signals.next() => request,
            ended = &mut driver => {
                return Err(io::Error::other(format!("the scheduler has ended by itself: {ended:?}")));
            }
        };
        match request {
            Request::Stop => break,
            Request::Reload => reload(arguments, reading, &mut table).await,
        }
    }
    stop(arguments.grace, || scheduler.shutdown(NEVER), &runner, &mut signals).await;
    // The last outcomes are recorded on its way out.
    if timeout(LAST_RESORT, &mut driver).await.is_err() {
        error!("the store could not be told how the last runs ended");
        driver.abort();
    }
    teller.abort();
    Ok(if runner.killed() == 0 { Exit::Well } else { Exit::Killed })
}

/// Between machines another one takes over what a dead one has begun. On one machine nobody does, as under
/// cron: its command may well have survived the program.
fn scheduler(arguments: &Run, store: Arc<dyn Store>) -> StoreScheduler {
    let builder = StoreScheduler::builder(store).lease(arguments.lease);
    match &arguments.store {
        Some(RunStore(Some(Address::Postgres(_)))) => builder.build(),
        _ => builder.claims_max(1).build(),
    }
}

/// Reads the files again; a wrong one leaves everything as it was.
async fn reload(arguments: &Run, reading: Reading<'_>, table: &mut StoredTable) {
    let job_files = match read(&arguments.files, reading) {
        Ok(job_files) => job_files,
        Err(problems) => return refuse_reload(&problems),
    };
    note(&job_files);
    match table.replace(&job_files, false).await {
        Ok(Change { added, changed, removed, unchanged }) => {
            info!(added, changed, removed, unchanged, "reloaded");
            announce_next(&job_files);
        }
        Err(error) => error!(error = with_cause(&error), "not reloaded in full: send HUP again"),
    }
}

fn with_cause(error: &Error) -> String {
    error.store_error().map_or_else(|| error.to_string(), ToString::to_string)
}
