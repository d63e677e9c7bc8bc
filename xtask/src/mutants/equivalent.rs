//! The changes that change nothing that a test could see, each with the reason why.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};

/// Three columns: the file, the change as cargo-mutants words it, the reason. Lines that begin with
/// `#` are comments.
const LIST: &str = include_str!("equivalent.tsv");

/// Reasons by mutant.
#[derive(Debug, Default)]
pub(super) struct Equivalents(BTreeMap<String, String>);

impl Equivalents {
    pub(super) fn read() -> Result<Self> {
        Self::parse(LIST)
    }

    pub(super) fn parse(list: &str) -> Result<Self> {
        let mut equivalents = Self::default();
        let lines = list
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            let mut columns = line.split('\t').map(str::trim);
            let (Some(file), Some(change), Some(reason), None) = (
                columns.next(),
                columns.next(),
                columns.next(),
                columns.next(),
            ) else {
                return Err(anyhow::anyhow!("{line:?} does not have three columns"))
                    .context("equivalent.tsv");
            };
            ensure!(!reason.is_empty(), "equivalent.tsv: {change} has no reason");
            let name = format!("{file}: {change}");
            let before = equivalents.0.insert(name.clone(), reason.to_owned());
            ensure!(before.is_none(), "equivalent.tsv: {name} is listed twice");
        }
        Ok(equivalents)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_well_formed() {
        Equivalents::read().unwrap();
    }

    #[test]
    fn what_is_not_is_named() {
        for (list, message) in [
            ("a.rs\treplace x", "three columns"),
            ("a.rs\treplace x\treason\tmore", "three columns"),
            ("a.rs\treplace x\t", "no reason"),
            ("a.rs\tx\tr\na.rs\tx\tr", "listed twice"),
        ] {
            let error = format!("{:#}", Equivalents::parse(list).unwrap_err());
            assert!(error.contains(message), "{list}: {error}");
        }
    }
}
