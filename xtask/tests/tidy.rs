//! Rules of the house that no compiler checks: layers, manifests, sources.
//!
//! Each rule is a function from text to complaints, tested on wrong samples beside it; here it is
//! asked about the real files. A complaint names its file.

#[path = "tidy/arrows.rs"]
mod arrows;
#[path = "tidy/links.rs"]
mod links;
#[path = "tidy/manifests.rs"]
mod manifests;
#[path = "tidy/sources.rs"]
mod sources;
#[path = "tidy/tree.rs"]
mod tree;

use manifests::Manifest;

#[track_caller]
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn crates_depend_on_what_the_architecture_says() {
    let told = arrows::block_of(&tree::read("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let built: Vec<_> = tree::crates().iter().map(|(_, manifest)| manifest.clone()).collect();
    assert_none(&arrows::compare(&told, &built));
    assert_none(&arrows::forbidden(&told));
}

#[test]
fn manifests_inherit_from_the_workspace() {
    let mut complaints = Vec::new();
    for (folder, manifest) in tree::crates() {
        complaints.extend(manifests::check_crate(&folder, &manifest));
    }
    let xtask = Manifest::parse(&tree::read("xtask/Cargo.toml")).expect("xtask/Cargo.toml");
    complaints.extend(manifests::check_crate("xtask", &xtask));
    assert_none(&complaints);
}

#[test]
fn workspace_versions_agree() {
    let root = Manifest::parse(&tree::read("Cargo.toml")).expect("Cargo.toml");
    assert_none(&manifests::check_workspace(&root));
}

#[test]
fn rust_sources_are_tidy() {
    let files = tree::files_ending(".rs");
    assert!(files.len() > 10, "only {} Rust files were found", files.len());
    let complaints: Vec<_> =
        files.iter().flat_map(|path| sources::check_rust(path, &tree::read(path))).collect();
    assert_none(&complaints);
}

#[test]
fn links_lead_somewhere() {
    let files = tree::files_ending(".md");
    assert!(files.len() > 5, "only {} texts were found", files.len());
    let complaints: Vec<_> =
        files.iter().flat_map(|path| links::check(path, &tree::read(path), tree::exists)).collect();
    assert_none(&complaints);
}

#[test]
fn texts_name_no_registry() {
    let mut complaints = Vec::new();
    for ending in [".rs", ".md", ".toml", ".yml", ".yaml", ".sh", "run", "crontab", "Dockerfile"] {
        for path in tree::files_ending(ending) {
            complaints.extend(sources::check_hosts(&path, &tree::read(&path)));
        }
    }
    for path in tree::files_ending("Cargo.lock") {
        complaints.extend(sources::check_lock(&path, &tree::read(&path)));
    }
    assert_none(&complaints);
}
