//! Records how runs ended, each once.

use deadpool_postgres::Client;
use mainspring_job::store::{Finish, Outcome as End, Verdict};
use tokio_postgres::types::ToSql;

use super::claim::micros;
use super::{Answers, Outcome, firsts, rows};
use crate::column::{Instant, get, signed};

/// Those with a pause are due again, the others leave for the history. An instant that has an outcome
/// keeps it: a second one is refused as stale.
const FINISH: &str = "WITH input AS (SELECT * FROM unnest($1::bigint[], $2::timestamptz[], \
    $3::bigint[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::bigint[]) AS i (job, due, \
    fence, state, error, output, pause, place)), \
    clock AS (SELECT coalesce($9::timestamptz, clock_timestamp()) AS now), \
    gone AS (DELETE FROM {schema}.runs r USING input i WHERE r.job = i.job AND r.due = i.due AND \
    r.fence = i.fence AND r.state = 'running' AND i.pause IS NULL RETURNING r.*, \
    i.state AS outcome, i.error AS said, i.output, i.place), \
    kept AS (INSERT INTO {schema}.history (job, due, name, state, attempt, fence, node, queue, \
    priority, at, started, ended, error, output) SELECT job, due, name, outcome, attempt, fence, \
    node, queue, priority, at, started, now, said, output FROM gone, clock \
    ON CONFLICT DO NOTHING RETURNING job), \
    again AS (UPDATE {schema}.runs r SET state = 'due', lease_until = NULL, error = i.error, \
    at = now + i.pause * interval '1 microsecond' FROM input i, clock WHERE r.job = i.job AND \
    r.due = i.due AND r.fence = i.fence AND r.state = 'running' AND i.pause IS NOT NULL \
    RETURNING i.place) \
    SELECT place, runs_max IS NOT NULL OR EXISTS (SELECT 1 FROM {schema}.queues q WHERE \
    q.name = gone.queue), (SELECT count(*) FROM kept) FROM gone \
    UNION ALL SELECT place, true, NULL FROM again";

/// What was said before: the state of the live run that the claim was of, or of the ended one.
const SAID: &str = "SELECT i.place FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[], \
    $4::text[], $5::bigint[]) AS i (job, due, fence, state, place) WHERE EXISTS (SELECT 1 FROM \
    {schema}.runs r WHERE r.job = i.job AND r.due = i.due AND r.fence = i.fence AND \
    r.state = i.state) OR EXISTS (SELECT 1 FROM {schema}.history h WHERE h.job = i.job AND \
    h.due = i.due AND h.fence = i.fence AND h.state = i.state)";

/// The verdicts, and whether other nodes will want to know.
pub(crate) async fn finish(
    client: Client,
    schema: &str,
    ends: &[Finish],
    now: Option<Instant>,
) -> Outcome<(Vec<Verdict>, bool)> {
    let mut answers = Answers::new(ends.len(), Verdict::Stale);
    let mut is_news = false;
    // Of what is said of one claim the first word counts.
    let first = firsts(ends.iter().map(Finish::hold));
    let places: Vec<usize> = (0..ends.len()).filter(|place| first[*place] == *place).collect();
    let said = Columns::new(ends, &places);
    let texts = |text: fn(&Finish) -> Option<&str>| {
        places.iter().map(|place| text(&ends[*place])).collect::<Vec<_>>()
    };
    let errors = texts(Finish::error_text);
    let outputs = texts(Finish::output_tail);
    let pauses: Vec<_> = places
        .iter()
        .map(|place| match ends[*place].outcome() {
            End::Retry { after } => Some(micros(after)),
            _ => None,
        })
        .collect();
    let Columns { jobs, dues, fences, states, places } = &said;
    let params: [&(dyn ToSql + Sync); 9] =
        [jobs, dues, fences, states, &errors, &outputs, &pauses, places, &now];
    let mut moved = Vec::new();
    let mut kept = 0;
    for row in &rows(&client, schema, FINISH, &params).await? {
        is_news |= get::<bool>(row, 1)?;
        match get::<Option<i64>>(row, 2)? {
            Some(count) => {
                kept = count;
                moved.push(get(row, 0)?);
            }
            None => answers.set(get(row, 0)?, Verdict::Accepted),
        }
    }
    // Which of them were not kept, if any, is seen below: the history has another claim's number.
    if kept == moved.len() as i64 {
        moved.into_iter().for_each(|place| answers.set(place, Verdict::Accepted));
    }
    for (place, first) in first.into_iter().enumerate() {
        if ends[place].outcome().state() == ends[first].outcome().state() {
            answers.0[place] = answers.0[first];
        }
    }
    let is_stale = |place: &usize| answers.0[*place] == Verdict::Stale;
    let stale: Vec<usize> = (0..ends.len()).filter(is_stale).collect();
    if !stale.is_empty() {
        // A node that did not hear the answer says the same again.
        let Columns { jobs, dues, fences, states, places } = &Columns::new(ends, &stale);
        let params: [&(dyn ToSql + Sync); 5] = [jobs, dues, fences, states, places];
        for row in &rows(&client, schema, SAID, &params).await? {
            answers.set(get(row, 0)?, Verdict::Accepted);
        }
    }
    Ok((answers.0, is_news))
}

struct Columns {
    jobs: Vec<i64>,
    dues: Vec<Instant>,
    fences: Vec<i64>,
    states: Vec<&'static str>,
    places: Vec<i64>,
}

impl Columns {
    fn new(ends: &[Finish], places: &[usize]) -> Self {
        let ends = || places.iter().map(|place| &ends[*place]);
        Self {
            jobs: ends().map(|end| signed(end.hold().run.job.as_u64())).collect(),
            dues: ends().map(|end| Instant::from(end.hold().run.due)).collect(),
            fences: ends().map(|end| signed(end.hold().fence.as_u64())).collect(),
            states: ends().map(|end| end.outcome().state().as_str()).collect(),
            places: places.iter().map(|place| *place as i64 + 1).collect(),
        }
    }
}
