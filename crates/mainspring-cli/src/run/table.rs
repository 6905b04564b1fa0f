//! Keeps the scheduler's jobs in step with the files.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use mainspring_job::{JobId, Overlap};
use mainspring_schedule::Schedule;
use mainspring_scheduler::{Context, JobBuilder, Scheduler};
use tracing::error;

use super::runner::Runner;
use super::task::Task;
use crate::jobs::{Job, JobFile, When};
use crate::log;

/// The jobs that there are.
pub(crate) struct Table {
    scheduler: Scheduler,
    runner: Arc<Runner>,
    /// By file and command; a line may well stand there twice.
    known: HashMap<Key, Vec<Known>>,
}

type Key = (String, String);

struct Known {
    job: Job,
    /// `None` for `@reboot`, whose only run may be over.
    id: Option<JobId>,
    task: Arc<Task>,
}

/// What a new reading of the files has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) added: usize,
    pub(crate) removed: usize,
    pub(crate) unchanged: usize,
}

impl Table {
    pub(crate) fn new(scheduler: Scheduler, runner: Arc<Runner>) -> Self {
        Self { scheduler, runner, known: HashMap::new() }
    }

    /// Makes the jobs those of `files`. A job that was there before goes on, with whatever runs of it
    /// are going on; one that is gone starts no more runs.
    ///
    /// With `start` given, jobs that run at the start run then; a reload is no start.
    pub(crate) fn replace(&mut self, files: &[JobFile], start: Option<Timestamp>) -> Change {
        let mut old = std::mem::take(&mut self.known);
        let mut change = Change::default();
        let mut new = Vec::new();
        for group in files.iter().flat_map(|file| &file.groups) {
            self.scheduler.limit_group(&group.name, group.limit);
        }
        for (file, job) in
            files.iter().flat_map(|file| file.jobs.iter().map(move |job| (file, job)))
        {
            let key = (file.file.clone(), job.command.text.clone());
            let identity = job.identity();
            let same = old.get_mut(&key).and_then(|known| {
                let place = known.iter().position(|known| known.job == identity)?;
                Some(known.remove(place))
            });
            match same {
                Some(known) => {
                    change.unchanged += 1;
                    known.task.move_to_line(job.number);
                    self.known.entry(key).or_default().push(known);
                }
                None => new.push((key, job)),
            }
        }
        for known in old.into_values().flatten() {
            change.removed += 1;
            if let Some(id) = known.id {
                self.scheduler.remove(id);
                self.runner.forget(id);
            }
        }
        for (key, job) in new {
            if let Some(known) = self.add(&key.0, job, start) {
                change.added += 1;
                self.known.entry(key).or_default().push(known);
            }
        }
        change
    }

    /// Has every job run once, now, in place of its schedule. `succeeded` is called for each that ends
    /// well, `over` for each when it is through. Gives the number of jobs.
    ///
    /// Limits of groups are kept: what finds no room waits, whatever its overlap policy.
    pub(crate) fn run_each_once(
        &mut self,
        files: &[JobFile],
        succeeded: impl Fn() + Clone + Send + Sync + 'static,
        over: impl Fn() + Clone + Send + Sync + 'static,
    ) -> usize {
        let now = log::now();
        for group in files.iter().flat_map(|file| &file.groups) {
            self.scheduler.limit_group(&group.name, group.limit);
        }
        let all = files.iter().flat_map(|file| file.jobs.iter().map(move |job| (file, job)));
        let mut number = 0;
        for (file, job) in all {
            number += 1;
            let (succeeded, at_end) = (succeeded.clone(), over.clone());
            let builder = mainspring_scheduler::Job::new(Schedule::once(now))
                .on_success(move |_, _| succeeded())
                .on_removal(move |_| at_end());
            let policy = job.policy.clone().overlap(Overlap::Queue);
            let task = task(&file.file, job);
            if task.and_then(|task| self.schedule(&task, builder.policy(policy))).is_none() {
                over();
            }
        }
        number
    }

    fn add(&self, file: &str, job: &Job, start: Option<Timestamp>) -> Option<Known> {
        let task = task(file, job)?;
        let id = match (&job.when, start) {
            (When::Schedule { schedule, .. }, _) => {
                let builder = mainspring_scheduler::Job::new((**schedule).clone());
                Some(self.schedule(&task, builder.policy(job.policy.clone()))?)
            }
            (When::Start, Some(now)) => {
                let builder = mainspring_scheduler::Job::new(Schedule::once(now));
                self.schedule(&task, builder.policy(job.policy.clone()))?;
                None
            }
            (When::Start, None) => None,
        };
        Some(Known { job: job.identity(), id, task })
    }

    /// `None` if the scheduler will not have it, which is told.
    fn schedule(&self, task: &Arc<Task>, builder: JobBuilder) -> Option<JobId> {
        let (runner, of_job) = (self.runner.clone(), task.clone());
        let builder = builder.named(self.free_name(task));
        let added = self.scheduler.add(builder.run(move |context: Context| {
            let (runner, task) = (runner.clone(), of_job.clone());
            // What it printed is in the log; in memory it would only grow.
            async move { runner.run(&task, &context).await.map(|_printed| ()) }
        }));
        match added {
            Ok(id) => {
                self.runner.remember(id, task.clone());
                Some(id)
            }
            Err(error) if error.is_never_due() => {
                error!(job = %task.label(), "its schedule has no time left to come");
                None
            }
            Err(error) => {
                error!(job = %task.label(), %error, "cannot be a job");
                None
            }
        }
    }

    /// The task's label; an unchanged line that has moved on may have left its old place's name.
    fn free_name(&self, task: &Task) -> String {
        let label = task.label();
        let mut name = label.clone();
        let mut number = 1;
        while self.scheduler.find(&name).is_some() {
            number += 1;
            name = format!("{label}#{number}");
        }
        name
    }
}

/// What the job does, unless it cannot be done here, which is logged.
pub(super) fn task(file: &str, job: &Job) -> Option<Arc<Task>> {
    match Task::new(file, job) {
        Ok(task) => Some(Arc::new(task)),
        Err(error) => {
            error!(job = %job.label(file), %error, "cannot be a job");
            None
        }
    }
}
