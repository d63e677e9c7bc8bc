//! `cargo xtask tidy`: the rules of docs/architecture.md, each an absence that a tool can see.
//!
//! A rule lives in the module that can see it: [`layers`] reads the dependency graph, [`purity`]
//! the sources of the crates that do no I/O, [`manifests`] what every `Cargo.toml` has to say,
//! [`links`] the addresses in the documentation, [`rooms`] the folders of each crate,
//! [`requirements`] the table of what SMART App Launch demands of clients.

mod layers;
mod links;
mod manifests;
mod purity;
mod requirements;
mod rooms;

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// The crates that do no I/O: no sockets, clock, randomness, files or environment.
const SANS_IO: &[&str] = &[
    "smart-api",
    "smart-fhir",
    "smart-oauth",
    "smart-patients",
    "smart-rdf",
];

/// One broken rule: where, and what to do about it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    place: String,
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Runs every rule over the workspace at `root` and fails with the whole list of findings.
///
/// With `write`, first brings docs/conformance.md up to date with the table that it shows.
pub(crate) fn run(root: &Path, write: bool) -> Result<()> {
    if write {
        requirements::write(root)?;
    }
    let graph = layers::Graph::read(root)?;
    let mut findings = layers::check(&graph);
    findings.extend(requirements::check(root, &graph)?);
    for member in graph.members() {
        findings.extend(manifests::check(root, member)?);
        findings.extend(links::check(root, member)?);
        findings.extend(rooms::check(root, member)?);
        if SANS_IO.contains(&member.name.as_str()) {
            findings.extend(purity::check(root, member)?);
        }
    }
    findings.sort();
    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} rule(s) of docs/architecture.md broken", findings.len());
    }
    build_for_wasm(root, &graph)
}

/// Builds the crates without I/O for a target that has none, where the toolchain has that target.
///
/// The RDF family draws names of blank nodes from `getrandom`, whose source on this target only an
/// application can choose: here it is one that fails when called.
fn build_for_wasm(root: &Path, graph: &layers::Graph) -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let libraries = std::process::Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .context("rustc could not be run")?;
    let installed = Path::new(String::from_utf8_lossy(&libraries.stdout).trim()).is_dir();
    if !installed {
        println!("tidy: all rules hold ({TARGET} is not installed: not built for it)");
        return Ok(());
    }
    for member in graph
        .members()
        .filter(|member| SANS_IO.contains(&member.name.as_str()))
    {
        let status = std::process::Command::new("cargo")
            .args([
                "check",
                "--quiet",
                "--target",
                TARGET,
                "--package",
                &member.name,
            ])
            .env(
                "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
                "--cfg getrandom_backend=\"unsupported\"",
            )
            .current_dir(root)
            .status()
            .context("cargo could not be run")?;
        if !status.success() {
            bail!("{} does not build for {TARGET}", member.name);
        }
    }
    println!("tidy: all rules hold, {TARGET} included");
    Ok(())
}
