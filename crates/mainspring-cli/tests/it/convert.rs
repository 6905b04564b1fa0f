//! Timers and crontabs that Debian's packages install, turned into TOML and read back.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::program::{Directory, mainspring, repository, text};

const TIMERS: [&str; 14] = [
    "anacron/lib/systemd/system/anacron.timer",
    "apt/lib/systemd/system/apt-daily-upgrade.timer",
    "apt/lib/systemd/system/apt-daily.timer",
    "certbot/lib/systemd/system/certbot.timer",
    "dpkg/lib/systemd/system/dpkg-db-backup.timer",
    "e2fsprogs/lib/systemd/system/e2scrub_all.timer",
    "logrotate/lib/systemd/system/logrotate.timer",
    "man-db/lib/systemd/system/man-db.timer",
    "mdadm/lib/systemd/system/mdcheck_start.timer",
    "php-common/lib/systemd/system/phpsessionclean.timer",
    "sysstat/lib/systemd/system/sysstat-collect.timer",
    "sysstat/lib/systemd/system/sysstat-summary.timer",
    "systemd/lib/systemd/system/systemd-tmpfiles-clean.timer",
    "util-linux/lib/systemd/system/fstrim.timer",
];

const CRONTABS: [&str; 8] = [
    "awstats/etc/cron.d/awstats",
    "certbot/etc/cron.d/certbot",
    "cron-daemon-common/etc/crontab",
    "mailman3/etc/cron.d/mailman3",
    "mdadm/etc/cron.d/mdadm",
    "munin-node/etc/cron.d/munin-node",
    "php-common/etc/cron.d/php",
    "sysstat/etc/cron.d/sysstat",
];

/// Converts files, as seen from a directory.
fn convert(from: &Path, files: &[&str]) -> Output {
    mainspring().current_dir(from).arg("convert").args(files).output().expect("output")
}

fn debian() -> std::path::PathBuf {
    repository().join("testdata/debian")
}

/// The times of each job of a file, by `next`.
#[track_caller]
fn times(file: &Path) -> Vec<Value> {
    let mut command = mainspring();
    command.args(["next", "--json", "-n", "20", "--from", "2026-03-01T00:00:00Z"]).arg(file);
    let output = command.output().expect("output");
    assert!(output.status.success(), "{output:?}");
    let lines = text(&output.stdout).lines();
    lines.map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn timers_of_debian() {
    let output = convert(&debian(), &TIMERS);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let toml = text(&output.stdout);
    assert_eq!(toml, include_str!("debian_timers.toml"), "\n{toml}");
}

#[test]
fn what_was_converted_is_due_when_it_was() {
    let directory = Directory::new("convert-times");
    for crontab in CRONTABS {
        let output = convert(&debian(), &[crontab]);
        assert!(output.status.success(), "{crontab}: {output:?}");
        let file = directory.write("jobs.toml", &output.stdout);
        let (before, after) = (times(&debian().join(crontab)), times(&file));
        assert!(!before.is_empty() && before.len() == after.len(), "{crontab}");
        for (before, after) in before.iter().zip(&after) {
            for field in ["next", "user", "command", "zone"] {
                assert_eq!(before[field], after[field], "{crontab}");
            }
        }
    }
}

#[test]
fn crontabs_with_all_that_they_have() {
    let directory = Directory::new("convert-crontab");
    let crontab = "MAILTO=me\nA=1\nCRON_TZ=Asia/Tokyo\n0 9 * * * /bin/report%one%two\nCRON_TZ=\n\
                   CRON_FIELDS=6\n*/5 * * * * *  /bin/report\n@reboot echo \"up\"\n";
    directory.write("crontab", crontab);
    let output = convert(directory.path(), &["crontab"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let expected = r#"[env]
MAILTO = "me"
A = "1"

# crontab:1: MAILTO sends no mail: what commands print goes to the log
# crontab:4
[jobs.report]
schedule = "0 9 * * *"
zone = "Asia/Tokyo"
command = "/bin/report"
input = "one\ntwo\n"

# crontab:7
[jobs.report-2]
schedule = "*/5 * * * * *"
command = "/bin/report"

# crontab:8
[jobs.echo]
schedule = "@reboot"
command = 'echo "up"'
"#;
    assert_eq!(text(&output.stdout), expected, "\n{}", text(&output.stdout));
}

#[test]
fn what_cannot_be_converted_is_told_with_its_place() {
    let directory = Directory::new("convert-wrong");
    let timer = "[Timer]\nOnCalendar=Fri *-*-13 12:00\nOnCalendar=daily\nRandomizedDelaySec=soon\n";
    directory.write("odd.timer", timer);
    directory.write("empty.timer", "[Unit]\nDescription=x\n");
    directory.write("crontab", "61 * * * * x\n");
    let output = convert(directory.path(), &["odd.timer", "empty.timer", "crontab", "none.timer"]);
    assert_eq!(output.status.code(), Some(1));
    let errors = text(&output.stderr);
    for wanted in [
        "odd.timer:2:20: error: no schedule asks for both a weekday and a day of the month\n 2 | OnCalendar=Fri *-*-13 12:00\n   |                    ^^\n",
        "odd.timer:4:20: error: not a length of time",
        "empty.timer: error: no time in the section [Timer]",
        "crontab:1:1: error: ",
        "none.timer: error: cannot be read",
    ] {
        assert!(errors.contains(wanted), "{wanted}\n{errors}");
    }
    // The rest is there.
    let toml = text(&output.stdout);
    assert!(toml.contains("# OnCalendar=Fri *-*-13 12:00 is not converted\n"), "{toml}");
    assert!(toml.contains("[jobs.odd]\nschedule = \"0 0 * * *\"\n"), "{toml}");
    assert!(toml.contains("command = \"systemctl start odd.service\"\n"), "{toml}");
}
