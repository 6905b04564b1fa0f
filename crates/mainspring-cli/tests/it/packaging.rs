//! What stands around the program holds: the unit, the image, the package, the guide.

use std::fs;

use crate::program::{Directory, output, repository, text};

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The program takes these words, with files of the repository in the place of the installed ones: it says
/// what would run, and starts nothing.
#[track_caller]
fn takes(words: &[&str]) {
    let etc = repository().join("packaging/etc");
    let here = |word: &&str| match word.strip_prefix("/etc/mainspring/") {
        Some(file) => etc.join(file).to_str().expect("UTF-8").to_owned(),
        None => (*word).to_owned(),
    };
    let mut words: Vec<String> = words.iter().map(here).collect();
    words.push("--dry-run".into());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = output(&words);
    assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
}

#[test]
fn the_unit_starts_the_program_as_it_is() {
    let unit = read("packaging/systemd/mainspring.service");
    let starts: Vec<&str> =
        unit.lines().filter_map(|line| line.strip_prefix("ExecStart=")).collect();
    let [start] = starts[..] else { panic!("{starts:?}") };
    let words: Vec<&str> = start.split(' ').collect();
    assert_eq!(words[..2], ["/usr/bin/mainspring", "run"]);
    takes(&words[1..]);
}

#[test]
fn the_image_starts_the_program_as_it_is() {
    let image = read("packaging/Dockerfile");
    assert!(image.contains("ENTRYPOINT [\"/usr/bin/mainspring\"]\n"));
    let command = image.lines().find_map(|line| line.strip_prefix("CMD ")).expect("a command");
    let words: Vec<String> = serde_json::from_str(command).expect("the form without a shell");
    takes(&words.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn what_the_package_brings_is_there() {
    let manifest: toml::Table =
        toml::from_str(&read("crates/mainspring-cli/Cargo.toml")).expect("TOML");
    let package = &manifest["package"]["metadata"]["deb"];
    let assets = package["assets"].as_array().expect("a list");
    let sources = assets.iter().map(|asset| asset[0].as_str().expect("a path"));
    let targets: Vec<_> = assets.iter().map(|asset| asset[1].as_str().expect("a path")).collect();
    for source in sources.filter(|source| !source.contains("target/")) {
        let path = repository().join("crates/mainspring-cli").join(source);
        assert!(path.is_file(), "{source}");
    }
    for file in package["conf-files"].as_array().expect("a list") {
        let file = file.as_str().expect("a path");
        assert!(targets.contains(&file.trim_start_matches('/')), "{file}");
    }
    let unit = read("packaging/systemd/mainspring.service");
    let named = unit.lines().find_map(|line| line.strip_prefix("EnvironmentFile=-"));
    assert!(targets.contains(&named.expect("a file").trim_start_matches('/')));
    assert!(read("packaging/debian/postrm").contains("\n#DEBHELPER#\n"));
}

/// What stands between a line of three backticks and `kind`, and the next such line.
fn blocks<'a>(text: &'a str, kind: &str) -> Vec<&'a str> {
    let opening = format!("\n```{kind}\n");
    text.split(&opening).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_guide_s_crontabs_and_jobs_are_right() {
    let guide = read("docs/from-crond.md");
    let directory = Directory::new("guide");
    for (kind, file, count) in [("crontab", "crontab", 2), ("toml", "jobs.toml", 2)] {
        let blocks = blocks(&guide, kind);
        assert_eq!(blocks.len(), count, "{kind}");
        for block in blocks {
            let path = directory.write(file, block);
            let output = output(&["check", "--any-user", path.to_str().expect("UTF-8")]);
            assert!(output.status.success(), "{block}{}", text(&output.stderr));
        }
    }
}

/// What the guide says of a systemd timer is what `convert` makes of it.
#[test]
fn the_guide_s_timer_becomes_the_guide_s_job() {
    let guide = read("docs/from-crond.md");
    let directory = Directory::new("guide-timer");
    let (timer, service) = blocks(&guide, "text")
        .into_iter()
        .find_map(|block| block.split_once("\n\n"))
        .expect("a timer and a service");
    let path = directory.write("backup.timer", timer);
    directory.write("backup.service", service);
    let output = output(&["convert", path.to_str().expect("UTF-8")]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let parse = |text: &str| toml::from_str::<toml::Table>(text).expect("TOML");
    let mut converted = parse(text(&output.stdout));
    // It is the default, and the guide leaves it out.
    let job = converted["jobs"]["backup"].as_table_mut().expect("a job");
    assert_eq!(job.remove("misfire"), Some("once".into()));
    assert_eq!(converted, parse(blocks(&guide, "toml")[1]));
}
