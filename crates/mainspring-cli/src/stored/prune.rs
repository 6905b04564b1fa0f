//! Forgets old runs, batch by batch, so that whoever runs jobs meanwhile is not held up.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainspring_job::store::{self, Store};
use serde_json::json;

use super::{Failure, Prune};
use crate::exit::Exit;
use crate::progress::Progress;

const BATCH: usize = 1000;

pub(super) async fn prune(
    store: &Arc<dyn Store>,
    arguments: &Prune,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let now = store.now().await?;
    let age = SignedDuration::try_from(arguments.older_than).unwrap_or(SignedDuration::MAX);
    let ended_before = now.checked_sub(age).unwrap_or(Timestamp::MIN);
    let which = store::Prune { ended_before, keep: arguments.keep, limit: BATCH };
    let mut progress = Progress::new(None);
    let mut forgotten = 0;
    loop {
        let batch = store.prune(&which).await?;
        forgotten += batch;
        progress.at(forgotten, || format!("{forgotten} runs forgotten"));
        if batch < BATCH as u64 {
            break;
        }
        // Others write too.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(progress);
    if arguments.store.json {
        let line = json!({"forgotten": forgotten, "ended_before": ended_before.to_string()});
        writeln!(out, "{line}")?;
    } else {
        writeln!(out, "forgot {forgotten} runs that ended before {ended_before:.0}")?;
    }
    Ok(Exit::Well)
}
