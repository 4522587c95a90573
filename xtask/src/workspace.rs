//! What cargo knows of the workspace, as far as the tasks ask.

use std::path::PathBuf;

use serde_json::Value;

use crate::{
    command::{cargo, read},
    failure::Failure,
};

/// The packages of the workspace, and where it builds.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
}

/// One package.
#[derive(Clone, Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Names of what it depends on, as a normal or build dependency, optional or not.
    pub(crate) dependencies: Vec<String>,
    pub(crate) targets: Vec<Target>,
    /// Whether it may go to a registry.
    pub(crate) is_published: bool,
}

/// One target of a package.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// `lib`, `bin`, `example`, `test`, `bench`, ...
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) required_features: Vec<String>,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// When cargo cannot read the manifests.
    pub(crate) fn load() -> Result<Self, Failure> {
        let metadata = read(cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
        Ok(Self::from_metadata(&serde_json::from_str(&metadata)?))
    }

    fn from_metadata(metadata: &Value) -> Self {
        Self {
            packages: items(metadata, "packages").map(Package::from_metadata).collect(),
            target_directory: text(metadata, "target_directory").into(),
        }
    }

    /// The package called `name`.
    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// Names of the targets of `kind`, each once, in order.
    pub(crate) fn targets<'a>(&'a self, kind: &'a str) -> Vec<&'a str> {
        let mut names: Vec<&str> = self
            .packages
            .iter()
            .flat_map(|package| package.targets(kind))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl Package {
    fn from_metadata(package: &Value) -> Self {
        Self {
            name: text(package, "name"),
            dependencies: items(package, "dependencies")
                .filter(|dependency| text(dependency, "kind") != "dev")
                .map(|dependency| text(dependency, "name"))
                .collect(),
            targets: items(package, "targets").map(Target::from_metadata).collect(),
            // An empty list is `publish = false`.
            is_published: package.get("publish").and_then(Value::as_array).is_none(),
        }
    }

    /// Names of its targets of `kind`.
    pub(crate) fn targets<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.targets
            .iter()
            .filter(move |target| target.kind == kind)
            .map(|target| target.name.as_str())
    }
}

impl Target {
    fn from_metadata(target: &Value) -> Self {
        Self {
            kind: items(target, "kind")
                .next()
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            name: text(target, "name"),
            required_features: items(target, "required-features")
                .filter_map(|feature| feature.as_str().map(str::to_owned))
                .collect(),
        }
    }
}

/// The members of the array `key`.
fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// The string `key`, empty when it is null or absent.
fn text(value: &Value, key: &str) -> String {
    value
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dev_dependencies_are_no_arrows() {
        let metadata = serde_json::json!({
            "target_directory": "/t",
            "packages": [{
                "name": "one",
                "dependencies": [
                    {"name": "normal", "kind": null},
                    {"name": "build", "kind": "build"},
                    {"name": "dev", "kind": "dev"},
                ],
                "targets": [{"kind": ["test"], "name": "lab", "required-features": ["lab"]}],
            }],
        });
        let workspace = Workspace::from_metadata(&metadata);
        let package = workspace.package("one").unwrap();
        assert!(package.is_published);
        assert_eq!(package.dependencies, ["normal", "build"]);
        assert_eq!(workspace.targets("test"), ["lab"]);
        assert_eq!(package.targets[0].required_features, ["lab"]);
    }
}
