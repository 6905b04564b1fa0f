//! Tests of the timers from outside, as their users see them.

mod worlds;

mod alarm;
mod basic;
mod cancel;
mod faults;
mod kernel_timer;
#[cfg(all(target_os = "linux", not(any(mainspring_force_fallback, mainspring_kqueue_shim))))]
mod linux;
mod missed;
mod never_early;
mod parity;
mod precision;
mod scale;
mod shared;
