//! Lets each timer tick in turn, slot by slot, so that what disturbs the machine disturbs all alike.

use std::io;
use std::time::Duration;

use mainspring_timer::{Interval, Lateness, Precision, now};

use super::table::short;
use crate::progress::Progress;

/// What is measured.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) periods: Vec<Duration>,
    /// For each period and timer, about.
    pub(super) span: Duration,
}

/// One timer at one period.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) period: Duration,
    pub(super) timer: Timer,
    pub(super) lateness: Lateness,
}

/// Who ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    Tokio,
    Ours(Precision),
}

/// The most that exact ticks may spin; more than the lateness of an idle machine.
const MAX_SPIN: Duration = Duration::from_micros(500);

pub(super) const TIMERS: [Timer; 4] = [
    Timer::Tokio,
    Timer::Ours(Precision::Kernel),
    Timer::Ours(Precision::Compensated),
    Timer::Ours(Precision::Exact { max_spin: MAX_SPIN }),
];

impl Timer {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio::time",
            Self::Ours(Precision::Compensated) => "compensated",
            Self::Ours(Precision::Exact { .. }) => "exact",
            Self::Ours(_) => "mainspring",
        }
    }
}

/// Slots of each timer: enough for everyone to meet the same weather.
const SLOTS: u32 = 8;

/// Ticks of a slot that are not counted: what is learned is learned in them.
const WARM_UP: u64 = 10;

pub(super) async fn measure(plan: Plan) -> io::Result<Vec<Series>> {
    let mut all = Vec::new();
    // Shown between slots only, so that it disturbs no tick.
    let slots = plan.periods.len() * SLOTS as usize * TIMERS.len();
    let progress = Progress::new(Some(slots as u64));
    for period in plan.periods {
        let span = short(plan.span * TIMERS.len() as u32);
        progress.begin(&format!("measuring every {}: about {span}", short(period)));
        let mut series = TIMERS.map(|timer| Series { period, timer, lateness: Lateness::new() });
        let ticks = (plan.span / SLOTS).as_nanos() / period.as_nanos();
        let ticks = u64::try_from(ticks).unwrap_or(u64::MAX).max(1);
        for slot in 0..SLOTS as usize {
            for place in 0..TIMERS.len() {
                // Who comes first moves on.
                let series = &mut series[(place + slot) % TIMERS.len()];
                tick(series, ticks).await?;
                progress.step();
            }
        }
        all.extend(series);
    }
    Ok(all)
}

async fn tick(series: &mut Series, ticks: u64) -> io::Result<()> {
    let Series { period, timer, lateness } = series;
    let start = now() + (*period).max(Duration::from_millis(2));
    match timer {
        Timer::Tokio => {
            let mut beat = tokio::time::interval_at(start, *period);
            for index in 0..WARM_UP + ticks {
                let due = beat.tick().await;
                if index >= WARM_UP {
                    lateness.record_at(due, now());
                }
            }
        }
        Timer::Ours(precision) => {
            let mut beat = Interval::builder(*period).start(start).precision(*precision).build()?;
            for index in 0..WARM_UP + ticks {
                let tick = beat.next_tick().await;
                if index >= WARM_UP {
                    lateness.record(&tick);
                }
            }
        }
    }
    Ok(())
}
