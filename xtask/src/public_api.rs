//! `cargo xtask public-api`: the public items of each library, one a line, in specs/public-api.
//!
//! A change of a public item shows up in review as a change of that file. The list comes from
//! rustdoc's JSON, an unstable format of the stable toolchain: another release of Rust may need
//! another version of the `public-api` crate.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

const LIBRARIES: &[Library] = &[
    library("smart-api", "smart_api"),
    library("smart-fhir", "smart_fhir"),
    library("smart-oauth", "smart_oauth"),
    library("smart-patients", "smart_patients"),
    library("smart-rdf", "smart_rdf"),
    library("smart-sandbox", "smart_sandbox"),
    library("smart-sdk", "smart"),
    library("smart-test-support", "smart_test_support"),
    library("smart-transport", "smart_transport"),
];

struct Library {
    package: &'static str,
    name: &'static str,
}

const fn library(package: &'static str, name: &'static str) -> Library {
    Library { package, name }
}

/// Compares each library with its file, or writes the files.
pub(crate) fn run(root: &Path, write: bool) -> Result<()> {
    let folder = root.join("specs/public-api");
    if write {
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let mut changed = Vec::new();
    for library in LIBRARIES {
        let items = items(&rustdoc_json(root, library)?)?;
        let path = folder.join(format!("{}.txt", library.package));
        if write {
            std::fs::write(&path, &items)
                .with_context(|| format!("{} cannot be written", path.display()))?;
            continue;
        }
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        let differences = differences(&known, &items);
        for difference in &differences {
            eprintln!("{}: {difference}", library.package);
        }
        if !differences.is_empty() {
            changed.push(library.package);
        }
    }
    if !changed.is_empty() {
        bail!(
            "public items changed in {}; if this is intended, run `cargo xtask public-api --write`",
            changed.join(", ")
        );
    }
    Ok(())
}

/// Has rustdoc describe a library with all of its features, and returns the file.
fn rustdoc_json(root: &Path, library: &Library) -> Result<PathBuf> {
    // a folder of its own: build scripts look at RUSTC_BOOTSTRAP, and would run again in the other
    let target = root.join("target/public-api");
    let status = Command::new("cargo")
        .args(["rustdoc", "--quiet", "--locked", "--lib", "--all-features"])
        .args(["--package", library.package])
        .args(["--", "-Z", "unstable-options", "--output-format", "json"])
        .args(["--cap-lints", "allow"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", &target)
        .current_dir(root)
        .status()
        .context("cargo could not be run")?;
    if !status.success() {
        bail!("rustdoc failed for {}", library.package);
    }
    Ok(target.join(format!("doc/{}.json", library.name)))
}

/// One public item a line, without the implementations that every type has.
fn items(json: &Path) -> Result<String> {
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .with_context(|| format!("{} cannot be read", json.display()))?;
    Ok(api.items().map(|item| format!("{item}\n")).collect())
}

/// The lines that only one of both has, marked as in a diff.
fn differences(known: &str, items: &str) -> Vec<String> {
    let only = |lines: &str, others: &str, mark: char| {
        let others: std::collections::HashSet<_> = others.lines().collect();
        let lines = lines.lines().filter(|line| !others.contains(line));
        lines
            .map(|line| format!("{mark} {line}"))
            .collect::<Vec<_>>()
    };
    let mut differences = only(known, items, '-');
    differences.extend(only(items, known, '+'));
    differences
}

#[cfg(test)]
mod tests {
    use super::differences;

    #[test]
    fn what_is_gone_and_what_is_new_are_told_apart() {
        assert_eq!(
            differences("pub fn a()\npub fn b()\n", "pub fn b()\npub fn c()\n"),
            ["- pub fn a()", "+ pub fn c()"]
        );
        assert_eq!(differences("pub fn a()\n", "pub fn a()\n"), [""; 0]);
    }
}
