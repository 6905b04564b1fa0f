//! The verbs in SQL: each one statement, or one transaction.

pub(crate) mod advance;
pub(crate) mod claim;
pub(crate) mod enqueue;
pub(crate) mod finish;
pub(crate) mod history;
pub(crate) mod jobs;
pub(crate) mod leases;
pub(crate) mod tally;

use std::collections::HashMap;
use std::hash::Hash;

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::migrate::in_schema;
use crate::pool::Trouble;

pub(crate) type Outcome<T> = Result<T, Trouble>;

/// Runs a statement, with the schema's name filled in, prepared once for each connection.
async fn rows<C: GenericClient>(
    client: &C,
    schema: &str,
    sql: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Outcome<Vec<Row>> {
    let statement = client.prepare_cached(&in_schema(sql, schema)).await?;
    Ok(client.query(&statement, params).await?)
}

/// For each item, where the first equal one stands.
fn firsts<T: Eq + Hash>(items: impl Iterator<Item = T>) -> Vec<usize> {
    let mut seen = HashMap::new();
    items.enumerate().map(|(index, item)| *seen.entry(item).or_insert(index)).collect()
}

/// The answers to a batch, by their places in it.
struct Answers<T>(Vec<T>);

impl<T: Clone> Answers<T> {
    fn new(len: usize, unless_told: T) -> Self {
        Self(vec![unless_told; len])
    }

    /// `place` counts from 1, as `WITH ORDINALITY` does.
    fn set(&mut self, place: i64, answer: T) {
        let place = usize::try_from(place - 1).unwrap_or(usize::MAX);
        if let Some(slot) = self.0.get_mut(place) {
            *slot = answer;
        }
    }
}
