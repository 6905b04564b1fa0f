//! Systems whose scheduler is not asked for anything.

use crate::Isolation;

pub(crate) fn isolate_this_thread() -> Isolation {
    Isolation::Ordinary
}

pub(crate) fn sharpen_this_thread() {}
