//! From criterion's files to a section of docs/performance.md.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{Goal, Measure, Topic};

const INTRODUCTION: &str = "# Performance\n\n\
    Written by `cargo xtask bench`. Ratios are of medians of one run; times are of the machine that ran it and mean little elsewhere.\n";

/// The section of one topic, from the figures of its last run.
pub(super) fn section(root: &Path, topic: &Topic) -> Result<String> {
    let mut text = format!(
        "## {}\n\n{}\n\n| work | measured | goal |\n|---|---|---|\n",
        topic.name,
        circumstances()
    );
    for row in topic.rows {
        let (measured, goal) = match &row.measure {
            Measure::Time(name) => (time(median(root, name)?), String::new()),
            Measure::Ratio { of, to, goal } => {
                let (of, to) = (median(root, of)?, median(root, to)?);
                let measured = format!("{} against {}: {}", time(of), time(to), ratio(of / to));
                (measured, verdict(*goal, of / to))
            }
        };
        writeln!(text, "| {} | {measured} | {goal} |", row.work)?;
    }
    for line in extras(root, topic.name)?.lines() {
        if let Some((work, figure)) = line.split_once('\t') {
            let (figure, goal) = figure.split_once('\t').unwrap_or((figure, ""));
            writeln!(text, "| {work} | {figure} | {goal} |")?;
        }
    }
    Ok(text)
}

/// Replaces the section of this name in docs/performance.md, or adds it.
pub(super) fn write(root: &Path, name: &str, section: &str) -> Result<()> {
    let path = root.join("docs/performance.md");
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    std::fs::write(&path, replace(&old, name, section))
        .with_context(|| format!("{} cannot be written", path.display()))
}

fn replace(document: &str, name: &str, section: &str) -> String {
    let mut sections: Vec<(String, String)> = document
        .split("\n## ")
        .skip(1)
        .map(|body| {
            (
                body.lines().next().unwrap_or_default().to_owned(),
                format!("## {}\n", body.trim_end()),
            )
        })
        .filter(|(known, _)| known != name)
        .collect();
    sections.push((name.to_owned(), section.to_owned()));
    sections.sort();
    let sections: Vec<_> = sections.into_iter().map(|(_, section)| section).collect();
    format!("{INTRODUCTION}\n{}", sections.join("\n"))
}

/// Criterion's median of one benchmark, in nanoseconds.
fn median(root: &Path, name: &str) -> Result<f64> {
    let path = root
        .join("target/criterion")
        .join(name)
        .join("new/estimates.json");
    let text = std::fs::read(&path)
        .with_context(|| format!("{name} left no figures at {}", path.display()))?;
    let estimates: Value = serde_json::from_slice(&text)?;
    estimates["median"]["point_estimate"]
        .as_f64()
        .with_context(|| format!("{name} has no median"))
}

fn extras(root: &Path, name: &str) -> Result<String> {
    let path = root.join("target/bench").join(name).with_extension("tsv");
    match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        other => other.with_context(|| format!("{} cannot be read", path.display())),
    }
}

fn circumstances() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let compiler = Command::new("rustc")
        .arg("--version")
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let today = jiff::Zoned::now().date();
    format!(
        "{today}, {cores} cores, {}",
        compiler.unwrap_or_else(|_| "unknown compiler".to_owned())
    )
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 1e3 => format!("{n:.0} ns"),
        n if n < 1e6 => format!("{:.2} µs", n / 1e3),
        n if n < 1e9 => format!("{:.2} ms", n / 1e6),
        n => format!("{:.2} s", n / 1e9),
    }
}

/// Small ratios as fractions: 1/180 says more than 0.0056.
fn ratio(ratio: f64) -> String {
    if ratio < 0.05 {
        format!("1/{:.0}", 1.0 / ratio)
    } else {
        format!("{ratio:.2}")
    }
}

fn verdict(goal: Goal, measured: f64) -> String {
    let (text, reached) = match goal {
        Goal::AtMost(limit) => (format!("≤ {}", ratio(limit)), measured <= limit),
    };
    format!(
        "{text}, {}",
        if reached { "reached" } else { "not reached" }
    )
}

#[cfg(test)]
mod tests {
    use super::{Goal, ratio, replace, time, verdict};

    #[test]
    fn a_section_is_replaced_in_place_and_others_stay() {
        let document = replace(
            &replace("", "rdf", "## rdf\n\nold\n"),
            "oauth",
            "## oauth\n\nfirst\n",
        );
        let document = replace(&document, "rdf", "## rdf\n\nnew\n");
        assert!(document.starts_with("# Performance\n"), "{document}");
        assert!(
            document.ends_with("\n\n## oauth\n\nfirst\n\n## rdf\n\nnew\n"),
            "{document}"
        );
        assert_eq!(replace(&document, "rdf", "## rdf\n\nnew\n"), document);
    }

    #[test]
    fn figures_read_well() {
        assert_eq!(
            ["12 ns", "1.50 µs", "2.00 ms", "3.00 s"],
            [12.0, 1.5e3, 2e6, 3e9]
                .map(time)
                .each_ref()
                .map(String::as_str)
        );
        assert_eq!(ratio(0.8), "0.80");
        assert_eq!(ratio(1.0 / 180.0), "1/180");
        assert_eq!(verdict(Goal::AtMost(0.8), 0.9), "≤ 0.80, not reached");
        assert_eq!(verdict(Goal::AtMost(0.8), 0.7), "≤ 0.80, reached");
    }
}
