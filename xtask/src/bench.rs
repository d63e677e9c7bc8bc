//! `cargo xtask bench [TOPIC…]`: runs the benchmarks and writes docs/performance.md.
//!
//! A goal is a ratio of two benchmarks of the same run, because machines differ and are shared. The
//! benchmarks themselves are criterion's, in `crates/*/benches`; this reads the medians that they
//! leave behind. What criterion cannot measure (allocations, memory, a whole process) a benchmark
//! writes to `target/bench/TOPIC.tsv`, a line a figure: what, tab, figure, and after another tab
//! the goal if there is one.

mod report;

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// What is measured together: benchmarks of one crate.
struct Topic {
    name: &'static str,
    package: &'static str,
    benchmarks: &'static [&'static str],
    rows: &'static [Row],
}

/// One line of the table.
struct Row {
    work: &'static str,
    measure: Measure,
}

/// Benchmarks are named as criterion names them: group, slash, function.
enum Measure {
    /// How long one thing takes by itself.
    Time(&'static str),
    /// How long one thing takes in terms of another.
    Ratio {
        of: &'static str,
        to: &'static str,
        goal: Goal,
    },
}

/// What a ratio has to be.
#[derive(Clone, Copy)]
enum Goal {
    AtMost(f64),
}

const TOPICS: &[Topic] = &[API, OAUTH, RDF, SANDBOX, SWEEP, TRANSPORT];

const API: Topic = Topic {
    name: "api",
    package: "smart-api",
    benchmarks: &["api"],
    rows: &[
        Row {
            work: "RDF/XML body to graph (10 medications, 210 triples)",
            measure: Measure::Time("api/parse"),
        },
        Row {
            work: "the same body to `Vec<Medication>`",
            measure: Measure::Time("api/typed"),
        },
        Row {
            work: "body to `Vec<Medication>` against parsing alone",
            measure: Measure::Ratio {
                of: "api/typed",
                to: "api/parse",
                goal: Goal::AtMost(1.4),
            },
        },
    ],
};

const OAUTH: Topic = Topic {
    name: "oauth",
    package: "smart-oauth",
    benchmarks: &["oauth"],
    rows: &[
        Row {
            work: "sign a GET with 6 parameters, random nonce included",
            measure: Measure::Time("sign/prepared"),
        },
        Row {
            work: "the same with a key that was not prepared",
            measure: Measure::Time("sign/unprepared"),
        },
        Row {
            work: "the nonce alone, drawn 64 at a time",
            measure: Measure::Time("sign/nonce"),
        },
        Row {
            work: "verify that request, parsing its header",
            measure: Measure::Time("verify/get"),
        },
    ],
};

const RDF: Topic = Topic {
    name: "rdf",
    package: "smart-rdf",
    benchmarks: &["memory", "rdf"],
    rows: &[
        Row {
            work: "RDF/XML body (10 medications) to graph, against the Store",
            measure: Measure::Ratio {
                of: "load/smart-rdf",
                to: "load/oxigraph",
                goal: Goal::AtMost(0.3),
            },
        },
        Row {
            work: "prepared query on that graph, against the Store",
            measure: Measure::Ratio {
                of: "query/smart-rdf",
                to: "query/oxigraph",
                goal: Goal::AtMost(0.75),
            },
        },
        Row {
            work: "body to rows, against the Store",
            measure: Measure::Ratio {
                of: "rows/smart-rdf",
                to: "rows/oxigraph",
                goal: Goal::AtMost(0.35),
            },
        },
        Row {
            work: "body to rows, against rdflib",
            measure: Measure::Ratio {
                of: "rows/smart-rdf",
                to: "rows/rdflib",
                goal: Goal::AtMost(1.0 / 50.0),
            },
        },
        Row {
            work: "the parser underneath alone (oxrdfxml)",
            measure: Measure::Time("load/oxrdfxml"),
        },
    ],
};

/// Its rows come from the benchmark itself.
const SANDBOX: Topic = Topic {
    name: "sandbox",
    package: "smart-tests",
    benchmarks: &["sandbox"],
    rows: &[],
};

/// Its rows come from the benchmark itself: whole programs and their memory.
const SWEEP: Topic = Topic {
    name: "sweep",
    package: "smart-tests",
    benchmarks: &["sweep"],
    rows: &[],
};

/// Its rows come from the benchmark itself, which lets both sides take turns.
const TRANSPORT: Topic = Topic {
    name: "transport",
    package: "smart-sdk",
    benchmarks: &["transport"],
    rows: &[],
};

/// Runs the topics of these names, or all of them.
pub(crate) fn run(root: &Path, names: &[String]) -> Result<()> {
    for topic in chosen(names)? {
        let status = Command::new("cargo")
            .args(["bench", "--package", topic.package])
            .args(topic.benchmarks.iter().flat_map(|name| ["--bench", name]))
            .current_dir(root)
            .status()
            .context("cargo could not be run")?;
        if !status.success() {
            bail!("the benchmarks of {} failed", topic.name);
        }
        let section = report::section(root, topic)?;
        print!("{section}");
        report::write(root, topic.name, &section)?;
    }
    Ok(())
}

fn chosen(names: &[String]) -> Result<Vec<&'static Topic>> {
    let find = |name: &String| {
        TOPICS
            .iter()
            .find(|topic| topic.name == name)
            .with_context(|| {
                let known: Vec<_> = TOPICS.iter().map(|topic| topic.name).collect();
                format!(
                    "there are no benchmarks named {name}, but {}",
                    known.join(", ")
                )
            })
    };
    if names.is_empty() {
        Ok(TOPICS.iter().collect())
    } else {
        names.iter().map(find).collect()
    }
}
