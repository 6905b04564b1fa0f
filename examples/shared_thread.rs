//! How do background jobs leave the thread to the foreground?
//!
//! ```sh
//! cargo run -p mainspring --release --features executor --example shared_thread
//! ```
//!
//! One thread, one tokio runtime, one executor with two queues. Both jobs want the whole processor
//! for as long as the program runs; it ends after half a second and prints what each queue got:
//! eight ninths for the foreground, one ninth for the background.

use std::time::Duration;

use mainspring::executor::tokio::TokioHost;
use mainspring::executor::{Executor, Remote, RunnableFifo, yield_now};
use mainspring::scheduler::{Spawn, Task};
use mainspring::{Job, Scheduler};

/// Runs a job on a queue.
struct On(Remote);

impl Spawn for On {
    fn spawn(&self, task: Task) {
        self.0.spawn(task).detach();
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        tokio::task::spawn_blocking(work);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let executor = Executor::builder()
        .queue("foreground", 8, RunnableFifo::default())
        .queue("background", 1, RunnableFifo::default())
        .host(TokioHost)
        .build()?;

    let scheduler = Scheduler::new();
    for (name, queue) in [("answer", "foreground"), ("compact", "background")] {
        let job = Job::every(Duration::from_millis(10)).limit(1).named(name);
        scheduler.add(job.spawn_on(On(executor.queue(queue)?.remote())).run(|run| async move {
            let mut sum = 0_u64;
            while !run.is_cancelled() {
                sum = (0..10_000).fold(sum, |sum, i| std::hint::black_box(sum ^ i));
                yield_now().await;
            }
        }))?;
    }
    let stopper = scheduler.clone();
    scheduler.add(Job::every(Duration::from_millis(500)).limit(1).run(move |_| {
        stopper.shutdown(Duration::ZERO);
        async {}
    }))?;

    // The scheduler drives the executor; whatever is ready runs in between.
    executor.run_until(scheduler.run()).await??;

    for queue in executor.stats().queues {
        let (asked, got) = (queue.share_asked * 100.0, queue.share_got * 100.0);
        println!("{:10} asked for {asked:.1} %, got {got:.1} %", queue.name);
    }
    Ok(())
}
