//! Spreads `H` over a field by the name of a job.
//!
//! # Ground rules
//! - The numbers chosen never change from one release to the next, or every job in the world would
//!   move. FNV-1a (64 bits) over the bytes of the name, plus the field's position (second 1, minute 2,
//!   … weekday 6) times 0x9e3779b97f4a7c15, through the finaliser of SplitMix64, modulo the choices.

use super::field::Field;
use super::masks::progression;

#[derive(Clone, Copy)]
pub(crate) struct Hash(u64);

impl Hash {
    pub(crate) fn of(name: &str) -> Self {
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(hash)
    }

    /// One number of the range, or with a step one of the phases.
    pub(crate) fn bits(self, field: Field, range: Option<(u16, u16)>, step: Option<u16>) -> u64 {
        let (first, last) = range.unwrap_or(match field {
            // Every month has these, so that no month is left out.
            Field::DayOfMonth => (1, 28),
            _ => field.bounds(),
        });
        let (first, last) = (u32::from(first), u32::from(last));
        let count = last - first + 1;
        match step {
            None => 1 << (first + self.below(field, count)),
            Some(step) => {
                let step = u32::from(step);
                progression(first + self.below(field, step.min(count)), last, step)
            }
        }
    }

    fn below(self, field: Field, count: u32) -> u32 {
        let position = field as u64 + 1;
        let mut mixed = self.0.wrapping_add(position.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed % u64::from(count)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_the_same_for_ever() {
        let choice = |name, field| Hash::of(name).bits(field, None, None).trailing_zeros();
        let of = |name| [Field::Minute, Field::Hour, Field::DayOfMonth].map(|f| choice(name, f));
        assert_eq!(of(""), [22, 11, 19]);
        assert_eq!(of("backup"), [27, 14, 14]);
        assert_eq!(of("Grüße"), [22, 21, 4]);
    }

    #[test]
    fn names_spread_evenly() {
        let mut counts = [0; 60];
        for job in 0..6000 {
            let bits = Hash::of(&format!("job-{job}")).bits(Field::Minute, None, None);
            counts[bits.trailing_zeros() as usize] += 1;
        }
        assert!(counts.iter().all(|count| (60..=150).contains(count)), "{counts:?}");
    }
}
