//! `mainspring jobs`, `runs`, `history`, `trigger`, `pause` and their like: what a store keeps.

mod address;
mod arguments;
mod change;
mod prune;
mod show;

use std::io::{self, Write};
use std::sync::Arc;

use mainspring_job::store::{JobQuery, RunQuery, Store, StoreError};

pub(crate) use self::address::Address;
pub(crate) use self::arguments::{Cancel, Command, Jobs, Named, Prune};
use self::change::Change;
use crate::exit::Exit;

/// So many jobs are read at a time.
const PAGE: usize = 1000;

/// Why a command about a store ended early.
enum Failure {
    Store(String),
    Output(io::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

pub(crate) fn carry_out(command: &Command) -> io::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(with_store(command)) {
        Ok(exit) => Ok(exit),
        Err(Failure::Store(text)) => Ok(Exit::failed(text)),
        Err(Failure::Output(error)) => Err(error),
    }
}

async fn with_store(command: &Command) -> Result<Exit, Failure> {
    let given = command.store().store.clone();
    let address = given.map_or_else(Address::only_one, Ok).map_err(Failure::Store)?;
    let makes = matches!(command, Command::Migrate(_));
    let store = address.open(makes).await.map_err(Failure::Store)?;
    let out = &mut anstream::stdout().lock();
    match command {
        Command::Jobs(arguments) => jobs(&store, arguments, out).await,
        Command::Runs(arguments) => {
            let query = RunQuery::live(arguments.count);
            runs(&store, query, arguments.name.as_deref(), arguments.store.json, out).await
        }
        Command::History(arguments) => {
            let query = RunQuery { state: arguments.state, ..RunQuery::history(arguments.count) };
            runs(&store, query, arguments.name.as_deref(), arguments.store.json, out).await
        }
        Command::Trigger(named) => change::each(&store, named, Change::Trigger, out).await,
        Command::Pause(named) => change::each(&store, named, Change::Pause, out).await,
        Command::Resume(named) => change::each(&store, named, Change::Resume, out).await,
        Command::Remove(named) => change::each(&store, named, Change::Remove, out).await,
        Command::Cancel(arguments) => change::cancel(&store, arguments, out).await,
        Command::Prune(arguments) => prune::prune(&store, arguments, out).await,
        Command::Migrate(arguments) => {
            let now = store.now().await?;
            match arguments.store.json {
                true => writeln!(out, "{}", serde_json::json!({"store": address.to_string()}))?,
                false => writeln!(out, "{address} is up to date; its clock says {now:.0}")?,
            }
            Ok(Exit::Well)
        }
    }
}

async fn jobs(
    store: &Arc<dyn Store>,
    arguments: &Jobs,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let mut table = show::JobTable::new(arguments.store.json);
    if !arguments.names.is_empty() {
        let mut exit = Exit::Well;
        for name in &arguments.names {
            match store.job(name).await? {
                Some(job) => table.push(&job, out)?,
                None => exit = change::unknown(store, name).await?,
            }
        }
        table.finish(out)?;
        return Ok(exit);
    }
    let mut query = JobQuery::first(PAGE);
    loop {
        let page = store.jobs(&query).await?;
        for job in &page {
            table.push(job, out)?;
        }
        match page.last().filter(|_| page.len() == PAGE) {
            Some(last) => query = query.after(last.name.as_str()),
            None => break,
        }
    }
    table.finish(out)?;
    Ok(Exit::Well)
}

async fn runs(
    store: &Arc<dyn Store>,
    query: RunQuery,
    name: Option<&str>,
    json: bool,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let query = RunQuery { name: name.map(str::to_owned), ..query };
    let runs = store.runs(&query).await?;
    if let Some(name) = name.filter(|_| runs.is_empty())
        && store.job(name).await?.is_none()
        && store.runs(&RunQuery::history(1).named(name)).await?.is_empty()
    {
        return Ok(change::unknown(store, name).await?);
    }
    let mut table = show::RunTable::new(json, query.ended);
    for run in &runs {
        table.push(run, out)?;
    }
    table.finish(out)?;
    Ok(Exit::Well)
}
