//! Keeps book of the runs that this node has claimed: which wait, which run, what is to be said of which.
//!
//! # Ground rules
//! - Pure: the present is an argument, and what is to be done is handed out.
//! - A run is in `holds` from its claim until the store has taken its end, or it was lost. Whatever
//!   comes about a run that is not there is too late, and changes nothing.
//! - Bounded: what is claimed is at most the slots and [`AHEAD_MAX`], and with more than
//!   [`UNRECORDED_MAX`] ends to be recorded nothing more is.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use mainspring_job::JobName;
use mainspring_job::store::{Beat, ClaimedRun, Finish, Hold, Verdict};

use super::ending::{Stop, Word};
use crate::control::Control;
use crate::event::EventKind;
use crate::runner::{Cut, Report};

/// So many runs may be claimed ahead of free slots.
const AHEAD_MAX: usize = 900;

/// With so many ends that are not recorded yet, nothing is claimed.
const UNRECORDED_MAX: usize = 10_000;

pub(crate) struct Board {
    /// So many runs may go on at once.
    slots: usize,
    holds: HashMap<Hold, Held>,
    /// Claimed, and not started.
    backlog: VecDeque<ClaimedRun>,
    running: usize,
    /// How many have ended since the last claim was made: as many as will end during the next one.
    ended: usize,
    /// How many ends are in `ends`, or on their way to the store.
    unrecorded: usize,
    ends: Vec<Ending>,
    /// To be given back.
    back: Vec<Hold>,
    /// Somebody waits for room to claim.
    wants_room: bool,
    is_closing: bool,
    cut: Vec<Cut>,
    /// How many claims are on their way.
    pub(crate) claims: usize,
    /// When the last heartbeat that went well began.
    pub(crate) beaten: Option<Instant>,
}

struct Held {
    name: JobName,
    control: Arc<Control>,
    phase: Phase,
    /// Before then nobody else can have it.
    lease_until: Instant,
    stop: Option<Stop>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Waiting,
    Running,
    Ended,
}

/// A run to start.
pub(crate) struct Start {
    pub(crate) run: ClaimedRun,
    pub(crate) control: Arc<Control>,
}

/// An end to be recorded, and what to tell then.
pub(crate) struct Ending {
    pub(crate) finish: Finish,
    pub(crate) name: JobName,
    pub(crate) kind: EventKind,
}

/// A run of which there is something to tell.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) hold: Hold,
    pub(crate) name: JobName,
}

/// What heartbeats brought.
#[derive(Default)]
pub(crate) struct Beats {
    pub(crate) lost: Vec<Named>,
    pub(crate) cancels: Vec<Arc<Control>>,
}

/// What became of runs that were given back.
#[derive(Default)]
pub(crate) struct GivenBack {
    pub(crate) taken: Vec<Named>,
    pub(crate) lost: Vec<Named>,
}

/// What follows from the end of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Next {
    /// Whether there is room that somebody waits for.
    pub(crate) has_room: bool,
    /// Whether there is something to say to the store.
    pub(crate) has_words: bool,
}

impl Board {
    pub(crate) fn new(slots: usize) -> Self {
        Self {
            slots,
            holds: HashMap::new(),
            backlog: VecDeque::new(),
            running: 0,
            ended: 0,
            unrecorded: 0,
            ends: Vec::new(),
            back: Vec::new(),
            wants_room: false,
            is_closing: false,
            cut: Vec::new(),
            claims: 0,
            beaten: None,
        }
    }

    /// Forgets all, for another life.
    pub(crate) fn start_over(&mut self) {
        *self = Self::new(self.slots);
    }

    /// How many runs are this node's, as far as it knows.
    #[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "what is not measured"))]
    pub(crate) fn held(&self) -> usize {
        self.holds.len()
    }

    /// How many runs to claim; 0 says that somebody waits for room.
    pub(crate) fn room(&mut self) -> usize {
        let room = self.free();
        self.wants_room = room == 0;
        if room > 0 {
            self.ended = 0;
        }
        room
    }

    /// Whether there is room that somebody waits for.
    pub(crate) fn has_wanted_room(&self) -> bool {
        self.wants_room && self.free() > 0
    }

    /// As many as have a slot, and as many more as will have one by the time they are there. Few are
    /// not worth a call while others wait here.
    fn free(&self) -> usize {
        if self.is_closing || self.unrecorded > UNRECORDED_MAX {
            return 0;
        }
        let wanted = self.slots + self.ended.min(AHEAD_MAX);
        let room = wanted.saturating_sub(self.running + self.backlog.len());
        let is_little = !self.backlog.is_empty() && room < wanted / 4;
        if is_little { 0 } else { room }
    }

    /// Takes over claimed runs, which nobody else can have before `lease_until`.
    pub(crate) fn claimed(&mut self, runs: Vec<ClaimedRun>, lease_until: Instant) {
        for run in runs {
            let held = Held {
                name: run.name.clone(),
                control: Arc::default(),
                phase: Phase::Waiting,
                lease_until,
                stop: None,
            };
            self.holds.insert(run.hold(), held);
            if self.is_closing {
                self.back.push(run.hold());
            } else {
                self.backlog.push_back(run);
            }
        }
    }

    /// The next run that is to start, if there is a slot for one.
    ///
    /// One whose lease may be over, since this node stalled, is not begun: it goes back, if it is still
    /// this node's.
    pub(crate) fn next_start(&mut self, now: Instant) -> Option<Start> {
        while self.running < self.slots {
            let run = self.backlog.pop_front()?;
            let hold = run.hold();
            let Some(held) = self.holds.get_mut(&hold) else {
                continue;
            };
            if held.lease_until <= now {
                self.back.push(hold);
                continue;
            }
            held.phase = Phase::Running;
            let control = held.control.clone();
            self.running += 1;
            return Some(Start { run, control });
        }
        None
    }

    /// Takes the end of a run; `word` is told why the run was stopped, if it was.
    pub(crate) fn ended(&mut self, hold: Hold, word: impl FnOnce(Option<Stop>) -> Word) -> Next {
        let Some(held) = self.holds.get_mut(&hold).filter(|held| held.phase == Phase::Running)
        else {
            return Next::default();
        };
        held.phase = Phase::Ended;
        self.running -= 1;
        self.ended += 1;
        match word(held.stop) {
            Word::Ended(finish, kind) => {
                let name = held.name.clone();
                self.ends.push(Ending { finish, name, kind });
                self.unrecorded += 1;
            }
            Word::Back => {
                if held.stop == Some(Stop::Shutdown) {
                    self.cut.push(Cut { name: held.name.clone(), run: hold.run });
                }
                self.back.push(hold);
            }
            Word::Nothing => {
                self.holds.remove(&hold);
            }
        }
        Next { has_room: self.has_wanted_room(), has_words: self.has_words() }
    }

    /// Whether there is something to say to the store.
    pub(crate) fn has_words(&self) -> bool {
        !self.ends.is_empty() || !self.back.is_empty()
    }

    /// Takes up to `limit` ends to record.
    pub(crate) fn take_ends(&mut self, limit: usize) -> Vec<Ending> {
        if self.ends.len() <= limit {
            return std::mem::take(&mut self.ends);
        }
        let later = self.ends.split_off(limit);
        std::mem::replace(&mut self.ends, later)
    }

    /// Takes the runs to give back.
    pub(crate) fn take_back(&mut self) -> Vec<Hold> {
        std::mem::take(&mut self.back)
    }

    /// The store has answered about an end, or will never take it.
    pub(crate) fn recorded(&mut self, hold: Hold) {
        self.unrecorded -= 1;
        self.holds.remove(&hold);
    }

    /// The store has answered about runs that were given back.
    pub(crate) fn given_back(&mut self, holds: &[Hold], verdicts: &[Verdict]) -> GivenBack {
        let mut given = GivenBack::default();
        for (hold, verdict) in holds.iter().zip(verdicts) {
            let Some(held) = self.holds.remove(hold) else {
                continue;
            };
            let named = Named { hold: *hold, name: held.name };
            match verdict {
                Verdict::Accepted => given.taken.push(named),
                Verdict::Stale => given.lost.push(named),
            }
        }
        given
    }

    /// The runs whose leases end before `before`, if nobody renews them.
    pub(crate) fn leases_ending(&self, before: Instant) -> Vec<Hold> {
        let ending = self.holds.iter().filter(|(_, held)| held.lease_until < before);
        ending.map(|(hold, _)| *hold).collect()
    }

    /// Takes the answers to heartbeats; the leases that were kept last until `lease_until`.
    pub(crate) fn beats(&mut self, holds: &[Hold], beats: &[Beat], lease_until: Instant) -> Beats {
        let mut told = Beats::default();
        for (hold, beat) in holds.iter().zip(beats) {
            let Some(held) = self.holds.get_mut(hold) else {
                continue;
            };
            match beat {
                Beat::Lost => self.lost(*hold, &mut told),
                beat => {
                    held.lease_until = lease_until;
                    if *beat == Beat::CancelWanted {
                        self.cancel(*hold, &mut told.cancels);
                    }
                }
            }
        }
        told
    }

    /// Somebody in this process wants a run cancelled.
    pub(crate) fn cancel_run(&mut self, run: mainspring_job::RunId) -> Vec<Arc<Control>> {
        let mut cancels = Vec::new();
        let holds: Vec<_> = self.holds.keys().filter(|hold| hold.run == run).copied().collect();
        for hold in holds {
            self.cancel(hold, &mut cancels);
        }
        cancels
    }

    /// Whether anything is left to be said, or a run on its way here.
    pub(crate) fn is_open(&self) -> bool {
        self.claims > 0 || self.holds.values().any(|held| held.phase != Phase::Running)
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running > 0
    }

    /// Nothing starts any more: what waits goes back.
    pub(crate) fn close(&mut self) {
        self.is_closing = true;
        self.back.extend(self.backlog.drain(..).map(|run| run.hold()));
    }

    /// Everything that runs is to stop, since the scheduler does.
    pub(crate) fn stop_all(&mut self) -> Vec<Arc<Control>> {
        let running = self.holds.values_mut().filter(|held| held.phase == Phase::Running);
        running
            .map(|held| {
                held.stop = held.stop.or(Some(Stop::Shutdown));
                held.control.clone()
            })
            .collect()
    }

    /// Those that were cut, and those of which the store could not be told.
    pub(crate) fn report(&mut self) -> Report {
        let cut = std::mem::take(&mut self.cut);
        let untold = self.holds.drain().map(|(hold, held)| Cut { name: held.name, run: hold.run });
        let mut report = Report { cut, untold: untold.collect() };
        for runs in [&mut report.cut, &mut report.untold] {
            runs.sort_by_key(|cut| (cut.run.due, cut.run.job));
        }
        report.cut.retain(|cut| !report.untold.contains(cut));
        report
    }

    fn lost(&mut self, hold: Hold, told: &mut Beats) {
        let Some(held) = self.holds.get_mut(&hold) else {
            return;
        };
        match held.phase {
            // Perhaps its end has just been recorded. If not, the store will refuse that.
            Phase::Ended => {}
            Phase::Running if held.stop == Some(Stop::Lost) => {}
            Phase::Running => {
                held.stop = Some(Stop::Lost);
                told.cancels.push(held.control.clone());
                told.lost.push(Named { hold, name: held.name.clone() });
            }
            Phase::Waiting => {
                self.backlog.retain(|run| run.hold() != hold);
                self.back.retain(|back| *back != hold);
                if let Some(held) = self.holds.remove(&hold) {
                    told.lost.push(Named { hold, name: held.name });
                }
            }
        }
    }

    fn cancel(&mut self, hold: Hold, cancels: &mut Vec<Arc<Control>>) {
        let Some(held) = self.holds.get_mut(&hold) else {
            return;
        };
        match held.phase {
            Phase::Ended => {}
            Phase::Running => {
                if held.stop.is_none() {
                    held.stop = Some(Stop::Wanted);
                    cancels.push(held.control.clone());
                }
            }
            // Given back, it ends as cancelled.
            Phase::Waiting => {
                let before = self.backlog.len();
                self.backlog.retain(|run| run.hold() != hold);
                if self.backlog.len() < before {
                    self.back.push(hold);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
