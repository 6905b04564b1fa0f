//! Frames as plain text, and what keys do.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainspring_job::store::{StoredJob, StoredRun};
use mainspring_job::{JobId, JobName, RunId, RunState};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::draw::draw;
use super::snapshot::{Rate, Snapshot};
use super::view::{Ask, Mode, Pane, View};

fn now() -> Timestamp {
    "2026-03-01T12:00:00.25Z".parse().expect("an instant")
}

fn before(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

fn name(text: &str) -> JobName {
    JobName::new(text).expect("a name")
}

fn job(number: u64, text: &str, schedule: &str, next: Option<i64>) -> StoredJob {
    StoredJob {
        id: JobId::from_u64(number),
        name: name(text),
        handler: name(text),
        schedule: schedule.to_owned(),
        anchor: now(),
        payload: None,
        policy: String::new(),
        queue: name("default"),
        priority: 0,
        revision: 0,
        version: 1,
        is_paused: next.is_none(),
        next_due: next.map(|seconds| before(-seconds)),
        running: 0,
        waiting: 0,
    }
}

fn run(job: u64, text: &str, state: RunState, due: i64) -> StoredRun {
    let is_final = state.is_final();
    StoredRun {
        id: RunId { job: JobId::from_u64(job), due: before(due) },
        name: name(text),
        state,
        attempt: 1,
        fence: None,
        node: Some("web-1/4711".to_owned()),
        queue: name("default"),
        priority: 0,
        at: before(due),
        started: Some(before(due)),
        lease_until: (state == RunState::Running).then(|| before(-25)),
        ended: is_final.then(|| before(due) + SignedDuration::from_millis(due * 10)),
        error: None,
        output: is_final.then(|| "12 rows\nand more".to_owned()),
    }
}

fn snapshot() -> Snapshot {
    let mut backup = job(1, "backup", "every day at 2:30 in Europe/Berlin", Some(48_600));
    (backup.running, backup.waiting) = (1, 2);
    let silent = StoredRun {
        node: Some("web-2/12".to_owned()),
        lease_until: Some(before(3)),
        attempt: 2,
        ..run(1, "backup", RunState::Running, 3725)
    };
    let waiting = StoredRun { node: None, ..run(4, "email", RunState::Due, 1) };
    let failed = StoredRun {
        error: Some("exit code 7: no space left on \u{1b}[31mdevice".to_owned()),
        ..run(2, "report", RunState::Failed, 30)
    };
    let mut history = vec![failed];
    history.extend((1..20).map(|n| run(3, "tick", RunState::Succeeded, n * 10)));
    Snapshot {
        now: now(),
        jobs: vec![
            backup,
            job(2, "report", "0 9 * * MON-FRI", None),
            job(3, "tick", "@every 10s", Some(10)),
        ],
        live: vec![silent, run(3, "tick", RunState::Running, 2), waiting],
        history,
    }
}

fn frame(width: u16, height: u16, view: &View, snapshot: &Snapshot) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal.draw(|frame| draw(frame, "sqlite:jobs.db", view, snapshot)).expect("it draws");
    let buffer = terminal.backend().buffer();
    let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..height).map(|y| line(y).trim_end().to_owned() + "\n").collect()
}

/// Presses keys, characters for themselves.
fn press(view: &mut View, snapshot: &Snapshot, keys: &str) -> Option<Ask> {
    let codes = keys.chars().map(|key| match key {
        '⏎' => KeyCode::Enter,
        '⎋' => KeyCode::Esc,
        '⇥' => KeyCode::Tab,
        '↓' => KeyCode::Down,
        '↑' => KeyCode::Up,
        '⌫' => KeyCode::Backspace,
        key => KeyCode::Char(key),
    });
    codes.map(|code| view.key(KeyEvent::new(code, KeyModifiers::NONE), snapshot)).last().flatten()
}

#[track_caller]
fn check(keys: &str, width: u16, height: u16, expected: &str) {
    let (mut view, snapshot) = (View::default(), snapshot());
    press(&mut view, &snapshot, keys);
    let drawn = frame(width, height, &view, &snapshot);
    assert_eq!(drawn, expected, "\n{drawn}");
}

#[test]
fn jobs_in_a_small_terminal() {
    check("", 80, 24, include_str!("frames/jobs.txt"));
}

#[test]
fn runs_history_and_nodes() {
    check("⇥", 80, 12, include_str!("frames/runs.txt"));
    check("⇥⇥↓↓", 80, 12, include_str!("frames/history.txt"));
    check("⇥⇥⇥", 80, 12, include_str!("frames/nodes.txt"));
}

#[test]
fn questions_filters_and_help() {
    check("c", 80, 8, include_str!("frames/question.txt"));
    check("/TI", 80, 10, include_str!("frames/filter.txt"));
    check("?", 80, 24, include_str!("frames/help.txt"));
}

#[test]
fn all_panes_where_there_is_room() {
    check("s", 160, 36, include_str!("frames/wide.txt"));
}

#[test]
fn no_terminal_is_too_small() {
    let snapshot = snapshot();
    for keys in ["", "⇥", "⇥⇥", "⇥⇥⇥", "?", "c", "/x"] {
        let mut view = View::default();
        press(&mut view, &snapshot, keys);
        for (width, height) in [(1, 1), (2, 3), (10, 4), (40, 10), (79, 23), (300, 100)] {
            frame(width, height, &view, &snapshot);
        }
    }
}

#[test]
fn a_store_that_is_away_is_said_and_the_rest_stays() {
    let snapshot = snapshot();
    let mut view = View::default();
    view.trouble.get_or_insert("it\nis away".to_owned());
    let frame = frame(80, 24, &view, &snapshot);
    assert!(frame.contains("the store does not answer: it\u{fffd}is away"), "{frame}");
    assert!(frame.contains("backup"), "{frame}");
}

#[test]
fn keys_ask_for_what_they_say() {
    let (mut view, snapshot) = (View::default(), snapshot());
    let mut asked = |keys: &str| press(&mut view, &snapshot, keys);
    assert_eq!(asked("t"), Some(Ask::Trigger("backup".to_owned())));
    assert_eq!(asked("↓p"), Some(Ask::Pause("report".to_owned())));
    assert_eq!(asked("r"), Some(Ask::Resume("report".to_owned())));
    assert_eq!(asked("↓↓↓↓t"), Some(Ask::Trigger("tick".to_owned())), "the last line");
    assert_eq!(asked("↑↑↑↑t"), Some(Ask::Trigger("backup".to_owned())), "the first line");
    assert_eq!(asked("q"), Some(Ask::Quit));
    assert_eq!(asked("⎋"), Some(Ask::Quit));
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    for keys in ["", "/", "?", "c"] {
        let mut view = View::default();
        press(&mut view, &snapshot, keys);
        assert_eq!(view.key(ctrl_c, &snapshot), Some(Ask::Quit), "{keys}");
    }
}

#[test]
fn a_cancel_is_asked_about_first() {
    let (mut view, snapshot) = (View::default(), snapshot());
    assert_eq!(press(&mut view, &snapshot, "c"), None);
    assert!(matches!(view.mode, Mode::Confirm(_)));
    assert_eq!(press(&mut view, &snapshot, "n"), None);
    assert_eq!(view.mode, Mode::Normal);
    let run = |line: usize| snapshot.live[line].id;
    let cancel = |name: &str, run| Some(Ask::Cancel(name.to_owned(), vec![run]));
    assert_eq!(press(&mut view, &snapshot, "cy"), cancel("backup", run(0)));
    // Of the run alone, where runs are looked at.
    assert_eq!(press(&mut view, &snapshot, "⇥↓↓cy"), cancel("email", run(2)));
    assert_eq!(press(&mut view, &snapshot, "t"), None, "enqueued work has no job");
    assert_eq!(view.said(now()), Some("no job is selected here"));
    assert_eq!(view.said(before(-6)), None);
    // Nodes have no runs of their own here, and a report none that is live.
    assert_eq!(press(&mut view, &snapshot, "⇥⇥cy"), None);
    assert_eq!(press(&mut view, &snapshot, "⇥↓cy"), None);
    assert_eq!(view.said(now()), Some("no run of report is live"));
}

#[test]
fn filters_find_names_whatever_the_case() {
    let (mut view, snapshot) = (View::default(), snapshot());
    press(&mut view, &snapshot, "/RExq⌫⌫");
    let names = |view: &View| {
        view.jobs(&snapshot).iter().map(|job| job.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!((view.filter.as_str(), names(&view)), ("RE", vec!["report".to_owned()]));
    assert_eq!(press(&mut view, &snapshot, "⏎t"), Some(Ask::Trigger("report".to_owned())));
    assert_eq!(press(&mut view, &snapshot, "⎋"), None, "the filter goes first");
    assert_eq!(names(&view).len(), 3);
}

#[test]
fn what_is_selected_stays_so_when_lines_move() {
    let (mut view, mut snapshot) = (View::default(), snapshot());
    press(&mut view, &snapshot, "↓");
    assert_eq!(view.line(Pane::Jobs, &snapshot), Some(1));
    snapshot.jobs.insert(0, job(9, "another", "@hourly", Some(60)));
    assert_eq!(view.line(Pane::Jobs, &snapshot), Some(2));
    snapshot.jobs.remove(2);
    assert_eq!(view.line(Pane::Jobs, &snapshot), Some(0), "it has gone");
    snapshot.jobs.clear();
    assert_eq!(view.line(Pane::Jobs, &snapshot), None);
    assert_eq!(press(&mut view, &snapshot, "↓tpc"), None);
}

#[test]
fn the_last_minute_is_counted() {
    // Ended within the minute: the report, and ticks that were due 10 to 60 seconds ago and took up to
    // 600 ms.
    assert_eq!(snapshot().rate(), Rate { ended: 7, failed: 1, is_more: false });
    let mut many = snapshot();
    many.history = vec![many.history[1].clone(); super::snapshot::RUNS_MAX];
    assert!(many.rate().is_more);
    many.history.truncate(1);
    many.now = before(-Duration::from_secs(61).as_secs().cast_signed());
    assert_eq!(many.rate(), Rate::default());
}
