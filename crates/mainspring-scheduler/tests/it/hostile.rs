//! Handlers that misbehave, and a crowd that adds and removes while jobs fire.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mainspring_scheduler::{Job, Scheduler};

use crate::bench::{Bench, HOUR, MINUTE, SECOND, block_on};

const START: &str = "2026-03-01T12:00:00Z";

#[test]
fn a_handler_that_never_ends_or_ignores_its_token_is_cut_at_shutdown() {
    block_on(async {
        let bench = Bench::at(START);
        let never = Job::every(MINUTE).named("never").run(|_| std::future::pending::<()>());
        let deaf = Job::every(MINUTE).named("deaf").run(|run| async move {
            run.cancelled().await;
            std::future::pending::<()>().await;
        });
        bench.scheduler.add(never).unwrap();
        bench.scheduler.add(deaf).unwrap();
        let running = bench.start();
        bench.clock.run_for(90 * SECOND).await;
        bench.scheduler.shutdown(SECOND);
        bench.clock.run_for(5 * SECOND).await;
        let report = running.await.unwrap().unwrap();
        let mut cut: Vec<_> = report.cut.iter().map(|cut| cut.name.as_str()).collect();
        cut.sort_unstable();
        assert_eq!(cut, ["deaf", "never"]);
    });
}

#[test]
fn jobs_that_remove_themselves_others_and_stop_everything() {
    block_on(async {
        let bench = Bench::at(START);
        let scheduler = bench.scheduler.clone();
        let by_name = move |own: bool| {
            let scheduler = scheduler.clone();
            move |run: mainspring_scheduler::Context| {
                let victims =
                    scheduler.jobs().into_iter().filter(|job| (job.id == run.id()) == own);
                for victim in victims.filter(|job| job.name.as_str() != "last") {
                    scheduler.remove(victim.id);
                }
                std::future::ready(())
            }
        };
        let every = |name: &str, after: u64| Job::every(Duration::from_secs(after)).named(name);
        bench.scheduler.add(every("suicide", 10).run(by_name(true))).unwrap();
        bench.scheduler.add(every("bystander", 300).run(bench.note())).unwrap();
        bench.scheduler.add(every("killer", 20).run(by_name(false))).unwrap();
        let stopper = bench.scheduler.clone();
        let last = every("last", 400).run(move |_| {
            stopper.shutdown(Duration::ZERO);
            std::future::ready(())
        });
        bench.scheduler.add(last).unwrap();
        let running = bench.start();
        bench.clock.run_for(HOUR).await;
        assert!(running.is_finished());
        assert!(bench.ran().is_empty(), "the bystander ran though it was removed");
        let left: Vec<_> = bench.scheduler.jobs().iter().map(|job| job.name.to_string()).collect();
        assert_eq!(left, ["killer", "last"]);
    });
}

#[test]
fn a_hundred_thousand_jobs_come_and_go_while_they_fire() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let scheduler = Scheduler::new();
        let running = tokio::spawn({
            let scheduler = scheduler.clone();
            async move { scheduler.run().await }
        });
        let ran = Arc::new(AtomicU64::new(0));
        let adders: Vec<_> = (0..4_u64)
            .map(|adder| {
                let (scheduler, ran) = (scheduler.clone(), ran.clone());
                tokio::spawn(async move {
                    let mut kept = Vec::new();
                    for number in 0..25_000_u64 {
                        let interval = Duration::from_micros(500 + (number * 7919) % 50_000);
                        let ran = ran.clone();
                        let job = Job::every(interval).run(move |_| {
                            ran.fetch_add(1, Ordering::Relaxed);
                            std::future::ready(())
                        });
                        kept.push(scheduler.add(job).expect("a sound job"));
                        if number % 3 != adder % 3 {
                            let victim = kept.swap_remove((number as usize * 31) % kept.len());
                            assert!(scheduler.remove(victim));
                        }
                        if number % 512 == 0 {
                            tokio::task::yield_now().await;
                        }
                    }
                    for id in kept {
                        assert!(scheduler.remove(id));
                    }
                })
            })
            .collect();
        for adder in adders {
            adder.await.expect("no panic");
        }
        assert!(scheduler.jobs().is_empty());
        assert!(ran.load(Ordering::Relaxed) > 0, "nothing fired meanwhile");
        scheduler.shutdown(Duration::from_secs(10));
        let report = running.await.expect("no panic").expect("it ran once");
        assert!(report.cut.is_empty());
    });
}

/// Asks the scheduler when it is dropped.
struct Curious(Scheduler);

impl Drop for Curious {
    fn drop(&mut self) {
        self.0.jobs();
    }
}

#[test]
fn a_refused_job_may_ask_the_scheduler_when_it_is_dropped() {
    let (send, refused) = std::sync::mpsc::channel();
    // On a thread of its own, for where this is wrong it never ends.
    std::thread::spawn(move || {
        let scheduler = Scheduler::new();
        for _ in 0..2 {
            let curious = Curious(scheduler.clone());
            let job = Job::every(SECOND).named("twin").run(move |_| {
                let _held = &curious;
                async {}
            });
            let added = scheduler.add(job);
            send.send(added.is_err_and(|error| error.is_duplicate())).unwrap();
        }
    });
    let answers: Vec<_> = (0..2).map(|_| refused.recv_timeout(10 * SECOND)).collect();
    assert_eq!(answers, [Ok(false), Ok(true)]);
}
