//! Runs a node's loops side by side, and brings them to an end.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::claimer::claim;
use super::janitor::tidy;
use super::keeper::keep;
use super::node::Node;
use super::planner::plan;
use super::recorder::record;
use crate::Report;
use crate::attempt::TIME_TO_WIND_UP;
use crate::control::Control;
use crate::error::{Error, Kind};

/// So long is a store waited for that does not take the last words.
const LAST_WORDS: Duration = Duration::from_secs(5);

pub(crate) async fn run(node: &Arc<Node>) -> Result<Report, Error> {
    let running = Running::begin(node)?;
    let seeking = async {
        tokio::join!(plan(node), claim(node), tidy(node));
        // What has been claimed is another loop's affair.
        pending::<()>().await;
    };
    let telling = async { tokio::join!(record(node), record(node), keep(node)) };
    tokio::select! {
        () = until_over(node) => {}
        () = seeking => {}
        _ = telling => {}
    }
    Ok(running.report())
}

/// Completes when the scheduler was told to stop and nothing is left to wait for.
async fn until_over(node: &Arc<Node>) {
    node.stopping().await;
    node.board().close();
    node.calls.recorder.notify_one();
    let grace = |node: &Node| node.stops_at().unwrap_or_else(|| node.timer().now());
    // Softly: until the grace is over, which may be shortened meanwhile.
    while node.board().is_running() && node.timer().now() < grace(node) {
        wait_until(node, grace(node)).await;
    }
    // Hard: first asking, then without asking.
    for stop in [Control::cancel, Control::abort] {
        node.board().stop_all().iter().for_each(|control| stop(control));
        let until = node.timer().now() + TIME_TO_WIND_UP;
        while node.board().is_running() && node.timer().now() < until {
            wait_until(node, until).await;
        }
    }
    let until = node.timer().now() + LAST_WORDS;
    while node.board().is_open() && node.timer().now() < until {
        wait_until(node, until).await;
    }
}

async fn wait_until(node: &Node, at: Instant) {
    let left = at.saturating_duration_since(node.timer().now());
    tokio::select! {
        () = node.timer().sleep(left) => {}
        () = node.calls.driver.notified() => {}
    }
}

/// The scheduler runs for as long as this lives.
struct Running<'a>(&'a Arc<Node>);

impl<'a> Running<'a> {
    fn begin(node: &'a Arc<Node>) -> Result<Self, Error> {
        if !node.begin() {
            return Err(Kind::AlreadyRunning.into());
        }
        let running = Self(node);
        node.timer().begin()?;
        Ok(running)
    }

    fn report(self) -> Report {
        self.0.board().report()
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
