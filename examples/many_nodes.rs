//! How do several machines share work, and what if one of them dies?
//!
//! ```sh
//! docker run -d -e POSTGRES_HOST_AUTH_METHOD=trust -p 5432:5432 postgres
//! cargo run -p mainspring --features postgres --example many_nodes -- postgres://postgres@localhost/postgres
//! ```
//!
//! Three nodes share one database; here they are three tasks of one program, as on three machines. Sixty
//! letters are to be sent, and a job is due five times a second. In the middle one node dies: what it had begun
//! is begun anew by others when its lease has ended. At the end each letter is recorded as sent once, and so is
//! each beat, whichever node had it. Nobody is the leader. The tables stay behind, in a schema of their own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mainspring::StoreScheduler;
use mainspring::job::RunState;
use mainspring::job::store::RunQuery;
use mainspring::postgres::PostgresOptions;
use tokio::time::sleep;

const LETTERS: usize = 60;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("usage: many_nodes postgres://USER@HOST/NAME")?;
    // A schema of its own, so that each run of the example begins anew.
    let schema = format!("mainspring_example_{}", std::process::id());
    let connect = || async { PostgresOptions::new(&url)?.schema(&schema)?.connect().await };

    let mut nodes = Vec::new();
    for name in ["north", "south", "west"] {
        let node = StoreScheduler::builder(Arc::new(connect().await?))
            .node(name)
            .concurrency(4)
            .lease(Duration::from_millis(300))
            .build();
        node.register("letter", |_, _: String| sleep(Duration::from_millis(30)))?;
        node.register("beat", |_, (): ()| async {})?;
        let running = node.clone();
        nodes.push((tokio::spawn(async move { running.run().await }), node));
    }

    // Any node may ask for work, and any may do it.
    let anybody = nodes[0].1.clone();
    anybody.upsert("beat").schedule("@every 200ms".parse()?).await?;
    for number in 0..LETTERS {
        let letter = format!("letter {number}");
        anybody.enqueue("letter", &letter).unique(letter.clone()).await?;
    }

    sleep(Duration::from_millis(100)).await;
    nodes[1].0.abort(); // south dies, and says nothing to anybody
    let sent = RunQuery::history(1000).named("letter").in_state(RunState::Succeeded);
    let sent = loop {
        sleep(Duration::from_millis(50)).await;
        let sent = anybody.store().runs(&sent).await?;
        if sent.len() == LETTERS {
            break sent;
        }
    };

    let mut by_node = BTreeMap::<_, usize>::new();
    for letter in &sent {
        *by_node.entry(letter.node.as_deref().unwrap_or("?")).or_default() += 1;
    }
    println!("{} letters sent: {by_node:?}", sent.len());
    let again = sent.iter().filter(|letter| letter.attempt > 1).count();
    println!("{again} were begun anew after south had died");
    let beats = anybody.store().runs(&RunQuery::history(1000).named("beat")).await?;
    println!("{} beats, each due once", beats.len());
    Ok(())
}
