//! Tries the manual clock as its users do: through waits, wakers and drops.

mod manual;
