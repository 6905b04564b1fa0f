//! What every `Cargo.toml` of the workspace must say.

use toml::{Table, Value};

/// A parsed `Cargo.toml`.
#[derive(Clone)]
pub(crate) struct Manifest(Table);

/// One entry of a dependency table.
pub(crate) struct Dependency<'a> {
    /// The package's own name, also where the entry renames it.
    pub(crate) package: &'a str,
    pub(crate) is_optional: bool,
    entry: &'a Value,
}

impl Manifest {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error: toml::de::Error| error.to_string())
    }

    pub(crate) fn name(&self) -> &str {
        self.at("package", "name").and_then(Value::as_str).unwrap_or("")
    }

    /// The entries of a table such as `dev-dependencies`, those for single platforms included.
    pub(crate) fn dependencies(&self, table: &str) -> Vec<Dependency<'_>> {
        let of_platforms = self.0.get("target").and_then(Value::as_table).into_iter();
        let of_platforms = of_platforms.flat_map(|targets| targets.values());
        let tables = std::iter::once(self.0.get(table))
            .chain(of_platforms.map(|target| target.get(table)))
            .filter_map(|table| table.and_then(Value::as_table));
        tables.flatten().map(|(name, entry)| Dependency::new(name, entry)).collect()
    }

    fn at(&self, table: &str, key: &str) -> Option<&Value> {
        self.0.get(table)?.get(key)
    }
}

impl<'a> Dependency<'a> {
    fn new(name: &'a str, entry: &'a Value) -> Self {
        Self {
            package: entry.get("package").and_then(Value::as_str).unwrap_or(name),
            is_optional: entry.get("optional").and_then(Value::as_bool) == Some(true),
            entry,
        }
    }
}

/// Whether a package is one of this project's.
pub(crate) fn is_ours(package: &str) -> bool {
    package == "mainspring" || package.starts_with("mainspring-")
}

/// A member inherits what all members share, is called as its folder is, and has no
/// dev-dependency that would have to be published first.
pub(crate) fn check_crate(folder: &str, manifest: &Manifest) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut complain = |what: String| complaints.push(format!("{folder}/Cargo.toml: {what}"));

    if manifest.name() != folder {
        complain(format!("the folder and the package `{}` differ in name", manifest.name()));
    }
    for key in ["version", "edition", "rust-version", "license"] {
        let value = manifest.at("package", key).and_then(|value| value.get("workspace"));
        if value != Some(&Value::Boolean(true)) {
            complain(format!("`{key}` is not the workspace's: write `{key}.workspace = true`"));
        }
    }
    if manifest.at("lints", "workspace") != Some(&Value::Boolean(true)) {
        complain("the workspace's lints are not on: `[lints]` `workspace = true`".to_owned());
    }
    // A version, or the workspace's entry, which has one, would make publishing go in a circle.
    for dependency in manifest.dependencies("dev-dependencies") {
        let entry = dependency.entry;
        let bare = entry.get("path").is_some() && entry.get("version").is_none();
        if is_ours(dependency.package) && !bare {
            complain(format!(
                "the dev-dependency `{}` needs a path and no version",
                dependency.package
            ));
        }
    }
    complaints
}

/// All crates have one version, and the workspace's own entries name it.
pub(crate) fn check_workspace(root: &Manifest) -> Vec<String> {
    let workspace = root.0.get("workspace");
    let version = workspace.and_then(|table| table.get("package")?.get("version")?.as_str());
    let Some(version) = version else {
        return vec!["Cargo.toml: `workspace.package.version` is missing".to_owned()];
    };
    let entries = workspace.and_then(|table| table.get("dependencies")?.as_table());
    entries
        .into_iter()
        .flatten()
        .filter(|(name, entry)| {
            is_ours(name) && entry.get("version").and_then(Value::as_str) != Some(version)
        })
        .map(|(name, _)| format!("Cargo.toml: `{name}` is not at the one version, {version}"))
        .collect()
}

const GOOD: &str = r#"
    [package]
    name = "mainspring-job"
    version.workspace = true
    edition.workspace = true
    rust-version.workspace = true
    license.workspace = true
    [lints]
    workspace = true
    [dependencies]
    mainspring-schedule = { workspace = true }
    [dev-dependencies]
    mainspring-clock = { path = "../mainspring-clock" }
"#;

#[track_caller]
fn check(folder: &str, from: &str, to: &str, complaint: &str) {
    assert!(from.is_empty() || GOOD.contains(from), "`{from}` is not in the sample");
    let manifest = Manifest::parse(&GOOD.replace(from, to)).expect("the sample parses");
    let complaints = check_crate(folder, &manifest);
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].contains(complaint), "{complaints:?}");
}

#[test]
fn a_good_manifest_passes() {
    let manifest = Manifest::parse(GOOD).expect("the sample parses");
    assert_eq!(check_crate("mainspring-job", &manifest), Vec::<String>::new());
}

#[test]
fn wrong_manifests_are_found() {
    let folder = "mainspring-job";
    check("job", "", "", "differ in name");
    check(
        folder,
        "version.workspace = true\n    edition",
        "version = '1.0.0'\n    edition",
        "`version`",
    );
    check(folder, "edition.workspace = true", "edition = '2024'", "`edition`");
    check(folder, "rust-version.workspace = true", "", "`rust-version`");
    check(folder, "license.workspace = true", "", "`license`");
    check(folder, "[lints]\n    workspace = true", "", "lints");
    check(folder, "{ path = \"../mainspring-clock\" }", "{ workspace = true }", "mainspring-clock");
    check(
        folder,
        "{ path = \"../mainspring-clock\" }",
        "{ path = \"../mainspring-clock\", version = '0.1.0' }",
        "mainspring-clock",
    );
}

#[test]
fn a_second_version_is_found() {
    let manifest = |version: &str| {
        Manifest::parse(&format!(
            "[workspace.package]\nversion = '0.2.0'\n[workspace.dependencies]\n\
             mainspring-job = {{ path = 'crates/mainspring-job', version = '{version}' }}\n\
             jiff = '0.2'"
        ))
        .expect("the sample parses")
    };
    assert_eq!(check_workspace(&manifest("0.2.0")), Vec::<String>::new());
    assert_eq!(check_workspace(&manifest("0.1.0")).len(), 1);
}
