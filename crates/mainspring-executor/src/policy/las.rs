//! Least attained service first, for tasks and for groups of them.
//!
//! I. A. Rai, G. Urvoy-Keller and E. W. Biersack, "Analysis of LAS Scheduling for Job Size
//! Distributions with High Variance", 2003, with two changes, without which an old tenant starves
//! for as long as new ones keep coming:
//!
//! - *Aging.* After each epoch of service given by this queue, everybody's account is halved: for
//!   those who wait by moving the buckets down, for those who sleep when they come back.
//! - *Idle clamp.* Who comes back after an epoch or more of sleep is at most one factor of two below
//!   the least account of those who waited meanwhile.
//!
//! An account's bucket is its logarithm, with sixteen steps to each power of two: within a bucket,
//! six per cent, whoever came first goes first. A bitmap of powers and one of steps find the lowest
//! bucket in a few instructions, however many there are.
//!
//! # Ground rules
//! - An *account* is a group's, or a task's that is in no group. Only accounts with ready tasks are
//!   in a bucket, each in one.
//! - A task's account is kept in its word while it is not ready; a group's lives as long as the group.
//! - `Account::attained` is as of `Account::epoch`; `age` brings it up to date.

use super::{Policy, Why};
use crate::{GroupIndex, TaskList, TaskMeta, TaskRef};

/// Least attained service first: whoever has had the least time goes next.
///
/// New and short work overtakes old and long work, without being told which is which. Groups share
/// fairly, however many tasks each has: a group has one account for all of its tasks. Accounts are
/// forgotten little by little, so a tenant that has had much comes back in turn, and altogether when
/// a group's last task ends.
///
/// ```
/// use mainspring_executor::{Executor, Las};
///
/// let executor = Executor::builder().queue("tenants", 1, Las::default()).build()?;
/// let queue = executor.queue("tenants")?;
/// // A hundred tasks of one tenant and a single one of another: half of the time for each.
/// for _ in 0..100 {
///     queue.group(1).spawn(async { /* … */ }).detach();
/// }
/// let reply = queue.group(2).spawn(async { "soon" });
/// assert_eq!(executor.block_on(reply)??, "soon");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Las {
    accounts: Vec<Account>,
    vacant: Vec<u32>,
    /// The account of each group, by its index.
    groups: Vec<Option<u32>>,
    buckets: Vec<Bucket>,
    powers: u64,
    steps: [u16; POWERS],
    /// Service given in this epoch.
    served_ns: u64,
    epoch: u32,
    len: usize,
    every: u64,
    /// A group whose task is running, while it has other ready tasks: it lines up again once it is
    /// charged.
    running: Option<u32>,
}

#[derive(Debug, Default)]
struct Account {
    attained: u64,
    epoch: u32,
    ready: TaskList,
    is_waiting: bool,
    next: Option<u32>,
    group: Option<GroupIndex>,
}

/// Accounts in a row, linked by `Account::next`.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    head: Option<u32>,
    tail: Option<u32>,
}

const POWERS: usize = 64;
const STEP_BITS: u32 = 4;
const STEPS: usize = 1 << STEP_BITS;

/// A sixteenth of this is the narrowest bucket: two to the fourteenth nanoseconds.
const GRAIN_BITS: u32 = 14;

/// Service after which accounts are halved.
const EPOCH_NS: u64 = 10_000_000;

/// A task's word: its account, and the low bits of the epoch that it is from.
const WORD_BITS: u32 = 44;

impl Default for Las {
    fn default() -> Self {
        Self::new(std::time::Duration::from_nanos(EPOCH_NS))
    }
}

impl Las {
    /// With accounts halved each time that the queue has given this much service; 10 ms by default,
    /// at least a microsecond.
    pub fn new(epoch: std::time::Duration) -> Self {
        Self {
            accounts: Vec::new(),
            vacant: Vec::new(),
            groups: Vec::new(),
            buckets: vec![Bucket::default(); POWERS * STEPS],
            powers: 0,
            steps: [0; POWERS],
            served_ns: 0,
            epoch: 0,
            len: 0,
            every: u64::try_from(epoch.as_nanos()).unwrap_or(u64::MAX).max(1000),
            running: None,
        }
    }

    /// Groups with an account.
    pub fn group_count(&self) -> usize {
        self.groups.iter().flatten().count()
    }

    fn account_of(&mut self, task: TaskMeta<'_>) -> u32 {
        let Some(group) = task.group() else {
            let account = self.open();
            (self.accounts[account as usize].attained, self.accounts[account as usize].epoch) =
                self.unpack(task.word());
            return account;
        };
        if self.groups.len() <= group.get() {
            self.groups.resize(group.get() + 1, None);
        }
        if let Some(account) = self.groups[group.get()] {
            return account;
        }
        let account = self.open();
        self.accounts[account as usize].group = Some(group);
        self.groups[group.get()] = Some(account);
        account
    }

    fn open(&mut self) -> u32 {
        let account = self.vacant.pop().unwrap_or_else(|| {
            self.accounts.push(Account::default());
            self.accounts.len() as u32 - 1
        });
        self.accounts[account as usize].epoch = self.epoch;
        account
    }

    fn close(&mut self, account: u32) {
        self.accounts[account as usize] = Account::default();
        self.vacant.push(account);
    }

    /// Brings an account up to date. Answers how many epochs had passed.
    fn age(&mut self, account: u32) -> u32 {
        let account = &mut self.accounts[account as usize];
        let passed = self.epoch.wrapping_sub(account.epoch);
        account.attained = account.attained.checked_shr(passed).unwrap_or(0);
        account.epoch = self.epoch;
        passed
    }

    /// Puts an account with ready tasks into its bucket.
    fn line_up(&mut self, account: u32, why: Why) {
        let passed = self.age(account);
        let least = self.least().filter(|_| passed > 0 && why == Why::Woken);
        if let Some(least) = least {
            let account = &mut self.accounts[account as usize];
            account.attained = account.attained.max(floor_of(least) / 2);
        }
        let index = bucket_of(self.accounts[account as usize].attained);
        self.accounts[account as usize].is_waiting = true;
        self.accounts[account as usize].next = None;
        match self.buckets[index].tail.replace(account) {
            Some(tail) => self.accounts[tail as usize].next = Some(account),
            None => self.buckets[index].head = Some(account),
        }
        self.mark(index);
    }

    fn mark(&mut self, index: usize) {
        self.powers |= 1 << (index / STEPS);
        self.steps[index / STEPS] |= 1 << (index % STEPS);
    }

    fn line_up_running(&mut self) {
        if let Some(account) = self.running.take()
            && !self.accounts[account as usize].ready.is_empty()
        {
            self.line_up(account, Why::Yielded);
        }
    }

    /// The lowest bucket in use.
    fn least(&self) -> Option<usize> {
        if self.powers == 0 {
            return None;
        }
        let power = self.powers.trailing_zeros() as usize;
        Some(power * STEPS + self.steps[power].trailing_zeros() as usize)
    }

    /// Takes the first account out of the lowest bucket.
    fn first(&mut self) -> Option<u32> {
        let index = self.least()?;
        let bucket = &mut self.buckets[index];
        let account = bucket.head?;
        let entry = &mut self.accounts[account as usize];
        entry.is_waiting = false;
        bucket.head = entry.next.take();
        if bucket.head.is_none() {
            bucket.tail = None;
            self.steps[index / STEPS] &= !(1 << (index % STEPS));
            if self.steps[index / STEPS] == 0 {
                self.powers &= !(1 << (index / STEPS));
            }
        }
        Some(account)
    }

    /// Halves all accounts: those in buckets by moving the buckets one power down, which is where
    /// half of what belongs into them belongs.
    fn next_epoch(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
        self.powers = 0;
        self.steps = [0; POWERS];
        for from in 0..self.buckets.len() {
            let moved = std::mem::take(&mut self.buckets[from]);
            let Some(head) = moved.head else { continue };
            let to = bucket_of(floor_of(from) / 2);
            match std::mem::replace(&mut self.buckets[to].tail, moved.tail) {
                Some(tail) => self.accounts[tail as usize].next = Some(head),
                None => self.buckets[to].head = Some(head),
            }
            self.mark(to);
        }
    }

    fn pack(&self, account: &Account) -> u64 {
        let attained = account.attained.min((1 << WORD_BITS) - 1);
        u64::from(account.epoch) << WORD_BITS | attained
    }

    fn unpack(&self, word: u64) -> (u64, u32) {
        if word == 0 {
            return (0, self.epoch);
        }
        // The word has the low bits of its epoch; it is the last such one that has been.
        let low = (word >> WORD_BITS) as u32;
        let bits = u64::BITS - WORD_BITS;
        let passed = self.epoch.wrapping_sub(low) & ((1 << bits) - 1);
        (word & ((1 << WORD_BITS) - 1), self.epoch.wrapping_sub(passed))
    }
}

impl Policy for Las {
    fn push(&mut self, task: TaskRef, why: Why) {
        let account = self.account_of(task.meta());
        self.accounts[account as usize].ready.push_back(task);
        self.len += 1;
        if !self.accounts[account as usize].is_waiting && self.running != Some(account) {
            self.line_up(account, why);
        }
    }

    fn pop(&mut self) -> Option<TaskRef> {
        self.line_up_running();
        let account = self.first()?;
        let task = self.accounts[account as usize].ready.pop_front()?;
        self.len -= 1;
        if self.accounts[account as usize].group.is_none() {
            task.meta().set_word(self.pack(&self.accounts[account as usize]));
            self.close(account);
        } else {
            self.running = Some(account);
        }
        Some(task)
    }

    fn len(&self) -> usize {
        self.len
    }

    fn charge(&mut self, task: TaskMeta<'_>, ns: u64) {
        let known = task.group().and_then(|group| self.groups.get(group.get()).copied().flatten());
        match known {
            Some(account) => {
                self.age(account);
                let attained = self.accounts[account as usize].attained.saturating_add(ns);
                self.accounts[account as usize].attained = attained;
            }
            None => {
                let (attained, epoch) = self.unpack(task.word());
                let passed = self.epoch.wrapping_sub(epoch);
                let attained = attained.checked_shr(passed).unwrap_or(0).saturating_add(ns);
                let account = Account { attained, epoch: self.epoch, ..Account::default() };
                task.set_word(self.pack(&account));
            }
        }
        self.line_up_running();
        self.served_ns += ns;
        if self.served_ns >= self.every {
            self.served_ns = 0;
            self.next_epoch();
        }
    }

    fn group_gone(&mut self, group: GroupIndex) {
        if let Some(account) = self.groups.get_mut(group.get()).and_then(Option::take) {
            self.running = self.running.filter(|&running| running != account);
            self.close(account);
        }
    }

    fn needs_every_poll(&self) -> bool {
        true
    }
}

/// The bucket of an account: its power of two, and a sixteenth of it.
fn bucket_of(attained: u64) -> usize {
    let grains = attained >> (GRAIN_BITS - STEP_BITS);
    if grains < STEPS as u64 {
        // Below one grain: a step each.
        return grains as usize;
    }
    let power = grains.ilog2() - STEP_BITS;
    let step = (grains >> power) as usize - STEPS;
    (power as usize + 1) * STEPS + step
}

/// The least account that belongs into a bucket.
fn floor_of(bucket: usize) -> u64 {
    let (power, step) = (bucket / STEPS, bucket % STEPS);
    let grains = if power == 0 { step as u64 } else { ((STEPS + step) as u64) << (power - 1) };
    grains << (GRAIN_BITS - STEP_BITS)
}
