//! `cargo xtask ci [STAGE…]`: what CI runs, stage by stage, so that a contributor can run the same.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

/// One stage: its name and the cargo commands that it consists of.
struct Stage {
    name: &'static str,
    commands: &'static [&'static str],
    /// Set for these commands, as `NAME=VALUE`.
    environment: Option<(&'static str, &'static str)>,
}

const STAGES: &[Stage] = &[
    stage("fmt", &["fmt --all --check"], None),
    stage("codegen", &["xtask codegen --check"], None),
    stage(
        "lint",
        &[
            "clippy --workspace --all-targets --locked -- --deny warnings",
            // the features that nothing in the workspace switches on
            "clippy -p smart-fhir --all-features --all-targets --locked -- --deny warnings",
            "clippy -p smart-oauth --all-features --all-targets --locked -- --deny warnings",
        ],
        None,
    ),
    stage("tidy", &["xtask tidy"], None),
    stage("words", &["xtask words"], None),
    stage(
        "test",
        &[
            "test --workspace --locked",
            "test -p smart-fhir --all-features --locked",
            "test -p smart-oauth --all-features --locked",
        ],
        None,
    ),
    stage(
        "features",
        &[
            "clippy --package smart-oauth --features rsa-sha1 --all-targets --locked -- --deny warnings",
            "test --package smart-oauth --features rsa-sha1 --locked",
            "clippy --package smart-sdk --all-targets --locked -- --deny warnings",
            "clippy --package smart-sdk --features jwt,keychain --all-targets --locked -- --deny warnings",
            "test --package smart-sdk --features jwt,keychain --locked",
        ],
        None,
    ),
    stage(
        "doc",
        &["doc --workspace --no-deps --locked"],
        Some(("RUSTDOCFLAGS", "--deny warnings")),
    ),
    // of what a change touches; without a base revision there is none, and nothing is done
    stage("mutants", &["xtask mutants --in-diff"], None),
    stage("demo", &["run --release --locked --quiet -- demo"], None),
];

const fn stage(
    name: &'static str,
    commands: &'static [&'static str],
    environment: Option<(&'static str, &'static str)>,
) -> Stage {
    Stage {
        name,
        commands,
        environment,
    }
}

/// Runs the stages of these names in the order given, or all of them; the first failure ends the
/// run.
pub(crate) fn run(root: &Path, names: &[String]) -> Result<()> {
    for stage in chosen(names)? {
        let started = Instant::now();
        for command in stage.commands {
            println!("ci {}: cargo {command}", stage.name);
            let mut cargo = Command::new("cargo");
            cargo
                .args(command.split(' '))
                .current_dir(root)
                .envs(stage.environment);
            let status = cargo.status().context("cargo could not be run")?;
            if !status.success() {
                bail!("stage {} failed: cargo {command}", stage.name);
            }
        }
        println!(
            "ci {}: passed in {:.0} s",
            stage.name,
            started.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

fn chosen(names: &[String]) -> Result<Vec<&'static Stage>> {
    if names.is_empty() {
        return Ok(STAGES.iter().collect());
    }
    let find = |name: &String| {
        STAGES
            .iter()
            .find(|stage| stage.name == name)
            .with_context(|| {
                let known: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
                let hint = match nearest(name, &known) {
                    Some(near) => format!("; did you mean {near}?"),
                    None => String::new(),
                };
                format!(
                    "{name} is not a stage; there are {}{hint}",
                    known.join(", ")
                )
            })
    };
    names.iter().map(find).collect()
}

/// The name that is most like this one, unless none is like it.
fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    const NEAR: f64 = 0.85;
    let likeness = |known: &&'static str| (strsim::jaro_winkler(name, known), *known);
    let near = known.iter().map(likeness).filter(|(like, _)| *like > NEAR);
    let nearest = near.max_by(|(left, _), (right, _)| left.total_cmp(right));
    nearest.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::chosen;

    #[test]
    fn stages_run_in_the_order_given() {
        let names = |stages: &[&str]| {
            let stages: Vec<_> = stages.iter().map(ToString::to_string).collect();
            chosen(&stages).map(|stages| stages.iter().map(|stage| stage.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&["test", "fmt"]).unwrap(), ["test", "fmt"]);
        assert_eq!(names(&[]).unwrap().first(), Some(&"fmt"));
        let error = names(&["tests"]).unwrap_err().to_string();
        assert!(
            error.starts_with("tests is not a stage; there are fmt, "),
            "{error}"
        );
        assert!(error.ends_with("; did you mean test?"), "{error}");
        let error = names(&["xyz"]).unwrap_err().to_string();
        assert!(error.ends_with(", demo"), "{error}");
    }
}
