//! `cargo xtask mutants`: changes the files that decide about trust or loss, one small change at a
//! time, and sees whether a test fails. Every change that no test notices is an error, unless
//! `mutants/equivalent.tsv` says why it changes nothing.
//!
//! The work is done by cargo-mutants.

mod equivalent;
mod report;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use equivalent::Equivalents;
use report::{Mutant, Report};

/// What to run.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Arguments {
    /// Only what differs from this revision; without a value, from that in BASE_REVISION, or
    /// nothing at all if it is unknown
    #[arg(long, value_name = "REVISION", num_args = 0..=1, default_missing_value = "")]
    in_diff: Option<String>,
    /// Only this part of the mutants, such as 1/4
    #[arg(long, value_name = "K/N")]
    shard: Option<String>,
    /// Only these files, which must be among those that are tested
    #[arg(long = "file", value_name = "PATH")]
    files: Vec<String>,
}

/// The variable in which a CI names the revision that a change is based on.
const BASE: &str = "BASE_REVISION";

/// The files of one package, as patterns below `src`, and how to test it.
struct Target {
    package: &'static str,
    /// Below `crates`.
    folder: &'static str,
    features: &'static str,
    files: &'static [&'static str],
}

const TARGETS: &[Target] = &[
    Target {
        package: "smart-oauth",
        folder: "smart-oauth",
        features: "rsa-sha1,jwt",
        files: &[
            "oauth1/base_string.rs",
            "oauth1/dialect.rs",
            "oauth1/header.rs",
            "oauth2/authorization.rs",
            "oauth2/authorization/callback.rs",
            "oauth2/jwt/**/*.rs",
            "oauth2/token.rs",
            "oauth2/token/**/*.rs",
            "oauth1/parameters.rs",
            "oauth1/verify.rs",
            "oauth1/verify/freshness.rs",
        ],
    },
    Target {
        package: "smart-rdf",
        folder: "smart-rdf",
        features: "",
        files: &["guard.rs", "guard/**/*.rs", "limits.rs"],
    },
    Target {
        package: "smart-fhir",
        folder: "smart-fhir",
        features: "",
        files: &["base.rs", "export.rs", "export/**/*.rs", "bundle/pages.rs"],
    },
    Target {
        package: "smart-sdk",
        folder: "smart",
        features: "blocking,jwt,keychain",
        files: &[
            "exchange/clock.rs",
            "exchange/retry.rs",
            "fhir/ending.rs",
            "fhir/grant.rs",
            "fhir/lifecycle.rs",
            "fhir/renewal.rs",
            "vault.rs",
            "vault/**/*.rs",
        ],
    },
];

impl Target {
    /// The patterns from the root, of all files or of those that are asked for.
    fn patterns(&self, asked: &[String]) -> Vec<String> {
        let source = format!("crates/{}/src", self.folder);
        if asked.is_empty() {
            let patterns = self.files.iter().map(|file| format!("{source}/{file}"));
            return patterns.collect();
        }
        let own = asked.iter().filter(|file| file.starts_with(&source));
        own.cloned().collect()
    }

    /// `cargo mutants` for these files of the package.
    fn command(&self, root: &Path, patterns: &[String]) -> Command {
        let mut command = Command::new("cargo");
        command
            .current_dir(root)
            .args(["mutants", "--package", self.package]);
        for pattern in patterns {
            command.args(["--file", pattern]);
        }
        command
    }
}

/// Runs the mutants that are asked for; fails if one survives that is not listed, and if the list
/// is out of date.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    let equivalents = Equivalents::read()?;
    let diff = match &arguments.in_diff {
        None => None,
        Some(revision) => match Diff::of(root, revision)? {
            Some(diff) => Some(diff),
            None => return Ok(()),
        },
    };
    require_cargo_mutants(root)?;
    for file in &arguments.files {
        let is_own = |target: &Target| file.starts_with(&format!("crates/{}/src/", target.folder));
        ensure!(
            TARGETS.iter().any(is_own),
            "{file} is not in a package whose files are tested"
        );
    }
    let mut report = Report::default();
    for target in TARGETS {
        let patterns = target.patterns(&arguments.files);
        if patterns.is_empty() || diff.as_ref().is_some_and(|diff| !diff.touches(target)) {
            continue;
        }
        report.known(listed(root, target, &patterns)?);
        let mut command = target.command(root, &patterns);
        if let Some(diff) = &diff {
            command.arg("--in-diff").arg(&diff.file);
        }
        if let Some(shard) = &arguments.shard {
            command.args(["--shard", shard]);
        }
        report.tested(test(root, target, command)?);
    }
    print!("{}", report.table());
    let problems = report.problems(&equivalents);
    for problem in &problems {
        println!("{problem}");
    }
    ensure!(problems.is_empty(), "{} problem(s)", problems.len());
    Ok(())
}

/// A change, as a file that cargo-mutants reads.
struct Diff {
    file: PathBuf,
    text: String,
}

impl Diff {
    /// What differs from a revision. None, with a word about it, if no revision is named and the
    /// environment knows none, or if nothing differs.
    fn of(root: &Path, revision: &str) -> Result<Option<Self>> {
        let (revision, is_asked_for) = match revision {
            "" => (std::env::var(BASE).unwrap_or_default(), false),
            named => (named.to_owned(), true),
        };
        let is_known = !revision.is_empty() && is_commit(root, &revision)?;
        if !is_known && is_asked_for {
            bail!("{revision} is not a revision of this repository");
        }
        if !is_known {
            println!("no base revision is known ({BASE}), so that there is no change to test");
            return Ok(None);
        }
        let output = git(root, &["diff", "--no-color", &revision, "--", "crates"])?;
        ensure!(output.status.success(), "git diff failed");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if text.is_empty() {
            println!("nothing differs from {revision}");
            return Ok(None);
        }
        let folder = root.join("target");
        std::fs::create_dir_all(&folder).context("target cannot be made")?;
        let file = folder.join("mutants.diff");
        std::fs::write(&file, &text).context("the change cannot be written")?;
        Ok(Some(Self { file, text }))
    }

    fn touches(&self, target: &Target) -> bool {
        let source = format!("+++ b/crates/{}/src/", target.folder);
        self.text.lines().any(|line| line.starts_with(&source))
    }
}

fn is_commit(root: &Path, revision: &str) -> Result<bool> {
    let commit = format!("{revision}^{{commit}}");
    let output = git(root, &["rev-parse", "--verify", "--quiet", &commit])?;
    Ok(output.status.success())
}

fn git(root: &Path, arguments: &[&str]) -> Result<std::process::Output> {
    let mut git = Command::new("git");
    git.current_dir(root).args(arguments);
    git.output().context("git could not be run")
}

fn require_cargo_mutants(root: &Path) -> Result<()> {
    let mut version = Command::new("cargo");
    version.current_dir(root).args(["mutants", "--version"]);
    let is_there = version.output().is_ok_and(|output| output.status.success());
    ensure!(
        is_there,
        "cargo-mutants is missing; install it with `cargo install --locked cargo-mutants`"
    );
    Ok(())
}

/// All mutants of these files, tested or not.
fn listed(root: &Path, target: &Target, patterns: &[String]) -> Result<Vec<String>> {
    let mut command = target.command(root, patterns);
    command.args(["--list", "--json"]);
    let output = command.output().context("cargo could not be run")?;
    ensure!(
        output.status.success(),
        "the mutants of {} could not be listed: {}",
        target.package,
        String::from_utf8_lossy(&output.stderr)
    );
    let list: Vec<Value> = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("the list of {} is not JSON", target.package))?;
    list.iter().map(report::name).collect()
}

/// Tests the mutants and reads what came of each.
fn test(root: &Path, target: &Target, mut command: Command) -> Result<Vec<Mutant>> {
    let output = root.join("target/mutants").join(target.package);
    std::fs::create_dir_all(&output).context("target/mutants cannot be made")?;
    let outcomes = output.join("mutants.out/outcomes.json");
    // of a run before
    let _ = std::fs::remove_file(&outcomes);
    command
        .arg("--output")
        .arg(&output)
        .args(["--no-shuffle", "--colors", "never"]);
    if !target.features.is_empty() {
        command.args(["--features", target.features]);
    }
    // documentation tests take the longest and notice the least
    command.args(["--", "--lib", "--tests"]);
    let status = command.status().context("cargo could not be run")?;
    // 2: some survived; 3: some ran into the time limit
    ensure!(
        matches!(status.code(), Some(0 | 2 | 3)),
        "cargo mutants failed for {}",
        target.package
    );
    if !outcomes.exists() {
        // no mutant in the change
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(&outcomes).context("the outcomes cannot be read")?;
    report::read(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_finds_something() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for target in TARGETS {
            for pattern in target.patterns(&[]) {
                let place = pattern.split("/**").next().unwrap_or_default();
                assert!(root.join(place).exists(), "{pattern}");
            }
        }
    }

    #[test]
    fn files_belong_to_their_package() {
        let asked = [
            "crates/smart-rdf/src/limits.rs".to_owned(),
            "crates/smart/src/exchange/retry.rs".to_owned(),
        ];
        let patterns: Vec<_> = TARGETS
            .iter()
            .map(|target| target.patterns(&asked))
            .collect();
        assert_eq!(patterns, [&[][..], &asked[..1], &[], &asked[1..]]);
    }

    #[test]
    fn a_change_elsewhere_touches_no_package() {
        let diff = |text: &str| Diff {
            file: PathBuf::new(),
            text: text.to_owned(),
        };
        let touched = |text: &str| {
            let diff = diff(text);
            let touched = TARGETS.iter().filter(|target| diff.touches(target));
            touched.map(|target| target.package).collect::<Vec<_>>()
        };
        assert_eq!(
            touched("+++ b/crates/smart/src/exchange/retry.rs\n+a"),
            ["smart-sdk"]
        );
        assert_eq!(touched("+++ b/crates/smart-cli/src/main.rs\n"), [""; 0]);
        assert_eq!(touched(" crates/smart-rdf/src/limits.rs"), [""; 0]);
    }
}
