//! Can a program keep the time of a sequencer: a tick each 500 µs?
//!
//! ```sh
//! cargo run -p mainspring --release --features timer --example midi_clock
//! cargo run -p mainspring --release --features timer --example midi_clock -- 60    # for a minute
//! ```
//!
//! At 120 beats a minute and a thousand ticks a beat a sequencer has 500 µs from one tick to the next,
//! and a MIDI clock sends every 41st or 42nd of them. The program ticks for half a second, on a thread
//! of its own with the best scheduling that the system grants, waking a little ahead and waiting out
//! the rest. It prints what was granted and how late the ticks were: a fraction of a microsecond for
//! most, if the machine is not busy.

use std::time::Duration;

use mainspring::timer::{Interval, MissedTickBehavior, Precision, isolated};

const TICK: Duration = Duration::from_micros(500);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds = std::env::args().nth(1).map_or(Ok(0.5), |argument| argument.parse::<f64>())?;
    let ticks = (seconds / TICK.as_secs_f64()) as usize;

    let sequencer = isolated("sequencer", move || async move {
        let mut clock = Interval::builder(TICK)
            .missed_tick_behavior(MissedTickBehavior::Skip)
            .precision(Precision::Exact { max_spin: Duration::from_micros(200) })
            .build()?;
        let (mut late, mut missed) = (Vec::with_capacity(ticks), 0);
        for _ in 0..ticks {
            let tick = clock.next_tick().await;
            // Here a byte 0xF8 would go out, each time 24 of a beat's ticks have passed.
            late.push(tick.lateness());
            missed += tick.missed;
        }
        late.sort_unstable();
        Ok::<_, std::io::Error>((late, missed))
    })?;

    println!("granted: {:?}", sequencer.isolation());
    let (late, missed) = sequencer.join().expect("it does not panic")?;
    let at = |share: f64| late[(share * (late.len() - 1) as f64) as usize];
    println!(
        "{} ticks, {missed} missed; late by {:?} (half of them at most), {:?} (99 of 100), {:?} (all)",
        late.len(),
        at(0.5),
        at(0.99),
        at(1.0),
    );
    Ok(())
}
