//! Answers a store's verbs, each with a call on one of the pool's connections.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mainspring_job::RunId;
use mainspring_job::store::{
    Advance, Advanced, Answer, Beat, Cancelled, Claim, ClaimedRun, Enqueued, Finish, Hold,
    JobDraft, JobQuery, NextWake, Prune, Reaped, RunQuery, Store, StoredJob, StoredRun, Tally,
    Upserted, Verdict, Watch, Work,
};
use tokio_postgres::Transaction;

use crate::PostgresOptions;
use crate::column::Instant;
use crate::error::{Result, explained};
use crate::migrate::migrate;
use crate::news::News;
use crate::options::Clock;
use crate::pool::{Pool, Trouble, Twice};
use crate::sql;
use crate::tls;

/// A [`Store`] in PostgreSQL.
///
/// Clones share one pool. Its futures need the tokio runtime that it was connected in.
#[derive(Clone)]
pub struct PostgresStore {
    shared: Arc<Shared>,
}

struct Shared {
    schema: String,
    clock: Option<Clock>,
    pool: Arc<Pool>,
    news: News,
}

impl PostgresStore {
    /// Connects to the database that `url` names; see [`PostgresOptions`] for more.
    ///
    /// # Cancel safety
    /// Dropping the future may leave the tables made or updated.
    ///
    /// # Errors
    /// If the URL is none, the server cannot be reached within a minute, does not let this user in, or
    /// holds tables of a newer version.
    pub async fn connect(url: &str) -> Result<Self> {
        PostgresOptions::new(url)?.connect().await
    }

    pub(crate) async fn start(options: PostgresOptions) -> Result<Self> {
        let PostgresOptions { config, schema, connections, patience, roots, clock } = options;
        let tls = tls::connector(config.get_ssl_mode(), roots.as_deref())?;
        let pool = Arc::new(Pool::new(config.clone(), tls.clone(), connections, patience)?);
        let made = pool.call(Twice::Harmless, |client| Box::pin(migrate(client, &schema)));
        made.await?;
        let news = News::start(config, tls, pool.clone(), format!("mainspring_{schema}"));
        Ok(Self { shared: Arc::new(Shared { schema, clock, pool, news }) })
    }

    /// Adds work in a transaction of your own: it is there if the transaction commits, and only then.
    ///
    /// The transaction must be on the store's database; nodes hear of the work when it commits.
    ///
    /// ```no_run
    /// # use mainspring_job::JobName;
    /// # use mainspring_job::store::Work;
    /// # use mainspring_postgres::PostgresStore;
    /// # async fn order(store: PostgresStore, mut shop: tokio_postgres::Client)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// let order = shop.transaction().await?;
    /// order.execute("INSERT INTO orders (what) VALUES ('a clock')", &[]).await?;
    /// let mail = Work::new(JobName::new("confirm")?).payload("1");
    /// store.enqueue_in(&order, &[mail]).await?;
    /// order.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the transaction holds the work: roll it back.
    ///
    /// # Errors
    /// If the tables are not in that database, or PostgreSQL refuses; then roll the transaction back.
    pub async fn enqueue_in(
        &self,
        transaction: &Transaction<'_>,
        work: &[Work],
    ) -> Result<Vec<Enqueued>> {
        let (schema, now) = (&self.shared.schema, self.now_if());
        let done = async {
            let enqueued = sql::enqueue::enqueue(transaction, schema, work, now).await?;
            let channel = format!("mainspring_{schema}");
            transaction.execute("SELECT pg_notify($1, '')", &[&channel]).await?;
            Ok(enqueued)
        };
        done.await.map_err(|trouble| match trouble {
            Trouble::Database(error) => explained(error),
            Trouble::Store(error) => error,
        })
    }

    /// The clock of a test; the server's own is asked in each statement.
    fn now_if(&self) -> Option<Instant> {
        self.shared.clock.as_ref().map(|clock| Instant::from(clock()))
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("schema", &self.shared.schema).finish_non_exhaustive()
    }
}

impl Store for PostgresStore {
    fn now(&self) -> Answer<'_, Timestamp> {
        Box::pin(async move {
            if let Some(now) = self.now_if() {
                return Ok(now.into());
            }
            let pool = &self.shared.pool;
            pool.call(Twice::Harmless, |client| Box::pin(sql::claim::now(client))).await
        })
    }

    fn upsert<'a>(&'a self, jobs: &'a [JobDraft]) -> Answer<'a, Vec<Upserted>> {
        Box::pin(async move {
            let Shared { schema, pool, news, .. } = &*self.shared;
            let call = pool.call(Twice::Harmless, move |client| {
                Box::pin(sql::jobs::upsert(client, schema, jobs))
            });
            let done = call.await?;
            news.tell();
            Ok(done)
        })
    }

    fn jobs<'a>(&'a self, query: &'a JobQuery) -> Answer<'a, Vec<StoredJob>> {
        Box::pin(async move {
            let Shared { schema, pool, .. } = &*self.shared;
            let call = pool.call(Twice::Harmless, move |client| {
                Box::pin(sql::jobs::read(client, schema, query))
            });
            call.await
        })
    }

    fn remove<'a>(&'a self, name: &'a str) -> Answer<'a, bool> {
        Box::pin(async move {
            let Shared { schema, pool, news, .. } = &*self.shared;
            let now = self.now_if();
            let call = pool.call(Twice::Harmless, move |client| {
                Box::pin(sql::jobs::remove(client, schema, name, now))
            });
            let done = call.await?;
            news.tell();
            Ok(done)
        })
    }

    fn due_jobs(&self, until: Timestamp, limit: usize) -> Answer<'_, Vec<StoredJob>> {
        Box::pin(async move {
            let Shared { schema, pool, .. } = &*self.shared;
            let call = pool.call(Twice::Harmless, move |client| {
                Box::pin(sql::jobs::due(client, schema, until, limit))
            });
            call.await
        })
    }

    fn advance<'a>(&'a self, steps: &'a [Advance]) -> Answer<'a, Vec<Advanced>> {
        Box::pin(async move {
            let Shared { schema, pool, news, .. } = &*self.shared;
            let now = self.now_if();
            let call = pool.call(Twice::Harmless, move |client| {
                Box::pin(sql::advance::advance(client, schema, steps, now))
            });
            let done = call.await?;
            if done.iter().any(|advanced| advanced.is_done()) {
                news.tell();
            }
            Ok(done)
        })
    }

    fn enqueue<'a>(&'a self, work: &'a [Work]) -> Answer<'a, Vec<Enqueued>> {
        Box::pin(async move {
            let Shared { schema, pool, news, .. } = &*self.shared;
            let now = self.now_if();
            // What has a key is not there a second time.
            let is_keyed = work.iter().all(|work| work.unique.is_some());
            let twice = if is_keyed { Twice::Harmless } else { Twice::Harmful };
            let call = pool.call(twice, move |client| {
                Box::pin(sql::enqueue::enqueue_by(client, schema, work, now))
            });
            let done = call.await?;
            news.tell();
            Ok(done)
        })
    }

    fn claim<'a>(&'a self, claim: &'a Claim) -> Answer<'a, Vec<ClaimedRun>> {
        Box::pin(async move {
            let Shared { schema, pool, .. } = &*self.shared;
            let now = self.now_if();
            let call = pool.call(Twice::Harmless, move |client| {
                Box::pin(sql::claim::claim(client, schema, claim, now))
            });
            call.await
        })
    }

    fn heartbeat<'a>(&'a self, holds: &'a [Hold], lease: Duration) -> Answer<'a, Vec<Beat>> {
        Box::pin(async move {
            let Shared { schema, pool, .. } = &*self.shared;
            let now = self.now_if();
            let call = pool.call(Twice::Harmless, move |client| {
                Box::pin(sql::leases::heartbeat(client, schema, holds, now, lease))
            });
            call.await
        })
    }

    fn finish<'a>(&'a self, ends: &'a [Finish]) -> Answer<'a, Vec<Verdict>> {
        Box::pin(async move {
            let Shared { schema, pool, news, .. } = &*self.shared;
            let now = self.now_if();
            let call = pool.call(Twice::Harmless, move |client| {
                Box::pin(sql::finish::finish(client, schema, ends, now))
            });
            let (verdicts, is_for_all) = call.await?;
            if is_for_all {
                news.tell();
            } else {
                news.tell_here();
            }
            Ok(verdicts)
        })
    }

    fn release<'a>(&'a self, holds: &'a [Hold]) -> Answer<'a, Vec<Verdict>> {
        Box::pin(async move {
            let Shared { schema, pool, news, .. } = &*self.shared;
            let now = self.now_if();
            let call = pool.call(Twice::Harmless, move |client| {
                Box::pin(sql::leases::release(client, schema, holds, now))
            });
            let done = call.await?;
            news.tell();
            Ok(done)
        })
    }

    fn cancel<'a>(&'a self, runs: &'a [RunId]) -> Answer<'a, Vec<Cancelled>> {
        Box::pin(async move {
            let Shared { schema, pool, news, .. } = &*self.shared;
            let now = self.now_if();
            let call = pool.call(Twice::Harmless, move |client| {
                Box::pin(sql::leases::cancel(client, schema, runs, now))
            });
            let done = call.await?;
            news.tell();
            Ok(done)
        })
    }

    fn reap(&self, limit: usize, attempts_max: u32) -> Answer<'_, Vec<Reaped>> {
        Box::pin(async move {
            let Shared { schema, pool, news, .. } = &*self.shared;
            let now = self.now_if();
            let call = pool.call(Twice::Harmless, move |client| {
                Box::pin(sql::leases::reap(client, schema, limit, attempts_max, now))
            });
            let done = call.await?;
            if !done.is_empty() {
                news.tell();
            }
            Ok(done)
        })
    }

    fn limit_queue<'a>(&'a self, queue: &'a str, runs: Option<u32>) -> Answer<'a, ()> {
        Box::pin(async move {
            let Shared { schema, pool, news, .. } = &*self.shared;
            let call = pool.call(Twice::Harmless, move |client| {
                Box::pin(sql::claim::limit_queue(client, schema, queue, runs))
            });
            call.await?;
            news.tell();
            Ok(())
        })
    }

    fn runs<'a>(&'a self, query: &'a RunQuery) -> Answer<'a, Vec<StoredRun>> {
        Box::pin(async move {
            let Shared { schema, pool, .. } = &*self.shared;
            let call = pool.call(Twice::Harmless, move |client| {
                Box::pin(sql::history::read(client, schema, query))
            });
            call.await
        })
    }

    fn prune<'a>(&'a self, which: &'a Prune) -> Answer<'a, u64> {
        Box::pin(async move {
            let Shared { schema, pool, .. } = &*self.shared;
            let call = pool.call(Twice::Harmless, move |client| {
                Box::pin(sql::history::prune(client, schema, *which))
            });
            call.await
        })
    }

    fn next_wake(&self) -> Answer<'_, NextWake> {
        Box::pin(async move {
            let Shared { schema, pool, .. } = &*self.shared;
            let now = self.now_if();
            let call = pool.call(Twice::Harmless, move |client| {
                Box::pin(sql::claim::next_wake(client, schema, now))
            });
            call.await
        })
    }

    fn watch(&self) -> Watch {
        self.shared.news.bell().watch()
    }

    fn tally(&self) -> Answer<'_, Tally> {
        Box::pin(async move {
            let Shared { schema, pool, .. } = &*self.shared;
            let call = pool
                .call(Twice::Harmless, move |client| Box::pin(sql::tally::tally(client, schema)));
            call.await
        })
    }
}
