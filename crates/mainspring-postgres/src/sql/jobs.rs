//! Jobs: added, changed, removed, read.

use std::collections::HashSet;

use deadpool_postgres::{Client, GenericClient};
use jiff::{SignedDuration, Timestamp};
use mainspring_job::JobId;
use mainspring_job::store::{JobDraft, JobQuery, StoredJob, Upserted};
use tokio_postgres::types::ToSql;

use super::{Answers, Outcome, rows};
use crate::column::{Instant, JOB, get, job_id, signed, stored_job};

const INPUT: &str = "WITH input AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], \
    $4::timestamptz[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::smallint[], \
    $10::bigint[], $11::timestamptz[]) WITH ORDINALITY AS i (name, handler, schedule, anchor, \
    payload, policy, runs_max, queue, priority, revision, next_due, place))";

const ADD: &str = "INSERT INTO {schema}.jobs (name, handler, schedule, anchor, payload, policy, \
    runs_max, queue, priority, revision, next_due) SELECT name, handler, schedule, anchor, \
    payload, policy, runs_max, queue, priority, revision, next_due FROM input i WHERE NOT EXISTS \
    (SELECT 1 FROM {schema}.jobs j WHERE j.name = i.name) ORDER BY name ON CONFLICT DO NOTHING \
    RETURNING id, name";

/// What the draft says differs from what is kept; the next instant and the anchor follow the schedule.
const CHANGE: &str = "locked AS (SELECT j.id, i.*, j.revision <= i.revision AS is_newer, \
    (j.handler, j.payload, j.policy, j.queue, j.priority, j.revision, j.schedule) IS DISTINCT \
    FROM (i.handler, i.payload, i.policy, i.queue, i.priority, i.revision, i.schedule) AS differs \
    FROM {schema}.jobs j JOIN input i ON j.name = i.name ORDER BY j.id FOR UPDATE OF j), \
    changed AS (UPDATE {schema}.jobs j SET handler = l.handler, payload = l.payload, \
    policy = l.policy, runs_max = l.runs_max, queue = l.queue, priority = l.priority, \
    revision = l.revision, schedule = l.schedule, version = j.version + 1, \
    anchor = CASE WHEN j.schedule = l.schedule THEN j.anchor ELSE l.anchor END, \
    next_due = CASE WHEN j.schedule = l.schedule THEN j.next_due WHEN j.is_paused THEN NULL \
    ELSE l.next_due END FROM locked l WHERE j.id = l.id AND l.is_newer AND l.differs) \
    SELECT id, place, is_newer, differs FROM locked";

pub(crate) async fn upsert(
    mut client: Client,
    schema: &str,
    drafts: &[JobDraft],
) -> Outcome<Vec<Upserted>> {
    let transaction = client.transaction().await?;
    let mut upserted = Vec::with_capacity(drafts.len());
    let mut rest = drafts;
    while !rest.is_empty() {
        // A statement knows each name once; the next one sees what this one did.
        let mut names = HashSet::new();
        let len = rest.iter().take_while(|draft| names.insert(&draft.name)).count();
        let (batch, after) = rest.split_at(len);
        upserted.extend(upsert_distinct(&transaction, schema, batch).await?);
        rest = after;
    }
    transaction.commit().await?;
    Ok(upserted)
}

async fn upsert_distinct<C: GenericClient>(
    client: &C,
    schema: &str,
    drafts: &[JobDraft],
) -> Outcome<Vec<Upserted>> {
    let column = |text: fn(&JobDraft) -> &str| drafts.iter().map(text).collect::<Vec<_>>();
    let names = column(|draft| draft.name.as_str());
    let handlers = column(|draft| draft.handler.as_str());
    let queues = column(|draft| draft.queue.as_str());
    let schedules: Vec<_> = drafts.iter().map(JobDraft::schedule_text).collect();
    let anchors: Vec<_> = drafts.iter().map(|draft| Instant::from(draft.anchor)).collect();
    let payloads: Vec<_> = drafts.iter().map(|draft| draft.payload.as_deref()).collect();
    let policies: Vec<_> = drafts.iter().map(|draft| draft.policy.to_string()).collect();
    let limits: Vec<_> = drafts.iter().map(|draft| draft.runs_max().map(i64::from)).collect();
    let priorities: Vec<_> = drafts.iter().map(|draft| draft.priority).collect();
    let revisions: Vec<_> = drafts.iter().map(|draft| signed(draft.revision)).collect();
    let dues: Vec<_> = drafts.iter().map(|draft| draft.next_due.map(Instant::from)).collect();
    let params: [&(dyn ToSql + Sync); 11] = [
        &names,
        &handlers,
        &schedules,
        &anchors,
        &payloads,
        &policies,
        &limits,
        &queues,
        &priorities,
        &revisions,
        &dues,
    ];
    let mut answers = Answers::new(drafts.len(), Upserted::Older(JobId::from_u64(0)));
    let added = rows(client, schema, &format!("{INPUT} {ADD}"), &params).await?;
    let added: HashSet<i64> = added.iter().map(|row| get(row, 0)).collect::<Result<_, _>>()?;
    let changed = rows(client, schema, &format!("{INPUT}, {CHANGE}"), &params).await?;
    for row in &changed {
        let job = job_id(row, 0)?;
        let answer = match (get(row, 2)?, get(row, 3)?) {
            _ if added.contains(&signed(job.as_u64())) => Upserted::Added(job),
            (false, _) => Upserted::Older(job),
            (true, true) => Upserted::Changed(job),
            (true, false) => Upserted::Same(job),
        };
        answers.set(get(row, 1)?, answer);
    }
    Ok(answers.0)
}

pub(crate) async fn read(
    client: Client,
    schema: &str,
    query: &JobQuery,
) -> Outcome<Vec<StoredJob>> {
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let found = if let Some(name) = &query.name {
        let sql = format!("SELECT {JOB} FROM {{schema}}.jobs j WHERE name = $1 LIMIT $2");
        rows(&client, schema, &sql, &[&name, &limit]).await?
    } else {
        // Nothing comes before the empty text.
        let after = query.after.as_deref().unwrap_or_default();
        let sql =
            format!("SELECT {JOB} FROM {{schema}}.jobs j WHERE name > $1 ORDER BY name LIMIT $2");
        rows(&client, schema, &sql, &[&after, &limit]).await?
    };
    Ok(found.iter().map(stored_job).collect::<Result<_, _>>()?)
}

pub(crate) async fn due(
    client: Client,
    schema: &str,
    until: Timestamp,
    limit: usize,
) -> Outcome<Vec<StoredJob>> {
    // Instants are kept rounded up: what is due up to `until` is due up to the microsecond before.
    let until = until.checked_sub(SignedDuration::from_nanos(999)).unwrap_or(until);
    let (until, limit) = (Instant::from(until), i64::try_from(limit).unwrap_or(i64::MAX));
    let sql = format!(
        "SELECT {JOB} FROM {{schema}}.jobs j WHERE next_due IS NOT NULL AND next_due <= $1 \
         ORDER BY next_due, id LIMIT $2"
    );
    let found = rows(&client, schema, &sql, &[&until, &limit]).await?;
    Ok(found.iter().map(stored_job).collect::<Result<_, _>>()?)
}

/// Runs in progress go on; their job's limit is gone with it.
const REMOVE: &str = "WITH job AS (DELETE FROM {schema}.jobs WHERE name = $1 RETURNING id), \
    free AS (UPDATE {schema}.runs r SET runs_max = NULL FROM job WHERE r.job = job.id \
    AND r.state = 'running'), \
    gone AS (DELETE FROM {schema}.runs r USING job WHERE r.job = job.id AND r.state = 'due' \
    RETURNING r.*), \
    kept AS (INSERT INTO {schema}.history (job, due, name, state, attempt, fence, node, queue, \
    priority, at, started, ended, error) SELECT job, due, name, 'cancelled', attempt, fence, node, \
    queue, priority, at, started, coalesce($2::timestamptz, clock_timestamp()), error FROM gone) \
    SELECT id FROM job";

pub(crate) async fn remove(
    client: Client,
    schema: &str,
    name: &str,
    now: Option<Instant>,
) -> Outcome<bool> {
    Ok(!rows(&client, schema, REMOVE, &[&name, &now]).await?.is_empty())
}
