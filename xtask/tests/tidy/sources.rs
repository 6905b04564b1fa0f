//! What every source file must, and must not, hold.

/// The one crate that asks the system for the time, the timer's one look at tokio's clock, which may
/// be paused, and the benches' one stopwatch.
const MAY_READ_CLOCKS: [&str; 3] = [
    "crates/mainspring-clock/src/",
    "crates/mainspring-timer/src/clock.rs",
    "bench/src/stopwatch.rs",
];

/// Names under which anything could be filed, so that nothing is found again.
const NOT_A_NAME: [&str; 7] = ["util", "utils", "common", "helper", "helpers", "misc", "prelude"];

/// Long before this a file has become two.
const LINES_MAX: usize = 1000;

// The words below are put together so that this file passes its own test.
const CLOCK_READS: [&str; 4] = [
    concat!("Instant", "::now"),
    concat!("SystemTime", "::now"),
    concat!("Timestamp", "::now"),
    concat!("Zoned", "::now"),
];
const IGNORED: [&str; 3] =
    [concat!("#[", "ignore"), concat!("```", "ignore"), concat!("rust,", "ignore")];
const HOSTS: [&str; 4] = [
    concat!("crates", ".io"),
    concat!("npmjs", ".org"),
    concat!("pypi", ".org"),
    concat!("proxy.golang", ".org"),
];
const LOCKED_FROM: &str = concat!("registry+https://github.com/rust-lang/crates", ".io-index");

/// The rules for one Rust file, named from the root.
pub(crate) fn check_rust(path: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut complain =
        |line: usize, what: String| complaints.push(format!("{path}:{line}: {what}"));

    let file = path.rsplit('/').next().unwrap_or(path);
    if file != "build.rs" && !text.starts_with("//! ") {
        complain(1, "does not begin with `//! ` and a sentence".to_owned());
    }
    for part in path.trim_end_matches(".rs").split('/') {
        if NOT_A_NAME.contains(&part) {
            complain(1, format!("`{part}` says nothing about what is in it"));
        }
    }
    let lines = text.lines().count();
    if lines > LINES_MAX {
        complain(lines, format!("has more than {LINES_MAX} lines"));
    }
    let may_read_clocks = MAY_READ_CLOCKS.iter().any(|allowed| path.starts_with(allowed));
    for (index, line) in text.lines().enumerate() {
        if let Some(read) = clock_read(line).filter(|_| !may_read_clocks) {
            complain(index + 1, format!("`{read}`: take a clock as an argument"));
        }
        if let Some(word) = IGNORED.iter().find(|word| line.contains(**word)) {
            complain(index + 1, format!("`{word}`: a test that does not run proves nothing"));
        }
    }
    if path.starts_with("crates/") {
        complaints.extend(check_cancel_safety(path, text));
    }
    complaints
}

/// Who awaits a public function must know what dropping its future means.
fn check_cancel_safety(path: &str, text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let functions = lines.iter().enumerate().filter(|(_, line)| line.starts_with("pub async fn "));
    functions
        .filter(|(index, _)| {
            let above = lines[..*index].iter().rev();
            let mut docs =
                above.take_while(|line| line.starts_with("///") || line.starts_with("#["));
            !docs.any(|line| *line == "/// # Cancel safety")
        })
        .map(|(index, _)| {
            format!("{path}:{}: a public async function without `# Cancel safety`", index + 1)
        })
        .collect()
}

/// Texts name no registry: a reader's may be another.
pub(crate) fn check_hosts(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(index, line)| {
            let lower = line.to_lowercase();
            let host = HOSTS.iter().find(|host| lower.contains(**host))?;
            Some(format!("{path}:{}: names the registry `{host}`", index + 1))
        })
        .collect()
}

/// A lock file names the public registry alone: no mirror, no repository, no machine.
pub(crate) fn check_lock(path: &str, text: &str) -> Vec<String> {
    let sources = text.lines().enumerate().filter_map(|(index, line)| {
        Some((index + 1, line.strip_prefix("source = ")?.trim_matches('"')))
    });
    sources
        .filter(|(_, source)| *source != LOCKED_FROM)
        .map(|(line, source)| format!("{path}:{line}: comes from `{source}`"))
        .collect()
}

/// A clock that the line reads. Clippy finds most of these; not those in documentation examples,
/// where prose may name the function but not call it.
fn clock_read(line: &str) -> Option<&'static str> {
    let is_comment = line.trim_start().starts_with("//");
    CLOCK_READS.into_iter().find(|read| {
        line.match_indices(*read).any(|(at, _)| {
            let after = &line[at + read.len()..];
            if is_comment { after.starts_with('(') } else { !continues_a_name(after) }
        })
    })
}

fn continues_a_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

const PATH: &str = "crates/mainspring-job/src/lib.rs";

#[track_caller]
fn check(path: &str, text: &str, complaint: &str) {
    let complaints = check_rust(path, text);
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].contains(complaint), "{complaints:?}");
}

#[test]
fn a_tidy_file_passes() {
    let text = "//! Keeps jobs.\n\nfn now() {}\n// `Instant::nowhere` and a mention of `Instant\
        ::now` are fine.\n";
    assert_eq!(check_rust(PATH, text), Vec::<String>::new());
    assert_eq!(
        check_rust("crates/mainspring-sqlite/build.rs", "fn main() {}"),
        Vec::<String>::new()
    );
}

#[test]
fn untidy_files_are_found() {
    check(PATH, "fn a() {}\n", "does not begin");
    check(PATH, "//!\n", "does not begin");
    check("crates/mainspring-job/src/util.rs", "//! Odds.\n", "`util` says nothing");
    check("crates/mainspring-job/src/helpers/id.rs", "//! Ends.\n", "`helpers` says nothing");
    check(PATH, &format!("//! Long.\n{}", "\n".repeat(LINES_MAX)), "more than 1000 lines");
    check(PATH, &format!("//! Tests.\n{}]\n", IGNORED[0]), "a test that does not run");
    check(PATH, &format!("//! Docs.\n/// {}\n", IGNORED[1]), "a test that does not run");
}

#[test]
fn clock_reads_are_found_where_they_are_not_allowed() {
    for read in CLOCK_READS {
        check(PATH, &format!("//! Reads.\nlet now = std::time::{read}();\n"), "take a clock");
        check(PATH, &format!("//! Passes it.\n.map({read})\n"), "take a clock");
        check(PATH, &format!("//! Shows it.\n/// let now = {read}();\n"), "take a clock");
        let allowed = format!("//! Reads.\nlet now = std::time::{read}();\n");
        for place in ["crates/mainspring-clock/src/system.rs", "bench/src/stopwatch.rs"] {
            assert_eq!(check_rust(place, &allowed), Vec::<String>::new());
        }
    }
}

#[test]
fn async_functions_say_what_dropping_them_means() {
    let documented = "//! Waits.\n/// Waits.\n///\n/// # Cancel safety\n/// None.\n#[inline]\npub async fn a() {}\n";
    assert_eq!(check_rust(PATH, documented), Vec::<String>::new());
    assert_eq!(check_rust(PATH, "//! Waits.\npub(crate) async fn a() {}\n"), Vec::<String>::new());
    let other = "//! Waits.\n/// # Cancel safety\npub fn a() {}\n/// Waits.\npub async fn b() {}\n";
    check(PATH, other, ":5: a public async function");
}

#[test]
fn registries_are_found() {
    for host in HOSTS {
        let text = format!("one\nsee https://www.{host}/name\n");
        assert_eq!(check_hosts("README.md", &text).len(), 1, "{host}");
    }
    assert_eq!(check_hosts("README.md", "a crate, an index, a page\n"), Vec::<String>::new());
}

#[test]
fn foreign_sources_in_a_lock_file_are_found() {
    let lock = |source: &str| format!("[[package]]\nname = \"a\"\nsource = \"{source}\"\n");
    assert_eq!(check_lock("Cargo.lock", &lock(LOCKED_FROM)), Vec::<String>::new());
    for foreign in ["registry+https://mirror.example/index", "git+https://example.org/a#1"] {
        assert_eq!(check_lock("Cargo.lock", &lock(foreign)).len(), 1, "{foreign}");
    }
}
