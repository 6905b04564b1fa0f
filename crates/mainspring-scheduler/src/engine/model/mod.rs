//! Holds the engine against a slow, obvious reading of the rules, step by step.
//!
//! Random jobs with random policies live through simulated time with clock jumps, late wakes, pauses,
//! triggers, removals and runs of random lengths. The reference keeps plain lists, walks every
//! instant of a schedule, and knows no wheel, no places and no counters.

mod reference;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainspring_clock::Jump;
use mainspring_job::{JobId, Misfire, Overlap, Policy, Run, RunId, RunState};
use mainspring_schedule::Schedule;
use proptest::prelude::*;

use self::reference::{Line, RefJob, Reference};
use super::{Engine, Start};
use crate::Job;
use crate::event::EventKind;

const START: i64 = 1_772_366_400; // 2026-03-01T12:00:00Z, four weeks before Europe's clocks change
const GRACE: i64 = 5;

#[derive(Clone, Debug)]
struct JobPlan {
    cron: &'static str,
    zone: &'static str,
    overlap: Overlap,
    concurrency: u32,
    in_group: bool,
    misfire: Late,
    limit: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
enum Late {
    Skip,
    Once,
    All { horizon_s: i64 },
}

#[derive(Clone, Debug)]
enum Step {
    /// To the next deadline or end of a run, whichever comes first.
    Next,
    /// Without anybody looking.
    Oversleep {
        seconds: i64,
    },
    Forward {
        seconds: i64,
    },
    Back {
        seconds: i64,
    },
    Pause {
        job: usize,
    },
    Resume {
        job: usize,
    },
    Trigger {
        job: usize,
        instead: bool,
    },
    Update {
        job: usize,
        cron: &'static str,
        limit: Option<u32>,
    },
    Remove {
        job: usize,
    },
    LimitGroup {
        limit: usize,
    },
}

struct Bench {
    engine: Engine,
    ids: Vec<JobId>,
    reference: Reference,
    now: Timestamp,
    /// Runs in progress: when they end, whose, and how to tell the engine.
    going: Vec<(Timestamp, usize, Start)>,
    lengths: Vec<i64>,
    started: usize,
    /// What the engine said, in the reference's words.
    lines: Vec<Line>,
}

impl Bench {
    fn new(plans: &[JobPlan], lengths: Vec<i64>) -> Self {
        let now = Timestamp::from_second(START).expect("in range");
        let mut engine = Engine::new();
        engine.be_heard(true);
        engine.limit_group("group", 2);
        let mut jobs = Vec::new();
        let mut ids = Vec::new();
        for (index, plan) in plans.iter().enumerate() {
            let schedule = schedule(plan.cron, index, plan.zone, plan.limit);
            let job = Job::new(schedule.clone()).named(index.to_string()).policy(plan.policy());
            ids.push(engine.add(job.run(|_| async {}), now).expect("a sound job"));
            let schedule = schedule.for_name(&index.to_string()).anchored_at(now);
            let before = now - SignedDuration::from_nanos(1);
            jobs.push(RefJob {
                plan: plan.clone(),
                next: schedule.next_after(before),
                schedule,
                is_paused: false,
                is_gone: false,
                going: Vec::new(),
                waiting: Vec::new(),
                ended: None,
            });
        }
        engine.hold(false, now);
        engine.take_effects(true);
        let reference =
            Reference { jobs, group_limit: 2, group_line: Vec::new(), lines: Vec::new() };
        Self { engine, ids, reference, now, going: Vec::new(), lengths, started: 0, lines: vec![] }
    }

    fn step(&mut self, step: &Step) {
        let by = |seconds| SignedDuration::from_secs(seconds);
        let size = |seconds: i64| Duration::from_secs(seconds.unsigned_abs());
        match *step {
            Step::Next => {
                let end = self.going.iter().map(|(end, ..)| *end).min();
                let due = self.engine.next_deadline();
                let Some(next) = end.into_iter().chain(due).min() else {
                    return;
                };
                self.now = self.now.max(next);
            }
            Step::Oversleep { seconds } => self.now += by(seconds),
            Step::Forward { seconds } => {
                self.now += by(seconds);
                self.engine.clock_jumped(Jump::Forward(size(seconds)), self.now);
                self.reference.jumped(seconds, self.now);
            }
            Step::Back { seconds } => {
                self.now -= by(seconds);
                self.engine.clock_jumped(Jump::Back(size(seconds)), self.now);
                self.reference.jumped(-seconds, self.now);
            }
            Step::Pause { job } => {
                let told = self.engine.pause(self.ids[job], self.now);
                let job = &mut self.reference.jobs[job];
                assert_eq!(told, !job.is_gone);
                job.is_paused = true;
                job.next = None;
            }
            Step::Resume { job } => {
                self.engine.resume(self.ids[job], self.now);
                let was_paused = std::mem::take(&mut self.reference.jobs[job].is_paused);
                if was_paused && !self.reference.jobs[job].is_gone {
                    let reference = &mut self.reference.jobs[job];
                    reference.next = reference.schedule.next_after(self.now);
                    self.reference.leave_if_over(job);
                }
            }
            Step::Trigger { job, instead } => {
                let run = self.engine.trigger(self.ids[job], self.now, instead);
                let reference = &mut self.reference.jobs[job];
                assert_eq!(run.is_none(), reference.is_gone);
                if let Some(RunId { due, .. }) = run {
                    assert!(due >= self.now);
                    if let Some(next) = reference.next.filter(|_| instead) {
                        reference.next = reference.schedule.next_after(next);
                    }
                    self.reference.admit(job, due);
                    self.reference.leave_if_over(job);
                }
            }
            Step::Update { job, cron, limit } => {
                let zone = self.reference.jobs[job].plan.zone;
                let schedule = schedule(cron, job, zone, limit);
                let told = self.engine.update(self.ids[job], schedule.clone(), self.now);
                assert_eq!(told.ok(), Some(!self.reference.jobs[job].is_gone));
                self.reference.update(job, schedule, self.now);
            }
            Step::Remove { job } => {
                self.engine.remove(self.ids[job], self.now);
                if !std::mem::replace(&mut self.reference.jobs[job].is_gone, true) {
                    for due in std::mem::take(&mut self.reference.jobs[job].waiting) {
                        self.reference.say(job, format!("skipped {due} Removed"));
                    }
                    self.reference.jobs[job].next = None;
                    self.reference.say(job, "removed");
                }
            }
            Step::LimitGroup { limit } => {
                self.engine.limit_group("group", limit);
                self.reference.group_limit = limit.max(1);
                self.reference.start_waiting_of_group();
            }
        }
        self.settle();
    }

    /// Ends the runs whose time has come, oldest end first, and wakes.
    fn settle(&mut self) {
        self.listen();
        loop {
            let over = self.going.iter().enumerate().filter(|(_, (end, ..))| *end <= self.now);
            let Some((position, _)) = over.min_by_key(|(_, (end, job, _))| (*end, *job)) else {
                break;
            };
            let (_, job, start) = self.going.remove(position);
            let mut run = Run::new(start.run);
            assert!(run.start(self.now) && run.end(RunState::Succeeded, self.now, None));
            self.engine.ended(&start.core, run, self.now);
            self.reference.ended(job, start.run.due);
            self.listen();
        }
        while self.engine.wake(self.now, 3) {}
        self.reference.wake(self.now);
        self.listen();
        // Within a step the engine hands out starts and events apart, and the two may interleave what
        // they say about different jobs.
        let order = |(job, what): &Line| (*job, what.starts_with("start"));
        self.lines.sort_by_key(order);
        self.reference.lines.sort_by_key(order);
        assert_eq!(self.lines, self.reference.lines);
        self.lines.clear();
        self.reference.lines.clear();
        self.compare_states();
    }

    fn listen(&mut self) {
        let effects = self.engine.take_effects(true);
        for event in effects.events {
            let Some(name) = &event.name else {
                continue;
            };
            let index: usize = name.as_str().parse().expect("jobs are named by number");
            let due = event.due.unwrap_or_default();
            let line = match event.kind {
                EventKind::Due => format!("due {due}"),
                EventKind::Skipped { why } => format!("skipped {due} {why:?}"),
                EventKind::Missed { count } => format!("missed {count}"),
                EventKind::Removed => "removed".to_owned(),
                _ => continue,
            };
            self.lines.push((index, line));
        }
        for start in effects.starts {
            let index: usize = start.core.name().as_str().parse().expect("a number");
            self.lines.push((index, format!("start {}", start.run.due)));
            let length = self.lengths[self.started % self.lengths.len()];
            self.started += 1;
            self.going.push((self.now + SignedDuration::from_secs(length), index, start));
        }
    }

    fn compare_states(&self) {
        let mut next = None;
        for (id, job) in self.ids.iter().zip(&self.reference.jobs) {
            let info = self.engine.info(*id);
            assert_eq!(info.is_none(), job.is_gone);
            if let Some(info) = info {
                assert_eq!(info.next, job.next);
                assert_eq!((info.running, info.waiting), (job.going.len(), job.waiting.len()));
                next = next.into_iter().chain(job.next).min();
            }
        }
        for (_, index, start) in &self.going {
            let job = &self.reference.jobs[*index];
            let run = job.going.iter().find(|(due, _)| *due == start.run.due);
            if !job.is_gone {
                // A cancelled run's control says so once the effects are carried out; who is to be
                // cancelled is compared by the runs that follow.
                assert!(run.is_some());
            }
        }
        assert_eq!(self.engine.next_runs(1).first().map(|run| run.due), next);
    }
}

/// `S` becomes the job's number, so that no two jobs are due at one instant.
fn schedule(cron: &str, index: usize, zone: &str, limit: Option<u32>) -> Schedule {
    let schedule: Schedule =
        cron.replacen('S', &index.to_string(), 1).parse().expect("a cron expression");
    let schedule = schedule.in_zone(zone).expect("a bundled zone");
    limit.map_or(schedule.clone(), |limit| schedule.limit(limit))
}

impl JobPlan {
    fn policy(&self) -> Policy {
        let misfire = match self.misfire {
            Late::Skip => Misfire::skip(),
            Late::Once => Misfire::run_once(),
            Late::All { horizon_s } => {
                Misfire::run_all(Duration::from_secs(horizon_s.unsigned_abs()))
            }
        };
        let policy = Policy::default()
            .overlap(self.overlap)
            .concurrency(self.concurrency)
            .misfire(misfire.grace(Duration::from_secs(GRACE.unsigned_abs())));
        if self.in_group { policy.group("group") } else { policy }
    }
}

fn cron() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("S * * * * *"),
        Just("S */7 * * * *"),
        Just("S 15 * * * *"),
        Just("S 30 2 * * *"),
        Just("S 0 0 1 * *"),
    ]
}

fn limit() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![3 => Just(None), 1 => (1_u32..30).prop_map(Some)]
}

fn plans() -> impl Strategy<Value = Vec<JobPlan>> {
    let zone = prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("Australia/Lord_Howe")];
    let overlap = prop_oneof![
        Just(Overlap::Allow),
        Just(Overlap::Skip),
        Just(Overlap::Queue),
        Just(Overlap::CancelPrevious),
    ];
    let misfire = prop_oneof![
        Just(Late::Skip),
        Just(Late::Once),
        (1_i64..10_000).prop_map(|horizon_s| Late::All { horizon_s }),
    ];
    let plan = (cron(), zone, overlap, 1_u32..4, any::<bool>(), misfire, limit()).prop_map(
        |(cron, zone, overlap, concurrency, in_group, misfire, limit)| JobPlan {
            cron,
            zone,
            overlap,
            concurrency,
            in_group,
            misfire,
            limit,
        },
    );
    prop::collection::vec(plan, 1..6)
}

fn step() -> impl Strategy<Value = Step> {
    // Jobs are chosen among five and brought into range later.
    prop_oneof![
        40 => Just(Step::Next),
        4 => (1_i64..20_000).prop_map(|seconds| Step::Oversleep { seconds }),
        2 => (1_i64..100_000).prop_map(|seconds| Step::Forward { seconds }),
        2 => (1_i64..20_000).prop_map(|seconds| Step::Back { seconds }),
        1 => (0_usize..5).prop_map(|job| Step::Pause { job }),
        2 => (0_usize..5).prop_map(|job| Step::Resume { job }),
        2 => (0_usize..5, any::<bool>()).prop_map(|(job, instead)| Step::Trigger { job, instead }),
        2 => (0_usize..5, cron(), limit())
            .prop_map(|(job, cron, limit)| Step::Update { job, cron, limit }),
        1 => (0_usize..5).prop_map(|job| Step::Remove { job }),
        1 => (0_usize..4).prop_map(|limit| Step::LimitGroup { limit }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_does_what_the_rules_say(
        plans in plans(),
        steps in prop::collection::vec(step(), 1..250),
        lengths in prop::collection::vec(0_i64..5_000, 1..20),
    ) {
        let jobs = plans.len();
        let mut bench = Bench::new(&plans, lengths);
        for step in &steps {
            let mut step = step.clone();
            if let Step::Pause { job }
            | Step::Resume { job }
            | Step::Trigger { job, .. }
            | Step::Update { job, .. }
            | Step::Remove { job } = &mut step
            {
                *job %= jobs;
            }
            bench.step(&step);
        }
    }
}

/// What a control is told is the driver's business; here only that the right one is named.
#[test]
fn the_oldest_run_is_the_one_to_cancel() {
    let now = Timestamp::from_second(START).expect("in range");
    let mut engine = Engine::new();
    let schedule: Schedule = "* * * * * *".parse().expect("a cron expression");
    let policy = Policy::default().overlap(Overlap::CancelPrevious).concurrency(2);
    let job = Job::new(schedule).policy(policy).run(|_| async {});
    engine.add(job, now).expect("a sound job");
    engine.hold(false, now);
    let mut starts = Vec::new();
    for second in 0..4 {
        engine.wake(now + SignedDuration::from_secs(second), 8);
        let effects = engine.take_effects(true);
        for control in &effects.cancels {
            let position =
                starts.iter().position(|start: &Start| Arc::ptr_eq(&start.control, control));
            assert_eq!(position, Some(second as usize - 2));
            control.cancel();
        }
        assert_eq!(effects.cancels.len(), usize::from(second >= 2));
        starts.extend(effects.starts);
    }
    assert_eq!(starts.len(), 2);
}
