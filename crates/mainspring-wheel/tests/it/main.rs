//! What the wheel promises, seen from outside.

mod model;
mod random;
