//! Serialises a schedule as its text.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{self, Serialize, Serializer};

use crate::Schedule;

/// The canonical text; an error for a zone without a name.
impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.is_writable() {
            return Err(ser::Error::custom("a time zone without a name cannot be written"));
        }
        serializer.collect_str(self)
    }
}

/// Whatever [`FromStr`](std::str::FromStr) reads.
impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Schedule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text of a schedule")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Schedule, E> {
        text.parse().map_err(E::custom)
    }
}
