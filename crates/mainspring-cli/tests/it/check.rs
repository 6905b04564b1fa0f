//! `check` and the refusals of `run`: every error with its place, and nothing runs.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{Directory, mainspring, output, repository, text};

/// What is wrong, as `check` shows it, with the directory's name taken away.
#[track_caller]
fn errors(directory: &Directory, file: &Path) -> String {
    let output = output(&["check", file.to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    text(&output.stderr).replace(&format!("{}/", directory.path().display()), "")
}

/// `run` says one thing about the file, and has started nothing.
#[track_caller]
fn refuses(file: &Path, wanted: &str) {
    for command in ["check", "run"] {
        let output = output(&[command, file.to_str().expect("UTF-8")]);
        assert_eq!(output.status.code(), Some(1), "{command}");
        let errors = text(&output.stderr);
        assert_eq!(errors.matches(" error: ").count(), 1, "{command}: {errors}");
        assert!(errors.contains(wanted), "{command}: {errors}");
        assert!(errors.len() < 1000, "{command}: {errors}");
    }
}

#[test]
fn every_error_with_its_caret() {
    let directory = Directory::new("carets");
    let crontab = "\
# backups
CRON_TZ=Europe/Berln
0 24 * * *  nightly
* * * * *   fine
*/5 * * * * *  twelve times a minute
5 0 * *
A.B=c
0 0 1 1 *
\t0 9\t* * MON-FRY\toffice
";
    let file = directory.write("crontab", crontab);
    let expected = include_str!("carets.txt");
    let errors = errors(&directory, &file);
    assert_eq!(errors, expected, "\n{errors}");
}

#[test]
fn every_file_is_checked() {
    let directory = Directory::new("every-file");
    let bad = directory.write("bad", "61 * * * * a\n");
    let good = directory.write("good", "MAILTO=me\n1 * * * * a\n2 * * * * b\n");
    let worse = directory.write("worse", "x\n* * * * *\n");
    let mut command = mainspring();
    let output = command.arg("check").args([&bad, &good, &worse]).output().expect("output");
    assert_eq!(output.status.code(), Some(1));
    let errors = text(&output.stderr);
    assert_eq!(errors.matches(" error: ").count(), 3, "{errors}");
    assert!(errors.ends_with("3 errors in 2 files\n"), "{errors}");
    let notes = text(&output.stdout);
    assert!(notes.contains("good:1: note: MAILTO"), "{notes}");
    assert!(notes.ends_with("good: 2 jobs, no errors\n"), "{notes}");
}

#[test]
fn nothing_starts_if_one_file_is_wrong() {
    let directory = Directory::new("nothing-starts");
    let marker = directory.path().join("marker");
    let good = directory.write("good", format!("@reboot touch {}\n", marker.display()));
    let bad = directory.write("bad", "@reboot true\n0 0 * * 8 true\n");
    for format in ["text", "json"] {
        let mut command = mainspring();
        command.args(["run", "--log-format", format]).args([&good, &bad]);
        let output = command.output().expect("output");
        assert_eq!(output.status.code(), Some(1));
        let log = text(&output.stderr);
        assert!(log.contains("bad:2:9"), "{log}");
        assert!(log.contains("nothing started"), "{log}");
        assert!(!marker.exists());
        if format == "json" {
            for line in log.lines() {
                serde_json::from_str::<serde_json::Value>(line).expect("JSON");
            }
        }
    }
}

#[test]
fn what_is_no_crontab_at_all() {
    let directory = Directory::new("no-crontab");
    refuses(&directory.path().join("absent"), "absent: error: no such file");
    refuses(directory.path(), "error: is a directory, not a file of jobs");
    let program = Path::new(env!("CARGO_BIN_EXE_mainspring"));
    refuses(program, "error: is not a text file: control characters in line 1");
    let nul = directory.write("nul", b"* * * * * a\n* * * * * b\0\n");
    refuses(&nul, "error: is not a text file: control characters in line 2");
    let latin = directory.write("latin", b"* * * * * echo \xfcber\n");
    refuses(&latin, "latin:1:16: error: not UTF-8");
}

#[test]
fn a_line_of_a_hundred_megabytes() {
    let directory = Directory::new("long-line");
    let mut line = b"* * * * * true\n* * * * * echo ".to_vec();
    line.resize(100 << 20, b'x');
    let file = directory.write("crontab", line);
    refuses(&file, "crontab: error: line 2 is longer than 65536 bytes");
    let many = directory.write("many", "* * * * * true\n".repeat((17 << 20) / 15));
    refuses(&many, "many: error: is larger than 16 MiB");
}

/// Root may read everything, so root's test runs the program as somebody else.
#[cfg(unix)]
#[test]
fn no_permission() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;

    let set_mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    };
    // Where everybody may go; the build's own directory need not be such a place.
    let directory =
        std::env::temp_dir().join(format!("mainspring-no-permission-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a directory");
    set_mode(&directory, 0o755);
    let (program, file) = (directory.join("mainspring"), directory.join("crontab"));
    fs::copy(env!("CARGO_BIN_EXE_mainspring"), &program).expect("a copy");
    fs::write(&file, "* * * * * true\n").expect("a file");
    set_mode(&file, 0o000);
    for name in ["check", "run"] {
        let mut command = std::process::Command::new(&program);
        command.arg(name).arg(&file).current_dir("/").env("NO_COLOR", "1");
        if nix::unistd::geteuid().is_root() {
            command.uid(65534).gid(65534);
        }
        let output = command.output().expect("output");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let errors = text(&output.stderr);
        assert!(errors.contains("crontab: error: no permission to read it\n"), "{errors}");
    }
    fs::remove_dir_all(&directory).expect("removed");
}

#[test]
fn carets_fit_the_screen() {
    let directory = Directory::new("long-caret");
    let file = directory
        .write("crontab", format!("{}{} * * * x {}\n", "1,".repeat(400), "99 *", "y".repeat(400)));
    let errors = errors(&directory, &file);
    let lines: Vec<&str> = errors.lines().collect();
    assert!(lines.iter().all(|line| line.chars().count() < 150), "{errors}");
    let caret = lines[2].chars().position(|c| c == '^').expect("a caret");
    let shown: String = lines[1].chars().skip(caret).take(2).collect();
    assert_eq!(shown, "99", "{errors}");
}

#[test]
fn colours_are_for_terminals() {
    let directory = Directory::new("colours");
    let file = directory.write("crontab", "x\n");
    let run = |variables: &[(&str, &str)]| {
        let mut command = mainspring();
        command.arg("check").arg(&file).envs(variables.iter().copied());
        text(&command.output().expect("output").stderr).contains('\u{1b}')
    };
    assert!(!run(&[]));
    assert!(run(&[("CLICOLOR_FORCE", "1")]));
    assert!(!run(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

#[test]
fn what_debian_packages_install_is_right() {
    let directory = repository().join("testdata/debian");
    let mut jobs = Vec::new();
    for file in files_below(&directory) {
        let is_unit = file.extension().is_some_and(|of| of == "timer" || of == "service");
        if file.ends_with("ORIGIN") || is_unit {
            continue;
        }
        let name = file.to_str().expect("UTF-8");
        for dialect in ["default", "vixie"] {
            let output = output(&["check", "--any-user", "--dialect", dialect, name]);
            assert!(output.status.success(), "{name}: {}", text(&output.stderr));
            let said = text(&output.stdout);
            if dialect == "default" {
                let (_, count) = said.trim_end().rsplit_once(": ").expect("a count");
                let package = file.strip_prefix(&directory).expect("below").components().next();
                let package = package.expect("a package").as_os_str().to_str().expect("UTF-8");
                jobs.push(format!("{package} {}", count.split(' ').next().expect("a number")));
            }
        }
    }
    // Counted by hand.
    assert_eq!(
        jobs,
        [
            "anacron 1",
            "awstats 2",
            "cacti 1",
            "certbot 1",
            "cron-apt 1",
            "cron-daemon-common 4",
            "dma 1",
            "e2fsprogs 2",
            "logcheck 2",
            "mailman3 2",
            "mdadm 1",
            "munin-node 1",
            "ntpsec 1",
            "php-common 1",
            "popularity-contest 1",
            "sysstat 2",
            "sysstat 2",
        ]
    );
}

#[test]
fn the_example_is_right() {
    let example = repository().join("examples/crontab");
    let output = output(&["check", example.to_str().expect("UTF-8")]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!text(&output.stdout).contains("note:"), "{}", text(&output.stdout));
}
