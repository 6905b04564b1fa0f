//! Finds and reads the repository's files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::manifests::Manifest;

/// Every crate in `crates/`, with its folder's name.
pub(crate) fn crates() -> Vec<(String, Manifest)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("crates")).expect("crates/") {
        let folder = entry.expect("an entry of crates/").file_name();
        let folder = folder.into_string().expect("a folder's name is UTF-8");
        let manifest = Manifest::parse(&read(&format!("crates/{folder}/Cargo.toml")))
            .unwrap_or_else(|error| panic!("crates/{folder}/Cargo.toml: {error}"));
        found.push((folder, manifest));
    }
    assert!(!found.is_empty(), "crates/ is empty");
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// The text of a file, named from the root.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether there is such a file or folder, named from the root.
pub(crate) fn exists(path: &Path) -> bool {
    root().join(path).exists()
}

/// Files whose name ends so, named from the root with `/`; without hidden folders (but `.ci`), build
/// output and what fuzzing found.
pub(crate) fn files_ending(ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(root(), &mut found);
    let mut paths: Vec<String> = found
        .iter()
        .map(|path| path.strip_prefix(root()).expect("below the root"))
        .map(|path| path.to_string_lossy().replace('\\', "/"))
        .filter(|path| path.ends_with(ending))
        .collect();
    paths.sort();
    paths
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
        let entry = entry.expect("a folder's entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        // Links are not followed: they may leave the repository.
        let kind = entry.file_type().expect("an entry's type");
        let foreign = matches!(name.as_str(), "target" | "corpus" | "artifacts" | "node_modules")
            || (name.starts_with('.') && name != ".ci");
        if kind.is_dir() && !foreign {
            walk(&entry.path(), found);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the root")
}
