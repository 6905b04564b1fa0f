//! Very many timers at once.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mainspring_timer::{Driver, Sleep, now};

use crate::worlds::{ms, multi, poll_once, us};

/// The next of a row of numbers that look random.
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// Made, polled, reset and dropped at random by several tasks on several threads. What is left must
/// end, all of it, and none early.
#[test]
fn a_million_timers_made_reset_and_dropped_at_random() {
    const TASKS: u64 = 8;
    const EACH: u64 = 125_000;
    let ended = Arc::new(AtomicU64::new(0));
    let dropped = Arc::new(AtomicU64::new(0));
    let runtime = multi(3);
    runtime.block_on(async {
        let driver = Driver::current().unwrap();
        let tasks = (0..TASKS).map(|task| {
            let (ended, dropped, driver) =
                (Arc::clone(&ended), Arc::clone(&dropped), driver.clone());
            tokio::spawn(async move {
                let mut seed = task + 1;
                let mut live: Vec<Sleep> = Vec::new();
                for made in 0..EACH {
                    let mut sleep = driver.sleep(us(random(&mut seed) % 300_000));
                    if poll_once(&mut sleep).await.is_some() {
                        ended.fetch_add(1, Ordering::Relaxed);
                    } else {
                        live.push(sleep);
                    }
                    let at = random(&mut seed) as usize % live.len().max(1);
                    match random(&mut seed) % 4 {
                        0 if !live.is_empty() => {
                            drop(live.swap_remove(at));
                            dropped.fetch_add(1, Ordering::Relaxed);
                        }
                        1 if !live.is_empty() => {
                            let deadline = now() + us(random(&mut seed) % 300_000);
                            Pin::new(&mut live[at]).reset(deadline);
                        }
                        _ => {}
                    }
                    if made % 1024 == 0 {
                        tokio::task::yield_now().await;
                    }
                }
                for mut sleep in live {
                    (&mut sleep).await;
                    assert!(now() >= sleep.deadline());
                    ended.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let all = async {
            for task in tasks.collect::<Vec<_>>() {
                task.await.unwrap();
            }
        };
        let limit = Duration::from_secs(300);
        tokio::time::timeout(limit, all).await.expect("a timer hangs");
        assert_eq!(driver.waiting(), 0);
    });
    let (ended, dropped) = (ended.load(Ordering::Relaxed), dropped.load(Ordering::Relaxed));
    assert_eq!(ended + dropped, TASKS * EACH);
}

#[test]
fn a_hundred_thousand_tasks_that_wait_for_one_moment_are_all_woken() {
    multi(2).block_on(async {
        let deadline = now() + ms(300);
        let tasks: Vec<_> = (0..100_000)
            .map(|_| {
                tokio::spawn(async move {
                    mainspring_timer::sleep_until(deadline).await;
                    assert!(now() >= deadline);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}
