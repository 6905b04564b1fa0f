//! How does work outlive the program that was asked for it?
//!
//! ```sh
//! cargo run -p mainspring --features sqlite --example email_queue
//! cargo run -p mainspring --features sqlite --example email_queue -- crash
//! ```
//!
//! Three mails are enqueued and sent, one of them only at the second attempt. With `crash` the program dies
//! before anything is sent; run it again without, and the mails are there, none of them twice: each has a
//! key.

use std::sync::Arc;
use std::time::Duration;

use mainspring::StoreScheduler;
use mainspring::job::Retry;
use mainspring::scheduler::EventKind;
use mainspring::sqlite::SqliteStore;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Email {
    to: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::temp_dir().join("mainspring-email-queue.db");
    let scheduler = StoreScheduler::new(Arc::new(SqliteStore::open(&path)?));

    scheduler.register("email", |run, email: Email| async move {
        if email.to.starts_with("bob") && run.attempt() == 1 {
            return Err("the mail server is busy");
        }
        println!("sent to {}, attempt {}", email.to, run.attempt());
        Ok(())
    })?;

    for to in ["ada@example.org", "bob@example.org", "cy@example.org"] {
        let email = Email { to: to.to_owned() };
        let retry = Retry::fixed(Duration::from_millis(200));
        scheduler.enqueue("email", &email).unique(format!("welcome {to}")).retry(retry).await?;
    }
    if std::env::args().any(|argument| argument == "crash") {
        println!("three mails are waiting in {}", path.display());
        std::process::abort();
    }

    // Here it ends when all is sent; a service runs until it is told to stop.
    let mut events = scheduler.events();
    let stopper = scheduler.clone();
    tokio::spawn(async move {
        let mut sent = 0;
        while sent < 3 {
            match events.next().await {
                Some(Ok(event)) if event.kind == EventKind::Succeeded => sent += 1,
                Some(_) => {}
                None => break,
            }
        }
        stopper.shutdown(Duration::from_secs(1));
    });
    scheduler.run().await?;
    Ok(())
}
