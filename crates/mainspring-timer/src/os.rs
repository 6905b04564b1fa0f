//! What some systems have and others do not.

use std::os::fd::BorrowedFd;

use crate::KernelTimer;

impl KernelTimer {
    /// The timer's descriptor, readable when it has expired: for those who wait by other means. `None`
    /// where it is counted by arithmetic.
    ///
    /// On Unix only.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.descriptor()
    }
}
