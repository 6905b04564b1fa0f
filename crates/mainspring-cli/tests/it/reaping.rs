//! Orphans that commands leave behind are reaped, where that is our work.
#![cfg(target_os = "linux")]

use std::fs;
use std::process::Command;

use crate::program::{Directory, Running, mainspring};

/// Numbers of zombies whose parent is `parent`, as `/proc` in `root` tells.
fn zombies_of(parent: i32) -> Vec<String> {
    let mut zombies = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // number (name) state parent …
        let Some((_, after)) = stat.rsplit_once(") ") else { continue };
        let mut fields = after.split(' ');
        if fields.next() == Some("Z") && fields.next() == Some(&parent.to_string()) {
            zombies.push(stat);
        }
    }
    zombies
}

/// A dozen processes whose parent ends before them.
const ORPHANS: &str = "@reboot for i in 1 2 3 4 5 6 7 8 9 10 11 12; do (sleep 0.3 & ); done\n\
                       @every 1s echo tick\n";

#[test]
fn as_init_it_reaps_orphans_and_passes_signals_on() {
    let directory = Directory::new("init");
    let file = directory.write("crontab", ORPHANS);
    let mut running = Running::start(&["--init", file.to_str().expect("UTF-8")]);
    for _ in 0..3 {
        running.wait_for_line("tick");
    }
    assert_eq!(zombies_of(running.pid()), Vec::<String>::new());
    // The commands of the work process end as ever.
    let ends = running.seen.iter().filter(|event| event["message"] == "finished").count();
    assert!(ends >= 3, "{:#?}", running.seen);
    running.signal(nix::sys::signal::Signal::SIGHUP);
    running.wait_for_message("reloaded");
    assert_eq!(running.stop(), Some(0));
}

#[test]
fn as_init_it_ends_with_the_exit_code_of_the_work() {
    let directory = Directory::new("init-code");
    let wrong = directory.write("wrong", "61 * * * * true\n");
    let mut running = Running::start(&["--init", wrong.to_str().expect("UTF-8")]);
    assert_eq!(running.wait(), Some(1));
    let slow = directory.write("slow", "@reboot echo begun; exec sleep 60\n");
    let mut running = Running::start(&["--init", "--grace", "0s", slow.to_str().expect("UTF-8")]);
    running.wait_for_line("begun");
    assert_eq!(running.stop(), Some(3));
}

/// In a process namespace of its own, which containers are, where the system lets us make one.
#[test]
fn as_process_one_it_reaps_by_itself() {
    const NAMESPACE: [&str; 4] = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    let allowed = Command::new("unshare").args(NAMESPACE).arg("true").output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        println!("not tried: this system does not let us make a process namespace");
        return;
    }
    let directory = Directory::new("process-one");
    // In there, /proc shows the namespace alone, and process 1 is the program.
    let zombies = "cat /proc/[0-9]*/stat | grep -c ') Z 1 '";
    let crontab = format!(
        "{ORPHANS}@reboot echo \"parent $(cut -d' ' -f4 /proc/$$/stat)\"\n\
         @every 2s echo \"zombies $({zombies})\"\n"
    );
    let file = directory.write("crontab", crontab);
    let mut command = Command::new("unshare");
    command.args(NAMESPACE).arg(mainspring().get_program());
    command.args(["run", "--log-format", "json"]).arg(&file).env("TZ", "UTC");
    let mut running = Running::spawn(command);
    // 1 is the reaper; the work is done in its child.
    let parent = running
        .wait_for(|event| event["line"].as_str().is_some_and(|line| line.starts_with("parent ")));
    assert_ne!(parent["line"], "parent 1");
    for _ in 0..3 {
        running.wait_for_line("tick");
    }
    running.wait_for_line("zombies 0");
}
