//! What every member's `Cargo.toml` has to say.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::Finding;
use super::layers::Member;

/// Lints and versions come from the workspace, so that there is one table of each.
pub(super) fn check(root: &Path, member: &Member) -> Result<Vec<Finding>> {
    let path = member.directory.join("Cargo.toml");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let place = path
        .strip_prefix(root)
        .unwrap_or(&path)
        .display()
        .to_string();
    Ok(check_text(&place, &text))
}

fn check_text(place: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |message: String| {
        findings.push(Finding {
            place: place.to_owned(),
            message,
        });
    };
    let mut section = "";
    let mut inherits_lints = false;
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
            continue;
        }
        if section == "lints" && line.replace(' ', "") == "workspace=true" {
            inherits_lints = true;
        }
        let shares_version = line.contains("workspace = true") || line.contains(".workspace=true");
        if section.ends_with("dependencies") && line.contains('=') && !shares_version {
            find(format!(
                "`{line}` does not take its version from [workspace.dependencies]"
            ));
        }
        if section == "package" && line.starts_with("rust-version") && !shares_version {
            find("rust-version is said once, in the workspace".to_owned());
        }
    }
    if !inherits_lints {
        find(
            "does not inherit the workspace's lints: add `[lints]` with `workspace = true`"
                .to_owned(),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::check_text;

    fn check(text: &str) -> Vec<String> {
        check_text("Cargo.toml", text)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_member_that_inherits_everything_passes() {
        let text = "[package]\nrust-version.workspace = true\n[dependencies]\nhttp.workspace = true\n\
                    hyper = { workspace = true, features = [\"client\"] }\n[lints]\nworkspace = true\n";
        assert_eq!(check(text), [""; 0]);
    }

    #[test]
    fn own_versions_and_missing_lints_are_found() {
        let findings =
            check("[package]\nrust-version = \"1.90\"\n[dev-dependencies]\nhttp = \"1\"\n");
        assert_eq!(
            findings,
            [
                "Cargo.toml: rust-version is said once, in the workspace",
                "Cargo.toml: `http = \"1\"` does not take its version from [workspace.dependencies]",
                "Cargo.toml: does not inherit the workspace's lints: add `[lints]` with `workspace = true`",
            ]
        );
    }
}
