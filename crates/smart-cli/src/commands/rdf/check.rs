//! `smart check DATA…`: whether files obey the ontology.

use anyhow::{Result, bail};
use smart::classic::Finding;

use crate::commands::rdf::data::{DataArgs, Source};
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    data: DataArgs,
}

/// A table of what breaks the ontology (findings) and of what is worth knowing (remarks). Findings
/// are a failure.
pub(crate) fn run(args: &CheckArgs) -> Result<()> {
    let loaded = args.data.load()?;
    let mut rows = Vec::new();
    let (mut findings, mut remarks) = (0, 0);
    for (source, dataset) in &loaded {
        let checked = smart::api::check(dataset.default_graph());
        findings += checked.findings().len();
        remarks += checked.remarks().len();
        rows.extend(
            checked
                .findings()
                .iter()
                .map(|note| row("finding", source, note)),
        );
        rows.extend(
            checked
                .remarks()
                .iter()
                .map(|note| row("remark", source, note)),
        );
    }
    let mut headings = ["kind", "in", "statement", "property", "expected", "found"]
        .map(str::to_owned)
        .to_vec();
    if loaded.len() == 1 {
        headings.remove(1);
        rows.iter_mut().for_each(|row| drop(row.remove(1)));
    }
    if !rows.is_empty() {
        output::document(output::table(&headings, &rows).as_bytes())?;
    }
    let summary = format!(
        "{}, {}",
        counted(findings, "finding"),
        counted(remarks, "remark")
    );
    if findings > 0 {
        bail!("{summary}");
    }
    Ok(output::line(summary)?)
}

fn row(kind: &str, source: &Source, note: &Finding) -> Vec<String> {
    vec![
        kind.to_owned(),
        source.to_string(),
        note.statement.to_string(),
        note.path_text(),
        note.expected.to_string(),
        note.found_text(),
    ]
}

/// How many, and of what.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
