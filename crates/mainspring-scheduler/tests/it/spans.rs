//! Every run is a span of `tracing` with its attempts inside, and what a handler says is said within those.

use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use mainspring_job::Retry;
use mainspring_scheduler::Job;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::bench::{Bench, HOUR, MINUTE, SECOND, block_on};
use crate::stored::world::{World, start};

/// Writes down each span as it begins, and each event with the span that it is in.
#[derive(Default)]
struct Notes {
    spans: AtomicU64,
    entered: Mutex<Vec<u64>>,
    lines: Mutex<Vec<String>>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Notes>);

impl Subscriber for Shared {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target().starts_with("mainspring_scheduler")
            || metadata.target() == module_path!()
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let number = self.0.spans.fetch_add(1, Ordering::Relaxed) + 1;
        let mut line = format!("{number} {}", span.metadata().name());
        if let Some(parent) = span.parent() {
            line.push_str(&format!(" in {}", parent.into_u64()));
        }
        span.record(&mut Fields(&mut line));
        self.0.lines.lock().unwrap().push(line);
        Id::from_u64(number)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = format!("in {:?}", self.0.entered.lock().unwrap());
        event.record(&mut Fields(&mut line));
        self.0.lines.lock().unwrap().push(line);
    }

    fn enter(&self, span: &Id) {
        self.0.entered.lock().unwrap().push(span.into_u64());
    }

    fn exit(&self, span: &Id) {
        assert_eq!(self.0.entered.lock().unwrap().pop(), Some(span.into_u64()));
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut line = span.into_u64().to_string();
        values.record(&mut Fields(&mut line));
        self.0.lines.lock().unwrap().push(line);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _infallible = write!(self.0, " {field}={value:?}");
    }
}

#[test]
fn every_attempt_has_a_span_that_its_handler_speaks_in() {
    let notes = Shared::default();
    let _guard = tracing::subscriber::set_default(notes.clone());
    block_on(async {
        let bench = Bench::at("2026-03-01T12:00:00Z");
        let job = Job::every(MINUTE).named("j").limit(1);
        let job = job.retry(Retry::fixed(SECOND).attempts(2)).run(|run| async move {
            tracing::info!("first poll");
            tokio::task::yield_now().await;
            tracing::info!("second poll");
            if run.attempt() == 1 { Err("no") } else { Ok(()) }
        });
        bench.scheduler.add(job).unwrap();
        bench.start();
        bench.clock.run_for(2 * MINUTE).await;
    });
    let lines = notes.0.lines.lock().unwrap().clone();
    let expected = [
        "1 run job=\"j\" due=2026-03-01T12:01:00Z",
        "2 attempt in 1 attempt=1",
        "in [2] message=first poll",
        "in [2] message=second poll",
        "2 outcome=\"failed\"",
        "3 attempt in 1 attempt=2",
        "in [3] message=first poll",
        "in [3] message=second poll",
        "3 outcome=\"succeeded\"",
        "1 outcome=\"succeeded\"",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_run_of_a_store_says_whose_it_is() {
    let notes = Shared::default();
    let _guard = tracing::subscriber::set_default(notes.clone());
    block_on(async {
        let world = World::at("2026-03-01T12:00:00Z");
        let (node, _) = world.node("a");
        world.handle(&node, "slow", HOUR);
        start(&node);
        let retry = Retry::fixed(SECOND).attempts(2);
        let policy = mainspring_job::Policy::default().timeout(MINUTE).retry(retry);
        node.enqueue("slow", &()).policy(policy).await.unwrap();
        world.clock.run_for(HOUR).await;
    });
    let lines = notes.0.lines.lock().unwrap().clone();
    let expected = [
        "1 run job=\"slow\" due=2026-03-01T12:00:00Z node=\"a\" fence=1",
        "2 attempt in 1 attempt=1",
        "2 outcome=\"timed out\"",
        "1 outcome=\"timed out\"",
        "3 run job=\"slow\" due=2026-03-01T12:00:00Z node=\"a\" fence=2",
        "4 attempt in 3 attempt=2",
        "4 outcome=\"timed out\"",
        "3 outcome=\"timed out\"",
    ];
    assert_eq!(lines, expected);
}
