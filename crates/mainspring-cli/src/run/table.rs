//! Keeps the scheduler's jobs in step with the lines of the crontabs.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use mainspring_job::JobId;
use mainspring_scheduler::{Context, Job, Scheduler};
use tracing::error;

use super::runner::Runner;
use super::task::Task;
use crate::crontab::{Crontab, Identity, Line, When};
use crate::log;

/// The jobs that there are.
pub(crate) struct Table {
    scheduler: Scheduler,
    runner: Arc<Runner>,
    /// By file and line; a line may well stand there twice.
    known: HashMap<Key, VecDeque<Known>>,
}

type Key = (String, Identity);

struct Known {
    /// `None` for `@reboot`.
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

    /// Makes the jobs those of `crontabs`. A line that was there before keeps its job, with whatever
    /// runs of it are going on; a line that is gone starts no more runs.
    pub(crate) fn replace(&mut self, crontabs: &[Crontab]) -> Change {
        let mut old = std::mem::take(&mut self.known);
        let mut change = Change::default();
        let mut new = Vec::new();
        for (crontab, line) in crontabs.iter().flat_map(|c| c.lines.iter().map(move |l| (c, l))) {
            let key = (crontab.file.clone(), line.identity());
            match old.get_mut(&key).and_then(VecDeque::pop_front) {
                Some(known) => {
                    change.unchanged += 1;
                    known.task.move_to_line(line.number);
                    self.known.entry(key).or_default().push_back(known);
                }
                None => new.push((key, line)),
            }
        }
        for known in old.into_values().flatten() {
            change.removed += 1;
            if let Some(id) = known.id {
                self.scheduler.remove(id);
            }
        }
        for (key, line) in new {
            if let Some(known) = self.add(&key.0, line) {
                change.added += 1;
                self.known.entry(key).or_default().push_back(known);
            }
        }
        change
    }

    /// Runs the commands of `@reboot` lines, once.
    pub(crate) fn run_at_start(&self) {
        let now = log::now();
        for known in self.known.values().flatten().filter(|known| known.id.is_none()) {
            let (runner, task) = (self.runner.clone(), known.task.clone());
            tokio::spawn(async move { runner.run(&task, now).await });
        }
    }

    fn add(&self, file: &str, line: &Line) -> Option<Known> {
        let task = match Task::new(file, line) {
            Ok(task) => Arc::new(task),
            Err(error) => {
                error!(job = %format_args!("{file}:{}", line.number), %error, "cannot be a job");
                return None;
            }
        };
        let When::Schedule { schedule, .. } = &line.when else {
            return Some(Known { id: None, task });
        };
        let (runner, of_job) = (self.runner.clone(), task.clone());
        let job = Job::new((**schedule).clone()).named(self.free_name(&task)).run(
            move |context: Context| {
                let (runner, task) = (runner.clone(), of_job.clone());
                async move { runner.run(&task, context.due()).await }
            },
        );
        match self.scheduler.add(job) {
            Ok(id) => Some(Known { id: Some(id), task }),
            Err(error) => {
                error!(job = %task.place(), %error, "cannot be a job");
                None
            }
        }
    }

    /// The task's place; an unchanged line that has moved on may have left its old place's name.
    fn free_name(&self, task: &Task) -> String {
        let place = task.place();
        let mut name = place.clone();
        let mut number = 1;
        while self.scheduler.find(&name).is_some() {
            number += 1;
            name = format!("{place}#{number}");
        }
        name
    }
}
