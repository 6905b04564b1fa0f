//! Shares a limit among the jobs of a group.

use std::collections::{HashMap, VecDeque};

use mainspring_job::JobId;

#[derive(Debug, Default)]
pub(crate) struct Groups {
    groups: HashMap<String, Group>,
}

#[derive(Debug)]
pub(crate) struct Group {
    limit: usize,
    going: usize,
    /// Jobs with a run that wants to start; a job stands here once for each such run, and may stand
    /// here for a run that is gone.
    waiting: VecDeque<JobId>,
}

impl Groups {
    /// Makes a group, or gives it another limit; 0 counts as 1.
    pub(crate) fn limit(&mut self, name: &str, limit: usize) {
        let limit = limit.max(1);
        match self.groups.get_mut(name) {
            Some(group) => group.limit = limit,
            None => {
                let group = Group { limit, going: 0, waiting: VecDeque::new() };
                self.groups.insert(name.to_owned(), group);
            }
        }
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.groups.contains_key(name)
    }

    /// Jobs without a group always have room.
    pub(crate) fn has_room(&self, name: Option<&str>) -> bool {
        self.get(name).is_none_or(|group| group.going < group.limit)
    }

    pub(crate) fn started(&mut self, name: Option<&str>) {
        if let Some(group) = self.get_mut(name) {
            group.going += 1;
        }
    }

    pub(crate) fn ended(&mut self, name: Option<&str>) {
        if let Some(group) = self.get_mut(name) {
            group.going -= 1;
        }
    }

    pub(crate) fn wait(&mut self, name: Option<&str>, job: JobId) {
        if let Some(group) = self.get_mut(name) {
            group.waiting.push_back(job);
        }
    }

    /// The job whose turn it is, if there is room.
    pub(crate) fn next(&mut self, name: Option<&str>) -> Option<JobId> {
        let group = self.get_mut(name)?;
        if group.going < group.limit { group.waiting.pop_front() } else { None }
    }

    fn get(&self, name: Option<&str>) -> Option<&Group> {
        self.groups.get(name?)
    }

    fn get_mut(&mut self, name: Option<&str>) -> Option<&mut Group> {
        self.groups.get_mut(name?)
    }
}
