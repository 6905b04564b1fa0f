//! Puts jobs on queues of an executor, so that they share a thread by weight.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use mainspring_clock::{Clock, ManualClock};
use mainspring_executor::{Executor, Remote, RunnableFifo, yield_now};
use mainspring_scheduler::{Job, Scheduler, Spawn, Task};

use crate::bench::{SECOND, block_on};

/// Runs a job on one queue of an executor.
struct OnQueue(Remote);

impl Spawn for OnQueue {
    fn spawn(&self, task: Task) {
        self.0.spawn(task).detach();
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        tokio::task::spawn_blocking(work);
    }
}

const POLL: Duration = Duration::from_micros(20);

fn two_queues() -> (ManualClock, Executor<&'static str>) {
    // What the executor shares is the time on this clock, which only the jobs turn.
    let processor = ManualClock::new(SystemTime::UNIX_EPOCH);
    let executor = Executor::builder()
        .queue("foreground", 8, RunnableFifo::default())
        .queue("background", 1, RunnableFifo::default())
        .clock(processor.clone())
        .build()
        .unwrap();
    (processor, executor)
}

#[test]
fn background_jobs_get_one_share_against_the_foregrounds_eight() {
    block_on(async {
        let (processor, executor) = two_queues();
        let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
        let scheduler = Scheduler::manual(&clock);
        let polls = [(); 2].map(|()| Arc::new(AtomicU64::new(0)));
        // Three background jobs and one in the foreground, each with more to do than there is time.
        for (name, queue, polls) in [
            ("compact", "background", &polls[1]),
            ("index", "background", &polls[1]),
            ("vacuum", "background", &polls[1]),
            ("answer", "foreground", &polls[0]),
        ] {
            let (processor, polls) = (processor.clone(), polls.clone());
            let (stopper, end) = (scheduler.clone(), processor.now() + SECOND);
            let job = Job::every(SECOND).named(name);
            let job = job.spawn_on(OnQueue(executor.queue(queue).unwrap().remote()));
            let job = job.run(move |_| {
                let (processor, polls, stopper) =
                    (processor.clone(), polls.clone(), stopper.clone());
                async move {
                    while processor.now() < end {
                        processor.advance(POLL);
                        polls.fetch_add(1, Ordering::Relaxed);
                        yield_now().await;
                    }
                    stopper.shutdown(Duration::ZERO);
                }
            });
            scheduler.add(job).unwrap();
        }
        clock.advance(SECOND);
        let report = executor.run_until(scheduler.run()).await.unwrap().unwrap();
        assert!(report.cut.is_empty(), "{report:?}");
        let [foreground, background] = polls.map(|polls| polls.load(Ordering::Relaxed) as f64);
        let share = foreground / (foreground + background);
        assert!((share - 8.0 / 9.0).abs() < 0.005, "the foreground got {share}");
        let stats = executor.stats();
        assert!((stats.queues[0].share_got - 8.0 / 9.0).abs() < 0.005, "{stats:?}");
    });
}

#[test]
fn a_run_on_a_queue_is_polled_there_alone() {
    block_on(async {
        let (processor, executor) = two_queues();
        let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
        let remote = executor.queue("background").unwrap().remote();
        let scheduler = Scheduler::manual(&clock).spawn_on(OnQueue(remote));
        let stopper = scheduler.clone();
        // Ready at its first poll: no scheduler may have made that poll by itself.
        let job = Job::every(SECOND).named("short").run(move |_| {
            processor.advance(POLL);
            stopper.shutdown(SECOND);
            async {}
        });
        scheduler.add(job).unwrap();
        clock.advance(SECOND);
        executor.run_until(scheduler.run()).await.unwrap().unwrap();
        let stats = executor.stats();
        assert_eq!(stats.queues[1].finished, 1);
        assert_eq!(stats.queues[1].runtime, POLL);
        assert_eq!(scheduler.jobs()[0].succeeded, 1);
    });
}
