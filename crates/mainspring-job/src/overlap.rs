//! Decides what becomes of a run that is due while earlier runs of its job go on.

/// What becomes of a run that is due while as many runs of its job go on as may.
///
/// A run goes on from its start to its end, pauses between attempts included. How many may go on is
/// one, unless [`Policy::concurrency`](crate::Policy::concurrency) says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overlap {
    /// It starts beside them; no number is too many.
    #[default]
    Allow,
    /// It is skipped, and the skip is told.
    Skip,
    /// It waits until one of them has ended; those that wait start in the order they were due.
    ///
    /// At most [`WAITING_MAX`] of a job wait; a further one is skipped.
    Queue,
    /// The oldest of them is cancelled; this one starts when it is gone, and takes the place of any
    /// run that waits for the same.
    CancelPrevious,
}

/// So many runs of one job may wait for others to end.
pub const WAITING_MAX: usize = 1000;

/// What [`Overlap::admit`] decided about a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Admission {
    /// It starts now.
    Start,
    /// It waits behind those that wait already.
    Wait,
    /// It does not run.
    Skip,
    /// It waits in the place of those that wait already, and the oldest run is cancelled.
    Replace,
}

impl Overlap {
    /// Decides about a run that is due, given how many runs of the job go on and wait, how many may
    /// go on, and whether the job's group has room.
    ///
    /// ```
    /// use mainspring_job::{Admission, Overlap};
    ///
    /// assert_eq!(Overlap::Skip.admit(1, 0, 1, true), Admission::Skip);
    /// assert_eq!(Overlap::Queue.admit(1, 3, 2, true), Admission::Wait, "in order");
    /// assert_eq!(Overlap::Allow.admit(7, 0, 1, true), Admission::Start);
    /// assert_eq!(Overlap::Allow.admit(7, 0, 1, false), Admission::Wait, "the group is full");
    /// ```
    pub fn admit(self, going: usize, waiting: usize, may_go: usize, group: bool) -> Admission {
        let full = self != Self::Allow && going >= may_go;
        match self {
            _ if !full && group && waiting == 0 => Admission::Start,
            Self::Skip => Admission::Skip,
            Self::CancelPrevious if full => Admission::Replace,
            _ if waiting >= WAITING_MAX => Admission::Skip,
            _ => Admission::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Admission, Overlap, WAITING_MAX};

    #[test]
    fn with_room_everything_starts() {
        for overlap in [Overlap::Allow, Overlap::Skip, Overlap::Queue, Overlap::CancelPrevious] {
            assert_eq!(overlap.admit(1, 0, 2, true), Admission::Start, "{overlap:?}");
        }
    }

    #[test]
    fn a_full_group_makes_runs_wait_or_skip_and_cancels_nobody() {
        assert_eq!(Overlap::Allow.admit(0, 0, 1, false), Admission::Wait);
        assert_eq!(Overlap::Queue.admit(0, 0, 1, false), Admission::Wait);
        assert_eq!(Overlap::Skip.admit(0, 0, 1, false), Admission::Skip);
        assert_eq!(Overlap::CancelPrevious.admit(0, 0, 1, false), Admission::Wait);
        assert_eq!(Overlap::CancelPrevious.admit(1, 0, 1, false), Admission::Replace);
    }

    #[test]
    fn a_queue_has_an_end() {
        assert_eq!(Overlap::Queue.admit(1, WAITING_MAX - 1, 1, true), Admission::Wait);
        assert_eq!(Overlap::Queue.admit(1, WAITING_MAX, 1, true), Admission::Skip);
    }
}
