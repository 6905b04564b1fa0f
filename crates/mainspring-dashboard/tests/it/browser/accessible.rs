//! Has axe-core look for what shuts people out: contrast, names, roles, order.

use std::path::PathBuf;

use super::driver::{Browser, scratch};

/// What `cargo xtask test` installs.
const VERSION: &str = "4.14.1";

/// The checker, to be run in a page.
pub(super) struct Checker {
    script: String,
}

impl Checker {
    pub(super) fn load() -> Self {
        let path = path();
        let script = std::fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!(
                "the page is checked by axe-core, and `{}` cannot be read ({error}): `cargo xtask test` \
                 installs it, or `npm install --no-save --prefix {} axe-core@{VERSION}`",
                path.display(),
                scratch().join(folder()).display(),
            )
        });
        Self { script }
    }

    /// Panics with what is wrong on the page as it is.
    pub(super) async fn check(&self, browser: &Browser, what: &str) {
        browser.run(&self.script).await;
        let found = browser
            .run_async(
                "const done = arguments[0];
                 axe.run(document, { resultTypes: ['violations'] }).then(
                   (found) => done({
                     passed: found.passes.length,
                     wrong: found.violations.map((rule) => `${rule.id}: ${rule.help}\\n` + rule.nodes.slice(0, 3)
                       .map((node) => `    ${node.html.slice(0, 200)}`).join('\\n')),
                   }),
                   (error) => done({ passed: 0, wrong: [String(error)] }))",
            )
            .await;
        let wrong: Vec<&str> = found["wrong"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|rule| rule.as_str())
            .collect();
        assert!(wrong.is_empty(), "{what} shuts people out:\n{}", wrong.join("\n"));
        assert!(
            found["passed"].as_u64() > Some(10),
            "{what}: the checker looked at hardly anything: {found}"
        );
    }
}

fn folder() -> String {
    format!("axe-core-{VERSION}")
}

fn path() -> PathBuf {
    scratch().join(folder()).join("node_modules/axe-core/axe.min.js")
}
