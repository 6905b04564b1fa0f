//! How do you test code that waits for days?
//!
//! ```sh
//! cargo run -p mainspring --example manual_clock
//! ```
//!
//! A report that is due each working day at nine in Berlin, and a reminder a day later if nobody has read it:
//! four weeks of them, the change to summer time among them, in a few milliseconds. Nothing sleeps, and each
//! line is printed with the time that the clock shows. A test would assert what `main` does at its end.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use mainspring::clock::{ManualClock, WallClock};
use mainspring::job::Misfire;
use mainspring::{Job, Scheduler};

const DAY: Duration = Duration::from_secs(86_400);

/// What is to be tested: it is given the scheduler, and asks no clock of its own.
fn plan_reports(
    scheduler: &Scheduler,
    tell: impl Fn(String) + Clone + Send + Sync + 'static,
) -> Result<(), Box<dyn std::error::Error>> {
    let reminders = scheduler.clone();
    let report = Job::cron("0 9 * * MON-FRI")?.in_zone("Europe/Berlin")?.named("report");
    scheduler.add(report.misfire(Misfire::run_once()).run(move |run| {
        let (remind, reported) = (tell.clone(), tell.clone());
        let tomorrow = run.due() + DAY;
        let reminder = Job::once(tomorrow).run(move |_| {
            remind(format!("nobody has read the report of {}", tomorrow - DAY));
            async {}
        });
        let added = reminders.add(reminder);
        async move {
            reported(format!("report of {}", run.due()));
            added.map(|_| ())
        }
    }))?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let monday = "2026-03-16T00:00:00Z".parse::<jiff::Timestamp>()?;
    let clock = ManualClock::new(SystemTime::from(monday));
    let scheduler = Scheduler::manual(&clock);
    let told = Arc::new(Mutex::new(Vec::new()));
    plan_reports(&scheduler, {
        let (clock, told) = (clock.clone(), told.clone());
        move |text| {
            let now = jiff::Timestamp::try_from(clock.wall_now()).expect("a date");
            told.lock().expect("no panic").push(format!("{now}  {text}"));
        }
    })?;
    let running = scheduler.clone();
    tokio::spawn(async move { running.run().await });

    clock.run_for(14 * DAY).await;
    // The lid is shut on a Sunday night, and opened on Wednesday noon: one report stands for three.
    clock.jump_forward(2 * DAY + DAY / 2);
    clock.run_for(12 * DAY).await;

    let told = told.lock().expect("no panic");
    told.iter().for_each(|line| println!("{line}"));
    let reports = told.iter().filter(|line| line.contains("  report of")).count();
    println!("{reports} reports, {} reminders", told.len() - reports);
    Ok(())
}
