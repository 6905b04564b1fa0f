//! The user column: commands become that user, or nothing starts.

use std::process::Output;

use nix::unistd::{User, geteuid};

use crate::program::{Directory, Running, mainspring, output, text};

fn refused(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(1));
    text(&output.stderr)
}

#[test]
fn an_unknown_user_is_an_error_and_nothing_starts() {
    let directory = Directory::new("unknown-user");
    let marker = directory.path().join("marker");
    let user = User::from_uid(geteuid()).expect("users").expect("a name").name;
    let crontab =
        format!("@reboot {user} touch {}\n* * * * * nobody-of-that-name true\n", marker.display());
    let file = directory.write("cron.d/test", crontab);
    let file = file.to_str().expect("UTF-8");
    for command in ["check", "run"] {
        let output = output(&[command, file]);
        let errors = refused(&output);
        assert!(errors.contains(":2:11: error: unknown user \"nobody-of-that-name\""), "{errors}");
        assert_eq!(errors.matches(" error: ").count(), 1, "{errors}");
    }
    assert!(!marker.exists());
    assert!(output(&["check", "--any-user", file]).status.success());
}

#[test]
fn the_own_user_may_be_named() {
    let directory = Directory::new("own-user");
    let user = User::from_uid(geteuid()).expect("users").expect("a name").name;
    let file = directory.write("crontab", format!("@reboot {user} echo I am $(id -un)\n"));
    let file = file.to_str().expect("UTF-8");
    let mut running = Running::start(&["--form", "system", file]);
    running.wait_for_line(&format!("I am {user}"));
    assert_eq!(running.stop(), Some(0));
}

/// With root's rights the command becomes the other user, groups and all, and finds nothing of our
/// environment; without them nothing starts.
#[test]
fn another_user() {
    let directory = Directory::new("another-user");
    let Some(other) = ["nobody", "daemon"]
        .iter()
        .find_map(|name| User::from_name(name).ok().flatten().filter(|user| user.uid != geteuid()))
    else {
        panic!("a system without nobody and daemon");
    };
    let name = &other.name;
    let crontab = format!(
        "GREETING=hello\n@reboot {name} echo \"$(id -un) $(id -gn) $(id -G) $LOGNAME $PATH $GREETING[$SECRET]\"\n\
         @reboot {name} trap '' TERM; echo sleeping; sleep 600\n"
    );
    let file = directory.write("crontab", crontab);
    let file = file.to_str().expect("UTF-8");
    if !geteuid().is_root() {
        let output = output(&["run", "--form", "system", file]);
        assert!(refused(&output).contains("only root can"), "{output:?}");
        return;
    }
    let mut command = mainspring();
    command.args(["run", "--log-format", "json", "--form", "system", "--grace", "0s", file]);
    command.env("SECRET", "root's own");
    let mut running = Running::spawn(command);
    running.wait_for_line("sleeping");
    if !running.lines().iter().any(|line| line.contains("hello")) {
        running.wait_for(|event| event["line"].as_str().is_some_and(|line| line.contains("hello")));
    }
    let group = nix::unistd::Group::from_gid(other.gid).expect("groups").expect("a name").name;
    let gid = other.gid;
    assert!(
        running
            .lines()
            .contains(&format!("{name} {group} {gid} {name} /usr/bin:/bin hello[]").as_str()),
        "{:?}",
        running.lines()
    );
    // It can be ended although it is somebody else's.
    assert_eq!(running.stop(), Some(3));
}
