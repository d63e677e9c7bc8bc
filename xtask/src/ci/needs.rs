//! What a stage requires of the machine, beyond Rust and a C compiler.

use std::path::Path;
use std::process::{Command, Stdio};

/// Something that is not on every machine. A stage that needs it is skipped where it is missing.
#[derive(Clone, Copy)]
pub(super) enum Need {
    /// The database of security advisories, which comes from the network.
    Advisories,
    /// A program on the path.
    Program(&'static str),
    /// A release of Rust as the toolchain in use, for formats that are not stable.
    Rust(&'static str),
    /// The standard library for a target.
    Target(&'static str),
    /// The toolchain of a version.
    Toolchain(&'static str),
}

impl Need {
    /// Why this machine does not have it, or nothing if it has.
    pub(super) fn missing(self) -> Option<String> {
        match self {
            Self::Advisories => (!succeeds("cargo", &["deny", "fetch", "db"]))
                .then(|| "the advisory database cannot be fetched".to_owned()),
            Self::Program(name) => (!succeeds(name, &["--version"]))
                .then(|| format!("the program {name} is not installed")),
            Self::Rust(version) => {
                (!is_rust(version)).then(|| format!("the toolchain in use is not Rust {version}"))
            }
            Self::Target(name) => {
                (!has_target(name)).then(|| format!("the target {name} is not installed"))
            }
            Self::Toolchain(version) => (!succeeds("rustup", &["run", version, "rustc", "-V"]))
                .then(|| format!("the toolchain {version} is not installed")),
        }
    }
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn is_rust(version: &str) -> bool {
    let output = Command::new("rustc").arg("--version").output();
    let prefix = format!("rustc {version}.");
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).starts_with(&prefix))
}

fn has_target(name: &str) -> bool {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", name])
        .output();
    output.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

#[cfg(test)]
mod tests {
    use super::Need;

    #[test]
    fn a_missing_program_or_target_is_named() {
        let program = Need::Program("no-such-program-here").missing();
        assert_eq!(
            program.as_deref(),
            Some("the program no-such-program-here is not installed")
        );
        let target = Need::Target("no-such-target").missing();
        assert_eq!(
            target.as_deref(),
            Some("the target no-such-target is not installed")
        );
        assert_eq!(Need::Program("rustc").missing(), None);
    }
}
