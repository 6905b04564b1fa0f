//! Finds the browser that the dashboard's page is tried in and what checks the page, or installs them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::chores::root;
use crate::step::{Failure, Step, need};

/// The accessibility checker; the tests name the same version.
const CHECKER: &str = "axe-core";
const CHECKER_VERSION: &str = "4.14.1";

/// Under these names the driver finds its browser.
const BROWSERS: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Installs Chromium, its driver and the checker where they are missing and that can be done without asking.
pub(crate) fn need_browser() -> Result<(), Failure> {
    if !has_browser() {
        if !can_install() {
            return Err(Failure::missing(
                "the dashboard's page is tried in headless Chromium, and `chromium` or `chromedriver` is not \
                 in the path: install both (Debian and Ubuntu: `apt-get install chromium chromium-driver`)",
            ));
        }
        // A page without a font has no widths worth testing.
        apt(
            "Install Chromium for the tests",
            &["chromium", "chromium-driver", "fonts-dejavu-core"],
        )?;
        if !has_browser() {
            return Err(Failure::missing(
                "`apt-get install chromium chromium-driver` brought no Chromium",
            ));
        }
    }
    need_checker()
}

fn need_checker() -> Result<(), Failure> {
    let folder = checker_folder();
    let script = folder.join("node_modules").join(CHECKER).join("axe.min.js");
    if script.is_file() {
        return Ok(());
    }
    let remedy =
        "the dashboard's page is checked by axe-core, which npm brings: install Node.js with npm";
    if need("npm", &["--version"], remedy).is_err() && can_install() {
        apt("Install npm for the tests", &["npm"])?;
    }
    need("npm", &["--version"], remedy)?;
    // Its own folder, and without the scripts that packages may bring: one file of it is read.
    Step::system("Install the accessibility checker for the tests", "npm")
        .args(&["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
        .arg(&folder)
        .arg(format!("{CHECKER}@{CHECKER_VERSION}"))
        .run()?;
    if script.is_file() {
        return Ok(());
    }
    Err(Failure::missing(format!("npm brought no {}", script.display())))
}

/// Where the tests look: the scratch folder that cargo names to them.
fn checker_folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = root().join(target.unwrap_or_else(|| "target".into()));
    target.join("tmp").join(format!("{CHECKER}-{CHECKER_VERSION}"))
}

fn has_browser() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has =
        |program: &str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    has("chromedriver") && BROWSERS.iter().any(|program| has(program))
}

fn can_install() -> bool {
    let is_root = || Command::new("id").arg("-u").output().is_ok_and(|done| done.stdout == b"0\n");
    cfg!(target_os = "linux") && Path::new("/usr/bin/apt-get").exists() && is_root()
}

fn apt(title: &str, packages: &[&str]) -> Result<(), Failure> {
    let apt = |title: &str| Step::system(title, "apt-get").env("DEBIAN_FRONTEND", "noninteractive");
    apt("What packages there are").args(&["update", "-q"]).run()?;
    apt(title).args(&["install", "-q", "-y", "--no-install-recommends"]).args(packages).run()
}
