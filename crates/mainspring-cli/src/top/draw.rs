//! Draws a frame: what is looked at, of what the store holds.
//!
//! # Ground rules
//! - Pure: the same view and snapshot make the same frame.
//! - 80 by 24 characters are enough for one pane; where there is room, all stand side by side.
//! - Texts of users cannot move the cursor or change colours.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mainspring_job::RunState;
use mainspring_job::store::{StoredJob, StoredRun};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Cell, Clear, Paragraph, Row, Table, TableState};

use super::snapshot::{JOBS_MAX, RUNS_MAX, Recent, Snapshot, is_bad, took};
use super::view::{Ask, Mode, Pane, Sort, View, going_and_waiting};
use crate::log;
use crate::problem::printable;

/// With so much room all panes are shown.
const WIDE: u16 = 150;
const TALL: u16 = 30;

/// From the shortest to the longest.
const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

const HELP: &[(&str, &str)] = &[
    ("↑ ↓ PgUp PgDn", "choose a line"),
    ("Tab ← →", "go to another pane"),
    ("t", "trigger: a run of the job starts now"),
    ("p", "pause: nothing of the job is due"),
    ("r", "resume"),
    ("c", "cancel the run, or all live runs of the job"),
    ("/", "show only names that contain a text"),
    ("s", "sort jobs by name, or by what is next"),
    ("q", "quit"),
];

pub(super) fn draw(frame: &mut Frame<'_>, place: &str, view: &View, snapshot: &Snapshot) {
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(2), Constraint::Min(3), Constraint::Length(1)])
            .areas(frame.area());
    frame.render_widget(heading(place, view, snapshot, head.width), head);
    if body.width >= WIDE && body.height >= TALL {
        let [left, right] = Layout::horizontal([Constraint::Percentage(50); 2]).areas(body);
        let [jobs, nodes] =
            Layout::vertical([Constraint::Min(10), Constraint::Length(8)]).areas(left);
        let [runs, history] =
            Layout::vertical([Constraint::Fill(2), Constraint::Fill(3)]).areas(right);
        for (pane, area) in Pane::ALL.into_iter().zip([jobs, runs, history, nodes]) {
            draw_pane(frame, pane, area, view, snapshot);
        }
    } else {
        let [tabs, pane] =
            Layout::vertical([Constraint::Length(1), Constraint::Min(2)]).areas(body);
        frame.render_widget(tab_line(view), tabs);
        draw_pane(frame, view.pane, pane, view, snapshot);
    }
    frame.render_widget(footer(view, snapshot), foot);
    if view.mode == Mode::Help {
        draw_help(frame, body);
    }
}

fn heading<'a>(place: &'a str, view: &'a View, snapshot: &Snapshot, width: u16) -> Paragraph<'a> {
    let clock = log::whole_second(snapshot.now).to_string();
    let title = format!("mainspring top  {place}");
    let room = usize::from(width).saturating_sub(clock.len() + 2);
    let title = shortened(&title, room);
    let gap = room.saturating_sub(title.chars().count()) + 1;
    let first = Line::from(format!(" {title}{}{clock}", " ".repeat(gap))).style(reversed());
    if let Some(trouble) = &view.trouble {
        let text = format!(" the store does not answer: {}", printable(trouble));
        return Paragraph::new(vec![first, Line::from(text).style(bad())]);
    }
    let (going, waiting) = going_and_waiting(snapshot);
    let paused = snapshot.jobs.iter().filter(|job| job.is_paused).count();
    let more = |count: usize, most: usize| if count >= most { "+" } else { "" };
    let rate = snapshot.rate();
    let mut second = vec![
        Span::from(format!(" {}{} jobs", snapshot.jobs.len(), more(snapshot.jobs.len(), JOBS_MAX))),
        Span::from(if paused > 0 { format!(", {paused} paused") } else { String::new() }),
        Span::from(format!("   {going} running, {waiting}")),
        Span::from(format!("{} due   last minute: ", more(snapshot.live.len(), RUNS_MAX))),
        Span::from(format!("{}{} ended", rate.ended, if rate.is_more { "+" } else { "" })),
    ];
    if rate.failed > 0 {
        second.push(Span::styled(format!(", {} failed", rate.failed), bad()));
    }
    Paragraph::new(vec![first, Line::from(second)])
}

fn tab_line(view: &View) -> Paragraph<'static> {
    let mut line = vec![Span::from(" ")];
    for pane in Pane::ALL {
        let style = if pane == view.pane { reversed() } else { dim() };
        line.push(Span::styled(format!(" {} ", pane.title()), style));
        line.push(Span::from(" "));
    }
    Paragraph::new(Line::from(line))
}

fn footer<'a>(view: &'a View, snapshot: &Snapshot) -> Paragraph<'a> {
    let line = match &view.mode {
        Mode::Filter => Line::from(format!(" /{}█   Enter: done   Esc: all", view.filter)),
        Mode::Confirm(Ask::Cancel(name, runs)) => {
            let what = match runs.len() {
                1 => "this run".to_owned(),
                count => format!("{count} runs"),
            };
            let name = shortened(&printable(name), 40);
            Line::from(format!(" cancel {what} of {name}? y: yes, any other key: no")).style(bad())
        }
        _ => match view.said(snapshot.now) {
            Some(said) => Line::from(format!(" {}", printable(said))),
            None if view.filter.is_empty() => Line::from(
                " q quit  Tab pane  t trigger  p pause  r resume  c cancel  / filter  ? help",
            )
            .style(dim()),
            None => Line::from(format!(" only names with \"{}\"   Esc: all", view.filter)),
        },
    };
    Paragraph::new(line)
}

fn draw_help(frame: &mut Frame<'_>, body: Rect) {
    let lines: Vec<Line<'_>> = HELP
        .iter()
        .map(|(keys, what)| {
            let keys = Span::styled(format!(" {keys:<14}"), bold());
            Line::from(vec![keys, Span::from(*what)])
        })
        .collect();
    let (width, height) = (64.min(body.width), (HELP.len() as u16 + 2).min(body.height));
    let area = Rect {
        x: body.x + (body.width - width) / 2,
        y: body.y + (body.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(" Keys ").title_bottom(" any key closes this ");
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn draw_pane(frame: &mut Frame<'_>, pane: Pane, area: Rect, view: &View, snapshot: &Snapshot) {
    let (columns, rows) = match pane {
        Pane::Jobs => jobs(view, snapshot),
        Pane::Runs => runs(view, snapshot),
        Pane::History => history(view, snapshot),
        Pane::Nodes => nodes(snapshot),
    };
    let title = match (pane, view.sort) {
        (Pane::Jobs, Sort::Next) => " Jobs, what is next first ".to_owned(),
        _ => format!(" {} ", pane.title()),
    };
    let border = if pane == view.pane { bold() } else { dim() };
    let block = Block::bordered().title(title).border_style(border);
    if rows.is_empty() {
        let text = if view.filter.is_empty() { "none" } else { "none with that name" };
        frame.render_widget(Paragraph::new(Line::from(text).style(dim())).block(block), area);
        return;
    }
    let names = Row::new(columns.iter().map(|(name, _)| Cell::from(*name))).style(bold());
    let table = Table::new(rows, columns.iter().map(|(_, width)| *width))
        .header(names)
        .block(block)
        .row_highlight_style(if pane == view.pane { reversed() } else { Style::new() });
    let mut state = TableState::new().with_selected(view.line(pane, snapshot));
    frame.render_stateful_widget(table, area, &mut state);
}

type Columns = Vec<(&'static str, Constraint)>;

fn jobs(view: &View, snapshot: &Snapshot) -> (Columns, Vec<Row<'static>>) {
    let columns = vec![
        ("NAME", Constraint::Fill(1)),
        ("SCHEDULE", Constraint::Fill(1)),
        ("NEXT", Constraint::Length(8)),
        ("RUN", Constraint::Length(4)),
        ("DUE", Constraint::Length(4)),
        ("LAST", Constraint::Length(9)),
        ("OK", Constraint::Length(4)),
        ("TOOK", Constraint::Length(8)),
        ("", Constraint::Length(8)),
    ];
    let recent = snapshot.recent();
    let none = Recent::default();
    let row = |job: &StoredJob| {
        let recent = recent.get(&job.name).unwrap_or(&none);
        let next = match job.next_due {
            _ if job.is_paused => "paused".to_owned(),
            Some(due) => until(snapshot.now, due),
            None => "–".to_owned(),
        };
        let last = recent.last.map_or("–", RunState::as_str);
        let is_bad = recent.last.is_some_and(is_bad);
        let ok = recent.success().map_or_else(|| "–".to_owned(), |share| format!("{share}%"));
        let took = recent.took.first().map_or_else(|| "–".to_owned(), |took| span(*took));
        let schedule = if job.schedule.is_empty() { "–" } else { &job.schedule };
        let row = Row::new([
            Cell::from(printable(job.name.as_str())),
            Cell::from(printable(schedule)),
            Cell::from(next),
            Cell::from(count(job.running)),
            Cell::from(count(job.waiting)),
            Cell::from(last).style(if is_bad { bad() } else { Style::new() }),
            Cell::from(ok),
            Cell::from(took),
            Cell::from(sparkline(&recent.took)).style(Style::new().fg(Color::Cyan)),
        ]);
        if job.is_paused { row.style(dim()) } else { row }
    };
    (columns, view.jobs(snapshot).into_iter().map(row).collect())
}

fn runs(view: &View, snapshot: &Snapshot) -> (Columns, Vec<Row<'static>>) {
    let columns = vec![
        ("NAME", Constraint::Fill(3)),
        ("DUE", Constraint::Length(20)),
        ("STATE", Constraint::Length(8)),
        ("TRY", Constraint::Length(4)),
        ("FOR", Constraint::Length(8)),
        ("NODE", Constraint::Fill(2)),
        ("LEASE", Constraint::Length(8)),
    ];
    let row = |run: &StoredRun| {
        let is_going = run.state == RunState::Running;
        let since = if is_going { run.started.unwrap_or(run.at) } else { run.at };
        let (lease, is_silent) = lease(run.lease_until.filter(|_| is_going), snapshot.now);
        Row::new([
            Cell::from(printable(run.name.as_str())),
            Cell::from(log::whole_second(run.id.due).to_string()),
            Cell::from(run.state.as_str()),
            Cell::from(run.attempt.to_string()),
            Cell::from(ago(snapshot.now, since)),
            Cell::from(printable(run.node.as_deref().unwrap_or("–"))),
            Cell::from(lease).style(if is_silent { bad() } else { Style::new() }),
        ])
    };
    (columns, view.runs(&snapshot.live).into_iter().map(row).collect())
}

fn history(view: &View, snapshot: &Snapshot) -> (Columns, Vec<Row<'static>>) {
    let columns = vec![
        ("NAME", Constraint::Fill(2)),
        ("ENDED", Constraint::Length(8)),
        ("STATE", Constraint::Length(9)),
        ("TRY", Constraint::Length(4)),
        ("TOOK", Constraint::Length(8)),
        ("NODE", Constraint::Fill(1)),
        ("SAYS", Constraint::Fill(3)),
    ];
    let row = |run: &StoredRun| {
        let ended = run.ended.map(|ended| ago(snapshot.now, ended));
        let says = run.error.as_deref().or(run.output.as_deref()).unwrap_or_default();
        Row::new([
            Cell::from(printable(run.name.as_str())),
            Cell::from(ended.unwrap_or_default()),
            Cell::from(run.state.as_str()).style(if is_bad(run.state) { bad() } else { good() }),
            Cell::from(run.attempt.to_string()),
            Cell::from(took(run).map_or_else(|| "–".to_owned(), span)),
            Cell::from(printable(run.node.as_deref().unwrap_or("–"))),
            Cell::from(printable(says.lines().next().unwrap_or_default())),
        ])
    };
    (columns, view.runs(&snapshot.history).into_iter().map(row).collect())
}

fn nodes(snapshot: &Snapshot) -> (Columns, Vec<Row<'static>>) {
    let columns = vec![
        ("NODE", Constraint::Fill(1)),
        ("RUNS", Constraint::Length(6)),
        ("LEASE", Constraint::Length(8)),
        ("ENDED", Constraint::Length(6)),
        ("FAILED", Constraint::Length(6)),
        ("LAST", Constraint::Length(12)),
    ];
    let rows = snapshot.nodes().into_iter().map(|node| {
        let (lease, is_silent) = lease(node.lease_until, snapshot.now);
        let last = node.last.map(|last| format!("{} ago", ago(snapshot.now, last)));
        Row::new([
            Cell::from(printable(&node.name)),
            Cell::from(node.holds.to_string()),
            Cell::from(lease).style(if is_silent { bad() } else { Style::new() }),
            Cell::from(node.ended.to_string()),
            Cell::from(node.failed.to_string()),
            Cell::from(last.unwrap_or_else(|| "–".to_owned())),
        ])
    });
    (columns, rows.collect())
}

/// The last durations as columns, the last one at the right.
fn sparkline(took: &[Duration]) -> String {
    let shown = &took[..took.len().min(8)];
    let longest = shown.iter().max().copied().unwrap_or_default().as_secs_f64();
    let step = |took: &Duration| {
        let share = if longest > 0.0 { took.as_secs_f64() / longest } else { 0.0 };
        STEPS[((share * 7.0).round() as usize).min(7)]
    };
    shown.iter().rev().map(step).collect()
}

fn count(number: u32) -> String {
    if number == 0 { "–".to_owned() } else { number.to_string() }
}

/// How long a lease lasts, and whether it is over: its node has fallen silent.
fn lease(until_then: Option<Timestamp>, now: Timestamp) -> (String, bool) {
    match until_then {
        Some(over) if over < now => ("silent".to_owned(), true),
        Some(then) => (until(now, then), false),
        None => ("–".to_owned(), false),
    }
}

/// How long until then; what has come is `now`.
fn until(now: Timestamp, then: Timestamp) -> String {
    let left = then.duration_since(now);
    match Duration::try_from(left) {
        // Never early: what is left of a second is a second.
        Ok(left) if left > Duration::ZERO => span(whole_seconds_up(left)),
        _ => "now".to_owned(),
    }
}

/// How long ago that was.
fn ago(now: Timestamp, then: Timestamp) -> String {
    let passed = now.duration_since(then).max(SignedDuration::ZERO);
    span(Duration::from_secs(passed.as_secs().unsigned_abs()))
}

fn whole_seconds_up(left: Duration) -> Duration {
    Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0))
}

/// A length of time in at most seven characters, its two largest units.
fn span(length: Duration) -> String {
    let (seconds, millis) = (length.as_secs(), length.subsec_millis());
    match seconds {
        0 if millis == 0 && length.subsec_nanos() > 0 => format!("{}us", length.subsec_micros()),
        0 if millis > 0 => format!("{millis}ms"),
        0..10 if millis > 0 => format!("{seconds}.{}s", millis / 100),
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h {}m", seconds / 3600, seconds / 60 % 60),
        _ if seconds < 86_400 * 100 => {
            format!("{}d {}h", seconds / 86_400, seconds / 3600 % 24)
        }
        _ => format!("{}d", seconds / 86_400),
    }
}

fn shortened(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room.saturating_sub(1)).chain(['…']).collect()
}

fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

fn reversed() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}

fn good() -> Style {
    Style::new().fg(Color::Green)
}

fn bad() -> Style {
    Style::new().fg(Color::Red).add_modifier(Modifier::BOLD)
}
