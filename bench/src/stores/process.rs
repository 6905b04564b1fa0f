//! Asks a peer that cannot be linked into this program: `sqlx/`, a workspace of its own.
//!
//! It is built when it is first asked for, so that nobody else waits for that.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use super::place::Place;
use super::{Inquiry, Reply};

/// A process that has not answered by then hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What `peer` answers.
pub fn ask(peer: &str, place: &Place, inquiry: Inquiry) -> Reply {
    let program = program().as_ref().map_err(String::clone)?;
    let address = match place {
        Place::File { synchronous: "FULL", .. } => format!("sqlite:{}", place.address()),
        Place::File { .. } => return Err("is asked with FULL alone".to_owned()),
        Place::Database { .. } => place.address(),
    };
    let (question, numbers) = match inquiry {
        Inquiry::Runs(shift) => ("runs", vec![shift.pieces, shift.workers, shift.batch]),
        Inquiry::Enqueue { pieces, batch } => ("enqueue", vec![pieces, batch]),
        Inquiry::Late(stream) => {
            let millis = |time: Duration| time.as_millis() as usize;
            ("late", vec![stream.pieces, millis(stream.gap), millis(stream.ahead)])
        }
        Inquiry::Plans { .. } | Inquiry::Jobs { .. } => {
            return Err("keeps no jobs with schedules".to_owned());
        }
    };
    let mut child = Command::new(program)
        .args([peer, &address, question])
        .args(numbers.iter().map(usize::to_string))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut answered = false;
    for _ in 0..PATIENCE.as_millis() / 20 {
        answered = child.try_wait().map_err(|error| error.to_string())?.is_some();
        if answered {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    if !answered {
        // It may have ended just now.
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("hangs: not done after {} s", PATIENCE.as_secs()));
    }
    let mut said = String::new();
    if let Some(mut out) = child.stdout.take() {
        out.read_to_string(&mut said).map_err(|error| error.to_string())?;
    }
    read(said.lines().last().unwrap_or_default())
}

fn read(line: &str) -> Reply {
    let value: Value = serde_json::from_str(line).map_err(|_| "crashes".to_owned())?;
    if let Some(error) = value.get("error").and_then(Value::as_str) {
        return Err(error.to_owned());
    }
    let number = |name: &str| value.get(name).and_then(Value::as_f64);
    match (number("per_second"), number("p50_ms"), number("p99_ms")) {
        (Some(rate), _, _) => Ok(vec![rate]),
        (_, Some(median), Some(high)) => Ok(vec![median, high]),
        _ => Err(format!("says `{line}`")),
    }
}

/// The path of the program, or why there is none.
fn program() -> &'static Result<PathBuf, String> {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sqlx");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        eprintln!("building the peers that stand on sqlx …");
        let built = Command::new(cargo)
            .args(["build", "--release", "--locked", "--quiet", "--manifest-path"])
            .arg(folder.join("Cargo.toml"))
            .args(["--target-dir"])
            .arg(folder.join("target"))
            .status();
        match built {
            Ok(status) if status.success() => {
                Ok(folder.join("target/release/mainspring-bench-sqlx"))
            }
            Ok(status) => Err(format!("cannot be built: {status}")),
            Err(error) => Err(format!("cannot be built: {error}")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_a_peer_says_is_read() {
        assert_eq!(read(r#"{"per_second":12.5}"#), Ok(vec![12.5]));
        assert_eq!(read(r#"{"min_ms":0.5,"p50_ms":1.0,"p99_ms":2.0}"#), Ok(vec![1.0, 2.0]));
        assert_eq!(read(r#"{"error":"no"}"#), Err("no".to_owned()));
        assert_eq!(read(""), Err("crashes".to_owned()));
    }
}
