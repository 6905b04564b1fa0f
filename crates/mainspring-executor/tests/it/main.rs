//! Tries the executor as its users do.

mod smoke;
