//! The wheel does what a sorted map does, step by step, whatever the steps are.

use mainspring_wheel::{Coarse, Resolution};
use proptest::prelude::*;

use crate::model::{Pair, Step};
use crate::random::Random;

fn random_step(random: &mut Random, busy: bool) -> Step {
    let ahead = random.of_any_length().min(if busy { 100_000 } else { u64::MAX });
    let by = random.of_any_length() >> if busy { 52 } else { random.below(65).min(63) };
    let behind = random.of_any_length();
    let which = random.next() as usize;
    match random.below(1000) {
        0..400 => Step::Insert { ahead },
        400..420 => Step::InsertPast { behind },
        420..600 => Step::Cancel { which },
        600..700 => Step::Reschedule { which, ahead },
        700..710 => Step::ReschedulePast { which, behind },
        710..760 => Step::Look { which },
        760..860 => Step::NextDeadline,
        860..900 => Step::Advance { by },
        900..950 => Step::AdvanceToNext,
        950..970 => Step::AdvanceAndAct { by, ahead, which },
        970..985 => Step::AdvanceSome { by, count: random.below(20) as usize },
        985..992 => Step::AdvanceBack { by },
        992 => Step::Drain { count: random.below(20) as usize },
        993 => Step::Clear,
        994..996 => Step::Shrink,
        _ => Step::Iterate,
    }
}

/// Many short lives, as time only goes on until it is at its end.
fn run_random(seed: u64, steps: usize, pair: impl Fn() -> Pair) {
    let mut random = Random(seed);
    let mut done = 0;
    while done < steps {
        let mut pair = pair();
        let busy = random.below(2) == 0;
        for _ in 0..random.below(2_000) {
            pair.step(&random_step(&mut random, busy));
            done += 1;
        }
        pair.step(&Step::Iterate);
    }
}

#[test]
fn exact_at_random() {
    run_random(1, 2_000_000, Pair::exact);
}

#[test]
fn coarse_at_random() {
    for one_in in [1, 2, 7, 8, 33, 64] {
        let pair = || Pair::coarse(Coarse::new(one_in), one_in.into());
        run_random(one_in.into(), 150_000, pair);
    }
}

#[test]
fn resolutions_at_random() {
    let mut random = Random(5);
    for seed in 0..30 {
        let some = Resolution::ALL.into_iter().filter(|_| random.below(2) == 0);
        let some: Vec<_> = some.chain([Resolution::ALL[seed % 6]]).collect();
        let one_in = [1, 2, 5][seed % 3];
        let coarse = Coarse::of(&some).one_in(one_in);
        run_random(seed as u64, 5_000, || Pair::coarse(coarse.clone(), one_in.into()));
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    any::<(u64, bool)>().prop_map(|(seed, busy)| random_step(&mut Random(seed), busy))
}

fn any_length() -> impl Strategy<Value = u64> {
    (0u32..=64, any::<u64>()).prop_map(|(bits, x)| x.checked_shr(64 - bits).unwrap_or(0))
}

fn shrinking_step() -> impl Strategy<Value = Step> {
    let which = any::<usize>();
    prop_oneof![
        6 => any_length().prop_map(|ahead| Step::Insert { ahead }),
        1 => any_length().prop_map(|behind| Step::InsertPast { behind }),
        3 => which.prop_map(|which| Step::Cancel { which }),
        2 => (which, any_length()).prop_map(|(which, ahead)| Step::Reschedule { which, ahead }),
        2 => Just(Step::NextDeadline),
        3 => any_length().prop_map(|by| Step::Advance { by }),
        2 => Just(Step::AdvanceToNext),
        1 => (any_length(), any_length(), which)
            .prop_map(|(by, ahead, which)| Step::AdvanceAndAct { by, ahead, which }),
        1 => (any_length(), 0usize..5).prop_map(|(by, count)| Step::AdvanceSome { by, count }),
        1 => Just(Step::Shrink),
        1 => any_step(),
    ]
}

proptest! {
    #[test]
    fn exact_shrinks(steps in prop::collection::vec(shrinking_step(), 0..200)) {
        let mut pair = Pair::exact();
        steps.iter().for_each(|step| pair.step(step));
    }

    #[test]
    fn coarse_shrinks(
        steps in prop::collection::vec(shrinking_step(), 0..200),
        one_in in 1u32..=64,
    ) {
        let mut pair = Pair::coarse(Coarse::new(one_in), one_in.into());
        steps.iter().for_each(|step| pair.step(step));
    }
}
