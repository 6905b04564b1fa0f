//! Reads runs, live and ended, and forgets old ones.

use mainspring_job::store::{Prune, RunQuery, StoredRun, to_micros};
use rusqlite::{Connection, named_params};

use super::columns::{ENDED, LIVE, job_and_due, stored_run};
use super::{execute, rows};
use crate::error::Result;

/// Of the runs that ended before then, those that so many later ones of their name stand for.
const PRUNE: &str = "DELETE FROM mainspring_history WHERE (ended, job, due) IN (SELECT ended, job, \
    due FROM mainspring_history h WHERE ended < :before AND (:keep = 0 OR :keep = (SELECT count(*) FROM \
    (SELECT 1 FROM mainspring_history l WHERE l.name = h.name AND (l.ended, l.job, l.due) > \
    (h.ended, h.job, h.due) LIMIT :keep))) ORDER BY ended, job, due LIMIT :limit)";

pub(crate) fn read(connection: &Connection, query: &RunQuery) -> Result<Vec<StoredRun>> {
    let (job, due) = query.id.map(job_and_due).unzip();
    let state = query.state.map(|state| state.as_str());
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let filter = |column: &str, is_on: bool| {
        if is_on { format!("{column} = :{column}") } else { format!(":{column} IS NULL") }
    };
    let mut filters = vec![
        filter("name", query.name.is_some()),
        filter("job", job.is_some()),
        filter("due", due.is_some()),
        filter("state", state.is_some()),
    ];
    let texts = match (query.with_texts, query.ended) {
        (true, true) => "error, output",
        (true, false) => "error, NULL",
        (false, _) => "NULL, NULL",
    };
    if !query.ended {
        let filters = filters.join(" AND ");
        let sql = format!(
            "SELECT {LIVE}, {texts} FROM mainspring_runs WHERE {filters} ORDER BY due, job LIMIT :limit"
        );
        let params = named_params! {
            ":name": query.name, ":job": job, ":due": due, ":state": state, ":limit": limit,
        };
        return rows(connection, &sql, params, stored_run);
    }
    let after = query.after.map(|(ended, run)| (to_micros(ended), job_and_due(run)));
    let (ended, after) = after.unzip();
    let (after_job, after_due) = after.unzip();
    filters.push(if ended.is_some() {
        "(ended, job, due) < (:ended, :after_job, :after_due)".to_owned()
    } else {
        ":ended IS NULL AND :after_job IS NULL AND :after_due IS NULL".to_owned()
    });
    let filters = filters.join(" AND ");
    let sql = format!(
        "SELECT {ENDED}, {texts} FROM mainspring_history WHERE {filters} \
         ORDER BY ended DESC, job DESC, due DESC LIMIT :limit"
    );
    let params = named_params! {
        ":name": query.name, ":job": job, ":due": due, ":state": state, ":limit": limit,
        ":ended": ended, ":after_job": after_job, ":after_due": after_due,
    };
    rows(connection, &sql, params, stored_run)
}

pub(crate) fn prune(connection: &Connection, which: Prune) -> Result<u64> {
    let params = named_params! {
        ":before": to_micros(which.ended_before), ":keep": which.keep,
        ":limit": i64::try_from(which.limit).unwrap_or(i64::MAX),
    };
    execute(connection, PRUNE, params).map(|pruned| pruned as u64)
}
