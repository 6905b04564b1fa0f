//! Executes one claimed run: finds its handler, runs one attempt, says how it ended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use mainspring_job::Policy;
use mainspring_job::store::{ClaimedRun, Hold};

use super::board::Start;
use super::ending::{Ended, word};
use super::node::Node;
use crate::attempt::{End, attempt, with_causes};
use crate::context::Source;
use crate::control::Control;
use crate::event::EventKind;
use crate::{BoxError, Context, span};

pub(crate) async fn execute(node: Arc<Node>, start: Start) {
    let Start { run, control } = start;
    let mut saying = Saying { node, hold: run.hold(), is_said: false };
    let number = run.attempt;
    let (ended, policy) = run_once(&saying.node, run, control).await;
    saying.is_said = true;
    let (hold, random) = (saying.hold, saying.node.random());
    saying.node.ended(hold, |stop| word(hold, ended, stop, &policy, number, random));
}

async fn run_once(node: &Arc<Node>, run: ClaimedRun, control: Arc<Control>) -> (Ended, Policy) {
    let policy = match node.policy(&run.policy) {
        Ok(policy) => policy,
        Err(error) => return (Ended::Badly(error.to_string()), Policy::default()),
    };
    let Some(handler) = node.registry.find(&run.handler) else {
        let error = format!("no handler named `{}` is registered on this node", run.handler);
        return (Ended::Badly(error), policy);
    };
    node.meters.started(run.attempt, run.id.due, || node.wall_now());
    let kind = EventKind::Started { attempt: run.attempt };
    node.tell(run.id.job, &run.name, Some(run.id.due), kind);
    let timeout = policy.timeout_limit();
    let context = Context {
        run: run.id,
        attempt: run.attempt,
        source: Source::Claim(Arc::new(run)),
        control: control.clone(),
        expiry: None,
    };
    let context = context.limited(timeout);
    let span = span::run(&context, Some(&node.settings.node));
    let handler = |context| handler.call(context, node.spawner());
    let end = attempt(context, &span, node.timer(), &node.meters, &control, timeout, handler).await;
    span::ended(&span, end.state());
    let ended = match end {
        End::Returned(Ok(output)) => Ended::Well(output),
        End::Returned(Err(error)) => Ended::Badly(text_of(error)),
        End::TimedOut => Ended::TimedOut,
        End::Cancelled => Ended::Cancelled,
    };
    (ended, policy)
}

/// An error's text. It is the handler's code that writes it.
fn text_of(error: BoxError) -> String {
    let text = catch_unwind(AssertUnwindSafe(move || with_causes(&*error)));
    text.unwrap_or_else(|_| {
        "the handler's error panicked when it was asked for its text".to_owned()
    })
}

/// Says how a run ended, also if its task is dropped before it has.
struct Saying {
    node: Arc<Node>,
    hold: Hold,
    is_said: bool,
}

impl Drop for Saying {
    fn drop(&mut self) {
        if self.is_said {
            return;
        }
        let ended = if std::thread::panicking() {
            Ended::Badly("the task of the run panicked".to_owned())
        } else {
            Ended::Cancelled
        };
        let (hold, policy) = (self.hold, Policy::default());
        self.node.dropped(hold, |stop| word(hold, ended, stop, &policy, u32::MAX, 0));
    }
}
