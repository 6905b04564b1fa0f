//! Picks the queue that runs next: earliest eligible virtual deadline first.
//!
//! I. Stoica and H. Abdel-Wahab, "Earliest Eligible Virtual Deadline First: A Flexible and Accurate
//! Mechanism for Proportional Share Resource Allocation", Old Dominion University, 1995.
//! Nothing here waits, spawns or reads a clock.
//!
//! A queue of weight `w` that ran for `d` has paid `d / w`: its virtual time `v`. The virtual time
//! `V` of all is the mean of the active queues' `v`, weighted: it moves by `d / W` when any of them
//! runs for `d`, and joining or leaving moves it just so that the lags `w · (V − v)` always add up to
//! zero. A queue is *eligible* when `v ≤ V`: it has not had more than its due. Its *deadline* is the
//! virtual time at which a full slice from `v` will have been paid; of those eligible, the earliest
//! deadline goes first. So the slice is a queue's latency and the weight is its share.
//!
//! # Ground rules
//! - `v` changes in `charge`, and in `wake` forward only: a debt is kept, a credit is at most one
//!   slice.
//! - `sum` is Σ w·v and `weights` is Σ w over the active queues; eligibility compares `v · weights`
//!   with `sum`, so nothing is lost to a division there.
//! - The queue that was picked is outside the heaps until the next `pick`.
//!
//! Units: real time `_ns`; virtual time in 2⁻²⁰ nanoseconds per unit of weight, rounded down, with
//! the remainder carried to the next charge.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Virtual time: 128 bits outlast every machine, so nothing ever wraps.
type Virtual = i128;

const FRACTION_BITS: u32 = 20;

/// Up to this many active queues, looking at all of them beats keeping them in order.
const SCAN_MAX: usize = 8;
/// Back below this many, the heaps are given up again. The gap keeps the two from alternating.
const SCAN_AGAIN: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct Eevdf {
    queues: Vec<Queue>,
    active: Vec<u32>,
    /// Σ w·v over the active queues.
    sum: Virtual,
    /// Σ w over the active queues.
    weights: u64,
    /// A recent `V`, from which the next one is not far; the last one while nobody is active.
    near: Virtual,
    picked: Option<u32>,
    heaps: Option<Heaps>,
}

#[derive(Debug)]
struct Queue {
    weight: u64,
    slice_ns: u64,
    /// One slice in virtual time, at least the smallest step: a division saved on each wake.
    slice: Virtual,
    v: Virtual,
    /// What division has left over so far, in virtual units times weight.
    rest: u64,
    deadline: Virtual,
    /// Where in `active`; none while asleep.
    place: Option<u32>,
    /// Tells this life in the heaps from earlier ones.
    stamp: u32,
}

/// Active queues beyond the picked one, those that may be eligible apart from those to come.
#[derive(Debug, Default)]
struct Heaps {
    by_deadline: BinaryHeap<Reverse<(Virtual, u32, u32)>>,
    by_v: BinaryHeap<Reverse<(Virtual, u32, u32)>>,
}

impl Eevdf {
    /// Takes a queue in, asleep; answers its index. Indices of removed queues are not used again
    /// here: `set` gives one a new life.
    pub(crate) fn add(&mut self, weight: u32, slice_ns: u64) -> usize {
        let now = self.now();
        self.queues.push(Queue::new(weight, slice_ns, now));
        self.queues.len() - 1
    }

    /// Gives the sleeping queue `index` a new life: no debt, no credit.
    pub(crate) fn set(&mut self, index: usize, weight: u32, slice_ns: u64) {
        debug_assert!(self.queues[index].place.is_none(), "an active queue is not replaced");
        let now = self.now();
        let stamp = self.queues[index].stamp;
        self.queues[index] = Queue { stamp, ..Queue::new(weight, slice_ns, now) };
    }

    /// Changes the share from now on; what the queue is owed or owes stays the same real time.
    pub(crate) fn set_weight(&mut self, index: usize, weight: u32) {
        let now = self.now();
        let active = self.queues[index].place.is_some();
        if active {
            self.leave(index);
        }
        let queue = &mut self.queues[index];
        let (old, new) = (Virtual::from(queue.weight), Virtual::from(weight.max(1)));
        queue.v = now - (now - queue.v) * old / new;
        queue.weight = u64::from(weight.max(1));
        queue.rest = 0;
        queue.set_slice(queue.slice_ns);
        queue.deadline = queue.v + queue.slice;
        if active {
            self.join(index);
        }
    }

    /// Changes the latency knob; it counts from the queue's next slice on.
    pub(crate) fn set_slice(&mut self, index: usize, slice_ns: u64) {
        self.queues[index].set_slice(slice_ns);
    }

    /// The queue has work again. No-op if it had.
    pub(crate) fn wake(&mut self, index: usize) {
        if self.queues[index].place.is_some() {
            return;
        }
        let now = self.now();
        let queue = &mut self.queues[index];
        (queue.v, queue.deadline) = queue.on_wake(now);
        self.join(index);
    }

    /// The queue has no more work. No-op if it had none.
    pub(crate) fn sleep(&mut self, index: usize) {
        if self.queues[index].place.is_some() {
            self.leave(index);
        }
    }

    /// Books `ns` of real time to the queue. True when its slice is used up: time to pick anew.
    pub(crate) fn charge(&mut self, index: usize, ns: u64) -> bool {
        let queue = &mut self.queues[index];
        let before = queue.v;
        queue.pay(ns);
        let used_up = queue.v >= queue.deadline;
        if used_up {
            queue.deadline = queue.v + queue.slice;
        }
        if queue.place.is_some() {
            self.sum += (queue.v - before) * Virtual::from(queue.weight);
        }
        used_up
    }

    /// The eligible queue with the earliest deadline; of equals, the one with the lower index.
    pub(crate) fn pick(&mut self) -> Option<usize> {
        if self.heaps.is_some() { self.pick_from_heaps() } else { self.pick_by_scan() }
    }

    /// Whether the sleeping queue `index`, if it woke now, would go before the active `current`.
    pub(crate) fn would_preempt(&self, index: usize, current: usize) -> bool {
        let queue = &self.queues[index];
        let (v, deadline) = match queue.place {
            Some(_) => (queue.v, queue.deadline),
            None => queue.on_wake(self.now_near().0),
        };
        let current = &self.queues[current];
        current.place.is_none() || (self.is_eligible(v) && deadline < current.deadline)
    }

    /// Real time that the queue's slice has left, rounded up. Zero when it is used up.
    pub(crate) fn slice_left_ns(&self, index: usize) -> u64 {
        let queue = &self.queues[index];
        let left = (queue.deadline - queue.v).max(0) * Virtual::from(queue.weight);
        let left = left.saturating_sub(Virtual::from(queue.rest)).max(0);
        let ns = (left + ((1 << FRACTION_BITS) - 1)) >> FRACTION_BITS;
        u64::try_from(ns).unwrap_or(u64::MAX)
    }

    /// Real time that the queue is owed (it owes, where negative). An asleep queue's lag is what
    /// it would come back with.
    pub(crate) fn lag_ns(&self, index: usize) -> i64 {
        let (now, _) = self.now_near();
        let queue = &self.queues[index];
        let v = if queue.place.is_some() { queue.v } else { queue.on_wake(now).0 };
        let lag = ((now - v) * Virtual::from(queue.weight)) >> FRACTION_BITS;
        i64::try_from(lag).unwrap_or(if lag < 0 { i64::MIN } else { i64::MAX })
    }

    pub(crate) fn is_active(&self, index: usize) -> bool {
        self.queues[index].place.is_some()
    }

    pub(crate) fn active_count(&self) -> usize {
        self.active.len()
    }

    fn is_eligible(&self, v: Virtual) -> bool {
        v * Virtual::from(self.weights) <= self.sum
    }

    /// The virtual time of all, rounded down.
    fn now(&mut self) -> Virtual {
        let (now, _) = self.now_near();
        self.near = now;
        now
    }

    fn now_near(&self) -> (Virtual, u64) {
        match self.active[..] {
            [] => (self.near, 0),
            [only] => (self.queues[only as usize].v, 1),
            _ => {
                let weights = Virtual::from(self.weights);
                let ahead = self.sum - self.near * weights;
                // The near one is near: 64 bits nearly always do, and divide much faster.
                let step = match i64::try_from(ahead) {
                    Ok(ahead) => Virtual::from(ahead.div_euclid(self.weights as i64)),
                    Err(_) => ahead.div_euclid(weights),
                };
                (self.near + step, self.weights)
            }
        }
    }

    fn join(&mut self, index: usize) {
        let queue = &mut self.queues[index];
        queue.place = Some(self.active.len() as u32);
        queue.stamp = queue.stamp.wrapping_add(1);
        self.sum += queue.v * Virtual::from(queue.weight);
        self.weights += queue.weight;
        self.active.push(index as u32);
        if self.heaps.is_some() {
            self.enter_heaps(index);
        } else if self.active.len() > SCAN_MAX {
            self.heaps = Some(Heaps::default());
            for place in 0..self.active.len() {
                let index = self.active[place];
                if self.picked != Some(index) {
                    self.enter_heaps(index as usize);
                }
            }
        }
    }

    fn leave(&mut self, index: usize) {
        self.near = self.now_near().0;
        let queue = &mut self.queues[index];
        let Some(place) = queue.place.take() else { return };
        queue.stamp = queue.stamp.wrapping_add(1);
        self.sum -= queue.v * Virtual::from(queue.weight);
        self.weights -= queue.weight;
        if self.active.len() == 1 {
            self.near = queue.v;
        }
        self.active.swap_remove(place as usize);
        if let Some(moved) = self.active.get(place as usize) {
            self.queues[*moved as usize].place = Some(place);
        }
        if self.picked == Some(index as u32) {
            self.picked = None;
        }
        if self.active.len() <= SCAN_AGAIN {
            self.heaps = None;
        }
    }

    fn pick_by_scan(&mut self) -> Option<usize> {
        let earliest = |queues: &[Queue], best: Option<u32>, index: u32| match best {
            Some(best)
                if queues[best as usize].rank(best) <= queues[index as usize].rank(index) =>
            {
                Some(best)
            }
            _ => Some(index),
        };
        let eligible = self.active.iter().copied();
        let eligible = eligible.filter(|&index| self.is_eligible(self.queues[index as usize].v));
        self.picked = eligible.fold(None, |best, index| earliest(&self.queues, best, index));
        debug_assert_eq!(self.picked.is_none(), self.active.is_empty(), "the least v is eligible");
        self.picked.map(|index| index as usize)
    }

    fn pick_from_heaps(&mut self) -> Option<usize> {
        if let Some(last) = self.picked.take() {
            self.enter_heaps(last as usize);
        }
        let mut heaps = self.heaps.take().unwrap_or_default();
        // V may have moved on past some who were not eligible, …
        while let Some(&Reverse((v, index, stamp))) = heaps.by_v.peek() {
            let queue = &self.queues[index as usize];
            let alive = queue.stamp == stamp;
            if alive && !self.is_eligible(v) {
                break;
            }
            heaps.by_v.pop();
            if alive {
                heaps.by_deadline.push(Reverse((queue.deadline, index, stamp)));
            }
        }
        // … or back, when somebody left with a debt.
        while let Some(Reverse((_, index, stamp))) = heaps.by_deadline.pop() {
            let queue = &self.queues[index as usize];
            if queue.stamp != stamp {
                continue;
            }
            if self.is_eligible(queue.v) {
                self.picked = Some(index);
                break;
            }
            heaps.by_v.push(Reverse((queue.v, index, stamp)));
        }
        self.heaps = Some(heaps);
        debug_assert_eq!(self.picked.is_none(), self.active.is_empty(), "the least v is eligible");
        self.picked.map(|index| index as usize)
    }

    fn enter_heaps(&mut self, index: usize) {
        let queue = &mut self.queues[index];
        queue.stamp = queue.stamp.wrapping_add(1);
        let (v, deadline, stamp) = (queue.v, queue.deadline, queue.stamp);
        let is_eligible = self.is_eligible(v);
        if let Some(heaps) = &mut self.heaps {
            let index = index as u32;
            if is_eligible {
                heaps.by_deadline.push(Reverse((deadline, index, stamp)));
            } else {
                heaps.by_v.push(Reverse((v, index, stamp)));
            }
        }
    }
}

impl Queue {
    fn new(weight: u32, slice_ns: u64, v: Virtual) -> Self {
        let weight = u64::from(weight.max(1));
        let (rest, place, stamp) = (0, None, 0);
        let mut queue = Self { weight, slice_ns, slice: 0, v, rest, deadline: v, place, stamp };
        queue.set_slice(slice_ns);
        queue.deadline = v + queue.slice;
        queue
    }

    fn set_slice(&mut self, slice_ns: u64) {
        self.slice_ns = slice_ns.max(1);
        let units = Virtual::from(self.slice_ns) << FRACTION_BITS;
        self.slice = (units / Virtual::from(self.weight)).max(1);
    }

    fn pay(&mut self, ns: u64) {
        // 64 bits divide much faster, and hold every poll below two hours.
        if ns >> (63 - FRACTION_BITS) == 0 && self.weight <= u64::from(u32::MAX) {
            let units = (ns << FRACTION_BITS) + self.rest;
            self.v += Virtual::from(units / self.weight);
            self.rest = units % self.weight;
        } else {
            let weight = Virtual::from(self.weight);
            let units = (Virtual::from(ns) << FRACTION_BITS) + Virtual::from(self.rest);
            self.v += units / weight;
            self.rest = (units % weight) as u64;
        }
    }

    /// Virtual time and deadline after waking at `now`.
    fn on_wake(&self, now: Virtual) -> (Virtual, Virtual) {
        let v = self.v.max(now - self.slice);
        (v, v + self.slice)
    }

    fn rank(&self, index: u32) -> (Virtual, u32) {
        (self.deadline, index)
    }
}

#[cfg(test)]
mod tests;
