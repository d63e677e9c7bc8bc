//! `cargo xtask ci [STAGE…]`: what CI runs, stage by stage, so that a contributor can run the same.

mod needs;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use needs::Need;

/// One stage: its name, what it requires, and the cargo commands that it consists of.
struct Stage {
    name: &'static str,
    needs: &'static [Need],
    commands: &'static [&'static str],
    /// Set for these commands, as `(NAME, VALUE)`.
    environment: &'static [(&'static str, &'static str)],
}

/// The `rust-version` of the workspace.
const MSRV: &str = "1.88";

const STAGES: &[Stage] = &[
    stage("fmt", &["fmt --all --check"]),
    stage("codegen", &["xtask codegen --check"]),
    stage(
        "lint",
        &[
            "clippy --workspace --all-targets --locked -- --deny warnings",
            // the features that nothing in the workspace switches on
            "clippy -p smart-fhir --all-features --all-targets --locked -- --deny warnings",
            "clippy -p smart-oauth --all-features --all-targets --locked -- --deny warnings",
        ],
    ),
    stage("tidy", &["xtask tidy"]),
    stage("words", &["xtask words"]),
    stage(
        "test",
        &[
            "test --workspace --locked",
            "test -p smart-fhir --all-features --locked",
            "test -p smart-oauth --all-features --locked",
        ],
    ),
    stage(
        "features",
        &[
            "clippy --package smart-sdk --features blocking,jwt,keychain --all-targets --locked -- --deny warnings",
            "test --package smart-oauth --features rsa-sha1 --locked",
            "test --package smart-sdk --features blocking,jwt,keychain --locked",
        ],
    ),
    // what takes the place of something else
    stage(
        "alternatives",
        &[
            "test --package smart-rdf --features oxigraph --locked",
            "test --package smart-transport --no-default-features --features ring,brotli,zstd --locked",
        ],
    ),
    Stage {
        needs: &[Need::Program("cargo-hack")],
        ..stage(
            "powerset",
            &[
                "hack clippy --package smart-fhir --package smart-oauth --package smart-rdf --feature-powerset --locked -- --deny warnings",
                // each feature of these alone and with each other one; `tls` comes with a provider
                "hack clippy --package smart-transport --feature-powerset --depth 2 --exclude-features tls --group-features brotli,zstd --locked -- --deny warnings",
                "hack clippy --package smart-sdk --feature-powerset --depth 2 --at-least-one-of classic,fhir --group-features brotli,zstd --group-features http2,platform-verifier --locked -- --deny warnings",
            ],
        )
    },
    Stage {
        environment: &[("RUSTDOCFLAGS", "--deny warnings")],
        ..stage("doc", &["doc --workspace --no-deps --locked"])
    },
    Stage {
        needs: &[Need::Program("cargo-deny")],
        ..stage(
            "deny",
            &["deny --workspace --locked check --hide-inclusion-graph bans licenses sources"],
        )
    },
    Stage {
        needs: &[Need::Program("cargo-deny"), Need::Advisories],
        ..stage(
            "advisories",
            &["deny --workspace --locked check --disable-fetch advisories"],
        )
    },
    Stage {
        needs: &[Need::Toolchain(MSRV)],
        ..stage("msrv", &["+1.88 check --workspace --all-features --locked"])
    },
    Stage {
        // unstable flags of the stable toolchain; a lock file beside the committed one
        environment: &[
            ("RUSTC_BOOTSTRAP", "1"),
            ("CARGO_TARGET_DIR", "target/minimal-versions"),
            (
                "CARGO_RESOLVER_LOCKFILE_PATH",
                "target/minimal-versions/Cargo.lock",
            ),
        ],
        ..stage(
            "minimal-versions",
            &[
                "generate-lockfile -Z direct-minimal-versions -Z lockfile-path",
                "check --workspace --all-features --locked -Z lockfile-path",
            ],
        )
    },
    Stage {
        needs: &[Need::Target("wasm32-unknown-unknown")],
        // names of blank nodes come from getrandom, whose source only an application can choose on
        // this target: here it is one that fails when it is called
        environment: &[(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
            "--cfg getrandom_backend=\"unsupported\"",
        )],
        ..stage(
            "wasm",
            &[
                "check --target wasm32-unknown-unknown --locked --package smart-api --package smart-fhir --package smart-oauth --package smart-patients --package smart-rdf",
            ],
        )
    },
    Stage {
        needs: &[
            Need::Target("x86_64-pc-windows-gnu"),
            Need::Program("x86_64-w64-mingw32-gcc"),
        ],
        ..stage(
            "windows",
            &["build --target x86_64-pc-windows-gnu --locked --package smart-cli"],
        )
    },
    stage(
        "package",
        &["package --workspace --no-verify --allow-dirty --locked"],
    ),
    Stage {
        // reads an unstable format; moves together with the version of the crate `public-api`
        needs: &[Need::Rust("1.95")],
        ..stage("public-api", &["xtask public-api"])
    },
    // of what a change touches; without a base revision there is none, and nothing is done
    stage("mutants", &["xtask mutants --in-diff"]),
    stage("demo", &["run --release --locked --quiet -- demo"]),
];

const fn stage(name: &'static str, commands: &'static [&'static str]) -> Stage {
    Stage {
        name,
        needs: &[],
        commands,
        environment: &[],
    }
}

/// Runs the stages of these names in the order given, or all of them; the first failure ends the
/// run.
///
/// A stage is skipped if this machine lacks what it needs. The run says so at the stage and again
/// at its end.
pub(crate) fn run(root: &Path, names: &[String]) -> Result<()> {
    let mut skipped = Vec::new();
    for stage in chosen(names)? {
        if let Some(reason) = stage.needs.iter().find_map(|need| need.missing()) {
            println!("ci {}: skipped, because {reason}", stage.name);
            skipped.push(stage.name);
            continue;
        }
        let started = Instant::now();
        for command in stage.commands {
            println!("ci {}: cargo {command}", stage.name);
            let status = cargo(command)
                .current_dir(root)
                .envs(stage.environment.iter().copied())
                .status()
                .context("cargo could not be run")?;
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
    if !skipped.is_empty() {
        println!(
            "ci: skipped and therefore not proven: {}",
            skipped.join(", ")
        );
    }
    Ok(())
}

/// The process for a command; `+VERSION` in front chooses a toolchain.
fn cargo(command: &str) -> Command {
    let mut words = command.split(' ').peekable();
    let mut cargo = match words.next_if(|word| word.starts_with('+')) {
        // the path of this process leads to the cargo of one toolchain, which has no `+`
        Some(toolchain) => {
            let mut rustup = Command::new("rustup");
            rustup.args(["run", toolchain.trim_start_matches('+'), "cargo"]);
            rustup
        }
        None => Command::new("cargo"),
    };
    cargo.args(words);
    cargo
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
    use super::{MSRV, STAGES, chosen};

    #[test]
    fn the_oldest_rust_is_that_of_the_workspace() {
        let manifest = include_str!("../../Cargo.toml");
        assert!(manifest.contains(&format!("\nrust-version = \"{MSRV}\"\n")));
        let msrv = STAGES.iter().find(|stage| stage.name == "msrv").unwrap();
        assert!(msrv.commands[0].starts_with(&format!("+{MSRV} ")));
    }

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
