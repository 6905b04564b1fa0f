//! What does a time-out cost for each of a hundred thousand connections?
//!
//! ```sh
//! cargo run -p mainspring --release --features timer --example connection_timeouts
//! cargo run -p mainspring --release --features timer --example connection_timeouts -- 1000000
//! ```
//!
//! A hundred thousand tasks wait for an answer, each for at most a second; one in a thousand is never
//! answered. All time-outs share one kernel timer: the program has as many descriptors with them as
//! with a single one. Arming a time-out and taking it back costs less than a microsecond.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use mainspring::clock::{Clock, SystemClock};
use mainspring::timer::{Driver, timeout};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

const PATIENCE: Duration = Duration::from_secs(1);

/// How many connections wait.
static WAITING: AtomicUsize = AtomicUsize::new(0);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let connections =
        std::env::args().nth(1).map_or(Ok(100_000), |argument| argument.parse::<usize>())?;
    let driver = Driver::current()?; // the runtime's own, which all time-outs share
    let before = descriptors();

    let mut peers = Vec::with_capacity(connections);
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let (peer, answer) = oneshot::channel();
        peers.push(peer);
        tasks.spawn(async move {
            let begun = SystemClock.now();
            WAITING.fetch_add(1, Relaxed);
            let answered = timeout(PATIENCE, answer).await.is_ok();
            (answered, begun.elapsed())
        });
    }
    while WAITING.load(Relaxed) < connections {
        tokio::task::yield_now().await;
    }
    println!("{} time-outs wait, {} descriptors more", driver.waiting(), descriptors() - before);

    // Silent peers stay, so that their connections hear nothing at all.
    let mut silent = Vec::new();
    for (number, peer) in peers.into_iter().enumerate() {
        if number % 1000 == 0 {
            silent.push(peer);
        } else {
            peer.send(()).expect("somebody waits");
        }
    }
    let (mut answered, mut gone, mut first) = (0, 0, Duration::MAX);
    while let Some(ended) = tasks.join_next().await {
        match ended? {
            (true, _) => answered += 1,
            (false, after) => (gone, first) = (gone + 1, first.min(after)),
        }
    }
    assert!(first >= PATIENCE, "a time-out came early");
    println!("{answered} answered, {gone} timed out, the first after {first:?}");
    println!("{} time-outs wait", driver.waiting());
    Ok(())
}

/// How many descriptors the program has open, where the system tells.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
