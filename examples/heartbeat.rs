//! How does a program beat steadily, and what of beats that it missed?
//!
//! ```sh
//! cargo run -p mainspring --features timer --example heartbeat
//! cargo run -p mainspring --features timer --example heartbeat -- 1000 60    # a minute of seconds
//! ```
//!
//! Ten beats, one each 50 ms, with how late each was. In the middle the program is busy for two and a
//! half of them: one beat comes late, the one after it is left out and counted, and those that follow
//! fall where they would have fallen anyway.

use std::time::Duration;

use mainspring::timer::{Interval, MissedTickBehavior};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let period = Duration::from_millis(arguments.next().transpose()?.unwrap_or(50));
    let beats = arguments.next().transpose()?.unwrap_or(10);

    let mut heartbeat =
        Interval::builder(period).missed_tick_behavior(MissedTickBehavior::Skip).build()?;
    let mut first = None;
    for beat in 1..=beats {
        let tick = heartbeat.next_tick().await;
        let first = *first.get_or_insert(tick.scheduled);
        println!(
            "beat {beat}: due at {:?}, {:?} late, {} missed",
            tick.scheduled - first,
            tick.lateness(),
            tick.missed,
        );
        if beat == beats / 2 {
            std::thread::sleep(period * 5 / 2); // as a handler should not
        }
    }
    Ok(())
}
