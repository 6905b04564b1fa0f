//! Says what the results were measured on: machine, compiler, versions, date.

use std::fs;
use std::process::Command;

use jiff::Timestamp;

use crate::stopwatch;

const LOCKS: [&str; 2] = [include_str!("../Cargo.lock"), include_str!("../sqlx/Cargo.lock")];

/// Everything a reader needs to judge a number, or to repeat it.
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    pub kernel: String,
    pub compiler: &'static str,
    /// The project's commit, with `-dirty` where the tree had changes.
    pub commit: String,
    pub date: String,
}

impl Machine {
    /// The one this runs on; what cannot be found out is `unknown`.
    pub fn this() -> Self {
        Self {
            processor: processor(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            kernel: kernel(),
            compiler: env!("BENCH_RUSTC"),
            commit: commit(),
            date: Timestamp::from_second(stopwatch::epoch_second())
                .map_or_else(|_| unknown(), |now| now.to_string()),
        }
    }
}

/// The version of `package` that this program, or the one for the peers on sqlx, was linked with.
pub fn version_of(package: &str) -> String {
    if package == "std" {
        return "(std)".to_owned(); // the compiler's, which is told apart
    }
    if let Some((_, version)) = package.split_once('@') {
        return version.to_owned(); // one of several that are linked
    }
    let name = format!("name = \"{package}\"");
    let lines = LOCKS.iter().flat_map(|lock| lock.lines());
    let mut lines = lines.skip_while(|line| *line != name).skip(1);
    let version = lines.next().and_then(|line| line.strip_prefix("version = \""));
    version.map_or_else(unknown, |version| version.trim_end_matches('"').to_owned())
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, model)| model.to_owned())
}

fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // The release proper; what follows is the builder's own naming.
    let release = release.trim().split('-').next().unwrap_or_default();
    format!("{} {release}", std::env::consts::OS).trim().to_owned()
}

fn commit() -> String {
    let describe = ["describe", "--always", "--dirty", "--exclude=*"];
    let output =
        Command::new("git").args(describe).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    match output {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => unknown(),
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

#[cfg(test)]
mod tests {
    use super::version_of;

    #[test]
    fn versions_are_those_of_the_lock_file() {
        assert_eq!(version_of("cronexpr"), "1.7.0");
        assert_eq!(version_of("no-such-package"), "unknown");
    }
}
