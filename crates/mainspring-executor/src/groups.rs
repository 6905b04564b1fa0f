//! Numbers the groups of a queue and knows when one is gone.

use std::collections::HashMap;

use crate::cell::NO_GROUP;

#[derive(Debug, Default)]
pub(crate) struct Groups {
    by_id: HashMap<u64, u32>,
    groups: Vec<Group>,
    vacant: Vec<u32>,
}

#[derive(Debug)]
struct Group {
    id: u64,
    tasks: usize,
}

impl Groups {
    /// Counts a task into the group; answers the group's index.
    pub(crate) fn join(&mut self, id: u64) -> u32 {
        let index = *self.by_id.entry(id).or_insert_with(|| {
            let group = Group { id, tasks: 0 };
            if let Some(index) = self.vacant.pop() {
                self.groups[index as usize] = group;
                return index;
            }
            self.groups.push(group);
            self.groups.len() as u32 - 1
        });
        self.groups[index as usize].tasks += 1;
        index
    }

    /// As `join`, for an index that is known to be alive.
    pub(crate) fn join_again(&mut self, index: u32) -> u32 {
        self.groups[index as usize].tasks += 1;
        index
    }

    /// Counts a task out. True if the group is gone with it; its index stays out of use until
    /// `reuse`.
    pub(crate) fn leave(&mut self, index: u32) -> bool {
        let group = &mut self.groups[index as usize];
        group.tasks -= 1;
        if group.tasks > 0 {
            return false;
        }
        self.by_id.remove(&group.id);
        true
    }

    /// Whoever kept something under this index has thrown it away.
    pub(crate) fn reuse(&mut self, index: u32) {
        self.vacant.push(index);
    }

    pub(crate) fn id(&self, index: u32) -> Option<u64> {
        (index != NO_GROUP).then(|| self.groups[index as usize].id)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_lives_as_long_as_its_tasks() {
        let mut groups = Groups::default();
        let first = groups.join(70);
        assert_eq!(groups.join(70), first);
        let second = groups.join(80);
        assert_ne!(first, second);
        assert!(!groups.leave(first));
        assert!(groups.leave(first));
        assert_eq!(groups.len(), 1);
        // Its index is not given away before the policy knows.
        assert_ne!(groups.join(90), first);
        groups.reuse(first);
        assert_eq!(groups.join(70), first);
        assert_eq!(groups.id(first), Some(70));
    }
}
