//! What people do with the page, one function each.

use std::sync::Arc;

use mainspring_job::RunState;
use mainspring_job::store::{RunQuery, Store};
use mainspring_scheduler::StoreScheduler;

use super::accessible::Checker;
use super::driver::{Browser, DOWN, ENTER, ESCAPE, RIGHT, TAB};
use super::served::{MARKUP, Served, fill, store};

const ROWS: &str = "document.querySelectorAll('.jobs tbody tr:not(.space)').length";
const IS_LIVE: &str = "document.getElementById('link-text').textContent === 'Live'";

pub(super) async fn ten_thousand_jobs(browser: &Browser, checker: &Checker) {
    let store = store();
    fill(&*store, 10_000).await;
    let served = Served::start(store).await;
    browser.open(&served.url("")).await;
    browser.until("the first page of jobs", &format!("{ROWS} >= 100")).await;
    browser
        .until(
            "how many there are",
            "document.getElementById('found').textContent === '10,005 jobs'",
        )
        .await;
    checker.check(browser, "the jobs").await;

    // Down through a thousand jobs: what is far away is not drawn.
    let pages = "document.querySelectorAll('.jobs tbody').length";
    for page in 2..=10 {
        browser.run("window.scrollTo(0, document.body.scrollHeight)").await;
        browser.until("another page of jobs", &format!("{pages} >= {page}")).await;
    }
    browser.until("far pages are not drawn", &format!("{ROWS} <= 500")).await;
    let near = "[...document.querySelectorAll('.name')].some((name) => name.textContent === 'tenant-00990.sync')";
    browser.until("what is near is drawn", near).await;
    browser.run("window.scrollTo(0, 0)").await;
    let first = format!("document.querySelector('.jobs tbody .name')?.textContent === '{MARKUP}'");
    browser.until("the first job is drawn again", &first).await;

    // A search, as somebody types it.
    browser.click("#search").await;
    browser.press("tenant-09999").await;
    browser.until("the one that was searched for", &format!("{ROWS} === 1 && document.querySelector('.jobs .name').textContent === 'tenant-09999.sync'")).await;

    browser.resize(375, 812, true).await;
    for view in [
        "jobs",
        "runs",
        "timeline",
        "system",
        "jobs?search=a-name-that-is",
        "jobs?open=orders.sync",
    ] {
        browser.open(&served.url(&format!("#/{view}"))).await;
        let shows = "document.querySelector('main section') && !document.body.innerText.includes('Loading…')";
        browser.until("the view", &format!("{IS_LIVE} && {shows}")).await;
        let wide = browser.run("return document.documentElement.scrollWidth").await;
        assert_eq!(wide, 375, "{view} is wider than a phone");
    }
    quiet(browser).await;
    served.stop().await;
}

pub(super) async fn markup_is_text(browser: &Browser) {
    let (served, _) = served().await;
    browser.open(&served.url("")).await;
    let link = format!(
        "[...document.querySelectorAll('.jobs .name')].find((name) => name.textContent === '{MARKUP}')"
    );
    browser.until("the job's name", &format!("{link} !== undefined")).await;
    browser.run(&format!("{link}.click()")).await;
    browser
        .until("its details", &format!("document.getElementById('drawer-title')?.textContent === '{MARKUP}' && document.querySelector('.facts')"))
        .await;
    served.node.trigger(MARKUP).await.expect("it is triggered");
    browser.open(&served.url("#/timeline")).await;
    browser.until("its lane", &format!("[...document.querySelectorAll('.lane')].some((lane) => lane.textContent.startsWith('{MARKUP}'))")).await;
    browser.open(&served.url("#/runs")).await;
    browser.until("its run", &format!("[...document.querySelectorAll('.runs .name')].some((name) => name.textContent === '{MARKUP}')")).await;
    let scripts = browser.run("return document.querySelectorAll('body script').length").await;
    assert_eq!(scripts, 0, "a name became a script");
    quiet(browser).await;
    served.stop().await;
}

pub(super) async fn a_run_appears(browser: &Browser) {
    let (served, _) = served().await;
    browser.open(&served.url("#/runs")).await;
    browser.until("the page", IS_LIVE).await;
    browser.run("window.sameAsBefore = true").await;
    for (job, outcome) in [("orders.sync", "succeeded"), ("warehouse.ping", "failed")] {
        served.node.trigger(job).await.expect("it is triggered").expect("it is there");
        let row = format!(
            "[...document.querySelectorAll('.runs tbody tr')].some((row) => row.querySelector('.name').textContent === '{job}' && row.querySelector('[data-state={outcome}]'))"
        );
        browser.until("the run, without a reload", &row).await;
    }
    served.node.trigger("video.encode").await.expect("it is triggered").expect("it is there");
    browser
        .until(
            "a run that runs",
            "document.querySelector('.runs [data-state=running]')?.textContent === 'running'",
        )
        .await;
    browser.click(".failing a.name").await;
    browser.until("why it failed", "document.querySelector('#drawer pre.bad')?.textContent === 'no route to the warehouse'").await;
    assert_eq!(browser.run("return window.sameAsBefore").await, true, "the page was loaded again");
    quiet(browser).await;
    served.stop().await;
}

pub(super) async fn trigger_pause_resume(browser: &Browser) {
    let (served, store) = served().await;
    browser.open(&served.url("#/jobs?search=orders")).await;
    browser.click(".jobs [data-act=trigger]").await;
    browser
        .until(
            "what came of it",
            "document.querySelector('.toast.good')?.textContent === 'orders.sync was told to run'",
        )
        .await;
    browser
        .until("the run in its row", "document.querySelector('.jobs .last .badge.good time')")
        .await;
    let runs =
        store.runs(&RunQuery::history(5).named("orders.sync")).await.expect("the store answers");
    assert_eq!(runs.len(), 1, "one click is one run");

    browser.click(".jobs [data-act=pause]").await;
    browser
        .until("that it is paused", "document.querySelector('.jobs .badge[data-state=paused]')")
        .await;
    let is_paused = async || {
        store.job("orders.sync").await.expect("the store answers").expect("it is there").is_paused
    };
    assert!(is_paused().await);
    browser
        .until(
            "the figure above",
            "document.querySelector('.figures').textContent.includes('1 paused')",
        )
        .await;

    browser.click(".jobs [data-act=resume]").await;
    browser.until("that it goes on", "document.querySelector('.jobs [data-act=pause]')").await;
    assert!(!is_paused().await);

    // What does not work is said, and stays until it is dismissed.
    browser.open(&served.url("#/jobs?search=warehouse")).await;
    browser.until("the job", &format!("{ROWS} === 1")).await;
    store.remove("warehouse.ping").await.expect("the store answers");
    browser.run("document.querySelector('.jobs [data-act=trigger]').click()").await;
    browser.until("why not", "document.querySelector('.toast.bad')?.textContent.startsWith('warehouse.ping was not run: ')").await;
    browser.click(".toast.bad button").await;
    browser.until("the message is gone", "!document.querySelector('.toast.bad')").await;
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|one| one.contains("404")), "{complaints:?}");
    served.stop().await;
}

pub(super) async fn cancel(browser: &Browser, checker: &Checker) {
    let (served, store) = served().await;
    served.node.trigger("video.encode").await.expect("it is triggered").expect("it is there");
    browser.open(&served.url("#/runs?state=running")).await;
    browser.click(".runs [data-act=cancel]").await;
    browser.until("a question", "document.getElementById('confirm').open").await;
    checker.check(browser, "the question").await;
    browser.click("#confirm-no").await;
    let live = store.runs(&RunQuery::live(5)).await.expect("the store answers");
    assert_eq!(live.len(), 1, "it was left alone");

    browser.click(".runs [data-act=cancel]").await;
    browser.click("#confirm-yes").await;
    browser
        .until("that nothing runs", "document.body.innerText.includes('Nothing runs or waits.')")
        .await;
    browser.open(&served.url("#/runs?job=video.encode")).await;
    browser
        .until(
            "it in the history",
            "document.querySelector('.runs [data-state=cancelled]')?.textContent === 'cancelled'",
        )
        .await;
    let ended = store.runs(&RunQuery::history(5)).await.expect("the store answers");
    assert_eq!(ended.iter().map(|run| run.state).collect::<Vec<_>>(), [RunState::Cancelled]);
    quiet(browser).await;
    served.stop().await;
}

pub(super) async fn restart(browser: &Browser) {
    let (served, store) = served().await;
    let address = served.address;
    browser.open(&served.url("#/jobs?search=orders")).await;
    browser.until("the job", &format!("{IS_LIVE} && {ROWS} === 1")).await;
    browser.run("window.sameAsBefore = true").await;
    served.stop().await;
    browser
        .until("that it is disconnected", "!document.getElementById('banner').hidden && document.getElementById('banner').textContent.includes('Disconnected, retrying')")
        .await;

    // Meanwhile somebody else changes something.
    let other = StoreScheduler::new(store.clone());
    assert!(other.pause("orders.sync").await.expect("the store answers"));
    let served = Served::start_at(store, address, None).await;
    browser.run("document.getElementById('banner-retry').click()").await;
    browser.until("that it is back", IS_LIVE).await;
    browser
        .until("what changed meanwhile", "document.querySelector('.jobs [data-state=paused]')")
        .await;
    let banner = browser.run("return document.getElementById('banner').hidden").await;
    assert_eq!(banner, true, "the banner stays");

    // And it is as live as before.
    served.node.resume("orders.sync").await.expect("the store answers");
    browser
        .until(
            "what another changes, though no event says so",
            "document.querySelector('.jobs [data-act=pause]')",
        )
        .await;
    served.node.trigger("orders.sync").await.expect("the store answers");
    browser
        .until("an event of the new server", "document.querySelector('.jobs .last .badge.good')")
        .await;
    assert_eq!(browser.run("return window.sameAsBefore").await, true, "the page was loaded again");
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|one| one.contains("net::ERR_")), "{complaints:?}");
    served.stop().await;
}

pub(super) async fn keyboard(browser: &Browser) {
    let (served, store) = served().await;
    let focus_is = |css: &str| format!("document.activeElement.matches('{css}')");
    browser.open(&served.url("")).await;
    browser.until("the jobs", &format!("{ROWS} >= 5")).await;

    browser.press(&TAB.to_string()).await;
    browser.until("the way past the head", &focus_is("#skip")).await;
    browser.press(&ENTER.to_string()).await;
    browser.until("the content", &focus_is("main")).await;
    browser.press("/").await;
    browser.until("the search", &focus_is("#search")).await;
    browser.press("sync").await;
    browser.until("two jobs", &format!("{ROWS} === 12")).await;
    browser.press(&format!("{ESCAPE}n")).await;
    browser.until("the first row", &focus_is(".jobs tbody tr:first-child a")).await;
    browser.press(&DOWN.to_string()).await;
    browser.until("the second row", &focus_is(".jobs tbody tr:nth-child(2) a")).await;
    let outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle").await;
    assert_eq!(outline, "solid", "the focus can be seen");
    browser.press("p").await;
    browser.until("the first row again", &focus_is(".jobs tbody tr:first-child a")).await;

    // From the row: trigger, hold, resume.
    browser.press("t").await;
    browser
        .until("the run", "document.querySelector('.jobs tbody tr:first-child .last .badge.good')")
        .await;
    browser.press("h").await;
    browser
        .until(
            "that it is paused",
            "document.querySelector('.jobs tbody tr:first-child [data-state=paused]')",
        )
        .await;
    browser
        .until(
            "the focus stays in the row",
            "document.activeElement.closest('tr')?.matches(':first-child')",
        )
        .await;
    browser.press("h").await;
    browser.until("that it goes on", "!document.querySelector('.jobs [data-state=paused]')").await;
    let job = store.job("orders.sync").await.expect("the store answers").expect("it is there");
    assert!(!job.is_paused);

    // Into the details and back to where one was.
    browser.press(&format!("{DOWN}p")).await;
    browser.until("the row's name", &focus_is(".jobs tbody tr:first-child a")).await;
    browser.press(&ENTER.to_string()).await;
    browser.until("the details", "document.querySelector('#drawer .facts') && document.getElementById('drawer').contains(document.activeElement)").await;
    browser.press(&ESCAPE.to_string()).await;
    browser.until("the details are gone", "!document.getElementById('drawer').open").await;
    browser.until("the row has the focus again", &focus_is(".jobs tbody tr:first-child a")).await;

    browser.press("?").await;
    browser.until("the list of keys", "document.getElementById('help').open").await;
    browser.press(&ESCAPE.to_string()).await;
    browser.until("it is closed", "!document.getElementById('help').open").await;
    browser.press("gt").await;
    browser.until("the timeline", "document.title.startsWith('Timeline')").await;
    browser.until("a lane", "document.querySelector('.lane')").await;
    browser.press(&format!("n{RIGHT}")).await;
    browser
        .until("what the lane says", "document.getElementById('said').textContent.includes('due')")
        .await;
    browser.press("gr").await;
    browser
        .until(
            "the runs",
            "document.title.startsWith('Runs') && document.querySelector('.runs tbody tr')",
        )
        .await;
    quiet(browser).await;
    served.stop().await;
}

pub(super) async fn token(browser: &Browser, checker: &Checker) {
    let store = store();
    fill(&*store, 10).await;
    let token = "a-token-of-a-proper-length-0123456789";
    let served = Served::start_at(store, ([127, 0, 0, 1], 0).into(), Some(token)).await;
    browser.open(&served.url("#/jobs?search=orders")).await;
    browser.until("the form", "document.activeElement.id === 'token'").await;
    checker.check(browser, "the form").await;
    browser.press(&format!("not the token{ENTER}")).await;
    browser.until("that it is wrong", "document.getElementById('token-error').textContent.startsWith('You are not signed in: ')").await;
    browser.press(&format!("{token}{ENTER}")).await;
    browser.until("the job", &format!("{IS_LIVE} && {ROWS} === 1")).await;
    browser.click(".jobs [data-act=trigger]").await;
    browser
        .until("that it may change things", "document.querySelector('.jobs .last .badge.good')")
        .await;
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|one| one.contains("401")), "{complaints:?}");
    served.stop().await;
}

/// A small store, and its node.
async fn served() -> (Served, Arc<dyn Store>) {
    let store = store();
    fill(&*store, 11).await;
    (Served::start(store.clone()).await, store)
}

/// The console has nothing to say.
async fn quiet(browser: &Browser) {
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "the console complains: {complaints:?}");
}
