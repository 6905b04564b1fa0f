//! Makes the spans that runs and their attempts are told in.
//!
//! # Ground rules
//! - Where nobody listens a span costs a look at one atomic: its fields are not even written.
//! - Names of spans and fields, level and target are part of the interface: `docs/observability.md`.

use mainspring_job::RunState;
use tracing::Span;
use tracing::field::Empty;

use crate::Context;

const TARGET: &str = "mainspring_scheduler::run";

/// Around all attempts at a run, as far as they are made here.
pub(crate) fn run(context: &Context, node: Option<&str>) -> Span {
    tracing::info_span!(
        target: TARGET,
        "run",
        job = context.name(),
        due = %context.due(),
        node,
        fence = context.fence().map(|fence| fence.as_u64()),
        outcome = Empty,
    )
}

/// Around one call of a handler.
pub(crate) fn attempt(run: &Span, context: &Context) -> Span {
    tracing::info_span!(
        target: TARGET,
        parent: run,
        "attempt",
        attempt = context.attempt(),
        outcome = Empty,
    )
}

/// Says in its span how a run ended, or one attempt at it.
pub(crate) fn ended(span: &Span, state: RunState) {
    span.record("outcome", state.as_str());
}
