//! Runs a slot in a process of its own, and reads what it says.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::slot::Slot;
use super::{Beat, Crowd};
use crate::peers::JOBS;

/// The argument that makes this program live through a slot: peer, beat, count, and seconds follow.
pub const ARGUMENT: &str = "--jobs-as";

/// A process that has not ended by then hangs, and ends itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// The exit status of one that hangs.
const HANGS: u8 = 3;

/// What `peer` makes of a slot.
///
/// # Errors
/// Why there is none: the peer's own words, or that it hangs or crashes.
pub fn ask(peer: &str, crowd: Crowd, seconds: u64) -> Result<Slot, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .args([ARGUMENT, peer, crowd.beat.name()])
        .args([crowd.count.to_string(), seconds.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.code() == Some(i32::from(HANGS)) {
        return Err(format!("hangs: not done after {} s", PATIENCE.as_secs()));
    }
    // A peer may print too.
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    read(last).unwrap_or_else(|| Err(format!("crashes: {}", output.status)))
}

/// The other side: lives through a slot, says what came of it in one line, and ends.
pub fn serve(arguments: &[String]) -> Result<(), String> {
    let [peer, beat, count, seconds] = arguments else {
        return Err(format!("{ARGUMENT} needs a peer, a beat, a count, and seconds"));
    };
    let entry = JOBS.iter().find(|entry| entry.name == *peer);
    let entry = entry.ok_or(format!("no peer is called `{peer}`"))?;
    let beat = Beat::named(beat).ok_or(format!("`{beat}` is not a beat"))?;
    let number = |text: &String| text.parse().map_err(|_| format!("`{text}` is not a number"));
    let crowd = Crowd { count: number(count)? as usize, beat };
    thread::spawn(|| {
        thread::sleep(PATIENCE);
        std::process::exit(i32::from(HANGS));
    });
    println!("{}", written(&(entry.slot)(crowd, number(seconds)?)));
    // Without dropping a million jobs one by one.
    std::process::exit(0);
}

type Field = (&'static str, fn(&mut Slot) -> &mut f64);

const FIELDS: [Field; 10] = [
    ("add_ns", |slot| &mut slot.add_ns),
    ("remove_ns", |slot| &mut slot.remove_ns),
    ("bytes_added", |slot| &mut slot.bytes_added),
    ("bytes_running", |slot| &mut slot.bytes_running),
    ("cpu_percent", |slot| &mut slot.cpu_percent),
    ("due", |slot| &mut slot.due),
    ("ran", |slot| &mut slot.ran),
    ("late_p50_us", |slot| &mut slot.late_p50_us),
    ("late_p99_us", |slot| &mut slot.late_p99_us),
    ("late_max_us", |slot| &mut slot.late_max_us),
];

fn written(outcome: &Result<Slot, String>) -> Value {
    match outcome {
        Ok(slot) => {
            let mut slot = slot.clone();
            FIELDS
                .iter()
                .map(|(name, field)| ((*name).to_owned(), json!(*field(&mut slot))))
                .collect()
        }
        Err(error) => json!({ "error": error }),
    }
}

fn read(line: &str) -> Option<Result<Slot, String>> {
    let value: Value = serde_json::from_str(line).ok()?;
    if let Some(error) = value.get("error") {
        return Some(Err(error.as_str()?.to_owned()));
    }
    let mut slot = Slot::default();
    for (name, field) in FIELDS {
        // JSON has no NaN: nothing ran, so nothing was late.
        *field(&mut slot) = value.get(name)?.as_f64().unwrap_or(f64::NAN);
    }
    Some(Ok(slot))
}

#[cfg(test)]
mod tests {
    use super::{FIELDS, read, written};
    use crate::jobs::slot::Slot;

    #[test]
    fn a_slot_comes_through_a_line() {
        let mut slot = Slot::default();
        for (index, (_, field)) in FIELDS.iter().enumerate() {
            *field(&mut slot) = index as f64 + 0.5;
        }
        let line = written(&Ok(slot.clone())).to_string();
        assert_eq!(read(&line), Some(Ok(slot)));
        let failed = Err("takes 7 jobs in 20 s".to_owned());
        assert_eq!(read(&written(&failed).to_string()), Some(failed));
        assert_eq!(read("killed"), None);
    }
}
