//! Reads runs, live and ended, and forgets old ones.

use deadpool_postgres::Client;
use mainspring_job::store::{Prune, RunQuery, StoredRun};
use tokio_postgres::types::ToSql;

use super::{Outcome, rows};
use crate::column::{ENDED, Instant, LIVE, signed, stored_run};

/// Of the runs that ended before then, those that so many later ones of their name stand for.
const PRUNE: &str = "WITH old AS (SELECT h.job, h.due FROM {schema}.history h WHERE h.ended < $1 \
    AND ($2::bigint = 0 OR $2 = (SELECT count(*) FROM (SELECT 1 FROM {schema}.history l WHERE \
    l.name = h.name AND (l.ended, l.job, l.due) > (h.ended, h.job, h.due) LIMIT $2) l)) \
    ORDER BY h.ended, h.job, h.due LIMIT $3 FOR UPDATE SKIP LOCKED) \
    DELETE FROM {schema}.history h USING old o WHERE h.job = o.job AND h.due = o.due RETURNING 1";

pub(crate) async fn read(
    client: Client,
    schema: &str,
    query: &RunQuery,
) -> Outcome<Vec<StoredRun>> {
    let state = query.state.map(|state| state.as_str());
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let (job, due) = query.id.map(|run| (signed(run.job.as_u64()), Instant::from(run.due))).unzip();
    let after = query.after.map(|(ended, run)| {
        (Instant::from(ended), signed(run.job.as_u64()), Instant::from(run.due))
    });
    let mut filters = vec!["true".to_owned()];
    let mut params: Vec<&(dyn ToSql + Sync)> = vec![&limit];
    if let Some(name) = &query.name {
        params.push(name);
        filters.push(format!("name = ${}", params.len()));
    }
    if let (Some(job), Some(due)) = (&job, &due) {
        params.push(job);
        params.push(due);
        filters.push(format!("(job, due) = (${}, ${})", params.len() - 1, params.len()));
    }
    if let Some(state) = &state {
        params.push(state);
        filters.push(format!("state = ${}", params.len()));
    }
    if query.ended
        && let Some((ended, job, due)) = &after
    {
        let first = params.len() + 1;
        params.extend([ended as &(dyn ToSql + Sync), job, due]);
        let (second, third) = (first + 1, first + 2);
        filters.push(format!("(ended, job, due) < (${first}, ${second}, ${third})"));
    }
    let filters = filters.join(" AND ");
    let texts = match (query.with_texts, query.ended) {
        (true, true) => "error, output",
        (true, false) => "error, NULL::text",
        (false, _) => "NULL::text, NULL::text",
    };
    let sql = if query.ended {
        format!(
            "SELECT {ENDED}, {texts} FROM {{schema}}.history WHERE {filters} \
             ORDER BY ended DESC, job DESC, due DESC LIMIT $1"
        )
    } else {
        format!(
            "SELECT {LIVE}, {texts} FROM {{schema}}.runs WHERE {filters} \
             ORDER BY due, job LIMIT $1"
        )
    };
    let found = rows(&client, schema, &sql, &params).await?;
    Ok(found.iter().map(stored_run).collect::<Result<_, _>>()?)
}

pub(crate) async fn prune(client: Client, schema: &str, which: Prune) -> Outcome<u64> {
    let before = Instant::from(which.ended_before);
    let (keep, limit) = (i64::from(which.keep), i64::try_from(which.limit).unwrap_or(i64::MAX));
    Ok(rows(&client, schema, PRUNE, &[&before, &keep, &limit]).await?.len() as u64)
}
