//! Listeners and callbacks hear what happens, in order, and hold nobody up.

use std::sync::{Arc, Mutex};

use mainspring_scheduler::{Job, Lagged};

use crate::bench::{Bench, HOUR, MINUTE, SECOND, at, block_on, told};

const START: &str = "2026-03-01T12:00:00Z";

#[test]
fn a_life_of_a_job_as_it_is_told() {
    block_on(async {
        let bench = Bench::at(START);
        let mut events = bench.scheduler.events();
        bench.start();
        let job = Job::every(MINUTE).named("j").limit(2).run(|run| {
            std::future::ready(if run.due() == at("2026-03-01T12:01:00Z") {
                Err("no")
            } else {
                Ok(())
            })
        });
        bench.scheduler.add(job).unwrap();
        bench.clock.run_for(HOUR).await;
        let expected = [
            "0 j added",
            "60 j due",
            "60 j started 1",
            "60 j failed: no",
            "120 j due",
            "120 j started 1",
            "120 j succeeded",
            "120 j removed",
        ];
        assert_eq!(told(&mut events, at(START)), expected);
    });
}

#[test]
fn a_listener_that_sleeps_holds_nobody_up_and_learns_what_it_lost() {
    block_on(async {
        let bench = Bench::at(START);
        let mut events = bench.scheduler.events();
        bench.scheduler.add(Job::every(SECOND).run(bench.note())).unwrap();
        bench.start();
        bench.clock.run_for(2000 * SECOND).await;
        assert_eq!(bench.ran().len(), 2000);
        // Added, and three for each run; the stream holds 4,096.
        let lost = events.next().await.unwrap().unwrap_err();
        assert_eq!(lost, Lagged(6001 - 4096));
        for _ in 0..4096 {
            events.next().await.unwrap().unwrap();
        }
        assert!(told(&mut events, at(START)).is_empty());
    });
}

#[test]
fn the_stream_ends_with_the_scheduler() {
    block_on(async {
        let bench = Bench::at(START);
        let mut events = bench.scheduler.events();
        drop(bench);
        assert!(events.next().await.is_none());
    });
}

#[test]
fn callbacks_are_called_and_their_panics_change_nothing() {
    block_on(async {
        let bench = Bench::at(START);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let say = |what: &'static str| {
            let heard = heard.clone();
            move |who: &str| heard.lock().unwrap().push(format!("{what} {who}"))
        };
        let (start, success, failure, removal) =
            (say("start"), say("success"), say("failure"), say("removal"));
        let job = Job::every(MINUTE)
            .named("j")
            .limit(2)
            .on_start(move |run| start(&run.due().strftime("%M").to_string()))
            .on_success(move |_, run| success(run.output().unwrap_or("-")))
            .on_failure(move |run, ended| failure(&format!("{} {:?}", run.name(), ended.error())))
            .on_removal(move |name| removal(name.as_str()))
            .run(|run| async move {
                match run.due().strftime("%M").to_string().as_str() {
                    "01" => Ok("done".to_owned()),
                    minute => Err(format!("not at {minute}")),
                }
            });
        let rude = Job::every(MINUTE)
            .named("rude")
            .on_start(|_| panic!("start"))
            .on_success(|_, _| panic!("success"))
            .on_removal(|_| panic!("removal"))
            .run(|_| async {});
        bench.scheduler.add(job).unwrap();
        let rude = bench.scheduler.add(rude).unwrap();
        bench.start();
        bench.clock.run_for(HOUR).await;
        let expected =
            ["start 01", "success done", "start 02", "failure j Some(\"not at 02\")", "removal j"];
        assert_eq!(*heard.lock().unwrap(), expected);
        assert_eq!(bench.scheduler.job(rude).map(|job| job.succeeded), Some(60));
        bench.scheduler.remove(rude);
    });
}
