//! Adds work that belongs to no job.

use std::collections::HashMap;

use deadpool_postgres::{Client, GenericClient};
use mainspring_job::store::{Enqueued, Work};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::{Answers, Outcome};
use crate::column::{Instant, get, run_id};
use crate::migrate::in_schema;

const ADD: &str = "WITH input AS (SELECT nextval('{schema}.job_ids') AS job, i.*, \
    coalesce(i.at, $8::timestamptz, clock_timestamp()) AS due FROM unnest($1::text[], $2::text[], \
    $3::timestamptz[], $4::text[], $5::text[], $6::smallint[], $7::text[], $9::bigint[]) \
    AS i (handler, payload, at, unique_key, queue, priority, policy, place)), \
    added AS (INSERT INTO {schema}.runs (job, due, name, handler, payload, policy, queue, \
    priority, unique_key, at) SELECT job, due, handler, handler, payload, policy, queue, \
    priority, unique_key, due FROM input ORDER BY place ON CONFLICT (handler, unique_key) \
    WHERE unique_key IS NOT NULL DO NOTHING RETURNING job) \
    SELECT job, place, due FROM input UNION ALL SELECT job, NULL, NULL FROM added";

const KEYED: &str = "SELECT i.place, r.job, r.due FROM unnest($1::text[], $2::text[], \
    $3::bigint[]) AS i (handler, unique_key, place) JOIN {schema}.runs r \
    ON r.handler = i.handler AND r.unique_key = i.unique_key";

/// Runs a statement: on our own connections prepared once, on others anew.
pub(crate) trait Query {
    fn rows(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> impl Future<Output = Result<Vec<Row>, tokio_postgres::Error>> + Send;
}

impl Query for Client {
    async fn rows(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let statement = self.prepare_cached(sql).await?;
        GenericClient::query(self, &statement, params).await
    }
}

impl Query for tokio_postgres::Transaction<'_> {
    async fn rows(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        self.query(sql, params).await
    }
}

/// On a connection of our own.
pub(crate) async fn enqueue_by(
    client: Client,
    schema: &str,
    work: &[Work],
    now: Option<Instant>,
) -> Outcome<Vec<Enqueued>> {
    enqueue(&client, schema, work, now).await
}

pub(crate) async fn enqueue(
    client: &(impl Query + Sync),
    schema: &str,
    work: &[Work],
    now: Option<Instant>,
) -> Outcome<Vec<Enqueued>> {
    let mut answers = Answers::new(work.len(), None);
    // Work whose key was taken may find, when it looks by whom, that the key is free again.
    loop {
        let left: Vec<usize> =
            (0..work.len()).filter(|place| answers.0[*place].is_none()).collect();
        if left.is_empty() {
            return Ok(answers.0.into_iter().flatten().collect());
        }
        // All that was tried, and the numbers of those that were added.
        let mut tried = HashMap::new();
        for row in &add(client, schema, work, &left, now).await? {
            let job: i64 = get(row, 0)?;
            match get::<Option<i64>>(row, 1)? {
                Some(place) => drop(tried.insert(job, (place, run_id(row, 0, 2)?))),
                None => {
                    if let Some((place, run)) = tried.get(&job) {
                        answers.set(*place, Some(Enqueued::Added(*run)));
                    }
                }
            }
        }
        let left: Vec<usize> =
            left.into_iter().filter(|place| answers.0[*place].is_none()).collect();
        if left.is_empty() {
            continue;
        }
        let handlers: Vec<_> = left.iter().map(|place| work[*place].handler.as_str()).collect();
        let keys: Vec<_> = left.iter().map(|place| work[*place].unique.as_deref()).collect();
        let places: Vec<_> = left.iter().map(|place| *place as i64 + 1).collect();
        let sql = in_schema(KEYED, schema);
        for row in &client.rows(&sql, &[&handlers, &keys, &places]).await? {
            answers.set(get(row, 0)?, Some(Enqueued::Exists(run_id(row, 1, 2)?)));
        }
    }
}

async fn add(
    client: &(impl Query + Sync),
    schema: &str,
    work: &[Work],
    left: &[usize],
    now: Option<Instant>,
) -> Result<Vec<Row>, tokio_postgres::Error> {
    let work: Vec<_> = left.iter().map(|place| &work[*place]).collect();
    let handlers: Vec<_> = work.iter().map(|work| work.handler.as_str()).collect();
    let payloads: Vec<_> = work.iter().map(|work| work.payload.as_deref()).collect();
    let instants: Vec<_> = work.iter().map(|work| work.at.map(Instant::from)).collect();
    let keys: Vec<_> = work.iter().map(|work| work.unique.as_deref()).collect();
    let queues: Vec<_> = work.iter().map(|work| work.queue.as_str()).collect();
    let priorities: Vec<_> = work.iter().map(|work| work.priority).collect();
    let policies: Vec<_> = work.iter().map(|work| work.policy.to_string()).collect();
    let places: Vec<_> = left.iter().map(|place| *place as i64 + 1).collect();
    let params: [&(dyn ToSql + Sync); 9] =
        [&handlers, &payloads, &instants, &keys, &queues, &priorities, &policies, &now, &places];
    client.rows(&in_schema(ADD, schema), &params).await
}
