//! `smart query QUERY.rq DATA`: SPARQL over one RDF file.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use smart::rdf::{Answer, Graph, Query, Syntax, Term, TurtleWriter};

use crate::args::QueryArgs;
use crate::output;

pub(crate) fn run(args: &QueryArgs) -> Result<()> {
    let text = read(&args.query)?;
    let text = std::str::from_utf8(&text)
        .with_context(|| format!("{} is no UTF-8 text", args.query.display()))?;
    let query = Query::prepare(text).with_context(|| args.query.display().to_string())?;
    let graph = load(&args.data)?;
    match query.run(&graph)? {
        Answer::Boolean(answer) => output::line(answer)?,
        Answer::Graph(graph) => output::bytes(TurtleWriter::new().write(&graph).as_bytes())?,
        Answer::Solutions(solutions) => {
            let headings = solutions.variables().to_vec();
            let cell = |term: Option<&Term>| term.map(plain).unwrap_or_default();
            let rows: Vec<_> = solutions
                .rows()
                .map(|row| headings.iter().map(|name| cell(row.get(name))).collect())
                .collect();
            output::bytes(output::table(&headings, &rows).as_bytes())?;
        }
        _ => bail!("the query's kind of answer cannot be printed"),
    }
    Ok(())
}

/// A literal's text, or the term as N-Triples writes it.
fn plain(term: &Term) -> String {
    match term {
        Term::Literal(literal) => literal.value().to_owned(),
        other => other.to_string(),
    }
}

/// Reads a file by what its name says it is.
fn load(path: &Path) -> Result<Graph> {
    let syntax = match path.extension().and_then(|extension| extension.to_str()) {
        Some("rdf" | "xml" | "owl") => Syntax::RdfXml,
        Some("ttl") => Syntax::Turtle,
        _ => bail!(
            "{} ends neither in .rdf, .xml, .owl (RDF/XML) nor in .ttl (Turtle)",
            path.display()
        ),
    };
    syntax
        .parse(&read(path)?)
        .with_context(|| path.display().to_string())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}
