//! Arithmetic of the exact layout: eleven levels of 64 slots, each level 64 times as coarse.
//!
//! A timer stands on the level of the highest digit, to base 64, in which its deadline differs from
//! the wheel's time, in the slot of that digit. So whatever stands on a level comes before all that
//! stands on a higher one, and slots of a level come in their order. Eleven digits are 66 bits: there
//! is no deadline too far away.

use crate::lists::FIRST;

const DIGIT: u32 = 6;

/// The slot for a deadline that is not before `now`, and the tick it begins at.
#[inline]
pub(crate) fn slot(now: u64, deadline: u64) -> (u32, u64) {
    let level = (63 - ((now ^ deadline) | 63).leading_zeros()) / DIGIT;
    let shift = level * DIGIT;
    let digit = (deadline >> shift) as u32 % 64;
    (FIRST + level * 64 + digit, deadline >> shift << shift)
}

/// The slot that comes next, and the tick it begins at.
#[inline]
pub(crate) fn next(mut levels: impl Iterator<Item = u64>, now: u64) -> Option<(u32, u64)> {
    let mut bits = 0;
    let level = levels.position(|occupied| {
        bits = occupied;
        occupied != 0
    })? as u32;
    let digit = bits.trailing_zeros();
    let shift = level * DIGIT;
    // At level 10 the six bits reach beyond the last one, and nothing is above.
    let above = now & u64::MAX.checked_shl(shift + DIGIT).unwrap_or(0);
    Some((FIRST + level * 64 + digit, above | u64::from(digit) << shift))
}

/// Whether all timers of the slot are due at the tick it begins at.
pub(crate) fn is_finest(slot: u32) -> bool {
    slot < FIRST + 64
}
