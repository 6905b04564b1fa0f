//! The Debian package: the program, what it writes about itself, a unit for systemd.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::chores::root;
use crate::step::{Failure, Step, need};

/// What the program is asked for, and the file that becomes of it.
const COMPLETIONS: [(&str, &str); 3] =
    [("bash", "mainspring.bash"), ("zsh", "_mainspring"), ("fish", "mainspring.fish")];

/// Builds the program, has it write its manual pages and completions, and makes the package.
pub(crate) fn deb() -> Result<(), Failure> {
    need("cargo", &["deb", "--version"], "install it with `cargo install cargo-deb`")?;
    Step::cargo("The program", &["build", "--release", "--locked", "-p", "mainspring-cli"])
        .run()?;
    write_about_itself()?;
    Step::cargo("The package", &["deb", "--no-build", "-p", "mainspring-cli"]).run()
}

/// Writes manual pages and completions into `target/package`.
fn write_about_itself() -> Result<(), Failure> {
    let folder = root().join("target/package");
    let made = fs::remove_dir_all(&folder).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    });
    made.and_then(|()| fs::create_dir_all(&folder))
        .map_err(|error| Failure::missing(format!("cannot make `target/package`: {error}")))?;
    let main = write(&folder.join("mainspring.1"), &["man"])?;
    for command in commands(&main) {
        write(&folder.join(format!("mainspring-{command}.1")), &["man", command])?;
    }
    for (shell, file) in COMPLETIONS {
        write(&folder.join(file), &["completions", shell])?;
    }
    Ok(())
}

/// The commands that the program's own page refers to: `mainspring\-run(1)`.
fn commands(page: &str) -> Vec<&str> {
    let mut found: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("mainspring\\-")?.strip_suffix("(1)"))
        .filter(|name| *name != "help")
        .collect();
    found.dedup();
    found
}

fn write(path: &Path, args: &[&str]) -> Result<String, Failure> {
    let program = root().join("target/release/mainspring");
    let failed =
        |what: String| Failure::missing(format!("`mainspring {}`: {what}", args.join(" ")));
    let output =
        Command::new(program).args(args).output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    fs::write(path, &output.stdout).map_err(|error| failed(error.to_string()))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn a_page_refers_to_those_of_its_commands() {
        let page = ".SH SUBCOMMANDS\n.TP\nmainspring\\-run(1)\nRuns\n.TP\nmainspring\\-help(1)\nmainspring\\-check(1)\n";
        assert_eq!(commands(page), ["run", "check"]);
    }
}
