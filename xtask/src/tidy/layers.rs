//! Who may depend on whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{Finding, SANS_IO};

/// `dependent` must not reach `dependency` through normal dependencies, however long the way.
struct Absence {
    dependent: &'static str,
    dependency: &'static str,
    reason: &'static str,
}

const ABSENCES: &[Absence] = &[
    absence(
        "smart-oauth",
        "smart-rdf",
        "the three lower layers do not know each other",
    ),
    absence(
        "smart-oauth",
        "smart-transport",
        "the three lower layers do not know each other",
    ),
    absence(
        "smart-rdf",
        "smart-oauth",
        "the three lower layers do not know each other",
    ),
    absence(
        "smart-rdf",
        "smart-transport",
        "the three lower layers do not know each other",
    ),
    absence(
        "smart-transport",
        "smart-oauth",
        "the three lower layers do not know each other",
    ),
    absence(
        "smart-transport",
        "smart-rdf",
        "the three lower layers do not know each other",
    ),
    absence(
        "smart-sandbox",
        "smart-sdk",
        "client and container must not be able to agree on the same mistake",
    ),
    absence(
        "smart-sandbox",
        "smart-transport",
        "client and container must not be able to agree on the same mistake",
    ),
    absence(
        "smart-sdk",
        "smart-sandbox",
        "an app does not carry a container",
    ),
    absence(
        "smart-fhir",
        "smart-oauth",
        "whoever sends a request adds the token",
    ),
    absence(
        "smart-fhir",
        "smart-transport",
        "whoever has a request sends it",
    ),
    absence(
        "smart-fhir",
        "smart-api",
        "the two generations do not know each other",
    ),
    absence("smart-oauth", "oxigraph", "signing alone stays small"),
    absence(
        "smart-api",
        "oxigraph",
        "a store belongs to the container, not to the client",
    ),
    absence(
        "smart-sdk",
        "oxigraph",
        "a store belongs to the container, not to the client",
    ),
];

const fn absence(
    dependent: &'static str,
    dependency: &'static str,
    reason: &'static str,
) -> Absence {
    Absence {
        dependent,
        dependency,
        reason,
    }
}

/// Dependencies that are there for who asks for the feature of their name, and which no crate of
/// the workspace does: they count for nobody then. If one is asked for after all, it counts like
/// any other.
const OFFERED: &[(&str, &str)] = &[("smart-rdf", "oxigraph")];

/// The runtime and the sockets: nothing that does no I/O may reach them.
const IO_CRATES: &[&str] = &["hyper", "hyper-util", "tokio"];

/// What only the maintainer's commands may use.
const BUILD_TIME_ONLY: &[&str] = &["smart-api-gen"];
const BUILD_TIME_USERS: &[&str] = &["xtask"];

/// What nothing may use.
const TOP: &[&str] = &["smart-cli", "smart-test-support", "smart-tests", "xtask"];

/// Every rule of this module over one graph.
pub(super) fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in ABSENCES {
        findings.extend(graph.forbid(rule.dependent, rule.dependency, rule.reason));
    }
    for dependent in SANS_IO {
        for dependency in IO_CRATES {
            findings.extend(graph.forbid(dependent, dependency, "this crate does no I/O"));
        }
    }
    for member in graph
        .members()
        .filter(|member| !BUILD_TIME_USERS.contains(&member.name.as_str()))
    {
        for dependency in BUILD_TIME_ONLY.iter().chain(TOP) {
            if member.name != *dependency {
                findings.extend(graph.forbid(&member.name, dependency, "nothing depends on it"));
            }
        }
    }
    findings
}

/// The crates of the workspace and the normal dependencies of everything below them.
#[derive(Debug, Default)]
pub(super) struct Graph {
    members: Vec<Member>,
    dependencies: BTreeMap<String, BTreeSet<String>>,
}

/// One crate of the workspace.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) directory: PathBuf,
}

impl Graph {
    /// Asks cargo.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let output = Command::new("cargo")
            .args([
                "metadata",
                "--format-version",
                "1",
                "--all-features",
                "--locked",
            ])
            .current_dir(root)
            .output()
            .context("cargo could not be run")?;
        if !output.status.success() {
            bail!(
                "cargo metadata failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Self::from_metadata(&serde_json::from_slice(&output.stdout)?)
    }

    fn from_metadata(metadata: &Value) -> Result<Self> {
        let mut names = BTreeMap::new();
        let mut members = Vec::new();
        let ids: BTreeSet<&str> = list(&metadata["workspace_members"])
            .filter_map(Value::as_str)
            .collect();
        for package in list(&metadata["packages"]) {
            let (Some(id), Some(name), Some(manifest)) = (
                package["id"].as_str(),
                package["name"].as_str(),
                package["manifest_path"].as_str(),
            ) else {
                bail!("cargo metadata names a package without id, name or path");
            };
            names.insert(id, name);
            if ids.contains(id) {
                let directory = Path::new(manifest)
                    .parent()
                    .context("a manifest lies in a folder")?
                    .to_owned();
                members.push(Member {
                    name: name.to_owned(),
                    directory,
                });
            }
        }
        let mut graph = Self {
            members,
            dependencies: BTreeMap::new(),
        };
        let offered: Vec<_> = OFFERED
            .iter()
            .filter(|(package, feature)| !is_asked_for(metadata, package, feature))
            .collect();
        for node in list(&metadata["resolve"]["nodes"]) {
            let Some(from) = node["id"].as_str().and_then(|id| names.get(id)) else {
                continue;
            };
            for dependency in list(&node["deps"]) {
                let normal = list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null());
                let to = dependency["pkg"].as_str().and_then(|id| names.get(id));
                if let (true, Some(to)) = (normal, to)
                    && !offered.contains(&&(*from, *to))
                {
                    graph.add(from, to);
                }
            }
        }
        Ok(graph)
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.iter()
    }

    fn add(&mut self, from: &str, to: &str) {
        self.dependencies
            .entry(from.to_owned())
            .or_default()
            .insert(to.to_owned());
    }

    /// A finding if `dependent` reaches `dependency`, with the way it takes.
    fn forbid(&self, dependent: &str, dependency: &str, reason: &str) -> Option<Finding> {
        let way = self.way(dependent, dependency)?;
        Some(Finding {
            place: dependent.to_owned(),
            message: format!(
                "must not depend on {dependency} ({reason}), but does: {}",
                way.join(" -> ")
            ),
        })
    }

    /// The shortest way from one crate to another, both ends included.
    fn way(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut frontier = vec![from];
        while !frontier.is_empty() {
            let mut next = Vec::new();
            for node in frontier {
                for dependency in self.dependencies.get(node).into_iter().flatten() {
                    if dependency != from && !came_from.contains_key(dependency.as_str()) {
                        came_from.insert(dependency, node);
                        next.push(dependency.as_str());
                    }
                }
            }
            frontier = next;
        }
        let mut way = vec![to.to_owned()];
        let mut node = to;
        while let Some(previous) = came_from.get(node) {
            way.push((*previous).to_owned());
            node = previous;
        }
        way.reverse();
        (way.len() > 1).then_some(way)
    }
}

/// Whether a package has this feature on by itself, or some other package switches it on, always or
/// by a feature of its own.
fn is_asked_for(metadata: &Value, package: &str, feature: &str) -> bool {
    let forward = format!("{package}/{feature}");
    list(&metadata["packages"]).any(|other| {
        let depends = list(&other["dependencies"]).any(|dependency| {
            dependency["name"] == package
                && dependency["kind"] != "dev"
                && list(&dependency["features"]).any(|name| name == feature)
        });
        let features = other["features"].as_object();
        let forwards = features.into_iter().flatten().any(|(name, values)| {
            list(values).filter_map(Value::as_str).any(|value| {
                value.replace('?', "") == forward
                    || (other["name"] == package && name != feature && value == feature)
            })
        });
        depends || forwards
    })
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The layers as they should be, with one dependency added.
    fn broken_by(from: &str, to: &str) -> Vec<String> {
        let sound = [
            ("smart-cli", "smart-sdk"),
            ("smart-cli", "smart-sandbox"),
            ("smart-sdk", "smart-transport"),
            ("smart-sdk", "smart-oauth"),
            ("smart-sdk", "smart-api"),
            ("smart-api", "smart-rdf"),
            ("smart-sandbox", "smart-oauth"),
            ("smart-sandbox", "smart-api"),
            ("smart-sandbox", "hyper-util"),
            ("smart-transport", "hyper-util"),
            ("hyper-util", "tokio"),
            ("xtask", "smart-api-gen"),
            ("smart-api-gen", "smart-rdf"),
        ];
        let mut graph = Graph::default();
        for (from, to) in sound.into_iter().chain([(from, to)]) {
            graph.add(from, to);
        }
        let names: BTreeSet<_> = sound.iter().flat_map(|(from, to)| [*from, *to]).collect();
        graph.members = names
            .into_iter()
            .filter(|name| name.starts_with("smart") || *name == "xtask")
            .map(|name| Member {
                name: name.to_owned(),
                directory: PathBuf::new(),
            })
            .collect();
        check(&graph).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn sound_layers_have_no_findings() {
        assert_eq!(broken_by("smart-sdk", "smart-rdf"), [""; 0]);
    }

    #[test]
    fn each_broken_rule_is_found_and_names_the_way() {
        let cases = [
            (
                "smart-oauth",
                "smart-rdf",
                "smart-oauth: must not depend on smart-rdf",
            ),
            (
                "smart-transport",
                "smart-oauth",
                "smart-transport: must not depend on smart-oauth",
            ),
            (
                "smart-rdf",
                "hyper-util",
                "smart-api -> smart-rdf -> hyper-util -> tokio",
            ),
            (
                "smart-api",
                "tokio",
                "smart-api: must not depend on tokio (this crate does no I/O)",
            ),
            (
                "smart-sandbox",
                "smart-sdk",
                "smart-sandbox: must not depend on smart-sdk (client and container",
            ),
            (
                "smart-sdk",
                "smart-api-gen",
                "smart-sdk: must not depend on smart-api-gen (nothing depends on it)",
            ),
            (
                "smart-sandbox",
                "smart-cli",
                "smart-sandbox: must not depend on smart-cli",
            ),
            (
                "smart-sdk",
                "oxigraph",
                "smart-sdk: must not depend on oxigraph",
            ),
        ];
        for (from, to, expected) in cases {
            let findings = broken_by(from, to);
            assert!(
                findings.iter().any(|finding| finding.contains(expected)),
                "{from} -> {to}: expected {expected:?} among {findings:#?}"
            );
        }
    }

    #[test]
    fn an_offered_dependency_counts_when_it_is_asked_for() {
        let package = |id: &str, dependencies: Value, features: Value| {
            serde_json::json!({
                "id": id, "name": id, "manifest_path": format!("/w/{id}/Cargo.toml"),
                "dependencies": dependencies, "features": features,
            })
        };
        let findings = |asked: Value, forwards: Value, default: Value| {
            let normal = serde_json::json!([{"kind": null}]);
            let edge = |to: &str| serde_json::json!([{"pkg": to, "dep_kinds": normal}]);
            let metadata = serde_json::json!({
                "workspace_members": ["smart-sdk", "smart-rdf"],
                "packages": [
                    package("smart-sdk", serde_json::json!([{"name": "smart-rdf", "kind": null, "features": asked}]), serde_json::json!({"store": forwards})),
                    package("smart-rdf", serde_json::json!([]), serde_json::json!({"oxigraph": ["dep:oxigraph"], "default": default})),
                    package("oxigraph", serde_json::json!([]), serde_json::json!({})),
                ],
                "resolve": {"nodes": [
                    {"id": "smart-sdk", "deps": edge("smart-rdf")},
                    {"id": "smart-rdf", "deps": edge("oxigraph")},
                ]},
            });
            check(&Graph::from_metadata(&metadata).unwrap()).len()
        };
        let (nothing, on) = (|| serde_json::json!([]), || serde_json::json!(["oxigraph"]));
        assert_eq!(findings(nothing(), nothing(), nothing()), 0);
        assert_eq!(findings(on(), nothing(), nothing()), 1);
        assert_eq!(
            findings(
                nothing(),
                serde_json::json!(["smart-rdf/oxigraph"]),
                nothing()
            ),
            1
        );
        assert_eq!(findings(nothing(), nothing(), on()), 1);
    }

    #[test]
    fn development_dependencies_do_not_count() {
        let package = |id: &str| serde_json::json!({"id": id, "name": id, "manifest_path": format!("/w/{id}/Cargo.toml")});
        let metadata = |kind: Value| {
            serde_json::json!({
                "workspace_members": ["smart-oauth"],
                "packages": [package("smart-oauth"), package("tokio")],
                "resolve": {"nodes": [
                    {"id": "smart-oauth", "deps": [{"pkg": "tokio", "dep_kinds": [{"kind": kind}]}]},
                    {"id": "tokio", "deps": []},
                ]},
            })
        };
        let findings = |kind| check(&Graph::from_metadata(&metadata(kind)).unwrap()).len();
        assert_eq!(findings(Value::from("dev")), 0);
        assert_eq!(findings(Value::Null), 1);
    }
}
