//! Records how runs ended, each once.

use jiff::Timestamp;
use mainspring_job::RunState;
use mainspring_job::store::{Finish, Outcome, Verdict, to_micros};
use rusqlite::{CachedStatement, Connection, named_params};

use super::columns::{job_and_due, later, signed};
use super::{execute, row};
use crate::error::{Result, explained};

const KEEP: &str = "INSERT OR FAIL INTO mainspring_history (job, due, name, state, attempt, fence, node, \
    queue, priority, at, started, ended, error, output) \
    SELECT job, due, name, ?3, attempt, fence, node, queue, priority, at, started, ?4, \
    iif(?8, error, ?9), ?10 FROM mainspring_runs WHERE job = ?1 AND due = ?2 AND state IN (?5, ?6) \
    AND (?7 IS NULL OR fence = ?7)";

const DROP: &str = "DELETE FROM mainspring_runs WHERE job = ? AND due = ?";

const RETRY: &str = "UPDATE mainspring_runs SET state = 'due', at = :at, lease_until = NULL, \
    error = :error WHERE job = :job AND due = :due AND fence = :fence AND state = 'running'";

/// What was said before: the state of the live run that the claim was of, or of the ended one.
const SAID: &str = "SELECT state FROM mainspring_runs WHERE job = ?1 AND due = ?2 AND fence = ?3 \
    UNION ALL SELECT state FROM mainspring_history WHERE job = ?1 AND due = ?2 AND fence = ?3";

/// The texts that an ended run keeps.
pub(crate) enum Texts<'a> {
    /// The last error, if there was one.
    Kept,
    /// These.
    New { error: Option<&'a str>, output: Option<&'a str> },
}

pub(crate) fn finish(
    connection: &Connection,
    ends: &[Finish],
    now: Timestamp,
) -> Result<Vec<Verdict>> {
    let mut mover = Mover::new(connection)?;
    ends.iter().map(|end| finish_one(connection, &mut mover, end, now)).collect()
}

/// Moves a live run to the history, if its state allows.
pub(crate) fn end(
    connection: &Connection,
    run: (i64, i64),
    state: RunState,
    now: Timestamp,
    texts: Texts<'_>,
) -> Result<bool> {
    Mover::new(connection)?.end(run, None, state, now, texts)
}

/// Moves runs to the history, with statements that are prepared once.
struct Mover<'c> {
    keep: CachedStatement<'c>,
    drop: CachedStatement<'c>,
}

impl<'c> Mover<'c> {
    fn new(connection: &'c Connection) -> Result<Self> {
        let prepare = |sql| connection.prepare_cached(sql).map_err(explained);
        Ok(Self { keep: prepare(KEEP)?, drop: prepare(DROP)? })
    }

    /// If a fence is given, only of a running run, by its holder.
    fn end(
        &mut self,
        (job, due): (i64, i64),
        fence: Option<i64>,
        state: RunState,
        now: Timestamp,
        texts: Texts<'_>,
    ) -> Result<bool> {
        let from = |live: RunState| live.may_become(state).then(|| live.as_str());
        let waiting = from(RunState::Due).filter(|_| fence.is_none());
        let (is_kept, error, output) = match texts {
            Texts::Kept => (true, None, None),
            Texts::New { error, output } => (false, error, output),
        };
        let (now, running) = (to_micros(now), from(RunState::Running));
        let params =
            (job, due, state.as_str(), now, waiting, running, fence, is_kept, error, output);
        let is_kept = self.keep.execute(params).map_err(explained)? == 1;
        if is_kept {
            self.drop.execute((job, due)).map_err(explained)?;
        }
        Ok(is_kept)
    }
}

fn finish_one(
    connection: &Connection,
    mover: &mut Mover<'_>,
    finish: &Finish,
    now: Timestamp,
) -> Result<Verdict> {
    let hold = finish.hold();
    let (job, due) = job_and_due(hold.run);
    let fence = signed(hold.fence.as_u64());
    let error = finish.error_text();
    let is_taken = match finish.outcome() {
        Outcome::Retry { after } => {
            let params = named_params! {
                ":job": job, ":due": due, ":fence": fence, ":at": later(now, after),
                ":error": error,
            };
            execute(connection, RETRY, params)? == 1
        }
        outcome => {
            let texts = Texts::New { error, output: finish.output_tail() };
            mover.end((job, due), Some(fence), outcome.state(), now, texts)?
        }
    };
    if is_taken {
        return Ok(Verdict::Accepted);
    }
    // A node that did not hear the answer says the same again.
    let said = row(connection, SAID, (job, due, fence), |row| row.get::<_, String>(0))?;
    let is_same = said.as_deref() == Some(finish.outcome().state().as_str());
    Ok(if is_same { Verdict::Accepted } else { Verdict::Stale })
}
