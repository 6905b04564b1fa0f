//! Makes the tables, and brings them up to date.
//!
//! # Ground rules
//! - Migrations are numbered from 1 and only ever added to. All that are missing are one transaction.
//! - Nodes that start at once migrate one after the other: a lock of the schema's name.

use deadpool_postgres::Client;
use mainspring_job::store::{StoreError, StoreErrorKind};

use crate::pool::Trouble;

const MIGRATIONS: [&str; 1] = [include_str!("../migrations/0001_jobs_and_runs.sql")];

pub(crate) async fn migrate(mut client: Client, schema: &str) -> Result<(), Trouble> {
    if version(&client, schema).await? == Some(MIGRATIONS.len()) {
        return Ok(());
    }
    let transaction = client.transaction().await?;
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended('mainspring ' || $1, 0))";
    transaction.execute(lock, &[&schema]).await?;
    let version = version(&transaction, schema).await?.unwrap_or(0);
    if version > MIGRATIONS.len() {
        let text = format!(
            "the tables in the schema `{schema}` are of version {version}, written by a newer \
             program; this one knows versions up to {}: update it",
            MIGRATIONS.len()
        );
        return Err(StoreError::new(StoreErrorKind::NewerSchema, text).into());
    }
    if version == 0 {
        // A user that may not create schemas may own one that is there.
        let sql = "SELECT 1 FROM pg_namespace WHERE nspname = $1";
        if transaction.query_opt(sql, &[&schema]).await?.is_none() {
            transaction.batch_execute(&format!("CREATE SCHEMA \"{schema}\"")).await?;
        }
        let meta = "CREATE TABLE {schema}.meta (name text PRIMARY KEY, value bigint NOT NULL);
            INSERT INTO {schema}.meta (name, value) VALUES ('schema', 0);";
        transaction.batch_execute(&in_schema(meta, schema)).await?;
    }
    for migration in &MIGRATIONS[version.min(MIGRATIONS.len())..] {
        transaction.batch_execute(&in_schema(migration, schema)).await?;
    }
    let sql = in_schema("UPDATE {schema}.meta SET value = $1 WHERE name = 'schema'", schema);
    transaction.execute(&sql, &[&(MIGRATIONS.len() as i64)]).await?;
    transaction.commit().await?;
    Ok(())
}

/// The statement with the schema's name filled in.
pub(crate) fn in_schema(sql: &str, schema: &str) -> String {
    sql.replace("{schema}", &format!("\"{schema}\""))
}

/// The version of the tables; `None` where there are none.
async fn version(
    client: &impl deadpool_postgres::GenericClient,
    schema: &str,
) -> Result<Option<usize>, tokio_postgres::Error> {
    let sql = "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname = $1 AND c.relname = 'meta'";
    if client.query_opt(sql, &[&schema]).await?.is_none() {
        return Ok(None);
    }
    let sql = in_schema("SELECT value FROM {schema}.meta WHERE name = 'schema'", schema);
    let version: i64 = client.query_one(&sql, &[]).await?.try_get(0)?;
    Ok(Some(usize::try_from(version).unwrap_or(usize::MAX)))
}
