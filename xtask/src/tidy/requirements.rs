//! `specs/smart-app-launch-2.2.tsv` names code and tests that exist, and docs/conformance.md shows
//! what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::Finding;
use super::layers::Graph;
use super::purity::rust_files;

/// The requirements, one a line: id, strength, requirement, state, code, tests, note.
const TABLE: &str = "specs/smart-app-launch-2.2.tsv";

/// The document that shows them, between two comments.
const DOCUMENT: &str = "docs/conformance.md";
const BEGIN: &str = "<!-- from specs/smart-app-launch-2.2.tsv: begin -->\n";
const END: &str = "<!-- end -->";

#[derive(Debug, PartialEq, Eq)]
struct Requirement {
    id: String,
    strength: String,
    text: String,
    state: String,
    code: Vec<String>,
    /// As `crate::test_name`.
    tests: Vec<String>,
    note: String,
}

/// The names of all functions of each crate.
type Functions = BTreeMap<String, BTreeSet<String>>;

/// Checks the table against the sources, and the document against the table.
pub(super) fn check(root: &Path, graph: &Graph) -> Result<Vec<Finding>> {
    let requirements = read(root)?;
    let mut functions = Functions::new();
    for member in graph.members() {
        let names = functions.entry(member.name.clone()).or_default();
        for folder in ["src", "tests", "it", "benches"] {
            let folder = member.directory.join(folder);
            if folder.is_dir() {
                for path in rust_files(&folder)? {
                    names.extend(function_names(&std::fs::read_to_string(path)?));
                }
            }
        }
    }
    let mut findings: Vec<_> = requirements
        .iter()
        .flat_map(|requirement| requirement.faults(root, &functions))
        .collect();
    let document = std::fs::read_to_string(root.join(DOCUMENT)).context(DOCUMENT)?;
    if section(&document)?.1 != render(&requirements) {
        findings.push(Finding {
            place: DOCUMENT.to_owned(),
            message: format!("differs from {TABLE}: run `cargo xtask tidy --write`"),
        });
    }
    Ok(findings)
}

/// Writes the table into the document.
pub(super) fn write(root: &Path) -> Result<()> {
    let path = root.join(DOCUMENT);
    let document = std::fs::read_to_string(&path).context(DOCUMENT)?;
    let (before, _, after) = section(&document)?;
    let rendered = render(&read(root)?);
    std::fs::write(path, format!("{before}{rendered}{after}")).context(DOCUMENT)
}

impl Requirement {
    fn from_line(line: &str) -> Result<Self> {
        let fields: Vec<_> = line.split('\t').collect();
        let [id, strength, text, state, code, tests, note] = fields[..] else {
            bail!("{TABLE}: {line:?} has {} fields, not 7", fields.len());
        };
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Ok(Self {
            id: id.to_owned(),
            strength: strength.to_owned(),
            text: text.to_owned(),
            state: state.to_owned(),
            code: words(code),
            tests: words(tests),
            note: note.trim().to_owned(),
        })
    }

    fn faults(&self, root: &Path, functions: &Functions) -> Vec<Finding> {
        let mut messages = Vec::new();
        match self.state.as_str() {
            "met" if self.tests.is_empty() => messages.push("is met, but no test shows it".into()),
            "met" => {}
            "partly" | "not" | "not applicable" if self.note.is_empty() => {
                messages.push(format!("is {}, but no note says why", self.state));
            }
            "partly" | "not" | "not applicable" => {}
            other => messages.push(format!("{other:?} is not a state")),
        }
        for file in &self.code {
            if !root.join(file).exists() {
                messages.push(format!("{file} does not exist"));
            }
        }
        for test in &self.tests {
            let exists = test
                .split_once("::")
                .and_then(|(member, name)| functions.get(member)?.get(name));
            if exists.is_none() {
                messages.push(format!("there is no test {test}"));
            }
        }
        let place = format!("{TABLE}: requirement {}", self.id);
        let finding = |message| Finding {
            place: place.clone(),
            message,
        };
        messages.into_iter().map(finding).collect()
    }
}

fn read(root: &Path) -> Result<Vec<Requirement>> {
    let text = std::fs::read_to_string(root.join(TABLE)).context(TABLE)?;
    text.lines().skip(1).map(Requirement::from_line).collect()
}

/// What stands before the table, the table, and what stands behind it.
fn section(document: &str) -> Result<(&str, &str, &str)> {
    let missing = || format!("{DOCUMENT} lacks the comment {}", BEGIN.trim());
    let begin = document.find(BEGIN).with_context(missing)? + BEGIN.len();
    let length = document[begin..].find(END).with_context(missing)?;
    let (before, rest) = document.split_at(begin);
    let (table, after) = rest.split_at(length);
    Ok((before, table, after))
}

fn render(requirements: &[Requirement]) -> String {
    let mut counts = BTreeMap::<_, usize>::new();
    for requirement in requirements {
        *counts.entry(requirement.state.as_str()).or_default() += 1;
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    let mut text = format!(
        "{} requirements: {}.\n\n| id | strength | requirement | state | code | tests | note |\n|---|---|---|---|---|---|---|\n",
        requirements.len(),
        counts.join(", ")
    );
    for requirement in requirements {
        let Requirement {
            id,
            strength,
            text: requirement_text,
            state,
            ..
        } = requirement;
        let code: Vec<_> = requirement.code.iter().map(|file| code(file)).collect();
        let tests: Vec<_> = requirement
            .tests
            .iter()
            .map(|test| code_span(test))
            .collect();
        let _ = writeln!(
            text,
            "| {id} | {strength} | {} | {state} | {} | {} | {} |",
            cell(requirement_text),
            code.join(", "),
            tests.join(", "),
            cell(&requirement.note)
        );
    }
    text
}

/// A file as a link from the document's folder.
fn code(file: &str) -> String {
    let name = file.strip_prefix("crates/").unwrap_or(file);
    format!("[{}](../{file})", name.replacen("/src/", "/", 1))
}

fn code_span(text: &str) -> String {
    format!("`{text}`")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<")
}

fn function_names(source: &str) -> impl Iterator<Item = String> + '_ {
    source.lines().filter_map(|line| {
        let (_, rest) = line.split_once("fn ")?;
        let end = rest.find(|character: char| !character.is_alphanumeric() && character != '_')?;
        (end > 0).then(|| rest[..end].to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(line: &str) -> Vec<String> {
        let functions = Functions::from([(
            "smart".to_owned(),
            function_names("    async fn it_works() {\n").collect(),
        )]);
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let requirement = Requirement::from_line(line).unwrap();
        let faults = requirement.faults(root, &functions);
        faults.into_iter().map(|fault| fault.message).collect()
    }

    #[test]
    fn what_is_met_needs_code_and_a_test_that_exist() {
        let none: [&str; 0] = [];
        assert_eq!(
            faults("1\tSHALL\tx\tmet\tCargo.toml\tsmart::it_works\t"),
            none
        );
        assert_eq!(
            faults("1\tSHALL\tx\tmet\tnowhere.rs\tsmart::it_fails other::it_works\t"),
            [
                "nowhere.rs does not exist",
                "there is no test smart::it_fails",
                "there is no test other::it_works"
            ]
        );
        assert_eq!(
            faults("1\tSHALL\tx\tmet\t\t\t"),
            ["is met, but no test shows it"]
        );
        assert_eq!(
            faults("1\tMAY\tx\tnot\t\t\t"),
            ["is not, but no note says why"]
        );
        assert_eq!(faults("1\tMAY\tx\tdone\t\t\t"), ["\"done\" is not a state"]);
        assert!(Requirement::from_line("1\tMAY").is_err());
    }

    #[test]
    fn the_document_shows_each_requirement_once() {
        let requirement = Requirement::from_line(
            "7\tMAY\ta | b <c>\tpartly\tcrates/smart/src/lib.rs\tsmart::t\tno d",
        );
        let table = render(&[requirement.unwrap()]);
        assert!(table.starts_with("1 requirements: 1 partly.\n"), "{table}");
        assert!(
            table.ends_with(
                "| 7 | MAY | a \\| b \\<c> | partly | [smart/lib.rs](../crates/smart/src/lib.rs) | `smart::t` | no d |\n"
            ),
            "{table}"
        );
        let document = format!("a\n{BEGIN}old{END}\n");
        assert_eq!(section(&document).unwrap().1, "old");
    }
}
