//! Names one timer of a wheel, for as long as that timer lives.

use core::num::NonZeroU32;

/// Names one timer of a [`Wheel`](crate::Wheel).
///
/// A key outlives its timer harmlessly: once the timer has fired or was cancelled, the wheel answers
/// the key with `None` or `false`, also when the timer's place has been given to another one. A key
/// belongs to the wheel that made it; another wheel may take it for one of its own.
///
/// `Option<Key>` is as small as `Key`: eight bytes.
///
/// ```
/// use mainspring_wheel::Wheel;
///
/// let mut wheel = Wheel::new();
/// let first = wheel.insert(10, "first");
/// assert_eq!(wheel.cancel(first), Some("first"));
///
/// let second = wheel.insert(10, "second"); // lives where `first` lived
/// assert_eq!(wheel.cancel(first), None);
/// assert_eq!(wheel.get(second), Some(&"second"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub(crate) id: u32,
    pub(crate) generation: NonZeroU32,
}
