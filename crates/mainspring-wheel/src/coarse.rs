//! Describes coarse wheels: which rings there are, and how late a timer may be.

use alloc::vec::Vec;
use core::time::Duration;

use crate::lists::{FIRST, Lists};
use crate::resolution::Resolution;

/// Builds [`Wheel`](crate::Wheel)s that place each timer once and never move it.
///
/// A coarse wheel is a row of rings, each with wider slots than the one before. A timer goes to the
/// widest slots that are at most one `one_in`-th of its length (the ticks from the wheel's time to its
/// deadline) and fires at the end of its slot. So it is never early, and late by less than one
/// `one_in`-th of its length. The finest ring's slots are one tick: what is too short to be rounded is
/// exact. There is no longest timer: rings are added above the coarsest for as long as `u64` goes on.
///
/// Beside the exact wheel, that saves moving a timer from level to level on its way (twice, for a
/// minute in milliseconds), and costs the rounding.
///
/// ```
/// use mainspring_wheel::{Coarse, Wheel};
///
/// let mut wheel = Wheel::coarse(Coarse::new(8)); // late by less than an eighth
/// wheel.insert(1_000, "about a second");
///
/// assert_eq!(wheel.advance_to(999, |_, _| ()), Ok(0)); // never early
/// assert_eq!(wheel.advance_to(1_000 + 125, |_, _| ()), Ok(1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Coarse {
    one_in: u32,
    /// Finest first, each once; empty if the rings are this crate's own choice.
    resolutions: Vec<Resolution>,
}

impl Coarse {
    /// Lets each timer be late by less than one `one_in`-th of its length.
    ///
    /// # Panics
    /// If `one_in` is not from 1 to 64.
    pub fn new(one_in: u32) -> Self {
        Self::with_resolutions(&[], one_in)
    }

    /// Takes these resolutions as rings, in any order, and a tick as long as the finest of them.
    ///
    /// The ring of each has as many slots as it takes to reach the next coarser one: with
    /// [`Resolution::TenMs`] and [`Resolution::HundredMs`], ten slots; without the latter, the hundred
    /// that make a second. A timer goes to the coarsest resolution that is at most its length, so it
    /// is late by less than its length; see [`one_in`](Self::one_in) for less.
    ///
    /// ```
    /// use mainspring_wheel::{Coarse, Resolution};
    ///
    /// let coarse = Coarse::of(&[Resolution::Sec, Resolution::TenMs, Resolution::Min]);
    /// assert_eq!(coarse.sizes(), [100, 60, 60]);
    /// assert_eq!(coarse.tick(), Some(Resolution::TenMs.duration()));
    /// ```
    ///
    /// # Panics
    /// If there is no resolution at all.
    pub fn of(resolutions: &[Resolution]) -> Self {
        assert!(!resolutions.is_empty(), "a coarse wheel needs at least one resolution");
        Self::with_resolutions(resolutions, 1)
    }

    /// Lets each timer be late by less than one `one_in`-th of its length; the rings grow as much.
    ///
    /// # Panics
    /// If `one_in` is not from 1 to 64.
    pub fn one_in(self, one_in: u32) -> Self {
        Self::with_resolutions(&self.resolutions, one_in)
    }

    /// How long a tick is, if this wheel was described by resolutions.
    pub fn tick(&self) -> Option<Duration> {
        self.resolutions.first().map(|finest| finest.duration())
    }

    /// How many slots each resolution has, finest first; empty if there are no resolutions.
    pub fn sizes(&self) -> Vec<u64> {
        let coarser = self.resolutions.iter().copied().skip(1).map(Some).chain([None]);
        let sizes = self.resolutions.iter().zip(coarser);
        sizes.map(|(ring, coarser)| ring.slots(coarser) * u64::from(self.one_in)).collect()
    }

    fn with_resolutions(resolutions: &[Resolution], one_in: u32) -> Self {
        match Self::checked(resolutions, one_in) {
            Some(coarse) => coarse,
            None => panic!("one_in is {one_in}, it must be from 1 to 64"),
        }
    }

    pub(crate) fn checked(resolutions: &[Resolution], one_in: u32) -> Option<Self> {
        let mut resolutions = resolutions.to_vec();
        resolutions.sort_unstable();
        resolutions.dedup();
        (1..=64).contains(&one_in).then_some(Self { one_in, resolutions })
    }

    /// The slots' widths in ticks: the resolutions' own, then as far as `u64` goes.
    fn widths(&self) -> Vec<u64> {
        let one_in = u64::from(self.one_in);
        // So many that a ring fits into one word of bits where it can.
        let growth = (62 / one_in).max(2);
        let mut widths = Vec::from([1]);
        if let [finest, .., coarsest] | [finest @ coarsest] = self.resolutions[..] {
            widths = self.resolutions.iter().map(|r| r.millis() / finest.millis()).collect();
            let beyond = coarsest.slots(None);
            widths.extend(widths.last().map(|width| width * beyond));
        }
        while let Some(&last) = widths.last()
            && last < u64::MAX / (growth * one_in)
        {
            widths.push(last * growth);
        }
        widths
    }
}

/// The rings of a coarse wheel, and arithmetic over their slots.
pub(crate) struct Rings {
    rings: Vec<Ring>,
    pub(crate) described: Coarse,
}

struct Ring {
    /// Ticks per slot.
    width: u64,
    /// The shortest timer that comes here.
    shortest: u64,
    first_slot: u32,
    /// One less than the number of slots, a power of two and at least 64.
    mask: u32,
}

impl Rings {
    pub(crate) fn new(described: Coarse) -> Self {
        let widths = described.widths();
        let one_in = u64::from(described.one_in);
        let mut rings: Vec<Ring> = Vec::with_capacity(widths.len());
        let mut first_slot = FIRST;
        for (i, &width) in widths.iter().enumerate() {
            // The longest timer of this ring is shorter than the shortest of the next. Rounding at
            // both ends, it ends at most one slot later than its length says, and the slot that is
            // due now is not to be used again before it is empty.
            let beyond = widths.get(i + 1).map_or(u64::MAX, |wider| wider.saturating_mul(one_in));
            let slots = (beyond.div_ceil(width) + 2).next_power_of_two().max(64) as u32;
            let shortest = if i == 0 { 0 } else { width * one_in };
            rings.push(Ring { width, shortest, first_slot, mask: slots - 1 });
            first_slot += slots;
        }
        Self { rings, described }
    }

    /// The slot for a deadline after `now`, and the tick it is due at.
    #[inline(never)]
    pub(crate) fn slot(&self, now: u64, deadline: u64) -> (u32, u64) {
        let length = deadline - now;
        let above = self.rings.iter().position(|ring| ring.shortest > length);
        let ring = &self.rings[above.unwrap_or(self.rings.len()) - 1];
        let number = deadline.div_ceil(ring.width);
        // The last slot of all ends beyond `u64`; the last tick will do.
        let tick = number.saturating_mul(ring.width);
        (ring.first_slot + (number as u32 & ring.mask), tick)
    }

    /// The slot that comes next, and the tick it is due at: the one it ends at.
    #[inline(never)]
    pub(crate) fn next(&self, lists: &Lists, now: u64) -> Option<(u32, u64)> {
        let nexts = self.rings.iter().filter_map(|ring| ring.next(lists, now));
        nexts.min_by_key(|&(_, tick)| tick)
    }
}

impl Ring {
    fn next(&self, lists: &Lists, now: u64) -> Option<(u32, u64)> {
        let words = (self.mask + 1) / 64;
        let first = (self.first_slot - FIRST) / 64;
        let bits = |word: u32| lists.bits(first + word);
        if (0..words).all(|word| bits(word) == 0) {
            return None;
        }
        // A slot that ends just now may still wait for its turn, after that of another ring.
        let current = now.div_ceil(self.width);
        let start = current as u32 & self.mask;
        let mut word = start / 64;
        let mut rest = bits(word) >> (start % 64) << (start % 64);
        // Round the ring, and to the first half of the first word again.
        while rest == 0 {
            word = (word + 1) % words;
            rest = bits(word);
        }
        let found = word * 64 + rest.trailing_zeros();
        let ahead = found.wrapping_sub(start) & self.mask;
        let tick = (current + u64::from(ahead)).saturating_mul(self.width);
        Some((self.first_slot + found, tick))
    }
}
