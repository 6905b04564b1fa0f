//! Compares the picks with exact fractions, and checks what the paper promises of lags.

use num_rational::BigRational as Exact;

use super::Eevdf;

/// The same rules over exact fractions, with one list and no heaps.
#[derive(Default)]
struct Model {
    queues: Vec<ModelQueue>,
    last: Option<Exact>,
}

struct ModelQueue {
    weight: u64,
    slice_ns: u64,
    v: Exact,
    deadline: Exact,
    is_active: bool,
}

fn exact(number: impl Into<i128>) -> Exact {
    Exact::from_integer(number.into().into())
}

impl Model {
    fn add(&mut self, weight: u32, slice_ns: u64) {
        let v = self.now();
        let slice = exact(slice_ns as i128) / exact(i128::from(weight));
        let deadline = &v + slice;
        let weight = weight.into();
        self.queues.push(ModelQueue { weight, slice_ns, v, deadline, is_active: false });
    }

    fn active(&self) -> impl Iterator<Item = (usize, &ModelQueue)> {
        self.queues.iter().enumerate().filter(|(_, queue)| queue.is_active)
    }

    fn now(&self) -> Exact {
        let weights: u64 = self.active().map(|(_, queue)| queue.weight).sum();
        if weights == 0 {
            return self.last.clone().unwrap_or_else(|| exact(0));
        }
        let paid = self.active().map(|(_, queue)| &queue.v * exact(i128::from(queue.weight)));
        paid.sum::<Exact>() / exact(i128::from(weights))
    }

    fn wake(&mut self, index: usize) {
        let now = self.now();
        let queue = &mut self.queues[index];
        if !queue.is_active {
            let slice = queue.slice();
            queue.v = queue.v.clone().max(now - &slice);
            queue.deadline = &queue.v + slice;
            queue.is_active = true;
        }
    }

    fn sleep(&mut self, index: usize) {
        self.queues[index].is_active = false;
        if self.active().next().is_none() {
            self.last = Some(self.queues[index].v.clone());
        }
    }

    fn charge(&mut self, index: usize, ns: u64) {
        let queue = &mut self.queues[index];
        queue.v += exact(ns as i128) / exact(i128::from(queue.weight));
        if queue.v >= queue.deadline {
            queue.deadline = &queue.v + queue.slice();
        }
    }

    fn lag(&self, index: usize) -> Exact {
        let queue = &self.queues[index];
        (self.now() - &queue.v) * exact(i128::from(queue.weight))
    }
}

impl ModelQueue {
    fn slice(&self) -> Exact {
        exact(self.slice_ns as i128) / exact(i128::from(self.weight))
    }
}

/// A small generator, so that every run is the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// What rounding may hide, in nanoseconds per unit of weight.
fn grain() -> Exact {
    Exact::new(1.into(), 1000.into())
}

#[track_caller]
fn check_pick(eevdf: &mut Eevdf, model: &Model) -> Option<usize> {
    let picked = eevdf.pick();
    let now = model.now();
    let eligible = |queue: &ModelQueue| queue.v <= &now + grain();
    let Some(picked) = picked else {
        assert_eq!(model.active().count(), 0, "somebody is active, and nobody was picked");
        return None;
    };
    let queue = &model.queues[picked];
    assert!(queue.is_active, "queue {picked} sleeps");
    assert!(eligible(queue), "queue {picked} is not eligible");
    // Those beyond doubt eligible, and beyond doubt earlier.
    for (index, other) in model.active() {
        assert!(
            other.v > &now - grain() || other.deadline >= &queue.deadline - grain(),
            "queue {index} should have gone before {picked}"
        );
    }
    Some(picked)
}

/// A random life of `queues` queues, in step with the model.
fn live(seed: u64, queues: usize, steps: usize) {
    let mut dice = Dice(seed);
    let mut eevdf = Eevdf::default();
    let mut model = Model::default();
    for _ in 0..queues {
        let (weight, slice_ns) = (1 + dice.roll(100) as u32, 1_000 + dice.roll(200_000));
        eevdf.add(weight, slice_ns);
        model.add(weight, slice_ns);
    }
    for step in 0..steps {
        match dice.roll(4) {
            0 => {
                let index = dice.roll(queues as u64) as usize;
                eevdf.wake(index);
                model.wake(index);
            }
            1 if step % 3 == 0 => {
                let index = dice.roll(queues as u64) as usize;
                if model.queues[index].is_active {
                    eevdf.sleep(index);
                    model.sleep(index);
                }
            }
            _ => {
                if let Some(picked) = check_pick(&mut eevdf, &model) {
                    let ns = dice.roll(300_000);
                    eevdf.charge(picked, ns);
                    model.charge(picked, ns);
                }
            }
        }
        for index in 0..queues {
            assert_eq!(eevdf.is_active(index), model.queues[index].is_active);
            if eevdf.is_active(index) {
                let error = exact(eevdf.lag_ns(index)) - model.lag(index);
                let error = if error < exact(0) { -error } else { error };
                assert!(error <= exact(2), "lag of {index} is off by {error} ns");
            }
        }
    }
}

#[test]
fn picks_are_those_of_exact_fractions_by_scan() {
    for seed in 1..20 {
        live(seed * 7919, 1 + (seed as usize % 7), 200);
    }
}

#[test]
fn picks_are_those_of_exact_fractions_by_heap() {
    for seed in 1..4 {
        live(seed * 104_729, 16, 100);
    }
}

/// The paper's bounds for who competes all the time: nobody gets more than one request ahead,
/// nobody falls more than the longest request behind. A poll cannot be cut short, so a request here
/// is a slice and the rest of the poll that ends it.
#[test]
fn lags_stay_within_the_bounds_of_the_theory() {
    for queues in [2, 5, 8, 9, 40, 256] {
        let mut dice = Dice(queues as u64 + 17);
        let mut eevdf = Eevdf::default();
        for _ in 0..queues {
            let index = eevdf.add(1 + dice.roll(50) as u32, 10_000 + dice.roll(200_000));
            eevdf.wake(index);
        }
        let poll_max = 80_000;
        let request_max = 210_000 + poll_max;
        for _ in 0..20_000 {
            let picked = eevdf.pick().expect("all are active");
            loop {
                if eevdf.charge(picked, 1 + dice.roll(poll_max as u64)) {
                    break;
                }
            }
            let mut sum = 0;
            for index in 0..queues {
                let lag = eevdf.lag_ns(index);
                assert!(lag > -request_max && lag < request_max, "{queues} queues: lag {lag}");
                sum += lag;
            }
            assert!(sum.abs() <= queues as i64, "lags add up to {sum}");
        }
    }
}

#[test]
fn shares_follow_weights_however_unequal_the_polls() {
    for (weights, polls) in [
        (vec![8, 1], vec![50_000, 50_000]),
        (vec![100, 10, 1], vec![10_000, 10_000, 10_000]),
        (vec![1, 1], vec![1_000, 100_000]),
        (vec![3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1], vec![20_000; 11]),
    ] {
        let mut eevdf = Eevdf::default();
        for &weight in &weights {
            let index = eevdf.add(weight, 100_000);
            eevdf.wake(index);
        }
        let mut got = vec![0u64; weights.len()];
        let mut total = 0;
        while total < 1_000_000_000 {
            let picked = eevdf.pick().expect("all are active");
            loop {
                got[picked] += polls[picked];
                total += polls[picked];
                if eevdf.charge(picked, polls[picked]) {
                    break;
                }
            }
        }
        let sum: u32 = weights.iter().sum();
        for (index, &weight) in weights.iter().enumerate() {
            let due = total as f64 * f64::from(weight) / f64::from(sum);
            let error = (got[index] as f64 - due).abs() / total as f64;
            assert!(error < 0.000_5, "queue {index} of {weights:?}: {} of {due}", got[index]);
        }
    }
}

#[test]
fn a_debt_is_kept_and_a_credit_is_one_slice() {
    let mut eevdf = Eevdf::default();
    let (debtor, other) = (eevdf.add(1, 100), eevdf.add(1, 100));
    eevdf.wake(debtor);
    eevdf.wake(other);
    eevdf.charge(debtor, 1_000);
    assert_eq!(eevdf.lag_ns(debtor), -500);
    eevdf.sleep(debtor);
    eevdf.wake(debtor);
    // As before: sleeping has not paid anything.
    assert_eq!(eevdf.lag_ns(debtor), -500);
    eevdf.sleep(debtor);
    eevdf.charge(other, 1_000_000);
    eevdf.wake(debtor);
    // Credit is one slice, seen from the time before the debtor was back; it shares it by waking.
    assert_eq!(eevdf.lag_ns(debtor), 50);
}

#[test]
fn a_queue_that_wakes_preempts_if_it_is_due_earlier() {
    let mut eevdf = Eevdf::default();
    let (fore, back) = (eevdf.add(8, 100_000), eevdf.add(1, 100_000));
    eevdf.wake(back);
    assert_eq!(eevdf.pick(), Some(back));
    eevdf.charge(back, 1_000_000);
    assert!(eevdf.would_preempt(fore, back));
    eevdf.wake(fore);
    assert_eq!(eevdf.pick(), Some(fore));
    // Having had far more than its share, it does not preempt.
    eevdf.charge(fore, 100_000_000);
    eevdf.sleep(fore);
    assert!(!eevdf.would_preempt(fore, back));
}

#[test]
fn a_new_weight_keeps_what_is_owed() {
    let mut eevdf = Eevdf::default();
    let (first, second) = (eevdf.add(2, 1_000), eevdf.add(2, 1_000));
    eevdf.wake(first);
    eevdf.wake(second);
    eevdf.charge(first, 10_000);
    assert_eq!(eevdf.lag_ns(first), -5_000);
    eevdf.set_weight(first, 8);
    // Owed to the one other, so the sum is zero still; what changed is who weighs how much.
    assert_eq!(eevdf.lag_ns(first) + eevdf.lag_ns(second), 0);
    let mut got = [0; 2];
    for _ in 0..100_000 {
        let picked = eevdf.pick().expect("both are active");
        eevdf.charge(picked, 1_000);
        got[picked] += 1_000;
    }
    let share = f64::from(got[0]) / f64::from(got[0] + got[1]);
    assert!((share - 0.8).abs() < 0.001, "{share}");
}

#[test]
fn a_place_can_be_used_again() {
    let mut eevdf = Eevdf::default();
    let index = eevdf.add(1, 1_000);
    eevdf.wake(index);
    eevdf.charge(index, 1_000_000);
    eevdf.sleep(index);
    eevdf.set(index, 4, 2_000);
    assert_eq!((eevdf.queues[index].weight, eevdf.lag_ns(index)), (4, 0));
}

#[test]
fn polls_of_hours_are_counted_in_full() {
    let mut eevdf = Eevdf::default();
    let (first, second) = (eevdf.add(1, 1_000), eevdf.add(1, 1_000));
    eevdf.wake(first);
    eevdf.wake(second);
    let day_ns = 86_400_000_000_000;
    eevdf.charge(first, day_ns);
    assert_eq!(eevdf.lag_ns(first), -(day_ns as i64) / 2);
    assert_eq!(eevdf.pick(), Some(second));
}

#[test]
fn the_rest_of_a_slice_is_rounded_up() {
    let mut eevdf = Eevdf::default();
    let index = eevdf.add(3, 1_000);
    eevdf.wake(index);
    eevdf.charge(index, 400);
    let left = eevdf.slice_left_ns(index);
    assert!((600..=601).contains(&left), "{left}");
    assert!(eevdf.charge(index, left));
}
