//! Decides whether a run that is due starts, waits or goes.

use std::hint::black_box;

use jiff::Timestamp;
use mainspring_job::{Admission, JobId, Onward, Overlap};

use super::Engine;
use crate::entry::Entry;
use crate::event::{EventKind, Skip};
use crate::jobs::Slot;

impl Engine {
    pub(super) fn come_due(&mut self, slot: Slot, now: Timestamp) {
        let Some(entry) = self.jobs.at_mut(slot) else {
            return;
        };
        entry.forget_place();
        let Some(due) = entry.next() else {
            return;
        };
        let id = entry.core.id();
        let mut runs = std::mem::take(&mut self.runs);
        let misfire = entry.core.policy().misfire_policy();
        let judged = misfire.judge(&entry.schedule, due, now, |due| runs.push(due));
        let Onward { next, missed, .. } = judged;
        entry.plan(&mut self.queue, next);
        if missed > 0 {
            entry.missed(missed);
            self.effects.tally.missed(missed);
            let kind = EventKind::Missed { count: missed };
            self.effects.tell(now, &entry.core, None, kind);
        }
        for due in runs.drain(..) {
            self.admit(slot, due, now);
        }
        self.runs = runs;
        if next.is_none() {
            self.remove_if_over(id, now);
        }
    }

    /// Lets a run that is due start, wait or go, as its job's policy says.
    pub(super) fn admit(&mut self, slot: Slot, due: Timestamp, now: Timestamp) {
        let Some(entry) = self.jobs.at_mut(slot) else {
            return;
        };
        // A wall clock that was corrected comes to instants again. One instant is one run.
        if entry.has_run(due) {
            return;
        }
        self.effects.tell(now, &entry.core, Some(due), EventKind::Due);
        let policy = entry.core.policy();
        let group = policy.group_name();
        let admission = if self.is_holding {
            Admission::Wait
        } else {
            let (going, waiting) = (entry.going_len(), entry.waiting_len());
            let may_go = policy.concurrency_limit() as usize;
            let room = self.groups.has_room(group);
            policy.overlap_policy().admit(going, waiting, may_go, room)
        };
        match admission {
            Admission::Start => {
                self.groups.started(group);
                self.effects.start(entry, due, &mut self.spares);
            }
            Admission::Wait => {
                self.groups.wait(group, entry.core.id());
                entry.wait(due);
            }
            Admission::Replace => {
                self.groups.wait(group, entry.core.id());
                for replaced in entry.drain_waiting() {
                    entry.skipped();
                    self.effects.skip(now, &entry.core, replaced, Skip::Replaced);
                }
                self.effects.cancels.extend(entry.cancel_oldest());
                entry.wait(due);
            }
            _ => {
                let why = match policy.overlap_policy() {
                    Overlap::Skip => Skip::Overlap,
                    _ => Skip::QueueFull,
                };
                entry.skipped();
                self.effects.skip(now, &entry.core, due, why);
            }
        }
    }

    /// Starts runs of the job that wait, as far as there is room.
    pub(super) fn start_waiting(&mut self, id: JobId) {
        let Some(entry) = self.jobs.get_mut(id).filter(|_| !self.is_holding) else {
            return;
        };
        let core = entry.core.clone();
        let group = core.policy().group_name();
        while entry.has_room() && self.groups.has_room(group) {
            let Some(due) = entry.next_waiting() else {
                return;
            };
            self.groups.started(group);
            self.effects.start(entry, due, &mut self.spares);
        }
    }

    pub(super) fn start_waiting_of_group(&mut self, group: Option<&str>) {
        if self.is_holding {
            return;
        }
        while let Some(id) = self.groups.next(group) {
            self.start_waiting(id);
        }
    }

    pub(super) fn remove_if_over(&mut self, id: JobId, now: Timestamp) {
        if self.jobs.get(id).is_some_and(Entry::is_over) {
            self.remove(id, now);
        }
    }

    /// Has the processor fetch all these jobs from memory at once: they lie anywhere, and one after the
    /// other each would be waited for.
    pub(super) fn fetch(&self, due: &[Slot]) {
        let entries = || due.iter().filter_map(|slot| self.jobs.at(*slot));
        black_box(entries().map(Entry::glance).fold(0, u8::wrapping_add));
        black_box(entries().map(|entry| entry.core.id().as_u64()).fold(0, u64::wrapping_add));
    }
}
