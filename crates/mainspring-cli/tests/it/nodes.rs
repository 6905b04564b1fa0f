//! Two programs on one PostgreSQL: each run once, and what a killed one had begun is begun anew.

use std::collections::BTreeSet;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::program::{Directory, Running, mainspring, text};
use crate::server::Server;

const JOBS: &str = "[jobs.tick]\nschedule = '* * * * * *'\ncommand = 'true'\n\
    [jobs.once]\nschedule = '@reboot'\ncommand = 'echo begun; sleep 3; echo through'\n";

#[test]
fn two_nodes_share_the_work_and_one_takes_over_from_the_other() {
    let server = Server::start();
    let directory = Directory::new("nodes");
    let file = directory.write("jobs.toml", JOBS);
    let file = file.to_str().expect("UTF-8");
    let ask = |arguments: &[&str]| -> Vec<Value> {
        let mut command = mainspring();
        command.args(arguments).args(["--store", &server.url(), "--json"]);
        let output = command.output().expect("the program starts");
        assert!(output.status.success(), "{}", text(&output.stderr));
        let lines = text(&output.stdout).lines();
        lines.map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    ask(&["migrate"]);

    let run = || Running::start(&["--store", &server.url(), "--lease", "2s", file]);
    let mut first = run();
    first.wait_for_line("begun");
    let mut second = run();
    second.wait_for_message("due next");
    let held = ask(&["runs", "once"]);
    assert_eq!(held[0]["state"], "running");
    first.signal(Signal::SIGKILL);
    first.wait();

    second.wait_for_line("begun");
    second.wait_for_line("through");
    second.wait_for(|event| event["job"] == "once" && event["message"] == "finished");
    assert_eq!(second.stop(), Some(0));

    let once = ask(&["history", "once"]);
    let of_killed = |run: &&Value| run["due"] == held[0]["due"];
    let done = once.iter().find(of_killed).expect("it is in the history");
    assert_eq!((&done["state"], &done["attempt"]), (&"succeeded".into(), &2.into()));
    assert_ne!(done["node"], held[0]["node"], "another node ended it");

    // However many nodes looked, each second is there once, and none is left out.
    let ticks = ask(&["history", "tick", "-n", "1000"]);
    let dues: Vec<_> = ticks.iter().map(due).collect();
    let distinct: BTreeSet<_> = dues.iter().copied().collect();
    assert_eq!(distinct.len(), dues.len());
    let (first, last) = (distinct.first().expect("a tick"), distinct.last().expect("a tick"));
    assert_eq!(last.duration_since(*first).as_secs() as usize + 1, dues.len());
}

fn due(run: &Value) -> jiff::Timestamp {
    run["due"].as_str().expect("a text").parse().expect("an instant")
}
