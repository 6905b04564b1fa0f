//! Runs the jobs of files from a store, so that their state outlives the program and nodes share them.
//!
//! # Ground rules
//! - The files say what the jobs are; the store keeps when each is due next, its pauses, runs and
//!   history. Commands and their variables stay in the files.
//! - A store belongs to the files that are run from it: a job that they no longer name is removed. Nodes
//!   that share a store run the same files.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use mainspring_job::store::{JobDraft, JobQuery, Store, Upserted};
use mainspring_scheduler::{Context, Error, StoreScheduler};
use tracing::error;

use super::runner::Runner;
use super::table::task;
use super::task::Task;
use crate::jobs::{Job, JobFile, When};

/// The handler of all commands.
const HANDLER: &str = "command";

/// So many jobs are read at a time.
const PAGE: usize = 1000;

/// Keeps a store's jobs in step with the files.
pub(super) struct StoredTable {
    scheduler: StoreScheduler,
    runner: Arc<Runner>,
    tasks: Tasks,
    /// As the files said last, by the name.
    known: HashMap<String, Job>,
    groups: HashSet<String>,
}

/// What each job comes down to on this node, by the job's name.
type Tasks = Arc<RwLock<HashMap<String, Arc<Task>>>>;

/// What a reading of the files has changed in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) added: usize,
    pub(super) changed: usize,
    pub(super) removed: usize,
    pub(super) unchanged: usize,
}

/// What files say.
#[derive(Default)]
struct Declared {
    drafts: Vec<JobDraft>,
    /// In the same order.
    tasks: Vec<(String, Arc<Task>)>,
    jobs: HashMap<String, Job>,
}

impl StoredTable {
    pub(super) fn new(scheduler: StoreScheduler, runner: Arc<Runner>) -> io::Result<Self> {
        let tasks = Tasks::default();
        let (known, of_handler) = (tasks.clone(), runner.clone());
        let handler = move |context: Context, (): ()| {
            let task = read(&known).get(context.name()).cloned();
            let runner = of_handler.clone();
            async move {
                match task {
                    Some(task) => runner.run(&task, &context).await,
                    None => Err("no file that this node runs names the job".to_owned()),
                }
            }
        };
        scheduler.register(HANDLER, handler).map_err(io::Error::other)?;
        let (known, groups) = (HashMap::new(), HashSet::new());
        Ok(Self { scheduler, runner, tasks, known, groups })
    }

    /// Makes the store's jobs those of `files`; with `is_start`, those that run at the start run now.
    ///
    /// # Errors
    /// If the store fails; then some of it may be done, and doing it again does the rest.
    pub(super) async fn replace(
        &mut self,
        files: &[JobFile],
        is_start: bool,
    ) -> Result<Change, Error> {
        let store = self.scheduler.store().clone();
        self.limit_groups(&*store, files).await?;
        let Declared { drafts, tasks, jobs } = self.declared(files);
        // Known before they are stored: a run may be claimed at once.
        let names: HashSet<String> = tasks.iter().map(|(name, _)| name.clone()).collect();
        write(&self.tasks).extend(tasks.iter().cloned());
        let upserted = self.scheduler.upsert_all(&drafts).await?;
        let mut change = Change::default();
        for ((name, task), upserted) in tasks.iter().zip(upserted) {
            self.runner.remember(upserted.job(), task.clone());
            // The store does not know the command.
            let is_other = self.known.get(name).is_some_and(|known| known != &jobs[name]);
            match upserted {
                Upserted::Added(_) => change.added += 1,
                Upserted::Same(_) | Upserted::Older(_) if !is_other => change.unchanged += 1,
                _ => change.changed += 1,
            }
            if is_start && task.is_for_start() {
                self.scheduler.trigger(name).await?;
            }
        }
        change.removed = self.remove_others(&*store, &names).await?;
        write(&self.tasks).retain(|name, _| names.contains(name));
        self.known = jobs;
        Ok(change)
    }

    /// The jobs of the files that can be jobs.
    fn declared(&self, files: &[JobFile]) -> Declared {
        let Declared { mut drafts, mut tasks, mut jobs } = Declared::default();
        let mut names = HashSet::new();
        for (file, job) in
            files.iter().flat_map(|file| file.jobs.iter().map(move |job| (file, job)))
        {
            let name = free_name(job, &mut names);
            let Some(task) = task(&file.file, job) else { continue };
            let upsert = self.scheduler.upsert(&name).handler(HANDLER).policy(job.policy.clone());
            let upsert = match &job.when {
                When::Schedule { schedule, .. } => upsert.schedule((**schedule).clone()),
                When::Start => upsert,
            };
            match upsert.draft() {
                Ok(draft) => {
                    drafts.push(draft);
                    jobs.insert(name.clone(), job.identity());
                    tasks.push((name, task));
                }
                Err(error) => error!(job = %task.label(), %error, "cannot be a job"),
            }
        }
        Declared { drafts, tasks, jobs }
    }

    async fn limit_groups(&mut self, store: &dyn Store, files: &[JobFile]) -> Result<(), Error> {
        let mut gone = std::mem::take(&mut self.groups);
        for group in files.iter().flat_map(|file| &file.groups) {
            let limit = u32::try_from(group.limit).unwrap_or(u32::MAX);
            store.limit_queue(&group.name, Some(limit)).await?;
            gone.remove(&group.name);
            self.groups.insert(group.name.clone());
        }
        for name in gone {
            store.limit_queue(&name, None).await?;
        }
        Ok(())
    }

    async fn remove_others(
        &self,
        store: &dyn Store,
        names: &HashSet<String>,
    ) -> Result<usize, Error> {
        let mut removed = 0;
        let mut query = JobQuery::first(PAGE);
        loop {
            let page = store.jobs(&query).await?;
            let ours = page.iter().filter(|job| job.handler.as_str() == HANDLER);
            for job in ours.filter(|job| !names.contains(job.name.as_str())) {
                removed += usize::from(store.remove(job.name.as_str()).await?);
                self.runner.forget(job.id);
            }
            match page.last().filter(|_| page.len() == PAGE) {
                Some(last) => query = query.after(last.name.as_str()),
                None => return Ok(removed),
            }
        }
    }
}

/// What the store knows a job by: its name, or else its command, so that it stays the same job while lines
/// move. What `H` stands for depends on the same, here as in previews.
fn free_name(job: &Job, taken: &mut HashSet<String>) -> String {
    /// Room for a number behind it.
    const BYTES_MAX: usize = 240;
    let mut name = match &job.name {
        Some(name) => name.clone(),
        None => job.command.text.clone(),
    };
    name.retain(|c| !c.is_control());
    name.truncate(name.floor_char_boundary(BYTES_MAX));
    let (first, mut number) = (name.clone(), 1);
    while !taken.insert(name.clone()) {
        number += 1;
        name = format!("{first} #{number}");
    }
    name
}

fn read(tasks: &Tasks) -> std::sync::RwLockReadGuard<'_, HashMap<String, Arc<Task>>> {
    // Nothing under the lock can fail half-way.
    tasks.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(tasks: &Tasks) -> std::sync::RwLockWriteGuard<'_, HashMap<String, Arc<Task>>> {
    tasks.write().unwrap_or_else(PoisonError::into_inner)
}
