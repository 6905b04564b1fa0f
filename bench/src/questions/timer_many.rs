//! Very many timers at once: how late, at what cost, with how many descriptors.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::harness::{Answer, Better, Cell, Question, Rounds, Row, Settings};
use crate::peers::{Largest, TIMERS};
use crate::timer::{Crowd, Gathering};

pub const NAME: &str = "timer-many";

type Look = (&'static str, fn(&Gathering) -> f64);

const LOOKS: [Look; 3] = [
    ("late p50, µs", |gathering| gathering.slot.late_us(0.5)),
    ("cpu, µs", |gathering| gathering.slot.cpu_us()),
    ("descriptors", |gathering| gathering.descriptors as f64),
];

pub fn question(settings: Settings) -> Question {
    let period = Duration::from_millis(100);
    let mut crowds = vec![
        ("1 interval", Crowd::Intervals { count: 1, period }),
        ("100 intervals", Crowd::Intervals { count: 100, period }),
        ("10,000 intervals", Crowd::Intervals { count: 10_000, period }),
    ];
    // Seconds each: not in a quick run.
    if settings.timers_most >= 1_000_000 {
        let over = Duration::from_secs(4);
        crowds.push(("1,000,000 sleeps", Crowd::Sleeps { count: 1_000_000, over }));
    }
    let mut rows = Vec::new();
    for (crowd_name, crowd) in crowds {
        let peers = TIMERS.iter().filter_map(|peer| Some((peer.name, peer.crowd?)));
        let seats: Vec<_> =
            peers.map(|(name, entry)| (name, entry, Rc::new(RefCell::new(None)))).collect();
        for (index, (look_name, look)) in LOOKS.iter().enumerate() {
            let cells = seats.iter().map(|(name, (largest, gather), seat)| {
                let is_too_large = matches!(crowd, Crowd::Sleeps { .. }) && *largest < Largest::Any;
                if is_too_large {
                    let reason = "takes a descriptor each".to_owned();
                    return Cell { peer: name, ask: Answer::Cannot(reason).always() };
                }
                let (seat, look, gather) = (Rc::clone(seat), *look, *gather);
                let ask = Box::new(move || {
                    if index == 0 {
                        *seat.borrow_mut() = Some(gather(crowd));
                    }
                    answer(seat.borrow().as_ref(), look)
                });
                Cell { peer: name, ask }
            });
            let name = format!("{crowd_name}: {look_name}");
            rows.push(Row { name, cells: cells.collect(), rounds_most: usize::MAX });
        }
    }
    Question {
        name: NAME,
        sentence: "How late is a tick of 100 ms among many, and what does it take?".to_owned(),
        unit: "as the row says",
        better: Better::Lower,
        rounds: Rounds::AtMost(5),
        rows,
    }
}

fn answer(gathering: Option<&Gathering>, look: fn(&Gathering) -> f64) -> Answer {
    let Some(gathering) = gathering else {
        return Answer::Cannot("the crowd did not gather".to_owned());
    };
    let slot = &gathering.slot;
    let remark = if slot.early > 0 {
        Some(format!("{} ticks early", slot.early))
    } else if slot.was_late_to_begin {
        Some("the first was due before all had been made".to_owned())
    } else {
        None
    };
    Answer::Measured { value: look(gathering), remark }
}
