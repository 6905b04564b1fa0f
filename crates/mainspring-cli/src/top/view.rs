//! What is looked at, and what a key means there.
//!
//! # Ground rules
//! - Pure: a key and what the store holds go in, what is to be done comes out.
//! - What is selected is known by its name, not by its line: lines come and go.

use jiff::{SignedDuration, Timestamp};
use mainspring_job::store::{StoredJob, StoredRun};
use mainspring_job::{RunId, RunState};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::snapshot::Snapshot;

/// So long stands what was said last.
const SAID_FOR: SignedDuration = SignedDuration::from_secs(5);

/// What the program is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Quit,
    Trigger(String),
    Pause(String),
    Resume(String),
    /// These runs, of that name.
    Cancel(String, Vec<RunId>),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pane {
    #[default]
    Jobs,
    Runs,
    History,
    Nodes,
}

impl Pane {
    pub(super) const ALL: [Self; 4] = [Self::Jobs, Self::Runs, Self::History, Self::Nodes];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Jobs => "Jobs",
            Self::Runs => "Runs",
            Self::History => "History",
            Self::Nodes => "Nodes",
        }
    }

    fn moved(self, by: usize) -> Self {
        Self::ALL[(self as usize + by) % Self::ALL.len()]
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    #[default]
    Normal,
    /// What is typed goes into the filter.
    Filter,
    Help,
    /// To be done if the next key is `y`.
    Confirm(Ask),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    #[default]
    Name,
    /// Those that go on first, then those due next.
    Next,
}

#[derive(Clone, Debug, Default)]
pub(super) struct View {
    pub(super) pane: Pane,
    pub(super) mode: Mode,
    pub(super) sort: Sort,
    /// Only names that contain this, whatever the case.
    pub(super) filter: String,
    /// Which line of each pane: the name, and the run's identity where there is one.
    selected: [Option<Line>; Pane::ALL.len()],
    /// What was said last, and when.
    said: Option<(String, Timestamp)>,
    /// What the store says in place of an answer.
    pub(super) trouble: Option<String>,
}

/// What identifies a line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    name: String,
    run: Option<RunId>,
}

impl View {
    /// Says something at the bottom, for a while.
    pub(super) fn say(&mut self, text: String, now: Timestamp) {
        self.said = Some((text, now));
    }

    pub(super) fn said(&self, now: Timestamp) -> Option<&str> {
        let fresh = |at: Timestamp| now.duration_since(at) < SAID_FOR;
        self.said.as_ref().filter(|(_, at)| fresh(*at)).map(|(text, _)| text.as_str())
    }

    /// The jobs that are shown, in their order.
    pub(super) fn jobs<'a>(&self, snapshot: &'a Snapshot) -> Vec<&'a StoredJob> {
        let mut jobs: Vec<_> =
            snapshot.jobs.iter().filter(|job| self.shows(job.name.as_str())).collect();
        if self.sort == Sort::Next {
            let rank = |job: &StoredJob| (job.running == 0, job.next_due.unwrap_or(Timestamp::MAX));
            jobs.sort_by_key(|job| rank(job));
        }
        jobs
    }

    /// Those of `runs` that are shown.
    pub(super) fn runs<'a>(&self, runs: &'a [StoredRun]) -> Vec<&'a StoredRun> {
        runs.iter().filter(|run| self.shows(run.name.as_str())).collect()
    }

    /// The number of the selected line; the first one where the selected has gone.
    pub(super) fn line(&self, pane: Pane, snapshot: &Snapshot) -> Option<usize> {
        let lines = self.lines(pane, snapshot);
        let wanted = self.selected[pane as usize].as_ref();
        let found = wanted.and_then(|wanted| lines.iter().position(|line| line == wanted));
        found.or((!lines.is_empty()).then_some(0))
    }

    /// The job that is selected, or whose run is.
    pub(super) fn name(&self, snapshot: &Snapshot) -> Option<String> {
        let line = self.line(self.pane, snapshot)?;
        match self.pane {
            Pane::Nodes => None,
            pane => Some(self.lines(pane, snapshot).swap_remove(line).name),
        }
    }

    /// Takes a key.
    pub(super) fn key(&mut self, key: KeyEvent, snapshot: &Snapshot) -> Option<Ask> {
        let is_ctrl_c =
            key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        if is_ctrl_c {
            return Some(Ask::Quit);
        }
        match std::mem::take(&mut self.mode) {
            Mode::Normal => return self.normal_key(key.code, snapshot),
            Mode::Help => {}
            Mode::Confirm(ask) => {
                if matches!(key.code, KeyCode::Char('y' | 'Y')) {
                    return Some(ask);
                }
                self.say("left as it is".to_owned(), snapshot.now);
            }
            Mode::Filter => {
                self.mode = Mode::Filter;
                match key.code {
                    KeyCode::Enter => self.mode = Mode::Normal,
                    KeyCode::Esc => {
                        self.filter.clear();
                        self.mode = Mode::Normal;
                    }
                    KeyCode::Backspace => drop(self.filter.pop()),
                    KeyCode::Char(char) if !char.is_control() => self.filter.push(char),
                    _ => {}
                }
            }
        }
        None
    }

    fn normal_key(&mut self, key: KeyCode, snapshot: &Snapshot) -> Option<Ask> {
        const PAGE: isize = 10;
        match key {
            KeyCode::Char('q') => return Some(Ask::Quit),
            KeyCode::Esc if self.filter.is_empty() => return Some(Ask::Quit),
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Tab | KeyCode::Right => self.pane = self.pane.moved(1),
            KeyCode::BackTab | KeyCode::Left => self.pane = self.pane.moved(Pane::ALL.len() - 1),
            KeyCode::Down | KeyCode::Char('j') => self.select(1, snapshot),
            KeyCode::Up | KeyCode::Char('k') => self.select(-1, snapshot),
            KeyCode::PageDown => self.select(PAGE, snapshot),
            KeyCode::PageUp => self.select(-PAGE, snapshot),
            KeyCode::Home => self.select(isize::MIN / 2, snapshot),
            KeyCode::End => self.select(isize::MAX / 2, snapshot),
            KeyCode::Char('/') => self.mode = Mode::Filter,
            KeyCode::Char('?' | 'h') => self.mode = Mode::Help,
            KeyCode::Char('s') => {
                self.sort = if self.sort == Sort::Name { Sort::Next } else { Sort::Name };
            }
            KeyCode::Char('t') => return self.job(snapshot).map(Ask::Trigger),
            KeyCode::Char('p') => return self.job(snapshot).map(Ask::Pause),
            KeyCode::Char('r') => return self.job(snapshot).map(Ask::Resume),
            KeyCode::Char('c') => self.ask_to_cancel(snapshot),
            _ => {}
        }
        None
    }

    /// The selected job; work that was enqueued by itself has none.
    fn job(&mut self, snapshot: &Snapshot) -> Option<String> {
        let name = self.name(snapshot);
        let known = name.filter(|name| snapshot.jobs.iter().any(|job| job.name.as_str() == name));
        if known.is_none() {
            self.say("no job is selected here".to_owned(), snapshot.now);
        }
        known
    }

    /// The selected run, or all live ones of the selected job.
    fn ask_to_cancel(&mut self, snapshot: &Snapshot) {
        let Some(name) = self.name(snapshot) else {
            return self.say("no run is selected here".to_owned(), snapshot.now);
        };
        let selected = match self.pane {
            Pane::Runs => self.line(Pane::Runs, snapshot),
            _ => None,
        };
        let only = selected.and_then(|line| self.runs(&snapshot.live).get(line).map(|run| run.id));
        let of_name = snapshot.live.iter().filter(|run| run.name.as_str() == name);
        let runs: Vec<RunId> =
            of_name.map(|run| run.id).filter(|id| only.is_none_or(|only| *id == only)).collect();
        if runs.is_empty() {
            return self.say(format!("no run of {name} is live"), snapshot.now);
        }
        self.mode = Mode::Confirm(Ask::Cancel(name, runs));
    }

    fn select(&mut self, by: isize, snapshot: &Snapshot) {
        let mut lines = self.lines(self.pane, snapshot);
        let Some(line) = self.line(self.pane, snapshot) else {
            return;
        };
        let line = line.saturating_add_signed(by).min(lines.len() - 1);
        self.selected[self.pane as usize] = Some(lines.swap_remove(line));
    }

    fn lines(&self, pane: Pane, snapshot: &Snapshot) -> Vec<Line> {
        let of_run = |run: &&StoredRun| Line { name: run.name.to_string(), run: Some(run.id) };
        let of_name = |name: String| Line { name, run: None };
        match pane {
            Pane::Jobs => {
                let jobs = self.jobs(snapshot);
                jobs.iter().map(|job| of_name(job.name.to_string())).collect()
            }
            Pane::Runs => self.runs(&snapshot.live).iter().map(of_run).collect(),
            Pane::History => self.runs(&snapshot.history).iter().map(of_run).collect(),
            Pane::Nodes => snapshot.nodes().into_iter().map(|node| of_name(node.name)).collect(),
        }
    }

    fn shows(&self, name: &str) -> bool {
        self.filter.is_empty() || name.to_lowercase().contains(&self.filter.to_lowercase())
    }
}

/// How many runs go on, and how many wait.
pub(super) fn going_and_waiting(snapshot: &Snapshot) -> (usize, usize) {
    let going = snapshot.live.iter().filter(|run| run.state == RunState::Running).count();
    (going, snapshot.live.len() - going)
}
