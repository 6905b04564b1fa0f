//! kestrel-timer: its wheel without the service around it, with a tick of a millisecond.
//!
//! It has to be ticked. What fires is a task without a value; notifications are dropped unread.

use std::time::Duration;

use kestrel_timer::config::{BatchConfig, WheelConfig};
use kestrel_timer::task::TimerTaskWithCompletionNotifier;
use kestrel_timer::wheel::Wheel;
use kestrel_timer::{TaskId, TimerTask};

use crate::timers::TimerPeer;

pub struct Kestrel {
    wheel: Wheel,
    now: u64,
}

impl TimerPeer for Kestrel {
    const NAME: &'static str = "kestrel-timer";
    const PACKAGE: &'static str = "kestrel-timer";
    const NO_NEXT: Option<&'static str> = Some("knows no next deadline");
    const TELLS_VALUES: bool = false;
    type Key = TaskId;

    fn new() -> Self {
        let config = WheelConfig::builder()
            .l0_tick_duration(Duration::from_millis(1))
            .l0_slot_count(1024)
            .l1_tick_duration(Duration::from_secs(1))
            .l1_slot_count(64)
            .build()
            .expect("a configuration as its documentation shows");
        let wheel = Wheel::new(config, BatchConfig::default()).expect("a valid configuration");
        Self { wheel, now: 0 }
    }

    fn insert(&mut self, deadline: u64, _value: u64) -> TaskId {
        let task = TimerTask::new_oneshot(Duration::from_millis(deadline - self.now), None);
        let (task, _) = TimerTaskWithCompletionNotifier::from_timer_task(task);
        let handle = self.wheel.allocate_handle();
        let id = handle.task_id();
        self.wheel.insert(handle, task).expect("its own handle");
        id
    }

    fn cancel(&mut self, key: TaskId) {
        self.wheel.cancel(key).expect("its own key");
    }

    fn reset(&mut self, key: &mut TaskId, deadline: u64, _value: u64) {
        let delay = Duration::from_millis(deadline - self.now);
        self.wheel.postpone(*key, delay, None).expect("its own key");
    }

    fn advance(&mut self, now: u64, mut fired: impl FnMut(u64)) {
        while self.now < now {
            self.now += 1;
            self.wheel.advance().iter().for_each(|_| fired(0));
        }
    }

    fn next_deadline(&mut self) -> Option<u64> {
        None
    }
}
