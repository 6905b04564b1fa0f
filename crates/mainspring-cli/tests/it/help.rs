//! What the program says about itself, and how it takes wrong arguments and closed pipes.

use std::io::Read;
use std::process::Stdio;

use crate::program::{Directory, mainspring, output, text};

#[track_caller]
fn said(arguments: &[&str]) -> String {
    let output = output(arguments);
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout).to_owned()
}

#[test]
fn help_has_examples_and_exit_codes() {
    let help = said(&["--help"]);
    for word in [
        "run",
        "check",
        "next",
        "simulate",
        "convert",
        "jitter",
        "top",
        "schema",
        "completions",
        "man",
        "Exit codes:",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
    assert!(!help.contains("__as-user"), "{help}");
    for command in ["run", "check", "next", "simulate", "convert", "jitter", "top"] {
        let help = said(&[command, "--help"]);
        assert!(help.contains("Examples:") && help.contains("Exit codes:"), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
}

#[test]
fn completions_and_manual() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = said(&["completions", shell]);
        assert!(script.contains("mainspring") && script.contains("log-format"), "{shell}");
    }
    let page = said(&["man"]);
    assert!(page.contains(".TH mainspring 1"), "{page}");
    assert!(page.contains("Exit codes"), "{page}");
    assert!(said(&["man", "run"]).contains("SIGHUP") || said(&["man", "run"]).contains("HUP"));
}

#[test]
fn wrong_arguments_are_exit_code_2() {
    for arguments in [
        &["run"][..],
        &["check"],
        &["next"],
        &["dance"],
        &["run", "--grace", "soon", "crontab"],
        &["run", "--log-format", "xml", "crontab"],
        &["next", "--stdin"],
        &["next", "* * * * *", "--count", "0"],
        &["next", "* * * * *", "--dialect", "klingon"],
        &["jitter", "0ms"],
        &["jitter", "often"],
    ] {
        let output = output(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let directory = Directory::new("enough");
    let file = directory.write("crontab", "* * * * * true\n".repeat(5_000));
    let file = file.to_str().expect("UTF-8");
    for arguments in
        [&["next", "* * * * *", "--count", "100000"][..], &["run", "--dry-run", file], &["man"]]
    {
        let mut command = mainspring();
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut out = child.stdout.take().expect("a pipe");
        out.read_exact(&mut [0; 4]).expect("four bytes");
        drop(out);
        let output = child.wait_with_output().expect("an end");
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    }
}
