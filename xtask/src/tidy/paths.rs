//! Files and folders that docs/architecture.md names exist.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::Finding;

const MAP: &str = "docs/architecture.md";

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let map =
        std::fs::read_to_string(root.join(MAP)).with_context(|| format!("{MAP} is missing"))?;
    let mut findings = Vec::new();
    for (index, line) in map.lines().enumerate() {
        for path in paths(line) {
            if !root.join(path).exists() {
                findings.push(Finding {
                    place: format!("{MAP}:{}", index + 1),
                    message: format!("{path} does not exist; name what took its place"),
                });
            }
        }
    }
    Ok(findings)
}

/// The paths into the workspace that stand between backticks.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted.filter(|text| {
        let is_inside = ["crates/", "specs/", "xtask/"]
            .iter()
            .any(|folder| text.starts_with(folder));
        is_inside && !text.contains([' ', '*'])
    })
}

#[cfg(test)]
mod tests {
    use super::paths;

    #[test]
    fn only_quoted_paths_of_the_workspace_count() {
        let line =
            "1. `crates/a/src/b.rs`, then `c.rs`; crates/d; `specs/x.ttl` and `crates/*/src`";
        assert_eq!(
            paths(line).collect::<Vec<_>>(),
            ["crates/a/src/b.rs", "specs/x.ttl"]
        );
    }
}
