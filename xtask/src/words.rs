//! `cargo xtask words`: prose in comments ends by column 100, and phrases that readers stumble over
//! do not come back.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

/// The last column of a line of prose.
const WIDTH: usize = 100;

/// A phrase that was in use here once, and what to write in its place.
const BANNED: &[(&str, &str)] = &[
    (
        "are had",
        "name the action: are fetched, are read, are renewed",
    ),
    ("be had", "name the action: be fetched, be read, be renewed"),
    ("bears", "has, tolerates"),
    ("in his hands", "holds"),
    ("in silence", "silently"),
    ("is had", "name the action: is fetched, is read, is renewed"),
    ("number that is none", "not a number"),
    (
        "was had",
        "name the action: was fetched, was read, was renewed",
    ),
    ("with patience", "leniently"),
];

/// Folders with sources and documents, and single documents.
const PLACES: &[&str] = &[
    "crates",
    "docs",
    "fuzz",
    "tests",
    "xtask",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
];

/// One line to change.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    line: usize,
    message: String,
}

/// Reads all sources and documents; fails with the whole list of findings.
pub(crate) fn run(root: &Path) -> Result<()> {
    let mut count = 0;
    for path in PLACES.iter().flat_map(|place| files(&root.join(place))) {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        let place = path.strip_prefix(root).unwrap_or(&path).display();
        for finding in findings(&text, is_rust) {
            eprintln!("{place}:{}: {}", finding.line, finding.message);
            count += 1;
        }
    }
    ensure!(count == 0, "{count} line(s) to change");
    println!("words: all lines hold");
    Ok(())
}

/// Sources that people write, and documents. Left out: this file, which lists the phrases, and the
/// tests that hold generated code.
fn files(place: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(place) else {
        return vec![place.to_owned()];
    };
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    let is_skipped = |path: &Path| {
        let skipped = ["target", "generated", "corpus", "words.rs", "emit/tests.rs"];
        skipped.iter().any(|skipped| path.ends_with(skipped))
    };
    let paths = paths.into_iter().filter(|path| !is_skipped(path));
    paths
        .flat_map(|path| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            match extension {
                Some("md" | "rs") => vec![path],
                _ if path.is_dir() => files(&path),
                _ => Vec::new(),
            }
        })
        .collect()
}

fn findings(text: &str, is_rust: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut is_code = false;
    for (index, line) in text.lines().enumerate() {
        let Some(prose) = prose(line, is_rust) else {
            is_code = false;
            continue;
        };
        if prose.starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            let width = line.chars().count();
            if is_rust && width > WIDTH && can_be_broken(prose) {
                findings.push(Finding {
                    line: index + 1,
                    message: format!("a line of {width} columns; break it at {WIDTH}"),
                });
            }
            findings.extend(banned(prose).map(|(phrase, instead)| Finding {
                line: index + 1,
                message: format!("{phrase:?}: write {instead}"),
            }));
        }
    }
    findings
}

/// The prose of a line: of a comment that has the line to itself, or any line of a document.
fn prose(line: &str, is_rust: bool) -> Option<&str> {
    let line = line.trim_start();
    if !is_rust {
        return Some(line);
    }
    let prose = line.strip_prefix("//")?;
    Some(prose.trim_start_matches(['/', '!']).trim_start())
}

/// Rows of tables and lines of one word, such as a link, stay as long as they are.
fn can_be_broken(prose: &str) -> bool {
    !prose.starts_with('|') && prose.split_whitespace().nth(1).is_some()
}

fn banned(prose: &str) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let prose = prose.to_lowercase();
    BANNED.iter().filter(move |(phrase, _)| {
        let is_inside = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
        prose.match_indices(phrase).any(|(start, found)| {
            let before = prose[..start].chars().next_back();
            let after = prose[start + found.len()..].chars().next();
            !is_inside(before) && !is_inside(after)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, is_rust: bool) -> Vec<usize> {
        let findings = findings(text, is_rust);
        findings.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn prose_ends_by_the_last_column() {
        let long = "word ".repeat(30);
        let text = format!(
            "//! {long}\n/// {long}\n// {long}\nlet x = 1; // {long}\n/// | {long} |\n/// https://{}\n\
             /// ```\n/// {long}\n/// ```\n/// {long}\n",
            "x".repeat(120)
        );
        assert_eq!(lines(&text, true), [1, 2, 3, 10]);
        assert_eq!(lines(&long, false), [0; 0]);
    }

    #[test]
    fn banned_phrases_are_found_as_words() {
        assert_eq!(lines("a page that could not Be had\nbe hadron", false), [1]);
        assert_eq!(
            lines("let bears = 1;\n/// It bears a title.\n// bearskin", true),
            [2]
        );
    }
}
