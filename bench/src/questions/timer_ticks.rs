//! How late ticks are and what they cost: one interval, idle, beside hogs, under busy tasks.
//!
//! One slot of ticks answers several rows: the first of them runs it, the others look at it.

use std::cell::RefCell;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use crate::harness::{Answer, Better, Cell, Question, Rounds, Row, Settings};
use crate::peers::TIMERS;
use crate::timer::{Beat, Runner, Slot};

pub const IDLE: &str = "timer-idle";
pub const HOGS: &str = "timer-hogs";
pub const BUSY: &str = "timer-busy";
pub const CPU: &str = "timer-cpu";

/// The argument that makes this program a hog.
pub const HOG: &str = "--hog";

const PERIODS_US: [u64; 6] = [100, 250, 500, 1_000, 2_000, 10_000];

/// What is asked about a slot.
type Look = (&'static str, fn(&Slot) -> f64);

const LATENESS: [Look; 4] = [
    ("p50", |slot| slot.late_us(0.5)),
    ("p99", |slot| slot.late_us(0.99)),
    ("p99.9", |slot| slot.late_us(0.999)),
    ("max", |slot| slot.late_us(1.0)),
];

pub fn idle(settings: Settings) -> Question {
    let sentence = "How late is a tick of one interval on an idle machine?";
    question(IDLE, sentence, settings, &PERIODS_US, &LATENESS, Around { hogs: 0, busy: 0 })
}

pub fn hogs(settings: Settings) -> Question {
    let sentence = "How late is a tick beside two processes that only compute?";
    question(HOGS, sentence, settings, &[1_000], &LATENESS, Around { hogs: 2, busy: 0 })
}

pub fn busy(settings: Settings) -> Question {
    let sentence = "How late is a tick among 100 tasks that are busy for 10 µs at a time?";
    question(BUSY, sentence, settings, &[1_000], &LATENESS, Around { hogs: 0, busy: 100 })
}

pub fn cpu(settings: Settings) -> Question {
    let sentence = "How much processor time does a tick take?";
    let looks: [Look; 1] = [("cpu", Slot::cpu_us)];
    question(CPU, sentence, settings, &PERIODS_US, &looks, Around { hogs: 0, busy: 0 })
}

/// What else the machine does.
#[derive(Clone, Copy)]
struct Around {
    hogs: usize,
    busy: usize,
}

fn question(
    name: &'static str,
    sentence: &str,
    settings: Settings,
    periods_us: &[u64],
    looks: &[Look],
    around: Around,
) -> Question {
    let mut rows = Vec::new();
    for period_us in periods_us {
        let period = Duration::from_micros(*period_us);
        let slots: Vec<Rc<RefCell<Seat>>> = TIMERS
            .iter()
            .map(|peer| Rc::new(RefCell::new(Seat { runner: (peer.runner)(), slot: None })))
            .collect();
        for (index, (look_name, look)) in looks.iter().enumerate() {
            let cells = TIMERS.iter().zip(&slots).map(|(peer, seat)| {
                let (seat, look) = (Rc::clone(seat), *look);
                let ask = Box::new(move || {
                    let mut seat = seat.borrow_mut();
                    if index == 0 {
                        seat.run(settings, period, around);
                    }
                    seat.answer(look)
                });
                Cell { peer: peer.name, ask }
            });
            let name = format!("{} µs, {look_name}", period.as_micros());
            rows.push(Row { name, cells: cells.collect(), rounds_most: usize::MAX });
        }
    }
    Question {
        name,
        sentence: sentence.to_owned(),
        unit: "µs",
        better: Better::Lower,
        rounds: Rounds::AtMost(15),
        rows,
    }
}

struct Seat {
    runner: Runner,
    slot: Option<Slot>,
}

impl Seat {
    fn run(&mut self, settings: Settings, period: Duration, around: Around) {
        // A slot is 500 times as long as a sample of other questions, and has 25 ticks at least.
        let ticks = (settings.sample * 500).as_nanos() / period.as_nanos();
        let ticks = ticks.clamp(25, 1_000) as usize;
        let _hogs: Vec<Hog> = (0..around.hogs).map(|_| Hog::start()).collect();
        self.slot = Some((self.runner)(Beat { period, ticks, busy: around.busy }));
    }

    fn answer(&self, look: fn(&Slot) -> f64) -> Answer {
        let Some(slot) = &self.slot else {
            return Answer::Cannot("the slot was not run".to_owned());
        };
        let remark = (slot.early > 0).then(|| format!("{} ticks early", slot.early));
        Answer::Measured { value: look(slot), remark }
    }
}

/// A process that only computes, for as long as this lives.
struct Hog(Child);

impl Hog {
    fn start() -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let hog = Command::new(program).arg(HOG).stdin(Stdio::null()).spawn();
        Self(hog.expect("this program can be started once more"))
    }
}

impl Drop for Hog {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The other side of [`Hog`].
pub fn hog() -> ! {
    loop {
        std::hint::spin_loop();
    }
}
