//! What came of the mutants, held against the list of those that change nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::equivalent::Equivalents;

/// One change and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mutant {
    /// File and change, without the line, which moves with every edit.
    name: String,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// A test failed, or did not come to an end.
    Caught,
    /// No test failed.
    Survived,
    /// It does not compile.
    Unviable,
}

/// Reads the outcomes that cargo-mutants writes.
pub(super) fn read(outcomes: &str) -> Result<Vec<Mutant>> {
    let outcomes: Value = serde_json::from_str(outcomes).context("the outcomes are not JSON")?;
    let outcomes = outcomes["outcomes"]
        .as_array()
        .context("the outcomes lack a list")?;
    outcomes
        .iter()
        .filter_map(|outcome| Some((outcome, outcome["scenario"].get("Mutant")?)))
        .map(|(outcome, mutant)| {
            let summary = outcome["summary"].as_str().unwrap_or_default();
            Ok(Mutant {
                name: name(mutant)?,
                outcome: match summary {
                    "CaughtMutant" | "Timeout" => Outcome::Caught,
                    "MissedMutant" => Outcome::Survived,
                    "Unviable" => Outcome::Unviable,
                    other => anyhow::bail!("{other:?} is not a known outcome"),
                },
            })
        })
        .collect()
}

/// `FILE: CHANGE`, from `FILE:LINE:COLUMN: CHANGE`.
pub(super) fn name(mutant: &Value) -> Result<String> {
    let name = mutant["name"].as_str().context("a mutant has no name")?;
    let (place, change) = name
        .split_once(": ")
        .context("a mutant's name has no place")?;
    let file = place.split(':').next().unwrap_or(place);
    Ok(format!("{file}: {change}"))
}

/// The mutants of a run.
#[derive(Debug, Default)]
pub(super) struct Report {
    known: BTreeSet<String>,
    tested: Vec<Mutant>,
}

impl Report {
    /// Adds the names of all mutants of some files, tested or not.
    pub(super) fn known(&mut self, names: Vec<String>) {
        self.known.extend(names);
    }

    pub(super) fn tested(&mut self, mutants: Vec<Mutant>) {
        self.tested.extend(mutants);
    }

    /// Counts by file, and in all.
    pub(super) fn table(&self) -> String {
        let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
        let mut total = [0; 3];
        for mutant in &self.tested {
            let file = mutant.name.split(": ").next().unwrap_or_default();
            let column = match mutant.outcome {
                Outcome::Caught => 0,
                Outcome::Unviable => 1,
                Outcome::Survived => 2,
            };
            counts.entry(file).or_default()[column] += 1;
            total[column] += 1;
        }
        let mut table = String::from(
            "| file | mutants | caught | unviable | survived |\n|---|---|---|---|---|\n",
        );
        for (file, counts) in counts.into_iter().chain([("all", total)]) {
            let [caught, unviable, survived] = counts;
            let sum = caught + unviable + survived;
            // writing to a string cannot fail
            let _ = writeln!(
                table,
                "| {file} | {sum} | {caught} | {unviable} | {survived} |"
            );
        }
        table
    }

    /// Survivors that are not listed, and listed ones that are caught or gone. Several mutants of a
    /// function can have one name; it is out of date only when none of them survives.
    pub(super) fn problems(&self, equivalents: &Equivalents) -> Vec<String> {
        let of = |outcome| {
            let mutants = self.tested.iter();
            let found = mutants.filter(move |mutant| mutant.outcome == outcome);
            found
                .map(|mutant| mutant.name.as_str())
                .collect::<BTreeSet<_>>()
        };
        let (survived, caught) = (of(Outcome::Survived), of(Outcome::Caught));
        let files: BTreeSet<&str> = self.known.iter().filter_map(|name| file(name)).collect();
        let mut problems = Vec::new();
        for name in &survived {
            if !equivalents.contains(name) {
                problems.push(format!("survived: {name}"));
            }
        }
        for name in equivalents.names() {
            if caught.contains(name) && !survived.contains(name) {
                problems.push(format!("listed as equivalent, but caught: {name}"));
            }
            let was_looked_for = file(name).is_some_and(|file| files.contains(file));
            if was_looked_for && !self.known.contains(name) {
                problems.push(format!("listed as equivalent, but gone: {name}"));
            }
        }
        problems
    }
}

fn file(name: &str) -> Option<&str> {
    name.split_once(": ").map(|(file, _)| file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTCOMES: &str = r#"{"outcomes": [
        {"scenario": "Baseline", "summary": "Success"},
        {"scenario": {"Mutant": {"name": "a.rs:1:2: replace f -> u8 with 0"}}, "summary": "CaughtMutant"},
        {"scenario": {"Mutant": {"name": "a.rs:3:4: replace + with * in f"}}, "summary": "MissedMutant"},
        {"scenario": {"Mutant": {"name": "a.rs:3:9: replace + with * in f"}}, "summary": "CaughtMutant"},
        {"scenario": {"Mutant": {"name": "b.rs:5:6: replace g with ()"}}, "summary": "Timeout"},
        {"scenario": {"Mutant": {"name": "b.rs:7:8: replace h -> T with Default::default()"}}, "summary": "Unviable"}
    ]}"#;

    fn report() -> Report {
        let mut report = Report::default();
        let tested = read(OUTCOMES).unwrap();
        report.known(tested.iter().map(|mutant| mutant.name.clone()).collect());
        report.tested(tested);
        report
    }

    fn check(list: &str, expected: &[&str]) {
        let equivalents = Equivalents::parse(list).unwrap();
        assert_eq!(report().problems(&equivalents), expected, "{list}");
    }

    #[test]
    fn mutants_are_counted_by_file() {
        let table = report().table();
        let rows: Vec<_> = table.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| a.rs | 3 | 2 | 0 | 1 |",
                "| b.rs | 2 | 1 | 1 | 0 |",
                "| all | 5 | 3 | 1 | 1 |"
            ]
        );
    }

    #[test]
    fn survivors_must_be_listed_and_listed_ones_must_survive() {
        check("", &["survived: a.rs: replace + with * in f"]);
        let listed = "a.rs\treplace + with * in f\ta reason";
        check(listed, &[]);
        check(
            &format!("{listed}\nb.rs\treplace g with ()\ta reason"),
            &["listed as equivalent, but caught: b.rs: replace g with ()"],
        );
        check(
            &format!("{listed}\nb.rs\treplace x with ()\ta reason"),
            &["listed as equivalent, but gone: b.rs: replace x with ()"],
        );
        // nothing is known of a file that was not looked at
        check(&format!("{listed}\nc.rs\treplace x with ()\ta reason"), &[]);
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for outcomes in [
            "",
            "{}",
            r#"{"outcomes": [{"scenario": {"Mutant": {}}, "summary": "CaughtMutant"}]}"#,
            r#"{"outcomes": [{"scenario": {"Mutant": {"name": "a.rs:1:1: x"}}, "summary": "New"}]}"#,
        ] {
            assert!(read(outcomes).is_err(), "{outcomes}");
        }
    }
}
