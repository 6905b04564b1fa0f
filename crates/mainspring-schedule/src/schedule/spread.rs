//! A job's own place within a spread, from its name alone.
//!
//! The hash is written out here because its values are a promise: a toolchain's own hasher may
//! change from one version to the next, and then every job would move.

use std::time::Duration;

/// An offset in `[0, spread)`, in whole milliseconds; zero for a spread of up to a millisecond.
pub(super) fn offset(name: &str, spread: Duration) -> Duration {
    let places = spread.as_nanos().div_ceil(NS_PER_MS);
    if places <= 1 {
        return Duration::ZERO;
    }
    // The high half of a product with a fraction of 2^64: as even as a remainder, and the good high
    // bits decide. `Duration::MAX` has fewer than 2^75 milliseconds, so it is taken in two steps.
    let hash = u128::from(stable_hash(name.as_bytes()));
    let place = (places >> 64) * hash + (((places & u128::from(u64::MAX)) * hash) >> 64);
    let ns = place * NS_PER_MS;
    Duration::new((ns / NS_PER_S) as u64, (ns % NS_PER_S) as u32)
}

const NS_PER_MS: u128 = 1_000_000;
const NS_PER_S: u128 = 1_000_000_000;

/// FNV-1a with the finaliser of MurmurHash3, so that names which differ in their last letter alone
/// land far apart.
fn stable_hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers come from another program, written in another language.
    #[test]
    fn offsets_are_promised_for_ever() {
        let in_five_minutes = |name| offset(name, Duration::from_secs(300)).as_millis();
        assert_eq!(["", "backup", "Grüße"].map(in_five_minutes), [281030, 31682, 29215]);
    }

    #[test]
    fn offsets_stay_inside_and_cover_the_spread_evenly() {
        let mut tenths = [0_u32; 10];
        for n in 0..10_000 {
            let offset = offset(&format!("job-{n}"), Duration::from_secs(10));
            tenths[usize::try_from(offset.as_secs()).unwrap()] += 1;
        }
        assert!(tenths.iter().all(|count| (850..1150).contains(count)), "{tenths:?}");
    }

    #[test]
    fn every_width_has_an_offset() {
        for spread in [Duration::ZERO, Duration::from_nanos(1), Duration::from_millis(1)] {
            assert_eq!(offset("backup", spread), Duration::ZERO);
        }
        for n in 0..1000 {
            let name = format!("{n}");
            assert!(offset(&name, Duration::MAX) < Duration::MAX);
            assert!(
                offset(&name, Duration::from_nanos(1_000_001)) < Duration::from_nanos(1_000_001)
            );
        }
    }
}
