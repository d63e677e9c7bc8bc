//! `cargo xtask conformance DIR…`: runs test suites in the form of the W3C's, from every
//! `manifest*.ttl` below the folders.
//!
//! The W3C's own suites are not part of this repository; without a folder there is nothing to run.
//! `tests/cases` has cases of this project in the same form, which `cargo test` runs as well.

mod manifest;
mod results;
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use manifest::Case;
use run::Outcome;

/// Tests that are known to fail, each with its reason.
const KNOWN: &str = include_str!("conformance/known.tsv");

/// Runs the suites below these folders, prints a table and fails if a test fails that is not known
/// to.
pub(crate) fn run(folders: &[PathBuf]) -> Result<()> {
    if folders.is_empty() {
        println!(
            "no folder with suites is named, so that none is run: cargo xtask conformance DIR"
        );
        return Ok(());
    }
    let mut report = Report::default();
    for folder in folders {
        let folder = folder
            .canonicalize()
            .with_context(|| format!("{} is not there", folder.display()))?;
        report.folder(&folder)?;
    }
    print!("{}", report.table());
    for (case, problem) in &report.failures {
        println!("failed: {case}\n        {problem}");
    }
    for (case, reason) in &report.known {
        println!("known:  {case}\n        {reason}");
    }
    for (kind, count) in &report.skipped_kinds {
        println!("skipped: {count} of kind {kind}: nothing here does that");
    }
    for case in &report.recovered {
        println!("passes, though it is listed as known: {case}");
    }
    if !report.failures.is_empty() || !report.recovered.is_empty() {
        bail!(
            "{} test(s) failed, {} of conformance/known.tsv no longer do",
            report.failures.len(),
            report.recovered.len()
        );
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Report {
    /// By suite.
    counts: BTreeMap<String, Counts>,
    failures: Vec<(String, String)>,
    known: Vec<(String, String)>,
    recovered: Vec<String>,
    skipped_kinds: BTreeMap<String, usize>,
    seen: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    passed: usize,
    failed: usize,
    known: usize,
    skipped: usize,
}

impl Report {
    fn folder(&mut self, folder: &Path) -> Result<()> {
        let mut manifests = Vec::new();
        find_manifests(folder, &mut manifests)?;
        manifests.sort();
        for path in manifests {
            let suite = path
                .parent()
                .and_then(|parent| parent.strip_prefix(folder).ok());
            let suite = suite.unwrap_or(Path::new("")).display().to_string();
            for case in manifest::read(&path).with_context(|| path.display().to_string())? {
                self.case(&suite, &case);
            }
        }
        Ok(())
    }

    fn case(&mut self, suite: &str, case: &Case) {
        let name = format!("{suite}#{}", case.name);
        if !self.seen.insert(name.clone()) {
            return;
        }
        let known = KNOWN
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .find_map(|(case, reason)| (name.ends_with(case)).then_some(reason));
        let counts = self.counts.entry(suite.to_owned()).or_default();
        match (run::run(case), known) {
            (Outcome::Passed, None) => counts.passed += 1,
            (Outcome::Passed, Some(_)) => {
                counts.passed += 1;
                self.recovered.push(name);
            }
            (Outcome::Failed(_), Some(reason)) => {
                counts.known += 1;
                self.known.push((name, reason.to_owned()));
            }
            (Outcome::Failed(problem), None) => {
                counts.failed += 1;
                self.failures.push((name, problem));
            }
            (Outcome::Skipped, _) => {
                counts.skipped += 1;
                *self.skipped_kinds.entry(case.kind.clone()).or_default() += 1;
            }
        }
    }

    fn table(&self) -> String {
        let mut table = String::from(
            "| suite | passed | failed | known to fail | skipped |\n|---|---|---|---|---|\n",
        );
        let mut total = Counts::default();
        for (suite, counts) in &self.counts {
            table.push_str(&counts.line(suite));
            total.passed += counts.passed;
            total.failed += counts.failed;
            total.known += counts.known;
            total.skipped += counts.skipped;
        }
        table.push_str(&total.line("all"));
        table
    }
}

impl Counts {
    fn line(self, name: &str) -> String {
        let Self {
            passed,
            failed,
            known,
            skipped,
        } = self;
        format!("| {name} | {passed} | {failed} | {known} | {skipped} |\n")
    }
}

fn find_manifests(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            find_manifests(&path, found)?;
        } else if path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with("manifest") && name.ends_with(".ttl"))
        {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The project's own cases.
    #[test]
    fn own_cases_pass() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
        let mut report = Report::default();
        report.folder(&folder.canonicalize().unwrap()).unwrap();
        assert!(report.failures.is_empty(), "{:#?}", report.failures);
        let passed: usize = report.counts.values().map(|counts| counts.passed).sum();
        assert!(passed >= 10, "{}", report.table());
    }

    #[test]
    fn a_wrong_result_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("d.ttl", "<a:s> <a:p> 1 .");
        write("q.rq", "SELECT ?o { ?s ?p ?o }");
        write("r.csv", "o\r\n2\r\n");
        write("bad.ttl", "<a:s> <a:p> .");
        write(
            "manifest.ttl",
            "@prefix mf: <http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#> .
             @prefix qt: <http://www.w3.org/2001/sw/DataAccess/tests/test-query#> .
             @prefix rdft: <http://www.w3.org/ns/rdftest#> .
             <> mf:entries ( <#result> <#syntax> <#sound> <#other> ) .
             <#result> a mf:CSVResultFormatTest ; mf:action [ qt:query <q.rq> ; qt:data <d.ttl> ] ; mf:result <r.csv> .
             <#syntax> a rdft:TestTurtlePositiveSyntax ; mf:action <bad.ttl> .
             <#sound> a rdft:TestTurtlePositiveSyntax ; mf:action <d.ttl> .
             <#other> a mf:ProtocolTest .",
        );
        let mut report = Report::default();
        report
            .folder(&folder.path().canonicalize().unwrap())
            .unwrap();
        let failed: Vec<_> = report
            .failures
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(failed, ["#result", "#syntax"]);
        let counts = report.counts[""];
        assert_eq!((counts.passed, counts.skipped), (1, 1));
    }
}
