//! Takes any steps with a wheel and with a sorted map, which must agree after each.
//!
//! The input: a byte for the kind of wheel, then steps of a byte each, with the numbers that a step
//! needs: a byte for its length in bits, then as many bytes as those take.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mainspring_wheel::{Coarse, Resolution};

#[path = "../../crates/mainspring-wheel/tests/it/model.rs"]
mod model;

use model::{Pair, Step};

fuzz_target!(|data: &[u8]| {
    let [kind, steps @ ..] = data else { return };
    let one_in = u32::from(kind >> 2) + 1;
    let mut pair = match kind % 4 {
        0 | 1 => Pair::exact(),
        2 => Pair::coarse(Coarse::new(one_in), one_in.into()),
        // More slots than these take longer to make than to use.
        _ => {
            let one_in = one_in.min(4);
            Pair::coarse(Coarse::of(&Resolution::ALL).one_in(one_in), one_in.into())
        }
    };
    let mut steps = Steps(steps);
    while let Some(step) = steps.next() {
        pair.step(&step);
    }
    pair.step(&Step::Iterate);
});

struct Steps<'a>(&'a [u8]);

impl Steps<'_> {
    fn next(&mut self) -> Option<Step> {
        let step = match self.byte()? % 20 {
            0..=4 => Step::Insert { ahead: self.number()? },
            5 => Step::InsertPast { behind: self.number()? },
            6 | 7 => Step::Cancel { which: self.which()? },
            8 | 9 => Step::Reschedule { which: self.which()?, ahead: self.number()? },
            10 => Step::ReschedulePast { which: self.which()?, behind: self.number()? },
            11 => Step::Look { which: self.which()? },
            12 => Step::NextDeadline,
            13 => Step::Advance { by: self.number()? },
            14 => Step::AdvanceToNext,
            15 => Step::AdvanceAndAct {
                by: self.number()?,
                ahead: self.number()?,
                which: self.which()?,
            },
            16 => Step::AdvanceSome { by: self.number()?, count: self.which()? },
            17 => Step::AdvanceBack { by: self.number()? },
            18 => Step::Shrink,
            _ => match self.byte()? % 3 {
                0 => Step::Drain { count: self.which()? },
                1 => Step::Clear,
                _ => Step::Iterate,
            },
        };
        Some(step)
    }

    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn which(&mut self) -> Option<usize> {
        self.byte().map(usize::from)
    }

    fn number(&mut self) -> Option<u64> {
        let bits = u32::from(self.byte()? % 65);
        let mut number = 0;
        for _ in 0..bits.div_ceil(8) {
            number = number << 8 | u64::from(self.byte()?);
        }
        Some(number & 1_u64.checked_shl(bits).map_or(u64::MAX, |high| high - 1))
    }
}
