//! Holds attempts, pauses and timeouts against a slow, obvious reading of the rules.
//!
//! Random runs, each a list of attempts with a length and an end, live on the manual clock; what the
//! scheduler tells, and when, must be what the reference computes by adding up.

use std::sync::Arc;

use jiff::SignedDuration;
use mainspring_clock::Clock;
use mainspring_job::Retry;
use mainspring_scheduler::Job;
use proptest::prelude::*;

use crate::bench::{Bench, SECOND, at, block_on, told};

const START: &str = "2026-03-29T00:59:00Z"; // a minute before Europe's clocks change

#[derive(Clone, Debug)]
struct Plan {
    attempts: u32,
    pause_s: u32,
    timeout_s: Option<u32>,
    /// Whether a handler that was told to stop does so at once.
    is_obedient: bool,
    script: Vec<Attempt>,
}

#[derive(Clone, Copy, Debug)]
struct Attempt {
    length_s: u32,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Well,
    Badly,
    /// With an error that the job does not try again after.
    Fatally,
    ByPanic,
}

/// What the scheduler must tell of a run that is due `now` seconds after the start.
fn expected(plan: &Plan, mut now: u32) -> Vec<String> {
    let mut lines = vec![format!("{now} m due")];
    for (number, attempt) in (1..).zip(plan.script.iter().cycle()) {
        lines.push(format!("{now} m started {number}"));
        // At the very moment of its timeout an attempt that is through is through.
        let timeout = plan.timeout_s.filter(|timeout| attempt.length_s > *timeout);
        let error = match (timeout, attempt.end) {
            (Some(timeout), _) => {
                // A second to wind up, unless it ends before.
                let rest = attempt.length_s - timeout;
                now += timeout + if plan.is_obedient { 0 } else { rest.min(1) };
                format!("it took longer than {timeout}s")
            }
            (None, end) => {
                now += attempt.length_s;
                match end {
                    End::Well => {
                        lines.push(format!("{now} m succeeded"));
                        return lines;
                    }
                    End::Badly => "no luck".to_owned(),
                    End::Fatally => "fatal".to_owned(),
                    End::ByPanic => "the handler panicked: oh".to_owned(),
                }
            }
        };
        if number == plan.attempts || error == "fatal" {
            let end =
                if timeout.is_some() { "timedout".into() } else { format!("failed: {error}") };
            lines.push(format!("{now} m {end}"));
            return lines;
        }
        let pause = SECOND * plan.pause_s;
        lines.push(format!("{now} m retried in {pause:?}: {error}"));
        now += plan.pause_s;
    }
    unreachable!("attempts end")
}

/// What the scheduler tells of two runs of the job, one after the other.
async fn observed(plan: &Plan, second_run: u32) -> Vec<String> {
    let bench = Bench::at(START);
    let start = at(START);
    let mut events = bench.scheduler.events();
    let instant = |seconds: u32| start + SignedDuration::from_secs(seconds.into());
    let script: Arc<[Attempt]> = plan.script.clone().into();
    let (clock, is_obedient) = (bench.clock.clone(), plan.is_obedient);
    let handler = move |run: mainspring_scheduler::Context| {
        let attempt = script[(run.attempt() as usize - 1) % script.len()];
        let clock = clock.clone();
        async move {
            let sleep = clock.wait_until(clock.now() + SECOND * attempt.length_s);
            tokio::select! {
                biased;
                _ = sleep => {}
                () = run.cancelled(), if is_obedient => {}
            }
            match attempt.end {
                End::Well => Ok(()),
                End::Badly => Err("no luck"),
                End::Fatally => Err("fatal"),
                End::ByPanic => panic!("oh"),
            }
        }
    };
    let mut job = Job::every(SECOND * second_run)
        .starting_at(instant(60))
        .limit(2)
        .named("m")
        .retry(Retry::fixed(SECOND * plan.pause_s).attempts(plan.attempts))
        .retry_if(|error| error.to_string() != "fatal");
    if let Some(timeout) = plan.timeout_s {
        job = job.timeout(SECOND * timeout);
    }
    bench.scheduler.add(job.run(handler)).expect("a sound job");
    let running = bench.start();
    bench.clock.run_for(SECOND * 60 + 2 * SECOND * second_run).await;
    running.abort();
    told(&mut events, start)
}

fn plan() -> impl Strategy<Value = Plan> {
    let end = prop_oneof![
        3 => Just(End::Badly),
        1 => Just(End::Well),
        1 => Just(End::ByPanic),
        1 => Just(End::Fatally),
    ];
    let attempt = (0_u32..40, end).prop_map(|(length_s, end)| Attempt { length_s, end });
    let script = prop::collection::vec(attempt, 1..6);
    (1_u32..6, 0_u32..100, prop::option::of(1_u32..30), any::<bool>(), script).prop_map(
        |(attempts, pause_s, timeout_s, is_obedient, script)| Plan {
            attempts,
            pause_s,
            timeout_s,
            is_obedient,
            script,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn runs_go_through_their_attempts_as_the_rules_say(plan in plan()) {
        // Long enough for the first run to be over.
        let second_run = 1_000;
        let mut lines = vec!["0 m added".to_owned()];
        lines.extend(expected(&plan, 60));
        lines.extend(expected(&plan, 60 + second_run));
        lines.push(format!("{} m removed", last_second(&lines)));
        block_on(async {
            assert_eq!(observed(&plan, second_run).await, lines);
        });
    }
}

fn last_second(lines: &[String]) -> &str {
    lines.last().and_then(|line| line.split(' ').next()).unwrap_or_default()
}
