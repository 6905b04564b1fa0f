//! Tries the page in a real browser.
//!
//! One browser, one test: a Chromium for each of them would cost more than all they do. Each scenario has a
//! store, a node and a server of its own, and its name is in what is printed when it fails. To run some
//! alone: `MAINSPRING_SCENARIO=keyboard cargo test -p mainspring-dashboard browser`.

mod accessible;
mod demo;
mod driver;
mod pictures;
mod scenarios;
mod served;

use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use futures_util::FutureExt;
use mainspring_clock::{Clock, SystemClock};

use accessible::Checker;
use driver::{Browser, scratch};

type Scenario = for<'a> fn(&'a Browser, &'a Checker) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

const SCENARIOS: [(&str, Scenario); 9] = [
    ("ten thousand jobs", |browser, checker| {
        Box::pin(scenarios::ten_thousand_jobs(browser, checker))
    }),
    ("a name that is markup", |browser, _| Box::pin(scenarios::markup_is_text(browser))),
    ("a run appears", |browser, _| Box::pin(scenarios::a_run_appears(browser))),
    ("trigger, pause and resume", |browser, _| Box::pin(scenarios::trigger_pause_resume(browser))),
    ("cancel", |browser, checker| Box::pin(scenarios::cancel(browser, checker))),
    ("a restart of the server", |browser, _| Box::pin(scenarios::restart(browser))),
    ("keyboard", |browser, _| Box::pin(scenarios::keyboard(browser))),
    ("token", |browser, checker| Box::pin(scenarios::token(browser, checker))),
    ("pictures", |browser, checker| Box::pin(pictures::pictures(browser, checker))),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_does_what_it_says_in_a_browser() {
    let only = std::env::var("MAINSPRING_SCENARIO").unwrap_or_default();
    let checker = Checker::load();
    let browser = Browser::start().await;
    let mut failed = Vec::new();
    let mut tried = 0;
    for (name, scenario) in SCENARIOS.iter().filter(|(name, _)| name.contains(&only)) {
        tried += 1;
        browser.resize(1280, 900, false).await;
        browser.prefer("light").await;
        let began = SystemClock.now();
        // What another scenario provoked is not this one's.
        browser.complaints().await;
        if AssertUnwindSafe(scenario(&browser, &checker)).catch_unwind().await.is_ok() {
            println!("{name}: good, {:.1?}", SystemClock.now() - began);
            continue;
        }
        let picture = scratch().join(format!("{}.png", name.replace(' ', "-")));
        browser.picture(&picture).await;
        println!(
            "{name}: FAILED, see {}; the console: {:?}",
            picture.display(),
            browser.complaints().await
        );
        failed.push(*name);
    }
    browser.quit().await;
    assert!(tried > 0, "no scenario is called `{only}`");
    assert!(failed.is_empty(), "failed: {}", failed.join(", "));
}
