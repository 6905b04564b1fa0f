//! Carries news between nodes: `LISTEN` and `NOTIFY`.
//!
//! # Ground rules
//! - News is told after the commit, on its own, and at most every few milliseconds: a `NOTIFY` makes
//!   commits wait for each other, so that one in each would cost more than the commit.
//! - While the connection is away nothing is heard; when it is back, that is news.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Client;
use mainspring_job::store::Bell;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::pool::{Pool, Trouble, Twice};

/// From one telling to the next.
const BETWEEN: Duration = Duration::from_millis(5);

/// The longest pause between attempts to connect.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Tells other nodes, and listens to them, until it is dropped.
#[derive(Debug)]
pub(crate) struct News {
    bell: Bell,
    fresh: Arc<Notify>,
    tasks: [JoinHandle<()>; 2],
}

impl News {
    pub(crate) fn start(
        config: Config,
        tls: MakeRustlsConnect,
        pool: Arc<Pool>,
        channel: String,
    ) -> Self {
        let (bell, fresh) = (Bell::default(), Arc::<Notify>::default());
        let telling = tokio::spawn(tell(pool, fresh.clone(), channel.clone()));
        let listening = tokio::spawn(listen(config, tls, channel, bell.clone()));
        Self { bell, fresh, tasks: [telling, listening] }
    }

    /// There is news, here and for all nodes.
    pub(crate) fn tell(&self) {
        self.bell.ring();
        self.fresh.notify_one();
    }

    /// There is news for this process alone.
    pub(crate) fn tell_here(&self) {
        self.bell.ring();
    }

    pub(crate) fn bell(&self) -> &Bell {
        &self.bell
    }
}

impl Drop for News {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn tell(pool: Arc<Pool>, fresh: Arc<Notify>, channel: String) {
    loop {
        fresh.notified().await;
        let told = pool.call(Twice::Harmless, |client| Box::pin(notify(client, &channel)));
        // Who does not hear of it looks by itself before long.
        let _ = told.await;
        tokio::time::sleep(BETWEEN).await;
    }
}

async fn notify(client: Client, channel: &str) -> Result<(), Trouble> {
    let statement = client.prepare_cached("SELECT pg_notify($1, '')").await?;
    client.execute(&statement, &[&channel]).await?;
    Ok(())
}

async fn listen(config: Config, tls: MakeRustlsConnect, channel: String, bell: Bell) {
    let mut pause = Duration::from_millis(50);
    loop {
        if listen_once(&config, &tls, &channel, &bell).await.is_some() {
            pause = Duration::from_millis(50);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Listens until the connection breaks; `None` if there was none.
async fn listen_once(
    config: &Config,
    tls: &MakeRustlsConnect,
    channel: &str,
    bell: &Bell,
) -> Option<()> {
    let (client, mut connection) = config.connect(tls.clone()).await.ok()?;
    let sql = format!("LISTEN \"{channel}\"");
    let mut listening = std::pin::pin!(client.batch_execute(&sql));
    let mut is_listening = false;
    std::future::poll_fn(|cx| {
        use std::task::Poll;
        // The connection moves what the statement waits for.
        loop {
            match connection.poll_message(cx) {
                Poll::Ready(Some(Ok(AsyncMessage::Notification(_)))) => bell.ring(),
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        if !is_listening && listening.as_mut().poll(cx).is_ready() {
            is_listening = true;
            // What was told while nobody listened.
            bell.ring();
        }
        Poll::Pending
    })
    .await;
    Some(())
}
