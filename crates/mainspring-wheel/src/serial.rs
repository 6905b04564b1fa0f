//! Serialises what wheels hold, so that they can be rebuilt after a restart.
//!
//! A wheel is its tick, its coarse description if it has one, and its timers as (deadline, value), in
//! no order that means anything. Keys are not kept: those of the rebuilt wheel are its own. What was
//! due stays due. In a coarse wheel, a timer's length counts anew from the wheel's tick.

use core::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::coarse::Coarse;
use crate::duration::DurationWheel;
use crate::resolution::Resolution;
use crate::wheel::Wheel;
use alloc::vec::Vec;

impl<T: Serialize> Serialize for Wheel<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut wheel = serializer.serialize_struct("Wheel", 3)?;
        wheel.serialize_field("now", &self.now())?;
        wheel.serialize_field("coarse", &self.coarseness())?;
        wheel.serialize_field("timers", &Timers(self))?;
        wheel.end()
    }
}

struct Timers<'a, T>(&'a Wheel<T>);

impl<T: Serialize> Serialize for Timers<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(_, deadline, value)| (deadline, value)))
    }
}

#[derive(serde::Deserialize)]
#[serde(rename = "Wheel")]
struct Contents<T> {
    now: u64,
    coarse: Option<Coarse>,
    timers: Vec<(u64, T)>,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Wheel<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let contents = Contents::deserialize(deserializer)?;
        let mut wheel = contents.coarse.map_or_else(Self::new, Self::coarse);
        wheel.advance_to(contents.now, |_, _| ()).map_err(D::Error::custom)?;
        wheel.extend(contents.timers);
        Ok(wheel)
    }
}

impl<T: Serialize> Serialize for DurationWheel<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut wheel = serializer.serialize_struct("DurationWheel", 2)?;
        wheel.serialize_field("tick_ns", &(self.tick().as_nanos() as u64))?;
        wheel.serialize_field("wheel", self.wheel())?;
        wheel.end()
    }
}

#[derive(serde::Deserialize)]
#[serde(rename = "DurationWheel", bound = "T: Deserialize<'de>")]
struct DurationContents<T> {
    tick_ns: u64,
    wheel: Wheel<T>,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for DurationWheel<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let contents = DurationContents::deserialize(deserializer)?;
        if contents.tick_ns == 0 {
            return Err(D::Error::custom("tick_ns is 0, a tick must have a length"));
        }
        Ok(Self::with_tick(contents.wheel, Duration::from_nanos(contents.tick_ns)))
    }
}

#[cfg(feature = "std")]
mod keyed {
    use core::hash::Hash;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::duration::DurationWheel;
    use crate::keyed::KeyedWheel;

    impl<K: Serialize, T: Serialize> Serialize for KeyedWheel<K, T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.timers().serialize(serializer)
        }
    }

    impl<'de, K, T> Deserialize<'de> for KeyedWheel<K, T>
    where
        K: Deserialize<'de> + Eq + Hash + Clone,
        T: Deserialize<'de>,
    {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            DurationWheel::deserialize(deserializer).map(Self::on)
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(rename = "Coarse")]
struct Described {
    one_in: u32,
    resolutions: Vec<Resolution>,
}

impl<'de> Deserialize<'de> for Coarse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Described { one_in, resolutions } = Described::deserialize(deserializer)?;
        Self::checked(&resolutions, one_in).ok_or_else(|| {
            D::Error::custom(format_args!("one_in is {one_in}, it must be from 1 to 64"))
        })
    }
}
