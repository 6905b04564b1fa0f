//! What it costs to begin a wait that never ends, and to put one off.

use crate::harness::{Answer, Better, Cell, Question, Rounds, Row, Settings, timed};
use crate::peers::TIMERS;

pub const TIMEOUT: &str = "timer-timeout";
pub const RESET: &str = "timer-reset";

type Operation = fn() -> Box<dyn FnMut(u64)>;

pub fn timeout(settings: Settings) -> Question {
    let peers = TIMERS.iter().map(|peer| (peer.name, peer.timeouts));
    let sentence =
        "What does a time-out cost that never fires, its future ready at the second poll?";
    question(TIMEOUT, sentence, "5 s", settings, peers)
}

pub fn reset(settings: Settings) -> Question {
    let peers = TIMERS.iter().map(|peer| (peer.name, peer.resets));
    let sentence = "What does it cost to reset an interval, and to wait for it again?";
    question(RESET, sentence, "60 s", settings, peers)
}

fn question(
    name: &'static str,
    sentence: &str,
    row: &str,
    settings: Settings,
    peers: impl Iterator<Item = (&'static str, Option<Operation>)>,
) -> Question {
    let cells = peers.filter_map(|(peer, operation)| {
        let ask = timed(settings, None, operation?());
        Some(Cell { peer, ask })
    });
    let row = Row { name: row.to_owned(), cells: cells.collect(), rounds_most: usize::MAX };
    Question {
        name,
        sentence: sentence.to_owned(),
        unit: "ns",
        better: Better::Lower,
        rounds: Rounds::Repeated,
        rows: vec![row],
    }
}

/// How many system calls a tick takes, counted by strace.
pub mod calls {
    use super::{Answer, Better, Cell, Question, Rounds, Row, Settings, TIMERS};
    use crate::timer::Beat;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    pub const NAME: &str = "timer-calls";

    /// The argument that makes this program tick as one peer: its name and a count follow.
    pub const TICK: &str = "--tick-as";

    pub fn question(_: Settings) -> Question {
        let cells = TIMERS.iter().map(|peer| {
            let name = peer.name;
            Cell { peer: name, ask: Box::new(move || count(name)) }
        });
        let row =
            Row { name: "1,000 µs".to_owned(), cells: cells.collect(), rounds_most: usize::MAX };
        Question {
            name: NAME,
            sentence: "How many system calls does a tick take?".to_owned(),
            unit: "calls",
            better: Better::Lower,
            rounds: Rounds::Once,
            rows: vec![row],
        }
    }

    /// The difference between a long and a short run: what it takes to begin cancels out.
    fn count(peer: &str) -> Answer {
        match (calls(peer, 100), calls(peer, 600)) {
            (Ok(short), Ok(long)) => {
                Answer::Measured { value: (long - short) as f64 / 500.0, remark: None }
            }
            (Err(error), _) | (_, Err(error)) => Answer::Cannot(error),
        }
    }

    fn calls(peer: &str, ticks: usize) -> Result<i64, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let ticks = ticks.to_string();
        let output = Command::new("strace")
            .args(["-f", "-c", "-U", "calls,name"])
            .arg(program)
            .args([TICK, peer, &ticks])
            .stdout(Stdio::null())
            .output()
            .map_err(|error| format!("strace: {error}"))?;
        let table = String::from_utf8_lossy(&output.stderr);
        let total = table.lines().find(|line| line.split_whitespace().last() == Some("total"));
        let total = total.and_then(|line| line.split_whitespace().next()?.parse().ok());
        total.ok_or_else(|| "strace counted nothing".to_owned())
    }

    /// The other side: ticks, and ends.
    pub fn tick(peer: &str, ticks: &str) -> Result<(), String> {
        let entry = TIMERS.iter().find(|entry| entry.name == peer);
        let entry = entry.ok_or(format!("no peer is called `{peer}`"))?;
        let ticks = ticks.parse().map_err(|error| format!("`{ticks}`: {error}"))?;
        (entry.runner)()(Beat { period: Duration::from_millis(1), ticks, busy: 0 });
        Ok(())
    }
}
