//! `cargo xtask tidy`: the rules of docs/architecture.md, each an absence that a tool can see.
//!
//! A rule lives in the module that can see it: [`blocking`] compares the facade's handles with
//! their blocking twins, [`layers`] reads the dependency graph, [`purity`] the sources of the
//! crates that do no I/O, [`manifests`] what every `Cargo.toml` has to say, [`links`] the addresses
//! in the documentation, [`rooms`] the folders of each crate, [`paths`] the files that the
//! architecture names, [`requirements`] the table of what SMART App Launch demands of clients.

mod blocking;
mod layers;
mod links;
mod manifests;
mod paths;
mod purity;
mod requirements;
mod rooms;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

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
    findings.extend(paths::check(root)?);
    findings.extend(requirements::check(root, &graph)?);
    findings.extend(blocking::check(root)?);
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
    println!("tidy: all rules hold");
    Ok(())
}
