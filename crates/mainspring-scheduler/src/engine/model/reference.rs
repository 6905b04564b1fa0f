//! Reads the rules slowly and obviously: plain lists, every instant walked.

use jiff::{SignedDuration, Timestamp};
use mainspring_job::Overlap;
use mainspring_schedule::Schedule;

use super::{GRACE, JobPlan, Late};

const THREE_HOURS: SignedDuration = SignedDuration::from_hours(3);

/// What both sides say happened, in their words of the same language: about which job, and what.
pub(super) type Line = (usize, String);

pub(super) struct Reference {
    pub(super) jobs: Vec<RefJob>,
    pub(super) group_limit: usize,
    /// Jobs in the order in which a run of theirs began to wait.
    pub(super) group_line: Vec<usize>,
    pub(super) lines: Vec<Line>,
}

pub(super) struct RefJob {
    pub(super) plan: JobPlan,
    pub(super) schedule: Schedule,
    pub(super) next: Option<Timestamp>,
    pub(super) is_paused: bool,
    pub(super) is_gone: bool,
    pub(super) going: Vec<(Timestamp, bool)>,
    pub(super) waiting: Vec<Timestamp>,
    pub(super) ended: Option<Timestamp>,
}

impl Reference {
    pub(super) fn say(&mut self, job: usize, what: impl Into<String>) {
        self.lines.push((job, what.into()));
    }

    pub(super) fn group_going(&self) -> usize {
        self.jobs.iter().filter(|job| job.plan.in_group).map(|job| job.going.len()).sum()
    }

    pub(super) fn group_has_room(&self, job: usize) -> bool {
        !self.jobs[job].plan.in_group || self.group_going() < self.group_limit
    }

    pub(super) fn job_has_room(&self, job: usize) -> bool {
        let job = &self.jobs[job];
        job.plan.overlap == Overlap::Allow || job.going.len() < job.plan.concurrency as usize
    }

    pub(super) fn wake(&mut self, now: Timestamp) {
        loop {
            let due = self.jobs.iter().enumerate().filter_map(|(index, job)| {
                let next = job.next.filter(|next| *next <= now && !job.is_gone)?;
                Some((next, index))
            });
            let Some((first, index)) = due.min() else {
                return;
            };
            self.come_due(index, first, now);
        }
    }

    pub(super) fn come_due(&mut self, index: usize, first: Timestamp, now: Timestamp) {
        let job = &mut self.jobs[index];
        let mut instants = vec![first];
        let mut next = job.schedule.next_after(first);
        while let Some(at) = next.filter(|at| *at <= now) {
            instants.push(at);
            next = job.schedule.next_after(at);
        }
        job.next = next;
        let late = |at: &Timestamp, seconds: i64| {
            now.duration_since(*at) > SignedDuration::from_secs(seconds)
        };
        let fresh = instants.iter().filter(|at| !late(at, GRACE)).count();
        let run = match job.plan.misfire {
            Late::Skip => fresh,
            Late::Once => fresh.max(1),
            Late::All { horizon_s } => {
                instants.iter().filter(|at| !late(at, horizon_s.max(GRACE))).count()
            }
        };
        let missed = instants.len() - run;
        if missed > 0 {
            self.say(index, format!("missed {missed}"));
        }
        for at in &instants[missed..] {
            self.admit(index, *at);
        }
        self.leave_if_over(index);
    }

    pub(super) fn admit(&mut self, index: usize, due: Timestamp) {
        let job = &self.jobs[index];
        if job.waiting.contains(&due) || job.going.iter().any(|(at, _)| *at == due) {
            return;
        }
        self.say(index, format!("due {due}"));
        let is_free = self.jobs[index].waiting.is_empty();
        let (room, group) = (self.job_has_room(index), self.group_has_room(index));
        if room && group && is_free {
            return self.start(index, due);
        }
        match self.jobs[index].plan.overlap {
            Overlap::Skip => return self.say(index, format!("skipped {due} Overlap")),
            Overlap::CancelPrevious if !room => {
                for replaced in std::mem::take(&mut self.jobs[index].waiting) {
                    self.say(index, format!("skipped {replaced} Replaced"));
                }
                let oldest = self.jobs[index].going.iter_mut().find(|(_, cancelled)| !cancelled);
                if let Some((_, cancelled)) = oldest {
                    *cancelled = true;
                }
            }
            _ if self.jobs[index].waiting.len() == 1000 => {
                return self.say(index, format!("skipped {due} QueueFull"));
            }
            _ => {}
        }
        self.jobs[index].waiting.push(due);
        if self.jobs[index].plan.in_group {
            self.group_line.push(index);
        }
    }

    pub(super) fn start(&mut self, index: usize, due: Timestamp) {
        self.jobs[index].going.push((due, false));
        self.say(index, format!("start {due}"));
    }

    pub(super) fn start_waiting(&mut self, index: usize) {
        while !self.jobs[index].waiting.is_empty()
            && self.job_has_room(index)
            && self.group_has_room(index)
        {
            let due = self.jobs[index].waiting.remove(0);
            self.start(index, due);
        }
    }

    pub(super) fn start_waiting_of_group(&mut self) {
        while self.group_going() < self.group_limit && !self.group_line.is_empty() {
            let index = self.group_line.remove(0);
            self.start_waiting(index);
        }
    }

    pub(super) fn ended(&mut self, index: usize, due: Timestamp) {
        self.jobs[index].going.retain(|(at, _)| *at != due);
        self.jobs[index].ended = Some(due);
        self.start_waiting(index);
        self.leave_if_over(index);
        if self.jobs[index].plan.in_group {
            self.start_waiting_of_group();
        }
    }

    pub(super) fn leave_if_over(&mut self, index: usize) {
        let job = &mut self.jobs[index];
        let is_busy = !job.going.is_empty() || !job.waiting.is_empty();
        if job.next.is_none() && !job.is_paused && !is_busy && !job.is_gone {
            job.is_gone = true;
            self.say(index, "removed");
        }
    }

    pub(super) fn update(&mut self, index: usize, schedule: Schedule, now: Timestamp) {
        let job = &mut self.jobs[index];
        if job.is_gone {
            return;
        }
        let known = job.going.iter().map(|(due, _)| due).chain(&job.waiting).chain(&job.ended);
        let mut before = now - SignedDuration::from_nanos(1);
        if let Some(latest) = known.max().filter(|due| **due - THREE_HOURS < now) {
            before = before.max(*latest);
        }
        let from = before + SignedDuration::from_nanos(1);
        job.schedule = schedule.for_name(&index.to_string()).anchored_at(from);
        if !job.is_paused {
            job.next = job.schedule.next_after(before);
        }
    }

    pub(super) fn jumped(&mut self, seconds: i64, now: Timestamp) {
        for index in 0..self.jobs.len() {
            let job = &mut self.jobs[index];
            if seconds <= -3 * 3600 && job.next.is_some() {
                job.next = job.schedule.next_after(now);
            }
        }
    }
}
